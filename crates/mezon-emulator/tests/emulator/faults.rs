//! Each fault, as a client sees it.

use std::time::{Duration, Instant};

use ::http::StatusCode;
use futures_util::{FutureExt as _, StreamExt as _};
use mezon_emulator::{Emulator, Fault};
use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;

use crate::support::{DM, Seen, Socket, error_of, json, ping, text_message, user};

#[tokio::test]
async fn connections_are_cut_without_a_close_frame() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = user(&emulator, 1).await.socket().await;
    socket.call(ping()).await;
    emulator.faults().cut_connections();
    assert!(matches!(socket.next().await, Seen::Cut));
    emulator.wait_for(|stats| stats.open_sockets == 0).await;
}

#[tokio::test]
async fn sockets_drop_after_some_frames() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    emulator.faults().drop_after_frames(3);
    for _ in 0..2 {
        let mut socket = an.socket().await;
        assert!(matches!(socket.call(ping()).await, Message::Pong(_)));
        // The third frame arrives; what comes back does not.
        socket.send(ping()).await;
        assert!(matches!(socket.next().await, Seen::Cut));
    }
    assert_eq!(emulator.stats().pings, 4);
    emulator.faults().drop_after_frames(0);
    let mut socket = an.socket().await;
    for _ in 0..5 {
        socket.call(ping()).await;
    }
}

#[tokio::test]
async fn sockets_close_with_a_code() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let mut socket = an.socket().await;
    socket.call(ping()).await;
    emulator.faults().close_sockets(4321);
    let Seen::Closed(Some(frame)) = socket.next().await else { panic!("not closed") };
    assert_eq!(u16::from(frame.code), 4321);
    drop(socket);

    emulator.faults().close_after_frames(2, 1012);
    let mut socket = an.socket().await;
    assert!(matches!(socket.call(ping()).await, Message::Pong(_)));
    let Seen::Closed(Some(frame)) = socket.next().await else { panic!("not closed") };
    assert_eq!(u16::from(frame.code), 1012);
}

#[tokio::test]
async fn pongs_can_be_muted() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = user(&emulator, 1).await.socket().await;
    emulator.faults().mute_pongs(true);
    socket.send(ping()).await;
    emulator.wait_for(|stats| stats.pings == 1).await;
    emulator.faults().mute_pongs(false);
    let unmuted = socket.send(ping()).await;
    assert_eq!(socket.next_message().await.0, unmuted);
}

#[tokio::test]
async fn a_half_open_connection_is_dead_for_good() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let mut old = an.socket().await;
    old.call(ping()).await;
    emulator.faults().half_open(true);
    let mut new = an.socket().await;
    old.send(ping()).await;
    new.send(ping()).await;
    emulator.faults().half_open(false);
    // By the time a later socket has its answers, the dead ones would have theirs.
    let mut later = an.socket().await;
    for _ in 0..20 {
        assert!(matches!(later.call(ping()).await, Message::Pong(_)));
    }
    assert_eq!(emulator.stats().pings, 1 + 20);
    assert!(old.stream.next().now_or_never().is_none());
    assert!(new.stream.next().now_or_never().is_none());
    // When the client gives up, the emulator notices.
    drop((old, new));
    emulator.wait_for(|stats| stats.open_sockets == 1).await;
}

#[tokio::test]
async fn everything_can_be_late() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let mut socket = an.socket().await;
    let delay = Duration::from_millis(60);
    emulator.faults().delay(delay);
    let started = Instant::now();
    for _ in 0..5 {
        socket.send(ping()).await;
    }
    for cid in 1..=5 {
        assert_eq!(socket.next_message().await.0, cid);
    }
    let took = started.elapsed();
    assert!(took >= delay && took < delay * 4, "late by the delay, not by its sum: {took:?}");

    let started = Instant::now();
    let _: api::Account = an.get("GetAccount", &()).await;
    assert!(started.elapsed() >= delay);
}

#[tokio::test]
async fn frames_can_come_twice() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let dm = an.create_channel(DM, &[2]).await;
    let mut socket = an.joined(&dm).await;
    emulator.faults().duplicate(true);
    socket.send(text_message(&dm, "echo")).await;
    let ids = [socket.next_text().await.message_id, socket.next_text().await.message_id];
    assert_eq!(ids[0], ids[1]);
    for _ in 0..2 {
        assert!(matches!(socket.next_message().await.1, Message::ChannelMessageAck(_)));
    }
    assert_eq!(emulator.stats().messages, 1);
}

