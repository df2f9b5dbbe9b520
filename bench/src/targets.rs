//! What the project has set itself, and whether it is so.

use crate::child::NODE;
use crate::reconnect::Restart;
use crate::report::{Bound, Group, Target};
use crate::{calls, catch_up, codec, curves, hostile, idle, receive, sends, start};

/// All that was measured; the rest is empty.
#[derive(Default)]
pub(crate) struct Measured {
    pub(crate) decode: [Group; 3],
    pub(crate) encode: Group,
    pub(crate) read: Group,
    pub(crate) receive: Group,
    pub(crate) receive_secure: Group,
    pub(crate) curves: [Group; 4],
    pub(crate) one_send: Group,
    pub(crate) many_sends: Group,
    pub(crate) one_call: Group,
    pub(crate) many_calls: Group,
    pub(crate) start: Group,
    pub(crate) idle: Group,
    pub(crate) idle_secure: Group,
    pub(crate) idle_many: Group,
    pub(crate) catch_up: Group,
    pub(crate) hostile: Group,
    pub(crate) reconnect: Option<[Restart; 2]>,
}

impl Measured {
    /// In the order in which they are shown.
    pub(crate) fn groups(&self) -> Vec<&Group> {
        let mut groups: Vec<&Group> = self.decode.iter().collect();
        groups.extend([&self.encode, &self.read, &self.receive, &self.receive_secure]);
        groups.extend(&self.curves);
        groups.extend([&self.one_send, &self.many_sends, &self.one_call, &self.many_calls, &self.start]);
        groups.extend([&self.idle, &self.idle_secure, &self.idle_many]);
        groups.extend(self.reconnect.iter().flatten().map(|restart| &restart.group));
        groups.extend([&self.catch_up, &self.hostile]);
        groups
    }

