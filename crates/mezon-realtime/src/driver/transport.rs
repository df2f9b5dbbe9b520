//! The bytes under a WebSocket: TCP or TLS, read in large pieces while much comes in.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use super::frames::Frames;

/// How much is read at a time in a flood.
const AHEAD: usize = 64 * 1_024;

/// A read that brings less than this has caught up.
const FLOOD: usize = 4 * 1_024;

/// So many reads in a row that fill their buffer are a flood. A burst of acknowledgements is none.
const FULL_READS: u8 = 2;

/// A byte stream: TCP, or TLS over it.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Io for T {}

/// The byte stream of one connection.
///
/// The WebSocket reads with a small buffer, which is most of what an idle connection costs. A read of the system costs
/// as much as copying several KiB, though: when reads in a row fill that buffer, this one reads ahead into a large buffer
/// of its own, and gives it back in the first pause.
pub(super) struct Transport {
    io: Box<dyn Io>,
    ahead: BytesMut,
    /// How many reads before the next one filled all the room there was, up to [`FULL_READS`].
    full_reads: u8,
    /// The answer to the upgrade has not been read to its end.
    upgrading: bool,
    /// What was read from this since the upgrade.
    frames: Frames,
}

/// How much of the answer to an upgrade is read at a time.
const HEAD: usize = 2 * 1_024;

/// What ends the answer to an upgrade (RFC 9112 section 2.1).
const HEAD_END: &[u8] = b"\r\n\r\n";

impl Transport {
    pub(super) fn new(io: impl Io + 'static) -> Self {
        Self { io: Box::new(io), ahead: BytesMut::new(), full_reads: 0, upgrading: true, frames: Frames::default() }
    }

    /// The upgrade is done.
    pub(super) fn upgraded(mut self) -> Self {
        self.upgrading = false;
        // The room for the answer.
        if self.ahead.is_empty() {
            self.ahead = BytesMut::new();
        }
        self
    }

    /// Whether what was read from this since the upgrade is nothing but whole messages.
    pub(super) fn is_between_messages(&self) -> bool {
        self.frames.are_whole()
    }

