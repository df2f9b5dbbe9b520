//! Calls out, frames in.

use std::time::{Duration, Instant};

use bytes::Bytes;
use mezon_model::ChannelMessage;
use mezon_proto::api;
use mezon_proto::realtime;
use mezon_proto::wire::{
    ApiReply, CHANNEL_MESSAGE_ACK_FIELD, CHANNEL_MESSAGE_FIELD, CHANNEL_PRESENCE_EVENT_FIELD, Decoded, Described,
    ERROR_FIELD, MESSAGE_REACTION_EVENT_FIELD, MESSAGE_TYPING_EVENT_FIELD, Outline, PONG_FIELD,
    REFRESH_SESSION_EVENT_FIELD, RawInbound, RawMessage, WireError, decode_within, read,
};
use mezon_session::{Secret, SessionUpdate};

use super::calls::{Caller, Entry, Kind, Refused, Slot};
use super::membership::{Membership, Place};
use super::request::{Purpose, Request};
use super::settings::{DECODED_LIMIT, ERROR_TEXT, UNDECODABLE_LIMIT};
use super::state::State;
use super::{CallId, Machine, Outcome, Output, Queued, Reply, later};
use crate::{CallErrorKind, DisconnectReason, Event, MaybeSent, NotSent, ServerError};

/// What the server answers to a message for a channel that the connection has not joined. The code alone is its answer
/// to any bad input, so the words decide.
const MUST_JOIN: (i32, &str) = (3, "Must join channel before sending messages");

/// A call that was started, with the frame that was queued; or the caller of one that was not.
type Started<W> = Result<(Slot, Bytes), (Option<Caller<W>>, NotSent)>;

impl<W> Machine<W> {
    pub(super) fn call(&mut self, now: Instant, id: CallId, request: Request, timeout: Duration, waiter: W) {
        self.note_leave(&request);
        if let Some(reason) = self.hindrance(&request) {
            return self.refuse(waiter, reason);
        }
        let Request { soft, purpose, .. } = request;
        let timeout = if soft { timeout.min(self.settings.soft_timeout) } else { timeout };
        let kind = match purpose {
            Purpose::Join(membership) => Kind::Join(membership),
            Purpose::Leave(place) => Kind::Leave(place),
            _ => Kind::Plain,
        };
        let entry = Entry::new(Some(Caller { id, waiter }), later(now, timeout), soft, kind);
        match (self.start(now, entry, request), purpose) {
            (Ok((slot, frame)), Purpose::Send(membership)) => {
                self.calls.set_kind(slot, Kind::Send { frame, membership });
            }
            (Err((Some(caller), reason)), _) => self.refuse(caller.waiter, reason),
            _ => {}
        }
    }

    /// As `call`, for a caller who wants to know no more than that the frame left. The answer is awaited all the same, so
    /// that it is not taken for a push, and so that an error is told.
    pub(super) fn notify(&mut self, now: Instant, id: CallId, request: Request, waiter: W) {
        self.note_leave(&request);
        if let Some(reason) = self.hindrance(&request) {
            return self.refuse(waiter, reason);
        }
        let deadline = later(now, self.settings.soft_timeout);
        if let Err((_, reason)) = self.start(now, Entry::new(None, deadline, true, Kind::Notified), request) {
            return self.refuse(waiter, reason);
        }
        if let Some(Queued { notified, .. }) = self.queue.back_mut() {
            *notified = Some(Caller { id, waiter });
        }
    }

    /// Leaving is a wish of the application first: it holds even when the request cannot be taken.
    fn note_leave(&mut self, request: &Request) {
        if let Purpose::Leave(place) = request.purpose {
            self.rejoin.left(place);
            self.calls.left(place);
        }
    }

    /// Files a call and queues its frame.
    pub(super) fn start(&mut self, now: Instant, entry: Entry<W>, request: Request) -> Started<W> {
        let slot = match self.calls.open(now, entry) {
            Ok(slot) => slot,
            Err(entry) => return Err((entry.caller, NotSent::QueueFull)),
        };
        let frame = request.frame.in_revision(self.dialect.revision()).number(slot.cid.into());
        if frame.len() > self.settings.max_outgoing {
            let caller = self.calls.answer(slot.cid).and_then(|entry| entry.caller);
            return Err((caller, NotSent::TooLarge));
        }
        self.queue.push_back(Queued { slot, frame: frame.clone(), notified: None });
        Ok((slot, frame))
    }

