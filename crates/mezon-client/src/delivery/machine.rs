//! What decides how gaps are filled: events, pages and time go in; deliveries and requests come out.

mod clans;
mod pause;
mod steps;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

use mezon_api::ApiErrorKind;
use mezon_model::{ChannelId, ChannelMessage, ClanId, MessageId, Target};
use mezon_realtime::{ChannelGap, Event};
use mezon_session::ErrorClass;

pub(crate) use self::clans::Listed;
use self::clans::Listing;
use self::pause::Pause;
pub(crate) use self::steps::{Input, Output};
use super::baselines::{Baselines, Joined};
use super::ledger::{Ledger, key};
use super::reading::{Reading, Stage};
use super::settings::{MAX_PAGES, PAGE, Settings};
use crate::ClientError;

/// Delivers each message once and those of a channel in order, whether it came live or from the history, or tells in an
/// [`Event::Gap`] what is missing.
///
/// One thing breaks the order: between a connection and its gap, more comes in a channel than may wait, or the gap takes
/// longer than the reading may. Then the live messages are delivered, and what is older follows from the history.
///
/// It makes no request, knows no runtime and reads no clock: [`Machine::handle`] takes what happens, [`Machine::poll`]
/// gives what to do, and at [`Machine::deadline`] it wants an [`Input::Tick`]. What it holds is bounded by its
/// [`Settings`].
#[derive(Debug)]
pub(crate) struct Machine {
    settings: Settings,
    link: Link,
    ledger: Ledger,
    baselines: Baselines,
    readings: HashMap<ChannelId, Reading>,
    /// Clans whose channels are not known yet.
    listings: BTreeMap<ClanId, Listing>,
    /// Channels with [`Stage::Queued`], and some that had it before. Those with live messages that wait go first.
    urgent: VecDeque<ChannelId>,
    queue: VecDeque<ChannelId>,
    /// When each reading ends, soonest first, and some that have ended.
    ends: VecDeque<(Instant, ChannelId)>,
    held_bytes: usize,
    /// Pages and lists that were asked for and not answered.
    open: usize,
    next_read: u64,
    pause: Pause,
    /// Channels to join on the next connection: this one did not take it.
    joins: Vec<Target>,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// What comes is all there is.
    Up,
    Down,
    /// Messages come in again, and what was missed is not known yet.
    Rejoining,
}

impl Machine {
    /// With the connection that is ready already, if one is.
    pub(crate) fn new(settings: Settings, ready: Option<u64>) -> Self {
        let mut baselines = Baselines::default();
        if let Some(generation) = ready {
            baselines.connection_ready(generation);
        }
        Self {
            settings,
            link: Link::Up,
            ledger: Ledger::default(),
            baselines,
            readings: HashMap::new(),
            listings: BTreeMap::new(),
            urgent: VecDeque::new(),
            queue: VecDeque::new(),
            ends: VecDeque::new(),
            held_bytes: 0,
            open: 0,
            next_read: 0,
            pause: Pause::default(),
            joins: Vec::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Whether the connection is healthy and everything was delivered: events of the server may go past this machine.
    pub(crate) fn is_idle(&self) -> bool {
        self.link == Link::Up
            && self.readings.is_empty()
            && self.listings.is_empty()
            && self.ledger.is_blank()
            && self.baselines.is_idle()
    }

    pub(crate) fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Event(event) => self.event(now, event),
            Input::Joined(target) => {
                if self.settings.catch_up {
                    self.baselines.joined(target);
                }
            }
            Input::Leaving(channel) => self.leave(channel),
            Input::Added { target, after } => self.added(now, target, after),
            Input::Admitted { target, result } => self.admitted(target, result),
            Input::Page { channel_id, read, messages } => self.page(channel_id, read, messages),
            Input::Failed { channel_id, read, error, unit } => self.failed(now, channel_id, read, error, unit),
            Input::Listed { clan_id, list, result, unit } => self.listed(now, clan_id, list, result, unit),
            Input::Newest { lookup, newest } => {
                if self.baselines.newest(lookup, newest) {
                    self.outputs.push_back(Output::Prove(lookup));
                }
            }
            Input::Proved { lookup, alive } => self.baselines.proved(lookup, alive),
            Input::Tick => self.ledger.went_through(now),
        }
        self.end_listings(now);
        self.end_readings(now);
        self.begin_reads(now);
        while let Some(lookup) = self.baselines.begin() {
            self.outputs.push_back(Output::LookUp(lookup));
        }
        if self.link == Link::Up && self.readings.is_empty() && self.listings.is_empty() {
            self.ledger.settled(now);
        }
    }

