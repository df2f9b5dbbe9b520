//! Memory after one large message: what a connection keeps of the room that it needed.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use mezon_light::{Event, SocketConnectOptions};
use mezon_model::{ChannelId, Target};
use mezon_proto::realtime::{Envelope, MessageTypingEvent, envelope};
use prost::Message as _;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval};
use tokio_tungstenite::tungstenite::Message;

use crate::child::{Figures, Run};
use crate::place::Place;
use crate::report::Group;
use crate::server::{Server, Work};
use crate::{Result, clients, message, process, server};

pub(crate) const WORK: &str = "large";

const BEFORE: &str = "KiB before";
const AFTER: &str = "KiB right after";
pub(crate) const LATER: &str = "KiB later";
const SECONDS: &str = "s until then";

pub(crate) const RAW: &str = "raw task, read buffer 4 KiB";
pub(crate) const REALTIME: &str = "mezon-realtime, Socket + Events";
pub(crate) const LIGHT: &str = "mezon-light, LightClient + LightSocket + stream";

const LARGE: usize = 1 << 20;
/// The target: nothing more is waited for.
pub(crate) const ENOUGH_KIB: f64 = 32.0;

/// Each of `count` connections gets one message; then up to `seconds` to give memory back.
pub(crate) fn measure(count: usize, seconds: usize) -> Result<Group> {
    let frames = server::frames(std::iter::once(message::huge(LARGE)));
    let server = Server::start(Work::Told(frames))?;
    let mut group =
        Group::new("Memory of a connection around one message of 1 MiB", RAW, &[BEFORE, AFTER, LATER, SECONDS]);
    let run = |client| Run { work: WORK, client, server: &server.place, count, extent: seconds, javascript: None };
    // At the same time: memory is each one's own, and most of it is waiting.
    let all = std::thread::scope(|scope| {
        let runs = [RAW, REALTIME, LIGHT].map(|client| (client, scope.spawn(move || run(client).figures())));
        runs.map(|(client, run)| (client, run.join().unwrap_or_else(|_| Err("a thread panicked".into()))))
    });
    for (client, figures) in all {
        let figures = figures?;
        let get = |name: &str| figures.get(name).copied().unwrap_or(f64::NAN);
        let figures =
            [(BEFORE, get("before")), (AFTER, get("after")), (LATER, get("later")), (SECONDS, get("seconds"))];
        group.add(client, &figures)?;
    }
    Ok(group)
}

pub(crate) async fn child(client: &str, server: &Place, count: usize, seconds: u64) -> Result<Figures> {
    let (received, mut receipts) = mpsc::unbounded_channel();
    let mut open = Vec::with_capacity(count + 1);
    // The first connection pays for what all share.
    open.push(connect(client, server, &received).await?);
    let first = process::anonymous_kib();
    for _ in 0..count {
        open.push(connect(client, server, &received).await?);
    }
    let kib = || (process::anonymous_kib() - first) / count as f64;
    let before = kib();
    for tell in open.iter().skip(1) {
        tell.send(true)?;
        receipts.recv().await.ok_or("a connection ended")?;
    }
    let (after, since) = (kib(), Instant::now());
    let mut ticks = interval(Duration::from_millis(250));
    while kib() >= ENOUGH_KIB && since.elapsed() < Duration::from_secs(seconds) {
        ticks.tick().await;
    }
    Ok(vec![("before", before), ("after", after), ("later", kib()), ("seconds", since.elapsed().as_secs_f64())])
}

/// A connection in a task of its own. It asks for the message when it is told to, and says when it has it.
async fn connect(client: &str, server: &Place, received: &mpsc::UnboundedSender<usize>) -> Result<watch::Sender<bool>> {
    let (tell, mut told) = watch::channel(false);
    let received = received.clone();
    let channel = ChannelId::new(message::FIRST_CHANNEL);
    match client {
        RAW => {
            let mut socket = Box::pin(clients::raw(server, Some(4 * 1_024))).await?;
            tokio::spawn(async move {
                told.wait_for(|told| *told).await?;
                let typing = MessageTypingEvent { channel_id: channel.get(), ..MessageTypingEvent::default() };
                let typing = Envelope { cid: 1, message: Some(envelope::Message::MessageTypingEvent(typing)) };
                socket.send(Message::Binary(typing.encode_to_vec().into())).await?;
                while let Some(message) = socket.next().await {
                    if let Message::Binary(frame) = message?
                        && let Some(envelope::Message::ChannelMessage(message)) = Envelope::decode(frame)?.message
                    {
                        received.send(message.content.len())?;
                    }
                }
                Result::<()>::Ok(())
            });
        }
        REALTIME => {
            let (socket, mut events) = Box::pin(clients::realtime(server, |config| config)).await?;
            tokio::spawn(async move {
                told.wait_for(|told| *told).await?;
                socket.typing(&Target::direct(channel)).await?;
                while let Some(event) = events.next().await {
                    if let Event::Message(message) = event {
                        received.send(message.text().len())?;
                    }
                }
                Result::<()>::Ok(())
            });
        }
        LIGHT => {
            let (client, socket) = clients::light(server)?;
            let mut messages = socket.messages();
            Box::pin(socket.connect(SocketConnectOptions::new())).await?;
            tokio::spawn(async move {
                told.wait_for(|told| *told).await?;
                socket.typing(&Target::direct(channel)).await?;
                while let Some(Ok(message)) = messages.next().await {
                    received.send(message.text().len())?;
                }
                drop(client);
                Result::<()>::Ok(())
            });
        }
        _ => return Err(format!("unknown client {client}").into()),
    }
    Ok(tell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_client_gets_its_large_message() {
        let server = Server::start(Work::Told(server::frames(std::iter::once(message::huge(LARGE))))).unwrap();
        for client in [RAW, REALTIME, LIGHT] {
            let figures = child(client, &server.place, 1, 0).await.unwrap();
            let after = figures.iter().find(|(name, _)| *name == "after");
            assert!(after.is_some_and(|(_, kib)| kib.is_finite()), "{client}: {figures:?}");
        }
    }
}
