//! Calls with the session as it is, and its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::Method;
use mezon_proto::api;
use mezon_session::{BoxFuture, Endpoint, Secret, Session};
use prost::Message as _;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::debug;

use super::stored::is_anothers;
use super::{Current, SessionKeeper};
use crate::error::{store_error, untrusted};
use crate::request::{Outgoing, PROTO};
use crate::{AnyMethod, ApiError, ApiErrorKind, blocking, methods, session_answer, spawn};

impl SessionKeeper {
    /// Where the socket of `session` is, checked: credentials may be sent there.
    pub(crate) fn ws_endpoint(&self, session: &Session) -> Result<Endpoint, ApiError> {
        let endpoint = session.ws_endpoint(&self.gateway.0.endpoint).map_err(untrusted)?;
        self.gateway.0.policy.check(&endpoint).map_err(untrusted)?;
        Ok(endpoint)
    }

    /// Calls `method` with the session as it is, refreshing it when that is needed. `answered`: the answer is a message, and
    /// nothing is none. In a box: see [`SessionKeeper::refresh_now`] for the reason.
    pub(crate) fn call(
        self: &Arc<Self>,
        method: AnyMethod,
        body: Bytes,
        answered: bool,
    ) -> BoxFuture<'_, Result<Bytes, ApiError>> {
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
    pub(super) async fn call_with(
        self: &Arc<Self>,
        current: &Current,
        method: AnyMethod,
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
            verb: Method::POST,
            uri: current.base().rpc(method)?,
            authorization: current.bearer(),
            accept: PROTO,
            content_type: PROTO,
            body,
            secrets: &secrets,
            answered,
            tells_time: false,
        };
        let answer = self.gateway.0.run(&outgoing, deadline).await;
        // Nothing, where nothing is due, may come from anybody.
        if answer.as_ref().is_ok_and(|body| answered || !body.is_empty()) {
            self.confirm(current);
        }
        answer
    }

    /// Changes the user name, and takes over the tokens that carry it. In a task of its own: the server may have replaced
    /// the old ones by the time that a caller gives up.
    pub(crate) fn rename(self: &Arc<Self>, username: &str) -> BoxFuture<'static, Result<(), ApiError>> {
        let keeper = Arc::clone(self);
        let request = api::UpdateUsernameRequest { username: username.to_owned(), ..Default::default() };
        Box::pin(async move {
            if request.username.is_empty() {
                return Err(ApiErrorKind::InvalidInput { problem: "the user name is empty" }.into());
            }
            let (done, outcome) = oneshot::channel();
            spawn(Box::pin(async move {
                // Whoever asked may be gone.
                let _ = done.send(keeper.rename_to(&request).await);
            }));
            outcome.await.unwrap_or_else(|_| Err(ApiErrorKind::Interrupted.into()))
        })
    }

    async fn rename_to(self: &Arc<Self>, request: &api::UpdateUsernameRequest) -> Result<(), ApiError> {
        let answer = self.call(methods::UPDATE_USERNAME.any(), request.encode_to_vec().into(), false).await?;
        let update = self.without_untrusted(session_answer::read(answer)?);
        if update.token.is_none() {
            // A server that goes on with the old tokens.
            return Ok(());
        }
        self.take_over(&update).await?.map_or(Ok(()), Err)
    }

    /// Ends the login, on the server and here.
    pub(crate) fn logout(self: &Arc<Self>) -> BoxFuture<'_, Result<(), ApiError>> {
        Box::pin(async move {
            // The server takes a logout with a good token only; without one there is still the store to clear.
            let deadline = self.gateway.0.deadline();
            let current = self.ready(deadline).await.unwrap_or_else(|_| self.current());
            self.logged_out.store(true, Ordering::SeqCst);
            let told = self.tell_logout(&current, deadline).await;
            // Behind the lock no save is under way that could put back what is cleared.
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
            match told {
                // The server does not know the login any more.
                Err(error) if matches!(error.kind(), ApiErrorKind::Unauthorized { .. }) => Ok(()),
                told => told,
            }
        })
    }

    async fn tell_logout(self: &Arc<Self>, current: &Current, deadline: Instant) -> Result<(), ApiError> {
        let session = &current.session;
        let request = api::SessionLogoutRequest {
            token: session.token().expose().to_owned(),
            refresh_token: session.refresh_token().map(|token| token.expose().to_owned()).unwrap_or_default(),
            ..api::SessionLogoutRequest::default()
        };
        let answer = self
            .call_with(current, methods::SESSION_LOGOUT.any(), request.encode_to_vec().into(), false, deadline)
            .await;
        answer.map(drop)
    }
}
