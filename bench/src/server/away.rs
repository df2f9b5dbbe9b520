//! A server that goes away once and has a message more in each channel when it is back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use mezon_proto::api::{ChannelMessage, ChannelMessageList, ListChannelMessagesRequest};
use mezon_proto::realtime::{Envelope, envelope};
use mezon_proto::wire::{Revision, read};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use super::{is_typing, reply, request_length, with_head, write};
use crate::{Result, message};

/// Behind all messages that came live.
const MISSED_ID: i64 = message::FIRST_ID + 1_000_000_000;

pub(crate) struct Away {
    /// Sent when the client types for the first time. When it types again, its connection is cut.
    frames: Arc<Vec<u8>>,
    channels: usize,
    /// How long a history takes.
    delay: Duration,
    connections: AtomicUsize,
}

impl Away {
    /// One message in each of so many channels is in `frames`.
    pub(crate) fn new(frames: Arc<Vec<u8>>, channels: usize, delay: Duration) -> Self {
        Self { frames, channels, delay, connections: AtomicUsize::new(0) }
    }

    /// HTTP and WebSocket, told apart by the method of the first request.
    pub(super) async fn serve(&self, stream: TcpStream) -> Result<()> {
        let mut first = [0];
        stream.peek(&mut first).await?;
        if first == *b"G" { self.converse(stream).await } else { self.histories(stream).await }
    }

    async fn converse(&self, stream: TcpStream) -> Result<()> {
        let is_back = self.connections.fetch_add(1, Ordering::Relaxed) > 0;
        let mut socket = accept_async(stream).await?;
        let (mut typed, mut joined, mut next_id) = (false, 0, message::FIRST_ID);
        while let Some(request) = socket.next().await {
            let Message::Binary(frame) = request? else { continue };
            let Ok(request) = read(&frame) else { continue };
            let (revision, is_typing) = (request.revision.unwrap_or_default(), is_typing(&request));
            next_id += 1;
            let Some(reply) = reply(request, next_id, true) else { continue };
            joined += usize::from(matches!(reply.message, Some(envelope::Message::Channel(_))));
            if is_typing && typed {
                return Ok(());
            }
            socket.send(Message::Binary(revision.encode(&reply))).await?;
            if is_typing {
                typed = true;
                write(socket.get_mut(), &self.frames).await?;
            }
            if is_back && joined == self.channels {
                joined = 0;
                socket.send(Message::Binary(self.live(revision)?)).await?;
            }
        }
        Ok(())
    }

    /// A message in a channel in which nothing was missed.
    fn live(&self, revision: Revision) -> Result<prost::bytes::Bytes> {
        let channel_id = message::FIRST_CHANNEL + i64::try_from(self.channels)?;
        let message = ChannelMessage { channel_id, message_id: MISSED_ID, ..ChannelMessage::default() };
        let message = Some(envelope::Message::ChannelMessage(message));
        Ok(revision.encode(&Envelope { message, ..Envelope::default() }))
    }

    async fn histories(&self, mut stream: TcpStream) -> Result<()> {
        let mut taken = Vec::new();
        loop {
            while let Some(length) = request_length(&taken) {
                let request: Vec<u8> = taken.drain(..length).collect();
                let head = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_default() + 4;
                let asked = ListChannelMessagesRequest::decode(request.get(head..).unwrap_or_default())?;
                let missed =
                    ChannelMessage { channel_id: asked.channel_id, message_id: MISSED_ID, ..ChannelMessage::default() };
                let list = ChannelMessageList { messages: vec![missed], ..ChannelMessageList::default() };
                tokio::time::sleep(self.delay).await;
                stream.write_all(&with_head(&list.encode_to_vec())).await?;
            }
            if stream.read_buf(&mut taken).await? == 0 {
                return Ok(());
            }
        }
    }
}
