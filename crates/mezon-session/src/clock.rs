//! Where the time comes from, so that tests need not wait for it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// A year. A limit or a delay that is longer is cut to it: that is as good as for ever, and every clock can still count it.
/// [`Duration::MAX`] is how programs say "no limit".
pub const FOREVER: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Tells the wall-clock time, which token expiry is measured by.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> SystemTime;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that stands still until it is moved. For tests.
#[derive(Debug)]
pub struct ManualClock(Mutex<SystemTime>);

impl ManualClock {
    /// A clock that shows `now`.
    pub fn new(now: SystemTime) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock corrected by what the server says the time is, because the server is who judges a token's end.
///
/// Machines whose clock is ahead would otherwise refresh before every call, and those behind would never.
pub struct ServerClock {
    local: Arc<dyn Clock>,
    offset: Mutex<Offset>,
}

/// Where the server's clock stands, seen from the local one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Offset {
    Ahead(Duration),
    Behind(Duration),
}

/// A difference beyond this is a broken header rather than a wrong clock.
const MAX_CORRECTION: Duration = Duration::from_secs(24 * 60 * 60);

impl ServerClock {
    /// A clock that shows the time of `local` until the server is heard.
    pub fn new(local: Arc<dyn Clock>) -> Self {
        Self { local, offset: Mutex::new(Offset::Ahead(Duration::ZERO)) }
    }

    /// The server said that it is `server` (the `Date` header, whole seconds) when the local clock showed `local`. The
    /// newest word counts. A difference of more than 24 hours is ignored.
    pub fn observe(&self, server: SystemTime, local: SystemTime) {
        let offset = match server.duration_since(local) {
            Ok(ahead) => Offset::Ahead(ahead),
            Err(behind) => Offset::Behind(behind.duration()),
        };
        let (Offset::Ahead(size) | Offset::Behind(size)) = offset;
        if size <= MAX_CORRECTION {
            *self.offset.lock().unwrap_or_else(PoisonError::into_inner) = offset;
        }
    }

    /// The local clock beneath, to be read beside a `Date` header for [`ServerClock::observe`].
    pub fn local(&self) -> &Arc<dyn Clock> {
        &self.local
    }
}

impl Clock for ServerClock {
    fn now(&self) -> SystemTime {
        let now = self.local.now();
        let corrected = match *self.offset.lock().unwrap_or_else(PoisonError::into_inner) {
            Offset::Ahead(by) => now.checked_add(by),
            Offset::Behind(by) => now.checked_sub(by),
        };
        corrected.unwrap_or(now)
    }
}

impl fmt::Debug for ServerClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerClock").field("offset", &self.offset).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_time_corrects_the_clock_within_a_day() {
        let hour = Duration::from_secs(3_600);
        let start = SystemTime::UNIX_EPOCH + hour * 1_000;
        let local = Arc::new(ManualClock::new(start));
        let clock = ServerClock::new(Arc::clone(&local) as Arc<dyn Clock>);
        assert_eq!(clock.now(), start);

        clock.observe(start + hour * 12, start);
        local.advance(hour);
        assert_eq!(clock.now(), start + hour * 13);

        clock.observe(start - hour * 12, start);
        assert_eq!(clock.now(), start - hour * 11);

        for nonsense in [SystemTime::UNIX_EPOCH, start + hour * 25] {
            clock.observe(nonsense, start);
            assert_eq!(clock.now(), start - hour * 11, "a difference of more than a day is ignored");
        }
    }
}
