//! One open socket.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream as _;
use futures_util::Sink as _;
use mezon_session::Secret;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role};

use super::dial::{Opened, Stream};
use crate::DisconnectReason;
use crate::machine::Input;

/// An open socket, which never waits.
pub(super) struct Link {
    pub(super) generation: u64,
    stream: Stream,
    /// Something was written and not flushed.
    dirty: bool,
    /// A close frame to be sent.
    close: Option<u16>,
    /// A large frame has come in.
    grown: bool,
    /// What the socket was opened with, when that was a session id, until a frame proves that it is good.
    session_id: Option<Secret>,
}

/// A frame longer than this has made the read buffer of the socket grow, which never shrinks by itself.
const LARGE: usize = 16 * 1_024;

impl Link {
    pub(super) fn new(generation: u64, opened: Opened) -> Self {
        let Opened { stream, session_id } = opened;
        Self { generation, stream, dirty: false, close: None, grown: false, session_id }
    }

    /// The session id that it was opened with, if no frame has come in.
    pub(super) fn unproved_session_id(self) -> Option<Secret> {
        self.session_id
    }

    /// Sends a close frame after everything that was written.
    pub(super) fn close(&mut self, code: u16) {
        self.close = Some(code);
    }

    pub(super) fn poll_read<W>(&mut self, context: &mut Context<'_>) -> Poll<Input<W>> {
        let generation = self.generation;
        let read = std::task::ready!(Pin::new(&mut self.stream).poll_next(context));
        if let Some(Ok(message)) = &read {
            self.grown |= message.len() > LARGE;
            if !message.is_close() {
                self.session_id = None;
            }
        }
        Poll::Ready(match read {
            Some(Ok(Message::Binary(frame))) => Input::Received { generation, frame },
            // The protocol has no text frames; the machine reports it as unreadable.
            Some(Ok(Message::Text(text))) => Input::Received { generation, frame: text.into() },
            Some(Ok(Message::Close(frame))) => {
                // The answer is written as far as there is room; nobody waits for a peer that is leaving.
                let _ = Pin::new(&mut self.stream).poll_flush(context);
                Input::Lost { generation, reason: closed_by_server(frame) }
            }
            // A pong may have been queued.
            Some(Ok(_)) => {
                self.dirty = true;
                Input::Alive { generation }
            }
            Some(Err(error)) => Input::Lost { generation, reason: reason_of(&error) },
            None => Input::Lost { generation, reason: DisconnectReason::Broken },
        })
    }

    /// Whether the read buffer is large for nothing: a large frame came in, and nothing is buffered in either direction.
    /// To be asked when there is nothing more to be read. No byte has come in beyond the messages that were read then, and
    /// all that was written has left.
    pub(super) fn is_bloated(&self) -> bool {
        self.grown && self.stream.get_ref().is_between_messages() && !self.dirty && self.close.is_none()
    }

    /// Gives the read buffer back, by making the socket anew over the same stream. To be polled again afterwards.
    pub(super) async fn renewed(self) -> Self {
        let config = *self.stream.get_config();
        let stream = WebSocketStream::from_raw_socket(self.stream.into_inner(), Role::Client, Some(config)).await;
        Self { stream, grown: false, ..self }
    }

    /// Writes what `next` gives for as long as there is room, and flushes once.
    pub(super) fn poll_write<W>(
        &mut self,
        context: &mut Context<'_>,
        mut next: impl FnMut() -> Option<Bytes>,
    ) -> Result<(), Input<W>> {
        let generation = self.generation;
        let written = self.write_all(context, &mut next);
        written.map_err(|error| Input::Lost { generation, reason: reason_of(&error) })
    }

    fn write_all(&mut self, context: &mut Context<'_>, next: &mut dyn FnMut() -> Option<Bytes>) -> Result<(), WsError> {
        let mut stream = Pin::new(&mut self.stream);
        loop {
            if stream.as_mut().poll_ready(context)?.is_pending() {
                return Ok(());
            }
            let message = match next() {
                Some(frame) => Message::Binary(frame),
                None => match self.close.take() {
                    Some(code) => Message::Close(Some(CloseFrame { code: CloseCode::from(code), reason: "".into() })),
                    None => break,
                },
            };
            stream.as_mut().start_send(message)?;
            self.dirty = true;
        }
        if self.dirty && stream.as_mut().poll_flush(context)?.is_ready() {
            self.dirty = false;
        }
        Ok(())
    }
}

