//! One open socket.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream as _;
use futures_util::Sink as _;
use mezon_session::Secret;
use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

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
    /// What the socket was opened with, when that was a session id, until a frame proves that it is good.
    session_id: Option<Secret>,
}

impl Link {
    pub(super) fn new(generation: u64, opened: Opened) -> Self {
        let Opened { stream, session_id } = opened;
        Self { generation, stream, dirty: false, close: None, session_id }
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
        if let Some(Ok(message)) = &read
            && !message.is_close()
        {
            self.session_id = None;
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
