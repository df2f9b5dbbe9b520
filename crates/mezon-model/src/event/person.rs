//! People change their profile and status, come online, become friends or stop being it.

use crate::id::{ChannelId, ClanId, UserId};
use crate::person::Presence;
use crate::record::records;

records! {
    /// A user changed the profile.
    ProfileUpdated from realtime::UserProfileUpdatedEvent {
        /// Whom it is about.
        user_id: UserId = user_id,
        /// What the user is called; may be empty.
        display_name: String = display_name,
        /// The address of the picture; may be empty.
        avatar: String = avatar,
        /// What the user says of itself; may be empty.
        about: String = about_me,
        /// The channel in which the user is seen, or none.
        channel_id: ChannelId = channel_id,
        /// The clan in which the user is seen, or none.
        clan_id: ClanId = clan_id,
    }

    /// A user changed the status text.
    StatusUpdated from realtime::UserStatusEvent {
        /// Whom it is about.
        user_id: UserId = user_id,
        /// The new text; empty when it was taken away.
        status: String = custom_status,
    }

    /// A user set a status text for a time.
    CustomStatusSet from realtime::CustomStatusEvent {
        /// Whom it is about.
        user_id: UserId = user_id,
        /// The unique name.
        username: String = username,
        /// The clan in which it is seen, or none.
        clan_id: ClanId = clan_id,
        /// The text.
        status: String = status,
        /// How long it holds, in minutes.
        minutes: i32 = time_reset,
        /// Whether it stays until it is changed.
        is_permanent: bool = no_clear,
    }

    /// Followed users came online or went offline.
    StatusPresence from realtime::StatusPresenceEvent {
        /// Who came.
        joins: Vec<Presence> = joins,
        /// Who went.
        leaves: Vec<Presence> = leaves,
    }

    /// A user deleted the account.
    AccountDeleted from realtime::DeleteAccountEvent {
        /// Whom it is about.
        user_id: UserId = user_id,
    }

    /// Somebody wants to be friends, or has accepted.
    FriendAdded from realtime::AddFriend {
        /// Whom it is about.
        user_id: UserId = user_id,
        /// The unique name.
        username: String = username,
        /// What the user is called; may be empty.
        display_name: String = display_name,
        /// The address of the picture; may be empty.
        avatar: String = avatar,
    }

    /// A friendship has ended, or a request was withdrawn.
    FriendRemoved from realtime::RemoveFriend {
        /// With whom.
        user_id: UserId = user_id,
    }

    /// A user has blocked the signed-in one.
    FriendBlocked from realtime::BlockFriend {
        /// Whom it is about.
        user_id: UserId = user_id,
    }

    /// A user has lifted the block.
    FriendUnblocked from realtime::UnblockFriend {
        /// Whom it is about.
        user_id: UserId = user_id,
        /// The unique name.
        username: String = username,
        /// What the user is called; may be empty.
        display_name: String = display_name,
        /// The address of the picture; may be empty.
        avatar: String = avatar,
        /// The state as a word, such as `online` or `idle`; may be empty.
        status: String = status,
        /// The status text; may be empty.
        user_status: String = user_status,
    }
}
