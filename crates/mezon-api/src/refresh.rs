//! Exchanging a session for the next one: one exchange at a time, in a task of its own.

use std::error::Error as StdError;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use mezon_proto::api;
use mezon_session::{BoxFuture, Endpoint, Secret, Session, SessionStore, SessionUpdate, StoreLock};
use prost::Message as _;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, warn};

use crate::client::{Current, Inner};
use crate::error::{session_error, store_error};
use crate::gateway::out_of_time;
use crate::request::{Outgoing, PROTO, basic};
use crate::{ApiClient, ApiError, ApiErrorKind, Method, blocking, session_answer, spawn};

/// The refresh that is under way, if any.
#[derive(Default)]
pub(crate) struct Flights(Mutex<Option<Flight>>);

type Flight = watch::Receiver<Option<Outcome>>;

/// How a refresh ended, for all who waited.
#[derive(Clone)]
enum Outcome {
    /// There is a new session, here or from another process.
    Fresh,
    /// There is a new session, and it could not be stored.
    NotStored(Arc<ApiError>),
    /// There is no new session.
    Failed(Arc<ApiError>),
}

impl ApiClient {
    /// Refreshes the session now, whether that is due or not. Calls at the same time share one refresh.
    ///
    /// With a store, it is locked and read again first: if another process has refreshed meanwhile, its session is taken
    /// over and nothing is sent. The new session is stored before it is used. A store that holds the session of another user
    /// by now is left alone.
    ///
    /// # Errors
    /// [`ApiErrorKind::LoginOver`] when the refresh token is refused, [`ApiErrorKind::NotRefreshable`] when there is
    /// none, and those of every call. [`ApiErrorKind::Store`] when the store could not be locked, then nothing was sent;
    /// or when the new session could not be stored: it is in use all the same, because the old one is spent, and
    /// [`ApiClient::session`] gives it to be saved elsewhere.
    ///
    /// # Cancel safety
    /// Cancel safe: the refresh goes on in a task of its own, and its tokens are not lost.
    pub async fn refresh_session(&self) -> Result<Arc<Session>, ApiError> {
        self.inner.refresh_now().await
    }
}

