//! Received messages, and drafts that answer them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::{Duration, UNIX_EPOCH};

use mezon_model::{
    Attachment, ChannelId, ChannelMessage, ChannelType, ClanId, Draft, DraftError, FileState, MessageAck, MessageCode,
    MessageContent, MessageId, MessageParts, StreamMode, Target, TopicId, UserId,
};
use serde_json::json;

fn message() -> ChannelMessage {
    let mut parts = MessageParts::default();
    parts.message_id = MessageId::new(i64::MAX);
    parts.channel_id = ChannelId::new(123);
    parts.sender_id = UserId::new(9);
    parts.username = "an".into();
    parts.display_name = "An Nguyen".into();
    parts.clan_nick = "Annie".into();
    parts.avatar = "pic".into();
    parts.mode = StreamMode::Direct;
    parts.topic_id = TopicId::new(44);
    parts.create_time_seconds = 1_700_000_000;
    parts.content = r#"{"t":"see this","lk":[{"s":4,"e":8}],"later":1.0}"#.into();
    parts.attachments = br#"[{"filename":"a.png","url":"u","size":3}]"#.to_vec();
    parts.mentions = br#"{"mentions":[{"user_id":"1","s":0,"e":3}]}"#.to_vec();
    ChannelMessage::from(parts)
}

