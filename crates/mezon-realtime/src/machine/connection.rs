//! The life of the connection: dialling, losing, waiting, closing.

use std::time::{Duration, Instant};

use mezon_proto::realtime::Ping;

use super::calls::{Entry, Kind};
use super::heartbeat::{Beat, Heartbeat};
use super::outbox::{Queued, Turn};
use super::settings::PROVEN_AFTER;
use super::state::{Link, State};
use super::{Machine, Output, later};
use crate::{CallErrorKind, CloseAction, CloseReason, ConnectErrorKind, ConnectionState, DisconnectReason, Event};
use crate::{MaybeSent, NotSent};

/// Sent when the application closes (RFC 6455 section 7.4.1).
const NORMAL_CLOSURE: u16 = 1000;

impl<W> Machine<W> {
    pub(super) fn dial(&mut self, now: Instant) {
        self.generation += 1;
        self.state = State::Dialling { until: later(now, self.settings.dial_limit) };
        let (generation, check_login) = (self.generation, self.attempts.begin());
        self.outputs.push_back(Output::State(ConnectionState::Connecting { generation }));
        self.outputs.push_back(Output::Dial { generation, check_login });
    }

    pub(super) fn connected(&mut self, now: Instant, generation: u64) {
        if generation != self.generation || !matches!(self.state, State::Dialling { .. }) {
            return;
        }
        let unit = self.unit();
        let (interval, timeout) = (self.settings.heartbeat_interval, self.settings.heartbeat_timeout);
        self.link = Some(Link {
            generation,
            since: now,
            heartbeat: Heartbeat::new(interval, timeout, now, unit),
            ready: false,
            heard: false,
            asked: false,
            undecodable: 0,
        });
        self.state = State::Up;
        self.attempts.succeeded();
        self.round_trip = None;
        self.rejoin.connected(now);
        self.outputs.push_back(Output::State(ConnectionState::Connected { generation }));
        self.tell(Event::Connected { generation });
    }

    pub(super) fn dial_failed(&mut self, now: Instant, generation: u64, error: ConnectErrorKind) {
        if generation != self.generation || !matches!(self.state, State::Dialling { .. }) {
            return;
        }
        self.attempts.failed();
        // The token source gets one chance to replace the credentials at once.
        if matches!(error, ConnectErrorKind::Refused { status: 401 | 403, .. }) && self.attempts.refused() {
            return self.dial(now);
        }
        let mut floor = Duration::ZERO;
        match &error {
            ConnectErrorKind::LoginOver => return self.stop(now, CloseReason::LoginOver),
            // Closed in the middle of the upgrade, which is how gateways refuse dead credentials at times.
            ConnectErrorKind::Handshake => self.attempts.ended_silently(),
            ConnectErrorKind::NoCredentials { retry_after } | ConnectErrorKind::Refused { retry_after, .. } => {
                floor = retry_after.unwrap_or_default();
            }
            _ => {}
        }
        if !self.attempts.was_up() && !self.settings.retry_first {
            return self.stop(now, CloseReason::NotConnected(error));
        }
        self.wait(now, floor);
    }

    /// The open socket is gone, or is to go.
    pub(super) fn lose(&mut self, now: Instant, reason: DisconnectReason) {
        let Some(link) = self.link.take() else { return };
        // The transport goes before anybody is told, so that nobody meets a half-dead one.
        self.outputs.push_back(Output::Drop { generation: link.generation });
        self.end_calls(now, NotSent::ConnectionLost);
        if matches!(self.state, State::Draining { .. }) {
            return self.stop(now, CloseReason::Requested);
        }
        self.rejoin.connection_lost();
        if now.saturating_duration_since(link.since) >= PROVEN_AFTER {
            self.attempts.proved();
        }
        if !link.heard {
            self.attempts.ended_silently();
        }
        if link.asked {
            self.dialect.not_understood();
        }
        let mut floor = Duration::ZERO;
        if let DisconnectReason::ClosedByServer { code, reason } = &reason {
            match (CloseAction::of(*code), *code) {
                (CloseAction::Stop, Some(code)) => {
                    return self.stop(now, CloseReason::Refused { code, reason: reason.clone() });
                }
                (CloseAction::CheckLogin, _) => self.attempts.doubt_login(),
                (CloseAction::RetryLater, _) => floor = CloseAction::OVERLOADED,
                _ => {}
            }
        }
        let retry_in = self.wait(now, floor);
        self.tell(Event::Disconnected { reason, retry_in });
    }

    pub(super) fn network_changed(&mut self, now: Instant) {
        if matches!(self.state, State::BackingOff { .. }) && self.attempts.take_hint(now) {
            self.dial(now);
        }
    }

    pub(super) fn close(&mut self, now: Instant) {
        match self.state {
            State::Up => {
                self.state = State::Draining { until: later(now, self.settings.drain_timeout), close_sent: false };
                self.outputs.push_back(Output::State(ConnectionState::Closing));
            }
            State::BackingOff { .. } | State::Dialling { .. } => self.stop(now, CloseReason::Requested),
            State::Draining { .. } | State::Stopped => {}
        }
    }

