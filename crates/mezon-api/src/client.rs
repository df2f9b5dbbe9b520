//! A signed-in client and its calls.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderValue;
use mezon_proto::api;
use mezon_session::{BoxFuture, Clock as _, Endpoint, RefreshPolicy, Secret, Session};
use prost::Message;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;
use tracing::debug;

use crate::error::{store_error, untrusted};
use crate::refresh::{Flights, is_anothers};
use crate::request::{Base, Outgoing, PROTO, bearer};
use crate::{ApiError, ApiErrorKind, AppLogin, Gateway, Method, SessionChanges, blocking};

/// A signed-in client. Cheap to clone; clones share the session and the connections.
///
/// Before and during calls it sees to the session: an access token that ends soon is refreshed, one that the server
/// refuses is refreshed once and the call repeated once. However many calls find the token expired, there is one refresh.
#[derive(Clone)]
pub struct ApiClient {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) gateway: Gateway,
    pub(crate) app: Option<AppLogin>,
    pub(crate) current: watch::Sender<Arc<Current>>,
    pub(crate) flights: Flights,
    /// Held from reading the current session to publishing the next one, so that none is lost.
    pub(crate) turn: Mutex<()>,
    /// The server has proved that the login is over. New credentials clear it.
    pub(crate) over: AtomicBool,
    pub(crate) logged_out: AtomicBool,
    pub(crate) kept_fresh: AtomicBool,
}

/// A session with what calls need of it, made once.
pub(crate) struct Current {
    pub(crate) session: Arc<Session>,
    /// It belongs into the store and could not be put there.
    pub(crate) unsaved: bool,
    base: Base,
    bearer: HeaderValue,
    /// What time it was by the token itself when it came, and when that was. Only where the clock is of no use.
    own_time: Option<(SystemTime, Instant)>,
}

/// A token that does not say when it began is taken for one that has so long left when it comes. The default policy
/// refreshes it a minute later.
const UNTOLD_LIFE: Duration = Duration::from_secs(120);

impl Current {
    pub(crate) fn new(gateway: &Gateway, session: Session) -> Result<Self, ApiError> {
        let base = match session.api_endpoint().map_err(untrusted)? {
            Some(endpoint) => {
                gateway.0.policy.check(&endpoint).map_err(untrusted)?;
                Base::new(&endpoint)?
            }
            None => gateway.0.base.clone(),
        };
        Ok(Self { base, bearer: bearer(session.token())?, session: Arc::new(session), unsaved: false, own_time: None })
    }

    /// The server has just made the token. No token is due the moment it comes: where it looks so, the clock is wrong by
    /// more than is corrected, and would have each token replaced at once. Such a token is judged by its own times.
    pub(crate) fn just_came(mut self, policy: &RefreshPolicy, now: SystemTime) -> Self {
        if policy.is_due(&self.session, now) {
            let began = self.session.claims().issued_at().filter(|began| !policy.is_due(&self.session, *began));
            let end = self.session.expires_at();
            let time = began.or_else(|| end.and_then(|end| end.checked_sub(UNTOLD_LIFE)));
            self.own_time = time.map(|time| (time, Instant::now()));
        }
        self
    }

    /// As `before`, whose token it has.
    pub(crate) fn of_the_same_token(self, before: &Self) -> Self {
        Self { own_time: before.own_time, ..self }
    }

    /// The time by which the token is judged when the clock shows `now`.
    pub(crate) fn time(&self, now: SystemTime) -> SystemTime {
        let own = self.own_time.and_then(|(time, came)| time.checked_add(came.elapsed()));
        own.unwrap_or(now)
    }

    pub(crate) fn base(&self) -> &Base {
        &self.base
    }
}

impl ApiClient {
    pub(crate) fn new(gateway: Gateway, session: Session, app: Option<AppLogin>) -> Result<Self, ApiError> {
        let current = Current::new(&gateway, session)?;
        Ok(Self {
            inner: Arc::new(Inner {
                gateway,
                app,
                current: watch::Sender::new(Arc::new(current)),
                flights: Flights::default(),
                turn: Mutex::default(),
                over: AtomicBool::new(false),
                logged_out: AtomicBool::new(false),
                kept_fresh: AtomicBool::new(false),
            }),
        })
    }

    /// The session as it is now.
    pub fn session(&self) -> Arc<Session> {
        Arc::clone(&self.inner.current().session)
    }

    /// Every session from now on. See [`SessionChanges`].
    pub fn session_changes(&self) -> SessionChanges {
        SessionChanges::new(self.inner.current.subscribe())
    }

