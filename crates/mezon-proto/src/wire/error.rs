//! Why a whole frame could not be read.

use std::fmt;

/// A frame that is no envelope and no API reply.
///
/// Only damage to the outer structure ends here. A single arm that does not decode is a value:
/// [`Body::Undecodable`](super::Body::Undecodable).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireError {
    kind: WireErrorKind,
    offset: usize,
}

/// What is wrong with the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireErrorKind {
    /// The frame ends inside a field or inside a header.
    Truncated,
    /// The bytes cannot be a protobuf field: a wrong wire type, field number 0, or an over-long varint.
    Malformed,
}

impl WireError {
    pub(super) fn new(kind: WireErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// What is wrong.
    pub fn kind(&self) -> WireErrorKind {
        self.kind
    }

    /// Where in the frame the field starts that could not be read, in bytes.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            WireErrorKind::Truncated => "frame ends inside the field",
            WireErrorKind::Malformed => "frame holds no protobuf field",
        };
        write!(f, "{what} at byte {}", self.offset)
    }
}

impl std::error::Error for WireError {}
