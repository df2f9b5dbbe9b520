//! What hangs on messages and channels: notifications, pins, topics, quick menus.

use crate::id::{ChannelId, ClanId, MenuId, MessageId, NotificationId, PinId, TopicId, UserId};
use crate::kind::{ChannelType, MenuKind, NotificationCategory, NotificationCode, NotificationLevel};
use crate::record::records;
use crate::{Channel, MessageHeader};

records! {
    /// An entry of the user's list of notifications.
    Notification from api::Notification {
        /// The notification.
        id: NotificationId = id,
        /// What it is about, as a line of text.
        subject: String = subject,
        /// What caused it.
        code: NotificationCode = code,
        /// Which of the lists it belongs to.
        category: NotificationCategory = category,
        /// Who caused it.
        sender_id: UserId = sender_id,
        /// The address of the sender's picture; may be empty.
        avatar_url: String = avatar_url,
        /// The clan, [`ClanId::DIRECT`] outside clans.
        clan_id: ClanId = clan_id,
        /// The channel, or none.
        channel_id: ChannelId = channel_id,
        /// What that channel is.
        channel_type: ChannelType = channel_type,
        /// The channel's description, if the server says.
        channel: Option<Channel> = channel,
        /// The message that it is about, if it is about one and the server says.
        message: Option<NotifiedMessage> = content,
        /// The topic, or none.
        topic_id: TopicId = topic_id,
        /// When, in Unix seconds.
        create_time_seconds: u32 = create_time_seconds,
        /// Whether it stays in the list.
        is_persistent: bool = persistent,
    }

    /// The message that a notification is about, as far as the notification tells.
    NotifiedMessage from api::DirectFcmProto {
        /// The message.
        message_id: MessageId = message_id,
        /// Its content as it came; [`MessageContent::parse`](crate::MessageContent::parse) reads it.
        content: String = content,
        /// A heading over it; may be empty.
        title: String = title,
        /// The name of who wrote it; may be empty.
        username: String = username,
        /// What who wrote it is called; may be empty.
        display_name: String = display_name,
    }

    /// What the user is told about in one channel or category.
    NotificationSetting from api::NotificationUserChannel {
        /// The setting itself; 0 when nothing was set, so that the setting of the clan counts.
        id: i64 = id,
        /// What the user is told about.
        level: NotificationLevel = notification_setting_type,
        /// For how long it is muted, as the server counts: 0 for not at all, -1 for until it is unmuted.
        mute_time: i32 = time_mute_seconds,
        /// Whether the user is told at all: no while it is muted.
        is_active: bool = active,
        /// The channel, or none.
        channel_id: ChannelId = channel_id,
    }

    /// A channel or category of which the user wants to be told other things than of the rest of its clan.
    NotificationOverride from api::NotificationChannelCategorySetting {
        /// The id of the channel or category.
        id: i64 = id,
        /// Its name.
        label: String = channel_category_label,
        /// Channel or category, in the server's words; may be empty.
        title: String = channel_category_title,
        /// What the user is told about.
        level: NotificationLevel = notification_setting_type,
        /// Whether the user is told at all: no while it is muted.
        is_active: bool = action,
    }

    /// A pinned message.
    PinnedMessage from api::PinMessage {
        /// The pin.
        id: PinId = id,
        /// The message.
        message_id: MessageId = message_id,
        /// Its channel.
        channel_id: ChannelId = channel_id,
        /// Who wrote it.
        sender_id: UserId = sender_id,
        /// The name of who wrote it.
        username: String = username,
        /// The address of the picture of who wrote it; may be empty.
        avatar: String = avatar,
        /// Its content as it came; [`MessageContent::parse`](crate::MessageContent::parse) reads it.
        content: String = content,
        /// When it was pinned, in Unix seconds.
        create_time_seconds: u32 = create_time_seconds,
    }

    /// An entry of a quick menu, which a bot offers above the keyboard.
    QuickMenu from api::QuickMenuAccess {
        /// The entry.
        id: MenuId = id,
        /// The bot.
        bot_id: UserId = bot_id,
        /// The clan, or none.
        clan_id: ClanId = clan_id,
        /// The channel, or none when it is offered in all.
        channel_id: ChannelId = channel_id,
        /// Its name.
        name: String = menu_name,
        /// The address of its background; may be empty.
        background: String = background,
        /// The message that it prepares, or what it tells the bot.
        action: String = action_msg,
        /// What choosing it does.
        kind: MenuKind = menu_type,
    }

    /// A topic: a side conversation that hangs on one message.
    Topic from api::SdTopic {
        /// The topic.
        id: TopicId = id,
        /// Who opened it.
        creator_id: UserId = creator_id,
        /// The message it hangs on.
        message_id: MessageId = message_id,
        /// The clan of the channel.
        clan_id: ClanId = clan_id,
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// The server's word for the state it is in, as a number.
        status: i32 = status,
        /// The content of the message it hangs on, as it came;
        /// [`MessageContent::parse`](crate::MessageContent::parse) reads it. May be empty.
        content: String = content,
        /// The newest message in it.
        last_sent_message: Option<MessageHeader> = last_sent_message,
        /// When it was opened, in Unix seconds.
        create_time_seconds: u32 = create_time_seconds,
        /// When it was last changed, in Unix seconds.
        update_time_seconds: u32 = update_time_seconds,
    }
}

