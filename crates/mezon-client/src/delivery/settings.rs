//! The bounds of catching up.

use std::time::Duration;

use mezon_api::RetryPolicy;

/// How what was missed is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Whether it is read at all.
    pub(crate) catch_up: bool,
    /// Channels that are read at a time.
    pub(crate) at_once: usize,
    /// From the gap to the last message of the last channel. What is not read by then is told as a gap.
    pub(crate) within: Duration,
    /// Live messages of one channel that wait for its history.
    pub(crate) held_messages: usize,
    /// What the live messages of all channels may take that wait for a history.
    pub(crate) held_bytes: usize,
    /// Delays between attempts to read.
    pub(crate) retry: RetryPolicy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            catch_up: true,
            at_once: 8,
            within: Duration::from_secs(30),
            held_messages: 1_024,
            held_bytes: 8 << 20,
            retry: RetryPolicy::default(),
        }
    }
}

/// Messages that a page of the history has, unless it is the last one.
pub(crate) const PAGE: u8 = 100;

/// Pages of one channel that are read after one loss: a server may make a history up as it is read.
pub(super) const MAX_PAGES: usize = 100;

/// Pages of the list of a clan's channels, of 100 each: a server may make a list up as it is read.
pub(crate) const CHANNEL_PAGES: u16 = 50;

/// Baselines that are looked up at a time, however many channels are joined at once.
pub(super) const LOOKUPS: usize = 4;
