//! What the server sends: answers go to their calls, pushes become events.

use std::time::Instant;

use bytes::Bytes;
use mezon_model::ChannelMessage;
use mezon_proto::api;
use mezon_proto::realtime;
use mezon_proto::wire::{
    ApiReply, CHANNEL_MESSAGE_ACK_FIELD, CHANNEL_MESSAGE_FIELD, Decoded, Described, ERROR_FIELD, Inbound, Outline,
    PONG_FIELD, REFRESH_SESSION_EVENT_FIELD, RawMessage, WireError, decode_within, read,
};
use mezon_session::{Secret, SessionUpdate};

use super::outgoing::rejected;
use super::settings::{DECODED_LIMIT, ERROR_TEXT, UNDECODABLE_LIMIT};
use super::{Machine, Outcome, Output, Reply};
use crate::{CallErrorKind, DisconnectReason, Event, MaybeSent, ServerError};

impl<W> Machine<W> {
    /// A frame came in on the connection of `generation`. False: that is not the current one.
    pub(super) fn alive(&mut self, generation: u64) -> bool {
        let Some(link) = self.link.as_mut().filter(|link| link.generation == generation) else { return false };
        link.heartbeat.alive();
        link.heard = true;
        self.attempts.heard();
        true
    }

    pub(super) fn received(&mut self, now: Instant, generation: u64, frame: &[u8]) {
        if !self.alive(generation) {
            return;
        }
        let readable = match Outline::of(frame) {
            Some(Outline { cid, field, body, .. }) => self.taken_in(now, cid, field, body),
            None => self.odd(now, frame),
        };
        self.note_readable(now, readable);
    }

    /// An ordinary envelope. False: it could not be read.
    fn taken_in(&mut self, now: Instant, cid: u32, field: u32, body: &[u8]) -> bool {
        match cid {
            0 if body.len() > self.settings.max_push => {
                self.undecodable(field, body, "it is over the limit for a push")
            }
            0 => self.pushed(field, body),
            _ => self.replied(now, cid, field, body),
        }
    }

    /// A frame that is no ordinary envelope. False: it could not be read.
    fn odd(&mut self, now: Instant, frame: &[u8]) -> bool {
        if frame.first() == Some(&ApiReply::MARK) {
            return match ApiReply::decode(frame) {
                Ok(_) => {
                    self.counters.api_replies += 1;
                    true
                }
                Err(error) => self.undecodable(0, frame, &error.to_string()),
            };
        }
        match read(frame) {
            Ok(Inbound { cid, message: Some(raw), .. }) => match raw.message() {
                Some(body) => self.taken_in(now, cid, raw.field, body),
                None => self.no_message(now, cid, raw),
            },
            Ok(Inbound { cid, .. }) => {
                // An envelope with nothing in it: as a push it says nothing.
                if cid != 0 {
                    self.answered(now, cid, Ok(Reply::Empty));
                }
                true
            }
            Err(error) => self.undecodable(0, frame, &error.to_string()),
        }
    }

    fn note_readable(&mut self, now: Instant, readable: bool) {
        let Some(link) = self.link.as_mut() else { return };
        if readable {
            link.undecodable = 0;
            return;
        }
        self.counters.undecodable += 1;
        link.undecodable += 1;
        if link.undecodable >= UNDECODABLE_LIMIT {
            self.lose(now, DisconnectReason::Undecodable);
        }
    }

    /// A field that is not of the type of a message: it should be, or a newer server means something by it. False: it should
    /// be.
    fn no_message(&mut self, now: Instant, cid: u32, raw: RawMessage) -> bool {
        let known = raw.is_known();
        match (cid, known) {
            (0, false) => self.tell(Event::Push(raw)),
            (0, true) => self.tell(Event::Undecodable { raw, reason: "the field is no message".to_owned() }),
            (_, false) => self.answered(now, cid, Ok(Reply::Message(raw))),
            (_, true) => {
                self.answered(now, cid, Err(CallErrorKind::MaybeSent { reason: MaybeSent::Unreadable }));
            }
        }
        !known
    }

