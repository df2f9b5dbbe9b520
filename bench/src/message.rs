//! The messages that are measured: what a server sends, with all fields filled as they are in practice.

use mezon_proto::api::{
    ChannelMessage, MessageAttachment, MessageAttachmentList, MessageMention, MessageMentionList, MessageRef,
    MessageRefList,
};
use mezon_proto::realtime::{Envelope, envelope};
use prost::Message as _;

/// An id of a size that occurs: 63 bits, nine bytes as a varint.
pub const FIRST_ID: i64 = 1_840_000_000_000_000_000;

/// An ordinary message: names, a picture, a line of text.
pub const SMALL: usize = 349;
/// A long one: marks, mentions, attachments and an answered message.
pub const LARGE: usize = 2_010;

/// As most people on the platform write: more than a quarter of the letters take two or three bytes.
const VIETNAMESE: &str = "Chào mọi người, chiều nay nhóm mình họp lúc ba giờ nhé, ai bận thì báo trước. ";
/// As others do: a byte each.
const ENGLISH: &str = "Hello all, our group meets at three this afternoon, tell us before if you are busy. ";

/// An envelope of exactly [`SMALL`] bytes.
pub fn small() -> Vec<u8> {
    encode(padded(SMALL, VIETNAMESE, plain))
}

/// The first of the channels that messages come in.
pub const FIRST_CHANNEL: i64 = FIRST_ID + 2;

/// Envelopes of [`SMALL`] bytes, each with an id of its own, in this many channels by turns.
pub fn many_small(count: usize, channels: usize) -> impl Iterator<Item = Vec<u8>> {
    let message = padded(SMALL, VIETNAMESE, plain);
    let channels = (FIRST_CHANNEL..).take(channels).cycle();
    (FIRST_ID..)
        .zip(channels)
        .take(count)
        .map(move |(message_id, channel_id)| encode(ChannelMessage { message_id, channel_id, ..message.clone() }))
}

/// An envelope of exactly [`LARGE`] bytes.
pub fn large() -> Vec<u8> {
    encode(padded(LARGE, VIETNAMESE, rich))
}

/// An envelope of exactly [`LARGE`] bytes, in English.
pub fn large_english() -> Vec<u8> {
    encode(padded(LARGE, ENGLISH, rich))
}

/// A line of text alone.
fn plain(text: &str) -> ChannelMessage {
    common(format!(r#"{{"t":"{text}"}}"#))
}

/// All that a message can have.
fn rich(text: &str) -> ChannelMessage {
    let marks = concat!(
        r#""mk":[{"type":"b","s":0,"e":12},{"type":"c","s":20,"e":44},{"type":"lk","s":50,"e":82}],"#,
        r#""hg":[{"channelid":"1840000000000000003","s":90,"e":98}],"#,
        r#""ej":[{"emojiid":"7287413489275","s":100,"e":106}]"#
    );
    let mentions = (0..3).map(|n| MessageMention {
        user_id: FIRST_ID + n,
        username: format!("user{n}"),
        s: 110 + 10 * i32::try_from(n).unwrap_or_default(),
        e: 117 + 10 * i32::try_from(n).unwrap_or_default(),
        ..MessageMention::default()
    });
    let attachments = (0..2).map(|n| MessageAttachment {
        filename: format!("photo-{n}.jpg"),
        size: 245_760,
        url: format!("https://cdn.mezon.ai/0/1840000000000000002/1840000000000000009/photo-{n}.jpg"),
        filetype: "image/jpeg".to_owned(),
        width: 1_920,
        height: 1_080,
        ..MessageAttachment::default()
    });
    let reference = MessageRef {
        message_ref_id: FIRST_ID + 77,
        content: r#"{"t":"what was said before"}"#.to_owned(),
        message_sender_id: FIRST_ID + 5,
        ..MessageRef::default()
    };
    ChannelMessage {
        mentions: MessageMentionList { mentions: mentions.collect() }.encode_to_vec().into(),
        attachments: MessageAttachmentList { attachments: attachments.collect() }.encode_to_vec().into(),
        references: MessageRefList { refs: vec![reference] }.encode_to_vec().into(),
        ..common(format!(r#"{{"t":"{text}",{marks}}}"#))
    }
}

fn common(content: String) -> ChannelMessage {
    ChannelMessage {
        channel_id: FIRST_CHANNEL,
        message_id: FIRST_ID,
        sender_id: FIRST_ID + 3,
        username: "linh.nguyen".to_owned(),
        display_name: "Linh Nguyễn".to_owned(),
        avatar: "https://cdn.mezon.ai/0/1840000000000000003/avatar.png".to_owned(),
        channel_label: "linh.nguyen, an.tran".to_owned(),
        content,
        create_time_seconds: 1_760_000_000,
        update_time_seconds: 1_760_000_000,
        mode: 4,
        ..ChannelMessage::default()
    }
}

fn encode(message: ChannelMessage) -> Vec<u8> {
    Envelope { cid: 0, message: Some(envelope::Message::ChannelMessage(message)) }.encode_to_vec()
}

/// The message with as much of the text, over and over, as makes its envelope `size` bytes long.
fn padded(size: usize, text: &str, make: impl Fn(&str) -> ChannelMessage) -> ChannelMessage {
    let with = |length: usize| {
        let mut padded = String::new();
        for ch in text.chars().cycle() {
            if padded.len() + ch.len_utf8() > length {
                break;
            }
            padded.push(ch);
        }
        // Where the last character did not fit.
        padded.extend(std::iter::repeat_n('!', length - padded.len()));
        make(&padded)
    };
    // A length prefix that grows by a byte can jump over the size; these sizes are none of those.
    let length = (0..size).find(|&length| encode(with(length)).len() >= size).unwrap_or_default();
    with(length)
}

/// Appends `payload` as a WebSocket frame of a server: one binary message, unmasked.
pub fn push_frame(payload: &[u8], to: &mut Vec<u8>) {
    to.push(0x82);
    match u16::try_from(payload.len()) {
        Ok(length) if length < 126 => to.push(length.to_be_bytes()[1]),
        Ok(length) => {
            to.push(126);
            to.extend(length.to_be_bytes());
        }
        Err(_) => {
            to.push(127);
            to.extend((payload.len() as u64).to_be_bytes());
        }
    }
    to.extend(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_have_the_size_they_claim() {
        assert_eq!(small().len(), SMALL);
        assert!(many_small(3, 2).all(|envelope| envelope.len() == SMALL));
        assert_eq!([large().len(), large_english().len()], [LARGE; 2]);
    }

    #[test]
    fn content_and_lists_are_read_by_the_model() {
        let envelope = Envelope::decode(&*large()).unwrap();
        let Some(envelope::Message::ChannelMessage(message)) = envelope.message else { panic!("{envelope:?}") };
        let message = mezon_model::ChannelMessage::from(message);
        assert!(message.text().starts_with(VIETNAMESE));
        assert_eq!((message.mentions().len(), message.attachments().len(), message.references().len()), (3, 2, 1));
    }
}
