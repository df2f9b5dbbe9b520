//! How many of something may happen in a time: when the next one may.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So many of something in a time, and how many more may wait for their turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many in any [`RateLimit::per`]. 0 counts as 1.
    pub count: u32,
    /// The time.
    pub per: Duration,
    /// How many may wait at most. What finds no room fails at once.
    pub waiting: usize,
}

impl RateLimit {
    /// What the official bot SDKs send over one socket: 80 requests in any second. As many wait as leave in five seconds, so
    /// that each still has half of its ten seconds for the answer.
    pub const SENDS: Self = Self { count: 80, per: Duration::from_secs(1), waiting: 400 };

    /// How the official Python bot SDK calls the API: once in 1.25 s. As many wait as begin in the 30 s that a call may take.
    pub const CALLS: Self = Self { count: 1, per: Duration::from_millis(1_250), waiting: 24 };

    /// This many in any `per`, and as many again may wait.
    pub const fn new(count: u32, per: Duration) -> Self {
        Self { count, per, waiting: count as usize }
    }

    /// How many may wait for their turn at most.
    #[must_use]
    pub const fn waiting(self, waiting: usize) -> Self {
        Self { waiting, ..self }
    }
}

/// Keeps a [`RateLimit`]. It reads no clock: each `now` is an argument, and none is before the one given last.
///
/// The limit holds for every span of time, not only for those that begin with a full second: after a burst of as many as are
/// allowed, the next one waits until the first of the burst is old enough.
///
/// ```
/// use std::time::{Duration, Instant};
/// use mezon_session::{Pace, RateLimit};
///
/// let (mut pace, now) = (Pace::new(RateLimit::new(2, Duration::from_secs(1))), Instant::now());
/// assert_eq!([pace.take(now), pace.take(now)], [now, now]);
/// assert_eq!(pace.take(now), now + Duration::from_secs(1));
/// assert_eq!(pace.waiting(now), 1);
/// ```
#[derive(Clone, Debug)]
pub struct Pace {
    limit: RateLimit,
    /// When each of the last ones happened or will, in order.
    times: VecDeque<Instant>,
}

impl Pace {
    /// Nothing has happened yet.
    pub const fn new(limit: RateLimit) -> Self {
        Self { limit, times: VecDeque::new() }
    }

    /// The limit.
    pub const fn limit(&self) -> RateLimit {
        self.limit
    }

    /// When the next one may happen. `None`: at any time.
    pub fn free_at(&self) -> Option<Instant> {
        let before = self.times.len().checked_sub(self.limit.count.max(1) as usize)?;
        // A time that no clock reaches is no limit.
        self.times.get(before)?.checked_add(self.limit.per)
    }

    /// Takes the next place: when it may happen. It is taken for good, whether it is used or not.
    pub fn take(&mut self, now: Instant) -> Instant {
        while self.times.front().is_some_and(|time| time.checked_add(self.limit.per).is_some_and(|end| end <= now)) {
            self.times.pop_front();
        }
        let at = self.free_at().map_or(now, |free| free.max(now));
        self.times.push_back(at);
        at
    }

    /// How many have a place that is still to come.
    pub fn waiting(&self, now: Instant) -> usize {
        self.times.len() - self.times.partition_point(|time| *time <= now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_limit_of_none_and_one_without_end_are_limits_too() {
        let now = Instant::now();
        let mut pace = Pace::new(RateLimit::new(0, Duration::from_secs(1)));
        assert_eq!([pace.take(now), pace.take(now)], [now, now + Duration::from_secs(1)]);
        let mut pace = Pace::new(RateLimit::new(1, Duration::MAX));
        assert_eq!([pace.take(now), pace.take(now)], [now, now], "no clock gets there");
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let (mut pace, start) = (Pace::new(RateLimit::SENDS), Instant::now());
        for second in 0..100 {
            (0..80).for_each(|_| _ = pace.take(start + Duration::from_secs(second)));
        }
        assert!(pace.times.len() <= 80);
        assert_eq!(pace.waiting(start + Duration::from_secs(99)), 0);
    }

    proptest! {
        #[test]
        fn no_span_of_time_has_more_than_its_count(
            count in 1..6u32,
            steps in proptest::collection::vec(0..400u64, 1..80),
        ) {
            let (per, start) = (Duration::from_secs(1), Instant::now());
            let (mut pace, mut now, mut times) = (Pace::new(RateLimit::new(count, per)), start, Vec::new());
            for step in steps {
                now += Duration::from_millis(step);
                let free = pace.free_at();
                let at = pace.take(now);
                prop_assert_eq!(at, free.map_or(now, |free| free.max(now)), "no later than it has to be");
                times.push(at);
                prop_assert_eq!(pace.waiting(now), times.iter().filter(|time| **time > now).count());
            }
            prop_assert!(times.is_sorted());
            for (first, behind) in times.iter().zip(times.iter().skip(count as usize)) {
                prop_assert!(*behind >= *first + per);
            }
        }
    }
}
