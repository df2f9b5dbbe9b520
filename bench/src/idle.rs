//! Connections that do nothing: what each costs in memory, and what their heartbeats cost.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use mezon_light::SocketConnectOptions;
use mezon_proto::realtime::{Envelope, Ping, envelope};
use prost::Message as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::Message;

use crate::child::{Figures, Run};
use crate::place::Place;
use crate::report::Group;
use crate::server::{Server, Work};
use crate::{Result, clients, process};

pub(crate) const KIB: &str = "KiB a connection";
pub(crate) const CPU: &str = "CPU s a minute";

pub(crate) const RAW: &str = "raw task, read buffer 4 KiB";
const RAW_DEFAULT: &str = "raw task, read buffer as by default";
const RAW_PINGS: &str = "raw task, read buffer 4 KiB, a ping every 10 s";
pub(crate) const REALTIME: &str = "mezon-realtime, Socket + Events";
pub(crate) const LIGHT: &str = "mezon-light, LightClient + LightSocket + stream";
pub(crate) const SHARED: &str = "mezon-light, LightSocket + stream, one LightClient for all";

pub(crate) const WORK: &str = "idle";

const HEARTBEAT: Duration = Duration::from_secs(10);

pub(crate) fn measure(count: usize, rounds: usize) -> Result<Group> {
    let group = Group::new("Idle connections in one process, without TLS", RAW, &[KIB]);
    turns(group, &[RAW, RAW_DEFAULT, REALTIME, LIGHT, SHARED], count, 0, rounds, || Server::start(Work::Acknowledge))
}

pub(crate) fn measure_secure(count: usize, rounds: usize) -> Result<Group> {
    let group = Group::new("Idle connections in one process, with TLS", RAW, &[KIB]);
    turns(group, &[RAW, REALTIME, LIGHT, SHARED], count, 0, rounds, || Server::start_secure(Work::Acknowledge))
}

/// So many that what they do by themselves can be measured: for this many seconds.
pub(crate) fn measure_many(count: usize, seconds: usize) -> Result<Group> {
    const TITLE: &str = "10,000 idle connections in one process, and their heartbeats";
    if let Err(reason) = process::allow_descriptors(count) {
        return Ok(Group::not_measured(TITLE, reason.to_string()));
    }
    let group = Group::new(TITLE, RAW_PINGS, &[KIB, CPU]);
    turns(group, &[RAW_PINGS, REALTIME, LIGHT, SHARED], count, seconds, 1, || Server::start(Work::Acknowledge))
}

fn turns(
    mut group: Group,
    clients: &[&'static str],
    count: usize,
    seconds: usize,
    rounds: usize,
    server: impl Fn() -> Result<Server>,
) -> Result<Group> {
    process::allow_descriptors(count)?;
    for _ in 0..rounds {
        for client in clients {
            // Another one for each, so that no socket of the last client is left.
            let server = server()?;
            let run = Run { work: WORK, client, server: &server.place, count, extent: seconds, javascript: None };
            let figures = run.figures()?;
            let get = |name: &str| figures.get(name).copied().unwrap_or(f64::NAN);
            group.add(client, &[(KIB, get("kib")), (CPU, get("cpu"))])?;
        }
    }
    Ok(group)
}

pub(crate) async fn child(client: &str, server: &Place, count: usize, seconds: u64) -> Result<Figures> {
    process::allow_descriptors(count)?;
    // The first connections pay for what all share.
    let shared = open(client, server, 10).await?;
    let before = process::anonymous_kib();
    let own = open(client, server, count).await?;
    let kib = (process::anonymous_kib() - before) / count as f64;
    let mut figures = vec![("kib", kib)];
    if seconds > 0 {
        let cpu = process::cpu();
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        figures.push(("cpu", (process::cpu() - cpu) * 60.0 / Duration::from_secs(seconds).as_secs_f64()));
    }
    drop((shared, own));
    Ok(figures)
}

/// Whatever keeps connections open.
type Open = Vec<Box<dyn Send>>;

async fn open(client: &str, server: &Place, count: usize) -> Result<Open> {
    let mut open: Open = Vec::with_capacity(count);
    let buffer = (client != RAW_DEFAULT).then_some(4 * 1_024);
    let pings = client == RAW_PINGS;
    let shared = if client == SHARED { Some(clients::light(server)?.0) } else { None };
    for _ in 0..count {
        match client {
            RAW | RAW_DEFAULT | RAW_PINGS if server.tls().is_some() => {
                open.push(hold(Box::pin(clients::raw_secure(server, buffer)).await?, pings));
            }
            RAW | RAW_DEFAULT | RAW_PINGS => open.push(hold(Box::pin(clients::raw(server, buffer)).await?, pings)),
            REALTIME => open.push(Box::new(Box::pin(clients::realtime(server, |config| config)).await?)),
            LIGHT | SHARED => {
                let (client, socket) = match &shared {
                    Some(client) => (client.clone(), client.create_socket()),
                    None => clients::light(server)?,
                };
                let messages = socket.messages();
                Box::pin(socket.connect(SocketConnectOptions::new())).await?;
                open.push(Box::new((client, socket, messages)));
            }
            _ => return Err(format!("unknown client {client}").into()),
        }
    }
    Ok(open)
}

fn hold<S>(mut socket: clients::RawSocket<S>, pings: bool) -> Box<dyn Send>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    if !pings {
        return Box::new(tokio::spawn(async move { while socket.next().await.is_some() {} }));
    }
    Box::new(tokio::spawn(async move {
        let ping = Envelope { cid: 1, message: Some(envelope::Message::Ping(Ping {})) };
        // Spread, as the SDK spreads them: pings at the same moment share the wake-ups of the process.
        let first = tokio::time::Instant::now() + HEARTBEAT.mul_f64(rand::random());
        let mut due = tokio::time::interval_at(first, HEARTBEAT);
        loop {
            tokio::select! {
                _ = due.tick() => {
                    if socket.send(Message::Binary(ping.encode_to_vec().into())).await.is_err() {
                        break;
                    }
                }
                message = socket.next() => {
                    let Some(Ok(message)) = message else { break };
                    if let Message::Binary(frame) = message {
                        let _ = Envelope::decode(frame);
                    }
                }
            }
        }
    }))
}