    pub(super) fn time_passed(&mut self, now: Instant) {
        let mut late = false;
        while let Some(entry) = self.calls.expire(now) {
            late |= !entry.handed;
            self.expired(now, entry);
        }
        if late {
            self.drop_expired_frames();
        }
        // Nothing may follow a close frame.
        let beating = !matches!(self.state, State::Draining { close_sent: true, .. });
        match self.link.as_mut().filter(|_| beating).map(|link| link.heartbeat.beat(now)) {
            Some(Beat::Dead) => self.lose(now, DisconnectReason::Silent),
            Some(Beat::Ping) => self.ping(now),
            Some(Beat::Nothing) | None => {}
        }
        match self.state {
            State::BackingOff { until } if until <= now => self.dial(now),
            State::Dialling { until } if until <= now => {
                let generation = self.generation;
                self.outputs.push_back(Output::Drop { generation });
                let phase = crate::DialPhase::Credentials;
                self.dial_failed(now, generation, ConnectErrorKind::TimedOut { phase });
            }
            State::Draining { until, close_sent: false } if until <= now => self.send_close(now),
            State::Draining { until, close_sent: true } if until <= now => self.stop(now, CloseReason::Requested),
            _ => {}
        }
    }

    /// What follows from the state by itself, after every input.
    pub(super) fn advance(&mut self, now: Instant) {
        self.outbox.release(now, |queued| self.calls.is_open(queued.slot));
        match self.state {
            State::Up => {
                if let Some(membership) = self.rejoin.due(now) {
                    let request = membership.request(self.dialect.revision());
                    let deadline = later(now, self.settings.soft_timeout);
                    let entry = Entry::new(None, deadline, true, Kind::Rejoin(membership));
                    if let Err((_, reason)) = self.start(now, entry, request, Turn::Own) {
                        self.rejoined(membership, Err(CallErrorKind::NotSent { reason }));
                    }
                }
                self.ready_if_done();
            }
            State::Draining { close_sent: false, .. } if !self.has_work() => self.send_close(now),
            _ => {}
        }
    }

    /// Ends everything for good.
    pub(super) fn stop(&mut self, now: Instant, reason: CloseReason) {
        if let Some(link) = self.link.take() {
            self.outputs.push_back(Output::Drop { generation: link.generation });
        } else if matches!(self.state, State::Dialling { .. }) {
            self.outputs.push_back(Output::Drop { generation: self.generation });
        }
        self.state = State::Stopped;
        self.end_calls(now, NotSent::Closed);
        let is_empty = |gap: &Event| matches!(gap, Event::Gap { channels, complete: true, .. } if channels.is_empty());
        if let Some(gap) = self.rejoin.take_missed().filter(|gap| !is_empty(gap)) {
            self.tell(gap);
        }
        self.outputs.push_back(Output::State(ConnectionState::Closed(reason.clone())));
        self.tell(Event::Closed { reason });
    }

    /// Begins to wait for the next attempt, for `floor` at least. Gives back how long.
    fn wait(&mut self, now: Instant, floor: Duration) -> Duration {
        let unit = self.unit();
        let (retry_in, failed) = self.attempts.wait(now, floor, unit);
        self.state = State::BackingOff { until: later(now, retry_in) };
        self.outputs.push_back(Output::State(ConnectionState::Waiting { failed, retry_in }));
        retry_in
    }

    fn ready_if_done(&mut self) {
        let done = self.rejoin.is_done();
        let Some(link) = self.link.as_mut().filter(|link| done && !link.ready) else { return };
        link.ready = true;
        let generation = link.generation;
        if let Some(gap) = self.rejoin.take_missed() {
            self.tell(gap);
        }
        self.outputs.push_back(Output::State(ConnectionState::Ready { generation }));
        self.tell(Event::Ready { generation });
    }

    fn ping(&mut self, now: Instant) {
        let deadline = later(now, self.settings.heartbeat_timeout);
        let entry = Entry::new(None, deadline, true, Kind::Ping { at: now });
        // With every correlation id in use there is no ping, but any frame counts as life as well.
        let Ok(slot) = self.calls.open(now, entry) else { return };
        let frame = self.dialect.revision().encode_arm_from(&mut self.pings, slot.cid.into(), &Ping {});
        self.outbox.push(now, Turn::First, Queued { slot, frame, notified: None });
    }

    fn has_work(&self) -> bool {
        self.calls.has_callers() || self.outbox.has_notified()
    }

    fn send_close(&mut self, now: Instant) {
        self.end_calls(now, NotSent::Closed);
        let Some(generation) = self.live_generation() else { return };
        self.state = State::Draining { until: later(now, self.settings.close_timeout), close_sent: true };
        self.outputs.push_back(Output::Close { generation, code: NORMAL_CLOSURE });
    }

    /// Ends every call: those handed to the socket as maybe sent, the others as not sent, for `reason`.
    fn end_calls(&mut self, now: Instant, reason: NotSent) {
        let unsent = self.outbox.take_all();
        for entry in self.calls.clear() {
            let kind = if entry.handed {
                CallErrorKind::MaybeSent { reason: MaybeSent::ConnectionLost }
            } else {
                CallErrorKind::NotSent { reason }
            };
            self.settle(now, entry, Err(kind));
        }
        for queued in unsent {
            self.refuse_notified(queued, reason);
        }
    }
}
