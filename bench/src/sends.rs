//! Sending: from the call to the acknowledgement, one or many in flight.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use mezon_light::{SendMessagePayload, SocketConnectOptions};
use mezon_model::{ChannelId, Draft, Target};
use mezon_proto::realtime::{ChannelMessageAck, ChannelMessageSend, Envelope, envelope};
use prost::Message as _;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

use crate::child::{Figures, NODE, Run};
use crate::place::Place;
use crate::report::Group;
use crate::server::{Server, Work};
use crate::{Result, clients, message, process};

pub(crate) const P50: &str = "p50 µs";
pub(crate) const P99: &str = "p99 µs";
pub(crate) const RATE: &str = "sends/s";

pub(crate) const RAW: &str = "raw: one socket task, tokio-tungstenite + prost";
pub(crate) const REALTIME: &str = "mezon-realtime, Socket::send";
pub(crate) const LIGHT: &str = "mezon-light, LightSocket::send_dm";

pub(crate) const WORK: &str = "send";

/// The clients in Rust have so many short rounds for each one of the client on Node.js, which needs long ones to warm
/// up: a stall of a shared machine lasts for milliseconds, and the slowest of a hundred sends in a long round is always
/// one of those.
const SHORT_ROUNDS: usize = 10;

pub(crate) fn measure(
    title: &'static str,
    count: usize,
    at_once: usize,
    rounds: usize,
    javascript: Option<&Path>,
) -> Result<Group> {
    process::on_one_cpu(|| measure_here(title, count, at_once, rounds, javascript))
}

fn measure_here(
    title: &'static str,
    count: usize,
    at_once: usize,
    rounds: usize,
    javascript: Option<&Path>,
) -> Result<Group> {
    let server = Server::start(Work::Acknowledge)?;
    let mut group = Group::new(title, RAW, &[P50, P99, RATE]);
    let mut turn = |client, count| {
        let run = Run { work: WORK, client, server: &server.place, count, extent: at_once, javascript };
        let figures = run.figures()?;
        let get = |name: &str| figures.get(name).copied().unwrap_or(f64::NAN);
        group.add(client, &[(P50, get("p50")), (P99, get("p99")), (RATE, get("rate"))])
    };
    for round in 0..rounds * SHORT_ROUNDS {
        for client in [RAW, REALTIME, LIGHT] {
            turn(client, count / SHORT_ROUNDS)?;
        }
        if round < rounds && javascript.is_some() {
            turn(NODE, count)?;
        }
    }
    Ok(group)
}

pub(crate) async fn child(client: &str, server: &Place, count: usize, at_once: usize) -> Result<Figures> {
    let target = Target::direct(ChannelId::new(message::FIRST_ID));
    match client {
        RAW => {
            let commands = raw_task(clients::raw(server, Some(4 * 1_024)).await?);
            time(count, at_once, move |text| raw_send(commands.clone(), text)).await
        }
        REALTIME => {
            let (socket, _events) = clients::realtime(server, |config| config).await?;
            let send = move |text: String| {
                let socket = socket.clone();
                async move { Ok(socket.send(&target, &Draft::from(text)).await.map(drop)?) }
            };
            time(count, at_once, send).await
        }
        LIGHT => {
            let (_client, socket) = clients::light(server)?;
            socket.connect(SocketConnectOptions::new()).await?;
            let send = move |text: String| {
                let socket = socket.clone();
                async move { Ok(socket.send_dm(SendMessagePayload::new(target.channel_id, text)).await.map(drop)?) }
            };
            time(count, at_once, send).await
        }
        _ => Err(format!("unknown client {client}").into()),
    }
}

/// Makes `count` sends with `at_once` callers, each of which waits for one send before it makes the next.
async fn time<S, F>(count: usize, at_once: usize, send: S) -> Result<Figures>
where
    S: Fn(String) -> F + Clone + 'static,
    F: Future<Output = Result<()>> + 'static,
{
    let warm_up = count / 10;
    run(warm_up, at_once, send.clone()).await?;
    let started = Instant::now();
    let mut micros = run(count, at_once, send).await?;
    let seconds = started.elapsed().as_secs_f64();
    micros.sort_by(f64::total_cmp);
    let at = |percent: usize| micros.get(micros.len() * percent / 100).copied().unwrap_or(f64::NAN);
    Ok(vec![("p50", at(50)), ("p99", at(99)), ("rate", count as f64 / seconds)])
}

async fn run<S, F>(count: usize, at_once: usize, send: S) -> Result<Vec<f64>>
where
    S: Fn(String) -> F + Clone + 'static,
    F: Future<Output = Result<()>> + 'static,
{
    let micros = Rc::new(RefCell::new(Vec::with_capacity(count)));
    let next = Rc::new(Cell::new(0));
    let callers = tokio::task::LocalSet::new();
    let handles: Vec<_> = (0..at_once)
        .map(|_| {
            let (micros, next, send) = (Rc::clone(&micros), Rc::clone(&next), send.clone());
            callers.spawn_local(async move {
                while next.get() < count {
                    let n = next.replace(next.get() + 1);
                    let started = Instant::now();
                    send(format!("message {n}")).await?;
                    micros.borrow_mut().push(started.elapsed().as_secs_f64() * 1e6);
                }
                Result::<()>::Ok(())
            })
        })
        .collect();
    callers
        .run_until(async {
            for handle in handles {
                handle.await??;
            }
            Result::<()>::Ok(())
        })
        .await?;
    Ok(micros.take())
}

struct Ask {
    envelope: Envelope,
    answer: oneshot::Sender<ChannelMessageAck>,
}

async fn raw_send(commands: mpsc::Sender<Ask>, text: String) -> Result<()> {
    let text = serde_json::to_string(&text)?;
    let send = ChannelMessageSend {
        channel_id: message::FIRST_ID,
        content: format!(r#"{{"t":{text}}}"#),
        mode: 4,
        ..ChannelMessageSend::default()
    };
    let envelope = Envelope { cid: 0, message: Some(envelope::Message::ChannelMessageSend(send)) };
    let (answer, acknowledged) = oneshot::channel();
    commands.send(Ask { envelope, answer }).await?;
    acknowledged.await?;
    Ok(())
}

/// What any client has to do, and no more: number the requests, write what there is with one flush, match the answers.
fn raw_task(mut socket: clients::RawSocket) -> mpsc::Sender<Ask> {
    let (commands, mut asked) = mpsc::channel::<Ask>(1_024);
    tokio::spawn(async move {
        let (mut waiting, mut cid) = (HashMap::new(), 0);
        loop {
            tokio::select! {
                ask = asked.recv() => {
                    let Some(ask) = ask else { return Result::<()>::Ok(()) };
                    let mut ready = Some(ask);
                    while let Some(Ask { mut envelope, answer }) = ready {
                        cid = cid % 65_535 + 1;
                        envelope.cid = cid;
                        waiting.insert(cid, answer);
                        socket.feed(Message::Binary(envelope.encode_to_vec().into())).await?;
                        ready = asked.try_recv().ok();
                    }
                    socket.flush().await?;
                }
                message = socket.next() => {
                    let mut ready = message;
                    while let Some(message) = ready {
                        if let Message::Binary(frame) = message? {
                            let envelope = Envelope::decode(frame)?;
                            if let Some(envelope::Message::ChannelMessageAck(ack)) = envelope.message
                                && let Some(answer) = waiting.remove(&envelope.cid)
                            {
                                let _ = answer.send(ack);
                            }
                        }
                        ready = socket.next().now_or_never().flatten();
                    }
                }
            }
        }
    });
    commands
}
