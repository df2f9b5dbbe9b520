//! Ephemeral messages, buttons, select boxes, quick menus, polls, topics.

use mezon_client::calls::{MessageRef, PollDraft, PollRef};
use mezon_client::mezon_model::event::{ButtonClicked, OptionsSelected, QuickMenuChosen, TopicAnswered};
use mezon_client::mezon_model::interactive::{Button, Embed, Select};
use mezon_client::mezon_model::{Draft, MenuKind, MessageCode, MessageContent, QuickMenu};

use crate::people::forbidden;
use crate::refusals::not_found;
use crate::support::{LINH, MINH};
use crate::two::Two;

#[tokio::test]
async fn an_ephemeral_message_is_for_its_receivers_and_in_no_history() {
    let Two { emulator: _town, linh, mut minh, place, .. } = Two::met().await;
    let id = linh.connection.send_ephemeral(&place, &[MINH], "psst").await.unwrap();
    let heard = minh.hears().await;
    assert_eq!((heard.id(), heard.code(), heard.text()), (id, MessageCode::Ephemeral, "psst"));

    let message = MessageRef::new(&place, id);
    linh.connection.edit_ephemeral(message, &[MINH], "psst!").await.unwrap();
    let edit = minh.hears().await;
    assert_eq!((edit.id(), edit.code(), edit.text()), (id, MessageCode::UpdateEphemeral, "psst!"));
    assert!(edit.is_edit());
    linh.connection.delete_ephemeral(message, &[MINH]).await.unwrap();
    let removal = minh.hears().await;
    assert_eq!((removal.id(), removal.code()), (id, MessageCode::DeleteEphemeral));
    assert!(removal.is_removal());
    assert!(linh.client.messages().history(&place).all().await.unwrap().is_empty());

    let gone = linh.connection.edit_ephemeral(message, &[MINH], "again").await.unwrap_err();
    assert!(format!("{gone:#}").contains("message not found"), "{gone:#}");
}

fn question() -> Draft {
    let food = Select::text("food", [("pho", "Phở"), ("bun", "Bún")]);
    MessageContent::builder()
        .text("Hungry?")
        .embed(Embed::titled("Menu").field("Food", "", [food]))
        .row([Button::primary("yes", "Yes"), Button::danger("no", "No")])
        .build()
}

