//! A machine that is driven by hand.

use std::time::Duration;

use mezon_model::{MessageCode, MessageParts};
use mezon_realtime::DisconnectReason;

use super::super::*;
use crate::delivery::baselines::{Lookup, Newest};

/// A machine, and what it said so far.
pub(crate) struct Rig {
    pub(crate) machine: Machine,
    pub(crate) now: Instant,
    pub(crate) delivered: Vec<Event>,
    pub(crate) reads: VecDeque<Read>,
    /// Clans whose channels are asked for, with the number of the request.
    pub(crate) lists: VecDeque<(ClanId, u64)>,
    pub(crate) lookups: VecDeque<Lookup>,
    pub(crate) told: Vec<ClientError>,
    pub(crate) joins: Vec<Target>,
}

/// A page that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) channel: i64,
    pub(crate) after: i64,
    pub(crate) number: u64,
}

impl Rig {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            machine: Machine::new(settings, None),
            now: Instant::now(),
            delivered: Vec::new(),
            reads: VecDeque::new(),
            lists: VecDeque::new(),
            lookups: VecDeque::new(),
            told: Vec::new(),
            joins: Vec::new(),
        }
    }

    /// Connected again after a loss before which `last_seen` was seen in each of these channels.
    pub(crate) fn back(settings: Settings, channels: &[(i64, i64)]) -> Self {
        let mut rig = Self::new(settings);
        rig.lose();
        rig.event(Event::Connected { generation: 2 });
        rig.gap(channels, true);
        rig.event(Event::Ready { generation: 2 });
        rig
    }

    pub(crate) fn handle(&mut self, input: Input) {
        self.machine.handle(self.now, input);
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Deliver(event) => self.delivered.push(event),
                Output::Tell(error) => self.told.push(error),
                Output::Read { channel_id, after, read, .. } => {
                    self.reads.push_back(Read { channel: channel_id.get(), after: after.get(), number: read });
                }
                Output::List { clan_id, list, .. } => self.lists.push_back((clan_id, list)),
                Output::Join(target) => self.joins.push(target),
                Output::LookUp(lookup) => self.lookups.push_back(lookup),
                Output::Prove(_) => {}
            }
        }
    }

    /// In a clan, whose newest message is this one.
    pub(crate) fn join_clan(&mut self, newest: i64) {
        self.handle(Input::Joined(Joined::clan(CLAN)));
        self.look_up_clan(newest);
    }

    /// The newest message of the clan is looked up, and is this one.
    pub(crate) fn look_up_clan(&mut self, newest: i64) {
        let lookup = self.lookups.pop_front().expect("the newest message is looked up");
        assert_eq!((lookup.target.clan_id, lookup.target.channel_id), (CLAN, ChannelId::default()));
        self.handle(Input::Newest { lookup, newest: Newest::Message(MessageId::new(newest)) });
        self.handle(Input::Proved { lookup, alive: true });
    }

    /// The clan has these channels with their newest messages, 0 if the server does not say.
    pub(crate) fn list(&mut self, channels: &[(i64, i64)]) {
        let listed = |&(channel, newest)| Listed { channel_id: ChannelId::new(channel), newest: known(newest) };
        self.listed(Ok(channels.iter().map(listed).collect()));
    }

    pub(crate) fn listed(&mut self, result: Result<Vec<Listed>, ClientError>) {
        let (clan_id, list) = self.lists.pop_front().expect("the channels are asked for");
        self.handle(Input::Listed { clan_id, list, result, unit: 0.5 });
    }

    /// As [`Rig::gap`], in the clan too.
    pub(crate) fn clan_gap(&mut self, channels: &[(i64, i64)]) {
        self.event(Event::Gap { channels: gaps_of(channels), clans: vec![CLAN], complete: false });
    }

    /// How often the clan was told as a gap.
    pub(crate) fn clan_gaps(&self) -> usize {
        let is_one = |event: &&Event| matches!(event, Event::Gap { clans, complete: false, .. } if *clans == [CLAN]);
        self.delivered.iter().filter(is_one).count()
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.handle(Input::Event(event));
    }

    pub(crate) fn lose(&mut self) {
        let retry_in = Duration::from_secs(1);
        self.event(Event::Disconnected { reason: DisconnectReason::Broken, retry_in });
    }

    pub(crate) fn gap(&mut self, channels: &[(i64, i64)], complete: bool) {
        self.event(Event::Gap { channels: gaps_of(channels), clans: Vec::new(), complete });
    }

    pub(crate) fn say(&mut self, channel: i64, id: i64) {
        self.event(Event::Message(message(channel, id)));
    }

    pub(crate) fn answer(&mut self, read: Read, ids: impl IntoIterator<Item = i64>) {
        let messages = ids.into_iter().map(|id| message(read.channel, id)).collect();
        self.handle(Input::Page { channel_id: ChannelId::new(read.channel), read: read.number, messages });
    }

    pub(crate) fn fail(&mut self, read: Read, error: ApiErrorKind) {
        let error = ClientError::Api(error.into());
        self.handle(Input::Failed { channel_id: ChannelId::new(read.channel), read: read.number, error, unit: 0.5 });
    }

    /// Lets time pass, and the machine have what it wants meanwhile.
    pub(crate) fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self.machine.deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.handle(Input::Tick);
            assert!(self.machine.deadline() != Some(deadline), "it asks for a time that is over");
        }
        self.now = end;
        self.handle(Input::Tick);
    }

    pub(crate) fn next_read(&mut self) -> Read {
        self.reads.pop_front().expect("a page is asked for")
    }

    /// The ids of the messages of a channel that were delivered.
    pub(crate) fn ids(&self, channel: i64) -> Vec<i64> {
        let messages = self.delivered.iter().filter_map(|event| match event {
            Event::Message(message) => Some(message),
            _ => None,
        });
        messages.filter(|message| message.channel_id().get() == channel).map(|message| message.id().get()).collect()
    }

    /// Where the gaps that were told of a channel begin, 0 if nobody knows.
    pub(crate) fn gaps(&self, channel: i64) -> Vec<i64> {
        let gaps = self.delivered.iter().filter_map(|event| match event {
            Event::Gap { channels, .. } => Some(channels),
            _ => None,
        });
        gaps.flatten()
            .filter(|gap| gap.channel_id.get() == channel)
            .map(|gap| gap.last_seen.map_or(0, MessageId::get))
            .collect()
    }
}

