//! A part of a frame as a buffer to decode from.

use bytes::{Buf, Bytes};

/// Reads a frame from `at` up to `end`.
///
/// Decoding from this instead of from a `Bytes` touches no reference count, except for fields of type `bytes`,
/// which become slices of the frame.
pub(super) struct Window<'a> {
    frame: &'a Bytes,
    at: usize,
    end: usize,
}

impl<'a> Window<'a> {
    /// The whole frame.
    pub(super) fn new(frame: &'a Bytes) -> Self {
        Self { frame, at: 0, end: frame.len() }
    }

    /// The part from `at` to `end`; `end` is capped to the end of the frame.
    pub(super) fn part(frame: &'a Bytes, at: usize, end: usize) -> Self {
        let end = end.min(frame.len());
        Self { frame, at: at.min(end), end }
    }

    /// Where in the frame the next byte is.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// What is left, as a slice that keeps the frame alive.
    pub(super) fn to_bytes(&self) -> Bytes {
        self.frame.slice(self.at..self.end)
    }
}

impl Buf for Window<'_> {
    fn remaining(&self) -> usize {
        self.end - self.at
    }

    fn chunk(&self) -> &[u8] {
        self.frame.get(self.at..self.end).unwrap_or_default()
    }

    /// Readers ask `remaining` first; one that does not is stopped at the end.
    fn advance(&mut self, count: usize) {
        self.at += count.min(self.remaining());
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        let start = self.at;
        self.advance(length);
        self.frame.slice(start..self.at)
    }
}
