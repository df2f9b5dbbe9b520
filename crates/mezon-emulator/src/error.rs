//! Why an emulator could not start or do what it was asked.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use mezon_error::{Error, ErrorClass, ErrorKind};

use crate::failure::{Failure, FailureKind};

/// An emulator could not start, listen again, or use its database.
pub type EmulatorError = Error<EmulatorErrorKind>;

/// What failed, to match on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmulatorErrorKind {
    /// The address is in use or not one of this machine.
    Listen(SocketAddr),
    /// The system gave no random bytes for the key that tokens are signed with.
    Randomness,
    /// The certificates could not be made.
    Certificates,
    /// The database file cannot be opened, or is not one of an emulator.
    Database(PathBuf),
    /// The storage failed while it was in use.
    Storage,
    /// What was asked for in the name of a user would be refused to a client, too.
    Refused,
    /// The certificate of the authority could not be written to this file.
    WriteCa(PathBuf),
    /// There is no certificate: the emulator was started without TLS.
    NoTls,
}

impl ErrorKind for EmulatorErrorKind {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Randomness | Self::Storage => ErrorClass::TRANSIENT,
            _ => ErrorClass::Permanent,
        }
    }
}

impl From<Failure> for EmulatorError {
    fn from(failure: Failure) -> Self {
        let kind = match failure.kind {
            FailureKind::Internal => EmulatorErrorKind::Storage,
            _ => EmulatorErrorKind::Refused,
        };
        Self::with_source(kind, failure.message)
    }
}

impl fmt::Display for EmulatorErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen(addr) => {
                write!(f, "cannot listen on {addr}, choose another address or port 0 for a free one")
            }
            Self::Randomness => f.write_str("the system gives no random bytes"),
            Self::Certificates => f.write_str("cannot make the certificates for TLS"),
            Self::Database(path) => {
                write!(f, "cannot open the database {}, it must be writable and made by this emulator", path.display())
            }
            Self::Storage => f.write_str("the emulator's storage failed"),
            Self::Refused => f.write_str("the emulator refuses what the user was to do"),
            Self::WriteCa(path) => write!(f, "cannot write the CA certificate to {}", path.display()),
            Self::NoTls => f.write_str("there is no CA certificate, start the emulator with TLS"),
        }
    }
}
