//! Calls in flight, by correlation id.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use mezon_proto::realtime::Envelope;

use super::membership::Membership;
use super::settings::CID_REST;
use super::{CallId, later};
use crate::ServerError;

/// A call that waits for its answer.
#[derive(Debug)]
pub(super) struct Entry<W> {
    /// Who asked. `None`: the machine itself.
    pub(super) caller: Option<Caller<W>>,
    pub(super) deadline: Instant,
    /// Servers need not answer it.
    pub(super) soft: bool,
    /// The frame was given to the socket. From then on nobody can say that it was not sent.
    pub(super) handed: bool,
    pub(super) kind: Kind,
    serial: u64,
}

#[derive(Debug)]
pub(super) struct Caller<W> {
    pub(super) id: CallId,
    pub(super) waiter: W,
}

/// What an answer, or its absence, means.
#[derive(Debug)]
pub(super) enum Kind {
    Plain,
    Ping {
        at: Instant,
    },
    /// Its caller was told already that it left.
    Notified,
    /// The application joins.
    Join(Membership),
    /// The machine joins again after a reconnect.
    Rejoin(Membership),
    /// A message, kept for the one case in which it is sent again: the server refused it because it was not joined.
    Send(Box<Envelope>),
    /// A message that was refused with this error, and is sent for the second and last time.
    Resend(ServerError),
    /// A join on behalf of a message that the server refused.
    JoinThenSend(Box<Refused>),
}

/// A message that the server refused because its channel was not joined.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) envelope: Box<Envelope>,
    pub(super) error: ServerError,
    /// Until when the whole send may take.
    pub(super) deadline: Instant,
    pub(super) membership: Membership,
}

/// Names one use of a correlation id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) cid: u16,
    serial: u64,
}

/// The table. Correlation ids go from 1 to 65535 and around: raw API replies carry them in 16 bits. Ids in use and ids
/// whose call ended without an answer in the last minute are passed over.
#[derive(Debug)]
pub(super) struct Calls<W> {
    entries: BTreeMap<u16, Entry<W>>,
    deadlines: BTreeSet<(Instant, u16)>,
    resting: BTreeSet<u16>,
    rests: VecDeque<(Instant, u16)>,
    last_cid: u16,
    last_serial: u64,
}

impl<W> Entry<W> {
    pub(super) fn new(caller: Option<Caller<W>>, deadline: Instant, soft: bool, kind: Kind) -> Self {
        Self { caller, deadline, soft, handed: false, kind, serial: 0 }
    }
}