/// A message with the files `one` and `two`, posted at 1,000 s, of which these keys have arrived; `updated` is its last change.
fn with_files(arrived: &str, code: MessageCode, updated: u32) -> ChannelMessage {
    let mut parts = MessageParts::default();
    (parts.code, parts.create_time_seconds, parts.update_time_seconds) = (code, 1_000, updated);
    parts.content = format!(r#"{{"t":"see"{arrived}}}"#);
    let files = json!([{"url": "https://cdn.mezon.ai/0/one.png"}, {"url": "https://cdn.mezon.ai/0/two.tar.gz"},
        {"url": "https://elsewhere.example/three.png"}]);
    parts.attachments = files.to_string().into_bytes();
    parts.into()
}

#[test]
fn a_file_is_pending_until_its_key_is_listed_and_dead_after_ten_minutes() {
    use FileState::{Dead, Pending, Ready};
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    for (arrived, now, states) in [
        ("", 9_000, [Ready, Ready, Ready]),
        (r#","presign_finish":null"#, 1_001, [Ready, Ready, Ready]),
        (r#","presign_finish":"none""#, 1_001, [Ready, Ready, Ready]),
        (r#","presign_finish":[]"#, 0, [Pending, Pending, Ready]),
        (r#","presign_finish":[]"#, 1_600, [Pending, Pending, Ready]),
        (r#","presign_finish":[]"#, 1_601, [Dead, Dead, Ready]),
        (r#","presign_finish":["two.tar",5]"#, 1_001, [Pending, Ready, Ready]),
        (r#","presign_finish":["one","two.tar"]"#, 9_000, [Ready, Ready, Ready]),
    ] {
        let message = with_files(arrived, MessageCode::Chat, 1_000);
        let read: Vec<_> = message.attachments().iter().map(|file| message.file_state(file, at(now))).collect();
        assert_eq!(read, states, "{arrived} at {now}");
    }
}

#[test]
fn that_files_have_arrived_is_no_edit() {
    let some = r#","presign_finish":["one"]"#;
    for (arrived, code, updated, is_arrival, is_edit) in [
        (some, MessageCode::Update, 1_010, true, false),
        (some, MessageCode::Update, 1_600, true, false),
        // Nobody waits for files any more: this is a person.
        (some, MessageCode::Update, 1_601, false, true),
        (r#","presign_finish":[]"#, MessageCode::Update, 1_010, false, true),
        ("", MessageCode::Update, 1_010, false, true),
        (some, MessageCode::Chat, 1_010, false, false),
        (some, MessageCode::Remove, 1_010, false, false),
        (some, MessageCode::UpdateEphemeral, 1_010, false, true),
    ] {
        let message = with_files(arrived, code, updated);
        assert_eq!((message.is_arrival(), message.is_edit()), (is_arrival, is_edit), "{arrived} {code:?} {updated}");
    }
}

#[test]
fn what_has_arrived_is_told_by_the_message_of_before() {
    let state = |arrived: &str| with_files(arrived, MessageCode::Update, 1_010);
    let [none, one, both] = [r#","presign_finish":[]"#, r#","presign_finish":["one"]"#, ""].map(state);
    let keys = |before: &ChannelMessage, after: &ChannelMessage| -> Vec<String> {
        after.arrived_since(before).into_iter().map(|file| file.key().to_owned()).collect()
    };
    assert_eq!(keys(&none, &one), ["one"]);
    assert_eq!(keys(&one, &both), ["two.tar"], "without the list all are there");
    assert_eq!(keys(&both, &one), [""; 0]);
    assert_eq!(keys(&one, &one), [""; 0]);
}

#[test]
fn a_content_lists_the_files_that_have_arrived() {
    let mut content = MessageContent::text("see");
    assert_eq!(content.arrived_files(), None);
    content.set_arrived_files([]);
    assert_eq!(content.to_json(), r#"{"t":"see","presign_finish":[]}"#);
    content.set_arrived_files(["one", "two.tar"]);
    assert_eq!(content.arrived_files().unwrap(), ["one", "two.tar"]);
}

#[test]
fn the_json_for_programs_is_stable() {
    let json = serde_json::to_value(message()).unwrap();
    assert_eq!(
        json,
        json!({
            "message_id": "9223372036854775807",
            "channel_id": "123",
            "clan_id": "0",
            "sender_id": "9",
            "username": "an",
            "display_name": "An Nguyen",
            "avatar": "pic",
            "clan_nick": "Annie",
            "clan_avatar": "",
            "channel_label": "",
            "clan_logo": "",
            "category_name": "",
            "code": 0,
            "mode": 4,
            "topic_id": "44",
            "is_public": false,
            "hide_edited": false,
            "create_time_seconds": 1_700_000_000,
            "update_time_seconds": 0,
            "text": "see this",
            "content": {"t": "see this", "lk": [{"s": 4, "e": 8}], "later": 1.0},
            "mentions": [{
                "id": "0", "user_id": "1", "username": "", "role_id": "0", "rolename": "",
                "create_time_seconds": 0, "s": 0, "e": 3,
            }],
            "attachments": [{
                "filename": "a.png", "size": 3, "url": "u", "filetype": "", "width": 0, "height": 0,
                "thumbnail": "", "duration": 0,
            }],
            "references": [],
            "reactions": [],
        })
    );
}

#[test]
fn what_is_parsed_is_kept_and_shared() {
    let message = message();
    let clone = message.clone();
    assert!(std::ptr::eq(message.content(), clone.content()));
    assert!(std::ptr::eq(message.attachments(), clone.attachments()));
    assert_eq!(message, clone);
}

#[test]
fn times_are_absent_when_zero() {
    let message = message();
    assert_eq!(message.created_at(), Some(UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
    assert_eq!(message.updated_at(), None);
}

#[test]
fn an_answer_goes_back_to_where_the_message_came_from() {
    assert_eq!(message().target(), Target::direct(ChannelId::new(123)));
    assert_eq!(message().target().mode(), StreamMode::Direct);

    let mut parts = MessageParts::default();
    parts.clan_id = ClanId::new(5);
    parts.channel_id = ChannelId::new(6);
    parts.mode = StreamMode::Thread;
    parts.is_public = true;
    let target = ChannelMessage::from(parts).target();
    assert_eq!((target.clan_id, target.channel_type), (ClanId::new(5), ChannelType::Thread));
    assert!(target.is_public);
}

#[test]
fn a_reply_quotes_the_original_and_stays_in_its_topic() {
    let original = message();
    let draft = Draft::from("yes").reply_to(&original);
    let reference = &draft.references[0];
    assert!(reference.message_id.is_none());
    assert_eq!(reference.message_ref_id, original.id());
    assert_eq!(reference.content, original.raw_content());
    assert!(reference.has_attachment);
    assert_eq!(reference.ref_type, 0);
    assert_eq!(reference.sender_id, UserId::new(9));
    assert_eq!(reference.sender_username, "an");
    assert_eq!(reference.sender_avatar, "pic");
    assert_eq!(reference.sender_clan_nick, "Annie");
    assert_eq!(reference.sender_display_name, "An Nguyen");
    assert_eq!(draft.topic, Some(TopicId::new(44)));

    let mut elsewhere = Draft::from("yes");
    elsewhere.topic = Some(TopicId::new(45));
    assert_eq!(elsewhere.reply_to(&original).topic, Some(TopicId::new(45)));
    assert_eq!(Draft::from("yes").reply_to(&ChannelMessage::from(MessageParts::default())).topic, None);
}

#[test]
fn a_reply_to_raw_text_quotes_it_as_json() {
    let mut parts = MessageParts::default();
    parts.content = "plain \"words\"".to_owned();
    let draft = Draft::from("yes").reply_to(&ChannelMessage::from(parts));
    assert_eq!(draft.references[0].content, r#"{"t":"plain \"words\""}"#);
    assert_eq!(draft.references[0].parsed_content().as_text(), "plain \"words\"");
}

#[test]
fn a_buzz_is_a_code() {
    assert_eq!(Draft::from("hey").code, MessageCode::Chat);
    assert_eq!(Draft::from("hey").buzz().code, MessageCode::Buzz);
}

#[test]
fn a_file_beyond_the_wire_is_refused() {
    let file = |size| Attachment { filename: "film.mkv".to_owned(), size, ..Attachment::default() };
    assert!(Draft::from("x").attach(file(Attachment::MAX_SIZE)).check().is_ok());
    let error = Draft::from("x").attach(file(0)).attach(file(Attachment::MAX_SIZE + 1)).check().unwrap_err();
    let expected =
        DraftError::AttachmentTooLarge { filename: "film.mkv".to_owned(), size: 2_147_483_648, limit: 2_147_483_647 };
    assert_eq!(error, expected);
    assert_eq!(
        error.to_string(),
        "the attachment \"film.mkv\" has 2147483648 bytes and the limit is 2147483647: \
         make it smaller or send a link to it"
    );
}

#[test]
fn an_ack_is_json_with_ids_as_strings() {
    let json = serde_json::to_value(MessageAck::default()).unwrap();
    assert_eq!((&json["message_id"], &json["persistent"]), (&json!("0"), &json!(null)));
}

/// Messages and drafts cross threads.
const _: fn() = || {
    fn assert<T: Clone + Send + Sync + std::fmt::Debug>() {}
    assert::<ChannelMessage>();
    assert::<Draft>();
    assert::<mezon_model::Channel>();
    assert::<Target>();
};

#[test]
fn here_is_named_as_the_official_clients_do() {
    let draft = MessageContent::builder().mention_here().text(" lunch").build();
    assert_eq!(draft.content.as_text(), "@here lunch");
    let here = &draft.mentions[0];
    assert!(here.is_here());
    assert_eq!((here.username.as_str(), here.start, here.end), ("@here", 0, 5));
}