    pub(super) fn cancel(&mut self, now: Instant, id: CallId) {
        if let Some(entry) = self.calls.cancel(now, id) {
            let kind = if entry.handed {
                CallErrorKind::MaybeSent { reason: MaybeSent::TimedOut }
            } else {
                CallErrorKind::NotSent { reason: NotSent::Closed }
            };
            self.settle(now, entry, Err(kind));
        }
        let is_it = |queued: &Queued<W>| queued.notified.as_ref().is_some_and(|caller| caller.id == id);
        let at = self.queue.iter().position(is_it);
        if let Some(queued) = at.and_then(|at| self.queue.remove(at)) {
            self.calls.answer(queued.slot.cid);
            self.refuse_notified(queued, NotSent::Closed);
        }
    }

    pub(super) fn expired(&mut self, now: Instant, entry: Entry<W>) {
        let outcome = match (entry.handed, entry.soft) {
            (false, _) => Err(CallErrorKind::NotSent { reason: NotSent::TimedOut }),
            (true, true) => Ok(Reply::Unconfirmed),
            (true, false) => Err(CallErrorKind::MaybeSent { reason: MaybeSent::TimedOut }),
        };
        self.settle(now, entry, outcome);
    }

    /// Frames for which the socket had no room in time. They must not pile up while the server does not read, and whoever
    /// waits for one to leave is told.
    pub(super) fn drop_expired_frames(&mut self) {
        for _ in 0..self.queue.len() {
            let Some(queued) = self.queue.pop_front() else { break };
            if self.calls.is_open(queued.slot) {
                self.queue.push_back(queued);
            } else {
                self.refuse_notified(queued, NotSent::TimedOut);
            }
        }
    }

    /// Draws the conclusions of an outcome, and tells the caller.
    pub(super) fn settle(&mut self, now: Instant, entry: Entry<W>, mut outcome: Outcome) {
        let Entry { caller, deadline, kind, .. } = entry;
        match kind {
            Kind::Plain => {}
            Kind::Notified => {
                if let Err(CallErrorKind::Rejected { code, message }) = &outcome {
                    let (code, message) = (*code, message.clone());
                    self.tell(Event::ServerError(ServerError { code, message }));
                }
            }
            Kind::Ping { at } => {
                if matches!(outcome, Ok(Reply::Message(_))) {
                    self.round_trip = Some(now.saturating_duration_since(at));
                }
            }
            Kind::Join(membership) => {
                if outcome.is_ok() {
                    self.rejoin.joined(membership);
                }
            }
            Kind::Leave(place) => {
                if outcome.is_ok() {
                    self.rejoin.gone(place);
                }
            }
            Kind::Rejoin(membership) => return self.rejoined(membership, outcome),
            Kind::Send { frame, membership } => {
                if let Some(mut refused) = must_join(&outcome, frame, membership, deadline) {
                    // What the application said when it joined is more than a message tells.
                    refused.membership = self.rejoin.membership(membership.place()).unwrap_or(membership);
                    return self.join_then_send(now, caller, refused);
                }
            }
            // The first attempt did leave the process, so what the server said of it counts.
            Kind::Resend(error) => {
                if matches!(outcome, Err(CallErrorKind::NotSent { .. })) {
                    outcome = Err(rejected(error));
                }
            }
            Kind::JoinThenSend(refused) => return self.send_again(now, caller, *refused, outcome),
        }
        if let Some(caller) = caller {
            self.finish(caller.waiter, outcome);
        }
    }

    /// How a join that was made again ended. Unless the connection ended with it, a failure has consequences: the
    /// channel would be silent otherwise, and nobody would know.
    pub(super) fn rejoined(&mut self, membership: Membership, outcome: Outcome) {
        self.rejoin.answered();
        let Err(error) = outcome else { return };
        match error {
            CallErrorKind::NotSent { reason: NotSent::ConnectionLost | NotSent::Closed }
            | CallErrorKind::MaybeSent { reason: MaybeSent::ConnectionLost } => {}
            // The server does not read at the moment.
            CallErrorKind::NotSent { reason: NotSent::TimedOut | NotSent::QueueFull } => {
                self.rejoin.again(membership);
            }
            error => {
                let Place { clan_id, channel_id } = membership.place();
                self.tell(Event::RejoinFailed { clan_id, channel_id, error });
            }
        }
    }

