//! What users want to be told about.

use mezon_proto::api;
use serde::{Deserialize, Serialize};

use super::categories::Category;
use super::channels::Channel;
use super::{Act, Done, Key, Record, Town};
use crate::failure::Failure;

/// `notification_type`: 1 everything, 2 mentions, 3 nothing; 0 says nothing of its own.
const EVERYTHING: i32 = 1;
pub(crate) const NOTHING: i32 = 3;

/// `mute_time` of what is muted without an end.
const WITHOUT_END: i64 = -1;

/// What a user wants to be told about of a clan, a category or a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Wish {
    pub(crate) user: i64,
    /// The clan, the category or the channel: no two of them share an id.
    pub(crate) of: i64,
    /// 0: as what is around it.
    pub(crate) level: i32,
    /// When the mute ends, in Unix seconds; 0 for none, -1 for none that ends.
    pub(crate) muted_until: i64,
}

impl Record for Wish {
    const KIND: &'static str = "wish";
    /// The first part of the key is a user's.
    const MADE_HERE: bool = false;

    fn key(&self) -> Key {
        (self.user, self.of).into()
    }
}

impl Wish {
    fn is_muted(&self, act: &Act<'_>) -> bool {
        self.muted_until == WITHOUT_END || self.muted_until > i64::from(act.now())
    }

    /// `time_mute_seconds` on the wire: what is left.
    fn mute_time(&self, act: &Act<'_>) -> i32 {
        match self.muted_until {
            WITHOUT_END => -1,
            until => i32::try_from(until - i64::from(act.now())).unwrap_or(i32::MAX).max(0),
        }
    }
}

impl Town {
    fn wish(&self, user: i64, of: i64) -> Wish {
        self.wishes.get((user, of)).cloned().unwrap_or(Wish { user, of, ..Wish::default() })
    }

    fn keep_wish(&mut self, wish: Wish) {
        if wish.level == 0 && wish.muted_until == 0 {
            self.wishes.remove((wish.user, wish.of));
        } else {
            self.wishes.put(wish);
        }
    }

    /// What a user is told about of a channel, by its own wish, that of its category or that of its clan.
    pub(crate) fn level(&self, user: i64, channel: &Channel, act: &Act<'_>) -> i32 {
        let places = [channel.id, channel.category, channel.clan].into_iter().filter(|of| *of != 0);
        let wishes: Vec<&Wish> = places.filter_map(|of| self.wishes.get((user, of))).collect();
        if wishes.iter().any(|wish| wish.is_muted(act)) {
            return NOTHING;
        }
        wishes.iter().map(|wish| wish.level).find(|level| *level != 0).unwrap_or(EVERYTHING)
    }

    /// A category of a clan of the user.
    fn category_for(&self, user: i64, id: i64) -> Result<&Category, Failure> {
        let category = self.categories.get(id).ok_or_else(|| Failure::not_found("category not found"))?;
        self.clan_for(user, category.clan)?;
        Ok(category)
    }

    fn setting(&self, act: &Act<'_>, of: i64, channel: i64) -> api::NotificationUserChannel {
        let wish = self.wish(act.by, of);
        api::NotificationUserChannel {
            // No setting of its own has no id.
            id: if self.wishes.has((act.by, of)) { of } else { 0 },
            notification_setting_type: wish.level,
            time_mute_seconds: wish.mute_time(act),
            active: i32::from(!wish.is_muted(act)),
            channel_id: channel,
        }
    }

    fn set_level(&mut self, act: &Act<'_>, of: i64, level: i32) -> Result<Done<()>, Failure> {
        if !(0..=NOTHING).contains(&level) {
            return Err(Failure::invalid("notification_type is not between 0 and 3"));
        }
        let wish = Wish { level, ..self.wish(act.by, of) };
        self.keep_wish(wish);
        Ok(Done::new(()))
    }

    fn set_mute(&mut self, act: &Act<'_>, request: &api::SetMuteRequest) -> Result<Done<()>, Failure> {
        let muted_until = match (request.active, request.mute_time) {
            (0, 1..) => i64::from(act.now()) + i64::from(request.mute_time),
            (0, -1) => WITHOUT_END,
            (0, _) => return Err(Failure::invalid("mute_time is neither a time in seconds nor -1")),
            _ => 0,
        };
        let wish = Wish { muted_until, ..self.wish(act.by, request.id) };
        self.keep_wish(wish);
        Ok(Done::new(()))
    }
}

pub(crate) fn of_clan(
    town: &Town,
    act: &Act<'_>,
    request: api::NotificationClan,
) -> Result<api::NotificationSetting, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let level = town.wish(act.by, clan).level;
    let notification_setting_type = if level == 0 { EVERYTHING } else { level };
    Ok(api::NotificationSetting { id: clan, notification_setting_type })
}

pub(crate) fn set_clan(
    town: &mut Town,
    act: &Act<'_>,
    request: api::SetDefaultNotificationRequest,
) -> Result<Done<()>, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    town.set_level(act, clan, request.notification_type)
}

pub(crate) fn of_category(
    town: &Town,
    act: &Act<'_>,
    request: api::DefaultNotificationCategory,
) -> Result<api::NotificationUserChannel, Failure> {
    let category = town.category_for(act.by, request.category_id)?.id;
    Ok(town.setting(act, category, 0))
}

