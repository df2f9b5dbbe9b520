//! Connecting and disconnecting: one connection after the other, whoever asks for them and in whatever order.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use mezon_model::{ChannelId, Target};
use mezon_realtime::{ConnectErrorKind, ConnectionState, Events, Socket};
use tokio::task::AbortHandle;

use crate::ClientError;
use crate::delivery::{self, CatchUp, Input, Requests};
use crate::listen::{Audience, Subscription};
use crate::watched::Watched;

/// The connections of one socket.
#[derive(Default)]
pub(crate) struct Lifecycle {
    /// One attempt at a time: a second one waits and then finds the connection made.
    connecting: tokio::sync::Mutex<()>,
    standing: Mutex<Standing>,
    /// How often it was disconnected. Every attempt to connect shares it.
    disconnects: Arc<Watched<u64>>,
}

#[derive(Default)]
enum Standing {
    #[default]
    Down,
    /// It may have ended by itself.
    Up(Live),
    /// To be closed, or closed.
    Closing(Live),
}

/// A connection that was just made.
pub(crate) struct Opened {
    pub(crate) socket: Socket,
    pub(crate) events: Events,
    /// `None`: gaps are not filled, and nothing is joined by itself.
    pub(crate) catch_up: Option<(CatchUp, Arc<Requests>)>,
    pub(crate) callbacks: Vec<Subscription>,
}

/// A connection whose events are handed on.
pub(crate) struct Live {
    pub(crate) socket: Socket,
    dispatcher: AbortHandle,
    /// Set once the dispatcher has ended.
    ended: Arc<Watched<bool>>,
    /// Where the dispatcher hears of channels that are joined and left, if it wants to.
    requests: Option<Arc<Requests>>,
}

impl Lifecycle {
    /// Makes a connection with `open`, unless there is one.
    pub(crate) async fn connect(
        &self,
        audience: &Arc<Audience>,
        open: impl AsyncFnOnce() -> Result<Opened, ClientError>,
    ) -> Result<(), ClientError> {
        let disconnects = Arc::clone(&self.disconnects);
        let before = disconnects.get();
        let mut called_off = pin!(disconnects.wait_for(|now| now != before));
        let mut attempt = pin!(self.attempt(audience, open, before));
        poll_fn(|context| {
            // A dropped attempt leaves no connection behind.
            if called_off.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(closed()));
            }
            attempt.as_mut().poll(context)
        })
        .await
    }

    async fn attempt(
        &self,
        audience: &Arc<Audience>,
        open: impl AsyncFnOnce() -> Result<Opened, ClientError>,
        disconnects: u64,
    ) -> Result<(), ClientError> {
        let _one_at_a_time = self.connecting.lock().await;
        let ended = match &*self.standing() {
            Standing::Up(live) if !live.is_over() => return Ok(()),
            Standing::Up(live) | Standing::Closing(live) => Some(Arc::clone(&live.ended)),
            Standing::Down => None,
        };
        if let Some(ended) = ended {
            // Its last events come before those of the next one.
            ended.wait_for(|ended| ended).await;
        }
        let opened = open().await?;
        let mut standing = self.standing();
        // Looked at behind the lock: from here on a disconnect finds the connection.
        if self.disconnects.get() != disconnects {
            return Err(closed());
        }
        *standing = Standing::Up(Live::new(opened, audience));
        Ok(())
    }

    /// Closes the connection, and calls off every attempt to make one.
    pub(crate) async fn disconnect(&self, audience: &Audience) {
        let Some((socket, ended)) = self.begin_closing(audience) else { return };
        socket.close().await;
        // The dispatcher ends with the event stream: what was queued reaches the listeners first.
        ended.wait_for(|ended| ended).await;
    }

    /// Looks at the connection, if there is one and it is not to be closed.
    pub(crate) fn live<T>(&self, look: impl FnOnce(&Live) -> T) -> Option<T> {
        match &*self.standing() {
            Standing::Up(live) => Some(look(live)),
            Standing::Down | Standing::Closing(_) => None,
        }
    }

    /// A channel was joined.
    pub(crate) fn joined(&self, target: &Target) {
        self.request(Input::Joined(*target));
    }

    /// A channel is about to be left.
    pub(crate) fn leaving(&self, channel: ChannelId) {
        self.request(Input::Leaving(channel));
    }

    fn request(&self, input: Input) {
        self.live(|live| live.requests.as_ref().map(|requests| requests.push(input)));
    }

    fn begin_closing(&self, audience: &Audience) -> Option<(Socket, Arc<Watched<bool>>)> {
        let mut standing = self.standing();
        self.disconnects.set(self.disconnects.get() + 1);
        let live = match std::mem::take(&mut *standing) {
            Standing::Up(live) | Standing::Closing(live) => Some(live),
            Standing::Down => None,
        };
        if live.as_ref().is_none_or(Live::has_ended) && Arc::strong_count(&self.disconnects) > 1 {
            // With no connection to end the streams, they end with the attempts.
            audience.dismiss();
        }
        let live = live?;
        let closing = (live.socket.clone(), Arc::clone(&live.ended));
        *standing = Standing::Closing(live);
        Some(closing)
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last clone of the socket is gone: nobody can ask for more. A connection that is being closed ends by itself.
impl Drop for Lifecycle {
    fn drop(&mut self) {
        self.live(|live| live.dispatcher.abort());
    }
}

impl Live {
    fn new(opened: Opened, audience: &Arc<Audience>) -> Self {
        let Opened { socket, events, catch_up, callbacks } = opened;
        let (catch_up, requests) = catch_up.unzip();
        let ended = Arc::<Watched<bool>>::default();
        let ending = Ending(Arc::clone(&ended));
        let dispatcher = tokio::spawn(delivery::run(events, Arc::clone(audience), catch_up, (callbacks, ending)));
        Self { socket, dispatcher: dispatcher.abort_handle(), ended, requests }
    }

    /// Whether the connection is over for good. Its last events may not have been delivered yet.
    fn is_over(&self) -> bool {
        matches!(self.socket.state(), ConnectionState::Closed(_)) || self.has_ended()
    }

    /// Whether all has been delivered.
    fn has_ended(&self) -> bool {
        self.ended.get()
    }
}

/// Held by a dispatcher, and dropped with it.
struct Ending(Arc<Watched<bool>>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

/// The connection is over.
pub(crate) fn closed() -> ClientError {
    ClientError::Connect(ConnectErrorKind::Closed.into())
}