pub(crate) fn gaps_of(channels: &[(i64, i64)]) -> Vec<ChannelGap> {
    let gap = |&(channel, last_seen)| ChannelGap::new(clan_of(channel), ChannelId::new(channel), known(last_seen));
    channels.iter().map(gap).collect()
}

/// The clan of the channels from 100 on; the others are conversations.
pub(crate) const CLAN: ClanId = ClanId::new(9);

pub(crate) fn clan_of(channel: i64) -> ClanId {
    if channel < 100 { ClanId::DIRECT } else { CLAN }
}

pub(crate) fn known(id: i64) -> Option<MessageId> {
    Some(MessageId::new(id)).filter(|id| !id.is_none())
}

pub(crate) fn message(channel: i64, id: i64) -> ChannelMessage {
    coded(channel, id, MessageCode::Chat)
}

pub(crate) fn coded(channel: i64, id: i64, code: MessageCode) -> ChannelMessage {
    let mut parts = MessageParts::default();
    (parts.channel_id, parts.message_id, parts.code) = (ChannelId::new(channel), MessageId::new(id), code);
    parts.clan_id = clan_of(channel);
    parts.into()
}

pub(crate) fn unavailable() -> ApiErrorKind {
    ApiErrorKind::Intercepted { status: http::StatusCode::SERVICE_UNAVAILABLE, retry_after: None }
}

pub(crate) fn refused() -> ApiErrorKind {
    ApiErrorKind::TooManyMissed { pages: 1 }
}
