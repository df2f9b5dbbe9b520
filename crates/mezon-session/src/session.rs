//! A login: its tokens, where it talks to, and whose it is.

use std::fmt;
use std::time::SystemTime;

use mezon_model::UserId;

use crate::{Claims, Error, ErrorClass, ErrorKind, Secret};

/// A signed-in user's credentials and addresses. Immutable: a refresh makes a new one.
#[derive(Clone, Debug, PartialEq)]
// `session_id` is what the wire calls it.
#[allow(clippy::struct_field_names)]
pub struct Session {
    token: Secret,
    refresh_token: Option<Secret>,
    previous_refresh_token: Option<Secret>,
    id_token: Option<Secret>,
    session_id: Option<Secret>,
    api_url: Option<String>,
    ws_url: Option<String>,
    tcp_url: Option<String>,
    user_id: UserId,
    is_remember: bool,
    claims: Claims,
    refresh_claims: Option<Claims>,
}

/// What a sign-in, a refresh or a push brings. An empty or absent field says nothing: it keeps the old value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionUpdate {
    /// The access token: a JWT as a rule. Of any other the end is unknown, so it is refreshed once the server refuses it,
    /// and `user_id` has to say whose it is.
    pub token: Option<Secret>,
    /// The token that buys the next pair.
    pub refresh_token: Option<Secret>,
    /// The token that bought this pair. See [`Session::previous_refresh_token`].
    pub previous_refresh_token: Option<Secret>,
    /// The identity provider's token, when the server hands it on.
    pub id_token: Option<Secret>,
    /// The server's own handle of the session, which the socket accepts in place of the JWT.
    pub session_id: Option<Secret>,
    /// Where HTTP calls go: a URL with scheme.
    pub api_url: Option<String>,
    /// Where the socket is: `host` or `host:port`, without scheme.
    pub ws_url: Option<String>,
    /// Where the TCP transport is: `host:port`.
    pub tcp_url: Option<String>,
    /// Whose session it is.
    pub user_id: Option<UserId>,
    /// Whether the server was asked for a long-lived login.
    pub is_remember: Option<bool>,
}

/// Why credentials are no session.
pub type SessionError = Error<SessionErrorKind>;

/// Why credentials are no session, to match on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionErrorKind {
    /// A field that a session cannot do without is absent or empty.
    MissingField {
        /// Its name in the JSON form.
        field: &'static str,
    },
    /// A token is longer than the 16 KiB that requests carry.
    TooLong {
        /// Its name in the JSON form.
        field: &'static str,
    },
    /// The token belongs to another user than the session says.
    UserMismatch,
    /// The text is no exported session: not JSON, or cut off, or no object.
    MalformedExport,
    /// A field of an exported session has a value of another type than it should.
    WrongType {
        /// Its name in the JSON form.
        field: &'static str,
    },
}

impl ErrorKind for SessionErrorKind {
    fn class(&self) -> ErrorClass {
        ErrorClass::Permanent
    }
}

impl fmt::Display for SessionErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingField { field } => write!(f, "the session has no {field}"),
            Self::TooLong { field } => write!(f, "the {field} of the session is longer than any request carries"),
            Self::UserMismatch => f.write_str("the access token belongs to another user than user_id says"),
            Self::MalformedExport => f.write_str("the text is no exported session"),
            Self::WrongType { field } => write!(f, "the {field} of the exported session is of the wrong type"),
        }
    }
}

/// The longest access token or session id. Common servers take no more than 8 KiB in the head of a request, and an address
/// has room for 64 KiB, in which any byte may be escaped with three.
const LONGEST: usize = 16 * 1024;

impl Session {
    /// Makes a session of what a sign-in brought.
    ///
    /// # Errors
    /// [`SessionErrorKind::MissingField`] without a token or without any word on the user,
    /// [`SessionErrorKind::TooLong`] when the token or the session id is longer than 16 KiB, and
    /// [`SessionErrorKind::UserMismatch`] when the token's `uid` is not the `user_id` beside it.
    pub fn new(answer: SessionUpdate) -> Result<Self, SessionError> {
        let token = answer.token.filter(|token| !token.is_empty());
        let token = token.ok_or(SessionErrorKind::MissingField { field: "token" })?;
        for (field, secret) in [("token", Some(&token)), ("session_id", answer.session_id.as_ref())] {
            if secret.is_some_and(|secret| secret.expose().len() > LONGEST) {
                return Err(SessionErrorKind::TooLong { field }.into());
            }
        }
        // What is no JWT states nothing, and is as good a token: only the server has to understand it.
        let claims = Claims::read(&token).unwrap_or_default();
        let said = answer.user_id.filter(|id| !id.is_none());
        let user_id = match (said, claims.user_id().filter(|id| !id.is_none())) {
            (Some(said), Some(claimed)) if said != claimed => return Err(SessionErrorKind::UserMismatch.into()),
            (Some(id), _) | (None, Some(id)) => id,
            (None, None) => return Err(SessionErrorKind::MissingField { field: "user_id" }.into()),
        };
        let refresh_token = answer.refresh_token.filter(|token| !token.is_empty());
        Ok(Self {
            refresh_claims: refresh_token.as_ref().and_then(Claims::read),
            token,
            refresh_token,
            previous_refresh_token: answer.previous_refresh_token.filter(|token| !token.is_empty()),
            id_token: answer.id_token.filter(|token| !token.is_empty()),
            session_id: answer.session_id.filter(|id| !id.is_empty()),
            api_url: answer.api_url.filter(|url| !url.is_empty()),
            ws_url: answer.ws_url.filter(|url| !url.is_empty()),
            tcp_url: answer.tcp_url.filter(|url| !url.is_empty()),
            user_id,
            is_remember: answer.is_remember.unwrap_or_default(),
            claims,
        })
    }

