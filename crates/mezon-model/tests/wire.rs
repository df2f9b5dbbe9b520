//! Bytes on the wire. The vectors are those of the protocol notes, without the envelope around them.
#![cfg(feature = "proto")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use mezon_model::list::{decode_attachments, decode_mentions, decode_reactions, decode_references};
use mezon_model::{
    Attachment, Channel, ChannelId, ChannelMessage, ChannelType, ClanId, Draft, DraftError, Mention, MessageAck,
    MessageCode, MessageContent, MessageId, Reaction, Reference, StreamMode, Target, TopicId, UserId,
};
use mezon_proto::{api, realtime};
use proptest::prelude::*;
use prost::Message as _;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

const CHANNEL: ChannelId = ChannelId::new(123);

#[test]
fn a_direct_message_is_these_bytes() {
    let send = Draft::from("hi").to_send(&Target::direct(CHANNEL)).unwrap();
    assert_eq!(send.encode_to_vec(), bytes("107b1a0a7b2274223a226869227d3804"));
    let buzz = Draft::from("hi").buzz().to_send(&Target::direct(CHANNEL)).unwrap();
    assert_eq!(buzz.encode_to_vec(), bytes("107b1a0a7b2274223a226869227d38046008"));
    let group = Draft::from("hi").buzz().to_send(&Target::group(CHANNEL)).unwrap();
    assert_eq!((group.mode, group.code), (3, 8));
}

#[test]
fn joins_and_leaves_are_these_bytes() {
    assert_eq!(Target::direct(CHANNEL).to_join().encode_to_vec(), bytes("107b1803"));
    assert_eq!(Target::group(CHANNEL).to_join().encode_to_vec(), bytes("107b1802"));
    assert_eq!(Target::direct(CHANNEL).to_leave().encode_to_vec(), bytes("107b1803"));
    let thread =
        Target { clan_id: ClanId::new(1), channel_id: CHANNEL, channel_type: ChannelType::Thread, is_public: true };
    assert_eq!(thread.to_join().encode_to_vec(), bytes("0801107b18072001"));
}

#[test]
fn an_ack_is_read() {
    let wire = realtime::ChannelMessageAck::decode(&bytes("087b10c8032203626f742880e2cfaa06")[..]).unwrap();
    let ack = MessageAck::from(wire);
    assert_eq!((ack.channel_id, ack.message_id), (CHANNEL, MessageId::new(456)));
    assert_eq!((ack.username.as_str(), ack.create_time_seconds), ("bot", 1_700_000_000));
    assert_eq!((ack.code, ack.persistent), (MessageCode::Chat, None));
}

#[test]
fn everything_in_a_draft_is_sent() {
    let mut draft = MessageContent::builder().mention_user(UserId::new(7), "an").build();
    draft = draft.attach(Attachment {
        filename: "a.png".to_owned(),
        url: "u".to_owned(),
        filetype: "image/png".to_owned(),
        size: 10,
        width: 1,
        height: 2,
        thumbnail: "t".to_owned(),
        duration: 3,
    });
    draft.references.push(Reference { message_ref_id: MessageId::new(5), ..Reference::default() });
    draft.mention_everyone = true;
    draft.anonymous = true;
    draft.avatar = "pic".to_owned();
    draft.topic = Some(TopicId::new(8));
    let target =
        Target { clan_id: ClanId::new(2), channel_id: CHANNEL, channel_type: ChannelType::Channel, is_public: true };
    let send = draft.to_send(&target).unwrap();
    assert_eq!((send.clan_id, send.channel_id, send.mode, send.is_public), (2, 123, 2, true));
    assert_eq!((send.mentions[0].user_id, send.mentions[0].s, send.mentions[0].e), (7, 0, 3));
    assert_eq!(send.references[0].message_ref_id, 5);
    assert!(send.mention_everyone && send.anonymous_message);
    assert_eq!((send.avatar.as_str(), send.topic_id, send.id, send.code), ("pic", 8, 0, 0));
    assert_eq!(Attachment::from(send.attachments[0].clone()), draft.attachments[0]);
}

#[test]
fn a_draft_that_fails_the_check_is_not_converted() {
    let result = Draft::from("x".repeat(4000)).to_send(&Target::direct(CHANNEL));
    assert_eq!(result.unwrap_err(), DraftError::ContentTooLong { units: 4008, limit: 4000 });
}

#[test]
fn the_attachment_vector_is_read() {
    let list = decode_attachments(&bytes("0a170a05612e706e6710031a01752209696d6167652f706e67")).unwrap().items;
    let expected = Attachment {
        filename: "a.png".to_owned(),
        size: 3,
        url: "u".to_owned(),
        filetype: "image/png".to_owned(),
        ..Attachment::default()
    };
    assert_eq!(list, [expected]);
}

