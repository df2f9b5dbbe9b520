//! What a heartbeat costs. A test binary of its own, because it counts allocations.
#![cfg(feature = "driver")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use futures_util::{SinkExt as _, StreamExt as _};
use mezon_proto::realtime::{Envelope, Ping, Pong, envelope};
use mezon_proto::wire::{Revision, read};
use mezon_realtime::{SocketConfig, connect};
use mezon_session::{Session, StaticSession};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

/// How many heartbeats are counted at a time: enough for the pongs to fill the read buffer (2 KiB), which begins again then.
const ROUND: u32 = 300;

/// Buffers grow a few times before they have their size, the table of calls when a busy machine makes two pings overlap.
const ROUNDS: u32 = 5;

/// Longer than the test takes: one that waits for this has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// The heartbeats are real ones over a real socket, a millisecond apart. The server has a thread of its own, and only what
/// this thread allocates is counted: the driver, the runtime, and nothing else.
#[test]
fn a_heartbeat_allocates_nothing() {
    for revision in [Revision::Int32Cid, Revision::StringCid] {
        let (address, mut answered) = server(revision);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let config = SocketConfig::builder()
            .gateway_url(format!("http://{address}"))
            .revision(revision)
            .heartbeat(Duration::from_millis(1), PATIENCE);
        let source = Arc::new(StaticSession::new(session(address)));
        let (socket, _events) = runtime.block_on(connect(config.build().unwrap(), source)).unwrap();
        let mut allocated = Vec::new();
        for round in 1..=ROUNDS {
            let answers = answered.wait_for(|answers| *answers >= round * ROUND);
            let beats = async { tokio::time::timeout(PATIENCE, answers).await.unwrap().map(drop).unwrap() };
            let counted = measure(|| runtime.block_on(beats)).count_total;
            allocated.push(counted);
            if counted == 0 {
                break;
            }
        }
        assert!(socket.round_trip().is_some(), "no pong was matched with its ping");
        assert_eq!(
            allocated.last(),
            Some(&0),
            "{revision:?}: allocations in rounds of {ROUND} heartbeats: {allocated:?}"
        );
    }
}

/// A server for one connection that answers pings, and tells how many it has answered.
fn server(revision: Revision) -> (SocketAddr, watch::Receiver<u32>) {
    let (answers, answered) = watch::channel(0);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = async move {
        listener.set_nonblocking(true).unwrap();
        let (stream, _) = TcpListener::from_std(listener).unwrap().accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        while let Some(Ok(Message::Binary(frame))) = socket.next().await {
            let asked = read(&frame).unwrap();
            assert_eq!(asked.message.unwrap().read(), Ok(Some(Ping {})));
            let pong = Envelope { cid: asked.cid.cast_signed(), message: Some(envelope::Message::Pong(Pong {})) };
            socket.send(Message::Binary(revision.encode(&pong))).await.unwrap();
            answers.send_modify(|answers| *answers += 1);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || runtime.block_on(serve));
    (address, answered)
}

/// A session of this server.
fn session(server: SocketAddr) -> Session {
    // No signature is checked; the claims are {"uid":"1","usn":"an","exp":4102444800}.
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJ1aWQiOiIxIiwidXNuIjoiYW4iLCJleHAiOjQxMDI0NDQ4MDB9.c2ln";
    let json = format!(
        r#"{{"token":"{token}","refresh_token":"{token}","api_url":"http://{server}","ws_url":"{server}","user_id":"1"}}"#
    );
    Session::restore(&json).unwrap()
}
