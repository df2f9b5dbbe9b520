//! Fields that are not what they should be.

use mezon_model::UserId;
use mezon_proto::wire::CHANNEL_MESSAGE_FIELD;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::*;
use crate::machine::incoming::update_of;

/// The number of `Envelope.cid`.
const CID_FIELD: u32 = 1;

/// A number that no server has used yet.
const NEWER: u32 = 1_000;

/// An envelope whose field `number` holds a number instead of a message.
fn number_in(number: u32, cid: i32) -> Bytes {
    let mut frame = Vec::new();
    if cid != 0 {
        encode_key(CID_FIELD, WireType::Varint, &mut frame);
        encode_varint(u64::from(cid.unsigned_abs()), &mut frame);
    }
    encode_key(number, WireType::Varint, &mut frame);
    encode_varint(7, &mut frame);
    frame.into()
}

#[test]
fn a_push_that_is_no_message_is_a_push_of_a_newer_server_or_broken() {
    let mut rig = Rig::up();
    rig.receive(number_in(NEWER, 0));
    rig.receive(number_in(CHANNEL_MESSAGE_FIELD, 0));
    let [Event::Push(newer), Event::Undecodable { raw, reason }] = &rig.events[..] else { panic!("{:?}", rig.events) };
    assert_eq!((newer.field, raw.field, reason.as_str()), (NEWER, CHANNEL_MESSAGE_FIELD, "the field is no message"));
    assert_eq!(rig.machine.counters().undecodable, 1, "what is new is readable");
}

#[test]
fn an_answer_that_is_no_message_is_the_answer_of_a_newer_server_or_broken() {
    let mut rig = Rig::up();
    let newer = rig.call(&send(7));
    rig.receive(number_in(NEWER, rig.last_sent().cid));
    assert!(matches!(rig.outcome(newer), Ok(Reply::Message(raw)) if raw.field == NEWER), "{:?}", rig.outcome(newer));
    let broken = rig.call(&send(7));
    rig.receive(number_in(CHANNEL_MESSAGE_FIELD, rig.last_sent().cid));
    let reason = MaybeSent::Unreadable;
    assert!(matches!(rig.outcome(broken), Err(CallErrorKind::MaybeSent { reason: is }) if *is == reason));
    assert_eq!(rig.machine.counters().undecodable, 1);
}

#[test]
fn a_push_of_credentials_without_a_user_names_none() {
    assert_eq!(update_of(api::Session::default()).user_id, None);
    let named = api::Session { user_id: 7, ..api::Session::default() };
    assert_eq!(update_of(named).user_id, Some(UserId::new(7)));
}

#[test]
fn a_pong_that_nobody_asked_for_is_told_to_nobody() {
    let mut rig = Rig::up();
    rig.push(envelope::Message::Pong(Pong::default()));
    assert!(rig.events.is_empty(), "{:?}", rig.events);
}

/// The limits are what is still let through.
#[test]
fn what_is_as_large_as_the_limit_passes() {
    // A field that no revision knows, so what is pushed stays as it is.
    let pushed = |bytes: usize| {
        let mut frame = Vec::new();
        prost::encoding::bytes::encode(NEWER, &vec![0; bytes], &mut frame);
        let mut rig = Rig::new(Settings { max_push: 100, ..Settings::default() });
        rig.connect();
        rig.events.clear();
        rig.receive(frame.into());
        rig.event_names()
    };
    assert_eq!((pushed(100), pushed(101)), (vec!["push"], vec!["undecodable"]));

    let sent = |max_outgoing| {
        let mut rig = Rig::new(Settings { max_outgoing, ..Settings::default() });
        rig.connect();
        let before = rig.sent.len();
        rig.call(&join(1));
        rig.sent.get(before).map(prost::Message::encoded_len)
    };
    let size = sent(1_000).unwrap();
    assert_eq!((sent(size), sent(size - 1)), (Some(size), None));
}
