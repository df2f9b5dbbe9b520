//! The tokio task that owns the socket: the only place with I/O, a clock and real randomness.
//!
//! It decides nothing. It carries out what the machine says, and tells it what happened. In each turn it reads what has
//! come in, takes what callers want, lets the machine decide, and writes all there is to write with one flush; no part
//! of a turn waits, so none can starve another. Dials and the storing of credentials run in tasks of their own.

mod command;
mod dial;
mod events;
mod handshake;
mod inbox;
mod link;
mod memory;
mod socket;
mod states;
mod storing;
mod tcp;
mod transport;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use mezon_session::{BoxFuture, Session, TokenSource};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Sleep;

use self::command::Command;
use self::dial::{Dialled, Dialler};
use self::inbox::Inbox;
use self::link::Link;
use self::socket::Shared;
use self::storing::Storing;
use crate::machine::{Counters, Input, Machine, Outcome, Output};
use crate::{
    CallErrorKind, CloseReason, ConnectError, ConnectErrorKind, ConnectionState, Event, NotSent, SocketConfig,
};

pub(crate) use self::events::EVENT_MEMORY;
pub use self::events::{EventSender, Events};
pub use self::socket::{Joined, Socket};
pub use self::states::States;

/// How many frames, and how many commands, are taken in one turn.
const PER_TURN: usize = 64;

/// After so many bytes of frames a turn ends as well: what they become waits in no queue with a bound until it does.
const BYTES_PER_TURN: usize = 64 * 1_024;

/// How many turns are made before other tasks get the thread: one with work, and one that finds nothing more. In a flood,
/// readers on the same thread must have their turn before its events fill the queue (1,024 by default), and before what
/// waits is more memory than the allocator keeps: it would go back to the system and come anew with each turn.
const TURNS: usize = 2;

/// After so many pauses without a command the room for commands is given back: a pause lies between the requests of a burst
/// and their answers, and each heartbeat brings two.
const KEPT_PAUSES: u8 = 3;

/// Connects with the credentials of `source`, and stays connected until the connection is closed.
///
/// Returns as soon as the first connection is up. The [`Socket`] makes calls, the [`Events`] tell what comes in. When a
/// connection is lost it is made again, and what was joined is joined again. Dropping both ends the connection.
///
/// Must be called within a tokio runtime with I/O and time.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use mezon_model::{ChannelId, Draft, Target};
/// use mezon_realtime::{CallErrorKind, SocketConfig, Event, SendErrorKind, connect};
/// use mezon_session::{BoxFuture, Session, StaticSession};
///
/// # async fn run(session: Session) -> Result<(), Box<dyn std::error::Error>> {
/// let (socket, mut events) = connect(SocketConfig::builder().build()?, Arc::new(StaticSession::new(session))).await?;
///
/// let channel = Target::direct(ChannelId::new(123));
/// socket.join(&channel).await?;
/// match socket.send(&channel, &Draft::from("hello")).await {
///     Ok(ack) => println!("stored as {}", ack.message_id),
///     Err(error) => match error.kind() {
///         SendErrorKind::Call(CallErrorKind::MaybeSent { .. }) => println!("look into the history first"),
///         _ => println!("not sent: {error:#}"),
///     },
/// }
/// while let Some(event) = events.next().await {
///     match event {
///         Event::Message(message) => println!("{}: {}", message.username(), message.text()),
///         Event::Gap { channels, .. } => println!("read the history of {} channels", channels.len()),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the first attempt fails, unless [`SocketConfigBuilder::retry_first`](crate::SocketConfigBuilder::retry_first) is set:
/// [`ConnectErrorKind`] tells why. A socket that the server refuses makes the token source look for better credentials
/// once before that counts.
///
/// # Cancel safety
/// Cancel safe: a dropped attempt leaves no connection behind.
pub async fn connect(config: SocketConfig, source: Arc<dyn TokenSource>) -> Result<(Socket, Events), ConnectError> {
    let (socket, events, outcome) = start(&config, source);
    match outcome.await {
        Ok(Ok(())) => Ok((socket, events)),
        Ok(Err(error)) => Err(error),
        // The runtime is shutting down.
        Err(_) => Err(ConnectErrorKind::Closed.into()),
    }
}