impl QuickMenu {
    /// A new entry that prepares the message `text` for the user to send.
    pub fn message(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), action: text.into(), kind: MenuKind::Message, ..Self::default() }
    }

    /// A new entry that tells the bot when it is chosen.
    pub fn event(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: MenuKind::Event, ..Self::default() }
    }

    /// The same entry, offered in this channel alone.
    #[must_use]
    pub fn only_in(self, clan_id: ClanId, channel_id: ChannelId) -> Self {
        Self { clan_id, channel_id, ..self }
    }
}

/// The most memory that the message of a notification may take when it is decoded, in bytes.
#[cfg(feature = "proto")]
const LARGEST: usize = 1 << 20;

/// Reads the message in a notification: protobuf, or JSON from older servers. What is neither is none.
#[cfg(feature = "proto")]
impl crate::record::Read<prost::bytes::Bytes> for Option<NotifiedMessage> {
    fn read(wire: prost::bytes::Bytes) -> Self {
        if wire.is_empty() {
            return None;
        }
        if wire.starts_with(b"{") {
            let json: JsonMessage = serde_json::from_slice(&wire).ok()?;
            let JsonMessage { message_id, content, title, username, display_name } = json;
            return Some(NotifiedMessage { message_id, content, title, username, display_name });
        }
        let decoded = mezon_proto::wire::decode_within::<mezon_proto::api::DirectFcmProto>(&wire, LARGEST);
        decoded.ok().map(|decoded| decoded.message.into())
    }
}

#[cfg(feature = "proto")]
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct JsonMessage {
    #[serde(deserialize_with = "crate::lenient::id")]
    message_id: MessageId,
    #[serde(deserialize_with = "crate::lenient::text")]
    content: String,
    #[serde(deserialize_with = "crate::lenient::text")]
    title: String,
    #[serde(deserialize_with = "crate::lenient::text")]
    username: String,
    #[serde(deserialize_with = "crate::lenient::text")]
    display_name: String,
}

#[cfg(all(test, feature = "proto"))]
mod tests {
    use mezon_proto::api;
    use prost::Message as _;

    use super::*;

    fn message(content: impl Into<prost::bytes::Bytes>) -> Option<NotifiedMessage> {
        Notification::from(api::Notification { content: content.into(), ..Default::default() }).message
    }

    #[test]
    fn the_message_of_a_notification_is_read_in_both_forms() {
        let sent = api::DirectFcmProto {
            message_id: 7,
            content: "hi".to_owned(),
            title: "An mentioned you".to_owned(),
            ..Default::default()
        };
        let read = message(sent.encode_to_vec()).unwrap();
        assert_eq!((read.message_id.get(), read.content.as_str(), read.title.as_str()), (7, "hi", "An mentioned you"));
        let json = message(&br#"{"message_id":"7","content":"hi","title":"An mentioned you","other":1}"#[..]);
        assert_eq!(json, Some(read));
        for nothing in [&b""[..], b"{", b"[1]", b"\xff\xff"] {
            assert_eq!(message(nothing), None, "{nothing:?}");
        }
    }
}
