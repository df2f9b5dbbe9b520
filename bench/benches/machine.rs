//! The state machine alone, without socket and task: `cargo bench -p bench --bench machine`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bench::message;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use mezon_proto::realtime::{Channel, ChannelJoin, ChannelMessageAck, ChannelMessageSend, Envelope, envelope};
use mezon_proto::wire::Revision;
use mezon_realtime::machine::{CallId, Input, Machine, Output, Request, Settings};
use mezon_session::ExponentialDelay;
use prost::Message as _;
use prost::bytes::Bytes;

const FEW_AND_MANY: [usize; 2] = [1, 1_000];
/// How many calls are made before the first is answered: enough that reading the clock does not count.
const BATCH: u64 = 16;
const LONG: Duration = Duration::from_secs(24 * 3_600);

/// A machine whose clock stands still.
struct Rig {
    machine: Machine<()>,
    now: Instant,
    generation: u64,
    calls: u64,
}

impl Rig {
    fn up() -> Self {
        let now = Instant::now();
        let machine = Machine::new(Settings::default(), Box::new(ExponentialDelay::default()), now, 7);
        let mut rig = Self { machine, now, generation: 0, calls: 0 };
        while let Some(output) = rig.machine.poll() {
            if let Output::Dial { generation, .. } = output {
                rig.generation = generation;
            }
        }
        rig.machine.handle(now, Input::Connected { generation: rig.generation });
        rig.drain();
        rig
    }

    fn drain(&mut self) {
        while let Some(output) = self.machine.poll() {
            black_box(output);
        }
    }

    fn receive(&mut self, frame: Bytes) {
        self.machine.handle(self.now, Input::Received { generation: self.generation, frame });
        self.drain();
    }

    /// Makes a call; gives back its frame.
    fn call(&mut self, message: &envelope::Message) -> Option<Bytes> {
        self.calls += 1;
        let request = Request::new(message, Revision::default());
        self.machine.handle(self.now, Input::Call { id: CallId(self.calls), request, timeout: LONG, waiter: () });
        let frame = self.machine.transmit();
        self.drain();
        frame
    }

    fn join(&mut self, channels: usize) {
        for channel_id in (message::FIRST_CHANNEL..).take(channels) {
            let join = ChannelJoin { channel_id, channel_type: 3, ..ChannelJoin::default() };
            let frame = self.call(&envelope::Message::ChannelJoin(join));
            let channel = Channel { id: channel_id, ..Channel::default() };
            self.receive(answer(frame.as_ref(), envelope::Message::Channel(channel)));
        }
    }

    fn leave_unanswered(&mut self, calls: usize) {
        for _ in 0..calls {
            self.call(&send());
        }
        assert!(self.machine.calls_in_flight() >= calls, "a call was not taken");
    }
}

fn send() -> envelope::Message {
    envelope::Message::ChannelMessageSend(ChannelMessageSend {
        channel_id: message::FIRST_CHANNEL,
        content: r#"{"t":"hello, this is a line of text"}"#.to_owned(),
        mode: 4,
        ..ChannelMessageSend::default()
    })
}

/// What a server says to `frame`.
fn answer(frame: Option<&Bytes>, message: envelope::Message) -> Bytes {
    let cid = frame.and_then(|frame| Envelope::decode(&**frame).ok()).map_or(0, |request| request.cid);
    Revision::default().encode(&Envelope { cid, message: Some(message) })
}

fn acknowledgement(frame: Option<&Bytes>) -> Bytes {
    let ack = ChannelMessageAck { channel_id: message::FIRST_CHANNEL, message_id: 1, ..ChannelMessageAck::default() };
    answer(frame, envelope::Message::ChannelMessageAck(ack))
}

/// A message that nobody asked for, from each of the channels by turns.
fn push(group: &mut BenchmarkGroup<'_, WallTime>, name: String, mut rig: Rig, channels: usize) {
    let frames: Vec<Bytes> = message::many_small(channels, channels).map(Bytes::from).collect();
    let mut frames = frames.iter().cycle();
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            if let Some(frame) = frames.next() {
                rig.receive(frame.clone());
            }
        });
    });
}

fn call_to_ack(group: &mut BenchmarkGroup<'_, WallTime>, name: String, mut rig: Rig) {
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            let (mut left, mut spent) = (times, Duration::ZERO);
            while left > 0 {
                let batch = left.min(BATCH);
                let started = Instant::now();
                let frames: Vec<Option<Bytes>> = (0..batch).map(|_| rig.call(&send())).collect();
                spent += started.elapsed();
                // What the server does is not counted.
                let answers: Vec<Bytes> = frames.iter().map(|frame| acknowledgement(frame.as_ref())).collect();
                let started = Instant::now();
                for answer in answers {
                    rig.receive(answer);
                }
                spent += started.elapsed();
                left -= batch;
            }
            spent
        });
    });
}

fn machine(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("machine");
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Elements(1));
    for many in FEW_AND_MANY {
        let mut rig = Rig::up();
        rig.join(many);
        push(&mut group, format!("receive a message, {many} joined"), rig, many);

        let mut rig = Rig::up();
        rig.leave_unanswered(many);
        push(&mut group, format!("receive a message, {many} calls in flight"), rig, 1);

        let mut rig = Rig::up();
        rig.leave_unanswered(many);
        call_to_ack(&mut group, format!("call to acknowledgement, {many} others in flight"), rig);

        let mut rig = Rig::up();
        rig.join(many);
        call_to_ack(&mut group, format!("call to acknowledgement, {many} joined"), rig);
    }
    group.finish();
}

criterion_group!(benches, machine);
criterion_main!(benches);
