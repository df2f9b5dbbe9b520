//! Who is in a channel: added, removed, listed.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{UserChannelAdded, UserChannelRemoved};

use super::{Channel, DIRECT, GROUP, THREAD};
use crate::failure::Failure;
use crate::town::{Act, Audience, Done, Town, after_cursor};

/// How `viewer` hears that users are in a channel now.
pub(super) fn added(town: &Town, act: &Act<'_>, channel: &Channel, users: &[i64], viewer: i64) -> Message {
    let users = users.iter().filter_map(|user| town.users.get(*user));
    Message::UserChannelAddedEvent(UserChannelAdded {
        channel_desc: Some(town.description(act, channel, viewer)),
        users: users.map(|user| user.profile(act)).collect(),
        clan_id: channel.clan,
        caller: town.users.get(act.by).map(|caller| caller.profile(act)),
        create_time_seconds: channel.created,
        active: 1,
        ..UserChannelAdded::default()
    })
}

/// Adds users: to a group anybody in it, to a private channel or a thread anybody who sees it.
pub(crate) fn add(town: &mut Town, act: &Act<'_>, request: api::AddChannelUsersRequest) -> Result<Done<()>, Failure> {
    let mut channel = town.channel_for(act.by, request.channel_id)?.clone();
    if channel.kind == DIRECT {
        return Err(Failure::invalid("a direct channel has two users"));
    }
    if channel.is_public() && channel.kind != THREAD {
        return Err(Failure::invalid("a public channel has all members of its clan"));
    }
    let mut new = request.user_ids;
    new.retain(|user| !channel.has(*user));
    new.sort_unstable();
    new.dedup();
    for user in &new {
        if channel.clan == 0 {
            town.registered(act, *user)?;
        } else {
            town.member(channel.clan, *user)?;
        }
        // A thread is no way into its channel.
        if channel.parent != 0 && !town.may_see(*user, town.channel(channel.parent)?) {
            return Err(Failure::not_found("user not found"));
        }
    }
    if new.is_empty() {
        return Ok(Done::new(()));
    }
    channel.add(&new);
    town.channels.put(channel.clone());
    let event = added(town, act, &channel, &new, 0);
    let mut done = Done::new(()).push(Audience::ChannelAnd(channel.id, new.clone()), event);
    if channel.kind == THREAD {
        // This is how clients hear that a thread is open to them.
        done = done.push(Audience::Users(new), channel.updated_event());
    }
    Ok(done)
}

/// Removes users. Everybody may remove themselves; others are removed by those who manage the channel.
pub(crate) fn remove(
    town: &mut Town,
    act: &Act<'_>,
    request: api::RemoveChannelUsersRequest,
) -> Result<Done<()>, Failure> {
    let channel = town.channel_for(act.by, request.channel_id)?.clone();
    if channel.kind == DIRECT {
        return Err(Failure::invalid("a direct channel has two users"));
    }
    let users = request.user_ids;
    if users != [act.by] {
        town.channel_to_manage(act, channel.id)?;
    }
    if users.iter().any(|user| !channel.has(*user)) {
        return Err(Failure::not_found("user not found"));
    }
    Ok(without(town, channel, &users))
}

/// Takes users out of a channel, and tells it. A group that nobody is in is gone.
pub(super) fn without(town: &mut Town, mut channel: Channel, users: &[i64]) -> Done<()> {
    channel.members.retain(|member| !users.contains(member));
    let event = UserChannelRemoved {
        channel_id: channel.id,
        user_ids: users.to_vec(),
        channel_type: channel.kind,
        clan_id: channel.clan,
        ..UserChannelRemoved::default()
    };
    let told = Audience::ChannelAnd(channel.id, users.to_vec());
    let done = Done::new(()).push(told, Message::UserChannelRemovedEvent(event));
    if channel.kind == GROUP && channel.members.is_empty() {
        town.remove_channel(channel.id);
    } else {
        town.channels.put(channel);
    }
    done
}

