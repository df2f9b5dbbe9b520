//! Why a frame or a message could not be read.

use std::fmt;

use prost::DecodeError;

/// A frame that is no envelope and no API reply, or a message that cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireError {
    kind: WireErrorKind,
    offset: usize,
    source: Option<DecodeError>,
}

/// What is wrong with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireErrorKind {
    /// The frame ends inside a field or inside a header.
    Truncated,
    /// The bytes cannot be a protobuf field: a wrong wire type, field number 0, or an over-long varint.
    Malformed,
    /// Decoded, the message would take more memory than it may.
    TooLarge {
        /// How many bytes it may take.
        budget: usize,
    },
    /// The fields do not fit the type of the message. The source names them, never their values.
    Undecodable,
}

impl WireError {
    pub(super) fn new(kind: WireErrorKind, offset: usize) -> Self {
        Self { kind, offset, source: None }
    }

    pub(super) fn undecodable(source: DecodeError) -> Self {
        Self { kind: WireErrorKind::Undecodable, offset: 0, source: Some(source) }
    }

    /// What is wrong.
    pub fn kind(&self) -> WireErrorKind {
        self.kind
    }

    /// Where in the bytes the field starts that could not be read; 0 for an error that has no place.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.offset;
        match self.kind {
            WireErrorKind::Truncated => write!(f, "frame ends inside the field at byte {offset}"),
            WireErrorKind::Malformed => write!(f, "no protobuf field at byte {offset}"),
            WireErrorKind::TooLarge { budget } => {
                write!(f, "message takes more than {budget} bytes when it is decoded")
            }
            WireErrorKind::Undecodable => f.write_str("fields of the message have other types than expected"),
        }
    }
}

impl std::error::Error for WireError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
