//! Credentials for a socket.

use std::sync::Arc;

use bytes::Bytes;
use mezon_session::{BoxFuture, ErrorClass, Session, SessionUpdate, TokenError, TokenErrorKind};
use tracing::debug;

use super::{Current, SessionKeeper};
use crate::{ApiError, ApiErrorKind, methods};

impl SessionKeeper {
    /// See [`TokenSource::credentials`](mezon_session::TokenSource::credentials).
    pub(crate) fn credentials(self: &Arc<Self>) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
        Box::pin(async move { self.for_a_dial().await.map_err(token_error) })
    }

    /// See [`TokenSource::refused`](mezon_session::TokenSource::refused).
    pub(crate) fn refused(self: &Arc<Self>, session: Arc<Session>) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
        Box::pin(async move { self.after_a_refused_dial(&session).await.map_err(token_error) })
    }

    /// See [`TokenSource::pushed`](mezon_session::TokenSource::pushed).
    pub(crate) fn pushed(self: &Arc<Self>, update: SessionUpdate) -> BoxFuture<'_, Result<(), TokenError>> {
        Box::pin(async move {
            let update = self.without_untrusted(update);
            let not_stored = self.take_over(&update).await.map_err(token_error)?;
            not_stored.map_or(Ok(()), |error| Err(token_error(error)))
        })
    }

    /// Credentials to dial with, for an address that may have them.
    async fn for_a_dial(self: &Arc<Self>) -> Result<Arc<Session>, ApiError> {
        if self.is_over() {
            return Err(ApiErrorKind::LoginOver.into());
        }
        let mut current = self.current();
        let now = self.time_of(&current);
        let due = self.gateway.0.refresh_policy.is_due(&current.session, now);
        if due && self.is_refreshable(&current.session) {
            match self.refreshed(&current).await {
                Ok(fresh) => current = fresh,
                Err(error) if current.session.is_expired(now) || self.is_over() => return Err(error),
                // What has not expired is good for a dial, whatever kept it from being refreshed.
                Err(error) => debug!(error = %error, "dialling with the session as it is"),
            }
        }
        self.dialled(&current)
    }

    /// A dial was refused. Whether that says anything about the login is found out over HTTP.
    async fn after_a_refused_dial(self: &Arc<Self>, session: &Session) -> Result<Arc<Session>, ApiError> {
        let current = self.current();
        if current.session.token() != session.token() {
            return self.for_a_dial().await;
        }
        if self.is_over() {
            return Err(ApiErrorKind::LoginOver.into());
        }
        let deadline = self.gateway.0.deadline();
        let refusal = if session.is_expired(self.time_of(&current)) {
            ApiErrorKind::Unauthorized { message: None }.into()
        } else {
            match self.call_with(&current, methods::GET_ACCOUNT.any(), Bytes::new(), true, deadline).await {
                Err(error) if error.kind().refusal().is_some() => error,
                // The server lives and has nothing against the token: the refusal was about something else.
                Ok(_) => return self.dialled(&current),
                Err(error) if matches!(error.kind(), ApiErrorKind::NotFound { .. }) => return self.dialled(&current),
                Err(error) => return Err(error),
            }
        };
        let fresh = self.after_refusal(&current, refusal, deadline).await?;
        self.dialled(&fresh)
    }

    /// The session to dial with, for an address that may have it.
    fn dialled(&self, current: &Current) -> Result<Arc<Session>, ApiError> {
        self.ws_endpoint(&current.session)?;
        Ok(Arc::clone(&current.session))
    }
}

/// What an error means to a connection.
fn token_error(error: ApiError) -> TokenError {
    let kind = match error.kind() {
        ApiErrorKind::LoginOver | ApiErrorKind::NotRefreshable => TokenErrorKind::LoginOver,
        ApiErrorKind::UntrustedEndpoint { .. } => TokenErrorKind::UntrustedEndpoint,
        _ => TokenErrorKind::Unavailable {
            retry_after: match error.class() {
                ErrorClass::Transient { retry_after } => retry_after,
                _ => None,
            },
        },
    };
    TokenError::with_source(kind, error)
}
