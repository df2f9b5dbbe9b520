//! How a connection asks for credentials without knowing where they come from.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::{Error, ErrorClass, ErrorKind, Session, SessionUpdate};

/// A future behind a pointer, as object-safe traits return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Gives a connection the credentials it dials with.
///
/// The HTTP client implements it; a connection that only ever needs one token takes a [`StaticSession`].
pub trait TokenSource: Send + Sync + 'static {
    /// Credentials to dial with. They are refreshed first when that is due.
    ///
    /// # Errors
    /// [`TokenErrorKind::LoginOver`] ends the connection for good, [`TokenErrorKind::Unavailable`] means: try later.
    fn credentials(&self) -> BoxFuture<'_, Result<Arc<Session>, TokenError>>;

    /// A dial with `session` was refused. A refused socket proves nothing about a login: the implementation asks the
    /// server over an authenticated call, and answers with credentials worth another attempt.
    ///
    /// # Errors
    /// As [`TokenSource::credentials`].
    fn refused(&self, session: Arc<Session>) -> BoxFuture<'_, Result<Arc<Session>, TokenError>>;

    /// The server pushed new credentials over the socket. They are merged, stored and used from now on.
    ///
    /// # Errors
    /// When the pushed credentials cannot be read: the old ones stay in use. When they cannot be stored: they are in use
    /// all the same, because the server has replaced the old ones. When the store cannot even be locked, those without a
    /// refresh token are left out: the one beside them may have been spent by another process.
    fn pushed(&self, update: SessionUpdate) -> BoxFuture<'_, Result<(), TokenError>>;
}

/// Why there are no credentials.
pub type TokenError = Error<TokenErrorKind>;

/// Why there are no credentials, to match on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenErrorKind {
    /// The server proved that the login is over: sign in again.
    LoginOver,
    /// Credentials cannot be had now; the login may well be alive.
    Unavailable {
        /// How long the server asked to wait, when it did.
        retry_after: Option<Duration>,
    },
    /// The server named an address that credentials must not be sent to.
    UntrustedEndpoint,
}

impl ErrorKind for TokenErrorKind {
    fn class(&self) -> ErrorClass {
        match self {
            Self::LoginOver => ErrorClass::Auth,
            Self::Unavailable { retry_after } => ErrorClass::Transient { retry_after: *retry_after },
            Self::UntrustedEndpoint => ErrorClass::Permanent,
        }
    }
}

impl fmt::Display for TokenErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LoginOver => "the login is over, sign in again",
            Self::Unavailable { .. } => "no credentials can be had at the moment",
            Self::UntrustedEndpoint => "the server named an address that credentials must not be sent to",
        })
    }
}

/// A session that is never refreshed: for tests, and for programs that live shorter than their token.
#[derive(Clone, Debug)]
pub struct StaticSession(Arc<Session>);

impl StaticSession {
    /// Always hands out `session`.
    pub fn new(session: Session) -> Self {
        Self(Arc::new(session))
    }
}

impl TokenSource for StaticSession {
    fn credentials(&self) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
        Box::pin(ready(Ok(Arc::clone(&self.0))))
    }

    fn refused(&self, _session: Arc<Session>) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
        self.credentials()
    }

    fn pushed(&self, _update: SessionUpdate) -> BoxFuture<'_, Result<(), TokenError>> {
        Box::pin(ready(Ok(())))
    }
}
