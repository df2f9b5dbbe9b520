//! The machine, step by step, on a clock that stands still until it is moved.

mod attempts;
mod calling;
mod closing;
mod copies;
mod limits;
mod odd;
mod reconnecting;
mod walks;

use std::time::{Duration, Instant};

use bytes::Bytes;
use mezon_model::MessageAck;
use mezon_proto::api;
use mezon_proto::realtime::{
    self, ChannelJoin, ChannelMessageAck, ChannelMessageSend, Envelope, MessageTypingEvent, Pong, envelope,
};
use mezon_proto::wire::{ERROR_FIELD, RawMessage, Revision, read};
use mezon_session::DelayPolicy;

use super::{CallId, Input, Machine, Outcome, Output, Reply, Request, Settings};
use crate::{CallErrorKind, ConnectionState, Event, MaybeSent, NotSent, ServerError};

const SECOND: Duration = Duration::from_secs(1);

/// Always one second, so that tests need not compute.
struct OneSecond;

impl DelayPolicy for OneSecond {
    fn next_delay(&mut self, _unit: f64) -> Duration {
        SECOND
    }

    fn reset(&mut self) {}
}

/// A machine, its clock, and what came out of it.
struct Rig {
    machine: Machine<u64>,
    now: Instant,
    dials: Vec<(u64, bool)>,
    drops: Vec<u64>,
    /// How many attempts had failed at each wait.
    waits: Vec<u32>,
    closes: Vec<u16>,
    finished: Vec<(u64, Outcome)>,
    events: Vec<Event>,
    /// What was handed to the socket.
    sent: Vec<Envelope>,
    /// In which revision the last of it was written.
    revision: Option<Revision>,
    credentials: usize,
    calls: u64,
}

impl Rig {
    fn new(settings: Settings) -> Self {
        Self::with_delays(settings, Box::new(OneSecond))
    }

    fn with_delays(settings: Settings, delays: Box<dyn DelayPolicy>) -> Self {
        let now = Instant::now();
        let mut rig = Self {
            machine: Machine::new(settings, delays, now, 7),
            now,
            dials: Vec::new(),
            drops: Vec::new(),
            waits: Vec::new(),
            closes: Vec::new(),
            finished: Vec::new(),
            events: Vec::new(),
            sent: Vec::new(),
            revision: None,
            credentials: 0,
            calls: 0,
        };
        rig.drain();
        rig
    }

    /// Up and ready, with what led there forgotten.
    fn up() -> Self {
        let mut rig = Self::new(Settings::default());
        rig.connect();
        rig.events.clear();
        rig
    }

    fn handle(&mut self, input: Input<u64>) {
        self.machine.handle(self.now, input);
        self.drain();
    }

    /// As `handle`, with a socket that takes no frames.
    fn handle_blocked(&mut self, input: Input<u64>) {
        self.machine.handle(self.now, input);
        self.carry_out();
    }