/// Starts the task. Not part of `connect`, which is compiled anew where it is awaited, with all that it calls. The runtime
/// knows the task as a boxed future only: what it does for a task is compiled for each type of future.
fn start(
    config: &SocketConfig,
    source: Arc<dyn TokenSource>,
) -> (Socket, Events, oneshot::Receiver<Result<(), ConnectError>>) {
    let (opened, outcome) = oneshot::channel();
    let (socket, events, driver) = Driver::new(config, source, opened);
    let driver: BoxFuture<'static, ()> = Box::pin(driver);
    tokio::spawn(driver);
    (socket, events, outcome)
}

type Waiter = oneshot::Sender<Outcome>;

struct Driver {
    machine: Machine<Waiter>,
    inbox: Arc<Inbox>,
    /// Taken from the inbox in this turn.
    commands: Vec<Command>,
    /// No handle is left that could make calls.
    silent: bool,
    /// The event stream is gone.
    unheard: bool,
    dialler: Arc<Dialler>,
    dial: Option<Dial>,
    session: Option<Arc<Session>>,
    link: Option<Link>,
    timer: Pin<Box<Sleep>>,
    /// When the timer fires. It may be earlier than needed: setting it anew costs more than a turn for nothing.
    armed: Option<Instant>,
    gathered: Vec<Event>,
    /// Since the last command.
    pauses: u8,
    events: EventSender,
    shared: Arc<Shared>,
    /// What `shared` shows.
    published: (Option<Duration>, Counters),
    state: watch::Sender<ConnectionState>,
    opened: Option<oneshot::Sender<Result<(), ConnectError>>>,
    last_error: Option<ConnectError>,
    storing: Storing,
}

/// A dial in its own task, which ends with it.
struct Dial {
    generation: u64,
    task: JoinHandle<Dialled>,
}

impl Drop for Dial {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Driver {
    fn new(
        config: &SocketConfig,
        source: Arc<dyn TokenSource>,
        opened: oneshot::Sender<Result<(), ConnectError>>,
    ) -> (Socket, Events, Self) {
        let seed = config.seed.unwrap_or_else(rand::random);
        let inbox = Arc::new(Inbox::default());
        let (state_sender, state) = watch::channel(ConnectionState::Connecting { generation: 1 });
        let (sender, events) = Events::channel_within(config.event_queue, config.event_memory);
        let shared = Arc::new(Shared::default());
        let events = events.of_connection(Arc::clone(&inbox));
        let socket = Socket::new(Arc::clone(&inbox), state, Arc::clone(&shared), config);
        let now = now();
        let driver = Self {
            machine: Machine::new(config.settings.clone(), (config.delays)(), now, seed),
            inbox,
            commands: Vec::new(),
            silent: false,
            unheard: false,
            storing: Storing::new(Arc::clone(&source)),
            dialler: Arc::new(Dialler::new(config, source)),
            dial: None,
            session: None,
            link: None,
            timer: Box::pin(tokio::time::sleep_until(now.into())),
            armed: None,
            gathered: Vec::new(),
            pauses: 0,
            events: sender,
            shared,
            published: (None, Counters::default()),
            state: state_sender,
            opened: Some(opened),
            last_error: None,
        };
        (socket, events, driver)
    }

    /// A dial that has ended.
    fn poll_dial(&mut self, context: &mut Context<'_>, now: Instant) -> bool {
        let Some(dial) = &mut self.dial else { return false };
        let Poll::Ready(dialled) = Pin::new(&mut dial.task).poll(context) else { return false };
        let generation = dial.generation;
        self.dial = None;
        // A dial that panicked or was stopped by the runtime has failed like any other.
        let dialled =
            dialled.unwrap_or_else(|_| Dialled { session: None, result: Err(ConnectErrorKind::Closed.into()) });
        self.session = dialled.session;
        match dialled.result {
            Ok(opened) => {
                self.machine.handle(now, Input::Connected { generation });
                // Otherwise the machine has moved on, and the socket is dropped here.
                if self.machine.live_generation() == Some(generation) {
                    self.link = Some(Link::new(generation, opened));
                }
            }
            Err(error) => {
                tracing::debug!(generation, error = format_args!("{error:#}"), "dial failed");
                self.machine.handle(now, Input::DialFailed { generation, error: error.kind().clone() });
                self.last_error = Some(error);
            }
        }
        true
    }

