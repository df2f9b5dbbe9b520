//! What is to go wrong, and when.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::hub::Control;

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Plan(Mutex<State>);

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) mute_pongs: bool,
    pub(crate) half_open: bool,
    pub(crate) delay: Duration,
    pub(crate) duplicate: bool,
    /// 0: never.
    pub(crate) garbage_every: u64,
    pub(crate) refuse_upgrades: (u64, u16),
    pub(crate) drop_acks: u64,
    /// Channels.
    pub(crate) refuse_joins: BTreeSet<i64>,
    pub(crate) refuse_uploads: Option<u16>,
    failures: Vec<HttpFailure>,
    end_after: Option<(u64, Control)>,
    /// Counts the changes of `end_after`: sockets count their frames from the last one.
    end_after_since: u64,
}

/// HTTP calls that are to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpFailure {
    /// How many more calls.
    pub(crate) left: u64,
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    /// `None`: any.
    pub(crate) method: Option<String>,
}

/// The data frames that one socket has carried.
#[derive(Debug, Default)]
pub(crate) struct FrameMeter {
    since: AtomicU64,
    carried: AtomicU64,
    sent: AtomicU64,
}

impl Plan {
    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
    }

    pub(crate) fn clear(&self) {
        self.change(|plan| *plan = State { end_after_since: plan.end_after_since + 1, ..State::default() });
    }

    pub(crate) fn end_after(&self, end: Option<(u64, Control)>) {
        self.change(|plan| {
            plan.end_after = end;
            plan.end_after_since += 1;
        });
    }

    pub(crate) fn fail(&self, failure: HttpFailure) {
        self.change(|plan| plan.failures.push(failure));
    }

    pub(crate) fn pongs_muted(&self) -> bool {
        self.state().mute_pongs
    }

    pub(crate) fn is_half_open(&self) -> bool {
        self.state().half_open
    }

    pub(crate) fn delay(&self) -> Duration {
        self.state().delay
    }

    pub(crate) fn is_duplicating(&self) -> bool {
        self.state().duplicate
    }

    pub(crate) fn upload_refusal(&self) -> Option<u16> {
        self.state().refuse_uploads
    }

    /// Uses up one refusal of a socket.
    pub(crate) fn take_upgrade_refusal(&self) -> Option<u16> {
        let (left, status) = &mut self.state().refuse_upgrades;
        *left = left.checked_sub(1)?;
        Some(*status)
    }

    /// Uses up one acknowledgement that is to be dropped.
    pub(crate) fn take_ack_drop(&self) -> bool {
        let mut state = self.state();
        let dropped = state.drop_acks > 0;
        state.drop_acks = state.drop_acks.saturating_sub(1);
        dropped
    }

    pub(crate) fn join_refused(&self, channel: i64) -> bool {
        self.state().refuse_joins.contains(&channel)
    }

    /// Uses up one failure of a call to this method.
    pub(crate) fn take_http_failure(&self, method: &str) -> Option<HttpFailure> {
        let failures = &mut self.state().failures;
        failures.retain(|failure| failure.left > 0);
        let failure = failures.iter_mut().find(|failure| failure.method.as_deref().is_none_or(|of| of == method))?;
        failure.left -= 1;
        Some(failure.clone())
    }

    /// Counts a data frame of a socket, and tells what is to happen to the socket after it.
    pub(crate) fn frame_carried(&self, meter: &FrameMeter) -> Option<Control> {
        let state = self.state();
        if meter.since.swap(state.end_after_since, Ordering::Relaxed) != state.end_after_since {
            meter.carried.store(0, Ordering::Relaxed);
        }
        let carried = meter.carried.fetch_add(1, Ordering::Relaxed) + 1;
        state.end_after.filter(|(after, _)| carried >= *after).map(|(_, end)| end)
    }

    /// Counts a frame sent to a socket, and tells whether a garbage frame is to follow it.
    pub(crate) fn garbage_follows(&self, meter: &FrameMeter) -> bool {
        let sent = meter.sent.fetch_add(1, Ordering::Relaxed) + 1;
        let every = self.state().garbage_every;
        every > 0 && sent.is_multiple_of(every)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_used_up_by_method() {
        let plan = Plan::default();
        let failure = |left, status, method: Option<&str>| HttpFailure {
            left,
            status,
            retry_after: None,
            method: method.map(str::to_owned),
        };
        plan.fail(failure(1, 503, Some("SessionRefresh")));
        plan.fail(failure(2, 429, None));
        let next = |method| plan.take_http_failure(method).map(|failure| failure.status);
        assert_eq!(next("GetAccount"), Some(429));
        assert_eq!(next("SessionRefresh"), Some(503));
        assert_eq!(next("SessionRefresh"), Some(429));
        assert_eq!(next("SessionRefresh"), None);
    }

    #[test]
    fn frames_count_from_the_switch_on() {
        let plan = Plan::default();
        let meter = FrameMeter::default();
        for _ in 0..5 {
            assert_eq!(plan.frame_carried(&meter), None);
        }
        plan.end_after(Some((2, Control::Cut)));
        assert_eq!(plan.frame_carried(&meter), None);
        assert_eq!(plan.frame_carried(&meter), Some(Control::Cut));
        plan.end_after(None);
        assert_eq!(plan.frame_carried(&meter), None);
    }

    #[test]
    fn counted_faults_run_out() {
        let plan = Plan::default();
        plan.change(|plan| (plan.refuse_upgrades, plan.drop_acks) = ((1, 401), 1));
        assert_eq!((plan.take_upgrade_refusal(), plan.take_upgrade_refusal()), (Some(401), None));
        assert_eq!((plan.take_ack_drop(), plan.take_ack_drop()), (true, false));
        plan.change(|plan| plan.garbage_every = 2);
        let meter = FrameMeter::default();
        assert_eq!([(); 4].map(|()| plan.garbage_follows(&meter)), [false, true, false, true]);
    }
}
