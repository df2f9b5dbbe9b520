//! A part of a frame as a buffer to decode from.

use bytes::{Buf, Bytes};

/// What is left to read of a frame, or of a part of it.
///
/// Decoding from this instead of from a `Bytes` touches no reference count, except for fields of type `bytes`,
/// which become slices of the frame.
pub(super) struct Window<'a> {
    frame: &'a Bytes,
    rest: &'a [u8],
}

impl<'a> Window<'a> {
    /// The whole frame.
    pub(super) fn new(frame: &'a Bytes) -> Self {
        Self { frame, rest: frame }
    }

    /// A part of the frame.
    pub(super) fn part(frame: &'a Bytes, part: &'a [u8]) -> Self {
        Self { frame, rest: part }
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl Buf for Window<'_> {
    fn remaining(&self) -> usize {
        self.rest.len()
    }

    fn chunk(&self) -> &[u8] {
        self.rest
    }

    /// Readers ask `remaining` first; one that does not is stopped at the end.
    fn advance(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        let taken = self.rest.get(..length).unwrap_or(self.rest);
        self.advance(length);
        self.frame.slice_ref(taken)
    }
}
