//! Which requests may begin: no more of a host than its rate limit allows, and none of a method for as long as the server
//! asked to leave it alone.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use mezon_session::{Pace, RateLimit};

/// So many hosts are kept track of. The gateway, and whatever addresses it names, are a few.
const HOSTS: usize = 64;

/// So many pauses of one host are kept track of; the protocol has 222 methods.
const PAUSES: usize = 256;

/// Decides by what is told, and reads no clock.
#[derive(Debug)]
pub(super) struct Admission {
    limit: Option<RateLimit>,
    hosts: HashMap<String, Host>,
}

#[derive(Debug, Default)]
struct Host {
    pace: Option<Pace>,
    /// Until when each method is to be left alone.
    pauses: HashMap<&'static str, Instant>,
}

impl Admission {
    pub(super) fn new(limit: Option<RateLimit>) -> Self {
        Self { limit, hosts: HashMap::new() }
    }

    /// The server asked to leave `method` alone for so long.
    pub(super) fn pause(&mut self, now: Instant, host: &str, method: &'static str, wait: Duration) {
        let Some(host) = self.host(now, host) else { return };
        host.pauses.retain(|_, until| *until > now);
        if host.pauses.len() < PAUSES || host.pauses.contains_key(method) {
            let until = host.pauses.entry(method).or_insert(now);
            *until = (*until).max(now + wait);
        }
    }

    /// Until when `method` is to be left alone. `None`: it may be called.
    pub(super) fn paused(&self, now: Instant, host: &str, method: &str) -> Option<Instant> {
        self.hosts.get(host)?.pauses.get(method).copied().filter(|until| *until > now)
    }

    /// Takes the next place of a host: when the request may begin, before `deadline`. An error when there is none, or too
    /// many wait already: how long until one would be free.
    pub(super) fn take(&mut self, now: Instant, host: &str, deadline: Instant) -> Result<Instant, Duration> {
        let Some(limit) = self.limit else { return Ok(now) };
        let Some(host) = self.host(now, host) else { return Ok(now) };
        let pace = host.pace.get_or_insert_with(|| Pace::new(limit));
        if let Some(free) = pace.free_at().filter(|free| *free > now)
            && (free >= deadline || pace.waiting(now) >= limit.waiting)
        {
            return Err(free.saturating_duration_since(now));
        }
        Ok(pace.take(now))
    }

    fn host(&mut self, now: Instant, name: &str) -> Option<&mut Host> {
        if !self.hosts.contains_key(name) {
            if self.hosts.len() >= HOSTS {
                self.hosts.retain(|_, host| host.is_in_use(now));
            }
            if self.hosts.len() >= HOSTS {
                return None;
            }
            self.hosts.insert(name.to_owned(), Host::default());
        }
        self.hosts.get_mut(name)
    }
}

impl Host {
    fn is_in_use(&self, now: Instant) -> bool {
        let is_paced = self.pace.as_ref().is_some_and(|pace| pace.free_at().is_some_and(|free| free > now));
        is_paced || self.pauses.values().any(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_pause_holds_back_one_method_of_one_host_until_it_is_over() {
        let (mut admission, now) = (Admission::new(None), Instant::now());
        admission.pause(now, "a", "ListRoles", 5 * SECOND);
        // A shorter one that comes later does not end it.
        admission.pause(now + SECOND, "a", "ListRoles", SECOND);
        assert_eq!(admission.paused(now + SECOND, "a", "ListRoles"), Some(now + 5 * SECOND));
        assert_eq!(admission.paused(now, "a", "GetAccount"), None);
        assert_eq!(admission.paused(now, "b", "ListRoles"), None);
        assert_eq!(admission.paused(now + 5 * SECOND, "a", "ListRoles"), None);
        assert_eq!(admission.take(now, "a", now + SECOND), Ok(now), "there is no limit");
    }

    #[test]
    fn each_host_has_its_own_pace_and_what_waits_is_bounded() {
        let (mut admission, now) = (Admission::new(Some(RateLimit::new(1, SECOND).waiting(2))), Instant::now());
        let deadline = now + 30 * SECOND;
        let taken = [(); 4].map(|()| admission.take(now, "a", deadline));
        assert_eq!(taken, [Ok(now), Ok(now + SECOND), Ok(now + 2 * SECOND), Err(3 * SECOND)]);
        assert_eq!(admission.take(now, "b", deadline), Ok(now));
        assert_eq!(admission.take(now + SECOND, "a", deadline), Ok(now + 3 * SECOND), "one has begun");
        assert_eq!(admission.take(now + 2 * SECOND, "a", now + 4 * SECOND), Err(2 * SECOND), "its time would be up");
    }

    #[test]
    fn servers_cannot_fill_the_memory_with_names() {
        let (mut admission, now) = (Admission::new(None), Instant::now());
        for host in 0..1_000 {
            admission.pause(now, &host.to_string(), "ListRoles", SECOND);
        }
        assert_eq!(admission.hosts.len(), HOSTS);
        admission.pause(now + SECOND, "new", "ListRoles", SECOND);
        assert_eq!(admission.hosts.len(), 1, "what is over makes room");
    }
}
