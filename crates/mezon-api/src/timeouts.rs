//! How long things may take.

use std::time::Duration;

use mezon_session::FOREVER;
use tokio::time::Instant;

/// The time in `by` from now, wherever that ends: `Duration::MAX` is how programs say "no limit".
pub(crate) fn later(by: Duration) -> Instant {
    Instant::now() + by.min(FOREVER)
}

/// How long things may take; [`Duration::MAX`] means no limit. Delays and limits are measured by tokio's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Making a TCP connection, over all addresses of the host. 5 s by default.
    pub connect: Duration,
    /// One attempt, from asking for a connection to the head of the answer. 10 s by default.
    pub attempt: Duration,
    /// A whole call: all attempts, the delays between them, the body of the answer, a refresh of the session. 30 s by
    /// default. A file has no total once it moves, it only must not stall.
    pub total: Duration,
    /// Without a byte moving in a body, ours or the server's. 20 s by default.
    pub stall: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            attempt: Duration::from_secs(10),
            total: Duration::from_secs(30),
            stall: Duration::from_secs(20),
        }
    }
}

impl Timeouts {
    /// Sets [`Timeouts::connect`].
    #[must_use]
    pub fn connect(self, connect: Duration) -> Self {
        Self { connect, ..self }
    }

    /// Sets [`Timeouts::attempt`].
    #[must_use]
    pub fn attempt(self, attempt: Duration) -> Self {
        Self { attempt, ..self }
    }

    /// Sets [`Timeouts::total`].
    #[must_use]
    pub fn total(self, total: Duration) -> Self {
        Self { total, ..self }
    }

    /// Sets [`Timeouts::stall`].
    #[must_use]
    pub fn stall(self, stall: Duration) -> Self {
        Self { stall, ..self }
    }
}
