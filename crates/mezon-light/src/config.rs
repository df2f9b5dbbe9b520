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

/// Credentials of an earlier sign-in.
#[derive(Clone, Debug)]
pub struct ClientInitConfig {
    pub(crate) credentials: SessionUpdate,
    pub(crate) server_key: Option<Secret>,
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

impl ClientInitConfig {
    /// Credentials of an earlier sign-in: the access token, the token that buys the next pair, where HTTP calls go, and
    /// whose they are, which must be the user whom the token names.
    pub fn new(
        token: impl Into<Secret>,
        refresh_token: impl Into<Secret>,
        api_url: impl Into<String>,
        user_id: impl Into<UserId>,
    ) -> Self {
        let credentials = SessionUpdate {
            token: Some(token.into()),
            refresh_token: Some(refresh_token.into()),
            api_url: Some(api_url.into()),
            user_id: Some(user_id.into()),
            ..SessionUpdate::default()
        };
        Self { credentials, server_key: None }
    }

    /// The credentials in an exported session, all of them: the JSON of
    /// [`LightClient::export_session`](crate::LightClient::export_session) or of the JavaScript SDK's `exportSession`.
    ///
    /// # Errors
    /// When the text is no exported session, or a bot's, which has no refresh token.
    pub fn from_export(json: &str) -> Result<Self, SessionError> {
        let session = Session::restore(json)?;
        let missing = |field| Err(SessionErrorKind::MissingField { field }.into());
        match (session.refresh_token(), session.api_url()) {
            (None, _) => missing("refresh_token"),
            (_, None) => missing("api_url"),
            _ => Ok(Self { credentials: session.into(), server_key: None }),
        }
    }

    /// Where the socket is: `host` or `host:port`. On the host of the HTTP calls by default.
    pub fn ws_url(mut self, url: impl Into<String>) -> Self {
        self.credentials.ws_url = Some(url.into());
        self
    }

    /// Whether the sign-in asked for a long-lived login. A refresh asks for the same.
    pub fn is_remember(mut self, remember: bool) -> Self {
        self.credentials.is_remember = Some(remember);
        self
    }

    /// The server key, when it is not the default one.
    pub fn server_key(mut self, key: impl Into<Secret>) -> Self {
        self.server_key = Some(key.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_comes_back_with_every_field() {
        let session = Session::new(SessionUpdate {
            token: Some("token".into()),
            refresh_token: Some("refresh".into()),
            previous_refresh_token: Some("previous".into()),
            id_token: Some("id token".into()),
            session_id: Some("sid".into()),
            api_url: Some("https://api.mezon.ai".into()),
            ws_url: Some("sock.mezon.ai".into()),
            tcp_url: Some("tcp.mezon.ai:7000".into()),
            user_id: Some(UserId::new(7)),
            is_remember: Some(true),
        });
        let session = session.unwrap();
        let client = crate::LightClient::init_client(ClientInitConfig::from_export(&session.export()).unwrap());
        assert_eq!(*client.unwrap().session(), session);
    }

    #[test]
    fn an_export_without_a_refresh_token_or_an_address_is_refused() {
        for (text, field) in [
            (r#"{"token":"t","refresh_token":"","api_url":"https://api.mezon.ai","user_id":"7"}"#, "refresh_token"),
            (r#"{"token":"t","refresh_token":"r","api_url":"","user_id":"7"}"#, "api_url"),
        ] {
            let error = ClientInitConfig::from_export(text).unwrap_err();
            assert_eq!(error.kind(), &SessionErrorKind::MissingField { field });
        }
    }
}