    pub(crate) fn targets(&self) -> Vec<Target> {
        use Bound::{AtLeast, AtMost};

        let target = |claim, bound, measured| Target { claim, bound, measured };
        let receive = |client| {
            let ratio = |column| self.receive.ratio(client, column);
            (ratio(receive::RATE), ratio(receive::CPU))
        };
        let (events, stream) = (receive(receive::REALTIME), receive(receive::STREAM));
        let peak = [receive::REALTIME, receive::HANDLER, receive::STREAM]
            .iter()
            .filter_map(|client| self.receive.median(client, receive::PEAK))
            .reduce(f64::max);
        let idle = |claim, most, group: &Group, client| target(claim, AtMost(most), group.median(client, idle::KIB));
        let [channels, pending, handlers, typed] = [0, 1, 2, 3].map(|at| {
            let (curve, group) = (curves::ALL.get(at)?, self.curves.get(at)?);
            curve.growth(group)
        });
        let most_held =
            hostile::ALL.iter().filter_map(|attack| self.hostile.median(attack, hostile::PEAK)).reduce(f64::max);
        let node_start = self.start.ratio_to(start::LIGHT, NODE, start::MILLIS);
        let mut targets = vec![
            target("receive, `Events`: messages/s of the raw loop", AtLeast(1.0), events.0),
            target("receive, `MessageStream`: messages/s of the raw loop", AtLeast(1.0), stream.0),
            target("receive, `Events`: CPU of the raw loop", AtMost(1.15), events.1),
            target("receive, `MessageStream`: CPU of the raw loop", AtMost(1.15), stream.1),
            target(
                "receive, `MessageStream`: messages/s of the JavaScript SDK",
                AtLeast(20.0),
                self.receive.ratio_to(NODE, receive::STREAM, receive::RATE),
            ),
            target(
                "receive, handler: messages/s of the JavaScript SDK",
                AtLeast(20.0),
                self.receive.ratio_to(NODE, receive::HANDLER, receive::RATE),
            ),
            target("receive: peak memory in MiB", AtMost(8.0), peak),
            target("send, 1 in flight, p50: of a raw task", AtMost(1.1), self.one_send.ratio(sends::LIGHT, sends::P50)),
            target("send, 1 in flight, p99: of a raw task", AtMost(1.1), self.one_send.ratio(sends::LIGHT, sends::P99)),
            target(
                "send, 64 in flight, p50: of a raw task",
                AtMost(1.1),
                self.many_sends.ratio(sends::LIGHT, sends::P50),
            ),
            target(
                "send, 64 in flight, p99: of a raw task",
                AtMost(1.1),
                self.many_sends.ratio(sends::LIGHT, sends::P99),
            ),
            idle("idle connection in KiB, `mezon-realtime`", 12.0, &self.idle, idle::REALTIME),
            idle("idle connection in KiB, `mezon-light`", 12.0, &self.idle, idle::LIGHT),
            idle("idle connection in KiB, `mezon-light`, shared client", 12.0, &self.idle, idle::SHARED),
            idle("idle connection with TLS in KiB, `mezon-realtime`", 20.0, &self.idle_secure, idle::REALTIME),
            idle("idle connection with TLS in KiB, `mezon-light`", 20.0, &self.idle_secure, idle::LIGHT),
            idle(
                "idle connection with TLS in KiB, `mezon-light`, shared client",
                20.0,
                &self.idle_secure,
                idle::SHARED,
            ),
            idle("one of 10,000 in KiB, `mezon-light`", 12.0, &self.idle_many, idle::LIGHT),
            target("cold start: of a raw program", AtMost(1.5), self.start.ratio(start::LIGHT, start::MILLIS)),
            target("cold start: times faster than Node.js with its SDK", AtLeast(15.0), node_start),
            target(
                "HTTP, 1 in flight, CPU: of bare hyper-util",
                AtMost(1.15),
                self.one_call.ratio(calls::API, calls::CPU),
            ),
            target(
                "HTTP, 1 in flight, calls/s: of bare hyper-util",
                AtLeast(0.87),
                self.one_call.ratio(calls::API, calls::RATE),
            ),
            target(
                "HTTP, 16 in flight, CPU: of bare hyper-util",
                AtMost(1.15),
                self.many_calls.ratio(calls::API, calls::CPU),
            ),
            target(
                "HTTP, 16 in flight, calls/s: of bare hyper-util",
                AtLeast(0.87),
                self.many_calls.ratio(calls::API, calls::RATE),
            ),
            target("a message with 1,000 joined channels: CPU of one with 1", AtMost(1.1), channels),
            target("a message with 1,000 calls in flight: CPU of one with 1", AtMost(1.1), pending),
            target("a message with 100 handlers for others: CPU of one with 1", AtMost(1.1), handlers),
            target("a message with 100 handlers by type for other events: CPU of one with 1", AtMost(1.1), typed),
        ];
        let caught_up = |column| catch_up::most(&self.catch_up, column);
        targets.extend([
            target("catching up: seconds to a live message", AtMost(1.0), caught_up(catch_up::LIVE)),
            target("catching up: seconds to all that was missed", AtMost(15.0), caught_up(catch_up::ALL)),
        ]);
        targets.push(target("hostile server: MiB that it takes at most", AtMost(64.0), most_held));
        targets.extend(self.codec_targets());
        targets
    }

    fn codec_targets(&self) -> [Target; 10] {
        const PROST: &str = "prost";
        const PARSED: &str = "prost, content and lists parsed (serde_json)";
        const TEXT: &str = "SDK, routing fields and text";
        const TYPED: &str = "SDK, everything typed";

        let [small, large, english] = &self.decode;
        let of = |claim, most, group: &Group, base, client| {
            let measured = group.ratio_to(base, client, codec::NANOS);
            Target { claim, bound: Bound::AtMost(most), measured }
        };
        [
            of("decode 349 B, routing and text: of prost", 0.8, small, PROST, TEXT),
            of("decode 2,010 B, routing and text: of prost", 0.8, large, PROST, TEXT),
            of("decode 2,010 B in English, routing and text: of prost", 0.8, english, PROST, TEXT),
            of("decode 349 B, typed: of prost + serde_json", 1.2, small, PARSED, TYPED),
            of("decode 2,010 B, typed: of prost + serde_json", 1.2, large, PARSED, TYPED),
            of("decode 2,010 B in English, typed: of prost + serde_json", 1.2, english, PARSED, TYPED),
            of("encode a send: of prost", 1.0, &self.encode, PROST, "SDK, text to frame"),
            of("read an event by type, message of the wire: of prost", 1.1, &self.read, PROST, codec::ARM),
            of("read an event by type, event of the vocabulary: of prost", 1.1, &self.read, PROST, codec::EVENT),
            of("an event that nobody asks for: of prost", 0.1, &self.read, PROST, codec::OTHER),
        ]
    }
}
