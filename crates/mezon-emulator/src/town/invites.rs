//! Invitations into clans.

use mezon_proto::api;
use serde::{Deserialize, Serialize};

use super::{Act, Done, Key, Record, Town};
use crate::failure::Failure;

/// Seconds of a day.
const DAY: u32 = 86_400;

/// A link that leads into a clan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Invite {
    pub(crate) id: i64,
    pub(crate) clan: i64,
    /// The channel that it shows first; 0: the welcome channel.
    pub(crate) channel: i64,
    pub(crate) by: i64,
    pub(crate) created: u32,
    /// 0: never.
    pub(crate) expires: u32,
}

impl Record for Invite {
    const KIND: &'static str = "invite";

    fn key(&self) -> Key {
        self.id.into()
    }
}

/// Makes an invitation. `expiry_time` counts days; 0 means that it does not expire.
pub(crate) fn create(
    town: &mut Town,
    act: &Act<'_>,
    request: api::LinkInviteUserRequest,
) -> Result<Done<api::LinkInviteUser>, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    if request.channel_id != 0 && town.channel_for(act.by, request.channel_id)?.clan != clan {
        return Err(Failure::invalid("channel_id is no channel of the clan"));
    }
    let days = u32::try_from(request.expiry_time).map_err(|_| Failure::invalid("expiry_time must not be negative"))?;
    let expires = if days == 0 { 0 } else { act.now().saturating_add(days.saturating_mul(DAY)) };
    let invite = Invite { id: act.id(), clan, channel: request.channel_id, by: act.by, created: act.now(), expires };
    let answer = api::LinkInviteUser {
        clan_id: clan,
        creator_id: act.by,
        channel_id: invite.channel,
        invite_link: invite.id.to_string(),
        create_time_seconds: invite.created,
        expiry_time_seconds: invite.expires,
        id: invite.id,
    };
    town.invites.put(invite);
    Ok(Done::new(answer))
}

/// Lets the caller into the clan that an invitation leads to.
pub(crate) fn accept(
    town: &mut Town,
    act: &Act<'_>,
    request: api::InviteUserRequest,
) -> Result<Done<api::InviteUserRes>, Failure> {
    let invite = town.invite(act, request.invite_id)?.clone();
    if town.is_banned(act, invite.clan, act.by) {
        return Err(Failure::denied("clan permission denied"));
    }
    let invitor = town.users.get(invite.by).map(|user| user.username.clone()).unwrap_or_default();
    let push = town.enter(act, invite.clan, act.by, &invitor)?;
    Ok(Done { pushes: push.into_iter().collect(), ..Done::new(town.led_to(&invite, act.by)?) })
}

/// What an invitation leads to, for anybody who has it.
pub(crate) fn preview(
    town: &Town,
    act: &Act<'_>,
    request: api::InviteUserRequest,
) -> Result<api::InviteUserRes, Failure> {
    town.led_to(town.invite(act, request.invite_id)?, act.by)
}

impl Town {
    /// An invitation that still holds.
    fn invite(&self, act: &Act<'_>, id: i64) -> Result<&Invite, Failure> {
        let invite = self.invites.get(id).ok_or_else(|| Failure::not_found("invite not found"))?;
        if invite.expires != 0 && invite.expires <= act.now() {
            return Err(Failure::invalid("invite link has expired"));
        }
        Ok(invite)
    }

    fn led_to(&self, invite: &Invite, user: i64) -> Result<api::InviteUserRes, Failure> {
        let clan = self.clan(invite.clan)?;
        let channel = if invite.channel == 0 { clan.welcome_channel } else { invite.channel };
        Ok(api::InviteUserRes {
            clan_id: clan.id,
            channel_id: channel,
            clan_name: clan.name.clone(),
            channel_label: self.channels.get(channel).map(|channel| channel.label.clone()).unwrap_or_default(),
            user_joined: self.members.has((clan.id, user)),
            expiry_time_seconds: invite.expires,
            clan_logo: clan.logo.clone(),
            member_count: i32::try_from(self.members.of(clan.id).count()).unwrap_or(i32::MAX),
            banner: clan.banner.clone(),
            community_banner: clan.community_banner.clone(),
            is_community: clan.community,
        })
    }
}

#[cfg(test)]
mod tests {
    use mezon_proto::realtime::envelope::Message;

    use super::*;
    use crate::town::Audience;
    use crate::town::testing::Place;

    #[test]
    fn an_invitation_lets_in_and_the_clan_is_told_once() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let request = api::LinkInviteUserRequest { clan_id: clan, expiry_time: 7, ..Default::default() };
        place.refused(3, create, request, "clan permission denied");
        let link = place.done(2, create, request).answer;
        assert_eq!(link.invite_link, link.id.to_string());
        assert_eq!(link.expiry_time_seconds - link.create_time_seconds, 7 * DAY);

        let accept_it = api::InviteUserRequest { invite_id: link.id };
        assert!(!place.seen(3, preview, accept_it).user_joined, "looking is not joining");
        let joined = place.done(3, accept, accept_it);
        assert!(joined.answer.user_joined);
        assert_eq!((joined.answer.clan_id, joined.answer.member_count), (clan, 3));
        assert_eq!(joined.answer.channel_label, "general");
        assert_eq!(joined.pushes[0].to, Audience::ClanAnd(clan, vec![3]));
        let Message::AddClanUserEvent(event) = &joined.pushes[0].message else { panic!() };
        assert_eq!((event.user.as_ref().unwrap().user_id, event.invitor.as_str()), (3, "user-2"));
        assert!(place.done(3, accept, accept_it).pushes.is_empty(), "who is there does not come");
    }

    #[test]
    fn an_invitation_that_is_old_or_unknown_lets_nobody_in() {
        let mut place = Place::default();
        let clan = place.clan(1, &[]);
        let request = api::LinkInviteUserRequest { clan_id: clan, expiry_time: 1, ..Default::default() };
        let link = place.done(1, create, request).answer;
        place.now_ms += u64::from(DAY) * 1000;
        place.refused(2, accept, api::InviteUserRequest { invite_id: link.id }, "invite link has expired");
        place.refused(2, accept, api::InviteUserRequest { invite_id: 404 }, "invite not found");
        let negative = api::LinkInviteUserRequest { expiry_time: -1, ..request };
        place.refused(1, create, negative, "expiry_time must not be negative");
        let foreign = api::LinkInviteUserRequest { channel_id: place.dm(1, 2), ..request };
        place.refused(1, create, foreign, "channel_id is no channel of the clan");
    }
}
