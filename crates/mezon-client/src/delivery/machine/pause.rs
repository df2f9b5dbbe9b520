//! A pause after a failure: whatever may succeed later waits together.

use std::time::Instant;

use mezon_api::RetryPolicy;
use mezon_session::ErrorClass;

use super::may_pass;
use crate::ClientError;

/// When the next request may begin after some have failed. Requests are numbered in the order they begin.
#[derive(Debug, Default)]
pub(super) struct Pause {
    /// Failures one after the other.
    failures: u32,
    until: Option<Instant>,
    /// Requests from before this one count as the same failure.
    first_after: u64,
}

impl Pause {
    /// The request of this number failed; `next` is the number of the next one. `unit` is random in `[0, 1)`.
    pub(super) fn failed(
        &mut self,
        now: Instant,
        (number, next): (u64, u64),
        error: &ClientError,
        retry: RetryPolicy,
        unit: f64,
    ) {
        if !may_pass(error) || number < self.first_after {
            return;
        }
        let retry_after = match error.class() {
            ErrorClass::Transient { retry_after } => retry_after,
            _ => None,
        };
        self.failures = self.failures.saturating_add(1);
        self.until = Some(now + retry.delay(self.failures, retry_after, unit));
        self.first_after = next;
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Whether requests may begin.
    pub(super) fn is_over(&mut self, now: Instant) -> bool {
        self.until = self.until.filter(|until| *until > now);
        self.until.is_none()
    }

    /// When they may. `None`: at once.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }
}
