//! The error design that every layer shares: a kind to match on, a class to decide by, a source to trace.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// An error with a kind `K` that can be matched, and the error beneath it.
///
/// `{}` prints the kind alone, in one lower-case clause. `{:#}` adds every source after a colon, for people who read a
/// log. Neither ever holds a token, a key, a URL query or a message text.
pub struct Error<K> {
    kind: K,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What every kind of error can say about itself.
pub trait ErrorKind: fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// What a caller can do about it.
    fn class(&self) -> ErrorClass;
}

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The same call may succeed later: the network, an overloaded server, a full queue.
    Transient {
        /// How long the server asked to wait, when it did.
        retry_after: Option<Duration>,
    },
    /// The login is over or was refused: sign in again.
    Auth,
    /// The same call will fail again: the input, the permission or the configuration is wrong.
    Permanent,
    /// The request may have reached the server, and nobody knows whether it acted. Look before you repeat it.
    MaybeDone,
    /// The caller ended it: a closed client, a cancelled call.
    Cancelled,
}

impl ErrorClass {
    /// [`ErrorClass::Transient`] with no word from the server on when.
    pub const TRANSIENT: Self = Self::Transient { retry_after: None };

    /// Whether the same call may succeed later without doing anything twice.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Transient { .. })
    }
}

impl<K: ErrorKind> Error<K> {
    /// An error with nothing beneath it.
    pub fn new(kind: K) -> Self {
        Self { kind, source: None }
    }

    /// An error caused by `source`.
    pub fn with_source(kind: K, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// What went wrong, to match on.
    pub fn kind(&self) -> &K {
        &self.kind
    }

    /// What a caller can do about it.
    pub fn class(&self) -> ErrorClass {
        self.kind.class()
    }

    /// The kind and the error beneath it.
    pub fn into_parts(self) -> (K, Option<Box<dyn StdError + Send + Sync>>) {
        (self.kind, self.source)
    }
}

impl<K: ErrorKind> From<K> for Error<K> {
    fn from(kind: K) -> Self {
        Self::new(kind)
    }
}

impl<K: ErrorKind> fmt::Debug for Error<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("kind", &self.kind).field("source", &self.source).finish()
    }
}

impl<K: ErrorKind> fmt::Display for Error<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if f.alternate() {
            let mut next = self.source();
            while let Some(error) = next {
                write!(f, ": {error}")?;
                next = error.source();
            }
        }
        Ok(())
    }
}

impl<K: ErrorKind> StdError for Error<K> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StoreError, StoreErrorKind, TokenError, TokenErrorKind};

    #[test]
    fn plain_display_is_the_kind_and_alternate_display_adds_every_source() {
        let inner = StoreError::with_source(StoreErrorKind::Unavailable, "the disk is gone");
        let error = TokenError::with_source(TokenErrorKind::LoginOver, inner);
        assert_eq!(error.to_string(), "the login is over, sign in again");
        assert_eq!(
            format!("{error:#}"),
            "the login is over, sign in again: the session store cannot be reached: the disk is gone"
        );
        let (kind, source) = error.into_parts();
        assert_eq!(kind, TokenErrorKind::LoginOver);
        assert_eq!(source.unwrap().downcast::<StoreError>().unwrap().kind(), &StoreErrorKind::Unavailable);
    }

    #[test]
    fn classes_say_what_can_be_done() {
        let retry_after = Some(Duration::from_secs(3));
        assert_eq!(TokenError::new(TokenErrorKind::LoginOver).class(), ErrorClass::Auth);
        let later = TokenError::from(TokenErrorKind::Unavailable { retry_after });
        assert_eq!(later.class(), ErrorClass::Transient { retry_after });
        assert!(later.class().is_transient() && ErrorClass::TRANSIENT.is_transient());
        for settled in [ErrorClass::Auth, ErrorClass::Permanent, ErrorClass::MaybeDone, ErrorClass::Cancelled] {
            assert!(!settled.is_transient());
        }
    }
}
