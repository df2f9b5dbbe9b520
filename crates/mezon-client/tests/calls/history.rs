//! Histories in both directions.

use mezon_client::calls::{Cursor, MessageRef};
use mezon_client::mezon_api::ListMessagesOptions;
use mezon_client::mezon_model::{ChannelMessage, MessageId};

use crate::two::Two;

fn texts(messages: &[ChannelMessage]) -> Vec<&str> {
    messages.iter().map(ChannelMessage::text).collect()
}

#[tokio::test]
async fn a_history_is_read_back_to_its_beginning_and_forward_to_its_end() {
    let Two { emulator: _town, linh, place, .. } = Two::met().await;
    let mut ids: Vec<MessageId> = Vec::new();
    for number in 0..7 {
        ids.push(linh.client.messages().send(&place, number.to_string()).await.unwrap().message_id);
    }
    let messages = linh.client.messages();

    let back = messages.history(&place).all().await.unwrap();
    assert_eq!(texts(&back), ["6", "5", "4", "3", "2", "1", "0"]);
    let pages = || messages.list(place.channel_id, ListMessagesOptions::latest().limit(3));
    assert_eq!(texts(&pages().all().await.unwrap()), ["6", "5", "4", "3", "2", "1", "0"]);
    assert_eq!(texts(&messages.history_after(&place, ids[3]).all().await.unwrap()), ["4", "5", "6"]);
    let forward = messages.list(place.channel_id, ListMessagesOptions::after(ids[1]).limit(2)).all().await.unwrap();
    assert_eq!(texts(&forward), ["2", "3", "4", "5", "6"]);
    let around = messages.around(MessageRef::new(&place, ids[3])).await.unwrap();
    assert_eq!(texts(&around), ["0", "1", "2", "3", "4", "5", "6"]);

    // A list that was left is taken up where its cursor says.
    let mut first = pages();
    for _ in 0..3 {
        first.next().await.unwrap().unwrap();
    }
    let cursor = Cursor::new(first.cursor().unwrap().to_string());
    assert_eq!(texts(&pages().starting_at(cursor).all().await.unwrap()), ["3", "2", "1", "0"]);
    let nonsense = pages().starting_at(Cursor::new("page 2")).next().await.unwrap().unwrap_err();
    assert_eq!(nonsense.to_string(), "the cursor is not one of a list of messages");
}
