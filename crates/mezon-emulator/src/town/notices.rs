//! Notifications: what happened to a user while looking elsewhere.

use mezon_proto::api;
use mezon_proto::realtime::Notifications;
use mezon_proto::realtime::envelope::Message;
use prost::Message as _;
use serde::{Deserialize, Serialize};

use super::channels::page_limit;
use super::wishes::NOTHING;
use super::{Act, Audience, Done, Key, Record, Town};
use crate::failure::Failure;

/// `code` of notifications.
pub(crate) const FRIEND_REQUEST: i32 = -2;
pub(crate) const FRIEND_ACCEPTED: i32 = -3;
pub(crate) const MENTIONED: i32 = -9;
pub(crate) const REPLIED: i32 = -11;

/// `category`: the list that a notification is in.
const FOR_YOU: i32 = 1;
const MENTIONS: i32 = 3;

/// How many notifications of a user are kept.
const KEPT: usize = 1_000;

/// The user id that stands for everybody who is online.
const HERE: i64 = 1_775_731_111_020_111_321;

/// An entry of a user's lists of notifications.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Notice {
    pub(crate) user: i64,
    pub(crate) id: i64,
    pub(crate) code: i32,
    pub(crate) sender: i64,
    pub(crate) subject: String,
    /// The message that it is about, and its content; 0 and nothing when it is about none.
    pub(crate) message: i64,
    pub(crate) content: String,
    pub(crate) clan: i64,
    pub(crate) channel: i64,
    pub(crate) topic: i64,
    pub(crate) created: u32,
}

impl Record for Notice {
    const KIND: &'static str = "notice";
    /// The first part of the key is a user's.
    const MADE_HERE: bool = false;

    fn key(&self) -> Key {
        (self.user, self.id).into()
    }
}

impl Notice {
    fn category(&self) -> i32 {
        if matches!(self.code, MENTIONED | REPLIED) { MENTIONS } else { FOR_YOU }
    }
}

impl Town {
    /// Keeps a notification, and tells whom it is for.
    pub(crate) fn notify<A>(&mut self, act: &Act<'_>, done: Done<A>, notice: Notice) -> Done<A> {
        let notice = Notice { id: act.id(), created: act.now(), ..notice };
        let told = Notifications { notifications: vec![self.described_notice(act, &notice)] };
        let user = notice.user;
        self.notices.put(notice);
        let old: Vec<i64> = self.notices.of(user).rev().skip(KEPT).map(|notice| notice.id).collect();
        for id in old {
            self.notices.remove((user, id));
        }
        done.push(Audience::Users(vec![user]), Message::Notifications(told))
    }

    /// What a notification tells of its message.
    fn message_of(&self, notice: &Notice) -> api::DirectFcmProto {
        if notice.message == 0 {
            return api::DirectFcmProto::default();
        }
        let sender = self.users.get(notice.sender);
        api::DirectFcmProto {
            title: notice.subject.clone(),
            content: notice.content.clone(),
            channel_id: notice.channel,
            sender_id: notice.sender,
            clan_id: notice.clan,
            display_name: sender.map(|user| user.shown_name().to_owned()).unwrap_or_default(),
            username: sender.map(|user| user.username.clone()).unwrap_or_default(),
            message_id: notice.message,
            topic_id: notice.topic,
            ..api::DirectFcmProto::default()
        }
    }

    fn described_notice(&self, act: &Act<'_>, notice: &Notice) -> api::Notification {
        let channel = self.channels.get(notice.channel);
        api::Notification {
            id: notice.id,
            subject: notice.subject.clone(),
            content: self.message_of(notice).encode_to_vec().into(),
            code: notice.code,
            sender_id: notice.sender,
            create_time_seconds: notice.created,
            persistent: true,
            clan_id: notice.clan,
            channel_id: notice.channel,
            channel_type: channel.map_or(0, |channel| channel.kind),
            avatar_url: self.users.get(notice.sender).map(|user| user.avatar.clone()).unwrap_or_default(),
            channel: channel.map(|channel| self.description(act, channel, notice.user)),
            topic_id: notice.topic,
            category: notice.category(),
        }
    }
}

/// A page of a list, the newest first; from the notification that the request names on, without it.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    request: api::ListNotificationsRequest,
) -> Result<api::NotificationList, Failure> {
    let wanted = |notice: &&Notice| {
        notice.clan == request.clan_id
            && [0, notice.category()].contains(&request.category)
            && (request.notification_id == 0 || notice.id < request.notification_id)
    };
    let notices = town.notices.of(act.by).rev().filter(wanted).take(page_limit(request.limit));
    let notifications = notices.map(|notice| town.described_notice(act, notice)).collect();
    Ok(api::NotificationList { notifications, cacheable_cursor: String::new() })
}

/// Deletes notifications of the caller. Those that are not there are no matter.
pub(crate) fn delete(
    town: &mut Town,
    act: &Act<'_>,
    request: api::DeleteNotificationsRequest,
) -> Result<Done<()>, Failure> {
    for id in request.ids {
        town.notices.remove((act.by, id));
    }
    Ok(Done::new(()))
}