#[test]
fn a_size_of_64_bits_is_read() {
    // One attachment with field 2 = 5,000,000,000.
    let list = decode_attachments(&bytes("0a061080e497d012")).unwrap().items;
    assert_eq!(list[0].size, 5_000_000_000);
}

#[test]
fn a_list_whose_first_item_is_as_long_as_a_bracket_is_still_protobuf() {
    // 0x0a is a line feed and 0x5b is `[`: skipping blanks first would take this for JSON.
    for length in [0x5b_usize, 0x7b] {
        let mention = api::MessageMention { username: "x".repeat(length - 2), ..Default::default() };
        let raw = api::MessageMentionList { mentions: vec![mention] }.encode_to_vec();
        assert_eq!(raw[..2], [0x0a, u8::try_from(length).unwrap()]);
        assert_eq!(decode_mentions(&raw).unwrap().items[0].username.len(), length - 2);
    }
}

#[test]
fn a_message_keeps_everything() {
    let wire = api::ChannelMessage {
        clan_id: 1,
        channel_id: 2,
        message_id: 3,
        code: 99,
        sender_id: 4,
        username: "u".to_owned(),
        avatar: "a".to_owned(),
        content: r#"{"t":"hi"}"#.to_owned(),
        display_name: "d".to_owned(),
        clan_nick: "n".to_owned(),
        reactions: api::MessageReactionList {
            reactions: vec![api::MessageReaction { emoji_id: 5, action: true, mode: 4, ..Default::default() }],
        }
        .encode_to_vec()
        .into(),
        mentions: br#"[{"user_id":"6"}]"#.to_vec().into(),
        references: api::MessageRefList {
            refs: vec![api::MessageRef {
                message_ref_id: 7,
                message_sender_avatar: "p".to_owned(),
                ..Default::default()
            }],
        }
        .encode_to_vec()
        .into(),
        referenced_message: b"raw".to_vec().into(),
        create_time_seconds: 10,
        update_time_seconds: 11,
        mode: 6,
        hide_editted: true,
        is_public: true,
        topic_id: 12,
        ..Default::default()
    };
    let message = ChannelMessage::from(wire);
    assert_eq!((message.clan_id().get(), message.channel_id().get(), message.id().get()), (1, 2, 3));
    assert_eq!((message.code(), message.mode()), (MessageCode::Other(99), StreamMode::Thread));
    assert_eq!((message.sender_id(), message.username(), message.avatar()), (UserId::new(4), "u", "a"));
    assert_eq!((message.display_name(), message.clan_nick()), ("d", "n"));
    assert_eq!((message.text(), message.raw_content()), ("hi", r#"{"t":"hi"}"#));
    assert!(message.reactions()[0].removed);
    assert_eq!(message.mentions()[0].user_id, UserId::new(6));
    assert_eq!(message.references()[0].sender_avatar, "p");
    assert_eq!(message.attachments(), []);
    assert_eq!(message.raw_referenced_message(), b"raw");
    assert_eq!((message.create_time_seconds(), message.update_time_seconds()), (10, 11));
    assert!(message.hide_edited() && message.is_public());
    assert_eq!(message.topic_id(), TopicId::new(12));
}

#[test]
fn a_channel_keeps_what_matters() {
    let wire = api::ChannelDescription {
        channel_id: 123,
        r#type: 3,
        channel_private: 1,
        channel_label: "an".to_owned(),
        user_ids: vec![1, i64::MAX],
        usernames: vec!["an".to_owned(), "linh".to_owned()],
        last_sent_message: Some(api::ChannelMessageHeader { id: 9, content: "hi".to_owned(), ..Default::default() }),
        ..Default::default()
    };
    let channel = Channel::from(wire);
    assert_eq!((channel.id(), channel.kind(), channel.label()), (CHANNEL, ChannelType::Direct, "an"));
    assert!(channel.is_private());
    assert_eq!(channel.user_ids(), [UserId::new(1), UserId::new(i64::MAX)]);
    assert_eq!(channel.last_sent_message().unwrap().id, MessageId::new(9));
    assert_eq!(channel.target(), Target::direct(CHANNEL));

    let json = serde_json::to_value(&channel).unwrap();
    assert_eq!(json["channel_id"], "123");
    assert_eq!(json["type"], 3);
    assert_eq!(json["user_ids"][1], "9223372036854775807");

    let clan_channel = Channel::from(api::ChannelDescription { clan_id: 4, r#type: 1, ..Default::default() });
    assert!(clan_channel.target().is_public);
    let private =
        Channel::from(api::ChannelDescription { clan_id: 4, r#type: 7, channel_private: 1, ..Default::default() });
    assert!(!private.target().is_public);
}

/// Any message: all numbers, texts and lists.
fn any_message() -> impl Strategy<Value = api::ChannelMessage> {
    let ids = any::<[i64; 5]>();
    let numbers = any::<(i32, i32, u32, u32, bool, bool)>();
    let texts = proptest::collection::vec(".{0,20}", 9);
    let lists = proptest::collection::vec(any::<Vec<u8>>(), 5);
    (ids, numbers, texts, lists).prop_map(|(ids, numbers, texts, lists)| {
        let (code, mode, create_time_seconds, update_time_seconds, is_public, hide_editted) = numbers;
        let [clan_id, channel_id, message_id, sender_id, topic_id] = ids;
        let (text, list) = (|at: usize| texts[at].clone(), |at: usize| lists[at].clone().into());
        api::ChannelMessage {
            clan_id,
            channel_id,
            message_id,
            sender_id,
            topic_id,
            code,
            mode,
            create_time_seconds,
            update_time_seconds,
            is_public,
            hide_editted,
            username: text(0),
            avatar: text(1),
            content: text(2),
            channel_label: text(3),
            clan_logo: text(4),
            category_name: text(5),
            display_name: text(6),
            clan_nick: text(7),
            clan_avatar: text(8),
            reactions: list(0),
            mentions: list(1),
            attachments: list(2),
            references: list(3),
            referenced_message: list(4),
        }
    })
}

proptest! {
    #[test]
    fn a_message_is_read_as_the_generated_type_reads_it(first in any_message(), second in any_message(), cut: u16) {
        let bytes = first.encode_to_vec();
        let message = ChannelMessage::from(first.clone());
        prop_assert_eq!(api::ChannelMessage::from(&message), first);
        prop_assert_eq!(ChannelMessage::decode(&bytes), Some(message));
        // Of two of a field the last counts. A default value is not written, so it does not.
        let twice = [bytes.clone(), second.encode_to_vec()].concat();
        let merged = api::ChannelMessage::decode(&twice[..]).unwrap();
        prop_assert_eq!(ChannelMessage::decode(&twice), Some(ChannelMessage::from(merged)));
        let part = &bytes[..usize::from(cut) % (bytes.len() + 1)];
        let by_prost = api::ChannelMessage::decode(part).ok().map(ChannelMessage::from);
        prop_assert_eq!(ChannelMessage::decode(part), by_prost);
    }

    #[test]
    fn damaged_messages_are_refused_as_the_generated_type_refuses_them(
        message in any_message(),
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = message.encode_to_vec();
        prop_assume!(!bytes.is_empty());
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let by_prost = api::ChannelMessage::decode(&bytes[..]).ok().map(ChannelMessage::from);
        let ours = ChannelMessage::decode(&bytes);
        // Groups alone are left to the generated type, which passes over unknown ones.
        prop_assert!(ours == by_prost || ours.is_none(), "{:?} and {:?}", ours, by_prost);
    }

    #[test]
    fn what_is_converted_comes_back(a: i64, b: i64, mode: i32, flag: bool, text: String, s in 0..i32::MAX) {
        let mention = api::MessageMention { id: a, user_id: b, rolename: text.clone(), s, e: s, ..Default::default() };
        prop_assert_eq!(api::MessageMention::from(&Mention::from(mention.clone())), mention);
        let reference = api::MessageRef {
            message_ref_id: a,
            message_sender_id: b,
            has_attachment: flag,
            content: text.clone(),
            ..Default::default()
        };
        prop_assert_eq!(api::MessageRef::from(&Reference::from(reference.clone())), reference.clone());
        let reaction = api::MessageReaction { emoji_id: a, action: flag, mode, emoji: text, ..Default::default() };
        prop_assert_eq!(api::MessageReaction::from(&Reaction::from(reaction.clone())), reaction.clone());

        // Both halves of the rule for lists give the same.
        let from_protobuf = decode_references(&api::MessageRefList { refs: vec![reference] }.encode_to_vec()).unwrap().items;
        let from_json = decode_references(&serde_json::to_vec(&from_protobuf).unwrap()).unwrap().items;
        prop_assert_eq!(from_json, from_protobuf);
        let from_protobuf = decode_reactions(&api::MessageReactionList { reactions: vec![reaction] }.encode_to_vec()).unwrap().items;
        let from_json = decode_reactions(&serde_json::to_vec(&from_protobuf).unwrap()).unwrap().items;
        prop_assert_eq!(from_json, from_protobuf);
    }

    #[test]
    fn decoding_any_protobuf_bytes_is_total(raw: Vec<u8>) {
        let mut list = vec![0x0a];
        list.extend(&raw);
        let _ = (decode_attachments(&list), decode_mentions(&list), decode_references(&list), decode_reactions(&list));
    }
}
