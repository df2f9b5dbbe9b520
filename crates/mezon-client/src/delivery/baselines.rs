//! Where the history of a channel or a clan begins that was joined and in which no message was seen yet.

use std::collections::{HashMap, VecDeque};

use mezon_model::{ChannelId, ChannelType, ClanId, MessageId, Target};

use super::settings::LOOKUPS;

/// What was joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Joined {
    Channel(ChannelId),
    /// A clan with all of its channels.
    Clan(ClanId),
}

impl Joined {
    fn of(target: &Target) -> Self {
        if target.channel_id.is_none() { Self::Clan(target.clan_id) } else { Self::Channel(target.channel_id) }
    }

    /// A clan as what is joined.
    pub(crate) const fn clan(clan_id: ClanId) -> Target {
        Target { clan_id, channel_id: ChannelId::new(0), channel_type: ChannelType::Channel, is_public: true }
    }
}

/// The newest message of each channel and clan when it was joined, on one connection: where to read on from when the connection is
/// lost before any message was seen.
///
/// A baseline that is too new hides what was lost, so one is noted only on a connection that stays ready meanwhile and that
/// is proved to be alive afterwards: what was sent on it until then has come in. Without a baseline a gap stays a gap, and
/// the application is told.
#[derive(Debug, Default)]
pub(super) struct Baselines {
    known: HashMap<Joined, Baseline>,
    wanted: VecDeque<Joined>,
    /// The connection that is ready.
    ready: Option<u64>,
    /// Lookups that have begun.
    open: usize,
    next: u64,
}

/// One attempt to find a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lookup {
    /// The channel; a clan has the channel 0.
    pub(crate) target: Target,
    /// The connection on which it counts.
    pub(crate) generation: u64,
    number: u64,
}

/// The newest message of a channel, or of all channels of a clan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Newest {
    /// There is none.
    Empty,
    Message(MessageId),
    /// It could not be looked up.
    Unknown,
}

#[derive(Debug)]
enum Baseline {
    Wanted(Target),
    /// The newest message, once it is known, counts when the connection is proved to be alive.
    LookedUp(Lookup, Option<MessageId>),
    /// 0: there was no message.
    Known(MessageId),
}

impl Baselines {
    /// A channel or a clan was joined. One that was joined before keeps its baseline.
    pub(super) fn joined(&mut self, target: Target) {
        let (wanted, joined) = (&mut self.wanted, Joined::of(&target));
        self.known.entry(joined).or_insert_with(|| {
            wanted.push_back(joined);
            Baseline::Wanted(target)
        });
    }

    /// The baseline of a channel that is joined now. One that was joined before keeps its own.
    pub(super) fn set(&mut self, channel: ChannelId, newest: MessageId) {
        self.known.entry(Joined::Channel(channel)).or_insert(Baseline::Known(newest));
    }

    pub(super) fn forget(&mut self, joined: Joined) {
        self.known.remove(&joined);
    }

    /// Whether it was joined.
    pub(super) fn knows_of(&self, joined: Joined) -> bool {
        self.known.contains_key(&joined)
    }

    pub(super) fn of(&self, joined: Joined) -> Option<MessageId> {
        match self.known.get(&joined)? {
            Baseline::Known(newest) => Some(*newest),
            Baseline::Wanted(_) | Baseline::LookedUp(..) => None,
        }
    }

    /// Whether nothing is looked up and nothing waits for it.
    pub(super) fn is_idle(&self) -> bool {
        self.open == 0 && (self.wanted.is_empty() || self.ready.is_none())
    }

    pub(super) fn connection_ready(&mut self, generation: u64) {
        self.ready = Some(generation);
    }

    pub(super) fn connection_lost(&mut self) {
        self.ready = None;
    }

    /// The next newest message to ask for.
    pub(super) fn begin(&mut self) -> Option<Lookup> {
        let generation = self.ready.filter(|_| self.open < LOOKUPS)?;
        loop {
            let joined = self.wanted.pop_front()?;
            let Some(baseline) = self.known.get_mut(&joined) else { continue };
            let Baseline::Wanted(target) = *baseline else { continue };
            let lookup = Lookup { target, generation, number: self.next };
            *baseline = Baseline::LookedUp(lookup, None);
            self.next += 1;
            self.open += 1;
            return Some(lookup);
        }
    }

