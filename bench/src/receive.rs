//! Receiving: a server that sends as fast as it can, and the application at the other end of the client.

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::StreamExt as _;
use mezon_light::{Event, SocketConnectOptions};
use mezon_proto::realtime::{Envelope, envelope};
use prost::Message as _;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::Message;

use crate::child::{Figures, NODE, Run};
use crate::report::Group;
use crate::{Result, clients, process, server};

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

/// In a child process, with the current thread as the only one.
pub(crate) const WORK: &str = "receive";

pub(crate) fn measure(count: usize, rounds: usize, javascript: Option<&std::path::Path>) -> Result<Group> {
    let server = server::start(server::flood(count))?;
    let mut group = Group::new("Receiving 349-byte messages", RAW, COLUMNS);
    let node = javascript.map(|_| NODE);
    for _ in 0..rounds {
        for client in [RAW, RAW_TASK, REALTIME, REALTIME_64K, HANDLER, STREAM].into_iter().chain(node) {
            let run = Run { work: WORK, client, server, count, at_once: 1, javascript };
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

pub(crate) async fn child(client: &str, server: SocketAddr, count: usize) -> Result<Figures> {
    let (started, cpu) = (Instant::now(), process::cpu());
    let dropped = match client {
        RAW => raw(server, count).await?,
        RAW_TASK => raw_task(server, count).await?,
        REALTIME => realtime(server, count, 4 * 1_024).await?,
        REALTIME_64K => realtime(server, count, 64 * 1_024).await?,
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

async fn raw(server: SocketAddr, count: usize) -> Result<usize> {
    let mut socket = clients::raw(server, None).await?;
    for _ in 0..count {
        black_box(next(&mut socket).await?);
    }
    Ok(0)
}

async fn raw_task(server: SocketAddr, count: usize) -> Result<usize> {
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

async fn next(socket: &mut clients::RawSocket) -> Result<Box<mezon_proto::api::ChannelMessage>> {
    loop {
        let Message::Binary(frame) = socket.next().await.ok_or("the socket ended")?? else { continue };
        if let Some(envelope::Message::ChannelMessage(message)) = Envelope::decode(frame)?.message {
            return Ok(Box::new(message));
        }
    }
}

async fn realtime(server: SocketAddr, count: usize, read_buffer: usize) -> Result<usize> {
    let (_socket, mut events) = clients::realtime(server, |config| config.read_buffer(read_buffer)).await?;
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

async fn stream(server: SocketAddr, count: usize) -> Result<usize> {
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

async fn handler(server: SocketAddr, count: usize) -> Result<usize> {
    let (_client, socket) = clients::light(server)?;
    let seen = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0), Notify::new()));
    let counter = Arc::clone(&seen);
    let messages = socket.on_channel_message(move |message| {
        black_box(message.id());
        let received = counter.0.fetch_add(1, Ordering::Relaxed) + 1;
        if received + counter.1.load(Ordering::Relaxed) >= count {
            counter.2.notify_one();
        }
    });
    let counter = Arc::clone(&seen);
    let lags = socket.on_event(move |event| {
        if let Event::Lagged { dropped } = event {
            counter.1.fetch_add(usize::try_from(*dropped).unwrap_or_default(), Ordering::Relaxed);
            counter.2.notify_one();
        }
    });
    socket.connect(SocketConnectOptions::new()).await?;
    while seen.0.load(Ordering::Relaxed) + seen.1.load(Ordering::Relaxed) < count {
        seen.2.notified().await;
    }
    drop((messages, lags));
    Ok(seen.1.load(Ordering::Relaxed))
}
