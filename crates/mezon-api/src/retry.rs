//! Whether a failed request is sent again, and when.

use std::time::Duration;

use mezon_session::{ErrorClass, FOREVER};

use crate::ApiError;

/// How often and when a request is repeated that may be repeated.
///
/// Repeated is what the server has certainly not acted on, and methods that do no harm when done twice
/// ([`Method::is_idempotent`](crate::Method::is_idempotent)); and only after failures that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts in all, the first included. 3 by default; 1 means none is repeated.
    pub attempts: u32,
    /// The longest delay before the second attempt; it doubles with each further one. 100 ms by default.
    pub base: Duration,
    /// No delay of ours is longer. 5 s by default.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 3, base: Duration::from_millis(100), cap: Duration::from_secs(5) }
    }
}

impl RetryPolicy {
    /// Nothing is repeated.
    pub fn none() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// Sets [`RetryPolicy::attempts`].
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    /// Sets [`RetryPolicy::base`] and [`RetryPolicy::cap`].
    #[must_use]
    pub fn delays(self, base: Duration, cap: Duration) -> Self {
        Self { base, cap, ..self }
    }

    /// The delay after the failed attempt number `attempt` (from 1): what the server asked for, or else anything
    /// between nothing and the step's longest ("full jitter": clients that failed together do not come back together).
    /// `unit` is random in `[0, 1)`.
    #[must_use]
    pub fn delay(&self, attempt: u32, asked: Option<Duration>, unit: f64) -> Duration {
        let longest = self.base.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(self.cap).min(FOREVER);
        asked.unwrap_or_else(|| longest.mul_f64(unit.clamp(0.0, 1.0)))
    }
}

/// What is known of a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It never left: no connection.
    Unsent,
    /// The server turned it away before acting: 401, 429.
    Refused,
    /// The server answered that it failed.
    Failed,
    /// Nobody knows: the answer was lost, or a proxy gave up waiting for it.
    Unknown,
}

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct FailedAttempt {
    pub(crate) error: ApiError,
    pub(crate) fate: Fate,
}

impl FailedAttempt {
    /// Whether the request may be sent again.
    pub(crate) fn may_repeat(&self, idempotent: bool) -> bool {
        let harmless = idempotent || matches!(self.fate, Fate::Unsent | Fate::Refused);
        harmless && self.error.class().is_transient()
    }

    /// How long the server asked to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self.error.class() {
            ErrorClass::Transient { retry_after } => retry_after,
            _ => None,
        }
    }
}

/// What all calls of a gateway may spend on repeats, so that a server in trouble is not buried in them: each repeat takes
/// some, each success gives a little back.
#[derive(Debug)]
pub(crate) struct RetryBudget(u32);

/// The size and the prices are those of the AWS SDKs' standard retry mode.
const BUDGET: u32 = 500;
const PRICE: u32 = 5;
const TIMEOUT_PRICE: u32 = 10;

impl Default for RetryBudget {
    fn default() -> Self {
        Self(BUDGET)
    }
}

impl RetryBudget {
    /// Takes the price of one repeat, if there is enough.
    pub(crate) fn take(&mut self, after_timeout: bool) -> bool {
        let price = if after_timeout { TIMEOUT_PRICE } else { PRICE };
        let rest = self.0.checked_sub(price);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Gives back after a success.
    pub(crate) fn give(&mut self) {
        self.0 = (self.0 + 1).min(BUDGET);
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use proptest::prelude::*;

    use super::*;
    use crate::{ApiErrorKind, Phase};

    fn failure(kind: ApiErrorKind, fate: Fate) -> FailedAttempt {
        FailedAttempt { error: kind.into(), fate }
    }

    #[test]
    fn only_the_harmless_and_passing_is_repeated() {
        let lost = || failure(ApiErrorKind::ConnectionLost, Fate::Unknown);
        let unsent = || failure(ApiErrorKind::Connect { host: "h".into() }, Fate::Unsent);
        let limited = || failure(ApiErrorKind::RateLimited { retry_after: None, message: None }, Fate::Refused);
        let late = || failure(ApiErrorKind::TimedOut { phase: Phase::Response }, Fate::Unknown);
        let status = |code| {
            let status = StatusCode::from_u16(code).unwrap();
            failure(ApiErrorKind::Status { status, code: None, message: None, retry_after: None }, Fate::Failed)
        };
        let missing = || failure(ApiErrorKind::NotFound { message: None }, Fate::Failed);
        for (name, failure, idempotent, otherwise) in [
            ("unsent", unsent(), true, true),
            ("429", limited(), true, true),
            ("lost", lost(), true, false),
            ("late", late(), true, false),
            ("503", status(503), true, false),
            ("501", status(501), false, false),
            ("400", status(400), false, false),
            ("404", missing(), false, false),
        ] {
            assert_eq!(failure.may_repeat(true), idempotent, "{name}, idempotent");
            assert_eq!(failure.may_repeat(false), otherwise, "{name}, not idempotent");
        }
    }

    #[test]
    fn delays_without_a_cap_are_delays_too() {
        let policy = RetryPolicy::default().delays(Duration::MAX, Duration::MAX);
        assert!(policy.delay(1, None, 1.0) <= FOREVER);
    }

    #[test]
    fn the_budget_ends_and_recovers() {
        let mut budget = RetryBudget::default();
        assert_eq!((0..1_000).filter(|_| budget.take(false)).count(), 100);
        assert!(!budget.take(true));
        (0..10).for_each(|_| budget.give());
        assert!(budget.take(true));
        assert!(!budget.take(false));
    }

    proptest! {
        #[test]
        fn delays_stay_within_their_step(attempt in 0_u32..100, unit in 0.0..1.0_f64) {
            let policy = RetryPolicy::default();
            let delay = policy.delay(attempt, None, unit);
            prop_assert!(delay <= policy.cap);
            prop_assert!(attempt > 1 || delay <= policy.base);
            let asked = Duration::from_secs(7);
            prop_assert_eq!(policy.delay(attempt, Some(asked), unit), asked);
        }
    }
}