    /// A lookup was answered. Whether its connection has to be proved alive now.
    pub(super) fn newest(&mut self, lookup: Lookup, newest: Newest) -> bool {
        let joined = Joined::of(&lookup.target);
        let newest = match newest {
            // Where nothing is known of any channel, nothing says that there was no message.
            Newest::Empty if matches!(joined, Joined::Clan(_)) => None,
            Newest::Empty => Some(MessageId::default()),
            // A newest message without an id is no place to read on from.
            Newest::Message(id) => Some(id).filter(|id| !id.is_none()),
            Newest::Unknown => None,
        };
        match (self.known.get_mut(&joined), newest) {
            (Some(Baseline::LookedUp(own, found)), Some(newest)) if *own == lookup => {
                *found = Some(newest);
                return true;
            }
            // The next join tries again.
            (Some(Baseline::LookedUp(own, _)), None) if *own == lookup => self.forget(joined),
            _ => {}
        }
        self.open -= 1;
        false
    }

    /// Whether the connection of a lookup was alive after the newest message was found.
    pub(super) fn proved(&mut self, lookup: Lookup, alive: bool) {
        self.open -= 1;
        let joined = Joined::of(&lookup.target);
        let Some(baseline @ &mut Baseline::LookedUp(own, found)) = self.known.get_mut(&joined) else { return };
        if own != lookup {
            return;
        }
        if let Some(newest) = found.filter(|_| alive && self.ready == Some(lookup.generation)) {
            *baseline = Baseline::Known(newest);
        } else {
            // The application is told of the gap that opened meanwhile. The next connection has a baseline.
            *baseline = Baseline::Wanted(lookup.target);
            self.wanted.push_back(joined);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(baselines: &mut Baselines, channel: i64) {
        baselines.joined(Target::direct(ChannelId::new(channel)));
    }

    fn of(baselines: &Baselines, channel: i64) -> Option<i64> {
        baselines.of(Joined::Channel(ChannelId::new(channel))).map(MessageId::get)
    }

    /// In channel 7, on a connection that is ready.
    fn joined() -> (Baselines, Lookup) {
        let mut baselines = Baselines::default();
        join(&mut baselines, 7);
        assert_eq!(baselines.begin(), None, "there is no connection");
        baselines.connection_ready(1);
        let lookup = baselines.begin().unwrap();
        (baselines, lookup)
    }

    #[test]
    fn a_connection_that_is_lost_meanwhile_gives_no_baseline() {
        let (mut baselines, lookup) = joined();
        assert!(baselines.newest(lookup, Newest::Message(MessageId::new(5))));
        baselines.connection_lost();
        baselines.proved(lookup, true);
        assert_eq!((of(&baselines, 7), baselines.begin()), (None, None));
        baselines.connection_ready(2);
        let lookup = baselines.begin().unwrap();
        assert!(baselines.newest(lookup, Newest::Message(MessageId::new(6))));
        baselines.proved(lookup, true);
        assert_eq!(of(&baselines, 7), Some(6), "the gap before is told by now");
    }

    /// When a link dies unnoticed, the history knows what will never come on it.
    #[test]
    fn a_baseline_counts_once_the_connection_is_proved_to_be_alive() {
        let (mut baselines, lookup) = joined();
        assert!(baselines.newest(lookup, Newest::Message(MessageId::new(5))));
        assert_eq!(of(&baselines, 7), None, "not proved yet");
        baselines.proved(lookup, false);
        assert_eq!(of(&baselines, 7), None);
        let lookup = baselines.begin().unwrap();
        assert!(baselines.newest(lookup, Newest::Empty));
        baselines.proved(lookup, true);
        assert_eq!(of(&baselines, 7), Some(0), "an empty channel is read from its beginning");
        assert!(baselines.is_idle());
    }

    #[test]
    fn a_newest_message_without_an_id_is_no_baseline() {
        let (mut baselines, lookup) = joined();
        assert!(!baselines.newest(lookup, Newest::Message(MessageId::default())));
        assert_eq!(of(&baselines, 7), None);
    }

    #[test]
    fn a_clan_in_which_no_message_is_known_has_no_baseline() {
        let clan = ClanId::new(9);
        let mut baselines = Baselines::default();
        baselines.connection_ready(1);
        baselines.joined(Joined::clan(clan));
        let lookup = baselines.begin().unwrap();
        assert_eq!((lookup.target.clan_id, lookup.target.channel_id), (clan, ChannelId::default()));
        assert!(!baselines.newest(lookup, Newest::Empty));
        assert_eq!(baselines.of(Joined::Clan(clan)), None);
        baselines.joined(Joined::clan(clan));
        let lookup = baselines.begin().unwrap();
        assert!(baselines.newest(lookup, Newest::Message(MessageId::new(5))));
        baselines.proved(lookup, true);
        assert_eq!(baselines.of(Joined::Clan(clan)), Some(MessageId::new(5)));
    }

    #[test]
    fn a_later_join_does_not_replace_a_baseline() {
        let (mut baselines, lookup) = joined();
        assert!(baselines.newest(lookup, Newest::Message(MessageId::new(5))));
        baselines.proved(lookup, true);
        join(&mut baselines, 7);
        baselines.set(ChannelId::new(7), MessageId::new(9));
        assert_eq!((of(&baselines, 7), baselines.begin()), (Some(5), None));
    }

    #[test]
    fn an_answer_from_before_the_channel_was_left_says_nothing_about_it() {
        let (mut baselines, old) = joined();
        assert!(baselines.newest(old, Newest::Message(MessageId::new(3))));
        baselines.forget(Joined::Channel(ChannelId::new(7)));
        join(&mut baselines, 7);
        let new = baselines.begin().unwrap();
        baselines.proved(old, true);
        assert_eq!(of(&baselines, 7), None);
        assert!(baselines.newest(new, Newest::Message(MessageId::new(5))));
        baselines.proved(new, true);
        assert_eq!(of(&baselines, 7), Some(5));
    }

    #[test]
    fn a_newest_message_that_was_asked_for_before_the_channel_was_left_is_not_taken() {
        for answer in [Newest::Message(MessageId::new(3)), Newest::Unknown] {
            let (mut baselines, old) = joined();
            baselines.forget(Joined::Channel(ChannelId::new(7)));
            join(&mut baselines, 7);
            let new = baselines.begin().unwrap();
            assert!(!baselines.newest(old, answer), "there is nothing to prove");
            assert!(baselines.newest(new, Newest::Message(MessageId::new(5))), "the channel is still looked up");
            baselines.proved(new, true);
            assert_eq!(of(&baselines, 7), Some(5));
        }
    }

    #[test]
    fn lookups_that_fail_make_room_for_others() {
        let mut baselines = Baselines::default();
        baselines.connection_ready(1);
        (1..=50).for_each(|channel| join(&mut baselines, channel));
        for _ in 0..50 {
            let lookup = baselines.begin().unwrap();
            assert!(!baselines.newest(lookup, Newest::Unknown));
        }
        assert!(baselines.is_idle());
    }

    #[test]
    fn many_joins_ask_for_a_few_at_a_time() {
        let mut baselines = Baselines::default();
        baselines.connection_ready(1);
        (1..=200).for_each(|channel| join(&mut baselines, channel));
        let mut open: VecDeque<Lookup> = std::iter::from_fn(|| baselines.begin()).collect();
        for _ in 0..200 {
            assert!(open.len() <= LOOKUPS);
            let lookup = open.pop_front().unwrap();
            assert!(baselines.newest(lookup, Newest::Message(MessageId::new(1))));
            baselines.proved(lookup, true);
            open.extend(std::iter::from_fn(|| baselines.begin()));
        }
        assert!((1..=200).all(|channel| of(&baselines, channel) == Some(1)));
    }
}
