//! Random walks: whatever happens in whatever order, the promises hold.

use std::collections::{BTreeMap, BTreeSet};

use mezon_session::{ExponentialDelay, RateLimit};
use proptest::prelude::*;

use super::*;
use crate::{ConnectErrorKind, DisconnectReason};

/// Something that happens. Generations and correlation ids are relative to the newest: 0 is the current one.
#[derive(Clone, Debug)]
enum Step {
    Connected(u64),
    DialFailed(u64, u8),
    Lost(u64, u16),
    Answer { back: i32, how: u8 },
    Push(i64),
    Garbage(Vec<u8>),
    Call { how: u8, timeout: u64 },
    Notify,
    Cancel(u64),
    Hint,
    Pass(u64),
    Transmit(usize),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..3_u64).prop_map(Step::Connected),
        3 => (0..3_u64, any::<u8>()).prop_map(|(age, how)| Step::DialFailed(age, how)),
        2 => (0..3_u64, 1000..1016_u16).prop_map(|(age, code)| Step::Lost(age, code)),
        8 => (0..8_i32, any::<u8>()).prop_map(|(back, how)| Step::Answer { back, how }),
        4 => (0..5_i64).prop_map(Step::Push),
        2 => proptest::collection::vec(any::<u8>(), 0..12).prop_map(Step::Garbage),
        8 => (any::<u8>(), 0..15_000_u64).prop_map(|(how, timeout)| Step::Call { how, timeout }),
        2 => Just(Step::Notify),
        2 => (0..40_u64).prop_map(Step::Cancel),
        1 => Just(Step::Hint),
        10 => (0..20_000_u64).prop_map(Step::Pass),
        10 => (0..6_usize).prop_map(Step::Transmit),
        1 => Just(Step::Close),
    ]
}

/// What happens on a connection that lasts, so that calls get far.
fn step_while_up() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_i32, any::<u8>()).prop_map(|(back, how)| Step::Answer { back, how }),
        2 => (any::<u8>(), 5_000..15_000_u64).prop_map(|(how, timeout)| Step::Call { how, timeout }),
        1 => (0..4_u64).prop_map(Step::Cancel),
        1 => (0..1_000_u64).prop_map(Step::Pass),
        4 => (1..4_usize).prop_map(Step::Transmit),
    ]
}

