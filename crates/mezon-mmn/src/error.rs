//! Why a transfer cannot be made.

use std::fmt;

use mezon_session::{Error, ErrorClass, ErrorKind};

/// Why a transfer cannot be made. Nothing was sent.
pub type TransferError = Error<TransferErrorKind>;

/// Why a transfer cannot be made, to match on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferErrorKind {
    /// The amount is none that can be sent.
    Amount {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Sender and recipient are the same.
    OwnAddress,
    /// The note is longer than 512 bytes, which is the node's limit.
    NoteTooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The note holds a pattern that the node takes for an attack, and refuses.
    NoteRefused {
        /// The pattern, such as `${`.
        pattern: &'static str,
    },
    /// The further information is longer than 5,120 bytes, which is the node's limit.
    ExtraTooLong {
        /// Its length in bytes.
        bytes: usize,
    },
}

impl ErrorKind for TransferErrorKind {
    fn class(&self) -> ErrorClass {
        ErrorClass::Permanent
    }
}

impl fmt::Display for TransferErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount { problem } => write!(f, "the amount cannot be sent: {problem}"),
            Self::OwnAddress => f.write_str("sender and recipient are the same"),
            Self::NoteTooLong { bytes } => write!(f, "the note has {bytes} bytes, and 512 is the most"),
            Self::NoteRefused { pattern } => write!(f, "the note holds {pattern:?}, which the node refuses"),
            Self::ExtraTooLong { bytes } => {
                write!(f, "the further information has {bytes} bytes, and 5,120 is the most")
            }
        }
    }
}
