//! Clans come, change and go, with their members, roles, events, emojis and stickers.

use crate::clan::Role;
use crate::id::{ChannelId, ClanId, EmojiId, EventId, PermissionId, RoleId, StickerId, UserId};
use crate::membership::PermissionChange;
use crate::person::Profile;
use crate::record::records;

records! {
    /// A clan was made.
    ClanCreated from realtime::ClanCreatedEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// Its name.
        name: String = clan_name,
        /// The address of its picture; may be empty.
        logo: String = logo,
        /// Its owner.
        creator_id: UserId = creator_id,
        /// The channel that greets new members, or none.
        welcome_channel_id: ChannelId = welcome_channel_id,
    }

    /// A clan was changed.
    ClanUpdated from realtime::ClanUpdatedEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// Its name.
        name: String = clan_name,
        /// The address of its picture; may be empty.
        logo: String = logo,
        /// The address of its banner; may be empty.
        banner: String = banner,
        /// What it is about, in short; may be empty.
        about: String = about,
        /// What it is about; may be empty.
        description: String = description,
        /// The channel that greets new members, or none.
        welcome_channel_id: ChannelId = welcome_channel_id,
        /// Whether it greets new members with questions and tasks.
        has_onboarding: bool = is_onboarding,
        /// Whether it is a public community.
        is_community: bool = is_community,
        /// Whether anonymous messages are forbidden in it.
        prevents_anonymous: bool = prevent_anonymous,
    }

    /// A clan was deleted.
    ClanDeleted from realtime::ClanDeletedEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// Who deleted it.
        deleted_by: UserId = deletor,
    }

    /// Somebody became a member of a clan.
    MemberJoined from realtime::AddClanUserEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// Whom it is about.
        user: Option<Profile> = user,
        /// Who invited the new member, or none if the server does not say.
        invited_by: UserId = invitor,
    }

    /// Members left a clan or were removed from it.
    MembersLeft from realtime::UserClanRemoved {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// Whom it is about.
        user_ids: Vec<UserId> = user_ids,
    }

    /// Members were banned from a channel or a clan, or their ban was lifted.
    MembersBanned from realtime::BannedUserEvent {
        /// Whom it is about.
        user_ids: Vec<UserId> = user_ids,
        /// Banned or free again, as a number of the server.
        action: i32 = action,
        /// Who banned them.
        banned_by: UserId = banner_id,
        /// The channel, or none when it is the whole clan.
        channel_id: ChannelId = channel_id,
        /// The clan.
        clan_id: ClanId = clan_id,
        /// How long the ban holds, in the server's unit.
        ban_time: i32 = ban_time,
    }

    /// A member changed name or picture in a clan.
    MemberProfileUpdated from realtime::ClanProfileUpdatedEvent {
        /// Whom it is about.
        user_id: UserId = user_id,
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The name in this clan; may be empty.
        nick: String = clan_nick,
        /// The address of the picture in this clan; may be empty.
        avatar: String = clan_avatar,
    }

    /// A clan has a new owner.
    OwnershipTransferred from realtime::TransferOwnershipEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// Who owned it.
        from: UserId = prev_owner,
        /// Who owns it now.
        to: UserId = curr_owner,
    }

    /// A role was made, changed or deleted.
    RoleChanged from realtime::RoleEvent {
        /// The role.
        role: Option<Role> = role,
        /// What happened to it, as a number of the server.
        status: i32 = status,
        /// Who did it.
        user_id: UserId = user_id,
        /// Who has it from now on.
        users_added: Vec<UserId> = user_add_ids,
        /// Who has it no longer.
        users_removed: Vec<UserId> = user_remove_ids,
        /// What it allows from now on.
        permissions_added: Vec<PermissionId> = active_permission_ids,
        /// What it allows no longer.
        permissions_removed: Vec<PermissionId> = remove_permission_ids,
    }

    /// Members were given a role, or lost it.
    RoleAssigned from realtime::RoleAssignedEvent {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The role.
        role_id: RoleId = role_id,
        /// Who has it from now on.
        users_added: Vec<UserId> = user_ids_assigned,
        /// Who has it no longer.
        users_removed: Vec<UserId> = user_ids_removed,
    }

    /// What a role or a user may do in a channel was changed.
    PermissionsSet from realtime::PermissionSetEvent {
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// The role, or none when it is a user.
        role_id: RoleId = role_id,
        /// The user, or none when it is a role.
        user_id: UserId = user_id,
        /// Who changed it, or none if the server does not say.
        changed_by: UserId = caller,
        /// What was changed.
        changes: Vec<PermissionChange> = permission_updates,
    }

    /// What a user may do in a channel has changed; the user hears it.
    PermissionsChanged from realtime::PermissionChangedEvent {
        /// Whose permissions.
        user_id: UserId = user_id,
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// What is allowed from now on.
        allowed: Vec<PermissionChange> = add_permissions,
        /// What is forbidden from now on.
        denied: Vec<PermissionChange> = remove_permissions,
        /// What is as in the clan from now on.
        inherited: Vec<PermissionChange> = default_permissions,
    }

    /// An event of a clan was planned, changed or called off.
    ClanEventAnnounced from api::CreateEventRequest {
        /// The event.
        event_id: EventId = event_id,
        /// The clan.
        clan_id: ClanId = clan_id,
        /// Its title.
        title: String = title,
        /// What it is about; may be empty.
        description: String = description,
        /// The address of its picture; may be empty.
        logo: String = logo,
        /// Where it takes place when that is no channel; may be empty.
        address: String = address,
        /// The voice channel it takes place in, or none.
        voice_channel_id: ChannelId = channel_voice_id,
        /// The channel whose members see it, or none when all do.
        channel_id: ChannelId = channel_id,
        /// Who planned it.
        creator_id: UserId = creator_id,
        /// Who caused this announcement, or none.
        user_id: UserId = user_id,
        /// When it begins, in Unix seconds.
        start_time_seconds: u32 = start_time_seconds,
        /// When it ends, in Unix seconds.
        end_time_seconds: u32 = end_time_seconds,
        /// How it stands, as a number of the server.
        status: i32 = event_status,
        /// What happened to it, as a number of the server.
        action: i32 = action,
        /// How it repeats, as a number of the server.
        repeat: i32 = repeat_type,
        /// Whether only invited people see it.
        is_private: bool = is_private,
    }

    /// An emoji was added, renamed or deleted.
    EmojiChanged from realtime::EventEmoji {
        /// The emoji.
        emoji_id: EmojiId = id,
        /// Its clan.
        clan_id: ClanId = clan_id,
        /// Its short name, such as `:like:`.
        shortname: String = short_name,
        /// The address of its picture.
        source: String = source,
        /// The heading it is listed under; may be empty.
        category: String = category,
        /// What happened to it, as a number of the server.
        action: i32 = action,
        /// Who did it.
        user_id: UserId = user_id,
        /// Whether it has to be bought.
        is_for_sale: bool = is_for_sale,
    }

    /// A sticker was added.
    StickerCreated from realtime::StickerCreateEvent {
        /// The sticker.
        sticker_id: StickerId = sticker_id,
        /// Its clan.
        clan_id: ClanId = clan_id,
        /// Its short name.
        shortname: String = shortname,
        /// The address of its picture.
        source: String = source,
        /// The heading it is listed under; may be empty.
        category: String = category,
        /// Who added it.
        creator_id: UserId = creator_id,
    }

    /// A sticker was renamed.
    StickerUpdated from realtime::StickerUpdateEvent {
        /// The sticker.
        sticker_id: StickerId = sticker_id,
        /// Its new short name.
        shortname: String = shortname,
        /// Who renamed it.
        user_id: UserId = user_id,
    }

    /// A sticker was deleted.
    StickerDeleted from realtime::StickerDeleteEvent {
        /// The sticker.
        sticker_id: StickerId = sticker_id,
        /// Who deleted it.
        user_id: UserId = user_id,
    }
}
