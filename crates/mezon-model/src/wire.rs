//! Conversions from and to the generated protobuf types.

use std::time::UNIX_EPOCH;

use mezon_proto::wire::{self, Described, Fields, Value};
use mezon_proto::{api, realtime};

use crate::ack::MessageAck;
use crate::attachment::Attachment;
use crate::channel::{Channel, MessageHeader};
use crate::draft::{Draft, DraftError};
use crate::id::{MessageId, TopicId};
use crate::kind::{ChannelType, MessageCode, StreamMode};
use crate::list::List;
use crate::mention::Mention;
use crate::message::{ChannelMessage, MessageParts};
use crate::notice::QuickMenu;
use crate::reaction::Reaction;
use crate::reference::Reference;
use crate::target::Target;

impl Draft {
    /// The message to put on the socket (or into an API call) to send this to `target`.
    ///
    /// # Errors
    ///
    /// As [`Draft::check`].
    pub fn to_send(&self, target: &Target) -> Result<realtime::ChannelMessageSend, DraftError> {
        Ok(realtime::ChannelMessageSend {
            clan_id: target.clan_id.get(),
            channel_id: target.channel_id.get(),
            content: self.check()?,
            mentions: self.mentions.iter().map(api::MessageMention::from).collect(),
            attachments: self.attachments.iter().map(attachment_to_wire).collect(),
            references: self.references.iter().map(api::MessageRef::from).collect(),
            mode: target.mode().to_raw(),
            anonymous_message: self.anonymous,
            mention_everyone: self.mention_everyone,
            avatar: self.avatar.clone(),
            is_public: target.is_public,
            code: self.code.to_raw(),
            topic_id: self.topic.map_or(0, TopicId::get),
            // A slot for a client-chosen id. The server does not use it to recognise a resend.
            id: 0,
        })
    }
}

impl Draft {
    /// The request to give the message `id` of `target` what this says. A change carries text, mentions and files, and nothing
    /// else of a draft. `created` is when the message was written, in Unix seconds, as far as that is known: clients tell it.
    ///
    /// # Errors
    ///
    /// As [`Draft::check`].
    pub fn to_update(
        &self,
        target: &Target,
        id: MessageId,
        created: u32,
    ) -> Result<realtime::ChannelMessageUpdate, DraftError> {
        Ok(realtime::ChannelMessageUpdate {
            clan_id: target.clan_id.get(),
            channel_id: target.channel_id.get(),
            message_id: id.get(),
            content: self.check()?,
            mentions: self.mentions.iter().map(api::MessageMention::from).collect(),
            attachments: self.attachments.iter().map(attachment_to_wire).collect(),
            mode: target.mode().to_raw(),
            is_public: target.is_public,
            hide_editted: false,
            topic_id: self.topic.map_or(0, TopicId::get),
            is_update_msg_topic: self.topic.is_some_and(|topic| !topic.is_none()),
            create_time_seconds: created,
        })
    }
}

impl From<&QuickMenu> for api::QuickMenuAccess {
    fn from(menu: &QuickMenu) -> Self {
        Self {
            id: menu.id.get(),
            bot_id: menu.bot_id.get(),
            clan_id: menu.clan_id.get(),
            channel_id: menu.channel_id.get(),
            menu_name: menu.name.clone(),
            background: menu.background.clone(),
            action_msg: menu.action.clone(),
            menu_type: menu.kind.to_raw(),
        }
    }
}

impl From<api::SearchMessageDocument> for ChannelMessage {
    /// A message as a search found it. The index does not say whether the channel is public.
    fn from(found: api::SearchMessageDocument) -> Self {
        let id: MessageId = found.message_id.parse().unwrap_or_default();
        let seconds = |text: &str| text.parse().ok();
        let made = || id.created_at().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let created = || made().and_then(|since| u32::try_from(since.as_secs()).ok()).unwrap_or_default();
        Self::from(MessageParts {
            message_id: id,
            channel_id: found.channel_id.parse().unwrap_or_default(),
            clan_id: found.clan_id.parse().unwrap_or_default(),
            sender_id: found.sender_id.parse().unwrap_or_default(),
            username: found.username,
            display_name: found.display_name,
            avatar: found.avatar_url,
            channel_label: found.channel_label,
            mode: ChannelType::from_raw(found.channel_type).stream_mode(),
            create_time_seconds: seconds(&found.create_time).unwrap_or_else(created),
            update_time_seconds: seconds(&found.update_time).unwrap_or_default(),
            content: found.content,
            mentions: found.mentions.into_bytes(),
            attachments: found.attachments.into_bytes(),
            references: found.references.into_bytes(),
            reactions: found.reactions.into_bytes(),
            ..MessageParts::default()
        })
    }
}