    fn drain(&mut self) {
        self.carry_out();
        while let Some(frame) = self.machine.transmit() {
            let inbound = read(&frame).unwrap();
            self.revision = inbound.revision;
            let message = inbound.message.and_then(|raw| raw.decode().unwrap());
            self.sent.push(Envelope { cid: i32::try_from(inbound.cid).unwrap(), message });
        }
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Dial { generation, check_login } => self.dials.push((generation, check_login)),
                Output::Drop { generation } => self.drops.push(generation),
                Output::Close { code, .. } => self.closes.push(code),
                Output::Finished { waiter, outcome } => self.finished.push((waiter, outcome)),
                Output::Event(event) => self.events.push(event),
                Output::Credentials(_) => self.credentials += 1,
                Output::State(ConnectionState::Waiting { failed, .. }) => self.waits.push(failed),
                Output::State(_) => {}
            }
        }
    }

    fn generation(&self) -> u64 {
        self.dials.last().unwrap().0
    }

    fn connect(&mut self) {
        let generation = self.generation();
        self.handle(Input::Connected { generation });
    }

    fn lose(&mut self) {
        let (generation, reason) = (self.generation(), crate::DisconnectReason::Broken);
        self.handle(Input::Lost { generation, reason });
    }

    /// Moves the clock and fires every deadline on the way. With `alive`, the server answers every ping.
    fn pass(&mut self, time: Duration, alive: bool) {
        let end = self.now + time;
        while let Some(deadline) = self.machine.deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.handle(Input::Timeout);
            if alive {
                self.pong();
            }
        }
        self.now = end;
    }

    /// Answers all pings that were sent.
    fn pong(&mut self) {
        let is_ping = |envelope: &Envelope| matches!(envelope.message, Some(envelope::Message::Ping(_)));
        let pings: Vec<i32> = self.sent.iter().filter(|sent| is_ping(sent)).map(|sent| sent.cid).collect();
        self.sent.retain(|sent| !is_ping(sent));
        for cid in pings {
            self.answer(cid, envelope::Message::Pong(Pong {}));
        }
    }

    fn receive(&mut self, frame: Bytes) {
        let generation = self.generation();
        self.handle(Input::Received { generation, frame });
    }

    fn answer(&mut self, cid: i32, message: envelope::Message) {
        self.receive(Revision::Int32Cid.encode(&Envelope { cid, message: Some(message) }));
    }

    fn push(&mut self, message: envelope::Message) {
        self.answer(0, message);
    }

    fn call_input(&mut self, message: &envelope::Message, timeout: Duration) -> Input<u64> {
        self.calls += 1;
        let request = Request::new(message, Revision::default());
        Input::Call { id: CallId(self.calls), request, timeout, waiter: self.calls }
    }

    /// Makes a call; gives back its number.
    fn call(&mut self, message: &envelope::Message) -> u64 {
        let input = self.call_input(message, 10 * SECOND);
        self.handle(input);
        self.calls
    }

    fn join(&mut self, channel_id: i64) {
        self.call(&join(channel_id));
        let cid = self.last_sent().cid;
        self.answer(cid, channel(channel_id));
    }

    fn last_sent(&self) -> &Envelope {
        self.sent.last().unwrap()
    }

    /// How the call ended; it must have, and only once.
    fn outcome(&self, call: u64) -> &Outcome {
        let mut ends = self.finished.iter().filter(|(waiter, _)| *waiter == call);
        let (_, outcome) = ends.next().expect("the call has not ended");
        assert!(ends.next().is_none(), "the call ended twice");
        outcome
    }

    fn is_open(&self, call: u64) -> bool {
        !self.finished.iter().any(|(waiter, _)| *waiter == call)
    }

    fn event_names(&self) -> Vec<&'static str> {
        self.events.iter().map(Event::name).collect()
    }
}

fn send(channel_id: i64) -> envelope::Message {
    let content = r#"{"t":"hi"}"#.to_owned();
    envelope::Message::ChannelMessageSend(ChannelMessageSend { channel_id, content, mode: 4, ..Default::default() })
}

fn join(channel_id: i64) -> envelope::Message {
    envelope::Message::ChannelJoin(ChannelJoin { channel_id, channel_type: 3, ..ChannelJoin::default() })
}

fn channel(id: i64) -> envelope::Message {
    envelope::Message::Channel(realtime::Channel { id, ..Default::default() })
}

fn ack(message_id: i64) -> envelope::Message {
    envelope::Message::ChannelMessageAck(ChannelMessageAck { message_id, ..Default::default() })
}

fn acknowledged(message_id: i64) -> MessageAck {
    ChannelMessageAck { message_id, ..Default::default() }.into()
}

fn error(code: i32, message: &str) -> envelope::Message {
    envelope::Message::Error(realtime::Error { code, message: message.to_owned(), ..Default::default() })
}

fn message(channel_id: i64, message_id: i64) -> envelope::Message {
    envelope::Message::ChannelMessage(api::ChannelMessage { channel_id, message_id, ..Default::default() })
}

fn not_sent(reason: NotSent) -> Outcome {
    Err(CallErrorKind::NotSent { reason })
}

fn maybe_sent(reason: MaybeSent) -> Outcome {
    Err(CallErrorKind::MaybeSent { reason })
}

fn rejected(code: i32, message: &str) -> Outcome {
    Err(CallErrorKind::Rejected { code, message: message.to_owned() })
}

#[test]
fn the_first_input_is_a_dial_and_the_first_events_are_connected_and_ready() {
    let mut rig = Rig::new(Settings::default());
    assert_eq!(rig.dials, [(1, false)]);
    rig.connect();
    assert_eq!(rig.event_names(), ["connected", "ready"]);
    assert!(rig.sent.is_empty(), "nothing is sent unasked");
}

