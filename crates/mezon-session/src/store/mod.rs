//! Where a session outlives the process.

mod file;
mod memory;

use std::any::Any;
use std::fmt;
use std::path::PathBuf;

pub use file::FileStore;
pub use memory::MemoryStore;

use crate::{Error, ErrorClass, ErrorKind, Session};

/// Keeps one session. The methods block: asynchronous callers run them where blocking is allowed.
///
/// Refresh tokens may be good for one use only, and a lost new one is a lost login. So whoever refreshes takes the lock,
/// loads again (another process may have refreshed meanwhile), refreshes only if that is still due, saves, and releases
/// the lock; and nobody uses new credentials before they are saved.
pub trait SessionStore: Send + Sync + 'static {
    /// The stored session. `None`: there is none yet.
    ///
    /// # Errors
    /// When there may be a session that cannot be read. An implementation never answers `None` for a damaged one.
    fn load(&self) -> Result<Option<Session>, StoreError>;

    /// Replaces the stored session, as a whole or not at all, and returns when it is durable.
    ///
    /// # Errors
    /// When it is not durable for sure. The store then holds the old session or the new one.
    fn save(&self, session: &Session) -> Result<(), StoreError>;

    /// Forgets the stored session. Without one, nothing happens.
    ///
    /// # Errors
    /// When it may still be stored.
    fn clear(&self) -> Result<(), StoreError>;

    /// Waits until nobody else refreshes this session, and keeps others from it until the lock is dropped. Loading and
    /// saving work without the lock too. By default there is nobody else.
    ///
    /// # Errors
    /// When the lock cannot be had. No lock, no refresh.
    fn lock(&self) -> Result<StoreLock, StoreError> {
        Ok(StoreLock::none())
    }
}

/// The right to refresh a stored session, held until it is dropped.
#[must_use = "the lock is released when it is dropped"]
pub struct StoreLock(Option<Box<dyn Any + Send>>);

impl StoreLock {
    /// For stores that nobody else can reach.
    pub fn none() -> Self {
        Self(None)
    }

    /// A lock that is released when `guard` is dropped.
    pub fn holding(guard: impl Any + Send) -> Self {
        Self(Some(Box::new(guard)))
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreLock").field("held", &self.0.is_some()).finish()
    }
}

/// Why a session cannot be loaded or stored.
pub type StoreError = Error<StoreErrorKind>;

/// Why a session cannot be loaded or stored, to match on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The file is there and cannot be read.
    Unreadable {
        /// The session file.
        path: PathBuf,
    },
    /// The path is a directory, a link or a device.
    NotAFile {
        /// What was given as session file.
        path: PathBuf,
    },
    /// The permissions of the file let its group or others in.
    ReadableByOthers {
        /// The session file.
        path: PathBuf,
        /// Its permission bits, such as `0o644`.
        mode: u32,
    },
    /// The file belongs to another user, who could have planted it.
    OwnedByAnother {
        /// The session file.
        path: PathBuf,
    },
    /// The content of the file is no session.
    Damaged {
        /// The session file.
        path: PathBuf,
    },
    /// The file or its directory cannot be written.
    NotWritable {
        /// The session file.
        path: PathBuf,
    },
    /// The lock is held by somebody else for too long, or cannot be taken at all; then the source says why.
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// A store that is no file cannot be reached. For implementations outside this crate.
    Unavailable,
}

impl ErrorKind for StoreErrorKind {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Locked { .. } | Self::Unavailable => ErrorClass::TRANSIENT,
            _ => ErrorClass::Permanent,
        }
    }
}

impl fmt::Display for StoreErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path } => write!(f, "the session file {} cannot be read", path.display()),
            Self::NotAFile { path } => {
                write!(f, "{} is a directory, a link or a device, give the session file itself", path.display())
            }
            Self::ReadableByOthers { path, mode } => {
                let path = path.display();
                write!(f, "the session file {path} is open to other users (mode {mode:04o}), run `chmod 600 {path}`")
            }
            Self::OwnedByAnother { path } => {
                write!(f, "the session file {} belongs to another user, take it over or give another", path.display())
            }
            Self::Damaged { path } => write!(
                f,
                "the session file {} is damaged, bring back a copy of it, or delete it and sign in again",
                path.display()
            ),
            Self::NotWritable { path } => write!(f, "the session file {} cannot be written", path.display()),
            Self::Locked { path } => {
                write!(f, "the lock {} cannot be taken, another process may be refreshing the session", path.display())
            }
            Self::Unavailable => f.write_str("the session store cannot be reached"),
        }
    }
}