    /// The next thing to do.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        if output.is_none() && self.is_idle() {
            // A healthy connection keeps no room for what is to come.
            self.outputs = VecDeque::new();
        }
        output
    }

    /// When the next [`Input::Tick`] is wanted.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let waits = !self.urgent.is_empty() || !self.queue.is_empty() || !self.listings.is_empty();
        let end = self.ends.front().map(|(end, _)| *end);
        let resume = self.pause.until().filter(|_| waits);
        [end, resume, self.listing_deadline(), self.ledger.forget_at()].into_iter().flatten().min()
    }

    fn event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Message(message) => return self.take(now, message),
            Event::Gap { channels, clans, complete } if self.settings.catch_up => {
                return self.gap(now, channels, clans, complete);
            }
            Event::Disconnected { .. } if self.settings.catch_up => self.lost(now),
            Event::Connected { .. } if self.link == Link::Down => self.link = Link::Rejoining,
            Event::Ready { generation } => {
                self.deliver(event);
                self.baselines.connection_ready(generation);
                self.outputs.extend(std::mem::take(&mut self.joins).into_iter().map(Output::Join));
                return self.settle();
            }
            Event::Closed { .. } => {
                let all = self.readings.keys().copied().collect();
                self.give_up(all);
                self.leave_unlisted(|_, _| true);
            }
            _ => {}
        }
        self.deliver(event);
    }

    /// A message comes live.
    fn take(&mut self, now: Instant, message: ChannelMessage) {
        let channel = message.channel_id();
        if self.link == Link::Rejoining && !self.readings.contains_key(&channel) {
            let until = now + self.settings.within;
            self.begin(channel, Reading::new(message.clan_id(), None, Stage::Waiting, until));
        }
        if !self.listings.is_empty() {
            self.begin_listed(&message);
        }
        let Some(reading) = self.readings.get_mut(&channel) else { return self.pass(message) };
        let bytes = message.memory();
        if reading.holds() >= self.settings.held_messages || self.held_bytes + bytes > self.settings.held_bytes {
            self.give_up(vec![channel]);
            return self.pass(message);
        }
        if reading.stage == Stage::Queued && !reading.is_urgent {
            reading.is_urgent = true;
            self.urgent.push_back(channel);
        }
        reading.hold(message, bytes);
        self.held_bytes += bytes;
    }

    /// Delivers what does not wait any more, unless the history gave it.
    fn pass(&mut self, message: ChannelMessage) {
        if let Some(key) = key(&message) {
            // The gap that is told next may begin before it.
            let known = if self.link == Link::Up { self.ledger.knows(key) } else { !self.ledger.note(key) };
            if known {
                return;
            }
        }
        self.deliver(Event::Message(message));
    }

    fn deliver(&mut self, event: Event) {
        self.outputs.push_back(Output::Deliver(event));
    }

    fn lost(&mut self, now: Instant) {
        self.link = Link::Down;
        self.ledger.unsettled();
        self.baselines.connection_lost();
        // More is missing now than was asked for, so the time begins anew.
        let until = now + self.settings.within;
        self.readings.values_mut().for_each(|reading| reading.connection_lost(until));
        self.ends = self.readings.keys().map(|channel| (until, *channel)).collect();
        (self.urgent, self.queue) = (VecDeque::new(), VecDeque::new());
        self.listings.values_mut().for_each(|listing| listing.connection_lost(until));
    }

    /// What was missed is known.
    fn gap(&mut self, now: Instant, channels: Vec<ChannelGap>, clans: Vec<ClanId>, complete: bool) {
        self.link = Link::Up;
        let until = now + self.settings.within;
        let all_listed = complete || !clans.is_empty();
        let before = std::mem::take(&mut self.listings);
        let clans = self.list_clans(now, clans, &channels);
        let mut unknown = Vec::new();
        for mut gap in channels {
            let channel = gap.channel_id;
            let baseline = self.baselines.of(Joined::Channel(channel));
            // What was seen since an earlier loss hides what was missed by that one.
            let start = match before.get(&gap.clan_id) {
                Some(listing) if !listing.covers(channel) => self.start_in(gap.clan_id, channel),
                _ => self.ledger.start_of(channel, gap.last_seen, baseline),
            };
            match (self.readings.get_mut(&channel), start) {
                (Some(reading), _) if reading.after.is_some() => {
                    reading.until = until;
                    self.ends.push_back((until, channel));
                    if reading.stage == Stage::Waiting {
                        reading.stage = Stage::Queued;
                        self.queue.push_back(channel);
                    }
                }
                (Some(reading), Some(_)) => {
                    (reading.after, reading.stage, reading.until) = (start, Stage::Queued, until);
                    // What waits already is not to wait for the others.
                    reading.is_urgent = true;
                    self.urgent.push_back(channel);
                    self.ends.push_back((until, channel));
                }
                (None, Some(_)) => {
                    self.begin(channel, Reading::new(gap.clan_id, start, Stage::Queued, until));
                    self.queue.push_back(channel);
                }
                (_, None) => {
                    gap.last_seen = None;
                    unknown.push(gap);
                }
            }
        }
        self.begin_unseen();
        let complete = all_listed && clans.is_empty();
        if !unknown.is_empty() || !complete {
            self.deliver(Event::Gap { channels: unknown, clans, complete });
        }
        self.settle();
    }

    /// The connection is up: what waited for a gap waits no longer.
    fn settle(&mut self) {
        self.link = Link::Up;
        let waiting = self.readings.iter().filter(|(_, reading)| reading.stage == Stage::Waiting);
        let waiting = waiting.map(|(channel, _)| *channel).collect();
        self.give_up(waiting);
    }

    fn leave(&mut self, channel: ChannelId) {
        self.baselines.forget(Joined::Channel(channel));
        self.ledger.forget(channel);
        // What is said there from now on is not missed.
        if let Some(reading) = self.end(channel) {
            self.release(reading.into_parts().0);
        }
    }

    fn added(&mut self, now: Instant, target: Target, after: MessageId) {
        let channel = target.channel_id;
        if self.baselines.knows_of(Joined::Channel(channel)) {
            return;
        }
        self.baselines.set(channel, after);
        if self.settings.catch_up && !self.readings.contains_key(&channel) {
            let until = now + self.settings.within;
            self.begin(channel, Reading::new(target.clan_id, Some(after), Stage::Joining, until));
        }
        self.outputs.push_back(Output::Join(target));
    }

    fn admitted(&mut self, target: Target, result: Result<(), ClientError>) {
        let channel = target.channel_id;
        let reading = self.readings.get_mut(&channel).filter(|reading| reading.stage == Stage::Joining);
        match (result, reading) {
            (Ok(()), Some(reading)) if self.link == Link::Up => {
                (reading.stage, reading.is_urgent) = (Stage::Queued, true);
                self.urgent.push_back(channel);
            }
            (Ok(()), Some(reading)) => reading.stage = Stage::Waiting,
            (Ok(()), None) => {}
            (Err(error), _) if may_pass(&error) => self.joins.push(target),
            (Err(error), reading) => {
                self.baselines.forget(Joined::Channel(channel));
                match reading {
                    Some(reading) => {
                        reading.error = Some(error);
                        self.give_up(vec![channel]);
                    }
                    None => self.outputs.push_back(Output::Tell(error)),
                }
            }
        }
    }

    fn page(&mut self, channel: ChannelId, read: u64, messages: Vec<ChannelMessage>) {
        self.open -= 1;
        self.pause.succeeded();
        let Some(reading) = self.readings.get_mut(&channel) else { return };
        let Stage::Asked { read: own, again } = reading.stage else { return };
        let Some(after) = reading.after.filter(|_| own == read) else { return };
        let is_last = messages.len() < usize::from(PAGE) || reading.meets(&messages);
        let newest = messages.iter().map(ChannelMessage::id).max().unwrap_or(after).max(after);
        reading.after = Some(newest);
        reading.pages += 1;
        let is_made_up = reading.pages >= MAX_PAGES;
        let next = if again && self.link != Link::Up {
            Some(Stage::Waiting)
        } else if again || !(is_last || newest == after) {
            Some(Stage::Queued)
        } else {
            None
        };
        if let Some(next) = next {
            reading.stage = next;
        }
        self.ledger.has_read(channel, newest);
        for message in messages {
            // A server may include the message itself, or ignore it.
            let id = message.id();
            if id.is_none() || id > after && self.ledger.note((channel, id)) {
                self.deliver(Event::Message(message));
            }
        }
        match next {
            Some(_) if is_made_up => {
                if let Some(reading) = self.readings.get_mut(&channel) {
                    reading.error = Some(ClientError::Api(ApiErrorKind::TooManyMissed { pages: MAX_PAGES }.into()));
                }
                self.give_up(vec![channel]);
            }
            // One that has begun goes on before the next one begins.
            Some(Stage::Queued) => self.urgent.push_front(channel),
            Some(_) => {}
            None => {
                if let Some(reading) = self.end(channel) {
                    self.release(reading.into_parts().0);
                }
            }
        }
    }

    fn failed(&mut self, now: Instant, channel: ChannelId, read: u64, error: ClientError, unit: f64) {
        self.open -= 1;
        let passes = may_pass(&error);
        self.pause.failed(now, (read, self.next_read), &error, self.settings.retry, unit);
        let Some(reading) = self.readings.get_mut(&channel) else { return };
        let Stage::Asked { read: own, .. } = reading.stage else { return };
        if own != read {
            return;
        }
        reading.error = Some(error);
        match self.link {
            Link::Up if passes => {
                reading.stage = Stage::Queued;
                self.queue.push_back(channel);
            }
            Link::Up => self.give_up(vec![channel]),
            // The next gap asks again.
            Link::Down | Link::Rejoining => reading.stage = Stage::Waiting,
        }
    }

    /// Gives up what takes too long, or will.
    fn end_readings(&mut self, now: Instant) {
        let mut late = Vec::new();
        while let Some(&(end, channel)) = self.ends.front() {
            if let Some(reading) = self.readings.get(&channel).filter(|reading| reading.until == end) {
                let begins =
                    self.pause.until().filter(|_| reading.stage == Stage::Queued).map_or(now, |at| at.max(now));
                if begins < end {
                    break;
                }
                late.push(channel);
            }
            self.ends.pop_front();
        }
        self.give_up(late);
    }

    fn begin_reads(&mut self, now: Instant) {
        while self.open < self.settings.at_once && self.pause.is_over(now) {
            if self.begin_listing() {
                continue;
            }
            let Some(channel) = self.urgent.pop_front().or_else(|| self.queue.pop_front()) else { break };
            let Some(reading) = self.readings.get_mut(&channel) else { continue };
            let (Some(after), Stage::Queued) = (reading.after, reading.stage) else { continue };
            let read = self.next_read;
            reading.stage = Stage::Asked { read, again: false };
            let (clan_id, until) = (reading.clan_id, reading.until);
            self.outputs.push_back(Output::Read { clan_id, channel_id: channel, after, read, until });
            self.next_read += 1;
            self.open += 1;
        }
        if self.readings.is_empty() {
            (self.urgent, self.queue, self.ends) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
        }
    }

    fn begin(&mut self, channel: ChannelId, reading: Reading) {
        self.ledger.unsettled();
        self.ends_at(channel, reading.until);
        self.readings.insert(channel, reading);
    }

    /// Notes when the reading of a channel ends.
    fn ends_at(&mut self, channel: ChannelId, until: Instant) {
        let at = self.ends.partition_point(|(end, _)| *end <= until);
        self.ends.insert(at, (until, channel));
    }

    fn end(&mut self, channel: ChannelId) -> Option<Reading> {
        let reading = self.readings.remove(&channel)?;
        self.held_bytes -= reading.bytes();
        Some(reading)
    }

    /// Ends readings: tells what is missing, then what waited is delivered.
    fn give_up(&mut self, channels: Vec<ChannelId>) {
        let ended: Vec<_> =
            channels.into_iter().filter_map(|channel| self.end(channel).map(|reading| (channel, reading))).collect();
        let gaps: Vec<ChannelGap> = ended
            .iter()
            .filter_map(|(channel, reading)| {
                let last_seen = reading.after.map(|after| Some(after).filter(|after| !after.is_none()))?;
                Some(ChannelGap::new(reading.clan_id, *channel, last_seen))
            })
            .collect();
        if !gaps.is_empty() {
            self.deliver(Event::Gap { channels: gaps, clans: Vec::new(), complete: true });
        }
        for (channel_id, reading) in ended {
            let (held, error) = reading.into_parts();
            if let Some(error) = error {
                self.outputs.push_back(Output::Tell(ClientError::CatchUp { channel_id, source: Box::new(error) }));
            }
            self.release(held);
        }
    }

    fn release(&mut self, held: VecDeque<ChannelMessage>) {
        for message in held {
            self.pass(message);
        }
    }
}

/// Whether the same thing may succeed later. To read or to join twice does no harm.
fn may_pass(error: &ClientError) -> bool {
    matches!(error.class(), ErrorClass::Transient { .. } | ErrorClass::MaybeDone)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod walks;
