//! What a message costs while other things grow: joined channels, calls without an answer, handlers that want others.

use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use mezon_light::event::{
    ChannelCreated, ChannelDeleted, ChannelUpdated, ClanUpdated, MemberJoined, MessagePinned, RoleChanged, Typing,
    VoiceJoined, VoiceLeft,
};
use mezon_light::{ChannelId, Draft, LightSocket, SocketConnectOptions, Subscription, Target};

use crate::child::{Figures, Run};
use crate::place::Place;
use crate::receive::{CPU, DROPPED, RATE, Received};
use crate::report::Group;
use crate::server::{Server, Work};
use crate::{Result, clients, message, process, server};

pub(crate) const WORK: &str = "curve";

/// One thing that grows.
pub(crate) struct Curve {
    name: &'static str,
    title: &'static str,
    pub(crate) label: &'static str,
    /// How many of it, and the name of the row.
    points: &'static [(usize, &'static str)],
}

const CHANNELS: &str = "channels";
const CALLS: &str = "calls";
const HANDLERS: &str = "handlers";
const TYPES: &str = "types";

pub(crate) const ALL: [Curve; 4] = [
    Curve {
        name: CHANNELS,
        title: "Cost of a message by joined channels (mezon-light)",
        label: "joined channels",
        points: &[
            (1, "1 joined channel"),
            (10, "10 joined channels"),
            (100, "100 joined channels"),
            (1_000, "1,000 joined channels"),
        ],
    },
    Curve {
        name: CALLS,
        title: "Cost of a message by calls in flight (mezon-light)",
        label: "calls in flight",
        points: &[
            (1, "1 call in flight"),
            (10, "10 calls in flight"),
            (100, "100 calls in flight"),
            (1_000, "1,000 calls in flight"),
        ],
    },
    Curve {
        name: HANDLERS,
        title: "Cost of a message by handlers that do not match (mezon-light)",
        label: "handlers that do not match",
        points: &[
            (1, "1 handler that does not match"),
            (10, "10 handlers that do not match"),
            (100, "100 handlers that do not match"),
        ],
    },
    Curve {
        name: TYPES,
        title: "Cost of a message by handlers for other types of events (mezon-light)",
        label: "handlers by type for other events",
        points: &[(1, "1 handler by type"), (10, "10 handlers by type"), (100, "100 handlers by type")],
    },
];

impl Curve {
    fn first(&self) -> &'static str {
        self.points.first().map_or("", |(_, row)| row)
    }

    /// How many times the cost of the first point the last one is.
    pub(crate) fn growth(&self, group: &Group) -> Option<f64> {
        group.ratio(self.points.last()?.1, CPU)
    }

    /// How many of what grows, and how many times the cost of the first point a message is there.
    pub(crate) fn relative_costs(&self, group: &Group) -> Vec<(f64, f64)> {
        let cost = |&(extent, row): &(usize, &str)| Some((extent as f64, group.ratio(row, CPU)?));
        self.points.iter().filter_map(cost).collect()
    }
}

/// A group for each of [`ALL`].
pub(crate) fn measure(count: usize, rounds: usize) -> Result<[Group; 4]> {
    let [channels, calls, handlers, types] = &ALL;
    let measure = |it| curve(it, count, rounds);
    Ok([measure(channels)?, measure(calls)?, measure(handlers)?, measure(types)?])
}

fn curve(curve: &Curve, count: usize, rounds: usize) -> Result<Group> {
    // The messages come in all the channels that are joined, by turns.
    let channels = |extent| if curve.name == CHANNELS { extent } else { 1 };
    let flood = |extent| Work::Told(server::frames(message::many_small(count, channels(extent))));
    let servers: Vec<_> =
        curve.points.iter().map(|(extent, _)| Server::start(flood(*extent))).collect::<Result<_>>()?;
    let mut group = Group::new(curve.title, curve.first(), &[RATE, CPU, DROPPED]);
    for round in 0..=rounds {
        for ((extent, row), server) in curve.points.iter().zip(&servers) {
            let run =
                Run { work: WORK, client: curve.name, server: &server.place, count, extent: *extent, javascript: None };
            let figures = run.figures()?;
            let get = |name: &str| figures.get(name).copied().unwrap_or(f64::NAN);
            // The first round warms up: points are compared with each other to a few percent.
            if round > 0 {
                let rate = (count as f64 - get("dropped")) / get("seconds");
                let cpu = get("cpu") * 1e6 / count as f64;
                group.add(row, &[(RATE, rate), (CPU, cpu), (DROPPED, get("dropped"))])?;
            }
        }
    }
    Ok(group)
}

