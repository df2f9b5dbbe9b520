//! Notifications, and which of them a user wants.

use bytes::Bytes;

use super::Call;
use crate::failure::Failure;
use crate::town::{notices, wishes};

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "ListNotifications" => call.look(notices::list),
        "DeleteNotifications" => call.change(notices::delete).await,
        "GetNotificationClan" => call.look(wishes::of_clan),
        "SetNotificationClanSetting" => call.change(wishes::set_clan).await,
        "GetNotificationCategory" => call.look(wishes::of_category),
        "SetNotificationCategorySetting" => call.change(wishes::set_category).await,
        "DeleteNotificationCategorySetting" => call.change(wishes::clear_category).await,
        "GetNotificationChannel" => call.look(wishes::of_channel),
        "SetNotificationChannelSetting" => call.change(wishes::set_channel).await,
        "DeleteNotificationChannel" => call.change(wishes::clear_channel).await,
        "GetChannelCategoryNotiSettingsList" => call.look(wishes::overrides),
        "SetMuteChannel" => call.change(wishes::mute_channel).await,
        "SetMuteCategory" => call.change(wishes::mute_category).await,
        "ListMutedChannel" => call.look(wishes::muted),
        _ => return None,
    })
}
