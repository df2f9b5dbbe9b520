//! Notifications, and which of them a user wants.

use bytes::Bytes;

use super::Call;
use crate::failure::Failure;
use crate::town::{notices, wishes};

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "ListNotifications" => call.look(notices::list),
        "DeleteNotifications" => call.change(notices::delete).await,
        "GetNotificationChannel" => call.look(wishes::of_channel),
        "SetNotificationChannelSetting" => call.change(wishes::set_channel).await,
        "DeleteNotificationChannel" => call.change(wishes::clear_channel).await,
        "SetMuteChannel" => call.change(wishes::mute_channel).await,
        "ListMutedChannel" => call.look(wishes::muted),
        _ => return None,
    })
}
