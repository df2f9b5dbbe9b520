//! The error design that every layer shares: a kind to match on, a class to decide by, a source to trace.
//!
//! ```
//! use std::fmt;
//!
//! use mezon_error::{Error, ErrorClass, ErrorKind};
//!
//! /// Why no coffee came.
//! #[derive(Debug, PartialEq)]
//! enum CoffeeErrorKind {
//!     NoBeans,
//! }
//!
//! impl ErrorKind for CoffeeErrorKind {
//!     fn class(&self) -> ErrorClass {
//!         ErrorClass::TRANSIENT
//!     }
//! }
//!
//! impl fmt::Display for CoffeeErrorKind {
//!     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
//!         f.write_str("there are no beans, ask the kitchen")
//!     }
//! }
//!
//! let error = Error::with_source(CoffeeErrorKind::NoBeans, "the bag is empty");
//! assert!(error.class().is_transient());
//! assert_eq!(format!("{error}"), "there are no beans, ask the kitchen");
//! assert_eq!(format!("{error:#}"), "there are no beans, ask the kitchen: the bag is empty");
//! ```

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

    #[derive(Debug, PartialEq, Eq)]
    enum Kind {
        NoDisk,
        LoginOver,
        Busy(Duration),
    }

    impl ErrorKind for Kind {
        fn class(&self) -> ErrorClass {
            match self {
                Self::NoDisk => ErrorClass::TRANSIENT,
                Self::LoginOver => ErrorClass::Auth,
                Self::Busy(wait) => ErrorClass::Transient { retry_after: Some(*wait) },
            }
        }
    }

    impl fmt::Display for Kind {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(match self {
                Self::NoDisk => "the disk cannot be reached",
                Self::LoginOver => "the login is over",
                Self::Busy(_) => "the server is busy",
            })
        }
    }

    #[test]
    fn plain_display_is_the_kind_and_alternate_display_adds_every_source() {
        let inner = Error::with_source(Kind::NoDisk, "it is gone");
        let error = Error::with_source(Kind::LoginOver, inner);
        assert_eq!(error.to_string(), "the login is over");
        assert_eq!(format!("{error:#}"), "the login is over: the disk cannot be reached: it is gone");
        let (kind, source) = error.into_parts();
        assert_eq!(kind, Kind::LoginOver);
        assert_eq!(source.unwrap().downcast::<Error<Kind>>().unwrap().kind(), &Kind::NoDisk);
    }

    #[test]
    fn classes_say_what_can_be_done() {
        assert_eq!(Error::new(Kind::LoginOver).class(), ErrorClass::Auth);
        let wait = Duration::from_secs(3);
        let later = Error::from(Kind::Busy(wait));
        assert_eq!(later.class(), ErrorClass::Transient { retry_after: Some(wait) });
        assert!(later.class().is_transient() && ErrorClass::TRANSIENT.is_transient());
        for settled in [ErrorClass::Auth, ErrorClass::Permanent, ErrorClass::MaybeDone, ErrorClass::Cancelled] {
            assert!(!settled.is_transient());
        }
    }
}