impl Inner {
    /// In a box: see `Inner::call` for the reason.
    fn refresh_now(self: &Arc<Self>) -> BoxFuture<'_, Result<Arc<Session>, ApiError>> {
        Box::pin(async move {
            let seen = self.current();
            match self.refresh(&seen).await? {
                None => Ok(Arc::clone(&self.current().session)),
                Some(not_stored) => Err(not_stored),
            }
        })
    }

    /// Credentials for a call: refreshed first if they have expired, and behind the call's back if that is due soon.
    pub(crate) async fn ready(self: &Arc<Self>, deadline: Instant) -> Result<Arc<Current>, ApiError> {
        if self.is_over() {
            return Err(ApiErrorKind::LoginOver.into());
        }
        let current = self.current();
        let now = current.time(self.now());
        if !self.gateway.0.refresh_policy.is_due(&current.session, now) || !self.is_refreshable(&current.session) {
            return Ok(current);
        }
        if !current.session.is_expired(now) {
            self.join_flight(&current);
            return Ok(current);
        }
        timeout_at(deadline, self.refreshed(&current)).await.unwrap_or_else(|_| Err(out_of_time()))
    }

    /// Credentials for a second attempt, after the server refused `seen`.
    pub(crate) async fn after_refusal(
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
    pub(crate) fn refreshed<'a>(
        self: &'a Arc<Self>,
        seen: &'a Arc<Current>,
    ) -> BoxFuture<'a, Result<Arc<Current>, ApiError>> {
        Box::pin(async move {
            self.refresh(seen).await?;
            Ok(self.current())
        })
    }

    /// Sees to credentials newer than `seen`. `Some`: there are, and they could not be stored.
    async fn refresh(self: &Arc<Self>, seen: &Arc<Current>) -> Result<Option<ApiError>, ApiError> {
        if self.is_over() {
            return Err(ApiErrorKind::LoginOver.into());
        }
        let Some(mut flight) = self.join_flight(seen) else { return Ok(None) };
        // The sender is gone without a word only when the runtime is.
        let outcome = flight.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        match outcome.ok_or(ApiErrorKind::Interrupted)? {
            Outcome::Fresh => Ok(None),
            Outcome::NotStored(error) => Ok(Some(share(&error))),
            Outcome::Failed(error) => Err(share(&error)),
        }
    }

    /// Joins the refresh that is under way, or begins one. `None`: `seen` has been replaced already.
    fn join_flight(self: &Arc<Self>, seen: &Arc<Current>) -> Option<Flight> {
        let mut running = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A flight whose sender is gone was ended with its runtime.
        if let Some(flight) = running.as_ref().filter(|flight| flight.has_changed().is_ok()) {
            return Some(flight.clone());
        }
        if self.current().session.token() != seen.session.token() {
            return None;
        }
        let (sender, flight) = watch::channel(None);
        *running = Some(flight.clone());
        let inner = Arc::clone(self);
        let seen = Arc::clone(seen);
        // A task of its own: whoever gives up waiting must not stop it between spending the old token and storing the
        // new one.
        spawn(Box::pin(async move {
            let outcome = inner.fly(&seen).await;
            *inner.flights.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
            sender.send_replace(Some(outcome));
        }));
        Some(flight)
    }

    async fn fly(&self, seen: &Current) -> Outcome {
        match self.exchange(seen).await {
            Ok(None) => Outcome::Fresh,
            Ok(Some(error)) => {
                warn!(error = %error, "the refreshed session is in use but could not be stored");
                Outcome::NotStored(Arc::new(error))
            }
            Err(error) => {
                debug!(error = %error, "session not refreshed");
                Outcome::Failed(Arc::new(error))
            }
        }
    }

    /// Lock, load again, adopt or exchange, save, publish.
    async fn exchange(&self, seen: &Current) -> Result<Option<ApiError>, ApiError> {
        let (store, stored) = self.lock_and_load().await?;
        let current = self.current();
        if current.session.token() != seen.session.token() {
            // Pushed while the lock was waited for.
            return Ok(None);
        }
        let stored = match stored.filter(|stored| is_newer(stored, &current)) {
            Some(stored) => {
                let expired = stored.is_expired(self.now());
                let stored = Current::new(&self.gateway, stored)?;
                if !expired {
                    debug!("another process has refreshed the session");
                    let _turn = self.turn.lock().await;
                    self.publish(stored);
                    return Ok(None);
                }
                // It has expired too, but its refresh token is the one that is still good.
                Some(stored)
            }
            None => None,
        };
        let base = stored.as_ref().unwrap_or(&current);
        let update = self.without_untrusted(self.next_credentials(base).await?);
        self.apply(&update, stored.as_ref().map(|stored| &*stored.session), Ok(store)).await
    }

    /// Takes over what the server pushed: lock, load again, merge, save, publish. `Some`: it could not be stored.
    pub(crate) async fn take_over(&self, update: &SessionUpdate) -> Result<Option<ApiError>, ApiError> {
        let brings_refresh_token = update.refresh_token.as_ref().is_some_and(|token| !token.is_empty());
        let (store, stored) = match self.lock_and_load().await {
            Ok((store, stored)) => (Ok(store), stored.filter(|stored| is_newer(stored, &self.current()))),
            // Beside a refresh token that another process may have spent, a new access token would look like the newest
            // session of all.
            Err(error) if !brings_refresh_token && self.current().session.refresh_token().is_some() => {
                return Err(error);
            }
            Err(error) => (Err(error), None),
        };
        self.apply(update, stored.as_ref(), store).await
    }

    /// Merges `update` into the current session (or into `base`), stores the result and publishes it. `Some`: it could not
    /// be stored. It is in use all the same: the server has already replaced the old one.
    async fn apply(
        &self,
        update: &SessionUpdate,
        base: Option<&Session>,
        store: Result<Option<LockedStore>, ApiError>,
    ) -> Result<Option<ApiError>, ApiError> {
        let _turn = self.turn.lock().await;
        let current = self.current();
        let session = base.unwrap_or(&current.session).merged(update).map_err(session_error)?;
        let next = Current::new(&self.gateway, session)?;
        let mut next = if next.session.token() == current.session.token() {
            next.of_the_same_token(&current)
        } else {
            next.just_came(&self.gateway.0.refresh_policy, self.now())
        };
        if self.logged_out.load(Ordering::SeqCst) {
            return Err(ApiErrorKind::LoginOver.into());
        }
        let saved = match store {
            Ok(None) => Ok(()),
            Ok(Some(store)) => store.save(Arc::clone(&next.session)).await,
            Err(not_locked) => Err(not_locked),
        };
        next.unsaved = saved.is_err();
        self.publish(next);
        Ok(saved.err())
    }

    fn publish(&self, next: Current) {
        self.over.store(false, Ordering::SeqCst);
        self.current.send_replace(Arc::new(next));
    }

    /// The store, locked, and the session in it. One that cannot be read is no obstacle: ours is at hand, and replaces it.
    /// With the session of somebody else in it, the store is not ours to write to.
    async fn lock_and_load(&self) -> Result<(Option<LockedStore>, Option<Session>), ApiError> {
        let Some(store) = self.gateway.0.store.clone() else { return Ok((None, None)) };
        let locked =
            blocking(move || store.lock().map(|lock| (store.load(), LockedStore { store, _lock: lock }))).await?;
        let (stored, store) = locked.map_err(store_error)?;
        let stored = stored.unwrap_or_else(|error| {
            warn!(error = %error, "the stored session cannot be read, going on with the one in memory");
            None
        });
        if stored.as_ref().is_some_and(|stored| is_anothers(stored, &self.current().session)) {
            warn!("somebody else has signed in to the session store: it is theirs now, and this session is not stored");
            return Ok((None, None));
        }
        Ok((Some(store), stored))
    }

    pub(crate) fn is_refreshable(&self, session: &Session) -> bool {
        session.refresh_token().is_some() || self.app.is_some()
    }

    /// Asks the server for the next credentials, in the way that `base` allows.
    async fn next_credentials(&self, base: &Current) -> Result<SessionUpdate, ApiError> {
        let refused = match base.session.refresh_token() {
            Some(token) => match self.spend(base, token).await {
                Err(error) if is_refusal(&error) => error,
                answer => return answer,
            },
            None => ApiErrorKind::NotRefreshable.into(),
        };
        match &self.app {
            Some(app) => match self.gateway.0.app_session(app).await {
                Err(error) if is_refusal(&error) => Err(self.login_over(error)),
                answer => answer,
            },
            None if matches!(refused.kind(), ApiErrorKind::NotRefreshable) => Err(refused),
            None => Err(self.login_over(refused)),
        }
    }

    /// Spends a refresh token. The call carries the server key, not the access token.
    async fn spend(&self, base: &Current, token: &Secret) -> Result<SessionUpdate, ApiError> {
        let session = &base.session;
        let request = api::SessionRefreshRequest {
            token: token.expose().to_owned(),
            vars: session.claims().vars().clone(),
            is_remember: session.is_remember(),
        };
        let gateway = &self.gateway.0;
        let outgoing = Outgoing {
            name: Method::SESSION_REFRESH.name(),
            idempotent: Method::SESSION_REFRESH.is_idempotent(),
            uri: base.base().rpc(Method::SESSION_REFRESH)?,
            authorization: basic(&gateway.server_key),
            accept: PROTO,
            content_type: PROTO,
            body: Bytes::from(request.encode_to_vec()),
            secrets: &[token, &gateway.server_key, session.token()],
            answered: true,
            tells_time: true,
        };
        let answer = gateway.run(&outgoing, gateway.deadline()).await.map_err(|error| refresh_refused(lost(error)))?;
        let update = session_answer::read(answer)?;
        match &update.token {
            Some(token) if !token.is_empty() => Ok(update),
            _ => Err(ApiErrorKind::Decode { what: "the refresh brought no access token" }.into()),
        }
    }

    /// `update` without addresses that credentials do not go to. Its tokens are good, and with them the old addresses.
    pub(crate) fn without_untrusted(&self, mut update: SessionUpdate) -> SessionUpdate {
        let policy = &self.gateway.0.policy;
        let keep = |url: &mut Option<String>, name| {
            let Some(text) = url.as_deref().filter(|text| !text.is_empty()) else { return };
            let secure = self.gateway.0.endpoint.is_secure();
            let checked = Endpoint::parse(text, secure).and_then(|endpoint| policy.check(&endpoint));
            if let Err(error) = checked {
                warn!(error = %error, address = name, "new address ignored");
                *url = None;
            }
        };
        keep(&mut update.api_url, "api_url");
        keep(&mut update.ws_url, "ws_url");
        keep(&mut update.tcp_url, "tcp_url");
        update
    }
}

