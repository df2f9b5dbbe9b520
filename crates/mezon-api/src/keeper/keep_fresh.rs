//! Refreshing a session in the background.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use mezon_session::{DelayPolicy as _, ErrorClass, ExponentialDelay};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::debug;

use super::{Current, SessionKeeper};
use crate::{ApiError, ApiErrorKind, spawn};

/// The clock is looked at again this often: timers stand still while a machine sleeps, tokens do not.
const LOOK: Duration = Duration::from_secs(60);

/// The shortest time between two refreshes, whatever the tokens say about their end.
const PAUSE: Duration = Duration::from_secs(1);

impl SessionKeeper {
    /// Begins to refresh the session in the background, unless that has begun already.
    pub(crate) fn keep_fresh(self: &Arc<Self>) {
        if !self.kept_fresh.swap(true, Ordering::SeqCst) {
            spawn(Box::pin(keep_fresh(Arc::downgrade(self), self.subscribe())));
        }
    }
}

async fn keep_fresh(keeper: Weak<SessionKeeper>, mut current: watch::Receiver<Arc<Current>>) {
    let mut failures = ExponentialDelay::default();
    'session: loop {
        let seen = Arc::clone(&current.borrow_and_update());
        let Some(unit) = keeper.upgrade().map(|keeper| keeper.gateway.0.unit()) else { return };
        loop {
            let Some(left) = time_left(&keeper, &seen, unit) else { return };
            if left.is_zero() {
                break;
            }
            match wait(left, &mut current).await {
                Woken::Elapsed => {}
                Woken::Changed => continue 'session,
                Woken::Gone => return,
            }
        }
        let Some(kept) = keeper.upgrade() else { return };
        let refreshed = kept.refreshed(&seen).await;
        // Not held while waiting: this task must not keep the client alive.
        drop(kept);
        let pause = pause_after(refreshed.err(), &mut failures, unit);
        drop(seen);
        current.mark_unchanged();
        if matches!(wait(pause, &mut current).await, Woken::Gone) {
            return;
        }
    }
}

/// How long to wait after a refresh that succeeded, or failed with `error`.
fn pause_after(error: Option<ApiError>, failures: &mut ExponentialDelay, unit: f64) -> Duration {
    let Some(error) = error else {
        failures.reset();
        return PAUSE;
    };
    // Credentials that the server pushes may still make it a login again.
    if matches!(error.kind(), ApiErrorKind::LoginOver | ApiErrorKind::NotRefreshable) {
        return LOOK;
    }
    debug!(error = %error, "background refresh failed");
    let asked = match error.class() {
        ErrorClass::Transient { retry_after } => retry_after,
        _ => None,
    };
    failures.next_delay(unit).max(asked.unwrap_or_default()).max(PAUSE)
}

enum Woken {
    Elapsed,
    Changed,
    Gone,
}

async fn wait(delay: Duration, current: &mut watch::Receiver<Arc<Current>>) -> Woken {
    tokio::select! {
        changed = current.changed() => changed.map_or(Woken::Gone, |()| Woken::Changed),
        () = sleep(delay) => Woken::Elapsed,
    }
}

/// How long until the session is to be refreshed, or until the clock is to be looked at again. `None`: there is nothing
/// left to do.
fn time_left(keeper: &Weak<SessionKeeper>, current: &Current, unit: f64) -> Option<Duration> {
    let keeper = keeper.upgrade()?;
    if keeper.is_logged_out() {
        return None;
    }
    if keeper.current().unsaved {
        keeper.save_behind();
    }
    // Spread by `unit`, so that many clients that signed in together do not refresh together.
    let due = keeper.gateway.0.refresh_policy.refresh_at_spread(&current.session, unit);
    let left = due.map_or(LOOK, |due| due.duration_since(keeper.time_of(current)).unwrap_or_default());
    Some(left.min(LOOK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_may_ask_for_a_longer_pause() {
        let limited = |retry_after| Some(ApiError::from(ApiErrorKind::RateLimited { retry_after, message: None }));
        // In the middle of their spread, the delays are half a second, 1 s, 2 s, and then 4 s.
        let mut failures = ExponentialDelay::default();
        let mut pause = |error| pause_after(error, &mut failures, 0.5).as_secs();
        assert_eq!(pause(limited(Some(Duration::from_secs(120)))), 120);
        assert_eq!(pause(limited(None)), 1);
        assert_eq!(pause(limited(Some(Duration::from_secs(1)))), 2);
        assert_eq!(pause(limited(None)), 4);
        assert_eq!(pause(None), PAUSE.as_secs());
        assert_eq!(pause(limited(None)), PAUSE.as_secs(), "starts over");
        assert_eq!(pause(Some(ApiErrorKind::LoginOver.into())), LOOK.as_secs());
    }
}
