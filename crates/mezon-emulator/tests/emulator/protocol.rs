//! What the emulator does of the protocol, held to what `docs/protocol.md` says.

use std::collections::BTreeSet;

use ::http::StatusCode;
use bytes::Bytes;
use mezon_emulator::Emulator;
use mezon_proto::methods;
use mezon_proto::realtime::envelope::Message;

use crate::support::{Seen, json, user};

/// The table that the page is made of.
const SUPPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/contract/support.tsv");

/// What is marked as done by the emulator: methods, and messages of the socket.
fn marked() -> BTreeSet<String> {
    let table = std::fs::read_to_string(SUPPORT).unwrap();
    let rows = table.lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>());
    rows.filter(|row| row[1] == "yes").map(|row| row[0].to_owned()).collect()
}

#[tokio::test]
async fn every_method_is_done_or_refused_by_its_name() {
    let emulator = Emulator::start().await.unwrap();
    let mut done = BTreeSet::new();
    for (method, id) in methods::ALL.iter().zip(1..) {
        // Of their own, as a logout ends a login.
        let response = user(&emulator, id).await.call(method.name(), &()).await;
        let refusal = format!("the emulator has no method {}", method.name());
        if response.status() == StatusCode::NOT_IMPLEMENTED && json(&response)["message"] == refusal.as_str() {
            assert_eq!(json(&response)["code"], 12);
        } else {
            // Also with an error: an empty request is seldom a good one.
            done.insert(method.name().to_owned());
        }
    }
    let marked: BTreeSet<_> = marked().into_iter().filter(|name| name.starts_with(char::is_uppercase)).collect();
    assert_eq!(done, marked, "say it in proto/contract/support.tsv, then `cargo xtask codegen`");
}

#[tokio::test]
async fn every_message_is_answered_or_refused_by_its_name() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = user(&emulator, 1).await.socket().await;
    let marked = marked();
    // Request 1 with an empty message under each number that the protocol has, and under one that it has not.
    for field in 2..=101 {
        let mut frame = vec![0x08, 0x01];
        prost::encoding::bytes::encode(field, &Bytes::new(), &mut frame);
        let name = mezon_proto::wire::RawMessage::new(field, Bytes::new()).name();
        socket.send_bytes(frame).await;
        let refused = match socket.next().await {
            Seen::ApiReply(_) => false,
            Seen::Frame(inbound) => match inbound.message.and_then(|message| message.decode().unwrap()) {
                Some(Message::Error(error)) if error.code == 1 => {
                    assert!(error.message.contains(name.unwrap_or("number 101")), "{error:?}");
                    true
                }
                _ => false,
            },
            other => panic!("{other:?}"),
        };
        // What is marked and refused is what the emulator sends.
        assert!(
            refused || name.is_some_and(|name| marked.contains(name)),
            "{name:?}: say it in proto/contract/support.tsv"
        );
    }
}
