//! Signing in, and taking up a session from before.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use mezon_model::UserId;
use mezon_session::{BoxFuture, Secret, Session, SessionStore, SessionUpdate};
use serde::Serialize;

use crate::error::{session_error, store_error};
use crate::gateway::GatewayInner;
use crate::keeper::{StagedStore, stage};
use crate::request::{JSON, Outgoing, X_PROTOBUF, basic};
use crate::{ApiClient, ApiError, ApiErrorKind, Gateway, GatewayBuilder, blocking, session_answer};

/// What a person signs in with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IdTokenLogin {
    /// The ID token of the identity provider.
    pub id_token: Secret,
    /// Who it is, as the identity provider says.
    pub user_id: UserId,
    /// What they are called.
    pub username: String,
}

/// What a bot signs in with. The client keeps it, to sign in again when the session ends.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AppLogin {
    /// The application's id.
    pub app_id: String,
    /// The application's key.
    pub api_key: Secret,
}

impl IdTokenLogin {
    /// Signs in `user_id`, called `username`, with `id_token`.
    pub fn new(id_token: impl Into<Secret>, user_id: impl Into<UserId>, username: impl Into<String>) -> Self {
        Self { id_token: id_token.into(), user_id: user_id.into(), username: username.into() }
    }
}

impl AppLogin {
    /// Signs in the application `app_id` with `api_key`.
    pub fn new(app_id: impl Into<String>, api_key: impl Into<Secret>) -> Self {
        Self { app_id: app_id.into(), api_key: api_key.into() }
    }
}

impl Gateway {
    /// Signs in with an ID token. The session is stored before this returns, if a store was given; and the token is not
    /// sent before that is certain, as far as it can be.
    ///
    /// # Errors
    /// [`ApiErrorKind::NotStorable`] when the session could not be stored, before anything is sent;
    /// [`ApiErrorKind::SignInRefused`] when the token or the server key is wrong;
    /// [`ApiErrorKind::UntrustedEndpoint`] when the server sends API calls to a host that credentials do not go to;
    /// [`ApiErrorKind::Session`] and [`ApiErrorKind::Decode`] when the answer is no session; [`ApiErrorKind::Store`]
    /// when it could not be stored; and those of every call.
    ///
    /// # Cancel safety
    /// A sign-in that is given up may have happened on the server. Signing in again is harmless.
    pub async fn authenticate(&self, login: &IdTokenLogin) -> Result<ApiClient, ApiError> {
        self.sign_in(login).await
    }

    /// Signs in with the key of an application. The session is stored before this returns, if a store was given.
    ///
    /// # Errors
    /// As [`Gateway::authenticate`].
    ///
    /// # Cancel safety
    /// As [`Gateway::authenticate`].
    pub async fn authenticate_app(&self, login: &AppLogin) -> Result<ApiClient, ApiError> {
        self.sign_in_app(login).await
    }

    /// Takes up a session from before. Nothing is sent and nothing stored: the session is tried at the first call, and
    /// refreshed when that is due.
    ///
    /// # Errors
    /// [`ApiErrorKind::UntrustedEndpoint`] when the session belongs to a server that is not this gateway's.
    pub fn resume(&self, session: Session) -> Result<ApiClient, ApiError> {
        ApiClient::new(self.clone(), session, None)
    }

    /// As [`Gateway::resume`], for a bot: when its session ends, `login` gets the next one.
    ///
    /// # Errors
    /// As [`Gateway::resume`].
    pub fn resume_app(&self, session: Session, login: AppLogin) -> Result<ApiClient, ApiError> {
        ApiClient::new(self.clone(), session, Some(login))
    }

