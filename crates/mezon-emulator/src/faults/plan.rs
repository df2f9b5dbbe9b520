//! What is to go wrong, and when.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

use super::answer::{Answer, Route, Times, set_header};
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
    pub(crate) drop_acks: u64,
    /// Messages that are to be pushed twice.
    pub(crate) repeat_messages: u64,
    /// Messages that are to be pushed without an id, and not kept.
    pub(crate) drop_ids: u64,
    /// Channels.
    pub(crate) refuse_joins: BTreeSet<i64>,
    /// Headers for the answers that open sockets; an empty value takes one away.
    pub(crate) upgrade_headers: Vec<(String, String)>,
    route_delays: Vec<(Route, Duration)>,
    injections: Vec<Injection>,
    end_after: Option<(u64, Control)>,
    /// Counts the changes of `end_after`: sockets count their frames from the last one.
    end_after_since: u64,
}

/// HTTP requests that are answered in another way than by doing what they ask for.
#[derive(Debug)]
struct Injection {
    route: Route,
    left: Left,
    answer: Answer,
}

/// How often an injection still strikes.
#[derive(Debug, Clone, Copy)]
enum Left {
    Requests(u64),
    Until(Instant),
    Always,
}

impl Left {
    fn is_over(self, now: Instant) -> bool {
        match self {
            Self::Requests(left) => left == 0,
            Self::Until(end) => end <= now,
            Self::Always => false,
        }
    }
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

    pub(crate) fn inject(&self, route: Route, times: Times, answer: Answer) {
        let left = match times {
            Times::Next(requests) => Left::Requests(requests),
            // An end beyond the clock's range is none.
            Times::For(time) => Instant::now().checked_add(time).map_or(Left::Always, Left::Until),
            Times::Always => Left::Always,
        };
        self.change(|plan| plan.injections.push(Injection { route, left, answer }));
    }

    /// Takes back what was injected for a route.
    pub(crate) fn stop_injecting(&self, route: &Route) {
        self.change(|plan| plan.injections.retain(|injection| injection.route != *route));
    }

    /// Sets the delay of a route; zero takes it away.
    pub(crate) fn delay_route(&self, route: Route, by: Duration) {
        self.change(|plan| {
            plan.route_delays.retain(|(of, _)| *of != route);
            plan.route_delays.push((route, by));
        });
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

    /// By how much the answer to a request of this route is late.
    pub(crate) fn delay_of(&self, route: &Route) -> Duration {
        let state = self.state();
        let own = state.route_delays.iter().filter(|(of, _)| route.is_one_of(of)).map(|(_, by)| *by);
        state.delay + own.sum::<Duration>()
    }

    pub(crate) fn is_duplicating(&self) -> bool {
        self.state().duplicate
    }

    /// Uses up one of a counted fault; false when none is left.
    pub(crate) fn take(&self, counted: impl FnOnce(&mut State) -> &mut u64) -> bool {
        let mut state = self.state();
        let left = counted(&mut state);
        let taken = *left > 0;
        *left = left.saturating_sub(1);
        taken
    }

    pub(crate) fn change_upgrade(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.state().upgrade_headers {
            set_header(headers, name, value);
        }
    }

    pub(crate) fn join_refused(&self, channel: i64) -> bool {
        self.state().refuse_joins.contains(&channel)
    }

    /// Uses up one injected answer to a request of this route.
    pub(crate) fn take_injection(&self, route: &Route) -> Option<Answer> {
        let injections = &mut self.state().injections;
        if injections.is_empty() {
            return None;
        }
        let now = Instant::now();
        injections.retain(|injection| !injection.left.is_over(now));
        let injection = injections.iter_mut().find(|injection| route.is_one_of(&injection.route))?;
        if let Left::Requests(left) = &mut injection.left {
            *left -= 1;
        }
        Some(injection.answer.clone())
    }

    /// Counts a data frame of a socket, and tells what is to happen to the socket after it.
    pub(crate) fn frame_carried(&self, meter: &FrameMeter) -> Option<Control> {
        let state = self.state();
        if meter.since.swap(state.end_after_since, Ordering::Relaxed) != state.end_after_since {
            meter.carried.store(0, Ordering::Relaxed);
        }
        let carried = meter.carried.fetch_add(1, Ordering::Relaxed) + 1;
        state.end_after.as_ref().filter(|(after, _)| carried >= *after).map(|(_, end)| end.clone())
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
    use crate::faults::answer::Page;

    #[tokio::test(start_paused = true)]
    async fn injections_are_used_up_by_route_by_count_and_by_time() {
        let plan = Plan::default();
        let answer = |status| Answer::new(status, Page::Empty);
        plan.inject("SessionRefresh".into(), Times::Next(1), answer(503));
        plan.inject(Route::Calls, Times::Next(2), answer(429));
        plan.inject(Route::Calls, Times::For(Duration::from_secs(5)), answer(500));
        plan.inject(Route::Uploads, Times::Always, answer(507));
        let next = |route: &str| plan.take_injection(&route.into()).map(|answer| answer.status.as_u16());
        assert_eq!(next("GetAccount"), Some(429));
        assert_eq!(next("SessionRefresh"), Some(503));
        assert_eq!(next("SessionRefresh"), Some(429));
        assert_eq!(next("SessionRefresh"), Some(500));
        assert_eq!(next("sockets"), None);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(next("SessionRefresh"), None);
        assert_eq!((next("uploads"), next("uploads"), next("downloads")), (Some(507), Some(507), None));
        plan.stop_injecting(&Route::Uploads);
        assert_eq!(next("uploads"), None);
    }

    #[test]
    fn delays_add_up_by_route() {
        let plan = Plan::default();
        let ms = Duration::from_millis;
        plan.change(|plan| plan.delay = ms(1));
        plan.delay_route(Route::Calls, ms(10));
        plan.delay_route("GetAccount".into(), ms(50));
        plan.delay_route("GetAccount".into(), ms(100));
        let of = |route: &str| plan.delay_of(&route.into());
        assert_eq!((of("GetAccount"), of("SessionRefresh"), of("sockets")), (ms(111), ms(11), ms(1)));
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
        plan.change(|plan| plan.drop_acks = 1);
        let drops = || plan.take(|plan| &mut plan.drop_acks);
        assert_eq!((drops(), drops()), (true, false));
        plan.change(|plan| plan.garbage_every = 2);
        let meter = FrameMeter::default();
        assert_eq!([(); 4].map(|()| plan.garbage_follows(&meter)), [false, true, false, true]);
    }
}