impl Target {
    /// The request to join the channel.
    pub fn to_join(&self) -> realtime::ChannelJoin {
        realtime::ChannelJoin {
            clan_id: self.clan_id.get(),
            channel_id: self.channel_id.get(),
            channel_type: self.channel_type.to_raw(),
            is_public: self.is_public,
        }
    }

    /// The request to leave the channel.
    pub fn to_leave(&self) -> realtime::ChannelLeave {
        realtime::ChannelLeave {
            clan_id: self.clan_id.get(),
            channel_id: self.channel_id.get(),
            channel_type: self.channel_type.to_raw(),
            is_public: self.is_public,
        }
    }
}

impl From<api::ChannelMessage> for ChannelMessage {
    /// Copies everything: a list may be a slice of a much larger read buffer, which a kept message would hold in memory.
    fn from(wire: api::ChannelMessage) -> Self {
        Self::from(MessageParts {
            message_id: wire.message_id.into(),
            channel_id: wire.channel_id.into(),
            clan_id: wire.clan_id.into(),
            sender_id: wire.sender_id.into(),
            username: wire.username,
            display_name: wire.display_name,
            avatar: wire.avatar,
            clan_nick: wire.clan_nick,
            clan_avatar: wire.clan_avatar,
            channel_label: wire.channel_label,
            clan_logo: wire.clan_logo,
            category_name: wire.category_name,
            code: MessageCode::from_raw(wire.code),
            mode: StreamMode::from_raw(wire.mode),
            topic_id: wire.topic_id.into(),
            is_public: wire.is_public,
            hide_edited: wire.hide_editted,
            create_time_seconds: wire.create_time_seconds,
            update_time_seconds: wire.update_time_seconds,
            content: wire.content,
            mentions: wire.mentions.to_vec(),
            attachments: wire.attachments.to_vec(),
            references: wire.references.to_vec(),
            reactions: wire.reactions.to_vec(),
            referenced_message: wire.referenced_message.to_vec(),
        })
    }
}

impl From<&ChannelMessage> for api::ChannelMessage {
    /// The message as it stands on the wire, put together again.
    fn from(message: &ChannelMessage) -> Self {
        Self {
            clan_id: message.clan_id().get(),
            channel_id: message.channel_id().get(),
            message_id: message.id().get(),
            code: message.code().to_raw(),
            sender_id: message.sender_id().get(),
            username: message.username().to_owned(),
            avatar: message.avatar().to_owned(),
            content: message.raw_content().to_owned(),
            channel_label: message.channel_label().to_owned(),
            clan_logo: message.clan_logo().to_owned(),
            category_name: message.category_name().to_owned(),
            display_name: message.display_name().to_owned(),
            clan_nick: message.clan_nick().to_owned(),
            clan_avatar: message.clan_avatar().to_owned(),
            reactions: message.raw_reactions().to_vec().into(),
            mentions: message.raw_mentions().to_vec().into(),
            attachments: message.raw_attachments().to_vec().into(),
            references: message.raw_references().to_vec().into(),
            referenced_message: message.raw_referenced_message().to_vec().into(),
            create_time_seconds: message.create_time_seconds(),
            update_time_seconds: message.update_time_seconds(),
            mode: message.mode().to_raw(),
            hide_editted: message.hide_edited(),
            is_public: message.is_public(),
            topic_id: message.topic_id().get(),
        }
    }
}

