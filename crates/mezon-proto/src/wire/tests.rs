use std::collections::BTreeSet;

use bytes::{Bytes, BytesMut};
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use prost::Message as _;

use super::*;
use crate::api::ChannelMessage;
use crate::realtime::envelope::Message;
use crate::realtime::{Channel, Envelope, Ping, PresenceSession, UserPresence};

fn hex(text: &str) -> Bytes {
    HEXLOWER.decode(text.as_bytes()).unwrap().into()
}

fn ping(cid: i32) -> Envelope {
    Envelope { cid, message: Some(Message::Ping(Ping {})) }
}

/// The reply to a join, with two presences in it.
fn joined([first, second]: [PresenceSession; 2]) -> Envelope {
    let presence = |session_id| UserPresence { user_id: 7, session_id, username: "an".into(), ..Default::default() };
    let channel =
        Channel { id: 123, presences: vec![presence(first)], self_: Some(presence(second)), ..Default::default() };
    Envelope { cid: 1, message: Some(Message::Channel(channel)) }
}

fn raw_of(inbound: Inbound) -> RawMessage {
    inbound.message.unwrap()
}

fn message_of(inbound: Inbound) -> Message {
    raw_of(inbound).decode().unwrap().unwrap()
}

#[test]
fn cid_is_read_in_both_forms() {
    let number = read(&hex("0805b20100")).unwrap();
    assert_eq!((number.cid, number.revision), (5, Some(Revision::Int32Cid)));
    let text = read(&hex("0a0135b20100")).unwrap();
    assert_eq!((text.cid, text.revision), (5, Some(Revision::StringCid)));
    assert_eq!(number.message, text.message);
}

#[test]
fn the_last_cid_counts_and_its_place_does_not_matter() {
    let inbound = read(&hex("0801b201000a023432")).unwrap();
    assert_eq!((inbound.cid, inbound.revision), (42, Some(Revision::StringCid)));
}

#[test]
fn odd_cids_never_fail_the_frame() {
    // -1 as int32 takes ten bytes; 70000 is beyond the range of requests.
    assert_eq!(read(&hex("08ffffffffffffffffff01b20100")).unwrap().cid, u32::MAX);
    assert_eq!(read(&hex("08f0a204b20100")).unwrap().cid, 70_000);
    for text in ["0a00", "0a03616263", "0a02fffe", "0a0c393939393939393939393939"] {
        let inbound = read(&hex(&format!("{text}b20100"))).unwrap();
        assert_eq!((inbound.cid, message_of(inbound)), (0, Message::Ping(Ping {})), "{text}");
    }
    // A fixed32 is no form a cid ever had: it is passed over.
    let fixed = read(&hex("0d01000000b20100")).unwrap();
    assert_eq!((fixed.cid, fixed.revision), (0, None));
}

#[test]
fn an_unknown_arm_is_a_value() {
    let inbound = read(&hex("0809fa3e03616263")).unwrap();
    assert_eq!(inbound.cid, 9);
    let raw = raw_of(inbound);
    assert_eq!((&raw, raw.decode()), (&RawMessage::new(1007, &b"abc"[..]), Ok(None)));
}

#[test]
fn a_known_arm_counts_more_than_an_unknown_field() {
    for frame in ["fa3e03616263b20100", "b20100fa3e03616263"] {
        assert_eq!(message_of(read(&hex(frame)).unwrap()), Message::Ping(Ping {}), "{frame}");
    }
}

#[test]
fn an_undecodable_arm_costs_only_that_arm() {
    // channel_message_ack that ends inside a text; cid stands behind it.
    let inbound = read(&hex("3a050a046162630806")).unwrap();
    assert_eq!(inbound.cid, 6);
    let raw = raw_of(inbound);
    let error = raw.decode().unwrap_err().to_string();
    assert!(!error.contains("abc"), "{error}");
    assert_eq!(raw, RawMessage::new(7, hex("0a04616263")));
}

#[test]
fn an_arm_of_the_wrong_wire_type_is_undecodable() {
    let inbound = read(&hex("0806b00105")).unwrap();
    assert_eq!(inbound.cid, 6);
    let raw = raw_of(inbound);
    assert!(raw.field == 22 && raw.decode().is_err() && raw.read::<Ping>().is_err());
}

#[test]
fn of_two_arms_the_last_counts() {
    assert!(matches!(message_of(read(&hex("ba0100b20100")).unwrap()), Message::Ping(_)));
    assert!(matches!(message_of(read(&hex("b201003a020a00")).unwrap()), Message::ChannelMessageAck(_)));
    assert!(matches!(message_of(read(&hex("3a020a00b20100")).unwrap()), Message::Ping(_)));
}

#[test]
fn an_empty_frame_is_an_empty_push() {
    let inbound = read(&[]).unwrap();
    assert_eq!((inbound.cid, inbound.message), (0, None));
    assert_eq!(read(&hex("0807")).unwrap().message, None);
}

