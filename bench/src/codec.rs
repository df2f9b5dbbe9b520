//! Decoding and encoding one message, without a socket. CPU time, all cases in turns.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};

use data_encoding::BASE64URL_NOPAD;
use mezon_model::event::{ChannelCreated, Typing};
use mezon_model::{ChannelId, ChannelMessage, Draft, Target};
use mezon_proto::api::{MessageAttachmentList, MessageMentionList};
use mezon_proto::realtime::{ChannelMessageSend, Envelope, MessageTypingEvent, envelope};
use mezon_proto::wire::{Outline, RawMessage, Revision};
use prost::Message as _;
use prost::bytes::Bytes;

use crate::child::NODE;
use crate::place::Place;
use crate::report::Group;
use crate::{Result, clients, message, process};

/// Each case has so many turns in a round, of so many times each. Short turns, because shared machines change their speed
/// for milliseconds at a time, and each case should meet a moment of full speed.
const TURNS: u32 = 100;
const TIMES: u32 = 200;

/// The name of the column.
pub(crate) const NANOS: &str = "ns of CPU a message";

/// An event read as the message of the wire, as the type of the vocabulary, and not read by who asks for another.
pub(crate) const ARM: &str = "SDK, the message of the wire";
pub(crate) const EVENT: &str = "SDK, the event of the vocabulary";
pub(crate) const OTHER: &str = "SDK, another event is asked for";

/// The JavaScript SDK: protobufjs, and its message as handlers get it.
const NODE_ENVELOPE: &str = "mezon-light-sdk 1.0.5 (Node.js), envelope alone";
const NODE_HANDLER: &str = "mezon-light-sdk 1.0.5 (Node.js), to the handler";
/// Fewer, as it takes longer.
const NODE_TIMES: u32 = 10_000;

/// The same work, done in each way.
struct Work {
    title: &'static str,
    cases: Vec<Case>,
    /// Rows of the JavaScript SDK, with the names of their figures in what `codec.mjs` prints.
    node: &'static [(&'static str, &'static str)],
}

/// One way to do the work.
pub struct Case {
    /// Who does it.
    pub name: &'static str,
    /// Does it once.
    pub run: Box<dyn Fn()>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Case {
    fn new(name: &'static str, run: impl Fn() + 'static) -> Self {
        Self { name, run: Box::new(run) }
    }
}

pub(crate) fn measure(rounds: usize, javascript: Option<&Path>) -> Result<[Group; 5]> {
    let works = [
        Work {
            title: "Decode, 349 bytes",
            cases: decoding(&message::small().into()),
            node: &[(NODE_ENVELOPE, "small"), (NODE_HANDLER, "small_to_handler")],
        },
        Work {
            title: "Decode, 2,010 bytes",
            cases: decoding(&message::large().into()),
            node: &[(NODE_ENVELOPE, "large"), (NODE_HANDLER, "large_to_handler")],
        },
        Work { title: "Decode, 2,010 bytes in English", cases: decoding(&message::large_english().into()), node: &[] },
        Work { title: "Encode a send", cases: encoding(), node: &[(NODE, "encode")] },
        Work { title: "Read an event by type", cases: reading(), node: &[] },
    ];
    let mut groups = works.each_ref().map(|work| Group::new(work.title, "prost", &[NANOS]));
    for round in 0..=rounds {
        let javascript = javascript.map(node).transpose()?;
        for (group, work) in groups.iter_mut().zip(&works) {
            let rust = work.cases.iter().map(|case| case.name).zip(nanos(&work.cases));
            let look = |figures: &BTreeMap<String, f64>| {
                work.node.iter().filter_map(|(name, key)| Some((*name, *figures.get(*key)?))).collect::<Vec<_>>()
            };
            let figures: Vec<_> = rust.chain(javascript.iter().flat_map(look)).collect();
            // The first round warms up.
            for (name, nanos) in figures.into_iter().filter(|_| round > 0) {
                group.add(name, &[(NANOS, nanos)])?;
            }
        }
    }
    Ok(groups)
}

/// The cost of each case in its fastest turn: it takes nothing but CPU, and a shared machine can only make that longer.
fn nanos(cases: &[Case]) -> Vec<f64> {
    let mut seconds = vec![f64::INFINITY; cases.len()];
    for _ in 0..TURNS {
        for (case, seconds) in cases.iter().zip(&mut seconds) {
            let before = process::cpu();
            for _ in 0..TIMES {
                (case.run)();
            }
            *seconds = seconds.min(process::cpu() - before);
        }
    }
    seconds.into_iter().map(|seconds| seconds * 1e9 / f64::from(TIMES)).collect()
}

/// The figures of `codec.mjs`.
fn node(folder: &Path) -> Result<BTreeMap<String, f64>> {
    // Never connected to.
    let nowhere = Place::plain(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
    let output = Command::new("node")
        .arg(folder.join("codec.mjs"))
        .args([clients::session(&nowhere), NODE_TIMES.to_string()])
        .args([message::small(), message::large()].map(|envelope| BASE64URL_NOPAD.encode(&envelope)))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("codec.mjs ended with {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
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

/// Reading of an event by its type, as a handler or a stream by type does it.
pub fn reading() -> Vec<Case> {
    let event = MessageTypingEvent {
        clan_id: message::FIRST_ID,
        channel_id: message::FIRST_CHANNEL,
        mode: 2,
        sender_id: message::FIRST_ID + 1,
        sender_username: "linh.nguyen".to_owned(),
        sender_display_name: "Nguyễn Thị Linh".to_owned(),
        ..MessageTypingEvent::default()
    };
    let raw = RawMessage::of(&event);
    let [body, arm, typed, other] = [(); 4].map(|()| raw.clone());
    vec![
        Case::new("prost", move || {
            black_box(MessageTypingEvent::decode(black_box(&body.body).as_ref()).ok());
        }),
        Case::new(ARM, move || {
            black_box(black_box(&arm).read::<MessageTypingEvent>().ok());
        }),
        Case::new(EVENT, move || {
            black_box(black_box(&typed).read::<Typing>().ok());
        }),
        Case::new(OTHER, move || {
            black_box(black_box(&other).read::<ChannelCreated>().ok());
        }),
    ]
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
            black_box(Revision::default().encode_arm(&send).number(7));
        }),
    ]
}
