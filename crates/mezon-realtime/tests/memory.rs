//! What hostile servers make of a connection whose application reads nothing. A test binary of its own, because it counts
//! allocations.
#![cfg(feature = "driver")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use futures_util::{SinkExt as _, StreamExt as _};
use mezon_proto::wire::{CHANNEL_MESSAGE_FIELD, CHANNEL_PRESENCE_EVENT_FIELD, ERROR_FIELD, MESSAGE_TYPING_EVENT_FIELD};
use mezon_realtime::{SocketConfig, connect};
use mezon_session::{Session, SessionUpdate, StaticSession};
use prost::encoding::bytes::encode;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// Longer than the test takes: one that waits for this has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What no attack may take, over the connection at rest.
const MOST: u64 = 32 << 20;

/// A field of an envelope or of a message.
fn field(number: u32, body: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    encode(number, &body.to_vec(), &mut field);
    field
}

/// A presence event with so many empty joins.
fn joins(count: usize) -> Vec<u8> {
    field(CHANNEL_PRESENCE_EVENT_FIELD, &[0x12, 0x00].repeat(count))
}

/// Only what this thread allocates is counted: the driver and the runtime. The server has a thread of its own.
#[test]
fn no_attack_takes_more_than_its_bound() {
    let attacks: [(&str, Vec<u8>, usize); 9] = [
        ("presences over the limit for a push", joins(2_000_000), 30),
        ("presences over the limit for what they become", joins(450_000), 90),
        ("presences within every limit", joins(2_500), 2_000),
        (
            "messages with long lists of nothing",
            field(CHANNEL_MESSAGE_FIELD, &field(17, &[0x0a, 0x00].repeat(400_000))),
            100,
        ),
        (
            "messages with a broken name",
            field(CHANNEL_MESSAGE_FIELD, &[field(6, b"\xff"), field(8, &vec![b'x'; 400_000])].concat()),
            100,
        ),
        ("long pushes of an unknown kind", field(1_000, &vec![7; 1_000_000]), 100),
        ("long names", field(MESSAGE_TYPING_EVENT_FIELD, &field(6, &vec![b'x'; 1_000_000])), 100),
        ("errors with endless context", field(ERROR_FIELD, &field(3, &[]).repeat(300_000)), 60),
        ("no envelopes", vec![0x0c; 4_000_000], 60),
    ];
    for (name, frame, times) in attacks {
        let (address, done) = server(frame, times);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let config = SocketConfig::builder().gateway_url(format!("http://{address}")).build().unwrap();
        // {"uid":"7"} as the payload of a JWT.
        let token = Some("e30.eyJ1aWQiOiI3In0.x".into());
        let session = Session::new(SessionUpdate { token, ..SessionUpdate::default() }).unwrap();
        // The first frames are read while `connect` has not returned yet.
        let suffer = async {
            let _connection = connect(config, Arc::new(StaticSession::new(session))).await.unwrap();
            tokio::time::timeout(PATIENCE, done).await.unwrap().unwrap();
        };
        let info = measure(|| runtime.block_on(suffer));
        assert!(info.bytes_max <= MOST, "{name}: {} KiB", info.bytes_max >> 10);
    }
}

/// A server for one connection that sends a frame so many times, and tells when the last has been read.
fn server(frame: Vec<u8>, times: usize) -> (SocketAddr, oneshot::Receiver<()>) {
    let (read, done) = oneshot::channel();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = async move {
        listener.set_nonblocking(true).unwrap();
        let (stream, _) = TcpListener::from_std(listener).unwrap().accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        let frame = Bytes::from(frame);
        for _ in 0..times {
            socket.send(Message::Binary(frame.clone())).await.unwrap();
        }
        socket.send(Message::Ping(Bytes::from_static(b"last"))).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            if matches!(message, Message::Pong(_)) {
                return read.send(()).unwrap();
            }
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || runtime.block_on(serve));
    (address, done)
}
