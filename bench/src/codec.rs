//! Decoding and encoding one message, without a socket. CPU time, all cases in turns.

use std::hint::black_box;

use mezon_model::{ChannelId, ChannelMessage, Draft, Target};
use mezon_proto::api::{MessageAttachmentList, MessageMentionList};
use mezon_proto::realtime::{ChannelMessageSend, Envelope, envelope};
use mezon_proto::wire::{Outline, Revision};
use prost::Message as _;
use prost::bytes::Bytes;

use crate::report::Group;
use crate::{Result, message, process};

const ROUNDS: usize = 15;
const TIMES: u32 = 20_000;

/// The name of the column.
pub(crate) const NANOS: &str = "ns of CPU a message";

/// One way to do the work.
pub struct Case {
    /// Who does it.
    pub name: &'static str,
    /// Does it once.
    pub run: Box<dyn Fn()>,
}

impl Case {
    fn new(name: &'static str, run: impl Fn() + 'static) -> Self {
        Self { name, run: Box::new(run) }
    }
}

pub(crate) fn measure() -> Result<[Group; 3]> {
    Ok([
        group("Decode, 349 bytes", &decoding(&message::small().into()))?,
        group("Decode, 2,010 bytes", &decoding(&message::large().into()))?,
        group("Encode a send", &encoding())?,
    ])
}

fn group(title: &'static str, cases: &[Case]) -> Result<Group> {
    let mut group = Group::new(title, "prost", &[NANOS]);
    for round in 0..=ROUNDS {
        for case in cases {
            let before = process::cpu();
            for _ in 0..TIMES {
                (case.run)();
            }
            let nanos = (process::cpu() - before) * 1e9 / f64::from(TIMES);
            // The first round warms up.
            if round > 0 {
                group.add(case.name, &[(NANOS, nanos)])?;
            }
        }
    }
    Ok(group)
}

/// Decoding of an envelope with a channel message.
pub fn decoding(bytes: &Bytes) -> Vec<Case> {
    let eager = bytes.clone();
    let parsed = bytes.clone();
    let routed = bytes.clone();
    let text = bytes.clone();
    let typed = bytes.clone();
    vec![
        Case::new("prost", move || {
            black_box(eager_prost(&eager));
        }),
        Case::new("prost, content and lists parsed (serde_json)", move || {
            let Some(message) = eager_prost(&parsed) else { return };
            black_box(serde_json::from_str::<serde_json::Value>(&message.content).ok());
            black_box(MessageMentionList::decode(message.mentions.clone()).ok());
            black_box(MessageAttachmentList::decode(message.attachments.clone()).ok());
            black_box(message);
        }),
        Case::new("SDK, routing fields", move || {
            black_box(ours(&routed));
        }),
        Case::new("SDK, routing fields and text", move || {
            let Some(message) = ours(&text) else { return };
            black_box(message.text());
        }),
        Case::new("SDK, everything typed", move || {
            let Some(message) = ours(&typed) else { return };
            black_box((message.content(), message.mentions(), message.attachments()));
        }),
    ]
}

fn eager_prost(bytes: &Bytes) -> Option<mezon_proto::api::ChannelMessage> {
    match Envelope::decode(black_box(bytes).clone()).ok()?.message? {
        envelope::Message::ChannelMessage(message) => Some(message),
        _ => None,
    }
}

/// The way of a message through the layers, from the frame to the value that applications get.
fn ours(bytes: &Bytes) -> Option<ChannelMessage> {
    let push = Outline::of(black_box(bytes))?;
    let message = ChannelMessage::decode(push.body)?;
    black_box((message.id(), message.channel_id(), message.sender_id()));
    Some(message)
}

/// Encoding of a message to send.
pub fn encoding() -> Vec<Case> {
    const TEXT: &str = "hello, this is a line of text";
    let target = Target::direct(ChannelId::new(message::FIRST_ID));
    vec![
        Case::new("prost", move || {
            let Ok(text) = serde_json::to_string(black_box(TEXT)) else { return };
            let send = ChannelMessageSend {
                channel_id: target.channel_id.get(),
                content: format!(r#"{{"t":{text}}}"#),
                mode: target.mode().to_raw(),
                ..ChannelMessageSend::default()
            };
            let envelope = Envelope { cid: 7, message: Some(envelope::Message::ChannelMessageSend(send)) };
            black_box(Bytes::from(envelope.encode_to_vec()));
        }),
        Case::new("SDK, text to frame", move || {
            let Ok(send) = Draft::from(black_box(TEXT)).to_send(&target) else { return };
            let envelope = Envelope { cid: 7, message: Some(envelope::Message::ChannelMessageSend(send)) };
            black_box(Revision::default().encode(&envelope));
        }),
    ]
}
