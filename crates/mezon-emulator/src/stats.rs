//! What the emulator has seen, for tests to assert and to wait on.

use tokio::sync::watch;

/// Counts since the emulator was made. A restart of the listener does not reset them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Sockets that were accepted.
    pub connects: u64,
    /// Sockets that are open now.
    pub open_sockets: u64,
    /// Sockets that were refused with an HTTP status.
    pub upgrades_refused: u64,
    /// Sign-ins that succeeded.
    pub logins: u64,
    /// Session refreshes that succeeded.
    pub refreshes: u64,
    /// Session refreshes that were refused because of their token.
    pub refreshes_refused: u64,
    /// Logouts.
    pub logouts: u64,
    /// HTTP calls of the API: sign-ins and methods, refused ones included. Upgrades, uploads and downloads are not.
    pub http_calls: u64,
    /// API calls made over a socket.
    pub socket_calls: u64,
    /// Messages that were stored, whichever way they came in.
    pub messages: u64,
    /// Send requests that came in over a socket, refused ones included.
    pub sends_received: u64,
    /// Messages handed to sockets for delivery, one for each receiving socket.
    pub deliveries: u64,
    /// Channel joins that succeeded.
    pub joins: u64,
    /// Channel leaves.
    pub leaves: u64,
    /// Pings, answered or not.
    pub pings: u64,
    /// Frames whose message the emulator does not know, does not answer or could not read.
    pub unknown_payloads: u64,
    /// Data frames that came in.
    pub frames_in: u64,
    /// Data frames that went out.
    pub frames_out: u64,
    /// Files that were uploaded in full.
    pub uploads: u64,
    /// Uploads that were refused.
    pub uploads_refused: u64,
    /// Files that were downloaded.
    pub downloads: u64,
}

/// The counters, with a bell that rings on each change.
#[derive(Debug)]
pub(crate) struct Counters(watch::Sender<Stats>);

impl Counters {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Stats::default()))
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Stats)) {
        self.0.send_modify(change);
    }

    pub(crate) fn now(&self) -> Stats {
        *self.0.borrow()
    }

    pub(crate) async fn wait_for(&self, condition: impl FnMut(&Stats) -> bool) -> Stats {
        let mut changes = self.0.subscribe();
        // An error means that the sender is gone, and `self` holds it.
        let seen = changes.wait_for(condition).await.map(|stats| *stats);
        seen.unwrap_or_else(|_| self.now())
    }
}
