//! What an envelope carries, without decoding it.

use super::fields::{Fields, Value};
use super::outbound::CID_FIELD;

/// The number of `Envelope.channel_message`: a message in a channel, by far the most frequent push.
pub const CHANNEL_MESSAGE_FIELD: u32 = 6;

/// What an envelope carries, found without decoding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Push<'a> {
    /// The field number in the envelope.
    pub field: u32,
    /// The encoded message.
    pub body: &'a [u8],
}

impl<'a> Push<'a> {
    /// Looks into `frame`. `None` for replies, and for every envelope that is not the ordinary one of exactly one
    /// message: [`decode_frame`](super::decode_frame) reads those.
    ///
    /// Nothing is copied, so a slice of a shared read buffer will do.
    pub fn peek(frame: &'a [u8]) -> Option<Self> {
        let mut push = None;
        for field in Fields::new(frame) {
            let field = field.ok()?;
            match field.value {
                Value::Varint(0) if field.number == CID_FIELD => {}
                Value::LengthDelimited(body) if field.number != CID_FIELD && push.is_none() => {
                    push = Some(Self { field: field.number, body });
                }
                _ => return None,
            }
        }
        push
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::api::ChannelMessage;
    use crate::realtime::{Envelope, Ping, envelope::Message};

    fn push(cid: i32) -> Vec<u8> {
        let message = ChannelMessage { message_id: 7, ..ChannelMessage::default() };
        Envelope { cid, message: Some(Message::ChannelMessage(message)) }.encode_to_vec()
    }

    #[test]
    fn an_ordinary_push_is_found() {
        let frame = push(0);
        let found = Push::peek(&frame).unwrap();
        assert_eq!(found.field, CHANNEL_MESSAGE_FIELD);
        assert_eq!(ChannelMessage::decode(found.body).unwrap().message_id, 7);
    }

    #[test]
    fn everything_else_is_left_to_the_decoder() {
        let twice = [push(0), push(0)].concat();
        let padded = [push(0), vec![0; 4]].concat();
        let ping = Envelope { cid: 1, message: Some(Message::Ping(Ping {})) }.encode_to_vec();
        // A reply, a text cid, two messages, padding, nothing at all, damage, an API reply.
        let others: [&[u8]; 7] =
            [&ping, &[0x0a, 0x01, b'5', 0xb2, 0x01, 0x00], &twice, &padded, &[], &[0x32, 0x05], &[0xff]];
        for frame in others {
            assert_eq!(Push::peek(frame), None, "{frame:02x?}");
        }
        assert_eq!(Push::peek(&push(9)), None);
    }
}
