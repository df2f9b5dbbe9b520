//! Random walks through losses, answers, failures and time: the promises hold on each.

use std::time::Duration;

use proptest::prelude::*;

use super::tests::{Read, Rig};
use super::*;

/// Conversations, which are joined, and channels of a clan, which are not: the clan is.
const CHANNELS: [i64; 6] = [1, 2, 3, 101, 102, 103];

/// Of the clan when it was joined. No channel of it has a message after this one.
const FLOOR: i64 = 100;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// So many messages, one after the other.
    Say {
        channel: i64,
        count: u8,
    },
    Lose,
    /// The list of the clan's channels is answered.
    List,
    FailList {
        passes: bool,
    },
    /// The next step of coming back: connected, then the gap, then ready.
    Recover,
    /// A page that was asked for is answered.
    Answer {
        which: u8,
    },
    Fail {
        which: u8,
        passes: bool,
    },
    Wait {
        milliseconds: u16,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (proptest::sample::select(&CHANNELS[..]), prop_oneof![9 => 1..4u8, 1 => 90..220u8]).prop_map(|(channel, count)| Step::Say { channel, count }),
        1 => Just(Step::Lose),
        3 => Just(Step::Recover),
        5 => any::<u8>().prop_map(|which| Step::Answer { which }),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(which, passes)| Step::Fail { which, passes }),
        3 => Just(Step::List),
        1 => any::<bool>().prop_map(|passes| Step::FailList { passes }),
        2 => (0..15_000u16).prop_map(|milliseconds| Step::Wait { milliseconds }),
    ]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Ready,
    Down,
    Connected,
    Told,
}

/// A server with a few channels, and the connection to it.
struct World {
    rig: Rig,
    stage: Stage,
    generation: u64,
    next_id: i64,
    /// All messages of each channel.
    history: Vec<Vec<i64>>,
    /// The last message that the connection saw of each.
    seen: Vec<i64>,
    /// What it had seen at the first loss of which no gap was told.
    missed: Option<Vec<i64>>,
    /// How long nobody knew what was missed.
    untold: Duration,
}

impl World {
    fn new(settings: Settings) -> Self {
        let channels = CHANNELS.len();
        let mut world = Self {
            rig: Rig::new(settings),
            stage: Stage::Ready,
            generation: 1,
            next_id: FLOOR + 1,
            history: vec![Vec::new(); channels],
            seen: vec![0; channels],
            missed: None,
            untold: Duration::ZERO,
        };
        world.rig.event(Event::Ready { generation: 1 });
        world.rig.join_clan(FLOOR);
        (1..=3).for_each(|channel| world.say(channel));
        world
    }

    fn at(channel: i64) -> usize {
        CHANNELS.iter().position(|known| *known == channel).unwrap()
    }

    fn say(&mut self, channel: i64) {
        let id = self.next_id;
        self.next_id += 1;
        self.history[Self::at(channel)].push(id);
        if self.stage != Stage::Down {
            self.seen[Self::at(channel)] = id;
            self.rig.say(channel, id);
        }
    }

    fn lose(&mut self) {
        if self.stage == Stage::Down {
            return;
        }
        self.stage = Stage::Down;
        self.missed.get_or_insert_with(|| self.seen.clone());
        self.rig.lose();
    }

    fn recover(&mut self) {
        self.stage = match self.stage {
            Stage::Ready => return,
            Stage::Down => {
                self.generation += 1;
                self.rig.event(Event::Connected { generation: self.generation });
                Stage::Connected
            }
            Stage::Connected => {
                let missed = self.missed.take().unwrap_or_default();
                // Nobody knows of a channel of the clan before a message came in it.
                let channels = CHANNELS.into_iter().zip(missed).filter(|(channel, seen)| *channel < 100 || *seen != 0);
                self.rig.clan_gap(&channels.collect::<Vec<_>>());
                Stage::Told
            }
            Stage::Told => {
                self.rig.event(Event::Ready { generation: self.generation });
                Stage::Ready
            }
        };
    }

