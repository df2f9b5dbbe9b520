//! The lists beside a message, in every form that senders write.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use mezon_model::list::{List, MAX_ELEMENTS, decode_attachments, decode_mentions, decode_reactions, decode_references};
use mezon_model::{ChannelMessage, EmojiId, MessageId, MessageParts, RoleId, StreamMode, UserId};
use proptest::prelude::*;

#[test]
fn nothing_is_an_empty_list() {
    for raw in [&b""[..], b"[]", b"{}", b" \n", b"null", b"{\"attachments\":null}", b"{\"attachments\":[]}"] {
        assert_eq!(decode_attachments(raw).unwrap(), List::default(), "{raw:?}");
    }
}

#[test]
fn json_comes_as_an_array_or_wrapped() {
    let item = r#"{"filename":"a.png","url":"u","filetype":"image/png","size":5000000000,"width":"640","height":480.0,"later":1}"#;
    for raw in [
        format!("[{item}]"),
        format!(" \n[{item}]"),
        format!("\n\t{{ \"attachments\": [{item}] }}"),
        format!("{{\"attachments\":[{item}],\"more\":1}}"),
    ] {
        let list = decode_attachments(raw.as_bytes()).unwrap().items;
        assert_eq!(list.len(), 1, "{raw}");
        assert_eq!((list[0].filename.as_str(), list[0].filetype.as_str()), ("a.png", "image/png"));
        assert_eq!((list[0].size, list[0].width, list[0].height), (5_000_000_000, 640, 480));
        assert_eq!(list[0].thumbnail, "");
    }
}

#[test]
fn ids_in_json_are_strings_or_numbers() {
    let raw = br#"[{"user_id":"9007199254740993","username":"an","s":0,"e":3},
                   {"role_id":9007199254740993,"rolename":"team","s":"4","e":"9","user_id":"","id":null}]"#;
    let list = decode_mentions(raw).unwrap().items;
    assert_eq!(list[0].user_id, UserId::new(9_007_199_254_740_993));
    assert_eq!((list[0].start, list[0].end), (0, 3));
    assert_eq!(list[1].role_id, RoleId::new(9_007_199_254_740_993));
    assert!(list[1].user_id.is_none() && list[1].id.is_none());
    assert_eq!((list[1].start, list[1].end), (4, 9));
}

#[test]
fn a_reference_has_had_three_names_for_the_picture() {
    for name in ["message_sender_avatar", "messages_sender_avatar", "mesages_sender_avatar"] {
        for wrap in ["refs", "references"] {
            let raw = format!(
                r#"{{"{wrap}":[{{"message_ref_id":"77","message_sender_id":5,"{name}":"pic","content":{{"t":"x"}},"has_attachment":1}}]}}"#
            );
            let list = decode_references(raw.as_bytes()).unwrap().items;
            assert_eq!(list[0].sender_avatar, "pic", "{name}");
            assert_eq!(list[0].message_ref_id, MessageId::new(77));
            assert_eq!(list[0].sender_id, UserId::new(5));
            assert_eq!(list[0].parsed_content().as_text(), "x");
            assert!(list[0].has_attachment);
        }
    }
}