    /// Takes up the session in the store that was given. `None`: there is none in it, or no store.
    ///
    /// # Errors
    /// [`ApiErrorKind::Store`] when there is a session that cannot be read, and as [`Gateway::resume`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn resume_stored(&self) -> Result<Option<ApiClient>, ApiError> {
        let session = stored(self.0.store.clone()).await?;
        session.map(|session| self.resume(session)).transpose()
    }

    /// In a box: see `SessionKeeper::refresh_now` for the reason.
    fn sign_in<'a>(&'a self, login: &'a IdTokenLogin) -> BoxFuture<'a, Result<ApiClient, ApiError>> {
        Box::pin(async move {
            if login.id_token.is_empty() {
                return Err(ApiErrorKind::InvalidInput { problem: "the ID token is empty" }.into());
            }
            let body = IdTokenBody {
                id_token: login.id_token.expose(),
                user_id: login.user_id.to_string(),
                username: &login.username,
            };
            let outgoing = Outgoing {
                name: "authenticate",
                idempotent: true,
                verb: Method::POST,
                uri: self.0.base.uri("/v2/account/authenticate/idtoken")?,
                authorization: basic(&self.0.server_key),
                accept: JSON,
                content_type: JSON,
                body: json(&body)?,
                secrets: &[&login.id_token, &self.0.server_key],
                answered: true,
                tells_time: true,
            };
            // An ID token may be good for one use only: what it buys must be kept.
            let store = stage(self.0.store.clone()).await?;
            let answer = self.0.run(&outgoing, self.0.deadline()).await;
            let answer = answer.map_err(|error| sign_in_refused(error, "the ID token and the `server_key` setting"))?;
            self.start(session_answer::read(answer)?, None, store).await
        })
    }

    fn sign_in_app<'a>(&'a self, login: &'a AppLogin) -> BoxFuture<'a, Result<ApiClient, ApiError>> {
        Box::pin(async move {
            let store = stage(self.0.store.clone()).await?;
            let update = self.0.app_session(login).await?;
            self.start(update, Some(login.clone()), store).await
        })
    }

    async fn start(
        &self,
        mut update: SessionUpdate,
        app: Option<AppLogin>,
        store: Option<StagedStore>,
    ) -> Result<ApiClient, ApiError> {
        // Whoever takes the session up later knows where it belongs from the session alone.
        if update.api_url.as_deref().is_none_or(str::is_empty) {
            update.api_url = Some(self.0.endpoint.http_origin());
        }
        let session = Session::new(update).map_err(session_error)?;
        let client = ApiClient::new(self.clone(), session, app)?;
        if let Some(store) = store {
            store.save(client.session()).await?;
        }
        Ok(client)
    }
}

impl GatewayBuilder {
    /// The session in the store that was given, for programs that take the gateway's address from it. `None`: there is
    /// none in it, or no store.
    ///
    /// # Errors
    /// [`ApiErrorKind::Store`] when there is a session that cannot be read.
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn stored_session(&self) -> Result<Option<Session>, ApiError> {
        stored(self.store.clone()).await
    }
}

async fn stored(store: Option<Arc<dyn SessionStore>>) -> Result<Option<Session>, ApiError> {
    let Some(store) = store else { return Ok(None) };
    blocking(move || store.load()).await?.map_err(store_error)
}

impl GatewayInner {
    /// Signs in with the key of an application.
    pub(crate) async fn app_session(&self, login: &AppLogin) -> Result<SessionUpdate, ApiError> {
        if login.app_id.is_empty() || login.api_key.is_empty() {
            return Err(ApiErrorKind::InvalidInput { problem: "the application's id or key is empty" }.into());
        }
        let body = AppBody { account: Account { appid: &login.app_id, token: login.api_key.expose() } };
        let outgoing = Outgoing {
            name: "authenticate_app",
            idempotent: true,
            verb: Method::POST,
            uri: self.base.uri("/v2/apps/authenticate/token")?,
            authorization: basic(&login.api_key),
            accept: X_PROTOBUF,
            content_type: JSON,
            body: json(&body)?,
            secrets: &[&login.api_key],
            answered: true,
            tells_time: true,
        };
        let answer = self.run(&outgoing, self.deadline()).await;
        let answer = answer.map_err(|error| sign_in_refused(error, "the application's id and key"))?;
        session_answer::read(answer)
    }
}

/// What a sign-in with an ID token sends.
#[derive(Serialize)]
struct IdTokenBody<'a> {
    id_token: &'a str,
    /// Ids are 63-bit numbers, which JavaScript servers and clients pass as text.
    user_id: String,
    username: &'a str,
}

/// What a sign-in of an application sends.
#[derive(Serialize)]
struct AppBody<'a> {
    account: Account<'a>,
}

#[derive(Serialize)]
struct Account<'a> {
    appid: &'a str,
    token: &'a str,
}

fn json(body: &impl Serialize) -> Result<Bytes, ApiError> {
    let unwritable = |_| ApiErrorKind::InvalidInput { problem: "the credentials cannot be written as JSON" };
    Ok(serde_json::to_vec(body).map_err(unwritable)?.into())
}

/// Says what to check when a sign-in is refused.
fn sign_in_refused(error: ApiError, check: &'static str) -> ApiError {
    match error.kind().refusal() {
        Some((status, message)) => ApiErrorKind::SignInRefused { status, check, message }.into(),
        None => error,
    }
}
