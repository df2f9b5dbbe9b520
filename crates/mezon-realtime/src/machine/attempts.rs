//! What the attempts to connect have shown so far, and when the next one is due.

use std::time::{Duration, Instant};

use mezon_session::DelayPolicy;

use super::later;
use super::settings::{HINT_SPACING, SILENT_ENDS};

pub(super) struct Attempts {
    delays: Box<dyn DelayPolicy>,
    /// How many failed in a row.
    failed: u32,
    /// One succeeded.
    was_up: bool,
    /// The next one is to ask the token source whether the login is alive.
    check_login: bool,
    /// Refused upgrades since the last frame. An open socket alone proves nothing: gateways open one and hang up.
    refusals: u32,
    /// Connections in a row that ended without a frame.
    silent_ends: u32,
    last_hint: Option<Instant>,
    /// A hint does not end a wait before this: the server asked for it.
    not_before: Instant,
}

impl Attempts {
    pub(super) fn new(delays: Box<dyn DelayPolicy>, now: Instant) -> Self {
        Self {
            delays,
            failed: 0,
            was_up: false,
            check_login: false,
            refusals: 0,
            silent_ends: 0,
            last_hint: None,
            not_before: now,
        }
    }

    /// Another attempt begins. True: the login is to be checked with it.
    pub(super) fn begin(&mut self) -> bool {
        std::mem::take(&mut self.check_login)
    }

    pub(super) fn succeeded(&mut self) {
        (self.was_up, self.failed) = (true, 0);
    }

    pub(super) fn failed(&mut self) {
        self.failed = self.failed.saturating_add(1);
    }

    /// Whether an attempt has ever succeeded.
    pub(super) fn was_up(&self) -> bool {
        self.was_up
    }

    /// The upgrade was refused, so the login is checked. True: for the first time, and the credentials may just have run out.
    pub(super) fn refused(&mut self) -> bool {
        self.refusals = self.refusals.saturating_add(1);
        self.check_login = true;
        self.refusals == 1
    }

    /// The server named the login as the reason.
    pub(super) fn doubt_login(&mut self) {
        self.check_login = true;
    }

    /// The server ended a connection, or an upgrade, without a word.
    pub(super) fn ended_silently(&mut self) {
        self.silent_ends = self.silent_ends.saturating_add(1);
        self.check_login |= self.silent_ends >= SILENT_ENDS;
    }

    /// A frame came in: the credentials are good.
    pub(super) fn heard(&mut self) {
        (self.refusals, self.silent_ends) = (0, 0);
    }

    /// A connection was up for long enough: delays start over.
    pub(super) fn proved(&mut self) {
        self.delays.reset();
    }

    /// How long to wait before the next attempt, for `floor` at least, and how many have failed.
    pub(super) fn wait(&mut self, now: Instant, floor: Duration, unit: f64) -> (Duration, u32) {
        self.not_before = later(now, floor);
        (self.delays.next_delay(unit).max(floor), self.failed)
    }

    /// The network may be back. True: the wait is over.
    pub(super) fn take_hint(&mut self, now: Instant) -> bool {
        let rested = self.last_hint.is_none_or(|last| now.saturating_duration_since(last) >= HINT_SPACING);
        let taken = rested && now >= self.not_before;
        if taken {
            self.last_hint = Some(now);
        }
        taken
    }
}
