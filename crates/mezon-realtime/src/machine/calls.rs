//! Calls in flight, by correlation id.

use std::collections::{BTreeSet, VecDeque};
use std::ops::RangeInclusive;
use std::time::Instant;

use bytes::Bytes;

use super::membership::{Membership, Place};
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
    /// The application leaves.
    Leave(Place),
    /// The machine joins again after a reconnect.
    Rejoin(Membership),
    /// A message, kept for the one case in which it is sent again: the server refused it because it was not joined.
    Send {
        frame: Bytes,
        membership: Membership,
    },
    /// A message that was refused with this error, and is sent for the second and last time.
    Resend(ServerError),
    /// A join on behalf of a message that the server refused.
    JoinThenSend(Box<RefusedSend>),
}

/// A message that the server refused because its channel was not joined.
#[derive(Debug)]
pub(super) struct RefusedSend {
    pub(super) frame: Bytes,
    pub(super) error: ServerError,
    /// Until when the whole send may take.
    pub(super) deadline: Instant,
    pub(super) membership: Membership,
    /// The application has left the channel since.
    pub(super) left: bool,
}

/// Names one use of a correlation id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    serial: u64,
    pub(super) cid: u16,
}

/// The table. Correlation ids go from 1 to 65535 and around: raw API replies carry them in 16 bits. Ids in use and ids
/// whose call ended without an answer in the last minute are passed over.
///
/// A call lies in the place that the low bits of its id name, so that finding it takes one step. Ids whose place is taken
/// are passed over as well; the table is at most half full, so the next free one is near.
#[derive(Debug)]
pub(super) struct Calls<W> {
    /// As many as a power of two.
    places: Vec<Option<Filed<W>>>,
    len: usize,
    /// The most calls at once. Half of that each time the table was empty.
    most: usize,
    /// The earliest first. Most calls have the same time limit, so most new ones belong at the end. Calls that were
    /// answered stay in it until they come first, or are too many.
    deadlines: VecDeque<(Instant, Slot)>,
    resting: BTreeSet<u16>,
    rests: VecDeque<(Instant, u16)>,
    last_cid: u16,
    last_serial: u64,
}

#[derive(Debug)]
struct Filed<W> {
    slot: Slot,
    entry: Entry<W>,
}

/// The fewest places, enough for heartbeats; and how many there are at most, one for each id and one for 0.
const PLACES: RangeInclusive<usize> = 4..=1 << 16;

/// A table with more places than this for each call it held at once lately is given back when it is empty. A program that
/// sends in bursts keeps what a burst takes, also when its bursts are of different sizes; a connection that does nothing
/// gives it back within a few heartbeats.
const KEPT_PLACES_A_CALL: usize = 8;

/// So many deadlines of answered calls may wait to be forgotten.
const KEPT_DEADLINES: usize = 64;

impl<W> Entry<W> {
    pub(super) fn new(caller: Option<Caller<W>>, deadline: Instant, soft: bool, kind: Kind) -> Self {
        Self { caller, deadline, soft, handed: false, kind }
    }
}