    /// The session after `update`: its non-empty fields win, everything else stays. A refresh token that is replaced stays as
    /// the previous one.
    ///
    /// # Errors
    /// As [`Session::new`]; also [`SessionErrorKind::UserMismatch`] when the update is another user's.
    pub fn merged(&self, update: &SessionUpdate) -> Result<Self, SessionError> {
        let secret = |new: &Option<Secret>, old: &Option<Secret>| {
            new.as_ref().filter(|secret| !secret.is_empty()).or(old.as_ref()).cloned()
        };
        let text = |new: &Option<String>, old: &Option<String>| {
            new.as_ref().filter(|text| !text.is_empty()).or(old.as_ref()).cloned()
        };
        if update.user_id.is_some_and(|id| !id.is_none() && id != self.user_id) {
            return Err(SessionErrorKind::UserMismatch.into());
        }
        let refresh_token = secret(&update.refresh_token, &self.refresh_token);
        let replaced =
            if refresh_token == self.refresh_token { &self.previous_refresh_token } else { &self.refresh_token };
        Self::new(SessionUpdate {
            token: secret(&update.token, &Some(self.token.clone())),
            previous_refresh_token: secret(&update.previous_refresh_token, replaced),
            refresh_token,
            id_token: secret(&update.id_token, &self.id_token),
            session_id: secret(&update.session_id, &self.session_id),
            api_url: text(&update.api_url, &self.api_url),
            ws_url: text(&update.ws_url, &self.ws_url),
            tcp_url: text(&update.tcp_url, &self.tcp_url),
            user_id: Some(self.user_id),
            is_remember: update.is_remember.or(Some(self.is_remember)),
        })
    }

    /// The access token.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// The token that buys the next pair; bots have none.
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref()
    }

    /// The refresh token that this session was bought with, as long as no call has succeeded with the new access token.
    ///
    /// A server that crashes may forget the pair it has just handed out, and then takes the previous refresh token again, as
    /// does one that grants a time of grace. Whoever finds the new pair refused tries [`Session::rolled_back`] once before
    /// the login counts as over, and drops the token with [`Session::confirmed`] when a call has succeeded: from then on a
    /// refusal is meant, and to send a spent token again would look like theft.
    pub fn previous_refresh_token(&self) -> Option<&Secret> {
        self.previous_refresh_token.as_ref()
    }

    /// The session with the refresh token it was bought with in place of its own. `None`: there is no such token.
    #[must_use]
    pub fn rolled_back(&self) -> Option<Self> {
        let refresh_token = Some(self.previous_refresh_token.clone()?);
        let refresh_claims = refresh_token.as_ref().and_then(Claims::read);
        Some(Self { refresh_token, refresh_claims, previous_refresh_token: None, ..self.clone() })
    }

    /// The session without the refresh token it was bought with: the server knows the new pair.
    #[must_use]
    pub fn confirmed(&self) -> Self {
        Self { previous_refresh_token: None, ..self.clone() }
    }

    /// The identity provider's token, when the server handed it on.
    pub fn id_token(&self) -> Option<&Secret> {
        self.id_token.as_ref()
    }

    /// The server's own handle of the session.
    pub fn session_id(&self) -> Option<&Secret> {
        self.session_id.as_ref()
    }

    /// Where HTTP calls go. `None`: where the sign-in went.
    pub fn api_url(&self) -> Option<&str> {
        self.api_url.as_deref()
    }

    /// Where the socket is. `None`: on the host of [`Session::api_url`].
    pub fn ws_url(&self) -> Option<&str> {
        self.ws_url.as_deref()
    }

    /// Where the TCP transport is.
    pub fn tcp_url(&self) -> Option<&str> {
        self.tcp_url.as_deref()
    }

    /// Whose session it is.
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// The user's name, as the token states it.
    pub fn username(&self) -> Option<&str> {
        self.claims.username()
    }

    /// Whether the server was asked for a long-lived login.
    pub fn is_remember(&self) -> bool {
        self.is_remember
    }

    /// What the access token states: nothing, if it is no JWT. Read, never trusted: only the server checks signatures.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// When the access token ends. `None`: it does not say.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.claims.expires_at()
    }

    /// When the refresh token ends. `None`: there is none, or it does not say.
    pub fn refresh_expires_at(&self) -> Option<SystemTime> {
        self.refresh_claims.as_ref().and_then(Claims::expires_at)
    }

    /// Whether the access token has ended. A token that states no end has not.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }

    /// Whether the refresh token is absent or has ended.
    pub fn is_refresh_expired(&self, now: SystemTime) -> bool {
        self.refresh_token.is_none() || self.refresh_expires_at().is_some_and(|end| end <= now)
    }
}

/// All that a session is made of. Nothing is left out: the compiler counts the fields.
impl From<Session> for SessionUpdate {
    fn from(session: Session) -> Self {
        let Session {
            token,
            refresh_token,
            previous_refresh_token,
            id_token,
            session_id,
            api_url,
            ws_url,
            tcp_url,
            user_id,
            is_remember,
            claims: _,
            refresh_claims: _,
        } = session;
        Self {
            token: Some(token),
            refresh_token,
            previous_refresh_token,
            id_token,
            session_id,
            api_url,
            ws_url,
            tcp_url,
            user_id: Some(user_id),
            is_remember: Some(is_remember),
        }
    }
}

#[cfg(test)]
mod tests;