    fn take(&mut self, which: u8) -> Option<Read> {
        let at = usize::from(which) % self.rig.reads.len().max(1);
        self.rig.reads.remove(at)
    }

    fn answer(&mut self, read: Read) {
        let messages = self.history[Self::at(read.channel)].iter().copied();
        let page: Vec<i64> = messages.filter(|id| *id > read.after).take(usize::from(PAGE)).collect();
        self.rig.answer(read, page);
    }

    fn list(&mut self) {
        let newest = |channel| self.history[Self::at(channel)].last().copied().unwrap_or_default();
        let listed: Vec<_> = [101, 102, 103].map(|channel| (channel, newest(channel))).into();
        self.rig.list(&listed);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Say { channel, count } => (0..count).for_each(|_| self.say(channel)),
            Step::Lose => self.lose(),
            Step::Recover => self.recover(),
            Step::Answer { which } => {
                if let Some(read) = self.take(which) {
                    self.answer(read);
                }
            }
            Step::Fail { which, passes } => {
                if let Some(read) = self.take(which) {
                    self.rig.fail(read, failure(passes));
                }
            }
            Step::List if !self.rig.lists.is_empty() => self.list(),
            Step::FailList { passes } if !self.rig.lists.is_empty() => {
                self.rig.listed(Err(ClientError::Api(failure(passes).into())));
            }
            Step::List | Step::FailList { .. } => {}
            Step::Wait { milliseconds } => {
                let time = Duration::from_millis(milliseconds.into());
                if self.missed.is_some() {
                    self.untold += time;
                }
                self.rig.wait(time);
            }
        }
    }

    /// Comes back for good and answers everything.
    fn settle(&mut self) {
        while self.stage != Stage::Ready {
            self.recover();
        }
        for _ in 0..10_000 {
            if !self.rig.lists.is_empty() {
                self.list();
            }
            match self.take(0) {
                Some(read) => self.answer(read),
                None if self.rig.machine.is_idle() => return,
                None => self.rig.wait(Duration::from_secs(1)),
            }
        }
        panic!("it never comes to rest");
    }

    fn check(&self, in_order: bool) {
        for channel in CHANNELS {
            let mut delivered = self.rig.ids(channel);
            if in_order {
                assert!(delivered.is_sorted(), "in order: {delivered:?}");
            }
            delivered.sort_unstable();
            assert!(delivered.is_sorted_by(|a, b| a < b), "once: {delivered:?}");
            let gaps = self.rig.gaps(channel);
            let is_clan_told = channel > 100 && self.rig.clan_gaps() > 0;
            for id in &self.history[Self::at(channel)] {
                let is_told = || gaps.iter().any(|after| after < id);
                assert!(
                    delivered.binary_search(id).is_ok() || is_told() || is_clan_told,
                    "{id} is lost without a word"
                );
            }
        }
    }
}

fn failure(passes: bool) -> ApiErrorKind {
    if passes {
        ApiErrorKind::Intercepted { status: http::StatusCode::BAD_GATEWAY, retry_after: None }
    } else {
        ApiErrorKind::NotRefreshable
    }
}

fn settings() -> impl Strategy<Value = Settings> {
    (1..4usize, prop_oneof![Just(2usize), Just(1_024)]).prop_map(|(at_once, held_messages)| Settings {
        at_once,
        held_messages,
        ..Settings::default()
    })
}

proptest! {
    #[test]
    fn every_walk_delivers_each_message_once_and_in_order_or_tells(
        settings in settings(),
        steps in proptest::collection::vec(step(), 0..80),
    ) {
        let mut world = World::new(settings);
        for step in steps {
            world.step(step);
            prop_assert!(world.rig.machine.open <= settings.at_once);
            prop_assert!(world.rig.machine.held_bytes <= settings.held_bytes);
        }
        world.settle();
        // Where little may wait, or nothing for so long, live messages overtake the history rather than be lost.
        world.check(settings.held_messages > 2 && world.untold < settings.within);
        prop_assert_eq!(world.rig.machine.deadline(), None);
        prop_assert_eq!(world.rig.machine.held_bytes, 0);
    }
}