/// What the world outside knows.
struct World {
    machine: Machine<u64>,
    now: Instant,
    generation: u64,
    live: BTreeSet<u64>,
    opened: BTreeSet<u64>,
    finished: BTreeMap<u64, Outcome>,
    /// How often each message left.
    transmitted: BTreeMap<i64, u32>,
    /// Messages by the correlation id that they left with on this connection.
    asked: BTreeMap<i32, i64>,
    newest_cid: i32,
    /// Messages that the server refused because their channel was not joined.
    must_join: BTreeSet<i64>,
    next: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let now = Instant::now();
        let settings = Settings {
            calls_in_flight: 8,
            retry_first: seed.is_multiple_of(2),
            detect_revision: seed.is_multiple_of(3),
            send_limit: seed.is_multiple_of(5).then_some(RateLimit::new(2, SECOND).waiting(3)),
            ..Settings::default()
        };
        let machine = Machine::new(settings, Box::new(ExponentialDelay::default()), now, seed);
        let mut world = Self {
            machine,
            now,
            generation: 0,
            live: BTreeSet::new(),
            opened: BTreeSet::new(),
            finished: BTreeMap::new(),
            transmitted: BTreeMap::new(),
            asked: BTreeMap::new(),
            newest_cid: 0,
            must_join: BTreeSet::new(),
            next: 0,
        };
        world.carry_out();
        world
    }

    fn handle(&mut self, input: Input<u64>) {
        let connected = match input {
            Input::Connected { generation } => Some(generation),
            _ => None,
        };
        self.machine.handle(self.now, input);
        if let Some(generation) = connected.filter(|generation| self.machine.live_generation() == Some(*generation)) {
            // Told twice of the same connection, the machine keeps its calls.
            if self.live.insert(generation) {
                self.asked.clear();
            }
        }
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Dial { generation, .. } => {
                    assert!(self.live.is_empty(), "a dial beside a live socket");
                    assert!(generation > self.generation);
                    self.generation = generation;
                }
                Output::Drop { generation } => {
                    self.live.remove(&generation);
                }
                Output::Finished { waiter, outcome } => {
                    assert!(self.opened.contains(&waiter));
                    if matches!(outcome, Err(CallErrorKind::NotSent { .. })) {
                        let id = i64::try_from(waiter).unwrap();
                        assert!(!self.transmitted.contains_key(&id), "{waiter} was sent: {outcome:?}");
                    }
                    assert!(self.finished.insert(waiter, outcome).is_none(), "{waiter} ended twice");
                }
                _ => {}
            }
        }
        assert!(self.live.len() <= 1);
        assert_eq!(self.live.first().copied(), self.machine.live_generation());
        assert_eq!(self.machine.deadline().is_none(), self.machine.is_stopped());
        assert!(self.machine.calls_in_flight() <= 8 + 2 + 5, "calls, a ping or two, joins");
    }

    fn transmit(&mut self) -> bool {
        let frame = self.machine.transmit();
        let Some(frame) = frame else {
            self.carry_out();
            return false;
        };
        assert!(self.machine.live_generation().is_some(), "a frame without a connection");
        let inbound = read(&frame).unwrap();
        self.newest_cid = i32::try_from(inbound.cid).unwrap();
        if let Ok(Some(send)) = inbound.message.unwrap().read::<ChannelMessageSend>() {
            // Every message of a call has the number of the call as its channel.
            let times = self.transmitted.entry(send.channel_id).or_default();
            *times += 1;
            let allowed = 1 + u32::from(self.must_join.contains(&send.channel_id));
            assert!(*times <= allowed, "message {} left {times} times", send.channel_id);
            self.asked.insert(self.newest_cid, send.channel_id);
        }
        self.carry_out();
        true
    }

    fn take(&mut self, step: Step) {
        let generation = |age: u64| self.generation.saturating_sub(age);
        match step {
            Step::Connected(age) => self.handle(Input::Connected { generation: generation(age) }),
            Step::DialFailed(age, how) => {
                let error = match how % 8 {
                    0 => ConnectErrorKind::LoginOver,
                    1 | 2 => ConnectErrorKind::Refused { status: 401, retry_after: None },
                    3 => ConnectErrorKind::NoCredentials { retry_after: Some(SECOND) },
                    _ => ConnectErrorKind::Handshake,
                };
                self.handle(Input::DialFailed { generation: generation(age), error });
            }
            Step::Lost(age, code) => {
                let reason =
                    DisconnectReason::ClosedByServer { code: (code != 1006).then_some(code), reason: String::new() };
                self.handle(Input::Lost { generation: generation(age), reason });
            }
            Step::Answer { back, how } => {
                let cid = (self.newest_cid - back).max(0);
                let asked = self.asked.remove(&cid);
                if how % 4 == 1 {
                    self.must_join.extend(asked);
                }
                let message = match how % 4 {
                    0 => ack(1),
                    1 => error(3, "Must join channel before sending messages"),
                    2 => error(3, "no"),
                    _ => channel(1),
                };
                let frame = Revision::Int32Cid.encode(&Envelope { cid, message: Some(message) });
                self.handle(Input::Received { generation: generation(0), frame });
            }
            Step::Push(channel_id) => {
                let frame = Revision::StringCid.encode(&Envelope { cid: 0, message: Some(message(channel_id, 1)) });
                self.handle(Input::Received { generation: generation(0), frame });
            }
            Step::Garbage(bytes) => {
                self.handle(Input::Received { generation: generation(0), frame: bytes.into() });
            }
            Step::Call { how, timeout } => {
                self.next += 1;
                let number = i64::try_from(self.next).unwrap();
                let message = match how % 4 {
                    0 => join(number % 5),
                    1 => envelope::Message::ChannelLeave(realtime::ChannelLeave {
                        channel_id: number % 5,
                        ..Default::default()
                    }),
                    _ => send(number),
                };
                self.opened.insert(self.next);
                let request = Request::new(&message, Revision::default());
                let timeout = Duration::from_millis(timeout);
                self.handle(Input::Call { id: CallId(self.next), request, timeout, waiter: self.next });
            }
            Step::Notify => {
                self.next += 1;
                self.opened.insert(self.next);
                let request = Request::new(&join(1), Revision::default());
                self.handle(Input::Notify { id: CallId(self.next), request, waiter: self.next });
            }
            Step::Cancel(back) => self.handle(Input::Cancel(CallId(self.next.saturating_sub(back)))),
            Step::Hint => self.handle(Input::NetworkChanged),
            Step::Pass(millis) => {
                self.now += Duration::from_millis(millis);
                self.handle(Input::Timeout);
            }
            Step::Transmit(frames) => {
                for _ in 0..frames {
                    self.transmit();
                }
            }
            Step::Close => self.handle(Input::Close),
        }
    }

    /// Closes, and lets the time pass that this may take.
    fn end(&mut self) {
        self.handle(Input::Close);
        for _ in 0..20 {
            if let Some(deadline) = self.machine.deadline() {
                self.now = self.now.max(deadline);
                self.handle(Input::Timeout);
            }
        }
        assert!(self.machine.is_stopped());
        assert!(self.live.is_empty());
        assert_eq!(self.machine.calls_in_flight(), 0);
        let finished: BTreeSet<u64> = self.finished.keys().copied().collect();
        assert_eq!(self.opened, finished, "every call ends exactly once");
        assert!(!self.transmit());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn every_walk_keeps_the_promises(seed in any::<u64>(), steps in proptest::collection::vec(step(), 0..120)) {
        let mut world = World::new(seed);
        for step in steps {
            world.take(step);
        }
        world.end();
    }

    #[test]
    fn no_message_leaves_twice_unless_the_server_wants_a_join_first(
        seed in any::<u64>(),
        steps in proptest::collection::vec(step_while_up(), 0..120),
    ) {
        let mut world = World::new(seed);
        world.take(Step::Connected(0));
        for step in steps {
            world.take(step);
        }
        world.end();
    }

    #[test]
    fn a_machine_that_is_let_alone_always_moves_on(seed in any::<u64>(), steps in proptest::collection::vec(step(), 0..60)) {
        let mut world = World::new(seed);
        for step in steps {
            world.take(step);
        }
        // Firing deadlines alone never gets stuck at one moment.
        for _ in 0..50 {
            let Some(deadline) = world.machine.deadline() else { break };
            let before = world.now;
            world.now = world.now.max(deadline);
            world.handle(Input::Timeout);
            while world.transmit() {}
            if let Some(next) = world.machine.deadline() {
                prop_assert!(next > world.now || world.now > before || next > before);
                prop_assert!(next > world.now, "a deadline that does not move on");
            }
        }
    }
}