    /// As much of the answer to the upgrade as is there, and nothing behind it: the frames that may come with it are for
    /// the WebSocket, which gets this stream afterwards.
    fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        loop {
            if let Some(at) = self.ahead.windows(HEAD_END.len()).position(|part| part == HEAD_END) {
                return Poll::Ready(Ok(at + HEAD_END.len()));
            }
            // The last bytes may be the start of the end.
            let certain = self.ahead.len().saturating_sub(HEAD_END.len() - 1);
            if certain > 0 {
                return Poll::Ready(Ok(certain));
            }
            // Whoever reads the answer takes it for an attack when it comes in many small pieces.
            self.ahead.reserve(HEAD);
            if ready!(pin!(self.io.read_buf(&mut self.ahead)).poll(context))? == 0 {
                return Poll::Ready(Ok(self.ahead.len()));
            }
        }
    }

    /// Reads into the large buffer, which is empty.
    fn poll_ahead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ahead.reserve(AHEAD);
        let Poll::Ready(read) = pin!(self.io.read_buf(&mut self.ahead)).poll(context)? else {
            (self.ahead, self.full_reads) = (BytesMut::new(), 0);
            return Poll::Pending;
        };
        if read < FLOOD {
            self.full_reads = 0;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.upgrading {
            let taken = ready!(this.poll_head(context))?.min(buffer.remaining());
            buffer.put_slice(this.ahead.get(..taken).unwrap_or_default());
            this.ahead.advance(taken);
            return Poll::Ready(Ok(()));
        }
        if this.ahead.is_empty() {
            if this.full_reads < FULL_READS {
                let before = buffer.filled().len();
                ready!(Pin::new(&mut this.io).poll_read(context, buffer))?;
                this.frames.follow(buffer.filled().get(before..).unwrap_or_default());
                this.full_reads = if buffer.remaining() == 0 { this.full_reads + 1 } else { 0 };
                return Poll::Ready(Ok(()));
            }
            ready!(this.poll_ahead(context))?;
        }
        let taken = this.ahead.len().min(buffer.remaining());
        let read = this.ahead.get(..taken).unwrap_or_default();
        buffer.put_slice(read);
        this.frames.follow(read);
        this.ahead.advance(taken);
        if this.ahead.is_empty() && this.full_reads == 0 {
            this.ahead = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// What a reader with room for 4 KiB gets, and the largest buffer that this took.
    async fn read_all(bytes: &[u8], pipe: usize) -> (Vec<u8>, usize, usize) {
        let (mut far, near) = tokio::io::duplex(pipe);
        let mut transport = Transport::new(near).upgraded();
        let (mut read, mut largest) = (Vec::new(), 0);
        let writing = async {
            far.write_all(bytes).await.unwrap();
            far
        };
        let reading = async {
            let mut room = [0; 4 * 1_024];
            while read.len() < bytes.len() {
                let taken = transport.read(&mut room).await.unwrap();
                assert_ne!(taken, 0);
                read.extend_from_slice(&room[..taken]);
                largest = largest.max(transport.ahead.capacity());
            }
        };
        let (far, ()) = tokio::join!(writing, reading);
        // The pause after it.
        let mut room = [0; 4 * 1_024];
        let pause = std::future::poll_fn(|context| {
            Poll::Ready(Pin::new(&mut transport).poll_read(context, &mut ReadBuf::new(&mut room)).is_pending())
        });
        assert!(pause.await);
        let kept = transport.ahead.capacity();
        drop(far);
        assert_eq!(transport.read(&mut room).await.unwrap(), 0, "the end is told");
        (read, largest, kept)
    }

    #[tokio::test]
    async fn a_flood_is_read_ahead_and_the_room_is_given_back() {
        let bytes: Vec<u8> = (0..1_000_003_u32).map(|n| n.to_le_bytes()[0]).collect();
        let (read, largest, kept) = read_all(&bytes, 300 * 1_024).await;
        assert!(read == bytes);
        assert!(largest >= 16 * 1_024, "{largest}");
        assert_eq!(kept, 0);
    }

    #[tokio::test]
    async fn what_comes_with_the_answer_to_the_upgrade_is_kept_for_the_socket() {
        let (mut far, near) = tokio::io::duplex(1_024);
        let mut transport = Transport::new(near);
        let mut room = [0; 100];
        let mut head = Vec::new();
        for part in [&b"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\n\r"[..], b"\n\x82\x01a"] {
            far.write_all(part).await.unwrap();
            let taken = transport.read(&mut room).await.unwrap();
            head.extend_from_slice(&room[..taken]);
        }
        assert!(head.ends_with(b"websocket\r\n\r\n"), "{}", head.escape_ascii());
        let mut transport = transport.upgraded();
        assert_eq!(transport.read(&mut room).await.unwrap(), 3);
        assert_eq!(room[..3], *b"\x82\x01a");
    }

    /// Reads of a few dozen bytes each were taken for an attack.
    #[tokio::test]
    #[expect(clippy::result_large_err, reason = "the type is the library's")]
    async fn an_answer_with_many_headers_upgrades() {
        use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
        use tokio_tungstenite::tungstenite::http::HeaderValue;

        for headers in [1, 80, 120] {
            let (far, near) = tokio::io::duplex(1 << 20);
            let server = tokio_tungstenite::accept_hdr_async(far, |_: &Request, mut answer: Response| {
                let value = HeaderValue::from_str(&"x".repeat(80)).unwrap();
                for _ in 0..headers {
                    answer.headers_mut().append("set-cookie", value.clone());
                }
                Ok(answer)
            });
            let client = tokio_tungstenite::client_async("ws://localhost/ws", Transport::new(near));
            let (server, client) = tokio::join!(server, client);
            assert!(server.is_ok() && client.is_ok(), "{headers}: {:?}", client.err());
        }
    }

    #[tokio::test]
    async fn an_end_in_the_middle_of_the_upgrade_is_told() {
        let (mut far, near) = tokio::io::duplex(1_024);
        let mut transport = Transport::new(near);
        far.write_all(b"HT").await.unwrap();
        drop(far);
        let mut read = Vec::new();
        transport.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"HT");
    }

    #[tokio::test]
    async fn single_messages_and_short_bursts_need_no_large_buffer() {
        for (bytes, pipe) in [(3_000, 1_024), (8_000, 8_000)] {
            let (read, largest, _) = read_all(&vec![7; bytes], pipe).await;
            assert_eq!(read, vec![7; bytes]);
            assert_eq!(largest, 0);
        }
    }
}
