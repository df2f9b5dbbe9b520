//! Pins, searches, read marks, reports.

use mezon_client::calls::{MessageRef, MessageSearch};
use mezon_client::mezon_api::ListChannelsOptions;
use mezon_client::mezon_model::event::{LastSeen, MarkedAsRead, MessagePinned, MessageUnpinned};
use mezon_client::mezon_model::{ChannelMessage, ClanId, MessageContent};

use crate::support::{LINH, MINH};
use crate::two::Two;

#[tokio::test]
async fn a_pin_is_heard_listed_and_taken_off() {
    let Two { emulator: _town, linh, mut minh, place, .. } = Two::met().await;
    let ack = linh.client.messages().send(&place, "remember").await.unwrap();
    let messages = linh.client.messages();
    let message = MessageRef::from((&place, &ack));
    assert!(!messages.unpin(message).await.unwrap(), "it has no pin yet");

    messages.pin(message).await.unwrap();
    let pinned: MessagePinned = minh.sees().await;
    assert_eq!((pinned.message_id, pinned.user_id, pinned.message_sender_id), (ack.message_id, LINH, LINH));
    assert!(pinned.is_pinned);
    let pins = minh.client.messages().pins(&place).await.unwrap();
    assert_eq!((pins[0].message_id, MessageContent::parse(&pins[0].content).as_text()), (ack.message_id, "remember"));

    assert!(minh.client.messages().unpin(message).await.unwrap());
    let unpinned: MessageUnpinned = minh.sees().await;
    assert_eq!((unpinned.pin_id, unpinned.message_id), (pins[0].id, ack.message_id));
    assert!(messages.pins(&place).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_search_finds_by_text_author_channel_and_mention_page_by_page() {
    let Two { emulator: _town, linh, minh, place, .. } = Two::met().await;
    for number in 0..5 {
        linh.client.messages().send(&place, format!("deploy {number}")).await.unwrap();
    }
    minh.client.messages().send(&place, "Deploy done").await.unwrap();
    let named = MessageContent::builder().text("ask ").mention_user(MINH, "minh");
    linh.client.messages().send(&place, named).await.unwrap();

    let messages = minh.client.messages();
    let found = async |search: MessageSearch| {
        let found: Vec<ChannelMessage> = messages.search(search).all().await.unwrap();
        found.iter().map(|message| message.text().to_owned()).collect::<Vec<_>>()
    };
    let search = || MessageSearch::new(ClanId::DIRECT);
    assert_eq!(
        found(search().text("deploy").limit(2)).await,
        ["Deploy done", "deploy 4", "deploy 3", "deploy 2", "deploy 1", "deploy 0"]
    );
    assert_eq!(found(search().text("deploy").author("minh")).await, ["Deploy done"]);
    assert_eq!(found(search().mentioning(MINH).channel(place.channel_id)).await, ["ask @minh"]);
    assert!(found(MessageSearch::new(ClanId::new(7)).text("deploy")).await.is_empty());

    let first = messages.search(search().text("done")).next().await.unwrap().unwrap();
    assert_eq!((first.sender_id(), first.username(), first.channel_id()), (MINH, "minh", place.channel_id));
    assert!(first.create_time_seconds() > 0);
}

#[tokio::test]
async fn what_was_read_is_told_to_ones_own_devices_and_counted() {
    let Two { emulator: _town, linh, mut minh, place, .. } = Two::met().await;
    for text in ["one", "two", "three"] {
        linh.client.messages().send(&place, text).await.unwrap();
    }
    let (client, connection) = (minh.client.clone(), minh.connection.clone());
    let unread = async || {
        let list = client.api().list_channels(&ListChannelsOptions::default()).await.unwrap();
        list[0].unread_count()
    };
    assert_eq!(unread().await, 3);
    minh.hears().await;
    let second = minh.hears().await;
    connection.seen(&second).await.unwrap();
    let seen: LastSeen = minh.sees().await;
    assert_eq!((seen.channel_id, seen.message_id), (place.channel_id, second.id()));
    assert_eq!(unread().await, 1);

    minh.client.messages().mark_read(&place).await.unwrap();
    assert_eq!(minh.sees::<MarkedAsRead>().await.channel_id, place.channel_id);
    assert_eq!(unread().await, 0);
}

#[tokio::test]
async fn a_message_is_reported() {
    let Two { emulator: _town, linh, mut minh, place, .. } = Two::met().await;
    linh.client.messages().send(&place, "buy now").await.unwrap();
    let heard = minh.hears().await;
    minh.client.messages().report(&heard, "spam").await.unwrap();
}