#[tokio::test]
async fn the_author_hears_of_clicks_and_selections() {
    let Two { emulator: _town, mut linh, mut minh, place, .. } = Two::met().await;
    linh.client.messages().send(&place, question()).await.unwrap();
    let message = minh.hears().await;
    let messages = minh.client.messages();

    messages.press_with(&message, "yes", r#"{"food":"pho"}"#).await.unwrap();
    let click: ButtonClicked = linh.sees().await;
    assert_eq!((click.button_id.as_str(), click.user_id, click.author_id), ("yes", MINH, LINH));
    assert_eq!((click.message_id, click.channel_id), (message.id(), place.channel_id));
    assert_eq!(click.extra_data, r#"{"food":"pho"}"#);
    messages.select(&message, "food", ["bun"]).await.unwrap();
    let chosen: OptionsSelected = linh.sees().await;
    assert_eq!((chosen.select_id.as_str(), chosen.values.as_slice()), ("food", ["bun".to_owned()].as_slice()));

    assert!(not_found(messages.press(&message, "maybe").await));
    assert!(not_found(messages.select(&message, "drink", ["tea"]).await));
    assert!(messages.select(&message, "food", ["cake"]).await.is_err());
}

#[tokio::test]
async fn a_quick_menu_is_offered_chosen_changed_and_deleted() {
    let Two { emulator: _town, mut linh, minh, place, .. } = Two::met().await;
    let menus = linh.client.quick_menus();
    let mut menu = menus.add(QuickMenu::event("order").only_in(place.clan_id, place.channel_id)).await.unwrap();
    assert_eq!(menu.bot_id, LINH);
    let other = menus.add(QuickMenu::message("help", "/help")).await.unwrap();
    assert_ne!(menu.id, other.id);
    let offered = minh.client.quick_menus().list(place.channel_id, MenuKind::Event).await.unwrap();
    assert_eq!(offered, [menu.clone()]);

    minh.connection.choose(&place, &offered[0]).await.unwrap();
    let chosen: QuickMenuChosen = linh.sees().await;
    assert_eq!((chosen.menu_name.as_str(), chosen.sender_id), ("order", MINH));
    assert_eq!(chosen.message.unwrap().channel_id, place.channel_id);

    menu.name = "order now".to_owned();
    menus.update(&menu).await.unwrap();
    assert!(forbidden(minh.client.quick_menus().delete(&menu).await));
    assert_eq!(menus.of_bot(LINH, MenuKind::Event).await.unwrap()[0].name, "order now");
    menus.delete(&menu).await.unwrap();
    assert!(menus.of_bot(LINH, MenuKind::Event).await.unwrap().is_empty());
    assert_eq!(menus.of_bot(LINH, MenuKind::Message).await.unwrap(), [other]);
    assert!(not_found(menus.delete(&menu).await));
}

#[tokio::test]
async fn a_poll_is_seen_voted_on_and_closed() {
    let Two { emulator: _town, linh, mut minh, place, .. } = Two::met().await;
    let made = linh.client.polls().create(&place, &PollDraft::new("Lunch?", ["pho", "bun cha"])).await.unwrap();
    let shown = minh.hears().await;
    assert_eq!((shown.code(), shown.id()), (MessageCode::Poll, made.message_id));
    let poll = PollRef::shown_by(&shown).unwrap();
    assert_eq!(poll, PollRef::from((place.channel_id, &made)));

    let (asker, polls) = (linh.client.polls(), minh.client.polls());
    let answer = polls.get(poll).await.unwrap().answers[1].index;
    assert_eq!(polls.vote(poll, &[answer]).await.unwrap(), [answer]);
    assert!(minh.hears().await.is_edit(), "the message shows the new result");
    let result = asker.get(poll).await.unwrap();
    assert_eq!((result.counts.as_slice(), result.total_votes), ([0, 1].as_slice(), 1));
    assert_eq!(result.voters[1].user_ids, [MINH]);

    assert!(forbidden(polls.close(poll).await));
    asker.close(poll).await.unwrap();
    assert!(polls.get(poll).await.unwrap().is_closed);
    assert!(polls.vote(poll, &[answer]).await.is_err());
}

#[tokio::test]
async fn a_topic_hangs_on_a_message_and_its_answers_are_counted() {
    let two = Two::met().await;
    let place = two.in_a_clan().await;
    let Two { emulator: _town, linh, mut minh, .. } = two;
    let ack = linh.client.messages().send(&place, "the plan").await.unwrap();
    let plan = minh.hears().await;
    let topic = minh.client.topics().open(&plan).await.unwrap();
    assert_eq!((topic.message_id, topic.creator_id, topic.channel_id), (ack.message_id, MINH, place.channel_id));
    assert_eq!(linh.client.topics().open((&place, &ack)).await.unwrap(), topic, "it is there already");

    let mut answer = Draft::from("agreed");
    answer.topic = Some(topic.id);
    minh.client.messages().send(&place, answer).await.unwrap();
    assert_eq!(minh.hears().await.topic_id(), topic.id);
    let counted: TopicAnswered = minh.sees().await;
    assert_eq!((counted.topic_id, counted.replies, counted.last_sender_id), (topic.id, 1, MINH));

    let topics = linh.client.topics();
    let listed = topics.list(place.clan_id).all().await.unwrap();
    assert_eq!(listed, [topics.get(topic.id).await.unwrap()]);
    let newest = listed[0].last_sent_message.as_ref().unwrap();
    assert_eq!(MessageContent::parse(&newest.content).as_text(), "agreed");
    topics.delete(&topic).await.unwrap();
    assert!(not_found(topics.get(topic.id).await));
}
