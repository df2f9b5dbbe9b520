//! Receiving: a server that sends as fast as it can, and the application at the other end of the client.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::StreamExt as _;
use mezon_light::{Event, LightSocket, SocketConnectOptions, Subscription};
use mezon_proto::realtime::{Envelope, envelope};
use mezon_realtime::SocketConfigBuilder;
use prost::Message as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::Message;

use crate::child::{Figures, NODE, Run};
use crate::place::Place;
use crate::report::Group;
use crate::server::{Server, Work};
use crate::{Result, clients, message, process, server};

pub(crate) const RATE: &str = "messages/s";
pub(crate) const CPU: &str = "CPU µs a message";
pub(crate) const PEAK: &str = "peak MiB";
pub(crate) const DROPPED: &str = "dropped";
const COLUMNS: &[&str] = &[RATE, CPU, PEAK, DROPPED];

pub(crate) const RAW: &str = "raw: tokio-tungstenite + prost";
const RAW_TASK: &str = "raw, decoded in a task, mpsc to the application";
pub(crate) const REALTIME: &str = "mezon-realtime, Events";
const REALTIME_64K: &str = "mezon-realtime, Events, read buffer 64 KiB";
pub(crate) const HANDLER: &str = "mezon-light, on_channel_message";
pub(crate) const STREAM: &str = "mezon-light, MessageStream";
const RAW_SECURE: &str = "raw: tokio-rustls + tokio-tungstenite + prost";

/// In a child process, with the current thread as the only one.
pub(crate) const WORK: &str = "receive";

pub(crate) fn measure(count: usize, rounds: usize, javascript: Option<&std::path::Path>) -> Result<Group> {
    let server = Server::start(flood(count))?;
    let group = Group::new("Receiving 349-byte messages", RAW, COLUMNS);
    let node = javascript.map(|_| NODE);
    let clients = [RAW, RAW_TASK, REALTIME, REALTIME_64K, HANDLER, STREAM].into_iter().chain(node);
    turns(group, &server.place, &clients.collect::<Vec<_>>(), count, rounds, javascript)
}

pub(crate) fn measure_secure(count: usize, rounds: usize) -> Result<Group> {
    let server = Server::start_secure(flood(count))?;
    let group = Group::new("Receiving 349-byte messages over TLS", RAW_SECURE, COLUMNS);
    turns(group, &server.place, &[RAW_SECURE, REALTIME, STREAM], count, rounds, None)
}

fn flood(count: usize) -> Work {
    Work::Flood(server::frames(message::many_small(count, 1)))
}

fn turns(
    mut group: Group,
    server: &Place,
    clients: &[&'static str],
    count: usize,
    rounds: usize,
    javascript: Option<&std::path::Path>,
) -> Result<Group> {
    for _ in 0..rounds {
        for client in clients {
            let run = Run { work: WORK, client, server, count, extent: 1, javascript };
            let figures = run.figures()?;
            let get = |name: &str| figures.get(name).copied().unwrap_or(f64::NAN);
            let received = count as f64 - get("dropped");
            group.add(
                client,
                &[
                    (RATE, received / get("seconds")),
                    (CPU, get("cpu") * 1e6 / count as f64),
                    (PEAK, get("peak_kib") / 1_024.0),
                    (DROPPED, get("dropped")),
                ],
            )?;
        }
    }
    Ok(group)
}

pub(crate) async fn child(client: &str, server: &Place, count: usize) -> Result<Figures> {
    let (started, cpu) = (Instant::now(), process::cpu());
    let dropped = match client {
        RAW => raw(clients::raw(server, None).await?, count).await?,
        RAW_SECURE => raw(clients::raw_secure(server, None).await?, count).await?,
        RAW_TASK => raw_task(server, count).await?,
        REALTIME => realtime(server, count, None).await?,
        REALTIME_64K => realtime(server, count, Some(64 * 1_024)).await?,
        HANDLER => handler(server, count).await?,
        STREAM => stream(server, count).await?,
        _ => return Err(format!("unknown client {client}").into()),
    };
    Ok(vec![
        ("seconds", started.elapsed().as_secs_f64()),
        ("cpu", process::cpu() - cpu),
        ("peak_kib", process::peak_kib()),
        ("dropped", dropped as f64),
    ])
}

async fn raw<S: AsyncRead + AsyncWrite + Unpin>(mut socket: clients::RawSocket<S>, count: usize) -> Result<usize> {
    for _ in 0..count {
        black_box(next(&mut socket).await?);
    }
    Ok(0)
}

async fn raw_task(server: &Place, count: usize) -> Result<usize> {
    let mut socket = clients::raw(server, None).await?;
    let (sender, mut messages) = mpsc::channel(1_024);
    tokio::spawn(async move {
        while let Ok(message) = next(&mut socket).await {
            if sender.send(message).await.is_err() {
                break;
            }
        }
    });
    for _ in 0..count {
        black_box(messages.recv().await.ok_or("the socket ended")?);
    }
    Ok(0)
}

async fn next<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut clients::RawSocket<S>,
) -> Result<Box<mezon_proto::api::ChannelMessage>> {
    loop {
        let Message::Binary(frame) = socket.next().await.ok_or("the socket ended")?? else { continue };
        if let Some(envelope::Message::ChannelMessage(message)) = Envelope::decode(frame)?.message {
            return Ok(Box::new(message));
        }
    }
}

