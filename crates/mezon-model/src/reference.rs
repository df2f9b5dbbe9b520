//! The message that another one answers.

use serde::{Deserialize, Serialize};

use crate::content::MessageContent;
use crate::id::{MessageId, UserId};
use crate::lenient;
use crate::message::ChannelMessage;

/// The message that another one answers, with a copy of what it said and who said it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reference {
    /// The answering message; none in a draft, which has no id yet.
    #[serde(deserialize_with = "lenient::id")]
    pub message_id: MessageId,
    /// The message that is answered.
    #[serde(deserialize_with = "lenient::id")]
    pub message_ref_id: MessageId,
    /// The content of the answered message, as JSON text. See [`Reference::parsed_content`].
    #[serde(deserialize_with = "lenient::text")]
    pub content: String,
    /// Whether the answered message has attachments.
    #[serde(deserialize_with = "lenient::flag")]
    pub has_attachment: bool,
    /// The kind of reference; 0 is a reply, and no other is known.
    #[serde(deserialize_with = "lenient::int32")]
    pub ref_type: i32,
    /// Who wrote the answered message.
    #[serde(rename = "message_sender_id", deserialize_with = "lenient::id")]
    pub sender_id: UserId,
    /// The user name of its author.
    #[serde(rename = "message_sender_username", deserialize_with = "lenient::text")]
    pub sender_username: String,
    /// The address of the author's picture. The field had two other names before; both are read.
    #[serde(
        rename = "message_sender_avatar",
        alias = "messages_sender_avatar",
        alias = "mesages_sender_avatar",
        deserialize_with = "lenient::text"
    )]
    pub sender_avatar: String,
    /// What the author is called in the clan.
    #[serde(rename = "message_sender_clan_nick", deserialize_with = "lenient::text")]
    pub sender_clan_nick: String,
    /// What the author is called outside clans.
    #[serde(rename = "message_sender_display_name", deserialize_with = "lenient::text")]
    pub sender_display_name: String,
}

impl Reference {
    /// The reference that makes a message an answer to `message`.
    pub fn reply_to(message: &ChannelMessage) -> Self {
        Self {
            message_id: MessageId::default(),
            message_ref_id: message.id(),
            content: message.content().to_json(),
            has_attachment: !message.attachments().is_empty(),
            ref_type: 0,
            sender_id: message.sender_id(),
            sender_username: message.username().to_owned(),
            sender_avatar: message.avatar().to_owned(),
            sender_clan_nick: message.clan_nick().to_owned(),
            sender_display_name: message.display_name().to_owned(),
        }
    }

    /// What the answered message said.
    pub fn parsed_content(&self) -> MessageContent {
        MessageContent::parse(&self.content)
    }
}