/// A store that nobody else refreshes or saves to. There is no other way to save a session that replaces another.
struct LockedStore {
    store: Arc<dyn SessionStore>,
    _lock: StoreLock,
}

impl LockedStore {
    /// Saves, and then lets others in again, even if whoever waits for it gives up.
    async fn save(self, session: Arc<Session>) -> Result<(), ApiError> {
        let saved = blocking(move || {
            let Self { store, _lock } = self;
            store.save(&session)
        });
        saved.await?.map_err(store_error)
    }
}

/// Whether `stored` is the session of another user than `session`.
pub(crate) fn is_anothers(stored: &Session, session: &Session) -> bool {
    stored.user_id() != session.user_id()
}

/// Whether `stored`, of the same user, is what another process left there. `current` may be the newer one, after a save
/// that failed.
fn is_newer(stored: &Session, current: &Current) -> bool {
    let session = &current.session;
    let follows = match (stored.expires_at(), session.expires_at()) {
        (Some(theirs), Some(ours)) => theirs >= ours,
        _ => !current.unsaved,
    };
    follows && stored.token() != session.token()
}

/// Whether an answer to a refresh or a sign-in ends the login.
fn is_refusal(error: &ApiError) -> bool {
    matches!(error.kind(), ApiErrorKind::RefreshRefused { .. } | ApiErrorKind::SignInRefused { .. })
}

