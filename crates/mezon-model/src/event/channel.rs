//! Channels and categories come, change and go; people enter and leave them.

use crate::Channel;
use crate::id::{AppId, CategoryId, ChannelId, ClanId, RoleId, UserId};
use crate::kind::{ChannelType, StreamMode};
use crate::person::{Presence, Profile};
use crate::record::records;

records! {
    /// A channel or a thread was made.
    ChannelCreated from realtime::ChannelCreatedEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The category, or none.
        category_id: CategoryId = category_id,
        /// Who made it.
        creator_id: UserId = creator_id,
        /// The channel that a thread hangs under, or none.
        parent_id: ChannelId = parent_id,
        /// The new channel.
        channel_id: ChannelId = channel_id,
        /// Its name.
        label: String = channel_label,
        /// Whether only chosen people see it.
        is_private: bool = channel_private,
        /// What it is.
        channel_type: ChannelType = channel_type,
        /// How it stands, as a number of the server.
        status: i32 = status,
        /// The application of an app channel, or none.
        app_id: AppId = app_id,
        /// The name of the clan; may be empty.
        clan_name: String = clan_name,
        /// The address of its picture; may be empty.
        avatar: String = channel_avatar,
    }

    /// A channel was changed, or a thread was opened to the user.
    ChannelUpdated from realtime::ChannelUpdatedEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The category, or none.
        category_id: CategoryId = category_id,
        /// Who made it.
        creator_id: UserId = creator_id,
        /// The channel that a thread hangs under, or none.
        parent_id: ChannelId = parent_id,
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// Its name.
        label: String = channel_label,
        /// What it is.
        channel_type: ChannelType = channel_type,
        /// How it stands, as a number of the server; 1 on a thread says that it was opened to the user.
        status: i32 = status,
        /// Whether only chosen people see it.
        is_private: bool = channel_private,
        /// The application of an app channel, or none.
        app_id: AppId = app_id,
        /// The code of its meeting room; may be empty.
        meeting_code: String = meeting_code,
        /// What it is about; may be empty.
        topic: String = topic,
        /// Whether its messages are encrypted from end to end.
        is_encrypted: bool = e2ee,
        /// Whether it is for adults.
        is_age_restricted: bool = age_restricted,
        /// Whether it is in use.
        is_active: bool = active,
        /// How many messages the user has not read.
        unread_count: i32 = count_mess_unread,
        /// The people who see a private channel, if the server says.
        user_ids: Vec<UserId> = user_ids,
        /// The roles whose members see it, if the server says.
        role_ids: Vec<RoleId> = role_ids,
        /// The address of its picture; may be empty.
        avatar: String = channel_avatar,
    }

    /// A channel was deleted.
    ChannelDeleted from realtime::ChannelDeletedEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The category, or none.
        category_id: CategoryId = category_id,
        /// The channel that a thread hung under, or none.
        parent_id: ChannelId = parent_id,
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// Who deleted it, or none if the server does not say.
        deleted_by: UserId = deletor,
    }

    /// A thread was put into the archive.
    ChannelArchived from realtime::ChannelArchiveEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The category, or none.
        category_id: CategoryId = category_id,
        /// The channel that it hangs under, or none.
        parent_id: ChannelId = parent_id,
        /// The thread.
        channel_id: ChannelId = channel_id,
        /// Its name.
        label: String = channel_label,
        /// What it is.
        channel_type: ChannelType = channel_type,
        /// How it stands, as a number of the server.
        status: i32 = status,
    }

    /// People were added to a channel, the user perhaps among them. Its messages come once it is joined.
    ChannelMembersAdded from realtime::UserChannelAdded {
        /// The channel.
        channel: Option<Channel> = channel_desc,
        /// The clan, [`ClanId::DIRECT`] for direct and group conversations.
        clan_id: ClanId = clan_id,
        /// Who was added.
        users: Vec<Profile> = users,
        /// Who added them, if the server says.
        added_by: Option<Profile> = caller,
        /// When, in Unix seconds.
        create_time_seconds: u32 = create_time_seconds,
    }

    /// People were removed from a channel, or left it.
    ChannelMembersRemoved from realtime::UserChannelRemoved {
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// What it is.
        channel_type: ChannelType = channel_type,
        /// The clan, [`ClanId::DIRECT`] for direct and group conversations.
        clan_id: ClanId = clan_id,
        /// Who is no longer in it.
        user_ids: Vec<UserId> = user_ids,
    }

    /// Connections of people came to a channel or went.
    ChannelPresence from realtime::ChannelPresenceEvent {
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// The kind of conversation.
        mode: StreamMode = mode,
        /// Who came.
        joins: Vec<Presence> = joins,
        /// Who went.
        leaves: Vec<Presence> = leaves,
    }

    /// A category was made, changed or deleted.
    CategoryChanged from realtime::CategoryEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The category.
        category_id: CategoryId = id,
        /// Its name.
        name: String = category_name,
        /// Who made it.
        creator_id: UserId = creator_id,
        /// What happened to it, as a number of the server.
        status: i32 = status,
    }

    /// The user has read a channel, a category or a clan, perhaps on another device.
    MarkedAsRead from realtime::MarkAsRead {
        /// The channel, or none when it is more than one.
        channel_id: ChannelId = channel_id,
        /// The category, or none.
        category_id: CategoryId = category_id,
        /// The clan.
        clan_id: ClanId = clan_id,
    }
}
