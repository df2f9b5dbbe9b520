//! The connection as a state machine: no socket, no task, no clock and no randomness of its own.
//!
//! ```text
//!             DialFailed, loss                        Connected
//!  BackingOff <──────────────── Dialling ──────────────────────> Up
//!      │  ^ └────── time, hint ────^                             │ │
//!      │  └───────────────────────── loss ───────────────────────┘ │ Close
//!      │ Close                                                     v
//!      └──────────────> Stopped <──── calls ended, close frame ── Draining
//! ```
//!
//! Inputs go into [`Machine::handle`] together with the time; outputs come from [`Machine::poll`], frames for the
//! socket from [`Machine::transmit`], and [`Machine::deadline`] tells when [`Input::Timeout`] is due. The machine never
//! fails and never panics, whatever comes in.
//!
//! Each attempt to connect has a *generation*. Whatever a driver reports about a connection carries its generation, and
//! reports about any but the current one are ignored, so an echo of an old socket cannot hurt a new one.

mod attempts;
mod calls;
mod connection;
mod dialect;
mod heartbeat;
mod incoming;
mod membership;
mod outbox;
mod outgoing;
mod rejoin;
mod request;
mod settings;
mod state;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use mezon_model::MessageAck;
use mezon_proto::wire::{RawMessage, Revision};
use mezon_session::{DelayPolicy, FOREVER, SessionUpdate};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use self::attempts::Attempts;
use self::calls::Calls;
use self::dialect::Dialect;
use self::outbox::{Outbox, Queued};
use self::rejoin::Rejoin;
use self::state::{Link, State};
use crate::{CallErrorKind, ConnectErrorKind, ConnectionState, DisconnectReason, Event, NotSent};

pub use self::request::Request;
#[cfg(feature = "driver")]
pub(crate) use self::settings::DECODED_LIMIT;
pub use self::settings::Settings;

/// The state machine. `W` is what the driver needs to answer a call: the machine keeps it and hands it back with the
/// outcome, exactly once.
pub struct Machine<W> {
    settings: Settings,
    random: SmallRng,
    state: State,
    link: Option<Link>,
    generation: u64,
    attempts: Attempts,
    dialect: Dialect,
    calls: Calls<W>,
    outbox: Outbox<W>,
    rejoin: Rejoin,
    /// What the frames of pings are cut from, and nothing else is, so that it stays small.
    pings: BytesMut,
    round_trip: Option<Duration>,
    counters: Counters,
    outputs: VecDeque<Output<W>>,
}

/// Names a call, so that it can be cancelled. The driver gives every call and notification another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// What happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Input<W> {
    /// The dial succeeded: a socket is open.
    Connected {
        /// Of the dial.
        generation: u64,
    },
    /// The dial failed.
    DialFailed {
        /// Of the dial.
        generation: u64,
        /// Why.
        error: ConnectErrorKind,
    },
    /// A binary frame came in.
    Received {
        /// Of the connection.
        generation: u64,
        /// The frame. A slice of a shared read buffer will do: what events keep of it is copied.
        frame: Bytes,
    },
    /// Something else came in that shows life, such as a WebSocket pong.
    Alive {
        /// Of the connection.
        generation: u64,
    },
    /// The connection ended.
    Lost {
        /// Of the connection.
        generation: u64,
        /// How.
        reason: DisconnectReason,
    },
    /// The application asks the server for something.
    Call {
        /// The number of the call.
        id: CallId,
        /// The request.
        request: Request,
        /// How long the call may take.
        timeout: Duration,
        /// Comes back in [`Output::Finished`].
        waiter: W,
    },
    /// The application tells the server something and wants no answer.
    Notify {
        /// The number of the notification.
        id: CallId,
        /// The message.
        request: Request,
        /// Comes back in [`Output::Finished`], as soon as the frame is handed over.
        waiter: W,
    },
    /// Nobody waits for the call any more.
    Cancel(CallId),
    /// The token source took over the credentials of [`Output::Credentials`].
    CredentialsStored,
    /// The network may be back: ends a wait, at most once in four seconds.
    NetworkChanged,
    /// The application wants to close.
    Close,
    /// The time of [`Machine::deadline`] has come.
    Timeout,
}

/// What to do. To be carried out in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum Output<W> {
    /// Open a socket, and report [`Input::Connected`] or [`Input::DialFailed`].
    Dial {
        /// To be reported back.
        generation: u64,
        /// The last credentials may be dead: ask the token source to check them.
        check_login: bool,
    },
    /// Drop the socket, or the dial, of this generation now.
    Drop {
        /// Which.
        generation: u64,
    },
    /// Send a close frame and keep reading until the connection ends or is dropped.
    Close {
        /// Which.
        generation: u64,
        /// The code to send.
        code: u16,
    },
    /// A call ended.
    Finished {
        /// From the call.
        waiter: W,
        /// How it ended.
        outcome: Outcome,
    },
    /// New credentials, for the token source. Report [`Input::CredentialsStored`] when it took them over.
    Credentials(Box<SessionUpdate>),
    /// Tell the application.
    Event(Event),
    /// The state changed.
    State(ConnectionState),
}

/// How a call ended.
pub type Outcome = Result<Reply, CallErrorKind>;

/// The answer to a call.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    /// The message is stored, changed or removed.
    Acknowledged(Box<MessageAck>),
    /// Any other message, as it came: of a kind that this version knows, or of a newer server. [`RawMessage::decode`]
    /// tells.
    Message(RawMessage),
    /// An envelope without a message: done, and nothing to say.
    Empty,
    /// None came, and none must: servers need not answer this request. It was most likely carried out.
    Unconfirmed,
}

