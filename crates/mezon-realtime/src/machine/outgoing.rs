//! What the application asks for: from the call to the frame, and from the outcome to the caller.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::calls::{Caller, Entry, Kind, RefusedSend, Slot};
use super::membership::{Membership, Place};
use super::outbox::{Queued, Turn};
use super::request::{Purpose, Request};
use super::state::State;
use super::{CallId, Machine, Outcome, Reply, later};
use crate::{CallErrorKind, Event, MaybeSent, NotSent, ServerError};

/// What the server answers to a message for a channel that the connection has not joined. The code alone is its answer
/// to any bad input, so the words decide.
const MUST_JOIN: (i32, &str) = (3, "Must join channel before sending messages");

/// A call that was started, with the frame that was queued; or the caller of one that was not.
type Started<W> = Result<(Slot, Bytes), (Option<Caller<W>>, NotSent)>;

impl<W> Machine<W> {
    pub(super) fn call(&mut self, now: Instant, id: CallId, request: Request, timeout: Duration, waiter: W) {
        self.note_leave(&request);
        if let Some(reason) = self.hindrance(now, &request) {
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
        match (self.start(now, entry, request, Turn::Application), purpose) {
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
        if let Some(reason) = self.hindrance(now, &request) {
            return self.refuse(waiter, reason);
        }
        let deadline = later(now, self.settings.soft_timeout);
        let entry = Entry::new(None, deadline, true, Kind::Notified);
        match self.start(now, entry, request, Turn::Application) {
            Ok((slot, _)) => {
                if let Some(queued) = self.outbox.find(slot) {
                    queued.notified = Some(Caller { id, waiter });
                }
            }
            Err((_, reason)) => self.refuse(waiter, reason),
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
    pub(super) fn start(&mut self, now: Instant, entry: Entry<W>, request: Request, turn: Turn) -> Started<W> {
        let slot = match self.calls.open(now, entry) {
            Ok(slot) => slot,
            Err(entry) => return Err((entry.caller, NotSent::QueueFull)),
        };
        let frame = request.frame.in_revision(self.dialect.revision()).number(slot.cid.into());
        if frame.len() > self.settings.max_outgoing {
            let caller = self.calls.answer(slot.cid).and_then(|entry| entry.caller);
            return Err((caller, NotSent::TooLarge));
        }
        self.outbox.push(now, turn, Queued { slot, frame: frame.clone(), notified: None });
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
        if let Some(queued) = self.outbox.remove(is_it) {
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
        for queued in self.outbox.take_unwanted(|queued| self.calls.is_open(queued.slot)) {
            self.refuse_notified(queued, NotSent::TimedOut);
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

    /// Why a request cannot be taken now.
    fn hindrance(&self, now: Instant, request: &Request) -> Option<NotSent> {
        match self.state {
            State::Up => {}
            State::BackingOff { .. } | State::Dialling { .. } => return Some(NotSent::NotConnected),
            State::Draining { .. } | State::Stopped => return Some(NotSent::Closed),
        }
        if matches!(request.purpose, Purpose::ApiCall) {
            return Some(NotSent::Unsupported);
        }
        let limit = self.settings.calls_in_flight;
        if self.calls.len() >= limit || self.outbox.len() >= limit {
            return Some(NotSent::QueueFull);
        }
        self.outbox.is_over_limit(now).then_some(NotSent::RateLimited)
    }

    fn join_then_send(&mut self, now: Instant, caller: Option<Caller<W>>, refused: RefusedSend) {
        let request = refused.membership.request(self.dialect.revision());
        let deadline = refused.deadline.min(later(now, self.settings.soft_timeout));
        let error = refused.error.clone();
        let entry = Entry::new(caller, deadline, true, Kind::JoinThenSend(Box::new(refused)));
        if let Err((Some(caller), _)) = self.start(now, entry, request, Turn::Own) {
            self.finish(caller.waiter, Err(rejected(error)));
        }
    }

    /// After the join: the message goes out a second and last time. When it cannot, the caller hears what the server
    /// said: it refused the message, so nothing was sent.
    fn send_again(&mut self, now: Instant, caller: Option<Caller<W>>, refused: RefusedSend, joined: Outcome) {
        let RefusedSend { frame, error, deadline, membership, left } = refused;
        let outcome = match joined {
            Ok(_) => {
                if !left {
                    self.rejoin.joined(membership);
                }
                let entry = Entry::new(caller, deadline, false, Kind::Resend(error.clone()));
                match self.start(now, entry, Request::again(&frame, self.dialect.revision()), Turn::Own) {
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

fn must_join(outcome: &Outcome, frame: Bytes, membership: Membership, deadline: Instant) -> Option<RefusedSend> {
    let Err(CallErrorKind::Rejected { code, message }) = outcome else { return None };
    if (*code, message.as_str()) != MUST_JOIN {
        return None;
    }
    let error = ServerError { code: *code, message: message.clone() };
    Some(RefusedSend { frame, error, deadline, membership, left: false })
}

pub(super) fn rejected(error: ServerError) -> CallErrorKind {
    CallErrorKind::Rejected { code: error.code, message: error.message }
}
