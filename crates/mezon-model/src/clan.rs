//! Clans: what they are made of and what their members may do.

use crate::hidden::HiddenText;
use crate::id::{
    CategoryId, ChannelId, ClanId, EmojiId, EventId, InviteId, PermissionId, RoleId, StickerId, UserId, WebhookId,
};
use crate::record::records;

records! {
    /// A clan (what other chat systems call a server or a guild), as its members see it.
    Clan from api::ClanDesc {
        /// The clan.
        id: ClanId = clan_id,
        /// Its name.
        name: String = clan_name,
        /// Its owner.
        creator_id: UserId = creator_id,
        /// The address of its picture; may be empty.
        logo: String = logo,
        /// The address of its banner; may be empty.
        banner: String = banner,
        /// What it is about, in short; may be empty.
        about: String = about,
        /// What it is about; may be empty.
        description: String = description,
        /// The last part of its short address; may be empty.
        short_url: String = short_url,
        /// The channel that greets new members, or none.
        welcome_channel_id: ChannelId = welcome_channel_id,
        /// How many unread mentions of the user it holds.
        badge_count: i32 = badge_count,
        /// Whether it holds unread messages.
        has_unread: bool = has_unread_message,
        /// Whether it greets new members with questions and tasks.
        has_onboarding: bool = is_onboarding,
        /// Whether it is a public community.
        is_community: bool = is_community,
        /// Whether anonymous messages are forbidden in it.
        prevents_anonymous: bool = prevent_anonymous,
    }

    /// A heading under which a clan sorts its channels.
    Category from api::CategoryDesc {
        /// The category.
        id: CategoryId = category_id,
        /// Its clan.
        clan_id: ClanId = clan_id,
        /// Its name.
        name: String = category_name,
        /// Who made it.
        creator_id: UserId = creator_id,
        /// Its place among the categories of the clan.
        order: i32 = category_order,
    }

    /// A role of a clan.
    Role from api::Role {
        /// The role.
        id: RoleId = id,
        /// Its clan.
        clan_id: ClanId = clan_id,
        /// Its name.
        title: String = title,
        /// Its name for programs.
        slug: String = slug,
        /// What it is for; may be empty.
        description: String = description,
        /// Its colour, such as `#ff0000`; may be empty.
        color: String = color,
        /// The address of its icon; may be empty.
        icon: String = role_icon,
        /// Who made it.
        creator_id: UserId = creator_id,
        /// Whether it is in force.
        is_active: bool = active,
        /// Whether its members are listed apart from the others.
        is_displayed: bool = display_online,
        /// Whether everybody may mention it.
        is_mentionable: bool = allow_mention,
        /// The channels it was added to, if the server says.
        channel_ids: Vec<ChannelId> = channel_ids,
        /// The highest level of its permissions.
        max_level: i32 = max_level_permission,
        /// Its place among the roles of the clan.
        order: i32 = order_role,
        /// What it allows, if the server says.
        permissions: Option<Permissions> = permission_list,
        /// Who has it, if the server says.
        members: Option<RoleMembers> = role_user_list,
    }

    /// A list of permissions.
    Permissions from api::PermissionList {
        /// The permissions.
        permissions: Vec<Permission> = permissions,
        /// The highest level among them.
        max_level: i32 = max_level_permission,
    }

    /// Something that a role can allow.
    Permission from api::Permission {
        /// The permission.
        id: PermissionId = id,
        /// Its name for people.
        title: String = title,
        /// Its name for programs.
        slug: String = slug,
        /// What it allows.
        description: String = description,
        /// Whether it is given.
        is_active: bool = active,
        /// What it applies to, as a number of the server.
        scope: i32 = scope,
        /// Its level: whoever manages roles can give away lower ones only.
        level: i32 = level,
    }

    /// A page of the members who have a role.
    RoleMembers from api::RoleUserList {
        /// The members.
        members: Vec<RoleMember> = role_users,
        /// Where the next page begins; empty on the last one.
        cursor: String = cursor,
    }

    /// A member who has a role.
    RoleMember from api::role_user_list::RoleUser {
        /// The member.
        user_id: UserId = id,
        /// The unique name.
        username: String = username,
        /// What the member is called; may be empty.
        display_name: String = display_name,
        /// The address of the picture; may be empty.
        avatar_url: String = avatar_url,
        /// Whether a connection of the member is up.
        is_online: bool = online,
    }

    /// An invitation to a clan.
    Invite from api::LinkInviteUser {
        /// The invitation.
        id: InviteId = id,
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The channel it leads to, or none.
        channel_id: ChannelId = channel_id,
        /// Who made it.
        creator_id: UserId = creator_id,
        /// Its link.
        link: String = invite_link,
        /// When it was made, in Unix seconds.
        create_time_seconds: u32 = create_time_seconds,
        /// When it ends, in Unix seconds; 0 when never.
        expiry_time_seconds: u32 = expiry_time_seconds,
    }

    /// A planned event of a clan, such as a meeting.
    ClanEvent from api::EventManagement {
        /// The event.
        id: EventId = id,
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
        /// Who takes part.
        user_ids: Vec<UserId> = user_ids,
        /// When it begins, in Unix seconds.
        start_time_seconds: u32 = start_time_seconds,
        /// When it ends, in Unix seconds.
        end_time_seconds: u32 = end_time_seconds,
        /// Whether only invited people see it.
        is_private: bool = is_private,
        /// How it stands, as a number of the server.
        status: i32 = event_status,
        /// How it repeats, as a number of the server.
        repeat: i32 = repeat_type,
    }

    /// A custom emoji.
    Emoji from api::ClanEmoji {
        /// The emoji.
        id: EmojiId = id,
        /// Its clan.
        clan_id: ClanId = clan_id,
        /// Its short name, such as `:like:`.
        shortname: String = shortname,
        /// The address of its picture.
        source: String = src,
        /// The heading it is listed under; may be empty.
        category: String = category,
        /// Who added it.
        creator_id: UserId = creator_id,
        /// Whether it has to be bought.
        is_for_sale: bool = is_for_sale,
    }

    /// A sticker, or a sound.
    Sticker from api::ClanSticker {
        /// The sticker.
        id: StickerId = id,
        /// Its clan.
        clan_id: ClanId = clan_id,
        /// Its short name.
        shortname: String = shortname,
        /// The address of its picture or sound.
        source: String = source,
        /// The heading it is listed under; may be empty.
        category: String = category,
        /// Who added it.
        creator_id: UserId = creator_id,
        /// When it was added, in Unix seconds.
        create_time_seconds: u32 = create_time_seconds,
        /// Picture or sound, as a number of the server.
        media_type: i32 = media_type,
        /// Whether it has to be bought.
        is_for_sale: bool = is_for_sale,
    }

    /// An address by which other systems post into a channel.
    Webhook from api::Webhook {
        /// The webhook.
        id: WebhookId = id,
        /// The name under which it posts.
        name: String = webhook_name,
        /// The channel it posts into.
        channel_id: ChannelId = channel_id,
        /// The clan of the channel.
        clan_id: ClanId = clan_id,
        /// Where to post to. Whoever knows it can.
        url: HiddenText = url,
        /// Who made it.
        creator_id: UserId = creator_id,
        /// The address of the picture with which it posts; may be empty.
        avatar: String = avatar,
        /// Whether it is in force.
        is_active: bool = active,
    }
    /// A webhook that was just made. The list of its channel tells the rest.
    NewWebhook from api::WebhookGenerateResponse {
        /// The name under which it posts.
        name: String = hook_name,
        /// The channel it posts into.
        channel_id: ChannelId = channel_id,
        /// Where to post to. Whoever knows it can.
        url: HiddenText = url,
        /// The address of the picture with which it posts; may be empty.
        avatar: String = avatar,
    }

    /// An address by which other systems write to the members of a clan, each in a direct conversation.
    ClanWebhook from api::ClanWebhook {
        /// The webhook.
        id: WebhookId = id,
        /// The name under which it posts.
        name: String = webhook_name,
        /// The clan.
        clan_id: ClanId = clan_id,
        /// Where to post to, without the name of the receiver. Whoever knows it can.
        url: HiddenText = url,
        /// Who made it.
        creator_id: UserId = creator_id,
        /// The address of the picture with which it posts; may be empty.
        avatar: String = avatar,
        /// Whether it is in force.
        is_active: bool = active,
    }

    /// A webhook of a clan that was just made. The list of the clan tells the rest.
    NewClanWebhook from api::GenerateClanWebhookResponse {
        /// The name under which it posts.
        name: String = webhook_name,
        /// The clan.
        clan_id: ClanId = clan_id,
        /// Where to post to, without the name of the receiver. Whoever knows it can.
        url: HiddenText = url,
        /// The address of the picture with which it posts; may be empty.
        avatar: String = avatar,
    }

    /// Who is in a voice channel.
    VoiceRoom from api::VoiceChannelUser {
        /// The channel.
        channel_id: ChannelId = channel_id,
        /// The name of the room at the media server; may be empty.
        name: String = room_name,
        /// Who is in it.
        user_ids: Vec<UserId> = user_ids,
        /// Who of them shares the screen.
        sharing: Vec<UserId> = share_screen_ids,
    }
}
