//! The methods of the API, by name, and which of them may be repeated.

/// A method of the API: its name in the path, and whether repeating it does no harm.
///
/// Any method can be called, also one that this crate has never heard of:
///
/// ```
/// use mezon_api::Method;
///
/// assert!(Method::new("GetAccount").is_idempotent());
/// assert!(!Method::new("CreateRole").is_idempotent());
/// assert!(Method::new("ListSomethingNew").idempotent().is_idempotent());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    name: &'static str,
    idempotent: bool,
}

impl Method {
    /// Who is signed in. Takes nothing.
    pub const GET_ACCOUNT: Self = Self::new("GetAccount");
    /// The channels of a clan, or the direct and group conversations.
    pub const LIST_CHANNEL_DESCS: Self = Self::new("ListChannelDescs");
    /// The messages of a channel.
    pub const LIST_CHANNEL_MESSAGES: Self = Self::new("ListChannelMessages");
    /// Makes a channel. Repeating it makes a second one, unless it is the direct conversation of two users.
    pub const CREATE_CHANNEL_DESC: Self = Self::new("CreateChannelDesc");
    /// Asks for a place to upload a file to. Repeating it gives another place.
    pub const UPLOAD_ATTACHMENT_FILE: Self = Self::new("UploadAttachmentFile").idempotent();
    /// Exchanges the refresh token. It may be good for one use only, so this is never repeated blindly.
    pub const SESSION_REFRESH: Self = Self::new("SessionRefresh");
    /// Ends the login.
    pub const SESSION_LOGOUT: Self = Self::new("SessionLogout").idempotent();

    /// The method called `name`. It is repeated after a lost answer if it is known to only read.
    pub const fn new(name: &'static str) -> Self {
        Self { name, idempotent: false }
    }

    /// The same method, marked as safe to repeat: for reads that are newer than this crate, and for writes that do the
    /// same thing when done twice.
    #[must_use]
    pub const fn idempotent(self) -> Self {
        Self { idempotent: true, ..self }
    }

    /// The name, as it stands in the path.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Whether repeating it does no harm.
    pub fn is_idempotent(self) -> bool {
        self.idempotent || READS.binary_search(&self.name).is_ok()
    }
}

/// The methods that only read, sorted.
const READS: [&str; 79] = [
    "CheckDuplicateName",
    "DetailChannelTimeline",
    "EmojiRecentList",
    "GetAccount",
    "GetApp",
    "GetChanEncryptionMethod",
    "GetChannelCanvasDetail",
    "GetChannelCanvasList",
    "GetChannelCategoryNotiSettingsList",
    "GetKeyServer",
    "GetListEmojisByUserId",
    "GetListFavoriteChannel",
    "GetListPermission",
    "GetListStickersByUserId",
    "GetMezonOauthClient",
    "GetNotificationCategory",
    "GetNotificationChannel",
    "GetNotificationClan",
    "GetNotificationReactMessage",
    "GetOnboardingDetail",
    "GetPermissionByRoleIdChannelId",
    "GetPinMessagesList",
    "GetPoll",
    "GetPubKeys",
    "GetRoleOfUserInTheClan",
    "GetSystemMessageByClanId",
    "GetSystemMessagesList",
    "GetTopicDetail",
    "GetUserProfileOnClan",
    "GetUserStatus",
    "Healthcheck",
    "IsBanned",
    "IsFollower",
    "ListActivity",
    "ListApps",
    "ListArchivedChannelDescs",
    "ListAuditLog",
    "ListBannedUsers",
    "ListCategoryDescs",
    "ListChannelApps",
    "ListChannelAttachment",
    "ListChannelBadgeCount",
    "ListChannelByUserId",
    "ListChannelDescs",
    "ListChannelDetail",
    "ListChannelMessages",
    "ListChannelSetting",
    "ListChannelTimeline",
    "ListChannelUsers",
    "ListChannelUsersUC",
    "ListChannelVoiceUsers",
    "ListClanBadgeCount",
    "ListClanDescs",
    "ListClanUnreadMsgIndicator",
    "ListClanUsers",
    "ListClanUsersStatus",
    "ListClanWebhook",
    "ListEvents",
    "ListForSaleItems",
    "ListFriends",
    "ListLogedDevice",
    "ListMezonOauthClient",
    "ListMutedChannel",
    "ListNotifications",
    "ListOnboarding",
    "ListOnboardingStep",
    "ListQuickMenuAccess",
    "ListRolePermissions",
    "ListRoleUsers",
    "ListRoles",
    "ListSdTopic",
    "ListStreamingChannelUsers",
    "ListThreadDescs",
    "ListUserClansByUserId",
    "ListUserOnline",
    "ListUserPermissionInChannel",
    "ListWebhookByChannelId",
    "SearchMessage",
    "SearchThread",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_sorted_so_that_they_are_found() {
        assert!(READS.is_sorted());
        assert!(READS.iter().all(|name| Method::new(name).is_idempotent()));
    }

    #[test]
    fn what_writes_is_not_repeated_unless_marked() {
        for name in ["CreateChannelDesc", "SessionRefresh", "SendChannelMessage", "DeleteChannelMessage", ""] {
            assert!(!Method::new(name).is_idempotent(), "{name}");
            assert!(Method::new(name).idempotent().is_idempotent(), "{name}");
        }
        assert!(Method::LIST_CHANNEL_MESSAGES.is_idempotent());
        assert!(!Method::CREATE_CHANNEL_DESC.is_idempotent());
    }
}
