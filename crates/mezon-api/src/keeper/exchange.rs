//! Exchanging a session for the next one: lock, load, stage, ask, save, publish.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use mezon_proto::api;
use mezon_session::{Endpoint, Secret, Session, SessionUpdate};
use prost::Message as _;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::stored::{LockedStore, StagedStore};
use super::{Current, SessionKeeper};
use crate::error::{session_error, undone};
use crate::request::{Outgoing, PROTO, basic};
use crate::{ApiError, ApiErrorKind, AppLogin, methods, session_answer};

impl SessionKeeper {
    /// Sees to credentials newer than `seen`. `Some`: they could not be stored.
    pub(super) async fn exchange(&self, seen: &Current) -> Result<Option<ApiError>, ApiError> {
        let store = self.lock_store().await?;
        let current = self.current();
        if current.session.token() != seen.session.token() {
            // Pushed while the lock was waited for.
            return Ok(None);
        }
        let stored = match store.as_ref().and_then(|store| self.newer(store)) {
            Some(stored) => {
                let stored = Current::new(&self.gateway, stored)?;
                if !stored.session.is_expired(self.now()) {
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
        let current = match &store {
            Some(store) if store.is_confirmed(&current.session) => Arc::new(current.confirmed()),
            _ => current,
        };
        // Nothing is spent before it is certain that what is bought can be kept. What is spent is stored first, too.
        let unsaved = (stored.is_none() && current.unsaved).then_some(&*current);
        let store = match store {
            Some(store) => Some(self.stage(store, unsaved).await?),
            None => None,
        };
        let base = stored.as_ref().unwrap_or(&current);
        let (update, rolled_back) = self.next_credentials(base).await?;
        let base = rolled_back.as_ref().or(stored.as_ref().map(|stored| &*stored.session));
        self.apply(&self.without_untrusted(update), base, Ok(store)).await
    }

    /// Takes over what the server pushed: lock, load again, merge, save, publish. `Some`: it could not be stored.
    pub(super) async fn take_over(&self, update: &SessionUpdate) -> Result<Option<ApiError>, ApiError> {
        let brings_refresh_token = update.refresh_token.as_ref().is_some_and(|token| !token.is_empty());
        let (store, stored) = match self.lock_store().await {
            Ok(store) => {
                let stored = store.as_ref().and_then(|store| self.newer(store));
                (Ok(store.map(LockedStore::unstaged)), stored)
            }
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
        store: Result<Option<StagedStore>, ApiError>,
    ) -> Result<Option<ApiError>, ApiError> {
        let _turn = self.turn.lock().await;
        let current = self.current();
        let session = base.unwrap_or(&current.session).merged(update).map_err(session_error)?;
        let next = Current::new(&self.gateway, session)?;
        let mut next = if next.session.token() == current.session.token() {
            next.of_the_same_token(&current)
        } else {
            next.just_came(&self.gateway.0.refresh_policy, self.now(), Instant::now())
        };
        if self.is_logged_out() {
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

    /// Asks the server for the next credentials, in the way that `base` allows. They may belong to the session that the server
    /// has gone back to, which comes with them then.
    async fn next_credentials(&self, base: &Current) -> Result<(SessionUpdate, Option<Session>), ApiError> {
        let Some(token) = base.session.refresh_token() else {
            return match &self.app {
                Some(app) => self.next_sign_in(app).await,
                None => Err(ApiErrorKind::NotRefreshable.into()),
            };
        };
        let refused = match self.spend(base, token).await {
            Err(error) if is_refusal(&error) => error,
            answer => return answer.map(|update| (update, None)),
        };
        if let Some(app) = &self.app {
            return self.next_sign_in(app).await;
        }
        // No call has succeeded with this pair yet: the server may have lost it, and take the token that bought it.
        let before = base.session.rolled_back().filter(|before| !before.is_refresh_expired(self.now()));
        let Some((before, token)) = before.as_ref().and_then(|before| Some((before, before.refresh_token()?))) else {
            return Err(self.login_over(refused));
        };
        debug!("the refresh token is unknown, trying the one before");
        match self.spend(base, token).await {
            Err(error) if is_refusal(&error) => Err(self.login_over(refused)),
            answer => answer.map(|update| (update, Some(before.clone()))),
        }
    }

    /// Signs the application in again.
    async fn next_sign_in(&self, app: &AppLogin) -> Result<(SessionUpdate, Option<Session>), ApiError> {
        match self.gateway.0.app_session(app).await {
            Err(error) if is_refusal(&error) => Err(self.login_over(error)),
            answer => answer.map(|update| (update, None)),
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
            name: methods::SESSION_REFRESH.name(),
            idempotent: methods::SESSION_REFRESH.is_idempotent(),
            verb: Method::POST,
            uri: base.base().rpc(methods::SESSION_REFRESH.any())?,
            authorization: basic(&gateway.server_key),
            accept: PROTO,
            content_type: PROTO,
            body: Bytes::from(request.encode_to_vec()),
            secrets: &[token, &gateway.server_key, session.token()],
            answered: true,
            tells_time: true,
        };
        let answer = gateway.run(&outgoing, gateway.deadline()).await;
        // The calls that waited for it are undone. It is not repeated here: the token may be good for one use only.
        let answer = answer.map_err(|error| refresh_refused(undone(error)))?;
        let update = session_answer::read(answer)?;
        match &update.token {
            Some(token) if !token.is_empty() => Ok(update),
            _ => Err(ApiErrorKind::Decode { what: "the refresh brought no access token" }.into()),
        }
    }

    /// `update` without addresses that credentials do not go to. Its tokens are good, and with them the old addresses.
    pub(super) fn without_untrusted(&self, mut update: SessionUpdate) -> SessionUpdate {
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
