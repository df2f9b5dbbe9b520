//! A clan after a lost connection: what was missed in channels that nobody has heard of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use mezon_client::calls::{ChannelDraft, InviteOptions};
use mezon_client::mezon_model::{Channel, ClanId};
use mezon_client::mezon_realtime::{Event, SocketConfig};
use mezon_client::{Client, ConnectOptions, Connection};
use mezon_emulator::Emulator;
use support::{LINH, MINH, PATIENCE, emulator, next_event, next_message, sign_in};
use tokio::time::timeout;

/// A user in a clan whose newest message is known.
async fn joined(emulator: &Emulator, client: Client, clan: ClanId) -> Connection {
    // The first heartbeat, which would be taken for the proof that the connection is alive, comes late.
    let settings = SocketConfig::builder().heartbeat(Duration::from_secs(59), Duration::from_secs(10)).seed(1);
    let connection = Connection::new(&client.socket(settings));
    connection.connect(ConnectOptions::new()).await.unwrap();
    connection.wait_ready().await.unwrap();
    connection.join_clan(clan).await.unwrap();
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
    let linh = joined(&emulator, sign_in(&emulator.url(), LINH, "linh").await, ClanId::DIRECT).await;
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
async fn what_was_missed_in_a_clan_is_read_in_every_channel_that_the_user_sees() {
    let emulator = emulator().await;
    let minh = sign_in(&emulator.url(), MINH, "minh").await;
    let linh = sign_in(&emulator.url(), LINH, "linh").await;
    let clan = minh.clans().create("gardeners").await.unwrap();
    let invite = minh.clans().create_invite(clan.id, InviteOptions::new()).await.unwrap();
    linh.clans().join(invite.id).await.unwrap();
    let news = minh.channels().create(ChannelDraft::text(clan.id, "news")).await.unwrap();
    let talk = minh.channels().create(ChannelDraft::text(clan.id, "talk")).await.unwrap();
    let closed = minh.channels().create(ChannelDraft::text(clan.id, "closed").private([MINH])).await.unwrap();
    let say = async |channel: &Channel, text| emulator.say(MINH.get(), channel.id().get(), text).await.unwrap();
    say(&news, "before").await;

    let linh = joined(&emulator, linh, clan.id).await;
    let (mut inbox, mut events) = (linh.messages(), linh.events());
    let live = say(&news, "live").await;
    assert_eq!(next_message(&mut inbox).await.id().get(), live);
    emulator.pause_listening().await;
    emulator.faults().cut_connections();
    next_event(&mut events, |event| matches!(event, Event::Disconnected { .. })).await;
    let missed = [say(&talk, "one").await, say(&news, "two").await, say(&talk, "three").await];
    say(&closed, "not for linh").await;
    emulator.resume_listening().unwrap();
    let mut heard = [(); 3].map(|()| 0);
    for id in &mut heard {
        *id = next_message(&mut inbox).await.id().get();
    }
    heard.sort_unstable();
    assert_eq!(heard, missed);
    linh.disconnect().await;
    assert!(inbox.next().await.is_none(), "each once");
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
    let linh = joined(&emulator, sign_in(&emulator.url(), LINH, "linh").await, ClanId::DIRECT).await;
    let mut events = linh.events();
    emulator.faults().fail_next(1_000, 403, None);
    emulator.faults().cut_connections();
    let gap = next_event(&mut events, |event| matches!(event, Event::Gap { .. })).await;
    assert!(matches!(gap, Event::Gap { clans, complete: false, .. } if clans == [ClanId::DIRECT]));
    linh.disconnect().await;
}
