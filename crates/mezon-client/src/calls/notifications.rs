//! Notifications, and which of them the user wants.

use std::time::Duration;

use mezon_api::methods;
use mezon_model::{
    CategoryId, ChannelId, ClanId, Notification, NotificationCategory, NotificationId, NotificationLevel,
    NotificationOverride, NotificationSetting,
};
use mezon_proto::api;

use super::{Cursor, Page, Pages, check, subject};
use crate::ClientError;

subject! {
    /// Notifications of the signed-in user. From [`Client::notifications`](crate::Client::notifications).
    Notifications,
    /// Notifications: the lists, what goes into them, and muting.
    notifications
}

/// How many are asked for at a time, as the official web client does.
const PAGE: i32 = 50;

/// Reads on towards older ones.
const OLDER: i32 = 3;

impl Notifications {
    /// A list of notifications of a clan, the newest first. [`ClanId::DIRECT`] gives those that belong to no clan.
    ///
    /// # Errors
    /// Elements can be [`ClientError::Api`].
    pub fn list(&self, clan: ClanId, category: NotificationCategory) -> Pages<Notification> {
        let api = self.api.clone();
        Pages::new(move |cursor| {
            let api = api.clone();
            Box::pin(async move {
                let from = cursor.map_or(Some(NotificationId::default()), |cursor| cursor.as_str().parse().ok());
                check(from.is_some(), "the cursor is not one of a list of notifications")?;
                let request = api::ListNotificationsRequest {
                    limit: PAGE,
                    clan_id: clan.get(),
                    notification_id: from.unwrap_or_default().get(),
                    category: category.to_raw(),
                    direction: OLDER,
                };
                let list = api.call(methods::LIST_NOTIFICATIONS, &request).await?.notifications;
                let full = i32::try_from(list.len()).is_ok_and(|length| length >= PAGE);
                let next = list.last().filter(|_| full).map(|last| Cursor::new(last.id.to_string()));
                Ok(Page { items: list.into_iter().map(Notification::from).collect(), next })
            })
        })
    }

    /// Deletes notifications of one list.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] when there are none, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have deleted them.
    pub async fn delete(&self, ids: &[NotificationId], category: NotificationCategory) -> Result<(), ClientError> {
        check(!ids.is_empty(), "no notification is to be deleted")?;
        let request = api::DeleteNotificationsRequest {
            ids: ids.iter().map(|id| id.get()).collect(),
            category: category.to_raw(),
        };
        Ok(self.api.call(methods::DELETE_NOTIFICATIONS, &request).await?)
    }