    /// A frame came in on the connection of `generation`. False: that is not the current one.
    pub(super) fn alive(&mut self, generation: u64) -> bool {
        let Some(link) = self.link.as_mut().filter(|link| link.generation == generation) else { return false };
        link.heartbeat.alive();
        link.heard = true;
        (self.refusals, self.silent_ends) = (0, 0);
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
            Ok(RawInbound { cid, message: Some(raw), .. }) => match raw.message() {
                Some(body) => self.taken_in(now, cid, raw.field, body),
                None => self.no_message(now, cid, raw),
            },
            Ok(RawInbound { cid, .. }) => {
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
            (0, false) => self.tell(Event::Other(raw)),
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
            MESSAGE_TYPING_EVENT_FIELD => Event::Typing(Box::new(self.decode(body)?)),
            MESSAGE_REACTION_EVENT_FIELD => {
                Event::Reaction(Box::new(self.decode::<api::MessageReaction>(body)?.into()))
            }
            CHANNEL_PRESENCE_EVENT_FIELD => Event::Presence(Box::new(self.decode(body)?)),
            ERROR_FIELD => Event::ServerError(server_error(self.decode(body)?)),
            REFRESH_SESSION_EVENT_FIELD => {
                let session = self.decode(body)?;
                self.outputs.push_back(Output::Credentials(Box::new(update_of(session))));
                return Ok(None);
            }
            PONG_FIELD => return Ok(None),
            _ => Event::Other(raw(field, body)),
        }))
    }

    fn message(&mut self, message: ChannelMessage) {
        self.rejoin.seen(&message);
        self.tell(Event::Message(message));
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

    /// Why a request cannot be taken now.
    fn hindrance(&self, request: &Request) -> Option<NotSent> {
        match self.state {
            State::Up => {}
            State::BackingOff { .. } | State::Dialling { .. } => return Some(NotSent::NotConnected),
            State::Draining { .. } | State::Stopped => return Some(NotSent::Closed),
        }
        if matches!(request.purpose, Purpose::ApiCall) {
            return Some(NotSent::Unsupported);
        }
        let limit = self.settings.calls_in_flight;
        (self.calls.len() >= limit || self.queue.len() >= limit).then_some(NotSent::QueueFull)
    }

    fn join_then_send(&mut self, now: Instant, caller: Option<Caller<W>>, refused: Refused) {
        let request = refused.membership.request(self.dialect.revision());
        let deadline = refused.deadline.min(later(now, self.settings.soft_timeout));
        let error = refused.error.clone();
        let entry = Entry::new(caller, deadline, true, Kind::JoinThenSend(Box::new(refused)));
        if let Err((Some(caller), _)) = self.start(now, entry, request) {
            self.finish(caller.waiter, Err(rejected(error)));
        }
    }

    /// After the join: the message goes out a second and last time. When it cannot, the caller hears what the server
    /// said: it refused the message, so nothing was sent.
    fn send_again(&mut self, now: Instant, caller: Option<Caller<W>>, refused: Refused, joined: Outcome) {
        let Refused { frame, error, deadline, membership, left } = refused;
        let outcome = match joined {
            Ok(_) => {
                if !left {
                    self.rejoin.joined(membership);
                }
                let entry = Entry::new(caller, deadline, false, Kind::Resend(error.clone()));
                match self.start(now, entry, Request::again(&frame, self.dialect.revision())) {
                    Ok(_) => return,
                    Err((caller, _)) => (caller, rejected(error)),
                }
            }
            // What stands in the way in the end.
            Err(kind @ CallErrorKind::Rejected { .. }) => (caller, kind),
            Err(_) => (caller, rejected(error)),
        };
        if let (Some(caller), kind) = outcome {
            self.finish(caller.waiter, Err(kind));
        }
    }
}

fn raw(field: u32, body: &[u8]) -> RawMessage {
    RawMessage::new(field, Bytes::copy_from_slice(body))
}

fn must_join(outcome: &Outcome, frame: Bytes, membership: Membership, deadline: Instant) -> Option<Refused> {
    let Err(CallErrorKind::Rejected { code, message }) = outcome else { return None };
    if (*code, message.as_str()) != MUST_JOIN {
        return None;
    }
    let error = ServerError { code: *code, message: message.clone() };
    Some(Refused { frame, error, deadline, membership, left: false })
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

fn rejected(error: ServerError) -> CallErrorKind {
    CallErrorKind::Rejected { code: error.code, message: error.message }
}

/// Absent fields of a push say nothing.
fn update_of(session: api::Session) -> SessionUpdate {
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    SessionUpdate {
        token: Secret::non_empty(session.token),
        refresh_token: Secret::non_empty(session.refresh_token),
        id_token: Secret::non_empty(session.id_token),
        session_id: Secret::non_empty(session.session_id),
        api_url: text(session.api_url),
        ws_url: text(session.ws_url),
        tcp_url: text(session.tcp_url),
        user_id: Some(session.user_id.into()).filter(|_| session.user_id != 0),
        is_remember: session.is_remember.then_some(true),
    }
}
