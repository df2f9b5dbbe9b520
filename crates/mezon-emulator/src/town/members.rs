//! Who is in a clan, and how they are called there.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{AddClanUserEvent, ClanProfileUpdatedEvent, UserClanRemoved};
use serde::{Deserialize, Serialize};

use super::permissions::Permission;
use super::{Act, Audience, Done, Key, Push, Record, Town};
use crate::failure::Failure;

/// Somebody in a clan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Member {
    pub(crate) clan: i64,
    pub(crate) user: i64,
    /// Empty: the name of the user.
    pub(crate) nick: String,
    /// Empty: the picture of the user.
    pub(crate) avatar: String,
    pub(crate) joined: u32,
    /// Where the member sees the clan among their others.
    pub(crate) order: i32,
}

impl Record for Member {
    const KIND: &'static str = "member";

    fn key(&self) -> Key {
        (self.clan, self.user).into()
    }
}

impl Town {
    pub(crate) fn member(&self, clan: i64, user: i64) -> Result<&Member, Failure> {
        self.members.get((clan, user)).ok_or_else(|| Failure::not_found("user not found"))
    }

    /// Lets a user into a clan; gives the event that tells it, or `None` for one who is there.
    pub(super) fn enter(
        &mut self,
        act: &Act<'_>,
        clan: i64,
        user: i64,
        invitor: &str,
    ) -> Result<Option<Push>, Failure> {
        if self.members.has((clan, user)) {
            return Ok(None);
        }
        let profile = self.registered(act, user)?.profile(act);
        self.members.put(Member { clan, user, joined: act.now(), ..Member::default() });
        let event = AddClanUserEvent { clan_id: clan, user: Some(profile), invitor: invitor.to_owned() };
        Ok(Some(Push { to: Audience::ClanAnd(clan, vec![user]), message: Message::AddClanUserEvent(event) }))
    }

    /// Takes users out of a clan, its roles, channels and voice rooms; gives the events that tell it.
    pub(super) fn expel(&mut self, clan: i64, users: &[i64]) -> Vec<Push> {
        let mut pushes = Vec::new();
        for user in users {
            pushes.extend(self.leave_voice(*user, |channel| channel.clan == clan));
            self.members.remove((clan, *user));
        }
        let of_clan: Vec<i64> = self.channels.iter().filter(|of| of.clan == clan).map(|of| of.id).collect();
        self.overrides.remove_where(|of| of_clan.contains(&of.channel) && users.contains(&of.user));
        for id in of_clan {
            if let Some(channel) = self.channels.get(id)
                && channel.members.iter().any(|member| users.contains(member))
                && let Some(channel) = self.channels.get_mut(id)
            {
                channel.members.retain(|member| !users.contains(member));
            }
        }
        let roles: Vec<i64> = self.roles_of(clan).map(|role| role.id).collect();
        for id in roles {
            if let Some(role) = self.roles.get_mut(id) {
                role.members.retain(|member| !users.contains(member));
            }
        }
        let event = UserClanRemoved { clan_id: clan, user_ids: users.to_vec() };
        let message = Message::UserClanRemovedEvent(event);
        pushes.push(Push { to: Audience::ClanAnd(clan, users.to_vec()), message });
        pushes
    }
}

/// Lets a user into a clan of the caller without an invitation.
pub(crate) fn let_in(town: &mut Town, act: &Act<'_>, (clan, user): (i64, i64)) -> Result<Done<()>, Failure> {
    town.clan_for(act.by, clan)?;
    if town.is_banned(act, clan, user) {
        return Err(Failure::denied("the user is banned from the clan"));
    }
    let invitor = town.user(act.by)?.username.clone();
    let push = town.enter(act, clan, user, &invitor)?;
    Ok(Done { pushes: push.into_iter().collect(), ..Done::new(()) })
}

/// The members of a clan.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    request: api::ListClanUsersRequest,
) -> Result<api::ClanUserList, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let described = town.members.of(clan).filter_map(|member| {
        Some(api::clan_user_list::ClanUser {
            user: Some(api::User { join_time_seconds: member.joined, ..town.users.get(member.user)?.described(act) }),
            role_id: town.roles_with(clan, member.user).map(|role| role.id).collect(),
            clan_nick: member.nick.clone(),
            clan_avatar: member.avatar.clone(),
            clan_id: clan,
        })
    });
    Ok(api::ClanUserList { clan_users: described.collect(), cursor: String::new(), clan_id: clan })
}

/// Everybody who shares a clan with the caller.
pub(crate) fn of_all_clans(town: &Town, act: &Act<'_>, (): ()) -> Result<api::AllUserClans, Failure> {
    let shared = town.clans.iter().filter(|clan| town.members.has((clan.id, act.by)));
    let mut users: Vec<i64> = shared.flat_map(|clan| town.members.of(clan.id).map(|member| member.user)).collect();
    users.sort_unstable();
    users.dedup();
    let users = users.into_iter().filter_map(|user| town.users.get(user));
    Ok(api::AllUserClans { users: users.map(|user| user.described(act)).collect() })
}

/// Removes members from a clan. Without any, or with the caller's own id, it is the caller who leaves.
pub(crate) fn remove(
    town: &mut Town,
    act: &Act<'_>,
    request: api::RemoveClanUsersRequest,
) -> Result<Done<()>, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.clone();
    let users = if request.user_ids.is_empty() { vec![act.by] } else { request.user_ids };
    if users != [act.by] {
        town.clan_where(act.by, clan.id, Permission::ManageClan)?;
    }
    for user in &users {
        town.member(clan.id, *user)?;
        if *user == clan.owner {
            return Err(Failure::denied("the owner cannot leave, the clan must be given to somebody else before"));
        }
        town.check_power(act, clan.id, *user)?;
    }
    Ok(Done { pushes: town.expel(clan.id, &users), ..Done::new(()) })
}