/// What has grown, for as long as it is to stay.
type Grown = Vec<Box<dyn std::any::Any>>;

pub(crate) async fn child(curve: &str, server: &Place, count: usize, extent: usize) -> Result<Figures> {
    let (_client, socket) = clients::light(server)?;
    let received = Received::by(&socket, count);
    socket.connect(SocketConnectOptions::new()).await?;
    let grown = match curve {
        CHANNELS => join(&socket, extent).await?,
        CALLS => call(&socket, extent).await?,
        HANDLERS => listen(&socket, extent),
        TYPES => listen_by_type(&socket, extent),
        _ => return Err(format!("unknown curve {curve}").into()),
    };
    let (started, cpu) = (Instant::now(), process::cpu());
    socket.typing(&target(0)?).await?;
    let dropped = received.all().await;
    let (seconds, cpu) = (started.elapsed().as_secs_f64(), process::cpu() - cpu);
    drop(grown);
    Ok(vec![("seconds", seconds), ("cpu", cpu), ("dropped", dropped as f64)])
}

fn target(n: usize) -> Result<Target> {
    Ok(Target::direct(ChannelId::new(message::FIRST_CHANNEL + i64::try_from(n)?)))
}

async fn join(socket: &LightSocket, extent: usize) -> Result<Grown> {
    let socket = socket.socket()?;
    for n in 0..extent {
        // The facade would ask for the newest message of each too, over HTTP.
        socket.join(&target(n)?).await?;
    }
    Ok(Grown::new())
}

/// Sends that are not acknowledged.
async fn call(socket: &LightSocket, extent: usize) -> Result<Grown> {
    let socket = socket.socket()?;
    let target = target(0)?;
    let calls = (0..extent)
        .map(|n| {
            let socket = socket.clone();
            let send = async move {
                socket.send_within(&target, &Draft::from(format!("message {n}")), Duration::from_secs(600)).await
            };
            let mut send: Pin<Box<_>> = Box::pin(send);
            match (&mut send).now_or_never() {
                Some(outcome) => Err(format!("a send ended at once: {outcome:?}").into()),
                None => Ok(Box::new(send) as Box<dyn std::any::Any>),
            }
        })
        .collect();
    // What was queued before it has left when it is answered.
    socket.join(&target).await?;
    calls
}

fn listen(socket: &LightSocket, extent: usize) -> Grown {
    // Channels in which there are no messages.
    for channel in (1..).take(extent) {
        socket.on_message_in(ChannelId::new(channel), |_| {}).detach();
    }
    Grown::new()
}

/// Handlers for ten types of events, none of which comes.
fn listen_by_type(socket: &LightSocket, extent: usize) -> Grown {
    const TYPES: [fn(&LightSocket) -> Subscription; 10] = [
        |socket| socket.on(|_: ChannelCreated| {}),
        |socket| socket.on(|_: ChannelDeleted| {}),
        |socket| socket.on(|_: ChannelUpdated| {}),
        |socket| socket.on(|_: ClanUpdated| {}),
        |socket| socket.on(|_: MemberJoined| {}),
        |socket| socket.on(|_: MessagePinned| {}),
        |socket| socket.on(|_: RoleChanged| {}),
        |socket| socket.on(|_: Typing| {}),
        |socket| socket.on(|_: VoiceJoined| {}),
        |socket| socket.on(|_: VoiceLeft| {}),
    ];
    TYPES.iter().cycle().take(extent).for_each(|listen| listen(socket).detach());
    Grown::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_curve_gets_all_of_its_messages() {
        for curve in &ALL {
            let server = Server::start(Work::Told(server::frames(message::many_small(50, 3)))).unwrap();
            let figures = child(curve.name, &server.place, 50, 3).await.unwrap();
            assert!(figures.contains(&("dropped", 0.0)), "{}: {figures:?}", curve.name);
        }
    }

    #[test]
    fn a_curve_grows_by_its_last_point() {
        let [channels, ..] = &ALL;
        let mut group = Group::new("work", channels.first(), &[CPU]);
        for ((_, row), cost) in channels.points.iter().zip([2.0, 2.0, 3.0, 5.0]) {
            group.add(row, &[(CPU, cost)]).unwrap();
        }
        assert_eq!(channels.growth(&group), Some(2.5));
        assert_eq!(channels.relative_costs(&group), [(1.0, 1.0), (10.0, 1.0), (100.0, 1.5), (1_000.0, 2.5)]);
    }
}
