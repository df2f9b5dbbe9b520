//! An emoji that somebody put under a message.

use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, ClanId, EmojiId, MessageId, ReactionId, TopicId, UserId};
use crate::kind::StreamMode;
use crate::lenient;

/// An emoji that somebody put under a message, or took away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Reaction {
    /// The server's id of the reaction; none when it is new.
    #[serde(deserialize_with = "lenient::id")]
    pub id: ReactionId,
    /// The emoji.
    #[serde(deserialize_with = "lenient::id")]
    pub emoji_id: EmojiId,
    /// Its short name, such as `:like:`.
    #[serde(deserialize_with = "lenient::text")]
    pub emoji: String,
    /// Who reacted.
    #[serde(deserialize_with = "lenient::id")]
    pub sender_id: UserId,
    /// The name of who reacted.
    #[serde(deserialize_with = "lenient::text")]
    pub sender_name: String,
    /// The address of the picture of who reacted.
    #[serde(deserialize_with = "lenient::text")]
    pub sender_avatar: String,
    /// Whether the reaction is taken away. The wire calls this `action`, and true means *remove*.
    #[serde(rename = "action", deserialize_with = "lenient::flag")]
    pub removed: bool,
    /// How often.
    #[serde(deserialize_with = "lenient::int32")]
    pub count: i32,
    /// The channel of the message.
    #[serde(deserialize_with = "lenient::id")]
    pub channel_id: ChannelId,
    /// The message.
    #[serde(deserialize_with = "lenient::id")]
    pub message_id: MessageId,
    /// The clan of the channel, [`ClanId::DIRECT`] outside clans.
    #[serde(deserialize_with = "lenient::id")]
    pub clan_id: ClanId,
    /// The kind of conversation.
    pub mode: StreamMode,
    /// Who wrote the message.
    #[serde(deserialize_with = "lenient::id")]
    pub message_sender_id: UserId,
    /// Whether the channel is open to its whole clan.
    #[serde(deserialize_with = "lenient::flag")]
    pub is_public: bool,
    /// The topic of the message, or none.
    #[serde(deserialize_with = "lenient::id")]
    pub topic_id: TopicId,
    /// The entry in the sender's list of recent emojis, or none.
    #[serde(deserialize_with = "lenient::id")]
    pub emoji_recent_id: EmojiId,
}
