//! What a client is made from.

use mezon_model::UserId;
use mezon_session::{Secret, Session, SessionError, SessionErrorKind, SessionUpdate};

/// How a person signs in: with the ID token of their identity provider.
#[derive(Clone, Debug)]
pub struct AuthenticateConfig {
    pub(crate) id_token: Secret,
    pub(crate) user_id: UserId,
    pub(crate) username: String,
    pub(crate) server_key: Option<Secret>,
    pub(crate) gateway_url: Option<String>,
}

/// How a bot signs in: with the id and the key of its application.
#[derive(Clone, Debug)]
pub struct BotConfig {
    pub(crate) app_id: String,
    pub(crate) api_key: Secret,
    pub(crate) gateway_url: Option<String>,
}

/// Credentials of an earlier sign-in.
#[derive(Clone, Debug)]
pub struct ClientInitConfig {
    /// The access token.
    pub token: Secret,
    /// The token that buys the next pair.
    pub refresh_token: Secret,
    /// Where HTTP calls go.
    pub api_url: String,
    /// Where the socket is: `host` or `host:port`. `None`: on the host of `api_url`.
    pub ws_url: Option<String>,
    /// Whose they are. It must be the user whom the token names.
    pub user_id: UserId,
    /// The server key, when it is not the default one.
    pub server_key: Option<Secret>,
}

impl AuthenticateConfig {
    /// Signs in `user_id`, called `username`, with `id_token`.
    pub fn new(id_token: impl Into<Secret>, user_id: impl Into<UserId>, username: impl Into<String>) -> Self {
        Self {
            id_token: id_token.into(),
            user_id: user_id.into(),
            username: username.into(),
            server_key: None,
            gateway_url: None,
        }
    }

    /// The server key, when it is not the default one.
    pub fn server_key(mut self, key: impl Into<Secret>) -> Self {
        self.server_key = Some(key.into());
        self
    }

    /// The gateway, when it is not the public one.
    pub fn gateway_url(mut self, url: impl Into<String>) -> Self {
        self.gateway_url = Some(url.into());
        self
    }
}

impl BotConfig {
    /// Signs in the application `app_id` with `api_key`.
    pub fn new(app_id: impl Into<String>, api_key: impl Into<Secret>) -> Self {
        Self { app_id: app_id.into(), api_key: api_key.into(), gateway_url: None }
    }

    /// The gateway, when it is not the public one.
    pub fn gateway_url(mut self, url: impl Into<String>) -> Self {
        self.gateway_url = Some(url.into());
        self
    }
}

impl ClientInitConfig {
    /// Credentials of an earlier sign-in.
    pub fn new(
        token: impl Into<Secret>,
        refresh_token: impl Into<Secret>,
        api_url: impl Into<String>,
        user_id: impl Into<UserId>,
    ) -> Self {
        Self {
            token: token.into(),
            refresh_token: refresh_token.into(),
            api_url: api_url.into(),
            ws_url: None,
            user_id: user_id.into(),
            server_key: None,
        }
    }

    /// The credentials in an exported session: the JSON of [`LightClient::export_session`](crate::LightClient::export_session)
    /// or of the JavaScript SDK's `exportSession`.
    ///
    /// # Errors
    /// When the text is no exported session, or a bot's, which has no refresh token.
    pub fn from_export(json: &str) -> Result<Self, SessionError> {
        let session = Session::restore(json)?;
        let missing = |field| SessionError::new(SessionErrorKind::MissingField { field });
        Ok(Self {
            token: session.token().clone(),
            refresh_token: session.refresh_token().cloned().ok_or_else(|| missing("refresh_token"))?,
            api_url: session.api_url().map(str::to_owned).ok_or_else(|| missing("api_url"))?,
            ws_url: session.ws_url().map(str::to_owned),
            user_id: session.user_id(),
            server_key: None,
        })
    }

    pub(crate) fn into_session(self) -> Result<Session, SessionError> {
        Session::new(SessionUpdate {
            token: Some(self.token),
            refresh_token: Some(self.refresh_token),
            api_url: Some(self.api_url),
            ws_url: self.ws_url,
            user_id: Some(self.user_id),
            ..SessionUpdate::default()
        })
    }
}
