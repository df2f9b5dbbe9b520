//! The engine: attempts of a request, until one succeeds or none may follow.

use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use mezon_session::{BoxFuture, Clock as _};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::debug;

use super::GatewayInner;
use super::admission::Admission;
use crate::request::Outgoing;
use crate::response;
use crate::retry::{FailedAttempt, Fate, RetryBudget};
use crate::timeouts::later;
use crate::{ApiError, ApiErrorKind, HoldReason};

/// Calls that waited for the end of a pause begin within this time, at the most.
const SPREAD: Duration = Duration::from_secs(1);

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
                self.admitted(outgoing, deadline).await?;
                match self.once(outgoing, attempts.number, deadline).await {
                    Ok(body) => return Ok(attempts.succeeded(body)),
                    Err(failure) => {
                        if let Some(wait) = failure.retry_after() {
                            self.admission().pause(Instant::now().into_std(), outgoing.host(), outgoing.name, wait);
                        }
                        attempts.again(failure).await.map_err(|failure| settle(failure, outgoing))?;
                    }
                }
            }
        })
    }

    /// Waits until the request may begin: the server may have asked to leave its method alone, when this call or another
    /// one was refused; and its host may have a rate limit.
    async fn admitted(&self, outgoing: &Outgoing<'_>, deadline: Instant) -> Result<(), ApiError> {
        let held_back = |reason, retry_after| Err(ApiErrorKind::HeldBack { reason, retry_after }.into());
        loop {
            let now = Instant::now();
            let paused = self.admission().paused(now.into_std(), outgoing.host(), outgoing.name);
            let Some(left) = paused.map(|until| until.saturating_duration_since(now.into_std())) else { break };
            // The call that was refused comes back first, and the others not all at once: it may be refused again.
            let wait = left + (left / 10).min(SPREAD).mul_f64(self.unit());
            if later(wait) >= deadline {
                return held_back(HoldReason::RetryAfter, left);
            }
            debug!(method = outgoing.name, wait_ms = millis(wait), "the server asked to wait");
            sleep(wait).await;
        }
        if outgoing.tells_time {
            return Ok(());
        }
        let now = Instant::now();
        let turn = self.admission().take(now.into_std(), outgoing.host(), deadline.into_std());
        match turn {
            Ok(turn) if turn <= now.into_std() => Ok(()),
            Ok(turn) => {
                sleep_until(turn.into()).await;
                Ok(())
            }
            Err(left) => held_back(HoldReason::RateLimit, left),
        }
    }

    fn admission(&self) -> MutexGuard<'_, Admission> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
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

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