#[tokio::test]
async fn garbage_comes_on_demand_and_regularly() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = user(&emulator, 1).await.socket().await;
    socket.call(ping()).await;
    emulator.faults().garbage_frame();
    assert!(matches!(socket.next().await, Seen::Garbage));

    emulator.faults().garbage_every(1);
    assert!(matches!(socket.call(ping()).await, Message::Pong(_)));
    assert!(matches!(socket.next().await, Seen::Garbage));
}

#[tokio::test]
async fn calls_fail_as_often_as_wanted() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    emulator.faults().fail_next(1, 429, Some(Duration::from_secs(7)));
    let failed = an.call("GetAccount", &()).await;
    assert_eq!(
        (failed.status(), &failed.headers()["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"7".parse().unwrap())
    );
    assert!(json(&failed)["message"].is_string());
    let _: api::Account = an.get("GetAccount", &()).await;

    emulator.faults().fail_next_on("SessionRefresh", 2, 503);
    let _: api::Account = an.get("GetAccount", &()).await;
    for status in [503, 503, 200] {
        // A call that fails this way does not use the refresh token up.
        assert_eq!(an.refresh("DefaultServerKey").await.status(), status);
    }
    assert_eq!(emulator.stats().http_calls, 1 + 3 + 3);
}

#[tokio::test]
async fn sockets_are_refused_with_a_status() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    emulator.faults().refuse_upgrades(2, 503);
    for _ in 0..2 {
        let refused = Socket::connect(emulator.addr(), &an.token).await.err();
        assert_eq!(refused, Some(StatusCode::SERVICE_UNAVAILABLE));
    }
    assert!(Socket::connect(emulator.addr(), &an.token).await.is_ok());
    assert_eq!(emulator.stats().upgrades_refused, 2);
}

#[tokio::test]
async fn tokens_expire_at_once() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    emulator.faults().expire_tokens();
    let refused = an.call("GetAccount", &()).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(json(&refused)["message"], "authentication token has expired");
    assert_eq!(Socket::connect(emulator.addr(), &an.token).await.err(), Some(StatusCode::UNAUTHORIZED));
    // The refresh token still works, until it is expired too.
    assert_eq!(an.refresh("DefaultServerKey").await.status(), StatusCode::OK);
    let again = user(&emulator, 1).await;
    let _: api::Account = again.get("GetAccount", &()).await;
    emulator.faults().expire_refresh_tokens();
    let refused = again.refresh("DefaultServerKey").await;
    assert_eq!((refused.status(), json(&refused)["code"].as_u64()), (StatusCode::UNAUTHORIZED, Some(16)));
}

#[tokio::test]
async fn an_ack_can_get_lost() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let dm = an.create_channel(DM, &[2]).await;
    let (mut sender, mut receiver) = (an.joined(&dm).await, binh.joined(&dm).await);
    emulator.faults().drop_acks(1);
    sender.send(text_message(&dm, "one")).await;
    assert_eq!(receiver.next_text().await.content, r#"{"t":"one"}"#);
    let second = sender.send(text_message(&dm, "two")).await;
    sender.next_text().await;
    sender.next_text().await;
    assert_eq!(sender.next_message().await.0, second);
    assert_eq!(binh.history(dm.channel_id).await.len(), 2);
}

#[tokio::test]
async fn joins_are_forgotten() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let dm = an.create_channel(DM, &[2]).await;
    let mut socket = an.joined(&dm).await;
    emulator.faults().forget_joins();
    let refused = socket.call(text_message(&dm, "x")).await;
    assert_eq!(error_of(&refused), (3, "Must join channel before sending messages"));
}

#[tokio::test]
async fn faults_hold_from_the_start_and_can_be_cleared() {
    let fault: Fault = "fail-next=9:503".parse().unwrap();
    let emulator = Emulator::builder().fault(fault).fault(Fault::MutePongs).start().await.unwrap();
    let body = serde_json::json!({ "id_token": "x", "user_id": 1 });
    let failed = crate::support::sign_in(emulator.addr(), emulator.server_key(), &body).await;
    assert_eq!(failed.status(), StatusCode::SERVICE_UNAVAILABLE);
    emulator.faults().clear();
    assert!(matches!(user(&emulator, 1).await.socket().await.call(ping()).await, Message::Pong(_)));
}