/// Says which token was refused.
fn refresh_refused(error: ApiError) -> ApiError {
    match error.kind().refusal() {
        Some((status, message)) => ApiErrorKind::RefreshRefused { status, message }.into(),
        None => error,
    }
}

/// A refresh whose answer was lost leaves the calls that waited for it undone, so they may be made again: only the way it
/// was lost is reported. It is not repeated here, because the token may be good for one use only.
fn lost(error: ApiError) -> ApiError {
    if !matches!(error.kind(), ApiErrorKind::MaybeSent { .. }) {
        return error;
    }
    let (kind, source) = error.into_parts();
    let source = source.and_then(|source| source.downcast::<ApiError>().ok());
    source.map_or_else(|| kind.into(), |source| *source)
}

/// One error for each of many who waited.
fn share(error: &Arc<ApiError>) -> ApiError {
    match error.source() {
        None => error.kind().clone().into(),
        Some(_) => ApiError::with_source(error.kind().clone(), SharedSource(Arc::clone(error))),
    }
}

/// The source of a shared error.
#[derive(Debug)]
struct SharedSource(Arc<ApiError>);

impl fmt::Display for SharedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.source().map_or(Ok(()), |source| write!(f, "{source}"))
    }
}

impl StdError for SharedSource {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source().and_then(StdError::source)
    }
}
