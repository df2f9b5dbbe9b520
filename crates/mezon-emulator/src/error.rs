//! Why an emulator could not start or do what it was asked.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::failure::{Failure, FailureKind};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// An emulator could not start, listen again, or use its database.
#[derive(Debug)]
pub struct EmulatorError {
    kind: EmulatorErrorKind,
    source: Option<Source>,
}

/// What failed.
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

impl EmulatorError {
    pub(crate) fn new(kind: EmulatorErrorKind, source: impl Into<Source>) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    pub(crate) fn bare(kind: EmulatorErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// What failed.
    pub fn kind(&self) -> &EmulatorErrorKind {
        &self.kind
    }
}

impl From<Failure> for EmulatorError {
    fn from(failure: Failure) -> Self {
        let kind = match failure.kind {
            FailureKind::Internal => EmulatorErrorKind::Storage,
            _ => EmulatorErrorKind::Refused,
        };
        Self::new(kind, failure.message)
    }
}

impl fmt::Display for EmulatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            EmulatorErrorKind::Listen(addr) => {
                write!(f, "cannot listen on {addr}, choose another address or port 0 for a free one")
            }
            EmulatorErrorKind::Randomness => f.write_str("the system gives no random bytes"),
            EmulatorErrorKind::Certificates => f.write_str("cannot make the certificates for TLS"),
            EmulatorErrorKind::Database(path) => {
                write!(f, "cannot open the database {}, it must be writable and made by this emulator", path.display())
            }
            EmulatorErrorKind::Storage => f.write_str("the emulator's storage failed"),
            EmulatorErrorKind::Refused => f.write_str("the emulator refuses what the user was to do"),
            EmulatorErrorKind::WriteCa(path) => write!(f, "cannot write the CA certificate to {}", path.display()),
            EmulatorErrorKind::NoTls => f.write_str("there is no CA certificate, start the emulator with TLS"),
        }
    }
}

impl std::error::Error for EmulatorError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as &(dyn std::error::Error + 'static))
    }
}