#[test]
fn zero_padding_is_ignored_and_zeros_of_the_message_are_kept() {
    // clan_join of clan 0 ends in a zero byte of its own.
    let inbound = read(&hex("08031a00000000")).unwrap();
    assert_eq!(inbound.cid, 3);
    assert!(matches!(message_of(inbound), Message::ClanJoin(_)));
}

#[test]
fn damaged_frames_name_kind_and_place() {
    use WireErrorKind::{Malformed, Truncated};
    let cases = [
        ("0805b2", Truncated, 2),
        ("0805b20105", Truncated, 2),
        ("0805b201ffffffffffffffffff01", Truncated, 2),
        ("08", Truncated, 0),
        ("0805000801", Malformed, 2),
        ("0807ff00", Malformed, 2),
        ("0c", Malformed, 0),
    ];
    for (frame, kind, offset) in cases {
        let error = read(&hex(frame)).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{frame}");
    }
    assert_eq!(read(&hex("0805b2")).unwrap_err().to_string(), "frame ends inside the field at byte 2");
}

#[test]
fn presence_session_ids_are_read_in_both_forms() {
    let number = PresenceSession::Number(77);
    let text = PresenceSession::Text("0b6e-77".into());
    let envelope = joined([number.clone(), text.clone()]);
    let Message::Channel(channel) = message_of(read(&envelope.encode_to_vec()).unwrap()) else { panic!() };
    assert_eq!(channel.presences[0].session_id, number);
    assert_eq!(channel.self_.unwrap().session_id, text);
}

#[test]
fn presence_session_ids_are_written_in_the_revision() {
    let envelope = joined([PresenceSession::Number(77), PresenceSession::Text("78".into())]);
    let ids = |revision: Revision| {
        let Message::Channel(channel) = message_of(read(&revision.encode(&envelope)).unwrap()) else { panic!() };
        (channel.presences[0].session_id.clone(), channel.self_.unwrap().session_id)
    };
    assert_eq!(ids(Revision::Int32Cid), (PresenceSession::Number(77), PresenceSession::Number(78)));
    assert_eq!(ids(Revision::StringCid), (PresenceSession::Text("77".into()), PresenceSession::Text("78".into())));
}

#[test]
fn the_revision_decides_how_cid_is_written() {
    assert_eq!(Revision::Int32Cid.encode(&ping(5)), hex("0805b20100"));
    assert_eq!(Revision::StringCid.encode(&ping(5)), hex("0a0135b20100"));
    assert_eq!(Revision::StringCid.encode(&ping(0)), hex("b20100"));
}

#[test]
fn api_replies_are_read_and_written() {
    let reply = ApiReply { cid: 0x1234, status: 5, last: true, payload: Bytes::from_static(b"channel not found") };
    let frame = hex("ff1234000500ff6368616e6e656c206e6f7420666f756e64");
    assert_eq!(reply.encode(), frame);
    assert_eq!(ApiReply::decode(&frame), Ok(reply));

    let part = ApiReply::decode(&hex("ff00010000123461")).unwrap();
    assert_eq!((part.cid, part.status, part.last, part.payload.as_ref()), (1, 0, false, b"a".as_slice()));

    let empty = ApiReply::decode(&hex("ff0001000000ff")).unwrap();
    assert!(empty.last && empty.payload.is_empty());
    assert_eq!(ApiReply::decode(&hex("ff0001000000")).unwrap_err().kind(), WireErrorKind::Truncated);
    assert!(read(&frame).is_err(), "no envelope begins with the mark");
}

