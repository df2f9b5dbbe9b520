//! Why a session cannot be loaded or stored.

use std::fmt;
use std::path::PathBuf;

use crate::{Error, ErrorClass, ErrorKind};

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
    /// The path, or that of the lock, is a directory, a link or a device.
    NotAFile {
        /// What was found in its place.
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
    /// The disk is full, or a quota is.
    NoRoom {
        /// The session file.
        path: PathBuf,
    },
    /// The lock is held by somebody else for too long.
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The lock cannot be taken by anybody, for the reason that is the source.
    NotLockable {
        /// The lock file.
        path: PathBuf,
    },
    /// A store that is no file cannot be reached. For implementations outside this crate.
    Unavailable,
}

impl ErrorKind for StoreErrorKind {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Locked { .. } | Self::NoRoom { .. } | Self::Unavailable => ErrorClass::TRANSIENT,
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
            Self::NoRoom { path } => {
                write!(f, "there is no room left for the session file {}, free some of the disk", path.display())
            }
            Self::Locked { path } => {
                write!(f, "another process holds the lock {}, it may be refreshing the session", path.display())
            }
            Self::NotLockable { path } => {
                write!(f, "the lock {} cannot be taken, look at the permissions of its directory", path.display())
            }
            Self::Unavailable => f.write_str("the session store cannot be reached"),
        }
    }
}