impl<W> Calls<W> {
    pub(super) fn new() -> Self {
        Self {
            places: Vec::new(),
            len: 0,
            most: 0,
            deadlines: VecDeque::new(),
            resting: BTreeSet::new(),
            rests: VecDeque::new(),
            last_cid: 0,
            last_serial: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether the application waits for any of them.
    pub(super) fn has_callers(&self) -> bool {
        self.places.iter().flatten().any(|filed| filed.entry.caller.is_some())
    }

    /// Files a call under a free id. `Err`: there is none.
    pub(super) fn open(&mut self, now: Instant, entry: Entry<W>) -> Result<Slot, Entry<W>> {
        while let Some(&(until, cid)) = self.rests.front() {
            if until > now {
                break;
            }
            self.rests.pop_front();
            self.resting.remove(&cid);
        }
        if self.len * 2 >= self.places.len() {
            self.grow();
        }
        let Some(cid) = self.free_cid() else { return Err(entry) };
        self.last_cid = cid;
        self.last_serial += 1;
        let slot = Slot { serial: self.last_serial, cid };
        let deadline = entry.deadline;
        let at = self.place(cid);
        if let Some(place) = self.places.get_mut(at) {
            *place = Some(Filed { slot, entry });
            self.len += 1;
            self.most = self.most.max(self.len);
        }
        let behind = self.deadlines.iter().rev().take_while(|(other, _)| *other > deadline).count();
        self.deadlines.insert(self.deadlines.len() - behind, (deadline, slot));
        Ok(slot)
    }

    /// Takes the call out that `cid` answers.
    pub(super) fn answer(&mut self, cid: u16) -> Option<Entry<W>> {
        let at = self.place(cid);
        let filed = self.places.get_mut(at)?.take_if(|filed| filed.slot.cid == cid)?;
        self.len -= 1;
        if self.len == 0 {
            if self.places.len() > self.most * KEPT_PLACES_A_CALL {
                (self.places, self.deadlines) = (Vec::new(), VecDeque::new());
            }
            self.most /= 2;
        }
        self.forget_answered();
        Some(filed.entry)
    }

    /// Takes a call out whose time is up.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Entry<W>> {
        let &(deadline, slot) = self.deadlines.front()?;
        if deadline > now { None } else { self.give_up(now, slot.cid) }
    }

    /// Takes a call out whose caller lost interest.
    pub(super) fn cancel(&mut self, now: Instant, id: CallId) -> Option<Entry<W>> {
        let is_it = |entry: &Entry<W>| entry.caller.as_ref().is_some_and(|caller| caller.id == id);
        let cid = self.places.iter().flatten().find(|filed| is_it(&filed.entry))?.slot.cid;
        self.give_up(now, cid)
    }

    /// Takes all calls out, in the order they were made, and starts afresh: ids belong to a connection.
    pub(super) fn clear(&mut self) -> Vec<Entry<W>> {
        self.deadlines.clear();
        self.resting.clear();
        self.rests.clear();
        (self.len, self.most) = (0, 0);
        let mut filed: Vec<Filed<W>> = std::mem::take(&mut self.places).into_iter().flatten().collect();
        filed.sort_by_key(|filed| filed.slot.serial);
        filed.into_iter().map(|filed| filed.entry).collect()
    }

    /// The application has left `place`: the answer to an older join makes no difference any more, and no message joins
    /// again.
    pub(super) fn left(&mut self, place: Place) {
        for filed in self.places.iter_mut().flatten() {
            match &mut filed.entry.kind {
                Kind::Join(membership) | Kind::Send { membership, .. } if membership.place() == place => {
                    filed.entry.kind = Kind::Plain;
                }
                Kind::JoinThenSend(refused) if refused.membership.place() == place => refused.left = true,
                _ => {}
            }
        }
    }

    /// Says what the answer of a call means, once its frame is made.
    pub(super) fn set_kind(&mut self, slot: Slot, kind: Kind) {
        if let Some(entry) = self.entry(slot) {
            entry.kind = kind;
        }
    }

    /// Marks a call as given to the socket. False: it ended before that.
    pub(super) fn hand_over(&mut self, slot: Slot) -> bool {
        self.entry(slot).map(|entry| entry.handed = true).is_some()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.front().map(|(deadline, _)| *deadline)
    }

    pub(super) fn is_open(&self, slot: Slot) -> bool {
        let filed = self.places.get(self.place(slot.cid)).and_then(Option::as_ref);
        filed.is_some_and(|filed| filed.slot == slot)
    }

    fn entry(&mut self, slot: Slot) -> Option<&mut Entry<W>> {
        let at = self.place(slot.cid);
        let filed = self.places.get_mut(at)?.as_mut().filter(|filed| filed.slot == slot)?;
        Some(&mut filed.entry)
    }

    fn give_up(&mut self, now: Instant, cid: u16) -> Option<Entry<W>> {
        let entry = self.answer(cid)?;
        if entry.handed && self.resting.insert(cid) {
            self.rests.push_back((later(now, CID_REST), cid));
        }
        Some(entry)
    }

    /// Keeps the earliest deadline that of a call, and the number of the others in bounds.
    fn forget_answered(&mut self) {
        let (places, mask) = (&self.places, self.places.len().wrapping_sub(1));
        let is_open = |slot: Slot| {
            places.get(usize::from(slot.cid) & mask).and_then(Option::as_ref).is_some_and(|filed| filed.slot == slot)
        };
        while self.deadlines.front().is_some_and(|(_, slot)| !is_open(*slot)) {
            self.deadlines.pop_front();
        }
        if self.deadlines.len() > 2 * self.len + KEPT_DEADLINES {
            self.deadlines.retain(|(_, slot)| is_open(*slot));
        }
    }

    /// Where a call with this id is, if there is one.
    fn place(&self, cid: u16) -> usize {
        usize::from(cid) & self.places.len().wrapping_sub(1)
    }

    /// Doubles the places. Calls that had a place each have one each.
    fn grow(&mut self) {
        let places = (self.places.len() * 2).clamp(*PLACES.start(), *PLACES.end());
        if places == self.places.len() {
            return;
        }
        let filed = std::mem::take(&mut self.places);
        self.places.resize_with(places, || None);
        for filed in filed.into_iter().flatten() {
            let at = self.place(filed.slot.cid);
            if let Some(place) = self.places.get_mut(at) {
                *place = Some(filed);
            }
        }
    }

    fn free_cid(&self) -> Option<u16> {
        let after = |cid: u16| cid.checked_add(1).unwrap_or(1);
        let mut cid = after(self.last_cid);
        for _ in 0..u16::MAX {
            let place = self.places.get(self.place(cid));
            if matches!(place, Some(None)) && (self.resting.is_empty() || !self.resting.contains(&cid)) {
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

    /// Ids belong to a connection: nothing of the old one comes on the next.
    #[test]
    fn no_id_rests_on_the_next_connection() {
        let now = Instant::now();
        let mut calls = Calls::new();
        for id in 0..1_000 {
            let slot = calls.open(now, call(id, now)).unwrap();
            assert!(calls.hand_over(slot));
            assert!(calls.expire(now).is_some());
        }
        assert!(calls.clear().is_empty());
        let cids: BTreeSet<u16> =
            (0..65_535).map_while(|id| calls.open(now, call(id, now)).ok()).map(|slot| slot.cid).collect();
        assert_eq!(cids.len(), 65_535);
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
    fn one_long_call_does_not_keep_the_deadlines_of_others() {
        let now = Instant::now();
        let mut calls = Calls::new();
        calls.open(now, call(0, now)).unwrap();
        for id in 1..10_000 {
            let slot = calls.open(now, call(id, now + LONG)).unwrap();
            assert!(calls.answer(slot.cid).is_some());
        }
        assert!(calls.deadlines.len() < 100, "{}", calls.deadlines.len());
        assert!(calls.places.len() <= 8, "{}", calls.places.len());
        assert_eq!(calls.deadline(), Some(now));
    }

    #[test]
    fn room_for_many_calls_is_kept_for_the_next_burst_and_then_given_back() {
        let now = Instant::now();
        let mut calls = Calls::new();
        let mut burst = |count: u64| {
            let cids: Vec<u16> = (0..count).map(|id| calls.open(now, call(id, now)).unwrap().cid).collect();
            for cid in cids {
                assert!(calls.answer(cid).is_some());
            }
            (calls.places.capacity(), calls.deadlines.capacity())
        };
        let room = burst(1_000);
        assert!(room.0 >= 1_000 && room.1 >= 1_000, "the next burst may be as large: {room:?}");
        assert_eq!(burst(1_000), room);
        assert_eq!(burst(3), room, "those that came too late for the last burst");
        assert_eq!(burst(1_000), room);
        let heartbeats = (0..10).take_while(|_| burst(1) != (0, 0)).count();
        assert!(heartbeats <= 3, "{heartbeats}");
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
