//! One open socket.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream as _;
use futures_util::Sink as _;
use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

use super::dial::Stream;
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
    /// The last large frame, until the read buffer has let go of it.
    large: Option<Bytes>,
}

/// A frame longer than this has made the read buffer of the socket grow, which never shrinks by itself. As long as the
/// frame is kept, the buffer cannot be used again and the socket makes a new one, of its first size.
const LARGE: usize = 16 * 1_024;

impl Link {
    pub(super) fn new(generation: u64, stream: Stream) -> Self {
        Self { generation, stream, dirty: false, close: None, large: None }
    }

    /// Sends a close frame after everything that was written.
    pub(super) fn close(&mut self, code: u16) {
        self.close = Some(code);
    }

    pub(super) fn poll_read<W>(&mut self, context: &mut Context<'_>) -> Poll<Input<W>> {
        let generation = self.generation;
        let read = Pin::new(&mut self.stream).poll_next(context);
        self.large.take_if(|frame| frame.is_unique());
        Poll::Ready(match std::task::ready!(read) {
            Some(Ok(Message::Binary(frame))) => {
                if frame.len() > LARGE {
                    self.large = Some(frame.clone());
                }
                Input::Received { generation, frame }
            }
            // The protocol has no text frames; the machine reports it as unreadable.
            Some(Ok(Message::Text(text))) => Input::Received { generation, frame: text.into() },
            Some(Ok(Message::Close(frame))) => {
                // The answer is written as far as there is room; nobody waits for a peer that is leaving.
                let _ = Pin::new(&mut self.stream).poll_flush(context);
                let code = frame.map(|frame| u16::from(frame.code));
                Input::Lost { generation, reason: DisconnectReason::ClosedByServer { code } }
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
