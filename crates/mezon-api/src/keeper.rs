//! Keeping a session: which one is current, when it is replaced, where it is stored, and whether it is over.

mod calls;
mod current;
mod exchange;
mod flight;
mod keep_fresh;
mod stored;
mod tokens;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::SystemTime;

use mezon_session::{BoxFuture, Clock as _, Session};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout_at};

use self::flight::Flights;
use self::stored::Replaced;
use crate::gateway::out_of_time;
use crate::{ApiError, ApiErrorKind, AppLogin, Gateway};

pub(crate) use self::current::Current;
pub(crate) use self::stored::{StagedStore, stage};

/// The session of a client, and all that happens to it. There is one for all clones of a client.
pub(crate) struct SessionKeeper {
    gateway: Gateway,
    /// What a bot signs in with again.
    app: Option<AppLogin>,
    current: watch::Sender<Arc<Current>>,
    /// The sessions that this client has replaced.
    replaced: Replaced,
    flights: Flights,
    /// Held from reading the current session to publishing the next one, so that none is lost. Whoever needs the lock of
    /// the store as well takes that first.
    turn: Mutex<()>,
    /// The server has proved that the login is over. New credentials clear it.
    over: AtomicBool,
    logged_out: AtomicBool,
    kept_fresh: AtomicBool,
    /// A session that could not be stored is being stored in the background.
    saving: AtomicBool,
}

impl SessionKeeper {
    pub(crate) fn new(gateway: Gateway, current: Current, app: Option<AppLogin>) -> Arc<Self> {
        Arc::new(Self {
            gateway,
            app,
            current: watch::Sender::new(Arc::new(current)),
            replaced: Replaced::default(),
            flights: Flights::default(),
            turn: Mutex::default(),
            over: AtomicBool::new(false),
            logged_out: AtomicBool::new(false),
            kept_fresh: AtomicBool::new(false),
            saving: AtomicBool::new(false),
        })
    }

    pub(crate) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    pub(crate) fn is_app(&self) -> bool {
        self.app.is_some()
    }

    pub(crate) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.borrow())
    }

    /// Each session from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Current>> {
        self.current.subscribe()
    }

    /// The time by which a token is judged now.
    pub(crate) fn time_of(&self, current: &Current) -> SystemTime {
        current.time(self.now(), Instant::now())
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.gateway.0.clock.now()
    }

    /// Refreshes the session, due or not. An error may also mean that the new one could not be stored.
    ///
    /// In a box, like everything that programs can begin: an `async fn` is compiled in the crate that awaits it, and all
    /// that it awaits with it.
    pub(crate) fn refresh_now(self: &Arc<Self>) -> BoxFuture<'_, Result<Arc<Session>, ApiError>> {
        Box::pin(async move {
            let seen = self.current();
            match self.refresh(&seen).await? {
                None => Ok(Arc::clone(&self.current().session)),
                Some(not_stored) => Err(not_stored),
            }
        })
    }

    /// Credentials for a call: refreshed first if they have expired, and behind the call's back if that is due soon.
    async fn ready(self: &Arc<Self>, deadline: Instant) -> Result<Arc<Current>, ApiError> {
        if self.is_over() {
            return Err(ApiErrorKind::LoginOver.into());
        }
        let current = self.current();
        if current.unsaved {
            self.save_behind();
        }
        let now = self.time_of(&current);
        if !self.gateway.0.refresh_policy.is_due(&current.session, now) || !self.is_refreshable(&current.session) {
            return Ok(current);
        }
        if !current.session.is_expired(now) {
            self.refresh_behind(&current);
            return Ok(current);
        }
        timeout_at(deadline, self.refreshed(&current)).await.unwrap_or_else(|_| Err(out_of_time()))
    }

    /// Credentials for a second attempt, after the server refused `seen`.
    async fn after_refusal(
        self: &Arc<Self>,
        seen: &Arc<Current>,
        refusal: ApiError,
        deadline: Instant,
    ) -> Result<Arc<Current>, ApiError> {
        let fresh = timeout_at(deadline, self.refreshed(seen)).await.unwrap_or_else(|_| Err(out_of_time()));
        match fresh {
            // The server refused the token, and there is nothing to get another with.
            Err(error) if matches!(error.kind(), ApiErrorKind::NotRefreshable) => Err(self.login_over(refusal)),
            fresh => fresh,
        }
    }

    /// Credentials newer than `seen`. That they could not be stored is no reason to fail a call.
    fn refreshed<'a>(self: &'a Arc<Self>, seen: &'a Arc<Current>) -> BoxFuture<'a, Result<Arc<Current>, ApiError>> {
        Box::pin(async move {
            self.refresh(seen).await?;
            Ok(self.current())
        })
    }

    /// Makes `next` the session in use. What it replaces is not taken back from the store.
    fn publish(&self, next: Current) {
        self.over.store(false, Ordering::SeqCst);
        let before = self.current.send_replace(Arc::new(next));
        self.replaced.note(before.session.token());
    }

    fn is_refreshable(&self, session: &Session) -> bool {
        session.refresh_token().is_some() || self.app.is_some()
    }

    /// Whether calls are in vain, because the login is over.
    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst) || self.is_logged_out()
    }

    fn is_logged_out(&self) -> bool {
        self.logged_out.load(Ordering::SeqCst)
    }

    /// Remembers that the login is over, and says so.
    fn login_over(&self, proof: ApiError) -> ApiError {
        self.over.store(true, Ordering::SeqCst);
        ApiError::with_source(ApiErrorKind::LoginOver, proof)
    }
}

/// What a lock guards, whatever became of its last holder: every state in between is a whole one.
fn locked<T>(mutex: &SyncMutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
