//! What happens around messages: typing, reading, pins, topics, notifications.

use crate::id::{ChannelId, ClanId, MessageId, PinId, TopicId, UserId};
use crate::kind::StreamMode;
use crate::notice::Notification;
use crate::record::records;

records! {
    /// Somebody is typing.
    Typing from realtime::MessageTypingEvent {
        /// The clan, [`ClanId::DIRECT`] outside clans.
        clan_id: ClanId = clan_id,
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// The kind of conversation.
        mode: StreamMode = mode,
        /// Whether the channel is open to its whole clan.
        is_public: bool = is_public,
        /// Whom it is about.
        sender_id: UserId = sender_id,
        /// The unique name; may be empty.
        sender_username: String = sender_username,
        /// What the sender is called; may be empty.
        sender_display_name: String = sender_display_name,
        /// The topic, or none.
        topic_id: TopicId = topic_id,
    }

    /// How far the user has read a channel, perhaps on another device.
    LastSeen from realtime::LastSeenMessageEvent {
        /// The clan, [`ClanId::DIRECT`] outside clans.
        clan_id: ClanId = clan_id,
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// The last message that was read.
        message_id: MessageId = message_id,
        /// The kind of conversation.
        mode: StreamMode = mode,
        /// When, in Unix seconds.
        timestamp_seconds: u32 = timestamp_seconds,
        /// How many unread mentions are left.
        badge_count: i32 = badge_count,
    }

    /// A message was pinned, or its pin was taken off.
    MessagePinned from realtime::LastPinMessageEvent {
        /// The clan, [`ClanId::DIRECT`] outside clans.
        clan_id: ClanId = clan_id,
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// The message.
        message_id: MessageId = message_id,
        /// The kind of conversation.
        mode: StreamMode = mode,
        /// Whether the channel is open to its whole clan.
        is_public: bool = is_public,
        /// Who pinned it.
        user_id: UserId = user_id,
        /// When, in Unix seconds.
        timestamp_seconds: u32 = timestamp_seconds,
        /// Whether it is pinned now.
        is_pinned: bool = operation,
        /// Who wrote the message.
        message_sender_id: UserId = message_sender_id,
        /// The name of who wrote it; may be empty.
        message_sender_username: String = message_sender_username,
        /// Its content as it came; may be empty.
        message_content: String = message_content,
    }

    /// A pin was taken off.
    MessageUnpinned from realtime::UnpinMessageEvent {
        /// The pin.
        pin_id: PinId = id,
        /// The message.
        message_id: MessageId = message_id,
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// The clan, [`ClanId::DIRECT`] outside clans.
        clan_id: ClanId = clan_id,
    }

    /// The topic of a message has new answers.
    TopicAnswered from realtime::TopicInMessageEvent {
        /// The message on which the topic hangs.
        message_id: MessageId = message_id,
        /// The topic.
        topic_id: TopicId = tp_id,
        /// How many answers it has.
        replies: i32 = rpl,
        /// Who answered last.
        last_sender_id: UserId = lsnt,
    }

    /// New entries in the user's list of notifications.
    Notified from realtime::Notifications {
        /// The entries.
        notifications: Vec<Notification> = notifications,
    }
}
