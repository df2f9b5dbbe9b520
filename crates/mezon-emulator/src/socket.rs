//! One WebSocket: reading, writing, and the ways it ends.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as WsMessage;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::faults::{FrameMeter, GARBAGE};
use crate::gateway::{Caller, Gateway};
use crate::hub::{Control, Outgoing, Queued};
use crate::requests::{self, Origin};

/// The largest message a client may send, in bytes: far above what the content limit allows.
const LARGEST_MESSAGE: usize = 1 << 20;
/// How long a close frame may take to be exchanged.
const CLOSING: Duration = Duration::from_secs(1);

type Sink<S> = SplitSink<WebSocketStream<S>, WsMessage>;
type Source<S> = SplitStream<WebSocketStream<S>>;

/// Serves a socket until one side ends it.
pub(crate) async fn serve<S>(gateway: Arc<Gateway>, stream: S, caller: Caller)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config =
        WebSocketConfig::default().max_message_size(Some(LARGEST_MESSAGE)).max_frame_size(Some(LARGEST_MESSAGE));
    let stream = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let mut registration = gateway.hub.register(caller.user, &caller.username, &caller.host);
    let mut control = registration.control.clone();
    tracing::debug!(user = caller.user, socket = registration.id, "socket opened");

    let user = caller.user;
    gateway.tell_presence(user, true);
    let origin = Origin { socket: registration.id, caller, revision: OnceLock::new() };
    let meter = FrameMeter::default();
    let (mut sink, mut source) = stream.split();
    let end = tokio::select! {
        biased;
        end = told_to_end(&mut control) => end,
        end = read(&gateway, &origin, &meter, &mut source) => end,
        end = write(&gateway, &origin, &meter, &mut registration.queue, &mut sink) => end,
    };
    tracing::debug!(socket = origin.socket, ?end, "socket ends");
    if let Ok(mut stream) = source.reunite(sink) {
        match end {
            Control::Run | Control::Cut => {}
            Control::Last(bytes) => end_with(&mut stream, &bytes).await,
            Control::Silent => keep_silent(&mut stream, &mut control).await,
        }
    }
    drop(registration);
    gateway.hang_up(user).await;
    gateway.tell_presence(user, false);
}

/// Waits until the socket is told to do anything but run.
async fn told_to_end(control: &mut watch::Receiver<Control>) -> Control {
    control.wait_for(|control| *control != Control::Run).await.map_or(Control::Cut, |control| control.clone())
}

/// Answers what the client sends, one request after the other. Tells how the socket is to end.
async fn read<S>(gateway: &Gateway, origin: &Origin, meter: &FrameMeter, source: &mut Source<S>) -> Control
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = source.next().await {
        let inbound = match message {
            WsMessage::Binary(frame) => Some(frame),
            // The JSON form of the protocol is not spoken.
            WsMessage::Text(_) => None,
            // Answered by the library; the stream ends by itself after a close frame.
            _ => continue,
        };
        gateway.counters.count(|stats| stats.frames_in += 1);
        let end = gateway.plan.frame_carried(meter);
        requests::answer(gateway, origin, inbound.as_deref()).await;
        if let Some(end) = end {
            return end;
        }
    }
    Control::Cut
}

/// Sends what is queued for the client. Tells how the socket is to end.
async fn write<S>(
    gateway: &Gateway,
    origin: &Origin,
    meter: &FrameMeter,
    queue: &mut mpsc::Receiver<Queued>,
    sink: &mut Sink<S>,
) -> Control
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Queued { due, frame }) = queue.recv().await {
        // In one go with what else is waiting, but for frames that have to wait.
        if due > Instant::now() {
            if sink.flush().await.is_err() {
                return Control::Cut;
            }
            sleep_until(due).await;
        }
        let frame = encode(gateway, origin, &frame);
        let times = if gateway.plan.is_duplicating() { 2 } else { 1 };
        for _ in 0..times {
            if sink.feed(WsMessage::Binary(frame.clone())).await.is_err() {
                return Control::Cut;
            }
            gateway.counters.count(|stats| stats.frames_out += 1);
            if let Some(end) = gateway.plan.frame_carried(meter) {
                // The last frame still arrives; that the client is gone already changes nothing.
                let _ = sink.flush().await;
                return end;
            }
        }
        if gateway.plan.garbage_follows(meter)
            && sink.feed(WsMessage::Binary(Bytes::from_static(GARBAGE))).await.is_err()
        {
            return Control::Cut;
        }
        if queue.is_empty() && sink.flush().await.is_err() {
            return Control::Cut;
        }
    }
    Control::Cut
}

fn encode(gateway: &Gateway, origin: &Origin, frame: &Outgoing) -> Bytes {
    match frame {
        Outgoing::Envelope(envelope) => {
            origin.revision.get().copied().unwrap_or(gateway.settings.revision).encode(envelope)
        }
        Outgoing::ApiReply(reply) => reply.encode(),
        Outgoing::Bytes(bytes) => bytes.clone(),
    }
}

/// Writes the last bytes past the WebSocket layer, which would not send all of them, and waits a moment for the
/// client's close frame.
async fn end_with<S>(stream: &mut WebSocketStream<S>, bytes: &[u8])
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let handshake = async {
        let written = async {
            stream.flush().await.ok()?;
            stream.get_mut().write_all(bytes).await.ok()?;
            stream.get_mut().flush().await.ok()
        };
        if written.await.is_some() {
            while let Some(Ok(message)) = stream.next().await {
                if message.is_close() {
                    return;
                }
            }
        }
    };
    // A client that does not answer is cut off.
    let _ = timeout(CLOSING, handshake).await;
}

/// Plays a connection that has died without a word: what comes is dropped, until the client gives up.
async fn keep_silent<S>(stream: &mut WebSocketStream<S>, control: &mut watch::Receiver<Control>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Past the WebSocket layer, which would answer pings and close frames.
    let raw = stream.get_mut();
    let mut dropped = [0; 1024];
    let until_gone = async { while raw.read(&mut dropped).await.is_ok_and(|length| length > 0) {} };
    tokio::select! {
        () = until_gone => {}
        _ = control.wait_for(|control| *control > Control::Silent) => {}
    }
}