/// How the caller is called in a clan.
pub(crate) fn profile(
    town: &Town,
    act: &Act<'_>,
    request: api::ClanProfileRequest,
) -> Result<api::ClanProfile, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let member = town.member(clan, act.by)?;
    Ok(api::ClanProfile {
        user_id: act.by,
        nick_name: member.nick.clone(),
        avatar: member.avatar.clone(),
        clan_id: clan,
        about: town.user(act.by)?.about.clone(),
    })
}

/// Changes how the caller is called in a clan. What the request does not have stays.
pub(crate) fn update_profile(
    town: &mut Town,
    act: &Act<'_>,
    request: api::UpdateClanProfileRequest,
) -> Result<Done<()>, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let mut member = town.member(clan, act.by)?.clone();
    member.nick = request.nick_name.unwrap_or(member.nick);
    member.avatar = request.avatar.unwrap_or(member.avatar);
    let event = ClanProfileUpdatedEvent {
        user_id: act.by,
        clan_nick: member.nick.clone(),
        clan_avatar: member.avatar.clone(),
        clan_id: clan,
    };
    town.members.put(member);
    Ok(Done::new(()).push(Audience::Clan(clan), Message::ClanProfileUpdatedEvent(event)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    fn ids(place: &Place, clan: i64) -> Vec<i64> {
        let list = place.seen(1, list, api::ListClanUsersRequest { clan_id: clan });
        list.clan_users.iter().map(|of| of.user.as_ref().unwrap().id).collect()
    }

    #[test]
    fn members_leave_and_are_removed() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3, 4]);
        let remove_ids = |user_ids: &[i64]| api::RemoveClanUsersRequest { clan_id: clan, user_ids: user_ids.to_vec() };
        place.refused(2, remove, remove_ids(&[3]), "permission denied");
        place.refused(5, remove, remove_ids(&[]), "clan permission denied");
        place.refused(1, remove, remove_ids(&[3, 9]), "user not found");
        let stays = "the owner cannot leave, the clan must be given to somebody else before";
        place.refused(1, remove, remove_ids(&[]), stays);
        assert_eq!(ids(&place, clan), [1, 2, 3, 4]);

        let left = place.done(2, remove, remove_ids(&[]));
        assert_eq!(left.pushes[0].to, Audience::ClanAnd(clan, vec![2]));
        let removed = place.done(1, remove, remove_ids(&[3]));
        let Message::UserClanRemovedEvent(event) = &removed.pushes[0].message else { panic!() };
        assert_eq!((event.clan_id, event.user_ids.as_slice()), (clan, [3].as_slice()));
        assert_eq!(ids(&place, clan), [1, 4]);
    }

    #[test]
    fn nobody_removes_somebody_of_more_power() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3]);
        place.role_that_may(1, clan, &[2], &[Permission::ManageClan]);
        place.role_that_may(1, clan, &[3], &[Permission::Administrator]);
        let removing = |user| api::RemoveClanUsersRequest { clan_id: clan, user_ids: vec![user] };
        place.refused(2, remove, removing(3), "permission denied");
        let banning = api::BanClanUsersRequest { clan_id: clan, user_ids: vec![3], ..Default::default() };
        place.refused(2, crate::town::bans::ban, banning, "permission denied");
        place.done(3, remove, removing(2));
    }

    #[test]
    fn who_is_gone_is_in_no_channel_and_no_role() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let private = place.channel(1, clan, "secret", &[2]);
        let role = place.role(1, clan, "helper", &[2]);
        place.done(2, remove, api::RemoveClanUsersRequest { clan_id: clan, ..Default::default() });
        assert_eq!(place.town.channel(private).unwrap().members, [1]);
        assert!(place.town.role(role).unwrap().members.is_empty());
        // Coming back does not bring back what was lost.
        place.enter(clan, 2);
        assert!(place.town.channel_for(2, private).is_err());
    }

    #[test]
    fn a_name_in_a_clan_is_told_to_the_clan() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let request = |nick: &str| api::UpdateClanProfileRequest {
            clan_id: clan,
            nick_name: Some(nick.to_owned()),
            avatar: None,
        };
        place.refused(3, update_profile, request("x"), "clan permission denied");
        let picture =
            api::UpdateClanProfileRequest { clan_id: clan, nick_name: None, avatar: Some("a.png".to_owned()) };
        place.done(2, update_profile, picture);
        let done = place.done(2, update_profile, request("Bé Hai"));
        assert_eq!(done.pushes[0].to, Audience::Clan(clan));
        let Message::ClanProfileUpdatedEvent(event) = &done.pushes[0].message else { panic!() };
        assert_eq!((event.user_id, event.clan_nick.as_str(), event.clan_avatar.as_str()), (2, "Bé Hai", "a.png"));
        let profile = place.seen(2, profile, api::ClanProfileRequest { clan_id: clan });
        assert_eq!((profile.nick_name.as_str(), profile.avatar.as_str()), ("Bé Hai", "a.png"));
    }

    #[test]
    fn people_of_all_clans_come_once() {
        let mut place = Place::default();
        place.clan(1, &[2, 3]);
        place.clan(1, &[2]);
        place.clan(4, &[5]);
        let users = |by| -> Vec<i64> { place.seen(by, of_all_clans, ()).users.iter().map(|user| user.id).collect() };
        assert_eq!((users(1), users(3), users(5)), (vec![1, 2, 3], vec![1, 2, 3], vec![4, 5]));
    }
}