    /// The gateway that the sign-in went to.
    pub fn gateway(&self) -> &Gateway {
        &self.inner.gateway
    }

    /// The time by which tokens are judged: the configured clock, corrected by the server's.
    pub fn now(&self) -> SystemTime {
        self.inner.now()
    }

    /// Where the socket is, checked: credentials may be sent there.
    ///
    /// # Errors
    /// [`ApiErrorKind::UntrustedEndpoint`].
    pub fn ws_endpoint(&self) -> Result<Endpoint, ApiError> {
        self.inner.ws_endpoint(&self.session())
    }

    /// Calls a method of the API: any of the server's, by name, with the messages of `mezon-proto`.
    ///
    /// ```no_run
    /// # async fn example(client: mezon_api::ApiClient) -> Result<(), mezon_api::ApiError> {
    /// use mezon_api::Method;
    /// use mezon_proto::api;
    ///
    /// let account: api::Account = client.call(Method::GET_ACCOUNT, &()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// - [`ApiErrorKind::LoginOver`], [`ApiErrorKind::Forbidden`], [`ApiErrorKind::NotFound`],
    ///   [`ApiErrorKind::RateLimited`], [`ApiErrorKind::Status`], [`ApiErrorKind::Redirected`]: what the server answered.
    /// - [`ApiErrorKind::Intercepted`]: something on the way answered in its place.
    /// - [`ApiErrorKind::Connect`], [`ApiErrorKind::Tls`], [`ApiErrorKind::TimedOut`],
    ///   [`ApiErrorKind::ConnectionLost`]: there was no answer; for a method that is not idempotent
    ///   [`ApiErrorKind::MaybeSent`], unless it certainly was not sent.
    /// - [`ApiErrorKind::BodyTooLarge`], [`ApiErrorKind::Decode`]: the answer is not usable.
    ///
    /// # Cancel safety
    /// A call that is given up may have happened on the server. A refresh of the session that it began goes on.
    pub async fn call<Req, Res>(&self, method: Method, request: &Req) -> Result<Res, ApiError>
    where
        Req: Message,
        Res: Message + Default,
    {
        // A message without fields takes no room: its answer may be nothing at all.
        let answered = size_of::<Res>() > 0;
        let body = self.inner.call(method, request.encode_to_vec().into(), answered).await?;
        Res::decode(body).map_err(|error| ApiError::with_source(ApiErrorKind::Decode { what: method.name() }, error))
    }

    /// Ends the login: on the server, in the store, and in this client, whose calls fail with
    /// [`ApiErrorKind::LoginOver`] from then on. A session of somebody else, who signed in to the same store meanwhile,
    /// stays in it.
    ///
    /// # Errors
    /// Those of [`ApiClient::call`] when the server could not be told; the store is cleared all the same.
    /// [`ApiErrorKind::Store`] when the session may still be stored.
    ///
    /// # Cancel safety
    /// A logout that is given up may have happened on the server, and may not have cleared the store.
    pub async fn logout(&self) -> Result<(), ApiError> {
        self.inner.logout().await
    }
}

