//! Clans in which messages may have been missed: their channels are listed, and read where there is something new.

use std::collections::HashSet;
use std::time::Instant;

use mezon_model::{ChannelId, ChannelMessage, ClanId, MessageId};
use mezon_realtime::{ChannelGap, Event};

use super::{Link, Machine, Output, may_pass};
use crate::ClientError;
use crate::delivery::baselines::Joined;
use crate::delivery::reading::{Reading, Stage};

/// A clan whose channels are being listed, or will be.
#[derive(Debug)]
pub(super) struct Listing {
    /// What is not listed by then is told as a gap.
    until: Instant,
    /// The number of the request that is open. `None`: it waits for its turn.
    asked: Option<u64>,
    /// Channels that need no look: the connection has told where they begin, or they are being read already.
    covered: HashSet<ChannelId>,
    /// What the last attempt failed with.
    error: Option<ClientError>,
}

/// What the list of a clan says about a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) channel_id: ChannelId,
    /// Its newest message. `None`: the server does not say.
    pub(crate) newest: Option<MessageId>,
}

impl Listing {
    /// The next gap tells what else was missed.
    pub(super) fn connection_lost(&mut self, until: Instant) {
        (self.until, self.asked) = (until, None);
    }

    /// Whether what the connection tells of the channel counts: it was seen before the loss that led to this list.
    pub(super) fn covers(&self, channel: ChannelId) -> bool {
        self.covered.contains(&channel)
    }
}

impl Machine {
    /// Messages may have been missed in `clans`, beside those in `channels`. Gives back the clans of which nobody knows where
    /// to begin: their newest message from before is not known. It is looked up for the next time.
    pub(super) fn list_clans(&mut self, now: Instant, clans: Vec<ClanId>, channels: &[ChannelGap]) -> Vec<ClanId> {
        let until = now + self.settings.within;
        let (known, unknown): (Vec<_>, _) =
            clans.into_iter().partition(|clan| self.baselines.of(Joined::Clan(*clan)).is_some());
        for clan in &unknown {
            self.baselines.joined(Joined::clan(*clan));
        }
        for clan in known {
            self.ledger.unsettled();
            let covered = channels.iter().map(|gap| gap.channel_id).chain(self.readings.keys().copied()).collect();
            self.listings.insert(clan, Listing { until, asked: None, covered, error: None });
        }
        unknown
    }

    /// Where to begin in a channel in which no message was seen: after the newest message of its clan when that was joined.
    /// Ids grow with time, so nothing that was missed is older. `None` if the clan is not being listed.
    pub(super) fn start_in(&self, clan: ClanId, channel: ChannelId) -> Option<MessageId> {
        let floor = self.listings.contains_key(&clan).then(|| self.baselines.of(Joined::Clan(clan)))?;
        self.ledger.start_of(channel, floor, None)
    }

    /// Messages of unseen channels that came before the gap was told.
    pub(super) fn begin_unseen(&mut self) {
        let waiting = self.readings.iter().filter(|(_, it)| it.stage == Stage::Waiting && it.after.is_none());
        let begins = waiting.filter_map(|(channel, it)| {
            Some((*channel, self.start_in(it.clan_id, *channel)?, self.listings.get(&it.clan_id)?.until))
        });
        for (channel, after, until) in begins.collect::<Vec<_>>() {
            if let Some(reading) = self.readings.get_mut(&channel) {
                (reading.after, reading.stage, reading.until, reading.is_urgent) =
                    (Some(after), Stage::Queued, until, true);
                self.urgent.push_back(channel);
                self.ends_at(channel, until);
            }
        }
    }

    /// A message comes live while its clan is being listed: what was missed in its channel comes first.
    pub(super) fn begin_listed(&mut self, message: &ChannelMessage) {
        let (clan, channel) = (message.clan_id(), message.channel_id());
        if self.link != Link::Up || self.readings.contains_key(&channel) {
            return;
        }
        let Some(listing) = self.listings.get_mut(&clan) else { return };
        let (until, is_new) = (listing.until, listing.covered.insert(channel));
        if let Some(after) = is_new.then(|| self.start_in(clan, channel)).flatten() {
            self.begin(channel, Reading::new(clan, Some(after), Stage::Queued, until));
            self.queue.push_back(channel);
        }
    }

    /// The next clan to list, if one waits for it.
    pub(super) fn begin_listing(&mut self) -> bool {
        let mut listings = self.listings.iter_mut().filter(|_| self.link == Link::Up);
        let Some((clan_id, listing)) = listings.find(|(_, listing)| listing.asked.is_none()) else { return false };
        listing.asked = Some(self.next_read);
        let (clan_id, until) = (*clan_id, listing.until);
        self.outputs.push_back(Output::List { clan_id, list: self.next_read, until });
        self.next_read += 1;
        self.open += 1;
        true
    }

    /// The answer to [`Output::List`].
    pub(super) fn listed(
        &mut self,
        now: Instant,
        clan: ClanId,
        list: u64,
        result: Result<Vec<Listed>, ClientError>,
        unit: f64,
    ) {
        self.open -= 1;
        match &result {
            Ok(_) => self.pause.succeeded(),
            Err(error) => self.pause.failed(now, (list, self.next_read), error, self.settings.retry, unit),
        }
        let Some(listing) = self.listings.get_mut(&clan).filter(|listing| listing.asked == Some(list)) else { return };
        match result {
            Ok(channels) => self.compare(clan, channels),
            Err(error) => {
                let passes = may_pass(&error);
                (listing.asked, listing.error) = (None, Some(error));
                if !passes {
                    self.leave_unlisted(|other, _| other == clan);
                }
            }
        }
    }

    /// Reads the channels that have something new.
    fn compare(&mut self, clan: ClanId, channels: Vec<Listed>) {
        for Listed { channel_id, newest } in channels {
            let Some(after) = self.start_in(clan, channel_id) else { break };
            let Some(listing) = self.listings.get_mut(&clan) else { break };
            if newest.is_some_and(|newest| newest <= after) || !listing.covered.insert(channel_id) {
                continue;
            }
            let until = listing.until;
            self.begin(channel_id, Reading::new(clan, Some(after), Stage::Queued, until));
            self.queue.push_back(channel_id);
        }
        self.listings.remove(&clan);
    }

    /// Gives up the listings that take too long.
    pub(super) fn end_listings(&mut self, now: Instant) {
        if !self.listings.is_empty() {
            self.leave_unlisted(|_, until| until <= now);
        }
    }

    /// Gives up listings, and tells of them.
    pub(super) fn leave_unlisted(&mut self, is_over: impl Fn(ClanId, Instant) -> bool) {
        let over = self.listings.extract_if(.., |clan, listing| is_over(*clan, listing.until));
        let (clans, errors): (Vec<_>, Vec<_>) =
            over.map(|(clan, listing)| (clan, listing.error.map(|it| (clan, it)))).unzip();
        if clans.is_empty() {
            return;
        }
        self.deliver(Event::Gap { channels: Vec::new(), clans, complete: false });
        for (clan_id, error) in errors.into_iter().flatten() {
            self.outputs.push_back(Output::Tell(ClientError::ClanCatchUp { clan_id, source: Box::new(error) }));
        }
    }

    /// When the first listing is given up.
    pub(super) fn listing_deadline(&self) -> Option<Instant> {
        self.listings.values().map(|listing| listing.until).min()
    }
}
