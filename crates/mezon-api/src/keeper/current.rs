//! The session in use, with what calls need of it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use mezon_session::{RefreshPolicy, Session};
use tokio::time::Instant;

use crate::error::untrusted;
use crate::request::{Base, bearer};
use crate::{ApiError, Gateway};

/// A session with what calls need of it, made once.
#[derive(Clone)]
pub(crate) struct Current {
    pub(crate) session: Arc<Session>,
    /// It belongs into the store and could not be put there.
    pub(super) unsaved: bool,
    base: Base,
    bearer: HeaderValue,
    /// What time it was by the token itself when it came, and when that was. Only where the clock is of no use.
    own_time: Option<(SystemTime, Instant)>,
}

/// A token that does not say when it began is taken for one that has so long left when it comes. The default policy
/// refreshes it a minute later.
const UNTOLD_LIFE: Duration = Duration::from_secs(120);

impl Current {
    pub(crate) fn new(gateway: &Gateway, session: Session) -> Result<Self, ApiError> {
        let base = match session.api_endpoint().map_err(untrusted)? {
            Some(endpoint) => {
                gateway.0.policy.check(&endpoint).map_err(untrusted)?;
                Base::new(&endpoint)?
            }
            None => gateway.0.base.clone(),
        };
        Ok(Self { base, bearer: bearer(session.token())?, session: Arc::new(session), unsaved: false, own_time: None })
    }

    /// The server has just made the token. No token is due the moment it comes: where it looks so, the clock is wrong by
    /// more than is corrected, and would have each token replaced at once. Such a token is judged by its own times.
    pub(super) fn just_came(mut self, policy: &RefreshPolicy, now: SystemTime, came: Instant) -> Self {
        if policy.is_due(&self.session, now) {
            let began = self.session.claims().issued_at().filter(|began| !policy.is_due(&self.session, *began));
            let end = self.session.expires_at();
            let time = began.or_else(|| end.and_then(|end| end.checked_sub(UNTOLD_LIFE)));
            self.own_time = time.map(|time| (time, came));
        }
        self
    }

    /// As `before`, whose token it has.
    pub(super) fn of_the_same_token(self, before: &Self) -> Self {
        Self { own_time: before.own_time, ..self }
    }

    /// The time by which the token is judged at the moment `at`, when the clock shows `now`.
    pub(super) fn time(&self, now: SystemTime, at: Instant) -> SystemTime {
        let own = self.own_time.and_then(|(time, came)| time.checked_add(at.saturating_duration_since(came)));
        own.unwrap_or(now)
    }

    /// As it is, and stored.
    pub(super) fn saved(&self) -> Self {
        Self { unsaved: false, ..self.clone() }
    }

    /// As it is, known to the server.
    pub(super) fn confirmed(&self) -> Self {
        Self { session: Arc::new(self.session.confirmed()), ..self.clone() }
    }

    pub(super) fn base(&self) -> &Base {
        &self.base
    }

    pub(super) fn bearer(&self) -> HeaderValue {
        self.bearer.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use data_encoding::BASE64URL_NOPAD;
    use mezon_session::SessionUpdate;

    use super::*;

    fn just_came(claims: &str, now: SystemTime, came: Instant) -> Current {
        let token = format!("e30.{}.c2ln", BASE64URL_NOPAD.encode(claims.as_bytes()));
        let session = Session::new(SessionUpdate { token: Some(token.into()), ..SessionUpdate::default() }).unwrap();
        let gateway = Gateway::builder().build().unwrap();
        Current::new(&gateway, session).unwrap().just_came(&RefreshPolicy::default(), now, came)
    }

    #[test]
    fn a_token_that_looks_due_when_it_comes_is_judged_by_its_own_times() {
        let (policy, at) = (RefreshPolicy::default(), |seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        // An hour from 10,000 to 13,600; one that does not say when it began; one that began after its end.
        let hour = r#"{"uid":1,"exp":13600,"iat":10000}"#;
        let (untold, absurd) = (r#"{"uid":1,"exp":13600}"#, r#"{"uid":1,"exp":13600,"iat":90000}"#);
        for (claims, life) in [(hour, 54 * 60), (untold, 60), (absurd, 60)] {
            let (wrong, came) = (at(1_000_000), Instant::now());
            let current = just_came(claims, wrong, came);
            let is_due = |age| policy.is_due(&current.session, current.time(wrong, came + Duration::from_secs(age)));
            assert!(!is_due(life - 1), "{claims}");
            assert!(is_due(life), "{claims}");
        }
        let right = at(10_010);
        let came = Instant::now();
        assert_eq!(just_came(hour, right, came).time(right, came), right, "a clock that may be right judges it");
    }
}