impl Inner {
    pub(crate) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.borrow())
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.gateway.0.clock.now()
    }

    pub(crate) fn ws_endpoint(&self, session: &Session) -> Result<Endpoint, ApiError> {
        let endpoint = session.ws_endpoint(&self.gateway.0.endpoint).map_err(untrusted)?;
        self.gateway.0.policy.check(&endpoint).map_err(untrusted)?;
        Ok(endpoint)
    }

    /// Whether calls are in vain, because the login is over.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst) || self.logged_out.load(Ordering::SeqCst)
    }

    /// Calls `method` with the session as it is, refreshing it when that is needed.
    ///
    /// In a box, like everything that programs can begin: an `async fn` is compiled in the crate that awaits it, and all
    /// that it awaits with it.
    fn call(self: &Arc<Self>, method: Method, body: Bytes, answered: bool) -> BoxFuture<'_, Result<Bytes, ApiError>> {
        Box::pin(async move {
            let deadline = self.gateway.0.deadline();
            let current = self.ready(deadline).await?;
            match self.call_with(&current, method, body.clone(), answered, deadline).await {
                Err(refused) if matches!(refused.kind(), ApiErrorKind::Unauthorized { .. }) => {
                    debug!(method = method.name(), "access token refused, refreshing the session");
                    let fresh = self.after_refusal(&current, refused, deadline).await?;
                    match self.call_with(&fresh, method, body, answered, deadline).await {
                        Err(refused) if matches!(refused.kind(), ApiErrorKind::Unauthorized { .. }) => {
                            Err(self.login_over(refused))
                        }
                        answer => answer,
                    }
                }
                answer => answer,
            }
        })
    }

    /// Calls `method` with exactly these credentials.
    pub(crate) async fn call_with(
        &self,
        current: &Current,
        method: Method,
        body: Bytes,
        answered: bool,
        deadline: Instant,
    ) -> Result<Bytes, ApiError> {
        // A logout carries the refresh token too.
        let session = &current.session;
        let secrets: Vec<&Secret> = std::iter::once(session.token()).chain(session.refresh_token()).collect();
        let outgoing = Outgoing {
            name: method.name(),
            idempotent: method.is_idempotent(),
            uri: current.base.rpc(method)?,
            authorization: current.bearer.clone(),
            accept: PROTO,
            content_type: PROTO,
            body,
            secrets: &secrets,
            answered,
            tells_time: false,
        };
        self.gateway.0.run(&outgoing, deadline).await
    }

    /// Remembers that the login is over, and says so.
    pub(crate) fn login_over(&self, proof: ApiError) -> ApiError {
        self.over.store(true, Ordering::SeqCst);
        ApiError::with_source(ApiErrorKind::LoginOver, proof)
    }

    /// Ends the login, on the server and here.
    fn logout(self: &Arc<Self>) -> BoxFuture<'_, Result<(), ApiError>> {
        Box::pin(async move {
            // The server takes a logout with a good token only; without one there is still the store to clear.
            let deadline = self.gateway.0.deadline();
            let current = self.ready(deadline).await.unwrap_or_else(|_| self.current());
            self.logged_out.store(true, Ordering::SeqCst);
            // Waits for a save that is under way, so that it cannot put back what is cleared below.
            let turn = self.turn.lock().await;
            let told = self.tell_logout(&current, deadline).await;
            if let Some(store) = self.gateway.0.store.clone() {
                let session = Arc::clone(&current.session);
                let cleared = blocking(move || {
                    let _lock = store.lock()?;
                    match store.load() {
                        Ok(Some(stored)) if is_anothers(&stored, &session) => Ok(()),
                        _ => store.clear(),
                    }
                });
                cleared.await?.map_err(store_error)?;
            }
            drop(turn);
            match told {
                // The server does not know the login any more.
                Err(error) if matches!(error.kind(), ApiErrorKind::Unauthorized { .. }) => Ok(()),
                told => told,
            }
        })
    }

    async fn tell_logout(&self, current: &Current, deadline: Instant) -> Result<(), ApiError> {
        let session = &current.session;
        let request = api::SessionLogoutRequest {
            token: session.token().expose().to_owned(),
            refresh_token: session.refresh_token().map(|token| token.expose().to_owned()).unwrap_or_default(),
            ..api::SessionLogoutRequest::default()
        };
        let answer =
            self.call_with(current, Method::SESSION_LOGOUT, request.encode_to_vec().into(), false, deadline).await;
        answer.map(drop)
    }
}

impl fmt::Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClient")
            .field("gateway", &self.inner.gateway.0.endpoint)
            .field("user_id", &self.session().user_id())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use data_encoding::BASE64URL_NOPAD;
    use mezon_session::SessionUpdate;

    use super::*;

    fn just_came(claims: &str, now: SystemTime) -> Current {
        let token = format!("e30.{}.c2ln", BASE64URL_NOPAD.encode(claims.as_bytes()));
        let session = Session::new(SessionUpdate { token: Some(token.into()), ..SessionUpdate::default() }).unwrap();
        let gateway = Gateway::builder().build().unwrap();
        Current::new(&gateway, session).unwrap().just_came(&RefreshPolicy::default(), now)
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_looks_due_when_it_comes_is_judged_by_its_own_times() {
        let (policy, at) = (RefreshPolicy::default(), |seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        // An hour from 10,000 to 13,600; one that does not say when it began; one that began after its end.
        let hour = r#"{"uid":1,"exp":13600,"iat":10000}"#;
        let (untold, absurd) = (r#"{"uid":1,"exp":13600}"#, r#"{"uid":1,"exp":13600,"iat":90000}"#);
        for (claims, life) in [(hour, 54 * 60), (untold, 60), (absurd, 60)] {
            let wrong = at(1_000_000);
            let current = just_came(claims, wrong);
            let is_due = || policy.is_due(&current.session, current.time(wrong));
            tokio::time::advance(Duration::from_secs(life - 1)).await;
            assert!(!is_due(), "{claims}");
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(is_due(), "{claims}");
        }
        let right = at(10_010);
        assert_eq!(just_came(hour, right).time(right), right, "a clock that may be right judges it");
    }
}
