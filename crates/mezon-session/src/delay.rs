//! How long to wait before the next attempt. The only file that names the `backoff` crate.

use std::fmt;
use std::time::Duration;

use backoff::backoff::Backoff;
use backoff::{ExponentialBackoff, ExponentialBackoffBuilder};

/// Says how long to wait before each attempt. Randomness is an argument, so that a policy can be replayed.
pub trait DelayPolicy: Send {
    /// The delay before the next attempt. `unit` is random in `[0, 1)`.
    fn next_delay(&mut self, unit: f64) -> Duration;

    /// Starts over. To be called when a connection has proved itself, and not as soon as it opens: a server that
    /// accepts and closes at once would otherwise be dialled once a second for ever.
    fn reset(&mut self);
}

/// Doubling delays with a jitter of ±50 %.
///
/// With the default of 1 s and 40 s: the first delay is spread over 0-1 s, because many clients lose the same server in
/// the same moment and the connection may well be back at once. The following ones spread around a base of 1 s, 2 s,
/// 4 s … 40 s, 40 s. The cap is on the base and not on the delay: no delay passes 60 s, and at the cap the delays fill
/// 20-60 s. Cutting the delay itself off would put half of all clients on the same tick.
///
/// ```
/// use std::time::Duration;
/// use mezon_session::{DelayPolicy, ExponentialDelay};
///
/// let mut delays = ExponentialDelay::default();
/// assert_eq!(delays.next_delay(0.25), Duration::from_millis(250));
/// assert_eq!(delays.next_delay(0.5), Duration::from_secs(1));
/// assert_eq!(delays.next_delay(0.5), Duration::from_secs(2));
/// delays.reset();
/// assert_eq!(delays.next_delay(0.0), Duration::ZERO);
/// ```
pub struct ExponentialDelay {
    bases: ExponentialBackoff,
    first: bool,
}

/// The base of the second delay, and the spread of the first.
const BASE: Duration = Duration::from_secs(1);

/// One and a half times this is the longest delay: 60 s.
const BASE_CAP: Duration = Duration::from_secs(40);

const MULTIPLIER: f64 = 2.0;

impl ExponentialDelay {
    /// Delays whose base begins at `base` and doubles up to `cap`; a delay passes its base by half at most. A `cap`
    /// below `base` counts as `base`.
    pub fn new(base: Duration, cap: Duration) -> Self {
        // `backoff` computes the bases only. Its own jitter draws from a generator that cannot be seeded, and its limit
        // on the elapsed time would end the sequence after 15 minutes.
        let bases = ExponentialBackoffBuilder::new()
            .with_initial_interval(base)
            .with_max_interval(cap.max(base))
            .with_multiplier(MULTIPLIER)
            .with_randomization_factor(0.0)
            .with_max_elapsed_time(None)
            .build();
        Self { bases, first: true }
    }
}

impl Default for ExponentialDelay {
    fn default() -> Self {
        Self::new(BASE, BASE_CAP)
    }
}

impl DelayPolicy for ExponentialDelay {
    fn next_delay(&mut self, unit: f64) -> Duration {
        let unit = if unit.is_finite() { unit.clamp(0.0, 1.0) } else { 0.5 };
        // Read before it is stepped: the stepped value comes with a rounding of up to a nanosecond.
        let base = self.bases.current_interval;
        if std::mem::take(&mut self.first) {
            return scale(base, unit);
        }
        self.bases.next_backoff();
        scale(base, 0.5 + unit)
    }

    fn reset(&mut self) {
        self.bases.reset();
        self.first = true;
    }
}

impl fmt::Debug for ExponentialDelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = self.bases.current_interval;
        f.debug_struct("ExponentialDelay").field("first", &self.first).field("base", &base).finish_non_exhaustive()
    }
}

fn scale(base: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(base.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fixed sequence of numbers in `[0, 1)` (splitmix64).
    fn units() -> impl Iterator<Item = f64> {
        let mut state = 0x5eed_u64;
        std::iter::repeat_with(move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap()) / (f64::from(u32::MAX) + 1.0)
        })
    }

    #[test]
    fn every_delay_after_the_first_is_within_half_a_second_and_a_minute() {
        let mut delays = ExponentialDelay::default();
        delays.next_delay(0.5);
        for unit in units().take(100_000) {
            let delay = delays.next_delay(unit);
            assert!(delay >= Duration::from_millis(500) && delay <= Duration::from_secs(60), "{delay:?}");
        }
        assert_eq!(delays.next_delay(1.0), Duration::from_secs(60));
    }

    #[test]
    fn delays_at_the_cap_fill_20_to_60_seconds_evenly() {
        let mut delays = ExponentialDelay::default();
        for _ in 0..20 {
            delays.next_delay(0.5);
        }
        let mut buckets = [0_u32; 40];
        for unit in units().take(100_000) {
            let delay = delays.next_delay(unit);
            buckets[usize::try_from(delay.as_secs()).unwrap() - 20] += 1;
        }
        // A fair share is 2,500 in each second.
        assert!(buckets.iter().all(|&count| (2_000..5_000).contains(&count)), "{buckets:?}");
    }

    #[test]
    fn the_first_delay_after_a_drop_is_spread_over_one_second() {
        let mut latest = Duration::ZERO;
        for unit in units().take(1_000) {
            let mut delays = ExponentialDelay::default();
            let delay = delays.next_delay(unit);
            assert!(delay < Duration::from_secs(1));
            latest = latest.max(delay);
        }
        assert!(latest > Duration::from_millis(950));
    }

    #[test]
    fn bases_double_up_to_the_cap_and_start_over_after_a_reset() {
        let mut delays = ExponentialDelay::default();
        for round in 0..2 {
            let seconds: Vec<_> = (0..9).map(|_| delays.next_delay(0.5).as_secs_f64()).collect();
            assert_eq!(seconds, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 40.0, 40.0], "round {round}");
            delays.reset();
        }
    }

    #[test]
    fn a_server_that_closes_at_once_is_dialled_at_most_110_times_an_hour() {
        let (mut delays, mut units) = (ExponentialDelay::default(), units());
        let (mut elapsed, mut dials) = (Duration::ZERO, 0);
        while elapsed < Duration::from_secs(3_600) {
            elapsed += delays.next_delay(units.next().unwrap());
            dials += 1;
        }
        assert!(dials <= 110, "{dials}");
    }

    #[test]
    fn odd_arguments_do_not_panic() {
        for unit in [f64::NAN, f64::INFINITY, -1.0, 2.0] {
            let mut delays = ExponentialDelay::default();
            assert!(delays.next_delay(unit) <= Duration::from_secs(1));
            assert!(delays.next_delay(unit) <= Duration::from_millis(1_500));
        }
        let mut delays = ExponentialDelay::new(Duration::MAX, Duration::ZERO);
        assert!(delays.next_delay(0.9) > Duration::from_secs(1));
        assert!(delays.next_delay(0.9) > Duration::from_secs(1));
        let mut delays = ExponentialDelay::new(Duration::ZERO, Duration::ZERO);
        assert_eq!([delays.next_delay(0.9), delays.next_delay(0.9)], [Duration::ZERO; 2]);
    }
}
