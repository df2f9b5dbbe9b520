//! What is refused before anything is sent, and what only the server can refuse.

use mezon_client::calls::{MessageRef, MessageSearch, PollDraft, PollRef};
use mezon_client::mezon_api::ApiErrorKind;
use mezon_client::mezon_model::interactive::Embed;
use mezon_client::mezon_model::{
    Attachment, CategoryId, ChannelId, ClanId, Draft, MenuKind, MessageContent, MessageId, PollId, QuickMenu, Target,
    TopicId, UserId,
};
use mezon_client::{Client, ClientError};

use crate::people::forbidden;
use crate::support::{LINH, MINH, refused};
use crate::two::Two;

/// Whether the server knows nothing of what a call is about.
pub(crate) fn not_found<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> bool {
    matches!(answer, Err(ClientError::Api(error)) if matches!(error.kind(), ApiErrorKind::NotFound { .. }))
}

#[tokio::test]
async fn a_message_of_somebody_else_is_not_edited() {
    let Two { emulator, linh, mut minh, place, .. } = Two::met().await;
    let ack = linh.client.messages().send(&place, "mine").await.unwrap();
    let heard = minh.hears().await;
    let messages = minh.client.messages();

    let before = emulator.stats();
    let problem = refused(messages.edit(&heard, "yours").await);
    assert_eq!(problem, "the message is somebody else's: only its author can change it");
    let problem = refused(messages.delete(&heard).await);
    assert_eq!(problem, "the message is somebody else's: outside of clans only its author can remove it");
    assert_eq!(emulator.stats(), before);

    // Who wrote it is not always known here. The server knows.
    for answer in [
        messages.edit(MessageRef::new(&place, ack.message_id), "yours").await,
        messages.delete(MessageRef::new(&place, ack.message_id)).await,
    ] {
        assert!(forbidden(answer));
    }
}

#[tokio::test]
async fn an_unknown_message_is_not_found() {
    let Two { emulator: _town, linh, place, .. } = Two::met().await;
    let (messages, unknown) = (linh.client.messages(), MessageRef::new(&place, MessageId::new(7)));
    for answer in
        [messages.edit(unknown, "new").await, messages.delete(unknown).await, messages.react(unknown, ":like:").await]
    {
        assert!(not_found(answer));
    }
}

#[tokio::test]
async fn a_draft_that_no_server_takes_is_not_sent() {
    let Two { emulator, linh, place, .. } = Two::met().await;
    let messages = linh.client.messages();
    let own = MessageRef::new(&place, MessageId::new(7)).by(LINH);
    let file = Attachment { filename: "a.txt".to_owned(), ..Attachment::default() };
    let files = (0..51).fold(Draft::from("files"), |draft, _| draft.attach(file.clone()));
    let embed = MessageContent::builder().embed(Embed::titled(&"x".repeat(4_000))).build();

    let before = emulator.stats();
    for (draft, problem) in [
        (files, "the message has 51 attachments and the limit is 50: send them in several messages"),
        (embed, "the message content is "),
        (Draft::from("x".repeat(4_000)), "the message content is 4008 UTF-16 units long as JSON and the limit is 4000"),
    ] {
        let sent = refused(messages.send(&place, draft.clone()).await);
        assert!(sent.starts_with(problem), "{sent}");
        assert!(refused(messages.edit(own, draft.clone()).await).starts_with(problem));
        let whispered = linh.connection.send_ephemeral(&place, &[MINH], draft).await;
        assert!(refused(whispered).starts_with(problem));
    }
    assert_eq!(emulator.stats(), before);
}

/// A call with arguments that cannot work never reaches the server, whatever the subject.
#[tokio::test]
async fn arguments_that_cannot_work_are_refused_before_any_request() {
    let Two { emulator, linh, place, .. } = Two::met().await;
    let before = emulator.stats();
    messages(&linh.client, &place).await;
    topics_polls_and_menus(&linh.client, &place).await;

    let (connection, none) = (&linh.connection, MessageRef::new(&place, MessageId::default()));
    refused(connection.send_ephemeral(&place, &[], "to nobody").await);
    refused(connection.send_ephemeral(&place, &[UserId::default()], "to nobody").await);
    refused(connection.edit_ephemeral(none, &[MINH], "nothing").await);
    refused(connection.delete_ephemeral(none, &[MINH]).await);
    refused(connection.choose(&place, &QuickMenu::default()).await);
    assert_eq!(emulator.stats(), before);
}

async fn messages(client: &Client, place: &Target) {
    let (calls, none) = (client.messages(), MessageRef::new(place, MessageId::default()));
    refused(calls.edit(none, "new").await);
    refused(calls.delete(none).await);
    refused(calls.react(none, ":like:").await);
    refused(calls.react(MessageRef::new(place, MessageId::new(7)), "").await);
    refused(calls.pin(none).await);
    refused(calls.unpin(none).await);
    refused(calls.report(none, "spam").await);
    refused(calls.report(MessageRef::new(place, MessageId::new(7)), " ").await);
    refused(calls.press(none, "yes").await);
    refused(calls.press(MessageRef::new(place, MessageId::new(7)), "yes").await);
    refused(calls.press(MessageRef::new(place, MessageId::new(7)).by(MINH), "").await);
    refused(calls.select(MessageRef::new(place, MessageId::new(7)), "box", ["a"]).await);
    refused(calls.mark_read(&Target::direct(ChannelId::default())).await);
    refused(calls.mark_category_read(ClanId::new(1), CategoryId::default()).await);
    refused(calls.mark_clan_read(ClanId::DIRECT).await);
    for search in [
        MessageSearch::new(ClanId::DIRECT),
        MessageSearch::new(ClanId::DIRECT).text("x").limit(0),
        MessageSearch::new(ClanId::DIRECT).text("x").limit(101),
    ] {
        refused(calls.search(search).next().await.unwrap());
    }
}

async fn topics_polls_and_menus(client: &Client, place: &Target) {
    let topics = client.topics();
    refused(topics.open(MessageRef::new(place, MessageId::new(7))).await);
    refused(topics.list(ClanId::DIRECT).next().await.unwrap());
    refused(topics.get(TopicId::default()).await);

    let (polls, good) = (client.polls(), PollDraft::new("Lunch?", ["pho", "bun cha"]));
    for draft in [
        PollDraft::new(" ", ["pho", "bun cha"]),
        PollDraft::new("Lunch?", ["pho"]),
        PollDraft::new("Lunch?", ["pho", ""]),
        PollDraft::new("Lunch?", ["pho", "bun cha", "pho"]),
        good.expire_hours(0),
    ] {
        refused(polls.create(place, &draft).await);
    }
    let poll = PollRef::new(place.channel_id, MessageId::new(7), PollId::new(8));
    refused(polls.vote(poll, &[]).await);
    refused(polls.get(PollRef::new(place.channel_id, MessageId::new(7), PollId::default())).await);

    let menus = client.quick_menus();
    refused(menus.list(ChannelId::default(), MenuKind::Message).await);
    refused(menus.of_bot(UserId::default(), MenuKind::Message).await);
    refused(menus.add(QuickMenu::message("", "/ask")).await);
    refused(menus.update(&QuickMenu::message("ask", "/ask")).await);
    refused(menus.delete(&QuickMenu::message("ask", "/ask")).await);
}
