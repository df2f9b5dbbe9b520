//! The servers that all clients are measured against. They do as little as they can: what is measured is the client.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use mezon_proto::api::{ChannelDescList, ChannelDescription};
use mezon_proto::realtime::{ChannelMessageAck, Envelope, Pong, envelope};
use mezon_proto::wire::{Body, Inbound, decode};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::{Result, message};

/// How much the flood writes at a time.
const CHUNK: usize = 64 * 1_024;

/// What a server does.
#[derive(Clone)]
pub(crate) enum Work {
    /// Sends these bytes, whole WebSocket frames, as soon as the upgrade is done.
    Flood(Arc<Vec<u8>>),
    /// Acknowledges messages and answers pings.
    Acknowledge,
    /// Answers every HTTP request with a list of one channel.
    Answer,
}

/// `count` messages as frames for [`Work::Flood`].
pub(crate) fn flood(count: usize) -> Work {
    let mut frames = Vec::with_capacity(count * (message::SMALL + 4));
    for message in message::many_small(count) {
        message::push_frame(&message, &mut frames);
    }
    Work::Flood(Arc::new(frames))
}

/// Starts a server in a thread of its own, which ends with the process.
pub(crate) fn start(work: Work) -> Result<SocketAddr> {
    let (addresses, started) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await else { return };
            let _ = addresses.send(listener.local_addr());
            while let Ok((stream, _)) = listener.accept().await {
                let work = work.clone();
                // A client that leaves ends its task, and nothing else.
                tokio::spawn(async move { serve(work, stream).await });
            }
        });
    });
    Ok(started.recv()??)
}

async fn serve(work: Work, stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    match work {
        Work::Flood(frames) => send_all(&frames, stream).await,
        Work::Acknowledge => acknowledge(stream).await,
        Work::Answer => answer(stream).await,
    }
}

async fn send_all(frames: &[u8], stream: TcpStream) -> Result<()> {
    let mut socket = accept_async(stream).await?;
    let tcp = socket.get_mut();
    for chunk in frames.chunks(CHUNK) {
        tcp.write_all(chunk).await?;
    }
    let mut rest = [0; 1_024];
    while tcp.read(&mut rest).await? > 0 {}
    Ok(())
}

/// Answers all that has come in, then flushes once.
async fn acknowledge(stream: TcpStream) -> Result<()> {
    let mut socket = accept_async(stream).await?;
    let mut next_id = message::FIRST_ID;
    while let Some(first) = socket.next().await {
        let mut incoming = Some(first);
        while let Some(message) = incoming {
            if let Message::Binary(frame) = message?
                && let Ok(request) = decode(&frame)
            {
                next_id += 1;
                let revision = request.revision.unwrap_or_default();
                socket.feed(Message::Binary(revision.encode(&reply(request, next_id)))).await?;
            }
            incoming = socket.next().now_or_never().flatten();
        }
        socket.flush().await?;
    }
    Ok(())
}

fn reply(request: Inbound, message_id: i64) -> Envelope {
    let message = match request.body {
        Body::Message(message) => match *message {
            envelope::Message::ChannelMessageSend(send) => {
                Some(envelope::Message::ChannelMessageAck(ChannelMessageAck {
                    channel_id: send.channel_id,
                    message_id,
                    username: "linh.nguyen".to_owned(),
                    create_time_seconds: 1_760_000_000,
                    ..ChannelMessageAck::default()
                }))
            }
            envelope::Message::Ping(_) => Some(envelope::Message::Pong(Pong {})),
            _ => None,
        },
        _ => None,
    };
    Envelope { cid: request.cid.try_into().unwrap_or_default(), message }
}

/// HTTP/1.1 with a fixed answer.
async fn answer(mut stream: TcpStream) -> Result<()> {
    let channel = ChannelDescription {
        channel_id: message::FIRST_ID,
        channel_label: "linh.nguyen, an.tran".to_owned(),
        ..ChannelDescription::default()
    };
    let body = ChannelDescList { channeldesc: vec![channel] }.encode_to_vec();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/proto\r\ncontent-length: {}\r\n\r\n", body.len());
    let answer = [head.into_bytes(), body].concat();

    let mut taken = Vec::new();
    loop {
        while let Some(length) = request_length(&taken) {
            taken.drain(..length);
            stream.write_all(&answer).await?;
        }
        if stream.read_buf(&mut taken).await? == 0 {
            return Ok(());
        }
    }
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