    /// The answer to a call. False: it could not be read.
    fn replied(&mut self, now: Instant, cid: u32, field: u32, body: &[u8]) -> bool {
        let outcome = match field {
            CHANNEL_MESSAGE_ACK_FIELD => self
                .decode::<realtime::ChannelMessageAck>(body)
                .map(|ack| Ok(Reply::Acknowledged(Box::new(ack.into())))),
            ERROR_FIELD => self.decode(body).map(server_error).map(|error| Err(rejected(error))),
            _ => Ok(Ok(Reply::Message(raw(field, body)))),
        };
        let readable = outcome.is_ok();
        let unreadable = Err(CallErrorKind::MaybeSent { reason: MaybeSent::Unreadable });
        self.answered(now, cid, outcome.unwrap_or(unreadable));
        readable
    }

    fn answered(&mut self, now: Instant, cid: u32, outcome: Outcome) {
        match u16::try_from(cid).ok().and_then(|cid| self.calls.answer(cid)) {
            Some(entry) => {
                self.dialect.understood();
                self.settle(now, entry, outcome);
            }
            None => self.counters.late_replies += 1,
        }
    }

    /// What belongs to no call. Only what the machine acts on is decoded, each as its own type. False: it could not be
    /// read.
    fn pushed(&mut self, field: u32, body: &[u8]) -> bool {
        if field == CHANNEL_MESSAGE_FIELD
            && let Some(message) = ChannelMessage::decode(body)
        {
            self.message(message);
            return true;
        }
        match self.decode_push(field, body) {
            Ok(event) => {
                if let Some(event) = event {
                    self.tell(event);
                }
                true
            }
            Err(error) => self.undecodable(field, body, &error.to_string()),
        }
    }

    /// The event that a push is, if it is one.
    fn decode_push(&mut self, field: u32, body: &[u8]) -> Result<Option<Event>, WireError> {
        Ok(Some(match field {
            CHANNEL_MESSAGE_FIELD => {
                let message: api::ChannelMessage = self.decode(body)?;
                self.message(message.into());
                return Ok(None);
            }
            ERROR_FIELD => Event::ServerError(server_error(self.decode(body)?)),
            REFRESH_SESSION_EVENT_FIELD => {
                let session = self.decode(body)?;
                self.outputs.push_back(Output::Credentials(Box::new(update_of(session))));
                return Ok(None);
            }
            PONG_FIELD => return Ok(None),
            _ => Event::Push(raw(field, body)),
        }))
    }

    fn message(&mut self, message: ChannelMessage) {
        if self.rejoin.seen(&message) {
            self.tell(Event::Message(message));
        } else {
            self.counters.copies += 1;
        }
    }

    /// Reads a message that the machine acts on. What is odd in it is missing, and counted.
    fn decode<M: Described>(&mut self, body: &[u8]) -> Result<M, WireError> {
        let Decoded { message, dropped, .. } = decode_within(body, DECODED_LIMIT)?;
        self.counters.odd_fields += dropped as u64;
        Ok(message)
    }

    /// Tells what could not be read, and why. Gives back false.
    fn undecodable(&mut self, field: u32, body: &[u8], reason: &str) -> bool {
        let body = if body.len() > self.settings.max_push { &[] } else { body };
        self.tell(Event::Undecodable { raw: raw(field, body), reason: reason.to_owned() });
        false
    }
}

fn raw(field: u32, body: &[u8]) -> RawMessage {
    RawMessage::new(field, Bytes::copy_from_slice(body))
}

/// As much of an error as is kept.
fn server_error(error: realtime::Error) -> ServerError {
    let realtime::Error { code, mut message, .. } = error;
    if message.len() > ERROR_TEXT {
        let end = (0..=ERROR_TEXT).rev().find(|end| message.is_char_boundary(*end)).unwrap_or_default();
        message.truncate(end);
        message.shrink_to_fit();
    }
    ServerError { code, message }
}

/// Absent fields of a push say nothing.
pub(super) fn update_of(session: api::Session) -> SessionUpdate {
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    SessionUpdate {
        token: Secret::non_empty(session.token),
        refresh_token: Secret::non_empty(session.refresh_token),
        previous_refresh_token: None,
        id_token: Secret::non_empty(session.id_token),
        session_id: Secret::non_empty(session.session_id),
        api_url: text(session.api_url),
        ws_url: text(session.ws_url),
        tcp_url: text(session.tcp_url),
        user_id: Some(session.user_id.into()).filter(|_| session.user_id != 0),
        is_remember: session.is_remember.then_some(true),
    }
}
