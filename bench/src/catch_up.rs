//! What a lost connection costs when much was missed: how soon the live messages go on, and how soon the missed ones are
//! there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mezon_light::{ChannelId, Event, SocketConnectOptions, Target};

use crate::child::{Figures, Run};
use crate::place::Place;
use crate::report::Group;
use crate::server::{Away, Server, Work, frames};
use crate::{Result, clients, message};

pub(crate) const WORK: &str = "catch-up";

pub(crate) const LIVE: &str = "s from ready to a live message";
pub(crate) const ALL: &str = "s from ready to the last missed one";

const LIGHT: &str = "mezon-light, all by default";

/// How long a client may take.
const LIMIT: Duration = Duration::from_secs(120);

/// How many channels, and how long the server takes for a history.
const CASES: [(&str, usize, u64); 2] =
    [("1,000 channels, 50 ms a call", 1_000, 50), ("150 channels, 250 ms a call", 150, 250)];

/// A message was missed in each channel. There are `share` times fewer of them than the titles say, for a short run.
pub(crate) fn measure(rounds: usize, share: usize) -> Result<Group> {
    let mut group = Group::new("Catching up after a lost connection (mezon-light)", CASES[0].0, &[LIVE, ALL]);
    for _ in 0..rounds {
        for (name, count, millis) in CASES {
            let count = count / share;
            let server = Server::start(away(count, Duration::from_millis(millis)))?;
            let run = Run { work: WORK, client: LIGHT, server: &server.place, count, extent: 1, javascript: None };
            let figures = run.figures()?;
            let get = |name: &str| figures.get(name).copied().unwrap_or(f64::NAN);
            group.add(name, &[(LIVE, get("live")), (ALL, get("all"))])?;
        }
    }
    Ok(group)
}

/// The worst of all cases.
pub(crate) fn most(group: &Group, column: &str) -> Option<f64> {
    CASES.iter().filter_map(|(name, ..)| group.median(name, column)).reduce(f64::max)
}

fn away(channels: usize, delay: Duration) -> Work {
    let frames = frames(message::many_small(channels, channels));
    Work::Away(Arc::new(Away::new(frames, channels, delay)))
}

pub(crate) async fn child(client: &str, server: &Place, count: usize) -> Result<Figures> {
    match client {
        LIGHT => tokio::time::timeout(LIMIT, light(server, count)).await?,
        _ => Err(format!("unknown client {client}").into()),
    }
}

async fn light(server: &Place, count: usize) -> Result<Figures> {
    let (_client, socket) = clients::light(server)?;
    let mut events = socket.events();
    socket.connect(SocketConnectOptions::new()).await?;
    let channels = || (message::FIRST_CHANNEL..).take(count).map(ChannelId::new);
    for channel in channels() {
        // The facade would ask for the newest message of each too, over HTTP.
        socket.socket()?.join(&Target::direct(channel)).await?;
    }
    let talk = Target::direct(ChannelId::new(message::FIRST_CHANNEL));
    socket.typing(&talk).await?;
    let mut seen = 0;
    while seen < count {
        match events.next().await.ok_or("the events ended")? {
            Event::Message(_) => seen += 1,
            Event::Lagged { .. } => return Err("messages were lost on the way".into()),
            _ => {}
        }
    }
    // The server cuts the connection now.
    socket.typing(&talk).await?;
    let (mut ready, mut live, mut missed) = (None, None, 0);
    let mut since_ready = None;
    while live.is_none() || missed < count {
        let event = events.next().await.ok_or("the events ended")?;
        let elapsed = || ready.map(|ready: Instant| ready.elapsed().as_secs_f64());
        match event {
            Event::Ready { .. } => ready = Some(Instant::now()),
            Event::Message(message) if message.channel_id() == live_channel(count)? => live = elapsed(),
            Event::Message(_) => {
                missed += 1;
                since_ready = elapsed();
            }
            Event::Lagged { .. } | Event::Gap { .. } => return Err(format!("not all was read: {event:?}").into()),
            _ => {}
        }
    }
    Ok(vec![("live", live.ok_or("never ready")?), ("all", since_ready.ok_or("never ready")?)])
}

/// The one after those that were lost.
fn live_channel(count: usize) -> Result<ChannelId> {
    Ok(ChannelId::new(message::FIRST_CHANNEL + i64::try_from(count)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_missed_comes_and_live_messages_go_on() {
        let server = Server::start(away(3, Duration::ZERO)).unwrap();
        let figures = child(LIGHT, &server.place, 3).await.unwrap();
        assert!(figures.iter().all(|(_, seconds)| seconds.is_finite() && *seconds >= 0.0), "{figures:?}");
    }
}
