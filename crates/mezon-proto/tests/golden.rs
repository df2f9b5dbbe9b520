//! Known bytes of the protocol: each is written as the bytes say and read back as the same message.

#![allow(clippy::unwrap_used, clippy::panic)]

use bytes::Bytes;
use data_encoding::HEXLOWER;
use mezon_proto::api::{ListChannelDescsRequest, MessageAttachment, MessageAttachmentList};
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{
    ApiRequestEvent, ChannelJoin, ChannelMessageAck, ChannelMessageSend, ClanJoin, Envelope, Error, Ping, Pong, error,
};
use mezon_proto::wire::{Revision, read};
use prost::Message as _;

fn bytes(hex: &str) -> Bytes {
    HEXLOWER.decode(hex.as_bytes()).unwrap().into()
}

/// Holds a message to its bytes, in both directions, for the leniently reading codec and for plain prost.
fn assert_golden(cid: i32, message: Message, hex: &str) {
    let frame = bytes(hex);
    let envelope = Envelope { cid, message: Some(message) };
    assert_eq!(HEXLOWER.encode(&Revision::Int32Cid.encode(&envelope)), hex);
    assert_eq!(Envelope::decode(frame.clone()).unwrap(), envelope);

    let inbound = read(&frame).unwrap();
    assert_eq!(i64::from(inbound.cid), i64::from(cid));
    assert_eq!(inbound.message.unwrap().decode(), Ok(envelope.message));
}

#[test]
fn ping() {
    assert_golden(5, Message::Ping(Ping {}), "0805b20100");
}

#[test]
fn pong() {
    assert_golden(5, Message::Pong(Pong {}), "0805ba0100");
}

#[test]
fn join_of_a_direct_channel() {
    let join = ChannelJoin { channel_id: 123, channel_type: 3, ..Default::default() };
    assert_golden(1, Message::ChannelJoin(join), "08012204107b1803");
}

#[test]
fn join_of_a_group_channel() {
    let join = ChannelJoin { channel_id: 123, channel_type: 2, ..Default::default() };
    assert_golden(2, Message::ChannelJoin(join), "08022204107b1802");
}

#[test]
fn join_of_clan_zero() {
    assert_golden(3, Message::ClanJoin(ClanJoin::default()), "08031a00");
}

#[test]
fn direct_message() {
    let send = ChannelMessageSend { channel_id: 123, content: r#"{"t":"hi"}"#.into(), mode: 4, ..Default::default() };
    assert_golden(4, Message::ChannelMessageSend(send), "08044210107b1a0a7b2274223a226869227d3804");
}

#[test]
fn buzz() {
    let send =
        ChannelMessageSend { channel_id: 123, content: r#"{"t":"hi"}"#.into(), mode: 4, code: 8, ..Default::default() };
    assert_golden(4, Message::ChannelMessageSend(send), "08044212107b1a0a7b2274223a226869227d38046008");
}

#[test]
fn acknowledgement() {
    let ack = ChannelMessageAck {
        channel_id: 123,
        message_id: 456,
        username: "bot".into(),
        create_time_seconds: 1_700_000_000,
        ..Default::default()
    };
    assert_golden(4, Message::ChannelMessageAck(ack), "08043a10087b10c8032203626f742880e2cfaa06");
}

#[test]
fn refusal() {
    let refusal = Error {
        code: error::Code::BadInput.into(),
        message: "Must join channel before sending messages".into(),
        ..Default::default()
    };
    assert_golden(
        4,
        Message::Error(refusal),
        "0804622d080312294d757374206a6f696e206368616e6e656c206265666f72652073656e64696e67206d65737361676573",
    );
}

#[test]
fn api_call_by_index_and_name() {
    let call = ApiRequestEvent { api_index: 1, api_name: "GetAccount".into(), body: Bytes::new() };
    assert_golden(6, Message::ApiRequestEvent(call), "0806e2050e0801120a4765744163636f756e74");
}

#[test]
fn api_call_with_index_zero() {
    let body = ListChannelDescsRequest { channel_type: 3, ..Default::default() }.encode_to_vec();
    let call = ApiRequestEvent { api_index: 0, api_name: "ListChannelDescs".into(), body: body.into() };
    assert_golden(6, Message::ApiRequestEvent(call), "0806e2051612104c6973744368616e6e656c44657363731a022803");
}

/// The TCP framing fills a body up to a multiple of four. Trimming zeros instead of reading up to them would
/// damage messages that end in zero, such as a pong.
#[test]
fn padding_of_the_tcp_framing() {
    for hex in ["0806e2050e0801120a4765744163636f756e74", "0805ba0100", "08031a00"] {
        let plain = read(&bytes(hex)).unwrap();
        for padding in ["00", "0000", "000000"] {
            assert_eq!(read(&bytes(&format!("{hex}{padding}"))).unwrap(), plain);
        }
    }
}

#[test]
fn attachments_of_a_message() {
    let hex = "0a170a05612e706e6710031a01752209696d6167652f706e67";
    let attachment = MessageAttachment {
        filename: "a.png".into(),
        size: 3,
        url: "u".into(),
        filetype: "image/png".into(),
        ..Default::default()
    };
    let list = MessageAttachmentList { attachments: vec![attachment] };
    assert_eq!(HEXLOWER.encode(&list.encode_to_vec()), hex);
    assert_eq!(MessageAttachmentList::decode(bytes(hex)).unwrap(), list);
}
