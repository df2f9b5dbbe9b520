//! What an envelope carries, without decoding it.

use super::fields::{Fields, Value};
use super::outbound::CID_FIELD;

/// What an ordinary envelope carries, found without decoding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outline<'a> {
    /// Ties a reply to its request; 0 means a push.
    pub cid: u32,
    /// The field number in the envelope.
    pub field: u32,
    /// The encoded message.
    pub body: &'a [u8],
}

impl<'a> Outline<'a> {
    /// Looks into `frame`. `None` for every envelope that is not the ordinary one of a number and exactly one message:
    /// [`read`](super::read) takes those.
    ///
    /// Nothing is copied, so a slice of a shared read buffer will do.
    pub fn of(frame: &'a [u8]) -> Option<Self> {
        let (mut cid, mut message) = (0, None);
        for field in Fields::new(frame) {
            let field = field.ok()?;
            match field.value {
                Value::Varint(number) if field.number == CID_FIELD => cid = u32::try_from(number).ok()?,
                Value::LengthDelimited(body) if field.number != CID_FIELD && message.is_none() => {
                    message = Some((field.number, body));
                }
                _ => return None,
            }
        }
        message.map(|(field, body)| Self { cid, field, body })
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::api::ChannelMessage;
    use crate::realtime::{ChannelMessageAck, Envelope, envelope::Message};
    use crate::wire::{CHANNEL_MESSAGE_ACK_FIELD, CHANNEL_MESSAGE_FIELD};

    fn push(cid: i32) -> Vec<u8> {
        let message = ChannelMessage { message_id: 7, ..ChannelMessage::default() };
        Envelope { cid, message: Some(Message::ChannelMessage(message)) }.encode_to_vec()
    }

    #[test]
    fn an_ordinary_envelope_is_found() {
        for cid in [0, 1, 65_535] {
            let frame = push(cid);
            let found = Outline::of(&frame).unwrap();
            assert_eq!((found.cid, found.field), (u32::try_from(cid).unwrap(), CHANNEL_MESSAGE_FIELD));
            assert_eq!(ChannelMessage::decode(found.body).unwrap().message_id, 7);
        }
        let ack = Envelope { cid: 3, message: Some(Message::ChannelMessageAck(ChannelMessageAck::default())) };
        assert_eq!(Outline::of(&ack.encode_to_vec()).unwrap().field, CHANNEL_MESSAGE_ACK_FIELD);
    }

    #[test]
    fn everything_else_is_left_to_the_decoder() {
        let twice = [push(0), push(0)].concat();
        let padded = [push(0), vec![0; 4]].concat();
        // A negative cid, a text cid, two messages, padding, nothing at all, damage, an API reply.
        let others: [&[u8]; 7] =
            [&push(-1), &[0x0a, 0x01, b'5', 0xb2, 0x01, 0x00], &twice, &padded, &[], &[0x32, 0x05], &[0xff]];
        for frame in others {
            assert_eq!(Outline::of(frame), None, "{frame:02x?}");
        }
    }
}
