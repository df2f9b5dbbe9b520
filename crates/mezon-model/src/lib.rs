//! The vocabulary of Mezon chat: typed ids, channels, message content, attachments, mentions.
//!
//! This crate knows no network and no clock. It says what a message *is*: how its text and marks are
//! written as JSON, how the lists beside it are read, and which numbers mean what.
//!
//! ```
//! use mezon_model::{ChannelId, Draft, MessageContent, Target, UserId};
//!
//! // Plain text is a draft by itself ...
//! let draft = Draft::from("hello");
//! assert_eq!(draft.check()?, r#"{"t":"hello"}"#);
//!
//! // ... and the builder adds marks. Offsets count UTF-16 units, as every Mezon client does.
//! let draft = MessageContent::builder()
//!     .text("🎉 thanks ")
//!     .mention_user(UserId::new(42), "linh")
//!     .text(", see ")
//!     .link("https://mezon.ai")
//!     .build();
//! assert_eq!(draft.content.as_text(), "🎉 thanks @linh, see https://mezon.ai");
//! assert_eq!(draft.mentions[0].span().slice(draft.content.as_text()), Some("@linh"));
//!
//! // Where it goes to: direct messages live in clan 0.
//! let target = Target::direct(ChannelId::new(123));
//! assert!(target.clan_id.is_none());
//! # Ok::<(), mezon_model::DraftError>(())
//! ```
//!
//! # Features
//!
//! - `proto`: conversions from and to the generated types of `mezon-proto`, and the protobuf half of
//!   the [`list`] decoders. Without it the crate depends on serde alone.

mod ack;
mod attachment;
mod channel;
mod clan;
mod content;
mod draft;
pub mod event;
mod hidden;
mod id;
pub mod interactive;
mod kind;
mod lenient;
pub mod list;
mod membership;
mod mention;
mod message;
mod notice;
mod person;
mod poll;
mod reaction;
mod record;
mod reference;
mod target;
#[cfg(feature = "proto")]
mod wire;

pub use ack::MessageAck;
pub use attachment::{Attachment, FileCategory, FileState};
pub use channel::{Channel, MessageHeader};
pub use clan::{
    Category, Clan, ClanEvent, ClanWebhook, Emoji, Invite, NewClanWebhook, NewWebhook, Permission, Permissions, Role,
    RoleMember, RoleMembers, Sticker, VoiceRoom, Webhook,
};
pub use content::{ContentBuilder, ContentError, EmojiMark, HashtagMark, Mark, MarkKind, MessageContent, Span};
pub use draft::{CONTENT_LIMIT, Draft, DraftError};
pub use hidden::HiddenText;
pub use id::{
    AppId, CategoryId, ChannelId, ClanId, EmojiId, EventId, InviteId, MentionId, MenuId, MessageId, NotificationId,
    ParseIdError, PermissionId, PinId, PollId, ReactionId, RoleId, StickerId, TopicId, UserId, WebhookId,
};
pub use kind::{
    ChannelType, FriendState, MenuKind, MessageCode, NotificationCategory, NotificationCode, NotificationLevel,
    PermissionRule, PollKind, StreamMode,
};
pub use membership::{Ban, ChannelMember, ClanProfile, InvitedTo, PermissionChange, PermissionOverride};
pub use mention::Mention;
pub use message::{ChannelMessage, MessageParts};
pub use notice::{
    Notification, NotificationOverride, NotificationSetting, NotifiedMessage, PinnedMessage, QuickMenu, Topic,
};
pub use person::{Account, Activity, Device, Friend, Member, MemberStatus, Presence, Profile, User};
pub use poll::{Poll, PollAnswer, PollVoters};
pub use reaction::Reaction;
pub use reference::Reference;
pub use target::Target;
