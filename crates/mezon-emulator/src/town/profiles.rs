//! What users show of themselves, and to whom.

use std::collections::BTreeSet;

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{
    CustomStatusEvent, Status, StatusFollow, StatusPresenceEvent, UserPresence, UserProfileUpdatedEvent,
    UserStatusEvent,
};

use super::channels::page;
use super::people::{Shown, User};
use super::{Act, Audience, Done, Town, named};
use crate::failure::{Failure, FailureKind};

/// The most users that one request follows.
const FOLLOWED: usize = 1_000;

impl Town {
    /// Who hears of a user's profile and status: friends, those who share a clan or talk with the user, and the user's own
    /// devices.
    fn acquaintances(&self, user: i64) -> Audience {
        let shared = self.clans.iter().filter(|clan| self.members.has((clan.id, user)));
        let members = shared.flat_map(|clan| self.members.of(clan.id).map(|member| member.user));
        let conversations = self.channels.iter().filter(|channel| channel.clan == 0 && channel.has(user));
        let partners = conversations.flat_map(|channel| channel.members.iter().copied());
        let users: BTreeSet<i64> = members.chain(partners).chain(self.friends_of(user)).chain([user]).collect();
        Audience::Users(users.into_iter().collect())
    }

    /// Changes the caller, and tells who hears of it how the profile looks now.
    fn show(&mut self, act: &Act<'_>, change: impl FnOnce(&mut User)) -> Result<Done<()>, Failure> {
        let mut user = self.user(act.by)?.clone();
        change(&mut user);
        let event = UserProfileUpdatedEvent {
            user_id: user.id,
            display_name: user.shown_name().to_owned(),
            avatar: user.avatar.clone(),
            about_me: user.about.clone(),
            ..UserProfileUpdatedEvent::default()
        };
        self.users.put(user);
        Ok(Done::new(()).push(self.acquaintances(act.by), Message::UserProfileUpdatedEvent(event)))
    }
}

/// Changes what the request has of the caller's account.
pub(crate) fn update_account(
    town: &mut Town,
    act: &Act<'_>,
    request: api::UpdateAccountRequest,
) -> Result<Done<()>, Failure> {
    town.show(act, |user| {
        for (field, new) in [
            (&mut user.display_name, request.display_name),
            (&mut user.avatar, request.avatar_url),
            (&mut user.lang_tag, request.lang_tag),
            (&mut user.location, request.location),
            (&mut user.timezone, request.timezone),
            (&mut user.about, request.about_me),
            (&mut user.logo, request.logo),
            (&mut user.email, request.email),
        ] {
            *field = new.unwrap_or_else(|| std::mem::take(field));
        }
    })
}

/// Changes the caller's display name and picture.
pub(crate) fn update_user(
    town: &mut Town,
    act: &Act<'_>,
    request: api::UpdateUsersRequest,
) -> Result<Done<()>, Failure> {
    town.show(act, |user| {
        user.display_name = request.display_name;
        user.avatar = request.avatar_url;
    })
}

/// Gives the caller another unique name, and another display name when the request has one.
pub(crate) fn rename(town: &mut Town, act: &Act<'_>, request: api::UpdateUsernameRequest) -> Result<Done<()>, Failure> {
    let username = named(&request.username, "username")?;
    if town.user_named(&username).is_some_and(|user| user.id != act.by) {
        return Err(Failure::new(FailureKind::AlreadyExists, "username is already in use"));
    }
    town.show(act, |user| {
        user.username = username;
        if !request.display_name.is_empty() {
            user.display_name = request.display_name;
        }
    })
}

/// The state that the caller shows.
pub(crate) fn status(town: &Town, act: &Act<'_>, (): ()) -> Result<api::UserStatus, Failure> {
    Ok(api::UserStatus { user_id: act.by, status: town.user(act.by)?.state.at(act).to_owned() })
}

/// Sets the state that the caller shows, such as `Idle`.
pub(crate) fn set_status(town: &mut Town, act: &Act<'_>, request: api::UserStatusUpdate) -> Result<Done<()>, Failure> {
    let mut user = town.user(act.by)?.clone();
    let event = UserStatusEvent { user_id: user.id, custom_status: request.status.clone() };
    user.state = shown(act, request)?;
    town.users.put(user);
    Ok(Done::new(()).push(town.acquaintances(act.by), Message::UserStatusEvent(event)))
}

/// Sets the text that the caller has written about the moment.
pub(crate) fn set_custom_status(
    town: &mut Town,
    act: &Act<'_>,
    request: api::UserStatusUpdate,
) -> Result<Done<()>, Failure> {
    let mut user = town.user(act.by)?.clone();
    let event = CustomStatusEvent {
        user_id: user.id,
        username: user.username.clone(),
        status: request.status.clone(),
        time_reset: request.minutes,
        no_clear: request.until_turn_on,
        ..CustomStatusEvent::default()
    };
    user.status = shown(act, request)?;
    town.users.put(user);
    Ok(Done::new(()).push(town.acquaintances(act.by), Message::CustomStatusEvent(event)))
}