    /// What the user is told about of a clan.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn of_clan(&self, clan: ClanId) -> Result<NotificationLevel, ClientError> {
        check_clan(clan)?;
        let request = api::NotificationClan { clan_id: clan.get() };
        let setting = self.api.call(methods::GET_NOTIFICATION_CLAN, &request).await?;
        Ok(NotificationLevel::from_raw(setting.notification_setting_type))
    }

    /// Sets what the user is told about of a clan. Repeated when an answer was lost.
    ///
    /// # Errors
    /// As [`Notifications::of_clan`].
    ///
    /// # Cancel safety
    /// A call that is given up may have set it.
    pub async fn set_clan(&self, clan: ClanId, level: NotificationLevel) -> Result<(), ClientError> {
        check_clan(clan)?;
        let request = api::SetDefaultNotificationRequest {
            clan_id: clan.get(),
            notification_type: level.to_raw(),
            ..api::SetDefaultNotificationRequest::default()
        };
        Ok(self.api.call(methods::SET_NOTIFICATION_CLAN_SETTING.idempotent(), &request).await?)
    }

    /// What the user is told about of a category.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the category 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn of_category(&self, category: CategoryId) -> Result<NotificationSetting, ClientError> {
        check_category(category)?;
        let request = api::DefaultNotificationCategory { category_id: category.get() };
        Ok(self.api.call(methods::GET_NOTIFICATION_CATEGORY, &request).await?.into())
    }

    /// Sets what the user is told about of a category. [`NotificationLevel::Inherited`] lets the setting of the clan count
    /// again. Repeated when an answer was lost.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan or the category 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have set it.
    pub async fn set_category(
        &self,
        clan: ClanId,
        category: CategoryId,
        level: NotificationLevel,
    ) -> Result<(), ClientError> {
        check_clan(clan)?;
        check_category(category)?;
        if level == NotificationLevel::Inherited {
            let request = api::DefaultNotificationCategory { category_id: category.get() };
            return Ok(self.api.call(methods::DELETE_NOTIFICATION_CATEGORY_SETTING.idempotent(), &request).await?);
        }
        let request = setting(clan, category.get(), level);
        Ok(self.api.call(methods::SET_NOTIFICATION_CATEGORY_SETTING.idempotent(), &request).await?)
    }

    /// What the user is told about of a channel.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the channel 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn of_channel(&self, channel: ChannelId) -> Result<NotificationSetting, ClientError> {
        check_channel(channel)?;
        let request = api::NotificationChannel { channel_id: channel.get() };
        Ok(self.api.call(methods::GET_NOTIFICATION_CHANNEL, &request).await?.into())
    }

    /// Sets what the user is told about of a channel, direct conversations included (`clan` is [`ClanId::DIRECT`] there).
    /// [`NotificationLevel::Inherited`] lets the setting of the category or the clan count again. Repeated when an answer
    /// was lost.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the channel 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have set it.
    pub async fn set_channel(
        &self,
        clan: ClanId,
        channel: ChannelId,
        level: NotificationLevel,
    ) -> Result<(), ClientError> {
        check_channel(channel)?;
        if level == NotificationLevel::Inherited {
            let request = api::NotificationChannel { channel_id: channel.get() };
            return Ok(self.api.call(methods::DELETE_NOTIFICATION_CHANNEL.idempotent(), &request).await?);
        }
        let request = setting(clan, channel.get(), level);
        Ok(self.api.call(methods::SET_NOTIFICATION_CHANNEL_SETTING.idempotent(), &request).await?)
    }

    /// The channels and categories of a clan that have a setting of their own. The server gives them in one piece.
    ///
    /// # Errors
    /// As [`Notifications::of_clan`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn overrides(&self, clan: ClanId) -> Result<Vec<NotificationOverride>, ClientError> {
        check_clan(clan)?;
        let request = api::NotificationClan { clan_id: clan.get() };
        let list = self.api.call(methods::GET_CHANNEL_CATEGORY_NOTI_SETTINGS_LIST, &request).await?;
        Ok(list.notification_channel_category_settings_list.into_iter().map(NotificationOverride::from).collect())
    }

    /// Mutes a channel for a time, or until it is unmuted. Repeated when an answer was lost.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the channel 0 and a time of nothing, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have muted it.
    pub async fn mute_channel(&self, clan: ClanId, channel: ChannelId, mute: Mute) -> Result<(), ClientError> {
        check_channel(channel)?;
        let request = mute.request(clan, channel.get())?;
        Ok(self.api.call(methods::SET_MUTE_CHANNEL.idempotent(), &request).await?)
    }

    /// Lets a channel be heard again. Repeated when an answer was lost.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the channel 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have unmuted it.
    pub async fn unmute_channel(&self, clan: ClanId, channel: ChannelId) -> Result<(), ClientError> {
        check_channel(channel)?;
        Ok(self.api.call(methods::SET_MUTE_CHANNEL.idempotent(), &unmute(clan, channel.get())).await?)
    }

    /// Mutes the channels of a category for a time, or until they are unmuted. Repeated when an answer was lost.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan or the category 0 and a time of nothing, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have muted it.
    pub async fn mute_category(&self, clan: ClanId, category: CategoryId, mute: Mute) -> Result<(), ClientError> {
        check_clan(clan)?;
        check_category(category)?;
        let request = mute.request(clan, category.get())?;
        Ok(self.api.call(methods::SET_MUTE_CATEGORY.idempotent(), &request).await?)
    }

    /// Lets the channels of a category be heard again. Repeated when an answer was lost.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan or the category 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have unmuted it.
    pub async fn unmute_category(&self, clan: ClanId, category: CategoryId) -> Result<(), ClientError> {
        check_clan(clan)?;
        check_category(category)?;
        Ok(self.api.call(methods::SET_MUTE_CATEGORY.idempotent(), &unmute(clan, category.get())).await?)
    }

    /// The channels of a clan that are muted; those of direct and group conversations for [`ClanId::DIRECT`].
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn muted_channels(&self, clan: ClanId) -> Result<Vec<ChannelId>, ClientError> {
        let request = api::ListMutedChannelRequest { clan_id: clan.get() };
        let list = self.api.call(methods::LIST_MUTED_CHANNEL, &request).await?;
        Ok(list.muted_list.into_iter().map(ChannelId::new).collect())
    }
}

/// For how long something is muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mute {
    /// For this time, in whole seconds, rounded up.
    For(Duration),
    /// Until it is unmuted.
    UntilUnmuted,
}

/// What `active` says of something that is muted, and of something that is not.
const MUTED: i32 = 0;
const HEARD: i32 = 1;

impl Mute {
    fn request(self, clan: ClanId, id: i64) -> Result<api::SetMuteRequest, ClientError> {
        let mute_time = match self {
            Self::For(time) => {
                let seconds = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
                check(seconds > 0, "to mute for no time does nothing; unmute is a call of its own")?;
                i32::try_from(seconds).unwrap_or(i32::MAX)
            }
            Self::UntilUnmuted => -1,
        };
        Ok(api::SetMuteRequest { id, mute_time, active: MUTED, clan_id: clan.get() })
    }
}

fn unmute(clan: ClanId, id: i64) -> api::SetMuteRequest {
    api::SetMuteRequest { id, mute_time: 0, active: HEARD, clan_id: clan.get() }
}

fn setting(clan: ClanId, id: i64, level: NotificationLevel) -> api::SetNotificationRequest {
    api::SetNotificationRequest { channel_category_id: id, notification_type: level.to_raw(), clan_id: clan.get() }
}

fn check_clan(clan: ClanId) -> Result<(), ClientError> {
    check(!clan.is_none(), "direct conversations are no clan, and have settings of their own each")
}

fn check_category(category: CategoryId) -> Result<(), ClientError> {
    check(!category.is_none(), "the category id 0 is no category")
}

fn check_channel(channel: ChannelId) -> Result<(), ClientError> {
    check(!channel.is_none(), "the channel id 0 is no channel")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn muting_counts_in_whole_seconds() {
        let request = |mute: Mute| mute.request(ClanId::new(1), 2).map(|request| (request.mute_time, request.active));
        assert_eq!(request(Mute::For(Duration::from_millis(1_500))).unwrap(), (2, 0));
        assert_eq!(request(Mute::UntilUnmuted).unwrap(), (-1, 0));
        assert_eq!(request(Mute::For(Duration::MAX)).unwrap(), (i32::MAX, 0));
        assert!(matches!(request(Mute::For(Duration::ZERO)), Err(ClientError::InvalidInput { .. })));
        let heard = unmute(ClanId::new(1), 2);
        assert_eq!((heard.mute_time, heard.active), (0, 1));
    }
}