pub(crate) fn set_category(
    town: &mut Town,
    act: &Act<'_>,
    request: api::SetNotificationRequest,
) -> Result<Done<()>, Failure> {
    let category = town.category_for(act.by, request.channel_category_id)?.id;
    town.set_level(act, category, request.notification_type)
}

pub(crate) fn clear_category(
    town: &mut Town,
    act: &Act<'_>,
    request: api::DefaultNotificationCategory,
) -> Result<Done<()>, Failure> {
    town.set_level(act, request.category_id, 0)
}

pub(crate) fn of_channel(
    town: &Town,
    act: &Act<'_>,
    request: api::NotificationChannel,
) -> Result<api::NotificationUserChannel, Failure> {
    let channel = town.channel_for(act.by, request.channel_id)?.id;
    Ok(town.setting(act, channel, channel))
}

pub(crate) fn set_channel(
    town: &mut Town,
    act: &Act<'_>,
    request: api::SetNotificationRequest,
) -> Result<Done<()>, Failure> {
    let channel = town.channel_for(act.by, request.channel_category_id)?.id;
    town.set_level(act, channel, request.notification_type)
}

pub(crate) fn clear_channel(
    town: &mut Town,
    act: &Act<'_>,
    request: api::NotificationChannel,
) -> Result<Done<()>, Failure> {
    town.set_level(act, request.channel_id, 0)
}

pub(crate) fn mute_channel(town: &mut Town, act: &Act<'_>, request: api::SetMuteRequest) -> Result<Done<()>, Failure> {
    town.channel_for(act.by, request.id)?;
    town.set_mute(act, &request)
}

pub(crate) fn mute_category(town: &mut Town, act: &Act<'_>, request: api::SetMuteRequest) -> Result<Done<()>, Failure> {
    town.category_for(act.by, request.id)?;
    town.set_mute(act, &request)
}

/// The channels of a clan that the caller has muted.
pub(crate) fn muted(
    town: &Town,
    act: &Act<'_>,
    request: api::ListMutedChannelRequest,
) -> Result<api::MutedChannelList, Failure> {
    let muted = town.wishes.of(act.by).filter(|wish| wish.is_muted(act)).filter_map(|wish| town.channels.get(wish.of));
    let of_clan = muted.filter(|channel| channel.clan == request.clan_id);
    Ok(api::MutedChannelList { muted_list: of_clan.map(|channel| channel.id).collect() })
}

/// The channels and categories of a clan for which the caller has wishes.
pub(crate) fn overrides(
    town: &Town,
    act: &Act<'_>,
    request: api::NotificationClan,
) -> Result<api::NotificationChannelCategorySettingList, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let described = |wish: &Wish| {
        let channel = town.channels.get(wish.of).filter(|channel| channel.clan == clan);
        let category = town.categories.get(wish.of).filter(|category| category.clan == clan);
        let (label, title) = match (channel, category) {
            (Some(channel), _) => (&channel.label, "channel"),
            (_, Some(category)) => (&category.name, "category"),
            _ => return None,
        };
        Some(api::NotificationChannelCategorySetting {
            id: wish.of,
            channel_category_label: label.clone(),
            notification_setting_type: wish.level,
            channel_category_title: title.to_owned(),
            action: i32::from(!wish.is_muted(act)),
        })
    };
    Ok(api::NotificationChannelCategorySettingList {
        notification_channel_category_settings_list: town.wishes.of(act.by).filter_map(described).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    #[test]
    fn the_nearest_wish_counts() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let channel = place.town.channels.iter().find(|channel| channel.clan == clan).unwrap().clone();
        let level =
            |place: &Place| place.seen(2, |town: &Town, act: &Act<'_>, ()| Ok(town.level(2, &channel, act)), ());
        assert_eq!(level(&place), EVERYTHING);
        let of_clan = api::SetDefaultNotificationRequest { clan_id: clan, notification_type: 2, category_id: 0 };
        place.done(2, set_clan, of_clan);
        assert_eq!(level(&place), 2);
        let of = |id, level| api::SetNotificationRequest {
            channel_category_id: id,
            notification_type: level,
            clan_id: clan,
        };
        place.done(2, set_category, of(channel.category, 3));
        assert_eq!(level(&place), 3);
        place.done(2, set_channel, of(channel.id, 1));
        assert_eq!(level(&place), 1);
        let overrides = place.seen(2, overrides, api::NotificationClan { clan_id: clan });
        assert_eq!(overrides.notification_channel_category_settings_list.len(), 2);
        place.done(2, clear_channel, api::NotificationChannel { channel_id: channel.id });
        place.done(2, clear_category, api::DefaultNotificationCategory { category_id: channel.category });
        assert_eq!(level(&place), 2);
        place.refused(2, set_channel, of(channel.id, 4), "notification_type is not between 0 and 3");
        place.refused(3, set_channel, of(channel.id, 1), "channel permission denied");
        let never = api::SetMuteRequest { id: channel.id, mute_time: 0, active: 0, clan_id: clan };
        place.refused(2, mute_channel, never, "mute_time is neither a time in seconds nor -1");
    }
}
