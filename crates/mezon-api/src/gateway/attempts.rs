//! The engine: attempts of a request, until one succeeds or none may follow.

use std::sync::MutexGuard;
use std::sync::PoisonError;

use bytes::Bytes;
use http::StatusCode;
use mezon_session::{BoxFuture, Clock as _};
use tokio::time::{Instant, sleep};
use tracing::debug;

use super::GatewayInner;
use crate::request::Outgoing;
use crate::response;
use crate::retry::{FailedAttempt, Fate, RetryBudget};
use crate::timeouts::later;
use crate::{ApiError, ApiErrorKind};

impl GatewayInner {
    /// Sends a request until it succeeds, may not be repeated, or time is up; answers with the body.
    pub(crate) fn run<'a>(
        &'a self,
        outgoing: &'a Outgoing<'a>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Bytes, ApiError>> {
        Box::pin(async move {
            let mut attempts = self.attempts(outgoing.name, outgoing.idempotent, Some(deadline));
            loop {
                match self.once(outgoing, attempts.number, deadline).await {
                    Ok(body) => return Ok(attempts.succeeded(body)),
                    Err(failure) => attempts.again(failure).await.map_err(|failure| settle(failure, outgoing))?,
                }
            }
        })
    }

    /// For a request called `name`. Without a `deadline` each failure has the time of a whole call for the next attempt.
    pub(crate) fn attempts(&self, name: &'static str, idempotent: bool, deadline: Option<Instant>) -> Attempts<'_> {
        Attempts { gateway: self, name, idempotent, deadline, number: 1 }
    }

    async fn once(&self, outgoing: &Outgoing<'_>, attempt: u32, deadline: Instant) -> Result<Bytes, FailedAttempt> {
        let started = Instant::now();
        let answer = self.transport.exchange(outgoing.build(), deadline).await;
        let elapsed_ms = millis(started.elapsed());
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => {
                debug!(method = outgoing.name, attempt, elapsed_ms, error = %failure.error, "call failed");
                return Err(failure);
            }
        };
        debug!(method = outgoing.name, attempt, elapsed_ms, status = answer.status.as_u16(), "call answered");
        let intercepted = |failure: &FailedAttempt| matches!(failure.error.kind(), ApiErrorKind::Intercepted { .. });
        let now = self.clock.now();
        let failure = if answer.status.is_success() {
            response::intercepted(&answer, outgoing.answered, now)
        } else {
            Some(response::failure(answer.status, &answer.headers, &answer.body, outgoing.secrets, now))
        };
        // Only the gateway's own clock is of use.
        let timely = outgoing.tells_time || answer.status == StatusCode::UNAUTHORIZED;
        if timely
            && !failure.as_ref().is_some_and(intercepted)
            && let Some(date) = response::date(&answer.headers)
        {
            self.clock.observe(date, self.clock.local().now());
        }
        failure.map_or(Ok(answer.body), Err)
    }
}

/// The attempts of one request: whether another one follows a failure, and when.
pub(crate) struct Attempts<'a> {
    gateway: &'a GatewayInner,
    name: &'static str,
    idempotent: bool,
    deadline: Option<Instant>,
    /// That of the attempt under way, from 1.
    number: u32,
}

impl Attempts<'_> {
    pub(crate) fn succeeded<T>(self, answer: T) -> T {
        self.budget().give();
        answer
    }

    /// Waits for the time of the next attempt. The failure comes back when there is none.
    pub(crate) async fn again(&mut self, failure: FailedAttempt) -> Result<(), FailedAttempt> {
        let retry = &self.gateway.retry;
        let delay = retry.delay(self.number, failure.retry_after(), self.gateway.unit());
        let after_timeout = matches!(failure.error.kind(), ApiErrorKind::TimedOut { .. });
        let repeat = self.number < retry.attempts
            && failure.may_repeat(self.idempotent)
            && later(delay) < self.deadline.unwrap_or_else(|| self.gateway.deadline())
            && self.budget().take(after_timeout);
        if !repeat {
            return Err(failure);
        }
        debug!(method = self.name, attempt = self.number, delay_ms = millis(delay), "trying again");
        sleep(delay).await;
        self.number += 1;
        Ok(())
    }

    fn budget(&self) -> MutexGuard<'_, RetryBudget> {
        self.gateway.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error to report for a request that is not sent again.
fn settle(failure: FailedAttempt, outgoing: &Outgoing<'_>) -> ApiError {
    if failure.fate == Fate::Unknown && !outgoing.idempotent {
        return ApiError::with_source(ApiErrorKind::MaybeSent { method: outgoing.name }, failure.error);
    }
    failure.error
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
