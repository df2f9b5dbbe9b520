//! The servers that all clients are measured against. They do as little as they can: what is measured is the client.

mod away;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Instant;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use mezon_proto::api::{ChannelMessage, ChannelMessageList};
use mezon_proto::realtime::{Channel, ChannelMessageAck, Envelope, Pong, envelope};
use mezon_proto::wire::{Inbound, MESSAGE_TYPING_EVENT_FIELD, read};
use prost::Message as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{accept_async, accept_async_with_config};

pub(crate) use self::away::Away;
use crate::place::Place;
use crate::{Result, certificate, message};

/// How much is written at a time.
const CHUNK: usize = 64 * 1_024;

/// Small, for the sake of many idle connections.
const READ_BUFFER: usize = 4 * 1_024;

/// What a server does.
#[derive(Clone)]
pub(crate) enum Work {
    /// Sends these bytes, whole WebSocket frames, as soon as the upgrade is done.
    Flood(Arc<Vec<u8>>),
    /// Sends these bytes once the client says that it is typing. Answers joins and pings; messages never.
    Told(Arc<Vec<u8>>),
    /// Acknowledges messages and answers joins and pings.
    Acknowledge,
    /// Answers every HTTP request with these bytes.
    Answer(Arc<Vec<u8>>),
    /// Answers HTTP requests with lists of so many messages, each of which goes on where the last ended.
    Pages(i64),
    /// Goes away and comes back. Without TLS only.
    Away(Arc<Away>),
}

/// These envelopes as WebSocket frames.
pub(crate) fn frames(envelopes: impl Iterator<Item = Vec<u8>>) -> Arc<Vec<u8>> {
    let mut frames = Vec::new();
    for envelope in envelopes {
        message::push_frame(&envelope, &mut frames);
    }
    Arc::new(frames)
}

/// A server in a thread of its own. It stops when this goes: every socket of it is closed, and its port is free again.
pub(crate) struct Server {
    pub(crate) place: Place,
    accepted: Arc<Mutex<Vec<Instant>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// On a free port of this machine.
    pub(crate) fn start(work: Work) -> Result<Self> {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), work)
    }

    pub(crate) fn start_at(address: SocketAddr, work: Work) -> Result<Self> {
        Self::run(address, work, None, |address| Ok(Place::plain(address)))
    }

    /// With TLS.
    pub(crate) fn start_secure(work: Work) -> Result<Self> {
        let (acceptor, authority) = certificate::acceptor()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::run(address, work, Some(acceptor), |address| Place::secure(address, authority))
    }

    fn run(
        address: SocketAddr,
        work: Work,
        tls: Option<TlsAcceptor>,
        place: impl FnOnce(SocketAddr) -> Result<Place>,
    ) -> Result<Self> {
        let accepted = Arc::default();
        let accepts = Arc::clone(&accepted);
        let (addresses, started) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // The runtime ends with the thread, and with it all tasks and their sockets.
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let listener = match TcpListener::bind(address).await {
                    Ok(listener) => listener,
                    Err(error) => {
                        let _ = addresses.send(Err(error));
                        return;
                    }
                };
                let _ = addresses.send(listener.local_addr());
                tokio::select! {
                    () = accept(listener, work, tls, accepts) => {}
                    _ = stopped => {}
                }
            });
        });
        let place = place(started.recv()??)?;
        Ok(Self { place, accepted, stop: Some(stop), thread: Some(thread) })
    }

    /// When each connection was accepted.
    pub(crate) fn accepted(&self) -> Vec<Instant> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, work: Work, tls: Option<TlsAcceptor>, accepted: Arc<Mutex<Vec<Instant>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        accepted.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
        let (work, tls) = (work.clone(), tls.clone());
        // A client that leaves ends its task, and nothing else.
        tokio::spawn(async move { welcome(work, tls, stream).await });
    }
}

async fn welcome(work: Work, tls: Option<TlsAcceptor>, stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    if let Work::Away(away) = work {
        return Box::pin(away.serve(stream)).await;
    }
    match tls {
        Some(tls) => Box::pin(serve(work, tls.accept(stream).await?)).await,
        None => Box::pin(serve(work, stream)).await,
    }
}

