//! A channel as the server describes it.

use serde::Serialize;

use crate::id::{AppId, CategoryId, ChannelId, ClanId, MessageId, UserId};
use crate::kind::ChannelType;
use crate::target::Target;

/// A channel as the server describes it: a direct or group conversation, a clan channel, a thread.
///
/// The lists about members ([`user_ids`](Self::user_ids), [`usernames`](Self::usernames), …) run in
/// parallel, but the server may leave some of them out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(clippy::struct_excessive_bools)] // the server's flags, each on its own
pub struct Channel {
    #[serde(rename = "channel_id")]
    pub(crate) id: ChannelId,
    pub(crate) clan_id: ClanId,
    #[serde(rename = "type")]
    pub(crate) kind: ChannelType,
    #[serde(rename = "channel_label")]
    pub(crate) label: String,
    pub(crate) is_private: bool,
    pub(crate) topic: String,
    pub(crate) parent_id: ChannelId,
    pub(crate) category_id: CategoryId,
    pub(crate) category_name: String,
    pub(crate) clan_name: String,
    #[serde(rename = "channel_avatar")]
    pub(crate) avatar: String,
    pub(crate) creator_id: UserId,
    pub(crate) creator_name: String,
    pub(crate) user_ids: Vec<UserId>,
    pub(crate) usernames: Vec<String>,
    pub(crate) display_names: Vec<String>,
    pub(crate) avatars: Vec<String>,
    pub(crate) onlines: Vec<bool>,
    pub(crate) member_count: i32,
    pub(crate) unread_count: i32,
    pub(crate) is_active: bool,
    pub(crate) is_muted: bool,
    pub(crate) is_age_restricted: bool,
    pub(crate) is_encrypted: bool,
    pub(crate) app_id: AppId,
    pub(crate) meeting_code: String,
    pub(crate) last_sent_message: Option<MessageHeader>,
    pub(crate) last_seen_message: Option<MessageHeader>,
    pub(crate) last_pin_message: String,
    pub(crate) create_time_seconds: u32,
    pub(crate) update_time_seconds: u32,
}

/// The little that a channel's description says about a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MessageHeader {
    /// The message.
    pub id: MessageId,
    /// Who wrote it.
    pub sender_id: UserId,
    /// When it was written, in Unix seconds.
    pub timestamp_seconds: u32,
    /// Its content as it came; [`MessageContent::parse`](crate::MessageContent::parse) reads it.
    pub content: String,
}

impl Channel {
    /// The channel's id.
    pub fn id(&self) -> ChannelId {
        self.id
    }

    /// The clan it belongs to, [`ClanId::DIRECT`] for direct and group conversations.
    pub fn clan_id(&self) -> ClanId {
        self.clan_id
    }

    /// What it is.
    pub fn kind(&self) -> ChannelType {
        self.kind
    }

    /// Its name; may be empty for direct conversations.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Whether only chosen people see it.
    pub fn is_private(&self) -> bool {
        self.is_private
    }

    /// What it is about, in the words of its owner; may be empty.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The channel that a thread hangs under, or none.
    pub fn parent_id(&self) -> ChannelId {
        self.parent_id
    }

    /// The category it is listed in, or none.
    pub fn category_id(&self) -> CategoryId {
        self.category_id
    }

    /// The name of the category; may be empty.
    pub fn category_name(&self) -> &str {
        &self.category_name
    }

    /// The name of the clan; may be empty.
    pub fn clan_name(&self) -> &str {
        &self.clan_name
    }

    /// The address of its picture; may be empty.
    pub fn avatar(&self) -> &str {
        &self.avatar
    }

    /// Who made it.
    pub fn creator_id(&self) -> UserId {
        self.creator_id
    }

    /// The name of who made it; may be empty.
    pub fn creator_name(&self) -> &str {
        &self.creator_name
    }

    /// The members of a direct or group conversation.
    pub fn user_ids(&self) -> &[UserId] {
        &self.user_ids
    }

    /// The user names of the members.
    pub fn usernames(&self) -> &[String] {
        &self.usernames
    }

    /// What the members are called.
    pub fn display_names(&self) -> &[String] {
        &self.display_names
    }

    /// The addresses of the members' pictures.
    pub fn avatars(&self) -> &[String] {
        &self.avatars
    }

    /// Which members are online.
    pub fn onlines(&self) -> &[bool] {
        &self.onlines
    }

    /// How many members it has.
    pub fn member_count(&self) -> i32 {
        self.member_count
    }

    /// How many messages the user has not read.
    pub fn unread_count(&self) -> i32 {
        self.unread_count
    }

    /// Whether it is in use (the server's `active` is not 0).
    pub fn is_active(&self) -> bool {
        self.is_active
    }

    /// Whether the user has muted it.
    pub fn is_muted(&self) -> bool {
        self.is_muted
    }

    /// Whether it is for adults.
    pub fn is_age_restricted(&self) -> bool {
        self.is_age_restricted
    }

    /// Whether its messages are encrypted from end to end.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// The application of an app channel, or none.
    pub fn app_id(&self) -> AppId {
        self.app_id
    }

    /// The code of its meeting room; may be empty.
    pub fn meeting_code(&self) -> &str {
        &self.meeting_code
    }

    /// The newest message.
    pub fn last_sent_message(&self) -> Option<&MessageHeader> {
        self.last_sent_message.as_ref()
    }

    /// The newest message that the user has seen.
    pub fn last_seen_message(&self) -> Option<&MessageHeader> {
        self.last_seen_message.as_ref()
    }

    /// The newest pinned message, as the server writes it; may be empty.
    pub fn last_pin_message(&self) -> &str {
        &self.last_pin_message
    }

    /// When it was made, in Unix seconds; 0 when the server does not say.
    pub fn create_time_seconds(&self) -> u32 {
        self.create_time_seconds
    }

    /// When it was last changed, in Unix seconds; 0 when never.
    pub fn update_time_seconds(&self) -> u32 {
        self.update_time_seconds
    }

    /// Where to send messages for it.
    ///
    /// Channels of a clan are public unless they are private; direct and group conversations never are.
    pub fn target(&self) -> Target {
        let outside_clans = matches!(self.kind, ChannelType::Direct | ChannelType::Group);
        Target {
            clan_id: self.clan_id,
            channel_id: self.id,
            channel_type: self.kind,
            is_public: !outside_clans && !self.is_private,
        }
    }
}
