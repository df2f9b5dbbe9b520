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
pub trait Arm: Described + 'static {
    /// Its field number in the envelope.
    const NUMBER: u32;
    /// Its name in the envelope, as the protocol spells it.
    const NAME: &'static str;
}

/// A message that names the channel that it is about, so that readers of one channel can ask for it.
/// [`RawMessage::channel_id`](super::RawMessage::channel_id) finds it without decoding the message.
pub trait InChannel: Arm {}

/// What a message of the socket is read as: its own type, or one of a vocabulary that is made of it.
///
/// Every [`Arm`] is read as itself. Implement it to let
/// [`RawMessage::read`](super::RawMessage::read) give a type of your own:
///
/// ```
/// use mezon_proto::realtime::ChannelDeletedEvent;
/// use mezon_proto::wire::{Arm as _, FromArm, RawMessage};
///
/// #[derive(Debug, PartialEq)]
/// struct Gone(i64);
///
/// impl FromArm for Gone {
///     type Arm = ChannelDeletedEvent;
///
///     fn from_arm(arm: ChannelDeletedEvent) -> Self {
///         Self(arm.channel_id)
///     }
/// }
///
/// let raw = RawMessage::of(&ChannelDeletedEvent { channel_id: 7, ..Default::default() });
/// assert_eq!(raw.read()?, Some(Gone(7)));
/// # Ok::<(), mezon_proto::wire::WireError>(())
/// ```
pub trait FromArm: Sized {
    /// The message of the socket.
    type Arm: Arm;

    /// Takes it over.
    fn from_arm(arm: Self::Arm) -> Self;
}

impl<A: Arm> FromArm for A {
    type Arm = A;

    fn from_arm(arm: A) -> Self {
        arm
    }
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