#[test]
fn debug_shows_no_raw_bytes() {
    let canary = b"canary-canary";
    let mut unknown = BytesMut::from(hex("fa3e0d").as_ref());
    unknown.extend_from_slice(canary);
    let mut damaged = BytesMut::from(hex("82060f120e").as_ref()); // refresh_session_event, a token one byte too short
    damaged.extend_from_slice(canary);
    let reply = ApiReply { cid: 1, status: 0, last: true, payload: Bytes::from_static(canary) };
    let shown = [
        format!("{:?}", read(&unknown).unwrap()),
        format!("{:?}", read(&damaged).unwrap()),
        format!("{:?}", ApiReply::decode(&reply.encode()).unwrap()),
    ];
    for shown in shown {
        assert!(shown.contains("bytes") && !shown.contains("canar") && !shown.contains("99, 97"), "{shown}");
    }
    let error = raw_of(read(&damaged).unwrap()).decode().unwrap_err().to_string();
    assert!(!error.contains("canar"), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(frame in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = format!("{:?} {:?}", read(&frame), ApiReply::decode(&frame));
    }

    /// Frames that are fields on the outside and noise inside, so that the arms are reached.
    #[test]
    fn any_fields_are_read_without_a_panic(
        fields in proptest::collection::vec((1_u32..120, proptest::collection::vec(any::<u8>(), 0..40)), 0..6),
    ) {
        let mut frame = BytesMut::new();
        for (number, body) in &fields {
            prost::encoding::bytes::encode(*number, body, &mut frame);
        }
        if let Some(raw) = read(&frame).unwrap().message {
            let _ = format!("{raw:?} {:?}", raw.decode());
            let _ = (raw.read::<ChannelMessage>(), raw.read::<Channel>(), raw.read::<crate::realtime::ListDataSocket>());
            prop_assert!(fields.iter().any(|(number, body)| *number == raw.field && raw.body == body));
        }
    }

    /// Where plain prost reads a frame, so does this, with the same result.
    #[test]
    fn agrees_with_plain_prost(
        cid in 0_i32..=i32::MAX,
        content in ".*",
        bytes in proptest::collection::vec(any::<u8>(), 0..50),
        id in any::<i64>(),
    ) {
        let message = ChannelMessage { message_id: id, content, mentions: bytes.into(), ..Default::default() };
        let envelope = Envelope { cid, message: Some(Message::ChannelMessage(message)) };
        for revision in [Revision::Int32Cid, Revision::StringCid] {
            let frame = revision.encode(&envelope);
            let inbound = read(&frame).unwrap();
            prop_assert_eq!(i64::from(inbound.cid), i64::from(cid));
            prop_assert_eq!(Some(message_of(inbound)), envelope.message.clone());
            if revision == Revision::Int32Cid {
                prop_assert_eq!(Envelope::decode(frame).unwrap(), envelope.clone());
            }
        }
    }

    /// The hand-written message agrees with what it announces, and with itself.
    #[test]
    fn presences_survive_a_round_trip(
        user_id in any::<i64>(),
        number in any::<i32>(),
        text in proptest::option::of("[a-z0-9-]{1,36}"),
        username in ".{0,12}",
        status in proptest::option::of(".{0,12}"),
        is_mobile in any::<bool>(),
        user_status in ".{0,12}",
    ) {
        let session_id = text.map_or(PresenceSession::Number(number), PresenceSession::Text);
        let presence = UserPresence { user_id, session_id, username, status, is_mobile, user_status };
        let bytes = presence.encode_to_vec();
        prop_assert_eq!(bytes.len(), presence.encoded_len());
        prop_assert_eq!(UserPresence::decode(bytes.as_slice()).unwrap(), presence);
    }

    #[test]
    fn api_replies_survive_a_round_trip(
        cid in any::<u16>(),
        status in any::<u16>(),
        last in any::<bool>(),
        payload in proptest::collection::vec(any::<u8>(), 0..50),
    ) {
        let reply = ApiReply { cid, status, last, payload: payload.into() };
        prop_assert_eq!(ApiReply::decode(&reply.encode()), Ok(reply));
    }
}

#[test]
fn one_arm_is_encoded_as_the_envelope_would() {
    let message = ChannelMessage { message_id: 7, content: "x".repeat(300), ..Default::default() };
    for revision in [Revision::Int32Cid, Revision::StringCid] {
        let arm = revision.encode_arm(&message).number(5);
        let whole = Envelope { cid: 5, message: Some(Message::ChannelMessage(message.clone())) };
        assert_eq!(arm, revision.encode(&whole));
    }
    assert_eq!(Revision::default().encode_arm(&Ping {}).number(5), hex("0805b20100"));
}

#[test]
fn frames_from_a_buffer_are_the_same_and_use_its_room_again() {
    let mut buffer = BytesMut::new();
    for revision in [Revision::Int32Cid, Revision::StringCid] {
        let mut places = BTreeSet::new();
        for cid in [0, 1, 127, 128, 65_535, i32::MAX, i32::MIN] {
            let frame = revision.encode_arm_from(&mut buffer, cid, &Ping {});
            assert_eq!(frame, revision.encode(&ping(cid)));
            places.insert(frame.as_ptr());
        }
        assert_eq!(places.len(), 1, "each began where the one before did");
    }
    let kept = Revision::default().encode_arm_from(&mut buffer, 1, &Ping {});
    let next = Revision::default().encode_arm_from(&mut buffer, 2, &Ping {});
    assert_eq!([kept, next], [hex("0801b20100"), hex("0802b20100")]);
}

#[test]
fn a_frame_is_numbered_in_place_and_again() {
    for revision in [Revision::Int32Cid, Revision::StringCid] {
        for cid in [0, 1, 127, 128, 65_535, i32::MAX, i32::MIN] {
            let whole = revision.encode(&ping(cid));
            let unnumbered = revision.encode_unnumbered(&Message::Ping(Ping {}));
            assert_eq!(unnumbered.clone().number(cid), whole);
            assert_eq!(Unnumbered::of_frame(revision, &whole).number(7), unnumbered.number(7));
        }
    }
    assert_eq!(format!("{:?}", Revision::default().encode_unnumbered(&Message::Ping(Ping {}))), "Unnumbered(3 bytes)");
}
