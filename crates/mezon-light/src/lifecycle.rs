//! Connecting and disconnecting: one connection after the other, whoever asks for them and in whatever order.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use mezon_model::Target;
use mezon_realtime::{ConnectErrorKind, ConnectionState, Events, Socket};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::LightError;
use crate::baseline::Baselines;
use crate::dispatch::{self, Audience, CatchUp};
use crate::handlers::Subscription;
use crate::history::History;

/// The connections of one socket.
#[derive(Default)]
pub(crate) struct Lifecycle {
    /// One attempt at a time: a second one waits and then finds the connection made.
    connecting: tokio::sync::Mutex<()>,
    standing: Mutex<Standing>,
    /// Each disconnect is a change. Every attempt to connect has a receiver.
    disconnects: watch::Sender<()>,
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
    /// `None`: gaps are not filled.
    pub(crate) history: Option<Arc<dyn History>>,
    pub(crate) callbacks: Vec<Subscription>,
}

/// A connection whose events are handed on.
pub(crate) struct Live {
    pub(crate) socket: Socket,
    dispatcher: AbortHandle,
    /// Closed when the dispatcher has ended.
    ended: watch::Receiver<()>,
    baselines: Option<(Arc<Baselines>, Arc<dyn History>)>,
    /// Looking for baselines.
    lookups: JoinSet<()>,
}

impl Lifecycle {
    /// Makes a connection with `open`, unless there is one.
    pub(crate) async fn connect(
        &self,
        audience: &Arc<Audience>,
        open: impl AsyncFnOnce() -> Result<Opened, LightError>,
    ) -> Result<(), LightError> {
        let mut disconnects = self.disconnects.subscribe();
        let called_off = disconnects.clone();
        let mut called_off_meanwhile = pin!(disconnects.changed());
        let mut attempt = pin!(self.attempt(audience, open, &called_off));
        poll_fn(|context| {
            // A dropped attempt leaves no connection behind.
            if called_off_meanwhile.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(closed()));
            }
            attempt.as_mut().poll(context)
        })
        .await
    }

    async fn attempt(
        &self,
        audience: &Arc<Audience>,
        open: impl AsyncFnOnce() -> Result<Opened, LightError>,
        called_off: &watch::Receiver<()>,
    ) -> Result<(), LightError> {
        let _one_at_a_time = self.connecting.lock().await;
        let ended = match &*self.standing() {
            Standing::Up(live) if !live.is_over() => return Ok(()),
            Standing::Up(live) | Standing::Closing(live) => Some(live.ended.clone()),
            Standing::Down => None,
        };
        if let Some(mut ended) = ended {
            // Its last events come before those of the next one.
            let _ = ended.changed().await;
        }
        let opened = open().await?;
        let mut standing = self.standing();
        // Looked at behind the lock: from here on a disconnect finds the connection.
        if called_off.has_changed().unwrap_or(true) {
            return Err(closed());
        }
        *standing = Standing::Up(Live::new(opened, audience));
        Ok(())
    }

    /// Closes the connection, and calls off every attempt to make one.
    pub(crate) async fn disconnect(&self, audience: &Audience) {
        let Some((socket, mut ended)) = self.begin_closing(audience) else { return };
        socket.close().await;
        // The dispatcher ends with the event stream: what was queued reaches the listeners first.
        let _ = ended.changed().await;
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
        if let Standing::Up(live) = &mut *self.standing() {
            live.look_up_baseline(target);
        }
    }

    /// A channel is about to be left.
    pub(crate) fn leaving(&self, target: &Target) {
        self.live(|live| {
            if let Some((baselines, _)) = &live.baselines {
                baselines.forget(target.channel_id);
            }
        });
    }

    fn begin_closing(&self, audience: &Audience) -> Option<(Socket, watch::Receiver<()>)> {
        let mut standing = self.standing();
        self.disconnects.send_replace(());
        let live = match std::mem::take(&mut *standing) {
            Standing::Up(live) | Standing::Closing(live) => Some(live),
            Standing::Down => None,
        };
        if live.as_ref().is_none_or(Live::has_ended) && self.disconnects.receiver_count() > 0 {
            // With no connection to end the streams, they end with the attempts.
            audience.dismiss();
        }
        let mut live = live?;
        live.lookups.abort_all();
        let closing = (live.socket.clone(), live.ended.clone());
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
        let Opened { socket, events, history, callbacks } = opened;
        let baselines = history.map(|history| (Arc::<Baselines>::default(), history));
        let catch_up = baselines.as_ref().map(|(baselines, history)| {
            let mut states = socket.states();
            CatchUp::new(Arc::clone(history), Arc::clone(baselines), async move {
                let is_end = |state: &_| matches!(state, ConnectionState::Closing | ConnectionState::Closed(_));
                states.wait_for(is_end).await;
            })
        });
        let (running, ended) = watch::channel(());
        let audience = Arc::clone(audience);
        let dispatcher = tokio::spawn(async move {
            dispatch::run(events, audience, catch_up, callbacks).await;
            drop(running);
        });
        Self { socket, dispatcher: dispatcher.abort_handle(), ended, baselines, lookups: JoinSet::new() }
    }

    /// Whether the connection is over for good. Its last events may not have been delivered yet.
    fn is_over(&self) -> bool {
        matches!(self.socket.state(), ConnectionState::Closed(_)) || self.has_ended()
    }

    /// Whether all has been delivered.
    fn has_ended(&self) -> bool {
        self.ended.has_changed().is_err()
    }

    fn look_up_baseline(&mut self, target: &Target) {
        while self.lookups.try_join_next().is_some() {}
        let Some((baselines, history)) = &self.baselines else { return };
        if !baselines.want(target.channel_id) {
            return;
        }
        let (baselines, history) = (Arc::clone(baselines), Arc::clone(history));
        let (target, socket) = (*target, self.socket.clone());
        self.lookups.spawn(async move {
            let is_ready = |generation| socket.state() == ConnectionState::Ready { generation };
            baselines.read(target, &*history, is_ready).await;
        });
    }
}

fn closed() -> LightError {
    LightError::Connect(ConnectErrorKind::Closed.into())
}