    fn poll_reads(&mut self, context: &mut Context<'_>, now: Instant) -> bool {
        let Some(link) = &mut self.link else { return false };
        let mut bytes = 0;
        for _ in 0..PER_TURN {
            let Poll::Ready(input) = link.poll_read(context) else { return false };
            let lost = matches!(input, Input::Lost { .. });
            if let Input::Received { frame, .. } = &input {
                bytes += frame.len();
            }
            self.machine.handle(now, input);
            if lost || bytes >= BYTES_PER_TURN || self.machine.live_generation() != Some(link.generation) {
                break;
            }
        }
        true
    }

    fn poll_commands(&mut self, context: &mut Context<'_>, now: Instant) -> bool {
        let Some(wishes) = self.inbox.take(context, PER_TURN, &mut self.commands) else { return false };
        for id in wishes.cancelled {
            self.machine.handle(now, Input::Cancel(id));
        }
        if !self.commands.is_empty() {
            self.pauses = 0;
        }
        for command in self.commands.drain(..) {
            if let Some(input) = command.into_input() {
                self.machine.handle(now, input);
            }
        }
        self.silent |= wishes.silent;
        self.unheard |= wishes.unheard;
        if wishes.close || (self.silent && self.unheard) {
            self.machine.handle(now, Input::Close);
        }
        true
    }

    fn poll_storing(&mut self, context: &mut Context<'_>, now: Instant) -> bool {
        let moved = self.storing.poll(context);
        if moved == Some(true) {
            self.machine.handle(now, Input::CredentialsStored);
        }
        moved.is_some()
    }

    /// The clock decides, not the timer: a timer may be early, late or out of budget.
    fn poll_timer(&mut self, context: &mut Context<'_>, now: Instant) -> bool {
        if self.machine.deadline().is_some_and(|deadline| deadline <= now) {
            self.machine.handle(now, Input::Timeout);
        }
        let Some(deadline) = self.machine.deadline() else { return false };
        if deadline <= now {
            return true;
        }
        if self.armed.is_none_or(|armed| deadline < armed || armed <= now) {
            self.timer.as_mut().reset(deadline.into());
            self.armed = Some(deadline);
        }
        let fired = self.timer.as_mut().poll(context).is_ready();
        if fired {
            self.armed = None;
        }
        fired
    }

    fn poll_writes(&mut self, context: &mut Context<'_>, now: Instant) -> bool {
        let Some(link) = &mut self.link else { return false };
        let machine = &mut self.machine;
        match link.poll_write(context, || machine.transmit()) {
            Ok(()) => false,
            Err(lost) => {
                self.machine.handle(now, lost);
                true
            }
        }
    }

    /// Does what the machine asks for. True: there is something new to be polled, such as a dial.
    fn carry_out(&mut self) -> bool {
        let mut moved = false;
        while let Some(output) = self.machine.poll() {
            moved |= matches!(output, Output::Dial { .. } | Output::Close { .. } | Output::Credentials(_));
            match output {
                Output::Dial { generation, check_login } => {
                    let suspect = if check_login { self.session.clone() } else { None };
                    // Boxed, or the task would keep room for the largest state of the dial. And `dyn`, as in `start`.
                    let dial: BoxFuture<'static, Dialled> = Box::pin(Arc::clone(&self.dialler).dial(suspect));
                    self.dial = Some(Dial { generation, task: tokio::spawn(dial) });
                }
                Output::Drop { generation } => {
                    let link = self.link.take_if(|link| link.generation == generation);
                    // Gateways open a socket with a dead credential and hang up without a word.
                    if let Some(session_id) = link.and_then(Link::unproved_session_id) {
                        self.dialler.doubt(session_id);
                    }
                    self.dial.take_if(|dial| dial.generation == generation);
                }
                Output::Close { generation, code } => {
                    if let Some(link) = self.link.as_mut().filter(|link| link.generation == generation) {
                        link.close(code);
                    }
                }
                Output::Finished { waiter, outcome } => {
                    // A caller who is gone needs no answer.
                    let _ = waiter.send(outcome);
                }
                Output::Credentials(update) => self.storing.push(*update),
                Output::Event(event) => self.gathered.push(event),
                Output::State(state) => self.enter(state),
            }
        }
        if !self.gathered.is_empty() {
            self.events.send_all(self.gathered.drain(..));
            // A reader who has gone leaves them in place.
            self.gathered.clear();
        }
        let measured = (self.machine.round_trip(), self.machine.counters());
        if measured != self.published {
            self.published = measured;
            self.shared.publish(measured.0, measured.1);
        }
        moved
    }