/// The members of a clan who are online, page by page.
pub(crate) fn online(
    town: &Town,
    act: &Act<'_>,
    request: api::ListUserOnlineRequest,
) -> Result<api::ListUserOnlineResponse, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let members = town.members.of(clan).filter(|member| (act.online)(member.user));
    let users: Vec<&User> = members.filter_map(|member| town.users.get(member.user)).collect();
    let page = page(&users, request.limit, request.page);
    Ok(api::ListUserOnlineResponse {
        users: page.iter().map(|user| user.described(act)).collect(),
        total_count: i32::try_from(users.len()).unwrap_or(i32::MAX),
    })
}

/// The texts that the members of a clan have written about the moment.
pub(crate) fn statuses(
    town: &Town,
    act: &Act<'_>,
    request: api::ListClanUsersStatusRequest,
) -> Result<api::ClanUserStatusList, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let members = town.members.of(clan).filter_map(|member| town.users.get(member.user));
    let entry =
        |user: &User| api::ClanUserStatusEntry { user_id: user.id, user_status: user.status.at(act).to_owned() };
    Ok(api::ClanUserStatusList { clan_user_statuses: members.map(entry).collect() })
}

/// How it is told that the caller has come online, or gone, and to which users, whether they follow the caller or not:
/// to friends. To tell all members of a clan would take a frame for each two of them.
pub(crate) fn presence(town: &Town, act: &Act<'_>, came: bool) -> Result<(Message, Vec<i64>), Failure> {
    let presence = presence_of(town.user(act.by)?, act);
    let (joins, leaves) = if came { (vec![presence], Vec::new()) } else { (Vec::new(), vec![presence]) };
    let event = Message::StatusPresenceEvent(StatusPresenceEvent { joins, leaves });
    Ok((event, town.friends_of(act.by).collect()))
}

/// Those whom a request to follow names, and who of them is online. Whoever does not exist is left out.
pub(crate) fn followed(town: &Town, act: &Act<'_>, request: StatusFollow) -> Result<(Vec<i64>, Status), Failure> {
    let by_id = request.user_ids.iter().filter_map(|id| town.users.get(*id));
    let by_name = request.usernames.iter().filter_map(|name| town.user_named(name));
    let users: Vec<&User> = by_id.chain(by_name).take(FOLLOWED).collect();
    let online = users.iter().filter(|user| (act.online)(user.id));
    let status = Status { presences: online.map(|user| presence_of(user, act)).collect() };
    Ok((users.iter().map(|user| user.id).collect(), status))
}

fn presence_of(user: &User, act: &Act<'_>) -> UserPresence {
    UserPresence {
        user_id: user.id,
        username: user.username.clone(),
        status: Some(user.status.at(act).to_owned()),
        user_status: user.state.at(act).to_owned(),
        ..UserPresence::default()
    }
}

/// What the request sets, and until when.
fn shown(act: &Act<'_>, request: api::UserStatusUpdate) -> Result<Shown, Failure> {
    let minutes = u32::try_from(request.minutes).map_err(|_| Failure::invalid("minutes is below 0"))?;
    let ends = !request.until_turn_on && minutes > 0;
    let until = if ends { act.now().saturating_add(minutes.saturating_mul(60)) } else { 0 };
    Ok(Shown { text: request.status, until })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::people;
    use crate::town::testing::Place;

    #[test]
    fn a_profile_changes_in_what_the_request_has_and_those_who_know_the_user_hear() {
        let mut place = Place::default();
        place.dm(1, 2);
        place.clan(3, &[1]);
        let request = api::UpdateAccountRequest {
            display_name: Some("An".to_owned()),
            about_me: Some("likes trains".to_owned()),
            ..Default::default()
        };
        let done = place.done(1, update_account, request);
        assert_eq!(done.pushes[0].to, Audience::Users(vec![1, 2, 3]));
        place.done(
            1,
            update_account,
            api::UpdateAccountRequest { about_me: Some(String::new()), ..Default::default() },
        );
        let user = place.seen(1, people::account, ()).user.unwrap();
        assert_eq!((user.display_name.as_str(), user.about_me.as_str()), ("An", ""));
    }

    #[test]
    fn a_name_is_unique() {
        let mut place = Place::default();
        place.dm(1, 2);
        let name = |name: &str| api::UpdateUsernameRequest { username: name.to_owned(), ..Default::default() };
        place.refused(1, rename, name("user-2"), "username is already in use");
        place.refused(1, rename, name(" "), "username is required");
        place.done(1, rename, name("an"));
        place.done(1, rename, name("an"));
        assert_eq!(place.town.user_named("an").unwrap().id, 1);
    }

    #[test]
    fn a_status_ends_when_its_time_is_over() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let lunch = api::UserStatusUpdate { status: "at lunch".to_owned(), minutes: 30, until_turn_on: false };
        place.done(2, set_custom_status, lunch);
        place.done(2, set_status, api::UserStatusUpdate { status: "Idle".to_owned(), ..Default::default() });
        let text = |place: &Place| {
            let all = place.seen(1, statuses, api::ListClanUsersStatusRequest { clan_id: clan }).clan_user_statuses;
            all.into_iter().find(|entry| entry.user_id == 2).unwrap().user_status
        };
        assert_eq!(text(&place), "at lunch");
        place.now_ms += 30 * 60_000;
        assert_eq!(text(&place), "");
        assert_eq!(place.seen(2, status, ()).status, "Idle");
        place.refused(2, set_status, api::UserStatusUpdate { minutes: -1, ..Default::default() }, "minutes is below 0");
    }
}