/// Tells those whom a message mentions, and those whom it answers, as far as they want to know.
pub(crate) fn of_message(town: &mut Town, act: &Act<'_>, message: api::ChannelMessage) -> Result<Done<()>, Failure> {
    let mentions = api::MessageMentionList::decode(message.mentions.clone()).unwrap_or_default().mentions;
    let refs = api::MessageRefList::decode(message.references.clone()).unwrap_or_default().refs;
    let mut told: Vec<(i64, i32)> = Vec::new();
    for mention in mentions {
        if mention.user_id == HERE {
            let channel = town.channel(message.channel_id)?;
            told.extend(town.seers(channel).into_iter().filter(|user| (act.online)(*user)).map(mentioned));
        } else if let Some(role) = town.roles.get(mention.role_id) {
            told.extend(role.members.iter().copied().map(mentioned));
        } else {
            told.push(mentioned(mention.user_id));
        }
    }
    told.extend(refs.into_iter().map(|reference| (reference.message_sender_id, REPLIED)));
    let mut done = Done::new(());
    let mut seen = vec![message.sender_id];
    for (user, code) in told {
        let wants = || {
            let channel = town.channels.get(message.channel_id)?;
            (town.may_see(user, channel) && town.level(user, channel, act) != NOTHING).then_some(())
        };
        if seen.contains(&user) || wants().is_none() {
            continue;
        }
        seen.push(user);
        let verb = if code == REPLIED { "answered" } else { "mentioned you" };
        let notice = Notice {
            user,
            code,
            sender: message.sender_id,
            subject: format!("{} {verb}", message.display_name),
            message: message.message_id,
            content: message.content.clone(),
            clan: message.clan_id,
            channel: message.channel_id,
            topic: message.topic_id,
            ..Notice::default()
        };
        done = town.notify(act, done, notice);
    }
    Ok(done)
}

fn mentioned(user: i64) -> (i64, i32) {
    (user, MENTIONED)
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::town::testing::Place;
    use crate::town::wishes;

    fn message(channel: i64, mentions: &[i64], answered: &[i64]) -> api::ChannelMessage {
        let mentions = mentions.iter().map(|user| api::MessageMention { user_id: *user, ..Default::default() });
        let refs = answered.iter().map(|user| api::MessageRef { message_sender_id: *user, ..Default::default() });
        api::ChannelMessage {
            channel_id: channel,
            sender_id: 1,
            display_name: "An".to_owned(),
            mentions: api::MessageMentionList { mentions: mentions.collect() }.encode_to_vec().into(),
            references: api::MessageRefList { refs: refs.collect() }.encode_to_vec().into(),
            ..Default::default()
        }
    }

    fn codes(place: &Place, user: i64) -> Vec<i32> {
        let request = api::ListNotificationsRequest { category: MENTIONS, ..Default::default() };
        place.seen(user, list, request).notifications.into_iter().map(|notice| notice.code).collect()
    }

    #[test]
    fn who_is_mentioned_or_answered_is_told_once_and_nobody_else() {
        let mut place = Place::default();
        let channel = place.dm(1, 2);
        let done = place.done(1, of_message, message(channel, &[2, 1, 3], &[2]));
        assert_eq!(done.pushes.len(), 1, "not the sender, not a stranger, not twice");
        assert_eq!(codes(&place, 2), [MENTIONED]);
        place.done(1, of_message, message(channel, &[], &[2]));
        assert_eq!((codes(&place, 2), codes(&place, 3)), (vec![REPLIED, MENTIONED], vec![]));
    }

    #[test]
    fn who_has_a_role_is_told_when_it_is_mentioned() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3]);
        let role_id = place.role(1, clan, "helpers", &[2]);
        let mention = api::MessageMention { role_id, ..Default::default() };
        let mentions = api::MessageMentionList { mentions: vec![mention] }.encode_to_vec().into();
        let message = api::ChannelMessage { clan_id: clan, mentions, ..message(place.welcome(clan), &[], &[]) };
        let done = place.done(1, of_message, message);
        assert!(matches!(done.pushes.as_slice(), [push] if push.to == Audience::Users(vec![2])), "{:?}", done.pushes);
    }

    #[test]
    fn a_muted_channel_says_nothing_until_its_time_is_over() {
        let mut place = Place::default();
        let channel = place.dm(1, 2);
        let mute = |seconds, active| api::SetMuteRequest { id: channel, mute_time: seconds, active, clan_id: 0 };
        place.done(2, wishes::mute_channel, mute(60, 0));
        assert!(place.done(1, of_message, message(channel, &[2], &[])).pushes.is_empty());
        place.now_ms += 60_000;
        assert_eq!(place.done(1, of_message, message(channel, &[2], &[])).pushes.len(), 1);
        place.done(2, wishes::mute_channel, mute(-1, 0));
        place.now_ms += 1_000_000_000;
        assert!(place.done(1, of_message, message(channel, &[2], &[])).pushes.is_empty());
        place.done(2, wishes::mute_channel, mute(0, 1));
        assert_eq!(place.done(1, of_message, message(channel, &[2], &[])).pushes.len(), 1);
    }

    #[test]
    fn a_list_is_read_towards_older_ones_and_deleted_from() {
        let mut place = Place::default();
        let channel = place.dm(1, 2);
        for _ in 0..3 {
            place.done(1, of_message, message(channel, &[2], &[]));
        }
        let page = |from| api::ListNotificationsRequest { limit: 2, notification_id: from, ..Default::default() };
        let ids = |place: &Place, from| -> Vec<i64> {
            place.seen(2, list, page(from)).notifications.iter().map(|notice| notice.id).collect()
        };
        let first = ids(&place, 0);
        let second = ids(&place, first[1]);
        assert!(first[0] > first[1] && first[1] > second[0]);
        assert_eq!((first.len(), second.len()), (2, 1));
        place.done(2, delete, api::DeleteNotificationsRequest { ids: vec![first[0], 404], ..Default::default() });
        assert_eq!(ids(&place, 0), [first[1], second[0]]);
    }
}