/// Counts of what was passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Answers that no call waited for: they came too late.
    pub late_replies: u64,
    /// Raw answers to API calls over the socket, which this crate does not make.
    pub api_replies: u64,
    /// Frames and messages that could not be read.
    pub undecodable: u64,
    /// Fields and elements of lists that could not be read, in messages of which the rest could.
    pub odd_fields: u64,
    /// Messages that the server sent a second time, which are not handed on.
    pub copies: u64,
}

impl<W> Machine<W> {
    /// A machine that dials at once. `seed` decides everything that is random in it.
    pub fn new(settings: Settings, delays: Box<dyn DelayPolicy>, now: Instant, seed: u64) -> Self {
        let mut machine = Self {
            rejoin: Rejoin::new(settings.rejoin_spacing, now),
            dialect: Dialect::new(settings.revision, settings.detect_revision),
            attempts: Attempts::new(delays, now),
            outbox: Outbox::new(settings.send_limit),
            settings,
            random: SmallRng::seed_from_u64(seed),
            state: State::Stopped,
            link: None,
            generation: 0,
            calls: Calls::new(),
            pings: BytesMut::new(),
            round_trip: None,
            counters: Counters::default(),
            outputs: VecDeque::new(),
        };
        machine.dial(now);
        machine
    }

    /// Takes in what happened at `now`. Drain [`Machine::poll`] and [`Machine::transmit`] afterwards.
    pub fn handle(&mut self, now: Instant, input: Input<W>) {
        match input {
            Input::Received { generation, frame } => self.received(now, generation, &frame),
            Input::Alive { generation } => {
                self.alive(generation);
            }
            Input::Call { id, request, timeout, waiter } => self.call(now, id, request, timeout, waiter),
            Input::Notify { id, request, waiter } => self.notify(now, id, request, waiter),
            Input::Cancel(id) => self.cancel(now, id),
            Input::Timeout => self.time_passed(now),
            Input::Connected { generation } => self.connected(now, generation),
            Input::DialFailed { generation, error } => self.dial_failed(now, generation, error),
            Input::Lost { generation, reason } => {
                if self.live_generation() == Some(generation) {
                    self.lose(now, reason);
                }
            }
            Input::CredentialsStored => self.tell(Event::SessionRefreshed),
            Input::NetworkChanged => self.network_changed(now),
            Input::Close => self.close(now),
        }
        self.advance(now);
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output<W>> {
        self.outputs.pop_front()
    }

    /// The next frame for the socket. To be called only when the socket has room: from here on the frame counts as
    /// handed over, and its call can end as *maybe sent* only, no longer as *not sent*. Drain [`Machine::poll`] afterwards.
    pub fn transmit(&mut self) -> Option<Bytes> {
        loop {
            let queued = self.outbox.pop()?;
            if self.calls.hand_over(queued.slot) {
                if let Some(link) = &mut self.link {
                    link.asked = true;
                }
                if let Some(caller) = queued.notified {
                    self.finish(caller.waiter, Ok(Reply::Unconfirmed));
                }
                return Some(queued.frame);
            }
            self.refuse_notified(queued, NotSent::TimedOut);
        }
    }

    /// When [`Input::Timeout`] is due. `None`: never, because the machine has stopped.
    pub fn deadline(&self) -> Option<Instant> {
        let heartbeat = || self.link.as_ref().map(|link| link.heartbeat.deadline());
        let (of_state, of_link) = match self.state {
            State::Up => (self.rejoin.deadline().into_iter().chain(self.outbox.deadline()).min(), heartbeat()),
            State::Draining { until, close_sent: false } => {
                (self.outbox.deadline().into_iter().chain([until]).min(), heartbeat())
            }
            State::BackingOff { until } | State::Dialling { until } | State::Draining { until, .. } => {
                (Some(until), None)
            }
            State::Stopped => (None, None),
        };
        [of_state, of_link, self.calls.deadline()].into_iter().flatten().min()
    }

    /// The generation of the open socket, if there is one.
    pub fn live_generation(&self) -> Option<u64> {
        self.link.as_ref().map(|link| link.generation)
    }

    /// Whether the machine has stopped for good.
    pub fn is_stopped(&self) -> bool {
        matches!(self.state, State::Stopped)
    }

    /// How long the last ping took to be answered.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// The revision in which requests are written now.
    pub fn revision(&self) -> Revision {
        self.dialect.revision()
    }

    /// How many calls are in flight, the machine's own among them.
    pub fn calls_in_flight(&self) -> usize {
        self.calls.len()
    }

    /// Counts of what was passed over.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn finish(&mut self, waiter: W, outcome: Outcome) {
        self.outputs.push_back(Output::Finished { waiter, outcome });
    }

    fn refuse(&mut self, waiter: W, reason: NotSent) {
        self.finish(waiter, Err(CallErrorKind::NotSent { reason }));
    }

    fn refuse_notified(&mut self, queued: Queued<W>, reason: NotSent) {
        if let Some(caller) = queued.notified {
            self.refuse(caller.waiter, reason);
        }
    }

    fn unit(&mut self) -> f64 {
        self.random.random()
    }
}

impl<W> std::fmt::Debug for Machine<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine")
            .field("state", &self.state)
            .field("generation", &self.generation)
            .field("calls", &self.calls.len())
            .finish_non_exhaustive()
    }
}

/// `now + by`, for any `by`: addition panics where an `Instant` ends.
pub(crate) fn later(now: Instant, by: Duration) -> Instant {
    now + by.min(FOREVER)
}

#[cfg(test)]
mod tests;
