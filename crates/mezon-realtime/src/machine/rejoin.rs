//! What was joined, what was seen, and how both come back after a reconnect.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use mezon_model::{ChannelId, ChannelMessage, ClanId, MessageCode, MessageId};

use super::later;
use super::membership::{Membership, Place};
use super::settings::SEEN_CHANNELS;
use crate::{ChannelGap, Event};

/// What the application wants joined (kept apart from what the server knows) and the last message of each channel.
#[derive(Debug)]
pub(super) struct Rejoin {
    spacing: Duration,
    wanted: BTreeMap<Place, Membership>,
    /// Looked into for each message: a tree would be slower the more channels there are. Its order tells nothing.
    seen: HashMap<ChannelId, Seen>,
    /// There was no room to note a channel.
    overflowed: bool,
    /// The channels as they were when the connection was lost; not told to the application yet. `None` for one that was
    /// left since.
    missed: Option<BTreeMap<ChannelId, Option<ChannelGap>>>,
    /// Joins to make on this connection.
    queue: VecDeque<Membership>,
    unanswered: usize,
    next_at: Instant,
}

/// What was seen of a channel.
#[derive(Debug)]
struct Seen {
    clan_id: ClanId,
    /// `None`: nothing but changes of older messages.
    newest: Option<MessageId>,
    /// The last messages, in the order they came over and over. A server that sends one twice does so soon.
    recent: [(MessageId, MessageCode); RECENT],
    next: usize,
}

/// How many messages of a channel are known again.
const RECENT: usize = 4;

impl Seen {
    fn new(clan_id: ClanId) -> Self {
        Self { clan_id, newest: None, recent: [Default::default(); RECENT], next: 0 }
    }

    /// Notes a new message. False: it is a copy of one of the last.
    fn note(&mut self, id: MessageId, code: MessageCode) -> bool {
        // Ids grow with time: nearly every message is newer than all before it.
        if self.newest >= Some(id) && self.recent.contains(&(id, code)) {
            return false;
        }
        if let Some(oldest) = self.recent.get_mut(self.next) {
            *oldest = (id, code);
        }
        self.next = (self.next + 1) % RECENT;
        self.newest = self.newest.max(Some(id));
        true
    }
}

impl Rejoin {
    pub(super) fn new(spacing: Duration, now: Instant) -> Self {
        Self {
            spacing,
            wanted: BTreeMap::new(),
            seen: HashMap::new(),
            overflowed: false,
            missed: None,
            queue: VecDeque::new(),
            unanswered: 0,
            next_at: now,
        }
    }

    pub(super) fn joined(&mut self, membership: Membership) {
        self.wanted.insert(membership.place(), membership);
    }

    /// How the application has joined there.
    pub(super) fn membership(&self, place: Place) -> Option<Membership> {
        self.wanted.get(&place).copied()
    }

    /// The application leaves. What is said there from now on is not missed.
    pub(super) fn left(&mut self, place: Place) {
        self.wanted.remove(&place);
        self.queue.retain(|membership| membership.place() != place);
        self.forget(place);
    }

    /// The server has taken a leave. What was under way until then has come in.
    pub(super) fn gone(&mut self, place: Place) {
        if !self.wanted.contains_key(&place) {
            self.forget(place);
        }
    }

    fn forget(&mut self, place: Place) {
        self.seen.remove(&place.channel_id);
        if let Some(missed) = self.missed.as_mut().and_then(|missed| missed.get_mut(&place.channel_id)) {
            *missed = None;
        }
    }

    /// A message was received. Ids grow with time, but that of a change is the id of an older message, and says nothing
    /// about those between. An acknowledgement does not count either: messages of others that are older than ours may
    /// still be on their way when it comes.
    ///
    /// False: the server has sent it a moment ago. A change may come as often as it likes, and a message without an id is a
    /// copy of none.
    pub(super) fn seen(&mut self, message: &ChannelMessage) -> bool {
        let (clan_id, channel_id, code) = (message.clan_id(), message.channel_id(), message.code());
        let id = Some(message.id()).filter(|id| !id.is_none() && !code.is_change());
        if let Some(seen) = self.seen.get_mut(&channel_id) {
            return id.is_none_or(|id| seen.note(id, code));
        }
        if self.seen.len() < SEEN_CHANNELS || self.wanted.contains_key(&Place { clan_id, channel_id }) {
            let mut seen = Seen::new(clan_id);
            if let Some(id) = id {
                seen.note(id, code);
            }
            self.seen.insert(channel_id, seen);
        } else {
            self.overflowed = true;
        }
        true
    }

    /// Notes what may be missed from now on. Of a gap that was not told yet the older state counts.
    pub(super) fn connection_lost(&mut self) {
        self.queue.clear();
        let missed = self.missed.get_or_insert_default();
        let mut note = |gap: ChannelGap| _ = missed.entry(gap.channel_id).or_default().get_or_insert(gap);
        for (&channel_id, seen) in &self.seen {
            note(ChannelGap { clan_id: seen.clan_id, channel_id, last_seen: seen.newest });
        }
        for &Place { clan_id, channel_id } in self.wanted.keys().filter(|place| !place.channel_id.is_none()) {
            note(ChannelGap { clan_id, channel_id, last_seen: None });
        }
    }

    pub(super) fn connected(&mut self, now: Instant) {
        self.queue = self.wanted.values().copied().collect();
        self.next_at = now;
    }

    /// The next join to make, if it is time for it.
    pub(super) fn due(&mut self, now: Instant) -> Option<Membership> {
        if self.next_at > now {
            return None;
        }
        let membership = self.queue.pop_front()?;
        self.next_at = later(now, self.spacing);
        self.unanswered += 1;
        Some(membership)
    }

    /// A join has its answer, or will get none.
    pub(super) fn answered(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
    }

    /// A join did not leave: it is made once more, after the others.
    pub(super) fn again(&mut self, membership: Membership) {
        if self.wanted.contains_key(&membership.place()) {
            self.queue.push_back(membership);
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.queue.is_empty() && self.unanswered == 0
    }

    /// The [`Event::Gap`] of what may have been missed. `None`: nothing was missed.
    pub(super) fn take_missed(&mut self) -> Option<Event> {
        let channels: Vec<_> = self.missed.take()?.into_values().flatten().collect();
        // In a clan, messages may have come in channels that were never heard of.
        let is_clan = |place: &&Place| place.channel_id.is_none();
        let mut clans: Vec<_> = self.wanted.keys().filter(is_clan).map(|place| place.clan_id).collect();
        let complete = !self.overflowed && clans.is_empty();
        if self.overflowed {
            // What was seen in a channel of theirs may not have been noted.
            clans.clear();
        }
        Some(Event::Gap { channels, clans, complete })
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        (!self.queue.is_empty()).then_some(self.next_at)
    }
}