impl From<api::ChannelDescription> for Channel {
    fn from(wire: api::ChannelDescription) -> Self {
        Self {
            id: wire.channel_id.into(),
            clan_id: wire.clan_id.into(),
            kind: ChannelType::from_raw(wire.r#type),
            label: wire.channel_label,
            is_private: wire.channel_private != 0,
            topic: wire.topic,
            parent_id: wire.parent_id.into(),
            category_id: wire.category_id.into(),
            category_name: wire.category_name,
            clan_name: wire.clan_name,
            avatar: wire.channel_avatar,
            creator_id: wire.creator_id.into(),
            creator_name: wire.creator_name,
            user_ids: wire.user_ids.into_iter().map(Into::into).collect(),
            usernames: wire.usernames,
            display_names: wire.display_names,
            avatars: wire.avatars,
            onlines: wire.onlines,
            member_count: wire.member_count,
            unread_count: wire.count_mess_unread,
            is_active: wire.active != 0,
            is_muted: wire.is_mute,
            is_age_restricted: wire.age_restricted != 0,
            is_encrypted: wire.e2ee != 0,
            app_id: wire.app_id.into(),
            meeting_code: wire.meeting_code,
            last_sent_message: wire.last_sent_message.map(Into::into),
            last_seen_message: wire.last_seen_message.map(Into::into),
            last_pin_message: wire.last_pin_message,
            create_time_seconds: wire.create_time_seconds,
            update_time_seconds: wire.update_time_seconds,
        }
    }
}

impl From<api::ChannelMessageHeader> for MessageHeader {
    fn from(wire: api::ChannelMessageHeader) -> Self {
        Self {
            id: wire.id.into(),
            sender_id: wire.sender_id.into(),
            timestamp_seconds: wire.timestamp_seconds,
            content: wire.content,
        }
    }
}

impl From<realtime::ChannelMessageAck> for MessageAck {
    fn from(wire: realtime::ChannelMessageAck) -> Self {
        Self {
            channel_id: wire.channel_id.into(),
            message_id: wire.message_id.into(),
            code: MessageCode::from_raw(wire.code),
            username: wire.username,
            create_time_seconds: wire.create_time_seconds,
            update_time_seconds: wire.update_time_seconds,
            persistent: wire.persistent,
            clan_logo: wire.clan_logo,
            category_name: wire.category_name,
        }
    }
}

impl From<api::MessageAttachment> for Attachment {
    fn from(wire: api::MessageAttachment) -> Self {
        Self {
            filename: wire.filename,
            size: wire.size.into(),
            url: wire.url,
            filetype: wire.filetype,
            width: wire.width,
            height: wire.height,
            thumbnail: wire.thumbnail,
            duration: wire.duration,
        }
    }
}

impl From<api::MessageMention> for Mention {
    fn from(wire: api::MessageMention) -> Self {
        Self {
            id: wire.id.into(),
            user_id: wire.user_id.into(),
            username: wire.username,
            role_id: wire.role_id.into(),
            rolename: wire.rolename,
            create_time_seconds: wire.create_time_seconds,
            start: u32::try_from(wire.s).unwrap_or(0),
            end: u32::try_from(wire.e).unwrap_or(0),
        }
    }
}

impl From<&Mention> for api::MessageMention {
    fn from(mention: &Mention) -> Self {
        Self {
            id: mention.id.get(),
            user_id: mention.user_id.get(),
            username: mention.username.clone(),
            role_id: mention.role_id.get(),
            rolename: mention.rolename.clone(),
            create_time_seconds: mention.create_time_seconds,
            s: i32::try_from(mention.start).unwrap_or(i32::MAX),
            e: i32::try_from(mention.end).unwrap_or(i32::MAX),
        }
    }
}

impl From<api::MessageRef> for Reference {
    fn from(wire: api::MessageRef) -> Self {
        Self {
            message_id: wire.message_id.into(),
            message_ref_id: wire.message_ref_id.into(),
            content: wire.content,
            has_attachment: wire.has_attachment,
            ref_type: wire.ref_type,
            sender_id: wire.message_sender_id.into(),
            sender_username: wire.message_sender_username,
            sender_avatar: wire.message_sender_avatar,
            sender_clan_nick: wire.message_sender_clan_nick,
            sender_display_name: wire.message_sender_display_name,
        }
    }
}

impl From<&Reference> for api::MessageRef {
    fn from(reference: &Reference) -> Self {
        Self {
            message_id: reference.message_id.get(),
            message_ref_id: reference.message_ref_id.get(),
            content: reference.content.clone(),
            has_attachment: reference.has_attachment,
            ref_type: reference.ref_type,
            message_sender_id: reference.sender_id.get(),
            message_sender_username: reference.sender_username.clone(),
            message_sender_avatar: reference.sender_avatar.clone(),
            message_sender_clan_nick: reference.sender_clan_nick.clone(),
            message_sender_display_name: reference.sender_display_name.clone(),
        }
    }
}

impl From<api::MessageReaction> for Reaction {
    fn from(wire: api::MessageReaction) -> Self {
        Self {
            id: wire.id.into(),
            emoji_id: wire.emoji_id.into(),
            emoji: wire.emoji,
            sender_id: wire.sender_id.into(),
            sender_name: wire.sender_name,
            sender_avatar: wire.sender_avatar,
            removed: wire.action,
            count: wire.count,
            channel_id: wire.channel_id.into(),
            message_id: wire.message_id.into(),
            clan_id: wire.clan_id.into(),
            mode: StreamMode::from_raw(wire.mode),
            message_sender_id: wire.message_sender_id.into(),
            is_public: wire.is_public,
            topic_id: wire.topic_id.into(),
            emoji_recent_id: wire.emoji_recent_id.into(),
        }
    }
}

impl From<&Reaction> for api::MessageReaction {
    fn from(reaction: &Reaction) -> Self {
        Self {
            id: reaction.id.get(),
            emoji_id: reaction.emoji_id.get(),
            emoji: reaction.emoji.clone(),
            sender_id: reaction.sender_id.get(),
            sender_name: reaction.sender_name.clone(),
            sender_avatar: reaction.sender_avatar.clone(),
            action: reaction.removed,
            count: reaction.count,
            channel_id: reaction.channel_id.get(),
            message_id: reaction.message_id.get(),
            clan_id: reaction.clan_id.get(),
            mode: reaction.mode.to_raw(),
            message_sender_id: reaction.message_sender_id.get(),
            is_public: reaction.is_public,
            topic_id: reaction.topic_id.get(),
            emoji_recent_id: reaction.emoji_recent_id.get(),
        }
    }
}

/// Only for attachments that passed [`Draft::check`]: the size fits then.
fn attachment_to_wire(attachment: &Attachment) -> api::MessageAttachment {
    api::MessageAttachment {
        filename: attachment.filename.clone(),
        size: i32::try_from(attachment.size).unwrap_or(0),
        url: attachment.url.clone(),
        filetype: attachment.filetype.clone(),
        width: attachment.width,
        height: attachment.height,
        thumbnail: attachment.thumbnail.clone(),
        duration: attachment.duration,
    }
}

pub(crate) fn attachments(raw: &[u8]) -> Option<List<Attachment>> {
    elements(raw, |wire: api::MessageAttachment, element| {
        let mut attachment = Attachment::from(wire);
        // The generated type has 32 bits for the size and cuts larger numbers, which older senders could write.
        for field in Fields::new(element).flatten().filter(|field| field.number == ATTACHMENT_SIZE_FIELD) {
            if let Value::Varint(size) = field.value {
                attachment.size = size.cast_signed();
            }
        }
        attachment
    })
}

pub(crate) fn mentions(raw: &[u8]) -> Option<List<Mention>> {
    elements(raw, |wire: api::MessageMention, _| wire.into())
}

pub(crate) fn references(raw: &[u8]) -> Option<List<Reference>> {
    elements(raw, |wire: api::MessageRef, _| wire.into())
}

pub(crate) fn reactions(raw: &[u8]) -> Option<List<Reaction>> {
    elements(raw, |wire: api::MessageReaction, _| wire.into())
}

/// Where `MessageAttachment` has its size.
const ATTACHMENT_SIZE_FIELD: u32 = 2;

/// What one element of a list may take. It has no lists of its own, so this is about its texts.
const ELEMENT_BUDGET: usize = 1024 * 1024;

/// Reads a list element by element: field 1 of its message. `None` when the bytes are no message.
fn elements<Wire: Described, T>(raw: &[u8], convert: impl Fn(Wire, &[u8]) -> T) -> Option<List<T>> {
    let mut list = List::default();
    for field in Fields::new(raw) {
        let field = field.ok()?;
        if field.number != 1 {
            continue;
        }
        list.push_with(|| {
            let Value::LengthDelimited(element) = field.value else { return None };
            let decoded = wire::decode_within::<Wire>(element, ELEMENT_BUDGET).ok()?;
            Some((convert(decoded.message, element), decoded.dropped))
        });
    }
    Some(list)
}
