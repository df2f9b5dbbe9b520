//! People: profiles, members of a clan, friends, who is online.

use crate::id::{AppId, ClanId, RoleId, UserId};
use crate::kind::FriendState;
use crate::record::records;

records! {
    /// A person or a bot, as everybody may see it.
    User from api::User {
        /// The user.
        id: UserId = id,
        /// The unique name.
        username: String = username,
        /// What the user is called; may be empty.
        display_name: String = display_name,
        /// The address of the picture; may be empty.
        avatar_url: String = avatar_url,
        /// The language, such as `vi`; may be empty.
        lang_tag: String = lang_tag,
        /// Where the user is, in the user's own words; may be empty.
        location: String = location,
        /// The time zone, such as `Asia/Ho_Chi_Minh`; may be empty.
        timezone: String = timezone,
        /// What the user says of itself; may be empty.
        about: String = about_me,
        /// The status text; may be empty.
        user_status: String = user_status,
        /// The state as a word, such as `online` or `idle`; may be empty.
        status: String = status,
        /// Whether a connection of the user is up.
        is_online: bool = online,
        /// Whether that connection is a phone's.
        is_mobile: bool = is_mobile,
        /// When the account was made, in Unix seconds; 0 when the server does not say.
        create_time_seconds: u32 = create_time_seconds,
        /// When the user joined the clan, in Unix seconds, in a list of a clan's members; 0 elsewhere.
        join_time_seconds: u32 = join_time_seconds,
    }

    /// The signed-in user's own account.
    Account from api::Account {
        /// The profile that everybody may see.
        user: Option<User> = user,
        /// The email address; may be empty.
        email: String = email,
        /// The address of the account's logo; may be empty.
        logo: String = logo,
        /// When the account was confirmed, in Unix seconds; 0 when it was not.
        verify_time_seconds: u32 = verify_time_seconds,
        /// Whether the account has a password.
        has_password: bool = password_setted,
    }

    /// A member of a clan.
    Member from api::clan_user_list::ClanUser {
        /// Who it is.
        user: Option<User> = user,
        /// The clan.
        clan_id: ClanId = clan_id,
        /// The member's roles.
        role_ids: Vec<RoleId> = role_id,
        /// The name in this clan; may be empty.
        nick: String = clan_nick,
        /// The address of the picture in this clan; may be empty.
        avatar: String = clan_avatar,
    }

    /// How the signed-in user stands to another one.
    Friend from api::Friend {
        /// The other one.
        user: Option<User> = user,
        /// Friends, asked, being asked, or blocked.
        state: FriendState = state,
        /// Since when, in Unix seconds.
        update_time_seconds: u32 = update_time_seconds,
    }

    /// The state of a member of a clan.
    MemberStatus from api::ClanUserStatusEntry {
        /// The member.
        user_id: UserId = user_id,
        /// The status text; may be empty.
        user_status: String = user_status,
    }

    /// A device on which the signed-in user is signed in.
    Device from api::LogedDevice {
        /// The device, as it names itself; may be empty.
        id: String = device_id,
        /// Its name; may be empty.
        name: String = device_name,
        /// Its platform, such as `web`; may be empty.
        platform: String = platform,
        /// Its address in the network; may be empty.
        ip: String = ip,
        /// Where it is, as far as that address tells; may be empty.
        location: String = location,
        /// When the user signed in on it, in Unix seconds.
        login_time_seconds: u32 = login_at_seconds,
        /// When it was last active, in Unix seconds.
        last_active_seconds: u32 = last_active_seconds,
        /// How it stands, as a number of the server.
        status: i32 = status,
        /// Whether it is this one.
        is_current: bool = is_current,
    }

    /// What a user is doing, such as playing a game.
    Activity from api::UserActivity {
        /// Who.
        user_id: UserId = user_id,
        /// What, such as the name of the game.
        name: String = activity_name,
        /// More about it; may be empty.
        description: String = activity_description,
        /// What kind of activity it is, as a number of the server.
        kind: i32 = activity_type,
        /// The application, or none.
        app_id: AppId = application_id,
        /// Since when, in Unix seconds.
        start_time_seconds: u32 = start_time_seconds,
        /// Until when, in Unix seconds; 0 while it goes on.
        end_time_seconds: u32 = end_time_seconds,
        /// How it stands, as a number of the server.
        status: i32 = status,
    }

    /// A profile as events carry it: who was added, who added.
    Profile from realtime::UserProfileRedis {
        /// The user.
        user_id: UserId = user_id,
        /// The unique name.
        username: String = username,
        /// What the user is called; may be empty.
        display_name: String = display_name,
        /// The address of the picture; may be empty.
        avatar: String = avatar,
        /// The status text; may be empty.
        user_status: String = user_status,
        /// The state as a word, such as `online` or `idle`; may be empty.
        status: String = status,
        /// Whether a connection of the user is up.
        is_online: bool = online,
        /// Whether it is a bot.
        is_bot: bool = is_bot,
        /// The clans it is a member of, if the server says.
        joined_clans: Vec<ClanId> = joined_clans,
        /// When the account was made, in Unix seconds; 0 when the server does not say.
        create_time_seconds: u32 = create_time_second,
    }

    /// One connection of a user: who is in a channel, or online.
    Presence from realtime::UserPresence {
        /// The user.
        user_id: UserId = user_id,
        /// The unique name.
        username: String = username,
        /// The status text, if the user has set one.
        status: Option<String> = status,
        /// The state as a word, such as `online` or `idle`; may be empty.
        user_status: String = user_status,
        /// Whether the connection is a phone's.
        is_mobile: bool = is_mobile,
    }
}
