//! The arms of the envelope: which message has which number.

use super::shape::Described;

/// A message that stands in an envelope by itself. Each has one number and one type, so the type tells which it is.
///
/// ```
/// use mezon_proto::realtime::ChannelCreatedEvent;
/// use mezon_proto::wire::Arm;
///
/// assert_eq!((ChannelCreatedEvent::NUMBER, ChannelCreatedEvent::NAME), (31, "channel_created_event"));
/// ```
pub trait Arm: Described {
    /// Its field number in the envelope.
    const NUMBER: u32;
    /// Its name in the envelope, as the protocol spells it.
    const NAME: &'static str;
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use prost::encoding::bytes;

    use super::*;
    use crate::api::ChannelMessage;
    use crate::arms::{KNOWN, name};
    use crate::realtime::envelope::Message;
    use crate::realtime::{ChannelMessageAck, Envelope, VoiceInteractiveEvent};

    /// What the generated code makes of an empty message with this number.
    fn arm(field: u32) -> Option<Message> {
        let mut frame = Vec::new();
        bytes::encode(field, &Vec::new(), &mut frame);
        Envelope::decode(frame.as_slice()).unwrap().message
    }

    #[test]
    fn the_generated_code_knows_the_same_arms() {
        // 1 is the correlation id.
        for field in 2..3_000 {
            assert_eq!(arm(field).is_some(), KNOWN.contains(&field), "{field}");
            assert_eq!(name(field).is_some(), KNOWN.contains(&field), "{field}");
        }
        assert_eq!(KNOWN.count(), 99);
    }

    #[test]
    fn numbers_are_those_of_the_generated_code() {
        assert!(matches!(arm(ChannelMessage::NUMBER), Some(Message::ChannelMessage(_))));
        assert!(matches!(arm(ChannelMessageAck::NUMBER), Some(Message::ChannelMessageAck(_))));
        assert!(matches!(arm(VoiceInteractiveEvent::NUMBER), Some(Message::VoiceInteractiveEvent(_))));
        assert_eq!(name(ChannelMessage::NUMBER), Some(ChannelMessage::NAME));
    }
}
