//! When an access token is exchanged for the next one.

use std::time::{Duration, SystemTime};

use crate::Session;

/// The rule by which an access token is refreshed before it ends: at `exp - max(margin, 10 % of its life)`, and never
/// in the first half of its life.
///
/// The margin covers clocks that disagree and requests on their way; the share gives long-lived tokens room for hours
/// of bad network; the half keeps tokens that live shorter than the margin from being refreshed on every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshPolicy {
    /// How long before the end of its life a token is refreshed at the latest. 60 s by default.
    pub margin: Duration,
}

/// The margin that public Mezon clients keep too.
const MARGIN: Duration = Duration::from_secs(60);

/// The part of a life, as divisor, that a token is refreshed before its end: 10 %.
const SHARE: u32 = 10;

/// The part of the lead, as factor, that a spread time comes earlier at most.
const SPREAD: f64 = 0.2;

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self { margin: MARGIN }
    }
}

impl RefreshPolicy {
    /// The default rule with another margin.
    pub fn with_margin(margin: Duration) -> Self {
        Self { margin }
    }

    /// From when on `session` is to be refreshed. `None`: its token does not say when it ends, so only a refusal by the
    /// server tells.
    ///
    /// A token that does not say when it began has an unknown life: it is refreshed by the margin alone, and by no
    /// more than 60 s then, because a long margin could otherwise cover its whole life.
    pub fn refresh_at(&self, session: &Session) -> Option<SystemTime> {
        self.refresh_at_spread(session, 0.0)
    }

    /// As [`RefreshPolicy::refresh_at`], up to a fifth of the lead earlier: for timers, so that many sessions that began
    /// together do not refresh together. `unit` is random in `[0, 1)`; 0 is the latest time. Half of the life stays
    /// the earliest.
    pub fn refresh_at_spread(&self, session: &Session, unit: f64) -> Option<SystemTime> {
        let end = session.expires_at()?;
        let life = session.claims().issued_at().and_then(|start| end.duration_since(start).ok());
        let unit = if unit.is_finite() { unit.clamp(0.0, 1.0) } else { 0.0 };
        let lead = life.map_or(self.margin.min(MARGIN), |life| self.margin.max(life / SHARE));
        let lead = lead.saturating_add(lead.mul_f64(SPREAD * unit));
        end.checked_sub(life.map_or(lead, |life| lead.min(life / 2)))
    }

    /// Whether `session` is to be refreshed at `now`.
    pub fn is_due(&self, session: &Session, now: SystemTime) -> bool {
        self.refresh_at(session).is_some_and(|due| due <= now)
    }
}

#[cfg(test)]
mod tests;
