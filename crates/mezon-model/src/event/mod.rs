//! What the server pushes, as types: one for each kind of event that programs build on.
//!
//! Each is read from its arm of the envelope, with the feature `proto` by `RawMessage::read::<ChannelCreated>()` of
//! `mezon-proto`. What is odd on the wire ends here: ids as text, flags as numbers, "leaved".
//!
//! Messages are a type of their own, [`ChannelMessage`](crate::ChannelMessage), and so are reactions,
//! [`Reaction`](crate::Reaction).

#[cfg(feature = "proto")]
mod arms;
mod channel;
mod clan;
mod interaction;
mod message;
mod person;
mod token;
mod voice;

pub use channel::{
    CategoryChanged, ChannelArchived, ChannelCreated, ChannelDeleted, ChannelMembersAdded, ChannelMembersRemoved,
    ChannelPresence, ChannelUpdated, MarkedAsRead,
};
pub use clan::{
    ClanCreated, ClanDeleted, ClanEventAnnounced, ClanUpdated, EmojiChanged, MemberJoined, MemberProfileUpdated,
    MembersBanned, MembersLeft, OwnershipTransferred, PermissionsChanged, PermissionsSet, RoleAssigned, RoleChanged,
    StickerCreated, StickerDeleted, StickerUpdated,
};
pub use interaction::{ButtonClicked, MenuMessage, OptionsSelected, QuickMenuChosen};
pub use message::{LastSeen, MessagePinned, MessageUnpinned, Notified, TopicAnswered, Typing};
pub use person::{
    AccountDeleted, CustomStatusSet, FriendAdded, FriendBlocked, FriendRemoved, FriendUnblocked, ProfileUpdated,
    StatusPresence, StatusUpdated,
};
pub use token::{CoffeeGiven, TokensSent};
pub use voice::{
    AgentEnabled, CallSignal, ScreenShared, StreamEnded, StreamJoined, StreamLeft, StreamStarted, VoiceEnded,
    VoiceJoined, VoiceLeft, VoiceStarted,
};
