//! The numbers of the envelope's arms, for readers and writers of one arm that need not know all the others.

use std::ops::RangeInclusive;

/// The number of `Envelope.channel`: the answer to a join.
pub const CHANNEL_FIELD: u32 = 2;

/// The number of `Envelope.clan_join`.
pub const CLAN_JOIN_FIELD: u32 = 3;

/// The number of `Envelope.channel_join`.
pub const CHANNEL_JOIN_FIELD: u32 = 4;

/// The number of `Envelope.channel_leave`.
pub const CHANNEL_LEAVE_FIELD: u32 = 5;

/// The number of `Envelope.channel_message`: a message in a channel, by far the most frequent push.
pub const CHANNEL_MESSAGE_FIELD: u32 = 6;

/// The number of `Envelope.channel_message_ack`: the answer to a message, by far the most frequent reply.
pub const CHANNEL_MESSAGE_ACK_FIELD: u32 = 7;

/// The number of `Envelope.channel_message_send`.
pub const CHANNEL_MESSAGE_SEND_FIELD: u32 = 8;

/// The number of `Envelope.channel_presence_event`.
pub const CHANNEL_PRESENCE_EVENT_FIELD: u32 = 11;

/// The number of `Envelope.error`.
pub const ERROR_FIELD: u32 = 12;

/// The number of `Envelope.ping`.
pub const PING_FIELD: u32 = 22;

/// The number of `Envelope.pong`.
pub const PONG_FIELD: u32 = 23;

/// The number of `Envelope.message_typing_event`.
pub const MESSAGE_TYPING_EVENT_FIELD: u32 = 24;

/// The number of `Envelope.message_reaction_event`.
pub const MESSAGE_REACTION_EVENT_FIELD: u32 = 26;

/// The number of `Envelope.refresh_session_event`.
pub const REFRESH_SESSION_EVENT_FIELD: u32 = 96;

/// The arms that this schema knows.
pub(super) const KNOWN: RangeInclusive<u32> = 2..=100;

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use prost::encoding::bytes;

    use super::*;
    use crate::realtime::Envelope;
    use crate::realtime::envelope::Message;

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
        }
    }

    #[test]
    fn numbers_are_those_of_the_generated_code() {
        assert!(matches!(arm(CHANNEL_FIELD), Some(Message::Channel(_))));
        assert!(matches!(arm(CLAN_JOIN_FIELD), Some(Message::ClanJoin(_))));
        assert!(matches!(arm(CHANNEL_JOIN_FIELD), Some(Message::ChannelJoin(_))));
        assert!(matches!(arm(CHANNEL_LEAVE_FIELD), Some(Message::ChannelLeave(_))));
        assert!(matches!(arm(CHANNEL_MESSAGE_FIELD), Some(Message::ChannelMessage(_))));
        assert!(matches!(arm(CHANNEL_MESSAGE_ACK_FIELD), Some(Message::ChannelMessageAck(_))));
        assert!(matches!(arm(CHANNEL_MESSAGE_SEND_FIELD), Some(Message::ChannelMessageSend(_))));
        assert!(matches!(arm(CHANNEL_PRESENCE_EVENT_FIELD), Some(Message::ChannelPresenceEvent(_))));
        assert!(matches!(arm(ERROR_FIELD), Some(Message::Error(_))));
        assert!(matches!(arm(PING_FIELD), Some(Message::Ping(_))));
        assert!(matches!(arm(PONG_FIELD), Some(Message::Pong(_))));
        assert!(matches!(arm(MESSAGE_TYPING_EVENT_FIELD), Some(Message::MessageTypingEvent(_))));
        assert!(matches!(arm(MESSAGE_REACTION_EVENT_FIELD), Some(Message::MessageReactionEvent(_))));
        assert!(matches!(arm(REFRESH_SESSION_EVENT_FIELD), Some(Message::RefreshSessionEvent(_))));
    }
}
