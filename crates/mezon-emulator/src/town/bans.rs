//! Bans, from a clan or from writing in one of its channels.

use mezon_proto::api;
use mezon_proto::realtime::BannedUserEvent;
use mezon_proto::realtime::envelope::Message;
use serde::{Deserialize, Serialize};

use super::permissions::Permission;
use super::{Act, Audience, Done, Key, Record, Town};
use crate::failure::Failure;

/// `action` of the event: banned.
const BANNED: i32 = 1;
/// `action` of the event: the ban is lifted.
const LIFTED: i32 = 0;

/// Keeps somebody out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ban {
    /// A channel, where the user may read and not write, or the clan, which the user may not enter.
    pub(crate) place: i64,
    pub(crate) user: i64,
    pub(crate) clan: i64,
    pub(crate) by: i64,
    /// Seconds; 0 without an end.
    pub(crate) time: i32,
    pub(crate) since: u32,
    pub(crate) reason: String,
}

impl Record for Ban {
    const KIND: &'static str = "ban";

    fn key(&self) -> Key {
        (self.place, self.user).into()
    }
}

impl Ban {
    /// When it ends, in seconds since the Unix epoch; 0 for never.
    fn ends(&self) -> u32 {
        if self.time == 0 { 0 } else { self.since.saturating_add(self.time.unsigned_abs()) }
    }

    fn holds(&self, act: &Act<'_>) -> bool {
        self.ends() == 0 || self.ends() > act.now()
    }
}

impl Town {
    /// Whether a user may not enter a clan, or not write in a channel.
    pub(crate) fn is_banned(&self, act: &Act<'_>, place: i64, user: i64) -> bool {
        self.ban(act, place, user).is_some()
    }

    /// When a ban ends, as clients read it: 0 for never, or for no ban at all.
    pub(super) fn ban_ends(&self, act: &Act<'_>, place: i64, user: i64) -> i32 {
        self.ban(act, place, user).map_or(0, |ban| i32::try_from(ban.ends()).unwrap_or(i32::MAX))
    }

    fn ban(&self, act: &Act<'_>, place: i64, user: i64) -> Option<&Ban> {
        self.bans.get((place, user)).filter(|ban| ban.holds(act))
    }

    /// The clan that a request is about, and the place of the ban: one of its channels, or the clan itself.
    fn place_of(&self, act: &Act<'_>, clan: i64, channel: i64) -> Result<(i64, i64), Failure> {
        let clan = self.clan_where(act.by, clan, Permission::ManageClan)?.id;
        if channel == 0 {
            return Ok((clan, clan));
        }
        let found = self.channels.get(channel).filter(|of| of.clan == clan);
        found.map(|of| (clan, of.id)).ok_or_else(|| Failure::not_found("channel not found"))
    }
}

/// Bans users. `ban_time` counts seconds; 0 is for ever. Who is banned from the clan is removed from it.
pub(crate) fn ban(town: &mut Town, act: &Act<'_>, request: api::BanClanUsersRequest) -> Result<Done<()>, Failure> {
    let (clan, place) = town.place_of(act, request.clan_id, request.channel_id)?;
    if request.ban_time < 0 {
        return Err(Failure::invalid("ban_time must not be negative"));
    }
    let owner = town.clan(clan)?.owner;
    for user in &request.user_ids {
        town.member(clan, *user)?;
        if *user == owner {
            return Err(Failure::denied("the owner cannot be banned"));
        }
        town.check_power(act, clan, *user)?;
        town.bans.put(Ban {
            place,
            user: *user,
            clan,
            by: act.by,
            time: request.ban_time,
            since: act.now(),
            reason: request.reason.clone(),
        });
    }
    let told = Audience::ClanAnd(clan, request.user_ids.clone());
    let mut done = Done::new(()).push(told, event(act, &request, BANNED));
    if place == clan {
        done.pushes.extend(town.expel(clan, &request.user_ids));
    }
    Ok(done)
}