#[test]
fn a_reference_with_several_of_the_names_has_the_picture_that_is_there() {
    let picture = |raw: &str| {
        let list = decode_references(format!("[{{{raw}}}]").as_bytes()).unwrap();
        assert_eq!(list.dropped, 0, "{raw}");
        list.items[0].sender_avatar.clone()
    };
    let old = r#""mesages_sender_avatar":"old","messages_sender_avatar":"older""#;
    assert_eq!(picture(&format!(r#"{old},"message_sender_avatar":"new""#)), "new");
    assert_eq!(picture(&format!(r#""message_sender_avatar":"",{old}"#)), "older");
    assert_eq!(picture(r#""message_sender_avatar":null,"mesages_sender_avatar":"old""#), "old");
}

#[test]
fn a_reaction_with_action_is_a_removal() {
    let raw = br#"[{"emoji_id":"3","emoji":":like:","action":true,"count":2,"mode":4}]"#;
    let list = decode_reactions(raw).unwrap().items;
    assert_eq!((list[0].emoji_id, list[0].removed, list[0].count), (EmojiId::new(3), true, 2));
    assert_eq!(list[0].mode, StreamMode::Direct);
}

#[test]
fn what_is_malformed_costs_its_list_alone() {
    let malformed = [
        &b"["[..],
        b"[{\"user_id\":1}",
        b"{\"other\":[]}",
        b"{\"mentions\":5}",
        b"\"text\"",
        b"plain",
        b"\xff\xff",
        b"\x0a\x7f",
    ];
    for raw in malformed {
        assert!(decode_mentions(raw).is_err(), "{raw:?}");
        let mut parts = MessageParts::default();
        parts.content = r#"{"t":"still here"}"#.to_owned();
        parts.mentions = raw.to_vec();
        parts.attachments = br#"[{"url":"u"}]"#.to_vec();
        let message = ChannelMessage::from(parts);
        assert_eq!(message.text(), "still here");
        assert_eq!(message.attachments().len(), 1);
        assert_eq!(message.mentions(), []);
        assert_eq!(message.raw_mentions(), raw);
        assert_eq!(message.dropped_elements(), 1);
    }
    assert_eq!(
        decode_mentions(b"[").unwrap_err().to_string(),
        "the list of mentions is neither protobuf nor JSON; look at its raw bytes"
    );
}

/// Before, one odd element emptied the whole list.
#[test]
fn an_odd_element_costs_itself_alone() {
    let good = r#"{"user_id":"7","s":0,"e":3}"#;
    let nested = "[".repeat(300) + &"]".repeat(300);
    let long = format!(r#"{{"user_id":"9","username":"{}"}}"#, "x".repeat(300 * 1024));
    for odd in ["null", "5", r#"{"user_id":1.5}"#, r#"{"user_id":"linh"}"#, &nested, &long] {
        let list = decode_mentions(format!("[{good},{odd},{good}]").as_bytes()).unwrap();
        assert_eq!((list.items.len(), list.dropped), (2, 1), "{odd:.40}");
        let message = ChannelMessage::from({
            let mut parts = MessageParts::default();
            parts.mentions = format!(r#"{{"mentions":[{odd},{good}]}}"#).into_bytes();
            parts
        });
        assert_eq!((message.mentions().len(), message.dropped_elements()), (1, 1));
    }
    let list = decode_attachments(br#"[null,{"url":"u"}]"#).unwrap();
    assert_eq!((list.items.len(), list.dropped), (1, 1));
}

#[test]
fn here_is_a_user_id_and_was_a_text() {
    for id in ["\"here\"", "\"1775731111020111321\"", "1775731111020111321"] {
        let list =
            decode_mentions(format!(r#"[{{"user_id":{id},"username":"@here","s":0,"e":5}}]"#).as_bytes()).unwrap();
        assert!(list.items[0].is_here(), "{id}");
        assert_eq!(list.dropped, 0);
    }
    assert_eq!(UserId::HERE.get(), 1_775_731_111_020_111_321);
}

/// Five bytes on the wire would become two hundred in memory each.
#[test]
fn a_list_keeps_so_many_elements_and_counts_the_rest() {
    let mut json = "[".to_owned() + &"{},".repeat(MAX_ELEMENTS + 9);
    json.replace_range(json.len() - 1.., "]");
    let list = decode_attachments(json.as_bytes()).unwrap();
    assert_eq!((list.items.len(), list.dropped), (MAX_ELEMENTS, 9));
    #[cfg(feature = "proto")]
    {
        let list = decode_attachments(&[0x0a, 0].repeat(MAX_ELEMENTS + 9)).unwrap();
        assert_eq!((list.items.len(), list.dropped), (MAX_ELEMENTS, 9));
    }
}

/// An element as clients of an older revision wrote it: the sender of a reaction as text, and one that is damaged.
#[cfg(feature = "proto")]
#[test]
fn an_odd_protobuf_element_costs_what_is_odd_of_it() {
    // emoji_id 3, sender_id (4) as the text "7"; then a whole one; then one that ends inside a number.
    let raw = [&[0x0a, 5, 0x10, 3, 0x22, 1, b'7'][..], &[0x0a, 2, 0x10, 4], &[0x0a, 2, 0x10, 0x80]].concat();
    let list = decode_reactions(&raw).unwrap();
    let emojis: Vec<_> = list.items.iter().map(|reaction| reaction.emoji_id).collect();
    assert_eq!((emojis, list.dropped), (vec![EmojiId::new(3), EmojiId::new(4)], 2));
}

#[test]
fn a_model_type_reads_what_it_writes() {
    let raw =
        br#"[{"message_ref_id":"1","message_sender_avatar":"a","content":"{\"t\":\"q\"}","message_sender_id":"-4"}]"#;
    let list = decode_references(raw).unwrap().items;
    let json = serde_json::to_vec(&list).unwrap();
    assert_eq!(decode_references(&json).unwrap().items, list);
}

proptest! {
    #[test]
    fn no_bytes_panic(raw: Vec<u8>) {
        let _ = (decode_attachments(&raw), decode_mentions(&raw), decode_references(&raw), decode_reactions(&raw));
    }

    #[test]
    fn no_json_panics(raw in r#"[\[{]["\[\]{}:,a-z0-9_ .]{0,40}"#) {
        let raw = raw.as_bytes();
        let _ = (decode_attachments(raw), decode_mentions(raw), decode_references(raw), decode_reactions(raw));
    }
}