async fn realtime(server: &Place, count: usize, read_buffer: Option<usize>) -> Result<usize> {
    let set = |config: SocketConfigBuilder| match read_buffer {
        Some(bytes) => config.read_buffer(bytes),
        None => config,
    };
    let (_socket, mut events) = clients::realtime(server, set).await?;
    let (mut received, mut dropped) = (0, 0);
    while received + dropped < count {
        match events.next().await.ok_or("the events ended")? {
            Event::Message(message) => {
                black_box(message);
                received += 1;
            }
            Event::Lagged { dropped: some } => dropped += usize::try_from(some)?,
            _ => {}
        }
    }
    Ok(dropped)
}

async fn stream(server: &Place, count: usize) -> Result<usize> {
    let (_client, socket) = clients::light(server)?;
    let mut messages = socket.messages();
    socket.connect(SocketConnectOptions::new()).await?;
    let (mut received, mut dropped) = (0, 0);
    while received + dropped < count {
        match messages.next().await.ok_or("the stream ended")? {
            Ok(message) => {
                black_box(message);
                received += 1;
            }
            Err(lagged) => dropped += usize::try_from(lagged.dropped)?,
        }
    }
    Ok(dropped)
}

async fn handler(server: &Place, count: usize) -> Result<usize> {
    let (_client, socket) = clients::light(server)?;
    let received = Received::by(&socket, count);
    socket.connect(SocketConnectOptions::new()).await?;
    Ok(received.all().await)
}

/// Counts the messages of a socket by its handlers.
pub(crate) struct Received {
    seen: Arc<Seen>,
    count: usize,
    _handlers: [Subscription; 2],
}

#[derive(Default)]
struct Seen {
    received: AtomicUsize,
    dropped: AtomicUsize,
    done: Notify,
}

impl Seen {
    fn all(&self) -> usize {
        self.received.load(Ordering::Relaxed) + self.dropped.load(Ordering::Relaxed)
    }
}

impl Received {
    /// From now on, until there were `count`.
    pub(crate) fn by(socket: &LightSocket, count: usize) -> Self {
        let seen = Arc::new(Seen::default());
        let counter = Arc::clone(&seen);
        let messages = socket.on_channel_message(move |message| {
            black_box(message.id());
            counter.received.fetch_add(1, Ordering::Relaxed);
            if counter.all() >= count {
                counter.done.notify_one();
            }
        });
        let counter = Arc::clone(&seen);
        let lags = socket.on_event(move |event| {
            if let Event::Lagged { dropped } = event {
                counter.dropped.fetch_add(usize::try_from(*dropped).unwrap_or_default(), Ordering::Relaxed);
                counter.done.notify_one();
            }
        });
        Self { seen, count, _handlers: [messages, lags] }
    }

    /// Waits for all of them; gives back how many of them were dropped on the way.
    pub(crate) async fn all(&self) -> usize {
        while self.seen.all() < self.count {
            self.seen.done.notified().await;
        }
        self.seen.dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_client_receives_all_with_and_without_tls() {
        let (plain, secure) = (Server::start(flood(50)).unwrap(), Server::start_secure(flood(50)).unwrap());
        let plain = [RAW, RAW_TASK, REALTIME, HANDLER, STREAM].map(|client| (client, &plain));
        let secure = [RAW_SECURE, REALTIME, STREAM].map(|client| (client, &secure));
        for (client, server) in plain.into_iter().chain(secure) {
            let figures = child(client, &server.place, 50).await.unwrap();
            assert!(figures.contains(&("dropped", 0.0)), "{client}: {figures:?}");
        }
    }
}