async fn serve(work: Work, stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<()> {
    match work {
        Work::Flood(frames) => {
            let mut socket = accept_async(stream).await?;
            write(socket.get_mut(), &frames).await?;
            let mut rest = [0; 1_024];
            while socket.get_mut().read(&mut rest).await? > 0 {}
            Ok(())
        }
        Work::Told(frames) => converse(stream, Some(frames)).await,
        Work::Acknowledge => converse(stream, None).await,
        Work::Answer(body) => answer(stream, |_| with_head(&body)).await,
        Work::Away(_) => Err("this server has no TLS".into()),
        Work::Pages(length) => answer(stream, |number| with_head(&page(number, length))).await,
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), frames: &[u8]) -> Result<()> {
    for chunk in frames.chunks(CHUNK) {
        stream.write_all(chunk).await?;
    }
    Ok(stream.flush().await?)
}

/// Answers all that has come in, then flushes once. A client that says that it is typing gets `told`, if there is such.
async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, told: Option<Arc<Vec<u8>>>) -> Result<()> {
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
    let mut socket = accept_async_with_config(stream, Some(config)).await?;
    let mut next_id = message::FIRST_ID;
    while let Some(first) = socket.next().await {
        let (mut incoming, mut typing) = (Some(first), false);
        while let Some(message) = incoming {
            if let Message::Binary(frame) = message?
                && let Ok(request) = read(&frame)
            {
                next_id += 1;
                let revision = request.revision.unwrap_or_default();
                typing |= is_typing(&request);
                if let Some(reply) = reply(request, next_id, told.is_none()) {
                    socket.feed(Message::Binary(revision.encode(&reply))).await?;
                }
            }
            incoming = socket.next().now_or_never().flatten();
        }
        socket.flush().await?;
        if let (true, Some(frames)) = (typing, &told) {
            write(socket.get_mut(), frames).await?;
        }
    }
    Ok(())
}

fn is_typing(request: &Inbound) -> bool {
    request.message.as_ref().is_some_and(|message| message.field == MESSAGE_TYPING_EVENT_FIELD)
}

fn reply(request: Inbound, message_id: i64, acknowledge: bool) -> Option<Envelope> {
    let message = match request.message?.decode() {
        Ok(Some(message)) => match message {
            envelope::Message::ChannelMessageSend(_) if !acknowledge => return None,
            envelope::Message::ChannelMessageSend(send) => {
                Some(envelope::Message::ChannelMessageAck(ChannelMessageAck {
                    channel_id: send.channel_id,
                    message_id,
                    username: "linh.nguyen".to_owned(),
                    create_time_seconds: 1_760_000_000,
                    ..ChannelMessageAck::default()
                }))
            }
            envelope::Message::ChannelJoin(join) => {
                Some(envelope::Message::Channel(Channel { id: join.channel_id, ..Channel::default() }))
            }
            envelope::Message::Ping(_) => Some(envelope::Message::Pong(Pong {})),
            _ => None,
        },
        _ => None,
    };
    Some(Envelope { cid: request.cid.try_into().unwrap_or_default(), message })
}

/// HTTP/1.1: `answer` makes the bytes of the answer to each request, which are counted from 0 on.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, mut answer: impl FnMut(i64) -> Vec<u8>) -> Result<()> {
    let (mut taken, mut number) = (Vec::new(), 0);
    loop {
        while let Some(length) = request_length(&taken) {
            taken.drain(..length);
            stream.write_all(&answer(number)).await?;
            number += 1;
        }
        if stream.read_buf(&mut taken).await? == 0 {
            return Ok(());
        }
    }
}

fn with_head(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/proto\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn page(number: i64, length: i64) -> Vec<u8> {
    let first = message::FIRST_ID + number * length;
    let message = |message_id| ChannelMessage { message_id, ..ChannelMessage::default() };
    let messages = (first..first + length).map(message).collect();
    ChannelMessageList { messages, ..ChannelMessageList::default() }.encode_to_vec()
}

/// How long the request at the start of `bytes` is; `None` while there is no whole one.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(bytes.get(..head)?).ok()?;
    let body = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
    });
    let length: usize = head + body.unwrap_or(0);
    (bytes.len() >= length).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_whole_with_its_body() {
        let request = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST";
        assert_eq!(request_length(request), Some(request.len() - 4));
        assert_eq!(request_length(request.get(..request.len() - 5).unwrap()), None);
    }
}
