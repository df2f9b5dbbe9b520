//! Golden frames: each event of the vocabulary, read from an envelope whose bytes were written by the field numbers of
//! the protocol and by nothing of this workspace. Every field has a value of its own, so none can stand in for another.

#![cfg(feature = "proto")]
#![allow(clippy::unwrap_used, clippy::panic)]

use mezon_model::event::*;
use mezon_proto::wire::{self, Arm, FromArm};
use serde_json::{Value, json};

const FRAMES: &str = include_str!("events.tsv");

/// Reads the one message of `frame`, which has to be arm `arm`, as `Event`, and gives it as JSON.
fn read<Event: FromArm + serde::Serialize>(arm: u32, frame: &[u8]) -> Value {
    let message = wire::read(frame).unwrap().message.unwrap();
    assert_eq!((message.field, Event::Arm::NUMBER), (arm, arm));
    let event: Event = message.read().unwrap().unwrap();
    let mut json = serde_json::to_value(event).unwrap();
    shorten_channels(&mut json);
    json
}

/// A channel's description has a test of its own: here it is enough that it is the right one.
fn shorten_channels(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            if let Some(id) = fields.get("channel").and_then(|channel| channel.get("channel_id")) {
                let short = format!("channel {}", id.as_str().unwrap());
                fields.insert("channel".to_owned(), json!(short));
            }
            fields.values_mut().for_each(shorten_channels);
        }
        Value::Array(items) => items.iter_mut().for_each(shorten_channels),
        _ => {}
    }
}

macro_rules! reader {
    ($name:expr, $($event:ident),+ $(,)?) => {
        match $name {
            $(stringify!($event) => read::<$event>,)+
            other => panic!("nothing reads {other}"),
        }
    };
}

fn reader(event: &str) -> fn(u32, &[u8]) -> Value {
    reader!(
        event,
        ChannelPresence,
        Notified,
        StatusPresence,
        Typing,
        LastSeen,
        VoiceJoined,
        VoiceLeft,
        VoiceStarted,
        VoiceEnded,
        ChannelCreated,
        ChannelDeleted,
        ChannelUpdated,
        MessagePinned,
        CustomStatusSet,
        ChannelMembersAdded,
        ChannelMembersRemoved,
        MembersLeft,
        ClanUpdated,
        MemberProfileUpdated,
        ProfileUpdated,
        MemberJoined,
        ClanEventAnnounced,
        RoleAssigned,
        ClanDeleted,
        CoffeeGiven,
        StickerCreated,
        StickerUpdated,
        StickerDeleted,
        RoleChanged,
        EmojiChanged,
        StreamJoined,
        StreamLeft,
        StreamStarted,
        StreamEnded,
        TokensSent,
        ButtonClicked,
        CallSignal,
        OptionsSelected,
        StatusUpdated,
        FriendRemoved,
        MessageUnpinned,
        CategoryChanged,
        AccountDeleted,
        FriendBlocked,
        MarkedAsRead,
        QuickMenuChosen,
        FriendUnblocked,
        OwnershipTransferred,
        PermissionsSet,
        PermissionsChanged,
        FriendAdded,
        MembersBanned,
        ClanCreated,
        AgentEnabled,
        ChannelArchived,
        TopicAnswered,
        ScreenShared
    )
}

#[test]
fn every_event_says_what_its_frame_says() {
    let rows: Vec<&str> = FRAMES.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(rows.len(), 57);
    for row in rows {
        let [arm, event, frame, expected] = row.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let frame = data_encoding::HEXLOWER.decode(frame.as_bytes()).unwrap();
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(reader(event)(arm.parse().unwrap(), &frame), expected, "{event}");
    }
}

/// Ids that the wire writes as text come from people's servers: one that is no number is none, not an error.
#[test]
fn an_id_that_is_no_number_is_none() {
    let wire =
        mezon_proto::realtime::ChannelDeletedEvent { channel_id: 5, deletor: "linh".to_owned(), ..Default::default() };
    let event = ChannelDeleted::from(wire);
    assert!(event.deleted_by.is_none());
    assert_eq!(event.channel_id.get(), 5);
}

#[test]
fn what_opens_a_door_is_not_in_debug() {
    let wire =
        mezon_proto::realtime::StreamingStartedEvent { streaming_url: "https://k3y".to_owned(), ..Default::default() };
    assert!(!format!("{:?}", StreamStarted::from(wire)).contains("k3y"));
    let wire = mezon_proto::realtime::WebrtcSignalingFwd { json_data: "k3y".to_owned(), ..Default::default() };
    assert!(!format!("{:?}", CallSignal::from(wire)).contains("k3y"));
    let wire = mezon_proto::api::Webhook { url: "https://k3y".to_owned(), ..Default::default() };
    assert!(!format!("{:?}", mezon_model::Webhook::from(wire)).contains("k3y"));
}