/// Lifts bans. Users who are not banned are no matter.
pub(crate) fn unban(town: &mut Town, act: &Act<'_>, request: api::BanClanUsersRequest) -> Result<Done<()>, Failure> {
    let (clan, place) = town.place_of(act, request.clan_id, request.channel_id)?;
    let mut request = request;
    request.user_ids.retain(|user| town.bans.remove((place, *user)).is_some());
    if request.user_ids.is_empty() {
        return Ok(Done::new(()));
    }
    let told = Audience::ClanAnd(clan, request.user_ids.clone());
    Ok(Done::new(()).push(told, event(act, &request, LIFTED)))
}

/// The bans of a clan and its channels, or of one channel.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    request: api::BannedUserListRequest,
) -> Result<api::BannedUserList, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let of_clan = town.bans.iter().filter(|ban| ban.clan == clan && ban.holds(act));
    let wanted = of_clan.filter(|ban| [0, ban.place].contains(&request.channel_id));
    let banned_users = wanted.map(|ban| api::BannedUser {
        channel_id: if ban.place == clan { 0 } else { ban.place },
        banned_id: ban.user,
        banner_id: ban.by,
        ban_time: ban.time,
        reason: ban.reason.clone(),
    });
    Ok(api::BannedUserList { banned_users: banned_users.collect() })
}

/// Whether the caller is banned from writing in a channel.
pub(crate) fn of_caller(
    town: &Town,
    act: &Act<'_>,
    request: api::IsBannedRequest,
) -> Result<api::IsBannedResponse, Failure> {
    let channel = town.channel_for(act.by, request.channel_id)?.id;
    Ok(api::IsBannedResponse {
        is_banned: town.is_banned(act, channel, act.by),
        expired_ban_time: town.ban_ends(act, channel, act.by),
    })
}

fn event(act: &Act<'_>, request: &api::BanClanUsersRequest, action: i32) -> Message {
    Message::BanUserEvent(BannedUserEvent {
        user_ids: request.user_ids.clone(),
        action,
        banner_id: act.by,
        channel_id: request.channel_id,
        clan_id: request.clan_id,
        ban_time: request.ban_time,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    #[test]
    fn who_is_banned_from_a_channel_reads_and_does_not_write_until_it_ends() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let channel = place.welcome(clan);
        let request = api::BanClanUsersRequest {
            clan_id: clan,
            channel_id: channel,
            user_ids: vec![2],
            ban_time: 60,
            reason: "spam".to_owned(),
        };
        place.refused(2, ban, request.clone(), "permission denied");
        let owner = api::BanClanUsersRequest { user_ids: vec![1], ..request.clone() };
        place.refused(1, ban, owner, "the owner cannot be banned");
        let done = place.done(1, ban, request.clone());
        assert_eq!(done.pushes[0].to, Audience::ClanAnd(clan, vec![2]));
        let own = api::IsBannedRequest { channel_id: channel };
        assert!(place.seen(2, of_caller, own).is_banned);
        let of_clan = api::BannedUserListRequest { clan_id: clan, channel_id: 0 };
        assert_eq!(place.seen(2, list, of_clan).banned_users[0].reason, "spam");
        assert!(place.may_write(2, channel).is_err() && place.town.channel_for(2, channel).is_ok());

        place.now_ms += 60_000;
        assert!(place.may_write(2, channel).is_ok());
        assert!(!place.seen(2, of_caller, own).is_banned);
        assert!(place.seen(1, list, of_clan).banned_users.is_empty());
    }

    #[test]
    fn who_is_banned_from_a_clan_is_out_and_comes_back_when_it_is_lifted() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let invite_id = place.invite(1, clan);
        let request = api::BanClanUsersRequest { clan_id: clan, user_ids: vec![2], ..Default::default() };
        let done = place.done(1, ban, request.clone());
        let arms: Vec<_> = done.pushes.iter().map(|push| std::mem::discriminant(&push.message)).collect();
        assert_eq!(arms.len(), 2, "{:?}", done.pushes);
        assert!(place.town.clan_for(2, clan).is_err());
        let accept = api::InviteUserRequest { invite_id };
        place.refused(2, crate::town::invites::accept, accept, "clan permission denied");

        place.done(1, unban, request.clone());
        assert!(place.done(1, unban, request).pushes.is_empty(), "there is nothing to lift");
        place.done(2, crate::town::invites::accept, accept);
        assert!(place.town.clan_for(2, clan).is_ok());
    }
}
