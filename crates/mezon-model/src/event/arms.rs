//! Which message of the socket each event is read from.

use mezon_proto::wire::FromArm;
use mezon_proto::{api, realtime};

#[allow(clippy::wildcard_imports)] // all of the vocabulary
use super::*;
use crate::{ChannelMessage, Reaction, Webhook};

macro_rules! arms {
    ($($event:ty: $arm:ty;)*) => {
        $(impl FromArm for $event {
            type Arm = $arm;

            fn from_arm(arm: $arm) -> Self {
                arm.into()
            }
        })*
    };
}

arms! {
    ChannelMessage: api::ChannelMessage;
    Reaction: api::MessageReaction;
    Webhook: api::Webhook;
    ChannelPresence: realtime::ChannelPresenceEvent;
    Notified: realtime::Notifications;
    StatusPresence: realtime::StatusPresenceEvent;
    Typing: realtime::MessageTypingEvent;
    LastSeen: realtime::LastSeenMessageEvent;
    VoiceJoined: realtime::VoiceJoinedEvent;
    VoiceLeft: realtime::VoiceLeavedEvent;
    VoiceStarted: realtime::VoiceStartedEvent;
    VoiceEnded: realtime::VoiceEndedEvent;
    ChannelCreated: realtime::ChannelCreatedEvent;
    ChannelDeleted: realtime::ChannelDeletedEvent;
    ChannelUpdated: realtime::ChannelUpdatedEvent;
    MessagePinned: realtime::LastPinMessageEvent;
    CustomStatusSet: realtime::CustomStatusEvent;
    ChannelMembersAdded: realtime::UserChannelAdded;
    ChannelMembersRemoved: realtime::UserChannelRemoved;
    MembersLeft: realtime::UserClanRemoved;
    ClanUpdated: realtime::ClanUpdatedEvent;
    MemberProfileUpdated: realtime::ClanProfileUpdatedEvent;
    ProfileUpdated: realtime::UserProfileUpdatedEvent;
    MemberJoined: realtime::AddClanUserEvent;
    ClanEventAnnounced: api::CreateEventRequest;
    RoleAssigned: realtime::RoleAssignedEvent;
    ClanDeleted: realtime::ClanDeletedEvent;
    CoffeeGiven: api::GiveCoffeeEvent;
    StickerCreated: realtime::StickerCreateEvent;
    StickerUpdated: realtime::StickerUpdateEvent;
    StickerDeleted: realtime::StickerDeleteEvent;
    RoleChanged: realtime::RoleEvent;
    EmojiChanged: realtime::EventEmoji;
    StreamJoined: realtime::StreamingJoinedEvent;
    StreamLeft: realtime::StreamingLeavedEvent;
    StreamStarted: realtime::StreamingStartedEvent;
    StreamEnded: realtime::StreamingEndedEvent;
    TokensSent: api::TokenSentEvent;
    ButtonClicked: realtime::MessageButtonClicked;
    CallSignal: realtime::WebrtcSignalingFwd;
    OptionsSelected: realtime::DropdownBoxSelected;
    StatusUpdated: realtime::UserStatusEvent;
    FriendRemoved: realtime::RemoveFriend;
    MessageUnpinned: realtime::UnpinMessageEvent;
    CategoryChanged: realtime::CategoryEvent;
    AccountDeleted: realtime::DeleteAccountEvent;
    FriendBlocked: realtime::BlockFriend;
    MarkedAsRead: realtime::MarkAsRead;
    QuickMenuChosen: realtime::QuickMenuDataEvent;
    FriendUnblocked: realtime::UnblockFriend;
    PermissionsSet: realtime::PermissionSetEvent;
    PermissionsChanged: realtime::PermissionChangedEvent;
    OwnershipTransferred: realtime::TransferOwnershipEvent;
    FriendAdded: realtime::AddFriend;
    MembersBanned: realtime::BannedUserEvent;
    ClanCreated: realtime::ClanCreatedEvent;
    AgentEnabled: realtime::AiAgentEnabledEvent;
    ChannelArchived: realtime::ChannelArchiveEvent;
    TopicAnswered: realtime::TopicInMessageEvent;
    ScreenShared: realtime::ScreenShareEvent;
}