/// What the library puts in the place of a close frame whose code may not stand on the wire.
const REPLACED: (CloseCode, &str) = (CloseCode::Protocol, "Protocol violation");

fn closed_by_server(frame: Option<CloseFrame>) -> DisconnectReason {
    let frame = frame.filter(|frame| (frame.code, frame.reason.as_str()) != REPLACED);
    let (code, reason) = match frame {
        Some(CloseFrame { code, reason }) => (Some(code.into()), reason.as_str().to_owned()),
        None => (None, String::new()),
    };
    DisconnectReason::ClosedByServer { code, reason }
}

fn reason_of(error: &WsError) -> DisconnectReason {
    match error {
        WsError::ConnectionClosed
        | WsError::AlreadyClosed
        | WsError::Io(_)
        | WsError::Tls(_)
        // A connection that ends without a close frame is an everyday end, not a fault of the protocol.
        | WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => DisconnectReason::Broken,
        _ => DisconnectReason::Protocol,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt as _, DuplexStream};

    use super::super::transport::Transport;
    use super::*;

    async fn link() -> (DuplexStream, Link) {
        let (far, near) = tokio::io::duplex(1 << 22);
        let transport = Transport::new(Box::new(near), bytes::BytesMut::new());
        let stream = WebSocketStream::from_raw_socket(transport, Role::Client, None).await;
        (far, Link::new(1, Opened { stream, session_id: None }))
    }

    /// A binary frame of a server.
    fn frame(content: &[u8]) -> Vec<u8> {
        let mut frame = vec![0x82, 127];
        match u16::try_from(content.len()) {
            Ok(short @ 0..126) => frame = vec![0x82, short.to_be_bytes()[1]],
            _ => frame.extend((content.len() as u64).to_be_bytes()),
        }
        frame.extend(content);
        frame
    }

    async fn next(link: &mut Link) -> Bytes {
        match std::future::poll_fn(|context| link.poll_read::<()>(context)).await {
            Input::Received { frame, .. } => frame,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_buffer_that_grew_is_given_back_and_nothing_is_lost() {
        let (mut far, mut link) = link().await;
        let large = vec![7; 1 << 20];
        far.write_all(&frame(b"small")).await.unwrap();
        assert_eq!(next(&mut link).await, "small");
        assert!(!link.is_bloated(), "nothing large came");

        far.write_all(&frame(&large)).await.unwrap();
        far.write_all(b"\x82\x05be").await.unwrap();
        assert_eq!(next(&mut link).await, large);
        // The start of the next frame may be in the buffer already, then it must stay.
        let start = std::future::poll_fn(|context| Poll::Ready(link.poll_read::<()>(context).is_pending())).await;
        assert!(start && !link.is_bloated());
        far.write_all(b"gin").await.unwrap();
        assert_eq!(next(&mut link).await, "begin");

        assert!(link.is_bloated());
        let mut link = link.renewed().await;
        assert!(!link.is_bloated());
        far.write_all(&frame(b"after")).await.unwrap();
        assert_eq!(next(&mut link).await, "after");
    }

    /// Two parts have shorter headers than one frame would. The start of the next one was taken for the rest of them, and
    /// went with the buffer.
    #[tokio::test]
    async fn a_message_in_parts_does_not_cost_the_next_one() {
        let (mut far, mut link) = link().await;
        for first in [0x02, 0x80] {
            far.write_all(&[first, 126, 0x9c, 0x40]).await.unwrap();
            far.write_all(&vec![7; 40_000]).await.unwrap();
        }
        assert_eq!(next(&mut link).await.len(), 80_000);
        assert!(link.is_bloated());
        far.write_all(&[0x82, 5]).await.unwrap();
        let start = std::future::poll_fn(|context| Poll::Ready(link.poll_read::<()>(context).is_pending())).await;
        assert!(start && !link.is_bloated());
        far.write_all(b"after").await.unwrap();
        assert_eq!(next(&mut link).await, "after");
    }
}
