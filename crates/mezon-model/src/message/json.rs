//! A message as one JSON object.

use serde::ser::{Serialize, Serializer};

use super::ChannelMessage;
use crate::attachment::Attachment;
use crate::content::MessageContent;
use crate::id::{ChannelId, ClanId, MessageId, TopicId, UserId};
use crate::kind::{MessageCode, StreamMode};
use crate::mention::Mention;
use crate::reaction::Reaction;
use crate::reference::Reference;

impl Serialize for ChannelMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// The shape that programs rely on. Adding a key is fine; renaming or removing one is not.
        #[derive(serde::Serialize)]
        struct Shape<'a> {
            message_id: MessageId,
            channel_id: ChannelId,
            clan_id: ClanId,
            sender_id: UserId,
            username: &'a str,
            display_name: &'a str,
            avatar: &'a str,
            clan_nick: &'a str,
            clan_avatar: &'a str,
            channel_label: &'a str,
            clan_logo: &'a str,
            category_name: &'a str,
            code: MessageCode,
            mode: StreamMode,
            topic_id: TopicId,
            is_public: bool,
            hide_edited: bool,
            create_time_seconds: u32,
            update_time_seconds: u32,
            text: &'a str,
            content: &'a MessageContent,
            mentions: &'a [Mention],
            attachments: &'a [Attachment],
            references: &'a [Reference],
            reactions: &'a [Reaction],
        }

        Shape {
            message_id: self.id(),
            channel_id: self.channel_id(),
            clan_id: self.clan_id(),
            sender_id: self.sender_id(),
            username: self.username(),
            display_name: self.display_name(),
            avatar: self.avatar(),
            clan_nick: self.clan_nick(),
            clan_avatar: self.clan_avatar(),
            channel_label: self.channel_label(),
            clan_logo: self.clan_logo(),
            category_name: self.category_name(),
            code: self.code(),
            mode: self.mode(),
            topic_id: self.topic_id(),
            is_public: self.is_public(),
            hide_edited: self.hide_edited(),
            create_time_seconds: self.create_time_seconds(),
            update_time_seconds: self.update_time_seconds(),
            text: self.text(),
            content: self.content(),
            mentions: self.mentions(),
            attachments: self.attachments(),
            references: self.references(),
            reactions: self.reactions(),
        }
        .serialize(serializer)
    }
}
