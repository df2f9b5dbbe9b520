//! Sending over HTTP, replies, edits, removals, reactions.

use mezon_client::calls::MessageRef;
use mezon_client::mezon_model::{MessageCode, Reaction};

use crate::support::{LINH, MINH};
use crate::two::Two;

#[tokio::test]
async fn a_message_sent_over_http_is_heard_and_answered() {
    let Two { emulator: _town, linh, mut minh, place, .. } = Two::met().await;
    let ack = linh.client.messages().send(&place, "hello").await.unwrap();
    let hello = minh.hears().await;
    assert_eq!((hello.id(), hello.text(), hello.sender_id()), (ack.message_id, "hello", LINH));

    let answer = minh.client.messages().reply(&hello, "hi").await.unwrap();
    let heard = minh.hears().await;
    assert_eq!((heard.id(), heard.text()), (answer.message_id, "hi"));
    let reference = &heard.references()[0];
    assert_eq!((reference.message_ref_id, reference.sender_id), (hello.id(), LINH));
}

#[tokio::test]
async fn an_edit_and_a_removal_are_heard_by_the_other() {
    let Two { emulator: _town, linh, mut minh, place, .. } = Two::met().await;
    let messages = linh.client.messages();
    let ack = messages.send(&place, "one").await.unwrap();
    assert_eq!(minh.hears().await.text(), "one");

    messages.edit((&place, &ack), "two").await.unwrap();
    let edit = minh.hears().await;
    assert_eq!((edit.id(), edit.code(), edit.text()), (ack.message_id, MessageCode::Update, "two"));
    assert!(edit.is_edit() && !edit.hide_edited());
    messages.edit_unmarked((&place, &ack), "three").await.unwrap();
    assert!(minh.hears().await.hide_edited());
    let kept = messages.history(&place).all().await.unwrap();
    assert_eq!((kept.len(), kept[0].text()), (1, "three"));

    messages.delete(&kept[0]).await.unwrap();
    let removal = minh.hears().await;
    assert_eq!((removal.id(), removal.code()), (ack.message_id, MessageCode::Remove));
    assert!(messages.history(&place).all().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_reaction_is_seen_and_taken_back() {
    let Two { emulator: _town, linh, mut minh, place, .. } = Two::met().await;
    let ack = linh.client.messages().send(&place, "react").await.unwrap();
    let message = MessageRef::from((&place, &ack)).by(LINH);

    minh.client.messages().react(message, ":like:").await.unwrap();
    let reaction: Reaction = minh.sees().await;
    assert_eq!((reaction.emoji.as_str(), reaction.sender_id, reaction.removed), (":like:", MINH, false));
    assert_eq!((reaction.message_id, reaction.message_sender_id), (ack.message_id, LINH));
    let kept = linh.client.messages().history(&place).all().await.unwrap();
    assert_eq!(kept[0].reactions()[0].emoji, ":like:");

    minh.client.messages().unreact(message, ":like:").await.unwrap();
    assert!(minh.sees::<Reaction>().await.removed);
    assert!(linh.client.messages().history(&place).all().await.unwrap()[0].reactions().is_empty());
}
