//! Ids of channels, messages, tokens and uploads.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 2020-01-01, the start of time for Mezon's ids, in milliseconds since the Unix epoch.
const EPOCH_MS: u64 = 1_577_836_800_000;
/// Below the milliseconds: datacenter, worker and a sequence of 12 bits.
const TIME_SHIFT: u32 = 22;
/// The emulator says that it is worker 1 of datacenter 0.
const WORKER: i64 = 1 << 12;
const SEQUENCE_BITS: u32 = 12;

/// Makes ids that only grow, also when the clock steps back or the database was written by a faster clock.
#[derive(Debug)]
pub(crate) struct Snowflakes {
    last: Mutex<(i64, i64)>,
}

impl Snowflakes {
    /// Starts after `last`, the highest id in the storage; 0 when there is none.
    pub(crate) fn after(last: i64) -> Self {
        Self { last: Mutex::new((last >> TIME_SHIFT, (1 << SEQUENCE_BITS) - 1)) }
    }

    pub(crate) fn next(&self) -> i64 {
        self.next_at(unix_ms())
    }

    /// An id of a moment, in milliseconds since the Unix epoch.
    pub(crate) fn next_at(&self, now_ms: u64) -> i64 {
        let now = i64::try_from(now_ms.saturating_sub(EPOCH_MS)).unwrap_or_default();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (time, sequence) = *last;
        *last = if now > time {
            (now, 0)
        } else if sequence + 1 < (1 << SEQUENCE_BITS) {
            (time, sequence + 1)
        } else {
            (time + 1, 0)
        };
        (last.0 << TIME_SHIFT) | WORKER | last.1
    }
}

/// The second in which an id was made, since the Unix epoch.
pub(crate) fn created_seconds(id: i64) -> u32 {
    let ms = u64::try_from(id >> TIME_SHIFT).unwrap_or_default() + EPOCH_MS;
    u32::try_from(ms / 1000).unwrap_or(u32::MAX)
}

pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn unix_seconds() -> u32 {
    u32::try_from(unix_ms() / 1000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_only_grow_and_tell_their_time() {
        let ids = Snowflakes::after(0);
        let made: Vec<i64> = (0..10_000).map(|_| ids.next()).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(created_seconds(made[0]).abs_diff(unix_seconds()) <= 5);
    }

    #[test]
    fn ids_stay_above_what_a_database_holds() {
        let ahead = Snowflakes::after(0).next() + (60_000 << TIME_SHIFT);
        assert!(Snowflakes::after(ahead).next() > ahead);
    }
}