/// Who is in a channel: all members of the clan, when it is public and no thread.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    request: api::ListChannelUsersRequest,
) -> Result<api::ChannelUserList, Failure> {
    let channel = town.channel_for(act.by, request.channel_id)?;
    let users: Vec<i64> =
        if channel.is_public() && channel.kind != THREAD { town.seers(channel) } else { channel.members.clone() };
    let (page, cursor) = after_cursor(&users, &request.cursor, request.limit, |user| *user)?;
    let described = page.iter().map(|user| {
        let member = town.members.get((channel.clan, *user)).cloned().unwrap_or_default();
        api::channel_user_list::ChannelUser {
            user_id: *user,
            role_id: town.roles_with(channel.clan, *user).map(|role| role.id).collect(),
            id: *user,
            thread_id: if channel.kind == THREAD { channel.id } else { 0 },
            clan_nick: member.nick,
            clan_avatar: member.avatar,
            clan_id: channel.clan,
            added_by: channel.creator,
            is_banned: town.is_banned(act, channel.id, *user),
            expired_ban_time: town.ban_ends(act, channel.id, *user),
        }
    });
    Ok(api::ChannelUserList { channel_users: described.collect(), cursor, channel_id: channel.id })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    fn ids(place: &Place, channel: i64) -> Vec<i64> {
        let request = api::ListChannelUsersRequest { channel_id: channel, ..Default::default() };
        place.seen(1, list, request).channel_users.iter().map(|user| user.user_id).collect()
    }

    fn adding(channel_id: i64, users: &[i64]) -> api::AddChannelUsersRequest {
        api::AddChannelUsersRequest { channel_id, user_ids: users.to_vec() }
    }

    fn removing(channel_id: i64, users: &[i64]) -> api::RemoveChannelUsersRequest {
        api::RemoveChannelUsersRequest { channel_id, user_ids: users.to_vec() }
    }

    #[test]
    fn a_group_grows_shrinks_and_ends() {
        let mut place = Place::default();
        let group = place.group(1, &[2]);
        let done = place.done(2, add, adding(group, &[3, 2, 3]));
        assert_eq!(done.pushes[0].to, Audience::ChannelAnd(group, vec![3]));
        assert!(place.done(2, add, adding(group, &[3])).pushes.is_empty(), "who is in it is not added");
        assert_eq!(ids(&place, group), [1, 2, 3]);
        place.refused(4, add, adding(group, &[4]), "channel permission denied");
        place.refused(2, remove, removing(group, &[3]), "channel permission denied");
        place.refused(1, remove, removing(group, &[9]), "user not found");

        let done = place.done(1, remove, removing(group, &[3]));
        let Message::UserChannelRemovedEvent(event) = &done.pushes[0].message else { panic!() };
        assert_eq!((event.user_ids.as_slice(), event.channel_type), ([3].as_slice(), GROUP));
        place.done(1, remove, removing(group, &[1]));
        place.done(2, remove, removing(group, &[2]));
        assert!(place.town.channel(group).is_err());
    }

    #[test]
    fn a_direct_channel_and_a_public_one_take_nobody() {
        let mut place = Place::default();
        let dm = place.dm(1, 2);
        place.refused(1, add, adding(dm, &[3]), "a direct channel has two users");
        place.refused(1, remove, removing(dm, &[1]), "a direct channel has two users");
        let clan = place.clan(1, &[2]);
        let public = place.welcome(clan);
        place.refused(1, add, adding(public, &[2]), "a public channel has all members of its clan");
        assert_eq!(ids(&place, public), [1, 2]);
    }

    #[test]
    fn a_private_channel_takes_members_of_its_clan_alone() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let channel = place.channel(1, clan, "secret", &[]);
        place.refused(1, add, adding(channel, &[9]), "user not found");
        place.done(1, add, adding(channel, &[2]));
        assert!(place.town.channel_for(2, channel).is_ok());
        place.done(2, remove, removing(channel, &[2]));
        assert!(place.town.channel_for(2, channel).is_err());
    }

    #[test]
    fn a_thread_is_no_way_into_its_channel() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3]);
        let channel = place.channel(1, clan, "secret", &[2]);
        let thread = place.thread(1, channel, "about it", &[2]);
        place.refused(1, add, adding(thread, &[3]), "user not found");
        assert!(place.town.channel_for(2, thread).is_ok());
        // Who is out of the channel is out of its threads.
        place.done(1, remove, removing(channel, &[2]));
        assert!(place.town.channel_for(2, thread).is_err());
    }

    #[test]
    fn members_come_in_pages() {
        let mut place = Place::default();
        let group = place.group(1, &[2, 3]);
        let page = |cursor: &str| {
            let cursor = cursor.to_owned();
            let request = api::ListChannelUsersRequest { channel_id: group, limit: 2, cursor, ..Default::default() };
            let list = place.seen(1, list, request);
            (list.channel_users.iter().map(|user| user.user_id).collect::<Vec<_>>(), list.cursor)
        };
        let (first, cursor) = page("");
        assert_eq!(first, [1, 2]);
        assert_eq!(page(&cursor), (vec![3], String::new()));
    }
}
