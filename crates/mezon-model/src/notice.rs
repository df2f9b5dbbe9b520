//! What hangs on messages and channels: notifications, pins, quick menus.

use crate::Channel;
use crate::id::{ChannelId, ClanId, MenuId, MessageId, NotificationId, PinId, TopicId, UserId};
use crate::kind::ChannelType;
use crate::record::records;

records! {
    /// An entry of the user's list of notifications.
    Notification from api::Notification {
        /// The notification.
        id: NotificationId = id,
        /// What it is about, as a line of text.
        subject: String = subject,
        /// What kind it is, as a number of the server.
        code: i32 = code,
        /// Which of the lists it belongs to, as a number of the server.
        category: i32 = category,
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
        /// The topic, or none.
        topic_id: TopicId = topic_id,
        /// When, in Unix seconds.
        create_time_seconds: u32 = create_time_seconds,
        /// Whether it stays in the list.
        is_persistent: bool = persistent,
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
        /// What choosing it does, as a number of the server. The official SDKs make entries of type 1.
        menu_type: i32 = menu_type,
    }
}
