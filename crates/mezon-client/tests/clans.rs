//! A clan after a lost connection: what was missed in channels that nobody has heard of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use mezon_client::mezon_model::ClanId;
use mezon_client::mezon_realtime::{Event, SocketConfig};
use mezon_client::{ConnectOptions, Connection};
use mezon_emulator::Emulator;
use support::{LINH, MINH, PATIENCE, emulator, next_event, next_message, sign_in};
use tokio::time::timeout;

/// Linh, in the clan of all conversations: its newest message is known.
async fn joined(emulator: &Emulator) -> Connection {
    // The first heartbeat, which would be taken for the proof that the connection is alive, comes late.
    let settings = SocketConfig::builder().heartbeat(Duration::from_secs(59), Duration::from_secs(10)).seed(1);
    let client = sign_in(&emulator.url(), LINH, "linh").await.socket(settings);
    let connection = Connection::new(&client);
    connection.connect(ConnectOptions::new()).await.unwrap();
    connection.wait_ready().await.unwrap();
    connection.join_clan(ClanId::DIRECT).await.unwrap();
    timeout(PATIENCE, emulator.wait_for(|stats| stats.pings == 1)).await.expect("the clan is looked through");
    // Its answer comes before this one.
    connection.socket().unwrap().ping().await.unwrap();
    connection
}

#[tokio::test]
async fn what_was_missed_in_channels_of_a_clan_that_were_never_heard_of_is_delivered() {
    let emulator = emulator().await;
    sign_in(&emulator.url(), MINH, "minh").await;
    let [quiet, lively] = [emulator.open_channel(MINH.get(), &[LINH.get()]).await.unwrap(), {
        emulator.open_channel(MINH.get(), &[LINH.get(), 44]).await.unwrap()
    }];
    emulator.say(MINH.get(), quiet, "before linh listens").await.unwrap();
    let linh = joined(&emulator).await;
    let (mut inbox, mut events) = (linh.messages(), linh.events());

    emulator.pause_listening().await;
    emulator.faults().cut_connections();
    next_event(&mut events, |event| matches!(event, Event::Disconnected { .. })).await;
    let missed = emulator.say(MINH.get(), lively, "while linh is away").await.unwrap();
    emulator.resume_listening().unwrap();
    let heard = next_message(&mut inbox).await;
    assert_eq!((heard.id().get(), heard.text()), (missed, "while linh is away"));

    let live = emulator.say(MINH.get(), quiet, "and now").await.unwrap();
    assert_eq!(next_message(&mut inbox).await.id().get(), live, "nothing of before is read");
    linh.disconnect().await;
    while let Some(event) = events.next().await {
        assert!(!matches!(event, Event::Gap { .. }), "nothing is missing: {event:?}");
    }
}

#[tokio::test]
async fn a_clan_that_cannot_be_listed_is_told() {
    let emulator = emulator().await;
    sign_in(&emulator.url(), MINH, "minh").await;
    let channel = emulator.open_channel(MINH.get(), &[LINH.get()]).await.unwrap();
    emulator.say(MINH.get(), channel, "before").await.unwrap();
    let linh = joined(&emulator).await;
    let mut events = linh.events();
    emulator.faults().fail_next(1_000, 403, None);
    emulator.faults().cut_connections();
    let gap = next_event(&mut events, |event| matches!(event, Event::Gap { .. })).await;
    assert!(matches!(gap, Event::Gap { clans, complete: false, .. } if clans == [ClanId::DIRECT]));
    linh.disconnect().await;
}
