//! Being part of something: members of channels, bans, invitations, a member's profile.

use crate::id::{ChannelId, ClanId, PermissionId, RoleId, UserId};
use crate::kind::PermissionRule;
use crate::record::records;

records! {
    /// A member of a channel.
    ChannelMember from api::channel_user_list::ChannelUser {
        /// Who it is.
        user_id: UserId = user_id,
        /// The clan, [`ClanId::DIRECT`] for direct and group conversations.
        clan_id: ClanId = clan_id,
        /// The member's roles in the clan.
        role_ids: Vec<RoleId> = role_id,
        /// The name in the clan; may be empty.
        nick: String = clan_nick,
        /// The address of the picture in the clan; may be empty.
        avatar: String = clan_avatar,
        /// Who added the member, or none if the server does not say.
        added_by: UserId = added_by,
        /// Whether the member is banned from the channel.
        is_banned: bool = is_banned,
        /// When the ban ends, as the server writes it; 0 when it does not say.
        ban_end: i32 = expired_ban_time,
    }

    /// A ban from a clan or from one of its channels.
    Ban from api::BannedUser {
        /// Who is banned.
        user_id: UserId = banned_id,
        /// The channel, or none when it is the whole clan.
        channel_id: ChannelId = channel_id,
        /// Who banned them.
        banned_by: UserId = banner_id,
        /// How long the ban holds, in the server's unit; 0 when it does not end.
        ban_time: i32 = ban_time,
        /// Why; may be empty.
        reason: String = reason,
    }

    /// What an invitation leads to, for people who are not members yet.
    InvitedTo from api::InviteUserRes {
        /// The clan.
        clan_id: ClanId = clan_id,
        /// Its name.
        clan_name: String = clan_name,
        /// The address of its picture; may be empty.
        clan_logo: String = clan_logo,
        /// The address of its banner; may be empty.
        banner: String = banner,
        /// The channel it leads to, or none.
        channel_id: ChannelId = channel_id,
        /// The name of that channel; may be empty.
        channel_label: String = channel_label,
        /// How many members the clan has.
        member_count: i32 = member_count,
        /// Whether the user is a member of the clan. False when the server does not know who asks.
        is_member: bool = user_joined,
        /// Whether the clan is a public community.
        is_community: bool = is_community,
        /// When the invitation ends, in Unix seconds; 0 when never.
        expiry_time_seconds: u32 = expiry_time_seconds,
    }

    /// How a user presents itself in one clan.
    ClanProfile from api::ClanProfile {
        /// The user.
        user_id: UserId = user_id,
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The name in this clan; may be empty.
        nick: String = nick_name,
        /// The address of the picture in this clan; may be empty.
        avatar: String = avatar,
        /// What the user says of itself in this clan; may be empty.
        about: String = about,
    }

    /// A change of what a role or a single user may do in one channel.
    PermissionChange from api::PermissionUpdate {
        /// The permission.
        permission_id: PermissionId = permission_id,
        /// Its name for programs.
        slug: String = slug,
        /// What holds from now on.
        rule: PermissionRule = r#type,
    }

    /// What a role or a single user may do in one channel, where that differs from the clan.
    PermissionOverride from api::PermissionRoleChannel {
        /// The permission.
        permission_id: PermissionId = permission_id,
        /// Whether it is given or withheld.
        is_allowed: bool = active,
    }
}
