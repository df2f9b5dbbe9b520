//! The bytes under a WebSocket: TCP or TLS, read in large pieces while much comes in.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

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
}

impl Transport {
    /// A stream of frames, of which `ahead` was read already.
    pub(super) fn new(io: Box<dyn Io>, ahead: BytesMut) -> Self {
        // What is empty may have room all the same.
        let ahead = if ahead.is_empty() { BytesMut::new() } else { ahead };
        Self { io, ahead, full_reads: 0 }
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
        if this.ahead.is_empty() {
            if this.full_reads < FULL_READS {
                ready!(Pin::new(&mut this.io).poll_read(context, buffer))?;
                this.full_reads = if buffer.remaining() == 0 { this.full_reads + 1 } else { 0 };
                return Poll::Ready(Ok(()));
            }
            ready!(this.poll_ahead(context))?;
        }
        let taken = this.ahead.len().min(buffer.remaining());
        buffer.put_slice(this.ahead.get(..taken).unwrap_or_default());
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
        let mut transport = Transport::new(Box::new(near), BytesMut::new());
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
    async fn what_was_read_already_comes_first() {
        let (mut far, near) = tokio::io::duplex(1_024);
        let mut transport = Transport::new(Box::new(near), BytesMut::from(&b"\x82\x03a"[..]));
        far.write_all(b"bc").await.unwrap();
        let mut read = [0; 5];
        transport.read_exact(&mut read).await.unwrap();
        assert_eq!(read, *b"\x82\x03abc");
        assert_eq!(transport.ahead.capacity(), 0);
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
