//! The message that another one answers.

use serde::{Deserialize, Serialize};

use crate::content::MessageContent;
use crate::id::{MessageId, UserId};
use crate::lenient;
use crate::message::ChannelMessage;

/// The message that another one answers, with a copy of what it said and who said it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Form")]
pub struct Reference {
    /// The answering message; none in a draft, which has no id yet.
    pub message_id: MessageId,
    /// The message that is answered.
    pub message_ref_id: MessageId,
    /// The content of the answered message, as JSON text. See [`Reference::parsed_content`].
    pub content: String,
    /// Whether the answered message has attachments.
    pub has_attachment: bool,
    /// The kind of reference; 0 is a reply, and no other is known.
    pub ref_type: i32,
    /// Who wrote the answered message.
    #[serde(rename = "message_sender_id")]
    pub sender_id: UserId,
    /// The user name of its author.
    #[serde(rename = "message_sender_username")]
    pub sender_username: String,
    /// The address of the author's picture. The field had two other names before; both are read.
    #[serde(rename = "message_sender_avatar")]
    pub sender_avatar: String,
    /// What the author is called in the clan.
    #[serde(rename = "message_sender_clan_nick")]
    pub sender_clan_nick: String,
    /// What the author is called outside clans.
    #[serde(rename = "message_sender_display_name")]
    pub sender_display_name: String,
}

/// A [`Reference`] as it is read: with the author's picture under each of the names that it has had, one of them or several.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Form {
    #[serde(deserialize_with = "lenient::id")]
    message_id: MessageId,
    #[serde(deserialize_with = "lenient::id")]
    message_ref_id: MessageId,
    #[serde(deserialize_with = "lenient::text")]
    content: String,
    #[serde(deserialize_with = "lenient::flag")]
    has_attachment: bool,
    #[serde(deserialize_with = "lenient::int32")]
    ref_type: i32,
    #[serde(deserialize_with = "lenient::id")]
    message_sender_id: UserId,
    #[serde(deserialize_with = "lenient::text")]
    message_sender_username: String,
    #[serde(deserialize_with = "lenient::text")]
    message_sender_avatar: String,
    #[serde(deserialize_with = "lenient::text")]
    messages_sender_avatar: String,
    #[serde(deserialize_with = "lenient::text")]
    mesages_sender_avatar: String,
    #[serde(deserialize_with = "lenient::text")]
    message_sender_clan_nick: String,
    #[serde(deserialize_with = "lenient::text")]
    message_sender_display_name: String,
}

impl From<Form> for Reference {
    fn from(form: Form) -> Self {
        let avatars = [form.message_sender_avatar, form.messages_sender_avatar, form.mesages_sender_avatar];
        Self {
            message_id: form.message_id,
            message_ref_id: form.message_ref_id,
            content: form.content,
            has_attachment: form.has_attachment,
            ref_type: form.ref_type,
            sender_id: form.message_sender_id,
            sender_username: form.message_sender_username,
            sender_avatar: avatars.into_iter().find(|avatar| !avatar.is_empty()).unwrap_or_default(),
            sender_clan_nick: form.message_sender_clan_nick,
            sender_display_name: form.message_sender_display_name,
        }
    }
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