#[test]
fn pushes_are_events_in_order_and_what_is_unknown_is_a_value() {
    let mut rig = Rig::up();
    rig.push(message(1, 10));
    rig.push(envelope::Message::MessageTypingEvent(MessageTypingEvent::default()));
    rig.push(envelope::Message::MessageReactionEvent(api::MessageReaction::default()));
    rig.push(envelope::Message::ChannelPresenceEvent(realtime::ChannelPresenceEvent::default()));
    rig.push(error(7, "push"));
    rig.push(envelope::Message::LastSeenMessageEvent(realtime::LastSeenMessageEvent::default()));
    // Field 1000, which no revision knows, as a message and as a number; a channel message whose body is broken, and one
    // that is a number.
    rig.receive(Bytes::from_static(&[0xc2, 0x3e, 0x01, 0x07]));
    rig.receive(Bytes::from_static(&[0xc0, 0x3e, 0x07]));
    rig.receive(Bytes::from_static(&[0x32, 0x02, 0x0a, 0x09]));
    rig.receive(Bytes::from_static(&[0x30, 0x09]));
    let names = rig.event_names();
    assert_eq!(names[..5], ["message", "push", "push", "push", "server error"]);
    assert_eq!(names[5..], ["push", "push", "push", "undecodable", "undecodable"]);
    let Event::Push(seen) = &rig.events[5] else { panic!() };
    assert_eq!(seen.read::<realtime::LastSeenMessageEvent>(), Ok(Some(realtime::LastSeenMessageEvent::default())));
    assert_eq!(seen.read::<MessageTypingEvent>(), Ok(None));
    for at in [6, 7] {
        let Event::Push(raw) = &rig.events[at] else { panic!() };
        assert_eq!((raw.field, raw.body.as_ref(), raw.decode()), (1000, [0x07].as_slice(), Ok(None)));
    }
    for at in [8, 9] {
        assert!(matches!(&rig.events[at], Event::Undecodable { raw, .. } if raw.field == 6));
    }
    assert_eq!(rig.machine.counters().undecodable, 2);
}

#[test]
fn an_envelope_that_is_not_ordinary_is_read_all_the_same() {
    let mut rig = Rig::up();
    // Padding; a text as correlation id; another message before it; a field of a newer server on either side.
    let unknown = [0xc2, 0x3e, 0x01, 0x07];
    let around: [[&[u8]; 2]; 5] =
        [[&[], &[0, 0]], [&[0x0a, 0x00], &[]], [&[0xb2, 0x01, 0x00], &[]], [&unknown, &[]], [&[], &unknown]];
    for ([before, behind], id) in around.into_iter().zip(10..) {
        let push = Revision::Int32Cid.encode(&Envelope { cid: 0, message: Some(message(1, id)) });
        rig.receive([before, &push, behind].concat().into());
    }
    assert_eq!(rig.event_names(), ["message"; 5]);
    // A frame that is none is told as it came.
    rig.receive(Bytes::from_static(&[0x0c]));
    assert!(matches!(&rig.events[5], Event::Undecodable { raw, .. } if raw.field == 0 && raw.body[..] == [0x0c]));
}

#[test]
fn credentials_that_cannot_be_read_are_not_shown() {
    let mut rig = Rig::up();
    // refresh_session_event with a token that is longer than the rest of the message.
    rig.receive([&[0x82, 0x06, 0x0f, 0x12, 0x0e], b"canary-canary".as_slice()].concat().into());
    assert!(matches!(&rig.events[0], Event::Undecodable { raw, .. } if raw.field == 96));
    assert!(!format!("{:?}", rig.events).contains("canary"));
}

#[test]
fn pushed_credentials_go_to_the_token_source_and_show_no_token() {
    let mut rig = Rig::up();
    let session = api::Session { token: "canary-token".to_owned(), ..Default::default() };
    rig.push(envelope::Message::RefreshSessionEvent(session));
    assert_eq!((rig.credentials, rig.events.len()), (1, 0));
    rig.handle(Input::CredentialsStored);
    assert_eq!(rig.event_names(), ["session refreshed"]);
    assert!(!format!("{:?}", rig.events).contains("canary"));
}

#[test]
fn one_unreadable_frame_costs_nothing_and_a_hundred_in_a_row_the_connection() {
    let mut rig = Rig::up();
    let garbage = Bytes::from_static(&[0xff, 0x01]);
    for _ in 0..99 {
        rig.receive(garbage.clone());
    }
    rig.push(message(1, 1));
    for _ in 0..99 {
        rig.receive(garbage.clone());
    }
    assert!(rig.drops.is_empty());
    rig.receive(garbage);
    assert_eq!(rig.drops, [1]);
    let reason = crate::DisconnectReason::Undecodable;
    assert!(matches!(rig.events.last(), Some(Event::Disconnected { reason: r, .. }) if *r == reason));
    assert_eq!(rig.machine.counters().undecodable, 199);
}

#[test]
fn a_push_over_the_limit_is_told_and_not_kept_and_an_answer_may_be_larger() {
    let mut rig = Rig::up();
    let large = || vec![7; (1 << 20) + 1];
    let typing = MessageTypingEvent { sender_display_name: "x".repeat(1 << 20), ..Default::default() };
    rig.push(envelope::Message::MessageTypingEvent(typing));
    let unknown = |cid: &[u8]| {
        let mut frame = cid.to_vec();
        prost::encoding::bytes::encode(1_000, &large(), &mut frame);
        frame
    };
    rig.receive(unknown(&[]).into());
    // No envelope at all.
    rig.receive(vec![0x0c; (1 << 20) + 1].into());
    assert_eq!(rig.event_names(), ["undecodable"; 3]);
    for event in &rig.events {
        assert!(matches!(event, Event::Undecodable { raw, .. } if raw.body.is_empty()));
    }
    let call = rig.call(&join(1));
    rig.receive(unknown(&[0x08, 0x01]).into());
    assert!(matches!(rig.outcome(call), Ok(Reply::Message(raw)) if raw.body.len() == large().len()));
}

