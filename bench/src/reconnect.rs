//! Many clients of one server that goes away and comes back: how long until all are up again, and how large their crowd
//! is on the way.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use mezon_light::{ConnectionState, SocketConnectOptions};
use tokio::sync::Notify;

use crate::child::{Figures, Run};
use crate::place::Place;
use crate::report::Group;
use crate::server::{Server, Work};
use crate::{Result, clients, process, say};

pub(crate) const WORK: &str = "reconnect";

pub(crate) const SECONDS: &str = "s until all are up";
pub(crate) const PEAK: &str = "most accepts in 100 ms";

const RAW: &str = "raw tasks that dial again after a second";
pub(crate) const LIGHT: &str = "mezon-light, all by default";

/// How long the clients may take.
const LIMIT: Duration = Duration::from_secs(120);
const WINDOW: Duration = Duration::from_millis(100);
/// Below those that systems hand out.
const PORTS: RangeInclusive<u16> = 20_350..=20_450;
/// Until a raw task dials again.
const PAUSE: Duration = Duration::from_secs(1);

/// One kind of restart.
pub(crate) struct Restart {
    pub(crate) group: Group,
    /// How many connections of the SDK were accepted in each 100 ms after the server was back.
    pub(crate) accepts: Vec<usize>,
}

/// After a server that is back at once, and after one that was away for `away`.
pub(crate) fn measure(count: usize, away: Duration) -> Result<[Restart; 2]> {
    process::allow_descriptors(count)?;
    Ok([
        restart("Reconnect of 1,000 clients, server back at once", count, Duration::ZERO)?,
        restart("Reconnect of 1,000 clients, server away for 3 s", count, away)?,
    ])
}

fn restart(title: &'static str, count: usize, away: Duration) -> Result<Restart> {
    let mut group = Group::new(title, RAW, &[SECONDS, PEAK]);
    let mut accepts = Vec::new();
    for client in [RAW, LIGHT] {
        let server = start()?;
        let place = server.place.clone();
        let mut run = Run { work: WORK, client, server: &place, count, extent: 1, javascript: None }.start()?;
        run.line()?;
        drop(server);
        thread::sleep(away);
        let server = Server::start_at(place.address, Work::Acknowledge)?;
        let back = Instant::now();
        run.line()?;
        let seconds = back.elapsed().as_secs_f64();
        run.end()?;
        let times: Vec<Duration> = server.accepted().iter().map(|at| at.saturating_duration_since(back)).collect();
        group.add(client, &[(SECONDS, seconds), (PEAK, most_in_a_window(&times) as f64)])?;
        if client == LIGHT {
            accepts = by_window(&times);
        }
    }
    Ok(Restart { group, accepts })
}

/// A server whose port no client can be given as its own: one that dials that port while nobody listens would find
/// itself.
fn start() -> Result<Server> {
    let start = |port| Server::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Work::Acknowledge).ok();
    Ok(PORTS.into_iter().find_map(start).ok_or("none of the ports is free")?)
}

/// Prints a line when all are connected, and one when all are again.
pub(crate) async fn child(client: &str, server: &Place, count: usize) -> Result<Figures> {
    process::allow_descriptors(count)?;
    match client {
        RAW => tokio::time::timeout(LIMIT, raw(server, count)).await??,
        LIGHT => tokio::time::timeout(LIMIT, light(server, count)).await??,
        _ => return Err(format!("unknown client {client}").into()),
    }
    Ok(Figures::new())
}

async fn light(server: &Place, count: usize) -> Result<()> {
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        let (client, socket) = clients::light(server)?;
        Box::pin(socket.connect(SocketConnectOptions::new())).await?;
        let mut states = socket.socket()?.states();
        let ready = states.wait_for(|state| matches!(state, ConnectionState::Ready { .. })).await;
        let Some(ConnectionState::Ready { generation: first }) = ready else {
            return Err("a connection ended".into());
        };
        open.push((client, socket, states, first));
    }
    say("connected");
    for (_, _, states, first) in &mut open {
        let again =
            |state: &ConnectionState| matches!(state, ConnectionState::Ready { generation } if generation > first);
        states.wait_for(again).await.ok_or("a connection ended")?;
    }
    Ok(())
}

async fn raw(server: &Place, count: usize) -> Result<()> {
    let again = Arc::new((AtomicUsize::new(0), Notify::new()));
    for _ in 0..count {
        let mut socket = Box::pin(clients::raw(server, Some(4 * 1_024))).await?;
        let (server, again) = (server.clone(), Arc::clone(&again));
        tokio::spawn(async move {
            while let Some(Ok(_)) = socket.next().await {}
            loop {
                tokio::time::sleep(PAUSE).await;
                if let Ok(back) = Box::pin(clients::raw(&server, Some(4 * 1_024))).await {
                    socket = back;
                    break;
                }
            }
            again.0.fetch_add(1, Ordering::Relaxed);
            again.1.notify_one();
            while let Some(Ok(_)) = socket.next().await {}
        });
    }
    say("connected");
    while again.0.load(Ordering::Relaxed) < count {
        again.1.notified().await;
    }
    Ok(())
}

/// The most of these times that lie within 100 ms of each other. They are in order.
fn most_in_a_window(times: &[Duration]) -> usize {
    let within = |(at, first): (usize, &Duration)| {
        times.iter().skip(at).take_while(|time| time.saturating_sub(*first) < WINDOW).count()
    };
    times.iter().enumerate().map(within).max().unwrap_or_default()
}

/// How many of these times lie in each 100 ms from zero on.
fn by_window(times: &[Duration]) -> Vec<usize> {
    let mut counts = Vec::new();
    for time in times {
        let at = usize::try_from(time.as_millis() / WINDOW.as_millis()).unwrap_or_default();
        if counts.len() <= at {
            counts.resize(at + 1, 0);
        }
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_found_wherever_it_is() {
        let times = [0, 90, 180, 185, 189, 290].map(Duration::from_millis);
        assert_eq!(most_in_a_window(&times), 4);
        assert_eq!(by_window(&times), [2, 3, 1]);
        assert_eq!((most_in_a_window(&[]), by_window(&[])), (0, Vec::new()));
    }

    #[test]
    fn a_server_that_stops_gives_back_its_port_and_its_sockets() {
        let server = Server::start(Work::Acknowledge).unwrap();
        let address = server.place.address;
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        drop(server);
        let ended = std::io::Read::read(&mut stream, &mut [0]);
        assert!(
            matches!(&ended, Ok(0)) || ended.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
        );
        Server::start_at(address, Work::Acknowledge).unwrap();
    }
}
