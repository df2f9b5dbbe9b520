//! What was joined, what was seen, and how both come back after a reconnect.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use mezon_model::{ChannelId, ChannelMessage, ClanId, MessageId};

use super::later;
use super::membership::{Membership, Place};
use super::settings::SEEN_CHANNELS;
use crate::ChannelGap;

/// What the application wants joined (kept apart from what the server knows) and the last message of each channel.
#[derive(Debug)]
pub(super) struct Rejoin {
    spacing: Duration,
    wanted: BTreeMap<Place, Membership>,
    /// Looked into for each message: a tree would be slower the more channels there are. Its order tells nothing.
    /// `None`: nothing but changes of older messages.
    seen: HashMap<ChannelId, (ClanId, Option<MessageId>)>,
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
    pub(super) fn seen(&mut self, message: &ChannelMessage) {
        let (clan_id, channel_id) = (message.clan_id(), message.channel_id());
        let id = Some(message.id()).filter(|id| !id.is_none() && !message.code().is_change());
        if let Some((_, newest)) = self.seen.get_mut(&channel_id) {
            *newest = (*newest).max(id);
        } else if self.seen.len() < SEEN_CHANNELS || self.wanted.contains_key(&Place { clan_id, channel_id }) {
            self.seen.insert(channel_id, (clan_id, id));
        } else {
            self.overflowed = true;
        }
    }

    /// Notes what may be missed from now on. Of a gap that was not told yet the older state counts.
    pub(super) fn connection_lost(&mut self) {
        self.queue.clear();
        let missed = self.missed.get_or_insert_default();
        let mut note = |gap: ChannelGap| _ = missed.entry(gap.channel_id).or_default().get_or_insert(gap);
        for (&channel_id, &(clan_id, last_seen)) in &self.seen {
            note(ChannelGap { clan_id, channel_id, last_seen });
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

    /// The channels in which messages may have been missed, and whether those are all. `None`: nothing was missed.
    pub(super) fn take_missed(&mut self) -> Option<(Vec<ChannelGap>, bool)> {
        // In a clan, messages may have come in channels that were never heard of.
        let is_complete = !self.overflowed && !self.wanted.keys().any(|place| place.channel_id.is_none());
        self.missed.take().map(|missed| (missed.into_values().flatten().collect(), is_complete))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        (!self.queue.is_empty()).then_some(self.next_at)
    }
}
