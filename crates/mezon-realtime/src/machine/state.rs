//! Where the machine stands.

use std::time::Instant;

use super::heartbeat::Heartbeat;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Waiting before the next attempt.
    BackingOff { until: Instant },
    /// The driver dials. `until` makes sure that this ends even if the driver forgets.
    Dialling { until: Instant },
    /// A socket is open.
    Up,
    /// The application wants to close. First the calls in flight end, then, with `close_sent`, the close frame of the
    /// server is awaited.
    Draining { until: Instant, close_sent: bool },
    /// Over for good.
    Stopped,
}

/// An open socket. There is one in the states `Up` and `Draining`, and in no other.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) generation: u64,
    pub(super) since: Instant,
    pub(super) heartbeat: Heartbeat,
    /// What was joined is joined again.
    pub(super) ready: bool,
    /// A frame came in.
    pub(super) heard: bool,
    /// A request was handed to the socket.
    pub(super) asked: bool,
    /// Frames in a row that could not be read.
    pub(super) undecodable: u32,
}
