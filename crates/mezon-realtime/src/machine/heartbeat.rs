//! When to ping, and when silence means death.

use std::time::{Duration, Instant};

use super::later;

/// The heartbeat of one connection. A new connection gets a new one, so no state outlives its socket.
#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    next_ping: Instant,
    /// Set by a ping, cleared by any frame. Our own sends do not touch it.
    dead_at: Option<Instant>,
}

/// What the time asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Nothing,
    Ping,
    Dead,
}

impl Heartbeat {
    /// `unit` is random in `[0, 1)`: the first ping is spread over the interval, or all clients of a server that
    /// restarted would ping in step.
    pub(super) fn new(interval: Duration, timeout: Duration, now: Instant, unit: f64) -> Self {
        Self { interval, timeout, next_ping: later(now, interval.mul_f64(unit)), dead_at: None }
    }

    /// A frame came in, whatever it holds.
    pub(super) fn alive(&mut self) {
        self.dead_at = None;
    }

    pub(super) fn beat(&mut self, now: Instant) -> Beat {
        if self.dead_at.is_some_and(|at| at <= now) {
            return Beat::Dead;
        }
        if self.next_ping > now {
            return Beat::Nothing;
        }
        self.next_ping = later(now, self.interval);
        // An older ping that is still open keeps its own, earlier limit.
        self.dead_at.get_or_insert(later(now, self.timeout));
        Beat::Ping
    }

    pub(super) fn deadline(&self) -> Instant {
        self.dead_at.map_or(self.next_ping, |dead_at| dead_at.min(self.next_ping))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_first_ping_is_spread_and_the_next_ones_follow_the_interval() {
        let start = Instant::now();
        let mut heart = Heartbeat::new(10 * SECOND, 5 * SECOND, start, 0.3);
        assert_eq!(heart.deadline(), start + 3 * SECOND);
        assert_eq!(heart.beat(start + 2 * SECOND), Beat::Nothing);
        assert_eq!(heart.beat(start + 3 * SECOND), Beat::Ping);
        assert_eq!(heart.deadline(), start + 8 * SECOND);
        heart.alive();
        assert_eq!(heart.deadline(), start + 13 * SECOND);
        assert_eq!(heart.beat(start + 13 * SECOND), Beat::Ping);
    }

    #[test]
    fn silence_after_a_ping_is_death_within_the_timeout() {
        let start = Instant::now();
        let mut heart = Heartbeat::new(10 * SECOND, 10 * SECOND, start, 0.0);
        assert_eq!(heart.beat(start), Beat::Ping);
        assert_eq!(heart.beat(start + 9 * SECOND), Beat::Nothing);
        assert_eq!(heart.beat(start + 10 * SECOND), Beat::Dead);
    }

    #[test]
    fn a_timeout_longer_than_the_interval_counts_from_the_first_open_ping() {
        let start = Instant::now();
        let mut heart = Heartbeat::new(SECOND, 5 * SECOND, start, 0.0);
        let beats: Vec<_> = (0..6).map(|second| heart.beat(start + second * SECOND)).collect();
        assert_eq!(beats, [Beat::Ping, Beat::Ping, Beat::Ping, Beat::Ping, Beat::Ping, Beat::Dead]);
    }
}