    fn enter(&mut self, state: ConnectionState) {
        tracing::debug!(?state, "connection state");
        let outcome = match &state {
            ConnectionState::Connected { .. } => Some(Ok(())),
            ConnectionState::Closed(reason) => Some(Err(self.error_of(reason))),
            _ => None,
        };
        // The state first: whoever waits to be connected must not find the old one.
        self.state.send_replace(state);
        if let Some(outcome) = outcome
            && let Some(opened) = self.opened.take()
        {
            let _ = opened.send(outcome);
        }
    }

    /// Why there will be no connection, with what lies beneath it.
    fn error_of(&mut self, reason: &CloseReason) -> ConnectError {
        let kind = match reason {
            CloseReason::LoginOver => ConnectErrorKind::LoginOver,
            CloseReason::NotConnected(kind) => kind.clone(),
            CloseReason::Refused { code, reason } => {
                ConnectErrorKind::ClosedByServer { code: *code, reason: reason.clone() }
            }
            _ => ConnectErrorKind::Closed,
        };
        self.last_error.take().filter(|error| *error.kind() == kind).unwrap_or_else(|| kind.into())
    }

    /// Nothing to do for now. A connection that goes on having nothing to do keeps no room for what is to come.
    fn rest(&mut self) {
        if self.commands.capacity() > 0 {
            self.pauses += 1;
            if self.pauses > KEPT_PAUSES {
                self.commands = Vec::new();
                self.inbox.give_room_back();
            }
        }
        self.gathered = Vec::new();
    }

    /// The machine has stopped: commands that came too late are answered.
    fn wind_up(&mut self) {
        for command in self.inbox.end() {
            command.refuse(NotSent::Closed);
        }
        self.storing.finish();
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let driver = &mut *self;
        for _ in 0..TURNS {
            let now = now();
            // Something has moved that is to be polled again before this task may sleep. What is not will wake it.
            let mut moved = driver.poll_dial(context, now);
            moved |= driver.poll_reads(context, now);
            moved |= driver.poll_commands(context, now);
            moved |= driver.poll_timer(context, now);
            moved |= driver.carry_out();
            moved |= driver.poll_storing(context, now);
            moved |= driver.poll_writes(context, now);
            moved |= driver.carry_out();
            if driver.machine.is_stopped() {
                driver.wind_up();
                return Poll::Ready(());
            }
            if !moved {
                driver.rest();
                return Poll::Pending;
            }
        }
        // Not a plain wake: that would come before the turn of whoever the runtime was started with.
        let _ = pin!(tokio::task::yield_now()).poll(context);
        Poll::Pending
    }
}

/// The runtime may end the task at any time.
impl Drop for Driver {
    fn drop(&mut self) {
        if !matches!(*self.state.borrow(), ConnectionState::Closed(_)) {
            let reason = CloseReason::Aborted;
            self.state.send_replace(ConnectionState::Closed(reason.clone()));
            self.events.send_all([Event::Closed { reason }]);
            for command in self.inbox.end() {
                command.refuse(NotSent::Closed);
            }
        }
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("machine", &self.machine).finish_non_exhaustive()
    }
}

/// Wakes whoever waits for what `guard` protects, after letting go of it: they need it at once.
fn wake<T>(guard: MutexGuard<'_, T>, sleeper: Option<Waker>) {
    drop(guard);
    if let Some(sleeper) = sleeper {
        sleeper.wake();
    }
}

/// The clock of the runtime, so that tests can stop it.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn not_sent(reason: NotSent) -> Outcome {
    Err(CallErrorKind::NotSent { reason })
}

#[cfg(test)]
mod tests;