impl<W> Calls<W> {
    pub(super) fn new() -> Self {
        Self {
            entries: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            resting: BTreeSet::new(),
            rests: VecDeque::new(),
            last_cid: 0,
            last_serial: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the application waits for any of them.
    pub(super) fn has_callers(&self) -> bool {
        self.entries.values().any(|entry| entry.caller.is_some())
    }

    /// Files a call under a free id. `Err`: there is none.
    pub(super) fn open(&mut self, now: Instant, mut entry: Entry<W>) -> Result<Slot, Entry<W>> {
        while let Some(&(until, cid)) = self.rests.front() {
            if until > now {
                break;
            }
            self.rests.pop_front();
            self.resting.remove(&cid);
        }
        let Some(cid) = self.free_cid() else { return Err(entry) };
        self.last_cid = cid;
        self.last_serial += 1;
        entry.serial = self.last_serial;
        self.deadlines.insert((entry.deadline, cid));
        self.entries.insert(cid, entry);
        Ok(Slot { cid, serial: self.last_serial })
    }

    /// Takes the call out that `cid` answers.
    pub(super) fn answer(&mut self, cid: u16) -> Option<Entry<W>> {
        let entry = self.entries.remove(&cid)?;
        self.deadlines.remove(&(entry.deadline, cid));
        Some(entry)
    }

    /// Takes a call out whose time is up.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Entry<W>> {
        let &(deadline, cid) = self.deadlines.first()?;
        if deadline > now { None } else { self.give_up(now, cid) }
    }

    /// Takes a call out whose caller lost interest.
    pub(super) fn cancel(&mut self, now: Instant, id: CallId) -> Option<Entry<W>> {
        let is_it = |entry: &Entry<W>| entry.caller.as_ref().is_some_and(|caller| caller.id == id);
        let cid = *self.entries.iter().find(|(_, entry)| is_it(entry))?.0;
        self.give_up(now, cid)
    }

    /// Takes all calls out and starts afresh: ids belong to a connection.
    pub(super) fn clear(&mut self) -> Vec<Entry<W>> {
        self.deadlines.clear();
        self.resting.clear();
        self.rests.clear();
        std::mem::take(&mut self.entries).into_values().collect()
    }

    /// Says what the answer of a call means, once its frame is made.
    pub(super) fn set_kind(&mut self, slot: Slot, kind: Kind) {
        if let Some(entry) = self.entries.get_mut(&slot.cid) {
            entry.kind = kind;
        }
    }

    /// Marks a call as given to the socket. False: it ended before that.
    pub(super) fn hand_over(&mut self, slot: Slot) -> bool {
        match self.entries.get_mut(&slot.cid) {
            Some(entry) if entry.serial == slot.serial => {
                entry.handed = true;
                true
            }
            _ => false,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    fn give_up(&mut self, now: Instant, cid: u16) -> Option<Entry<W>> {
        let entry = self.answer(cid)?;
        if entry.handed && self.resting.insert(cid) {
            self.rests.push_back((later(now, CID_REST), cid));
        }
        Some(entry)
    }

    fn free_cid(&self) -> Option<u16> {
        let after = |cid: u16| cid.checked_add(1).unwrap_or(1);
        let mut cid = after(self.last_cid);
        for _ in 0..u16::MAX {
            if !self.entries.contains_key(&cid) && !self.resting.contains(&cid) {
                return Some(cid);
            }
            cid = after(cid);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    fn call(id: u64, deadline: Instant) -> Entry<u64> {
        Entry::new(Some(Caller { id: CallId(id), waiter: id }), deadline, false, Kind::Plain)
    }

    #[test]
    fn ids_wrap_and_pass_over_those_in_use() {
        let now = Instant::now();
        let mut calls = Calls::new();
        // A hundred calls stay open while the others come and go.
        let pinned: Vec<u16> = (0..100).map(|id| calls.open(now, call(id, now + LONG)).unwrap().cid).collect();
        for id in 100..200_000 {
            let slot = calls.open(now, call(id, now + LONG)).unwrap();
            assert!(slot.cid != 0 && !pinned.contains(&slot.cid));
            assert_eq!(calls.answer(slot.cid).unwrap().caller.unwrap().waiter, id);
        }
        assert_eq!(calls.len(), 100);
        for (id, cid) in pinned.into_iter().enumerate() {
            assert_eq!(calls.answer(cid).unwrap().caller.unwrap().waiter, id as u64);
        }
        assert_eq!((calls.len(), calls.deadline()), (0, None));
    }

    #[test]
    fn an_id_that_timed_out_rests_for_a_minute() {
        let start = Instant::now();
        let mut calls = Calls::new();
        let slot = calls.open(start, call(0, start)).unwrap();
        assert!(calls.hand_over(slot));
        assert!(calls.expire(start).is_some());
        let mut lap = |now| {
            let cids: Vec<u16> =
                (0..65_535).map_while(|id| calls.open(now, call(id, now)).ok()).map(|s| s.cid).collect();
            for cid in &cids {
                assert!(calls.answer(*cid).is_some());
            }
            cids
        };
        let during = lap(start + Duration::from_secs(59));
        assert_eq!(during.len(), 65_534);
        assert!(!during.contains(&slot.cid));
        assert_eq!(lap(start + Duration::from_secs(60)).len(), 65_535);
    }

    #[test]
    fn an_id_that_never_left_does_not_rest() {
        let now = Instant::now();
        let mut calls = Calls::new();
        let slot = calls.open(now, call(7, now + LONG)).unwrap();
        assert!(calls.cancel(now, CallId(7)).is_some());
        assert!(!calls.hand_over(slot));
        assert!(calls.resting.is_empty());
        assert!(calls.cancel(now, CallId(7)).is_none());
    }

    #[test]
    fn calls_expire_in_the_order_of_their_deadlines() {
        let now = Instant::now();
        let mut calls = Calls::new();
        for (id, millis) in [(1, 30), (2, 10), (3, 20)] {
            calls.open(now, call(id, now + Duration::from_millis(millis))).unwrap();
        }
        assert_eq!(calls.deadline(), Some(now + Duration::from_millis(10)));
        let later = now + Duration::from_millis(20);
        let expired: Vec<u64> = std::iter::from_fn(|| calls.expire(later)).map(|e| e.caller.unwrap().waiter).collect();
        assert_eq!(expired, [2, 3]);
        assert_eq!(calls.len(), 1);
    }
}