/// An empty element takes two bytes on the wire and some hundred in memory.
#[test]
fn a_list_of_empty_elements_is_not_decoded() {
    let with_context = |count: usize| {
        let mut frame = Vec::new();
        prost::encoding::bytes::encode(ERROR_FIELD, &[0x1a, 0x00].repeat(count), &mut frame);
        Bytes::from(frame)
    };
    let mut rig = Rig::up();
    rig.receive(with_context(1_000));
    let frame = with_context(500_000);
    let info = allocation_counter::measure(|| rig.receive(frame));
    assert!(info.bytes_max < 2 << 20, "{} bytes", info.bytes_max);
    assert_eq!(rig.event_names(), ["server error", "undecodable"]);
}

#[test]
fn what_is_odd_in_a_push_is_missing_and_counted() {
    let mut rig = Rig::up();
    // A message with an id, and a name that is no UTF-8; an error with a number in the place of its text.
    rig.receive(Bytes::from_static(&[0x32, 0x05, 0x18, 0x09, 0x32, 0x01, 0xff]));
    rig.receive(Bytes::from_static(&[0x62, 0x04, 0x08, 0x03, 0x10, 0x07]));
    assert_eq!(rig.event_names(), ["message", "server error"]);
    assert!(
        matches!(&rig.events[0], Event::Message(message) if message.id().get() == 9 && message.username().is_empty())
    );
    assert!(matches!(&rig.events[1], Event::ServerError(error) if error.code == 3 && error.message.is_empty()));
    assert_eq!((rig.machine.counters().odd_fields, rig.machine.counters().undecodable), (2, 0));
}

#[test]
fn of_a_long_error_the_beginning_is_kept() {
    let mut rig = Rig::up();
    let call = rig.call(&join(1));
    rig.answer(1, error(3, &"é".repeat(500_000)));
    assert_eq!(*rig.outcome(call), rejected(3, &"é".repeat(2_048)));
}

#[test]
fn raw_api_replies_are_counted_and_harmless() {
    let mut rig = Rig::up();
    rig.receive(Bytes::from_static(&[0xff, 0, 9, 0, 0, 0, 0xff, b'x']));
    assert_eq!((rig.machine.counters().api_replies, rig.events.len()), (1, 0));
}

#[test]
fn any_frame_after_a_ping_is_life_and_silence_is_death() {
    let mut rig = Rig::up();
    // The server never answers a ping, but something comes in every five seconds.
    for id in 0..120 {
        rig.pass(5 * SECOND, false);
        rig.push(message(1, id));
    }
    assert!(rig.drops.is_empty());
    let silent_since = rig.now;
    while rig.drops.is_empty() {
        rig.now = rig.machine.deadline().unwrap();
        rig.handle(Input::Timeout);
    }
    assert!(rig.now - silent_since <= 20 * SECOND, "interval and timeout");
    let reason = crate::DisconnectReason::Silent;
    assert!(matches!(rig.events.last(), Some(Event::Disconnected { reason: r, .. }) if *r == reason));
}

#[test]
fn the_round_trip_is_measured_and_forgotten_with_its_connection() {
    let mut rig = Rig::up();
    while rig.sent.is_empty() {
        rig.now = rig.machine.deadline().unwrap();
        rig.handle(Input::Timeout);
    }
    rig.now += Duration::from_millis(40);
    rig.pong();
    assert_eq!(rig.machine.round_trip(), Some(Duration::from_millis(40)));
    rig.lose();
    rig.pass(2 * SECOND, false);
    rig.connect();
    assert_eq!(rig.machine.round_trip(), None);
}

#[test]
fn first_pings_are_spread_over_the_interval() {
    let start = Instant::now();
    let mut buckets = [0_u32; 100];
    for seed in 0..1_000 {
        let mut machine: Machine<u64> = Machine::new(Settings::default(), Box::new(OneSecond), start, seed);
        machine.handle(start, Input::Connected { generation: 1 });
        let wait = machine.deadline().unwrap() - start;
        buckets[usize::try_from(wait.as_millis() / 100).unwrap()] += 1;
    }
    assert!(buckets.iter().all(|&count| count <= 50), "{buckets:?}");
}
