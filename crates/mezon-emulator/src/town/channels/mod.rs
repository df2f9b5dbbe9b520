//! Channels of all types: what they are, who may see them, and how they are listed.

pub(crate) mod conversations;
pub(crate) mod in_clans;
pub(crate) mod members;
pub(crate) mod threads;

use std::cmp::Reverse;

use mezon_proto::api;
use serde::{Deserialize, Serialize};

use super::permissions::Permission;
use super::{Act, Done, Key, Record, Town};
use crate::failure::Failure;

/// `channel_type` of a text channel.
pub(crate) const TEXT: i32 = 1;
/// `channel_type` of a group.
pub(crate) const GROUP: i32 = 2;
/// `channel_type` of a direct channel.
pub(crate) const DIRECT: i32 = 3;
/// `channel_type` of a channel whose room is at Google Meet.
pub(crate) const GOOGLE_MEET: i32 = 4;
/// `channel_type` of a forum.
pub(crate) const FORUM: i32 = 5;
/// `channel_type` of a streaming room.
pub(crate) const STREAMING: i32 = 6;
/// `channel_type` of a thread.
pub(crate) const THREAD: i32 = 7;
/// `channel_type` of an app.
pub(crate) const APP: i32 = 8;
/// `channel_type` of announcements.
pub(crate) const ANNOUNCEMENT: i32 = 9;
/// `channel_type` of a voice room.
pub(crate) const VOICE: i32 = 10;

/// The most entries of a list (the protocol says pages of 1 to 100).
pub(crate) const PAGE_LIMIT: i32 = 100;

/// A place where messages are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Channel {
    pub(crate) id: i64,
    /// `channel_type` on the wire.
    pub(crate) kind: i32,
    /// 0: a direct or group conversation.
    pub(crate) clan: i64,
    pub(crate) category: i64,
    /// The channel that a thread belongs to; 0 for all others.
    pub(crate) parent: i64,
    pub(crate) label: String,
    pub(crate) creator: i64,
    pub(crate) created: u32,
    /// Only members, and those with one of the roles, see it.
    pub(crate) private: bool,
    /// Who is in it, in ascending order. A public channel of a clan has none: it is everybody's.
    pub(crate) members: Vec<i64>,
    /// The roles that see it, when it is private.
    pub(crate) roles: Vec<i64>,
    pub(crate) archived: bool,
    pub(crate) topic: String,
    pub(crate) avatar: String,
    pub(crate) app: i64,
    pub(crate) age_restricted: i32,
    pub(crate) e2ee: i32,
    /// The name of its room, if it has one.
    pub(crate) meeting_code: String,
}

impl Record for Channel {
    const KIND: &'static str = "channel";

    fn key(&self) -> Key {
        self.id.into()
    }
}

impl Channel {
    pub(crate) fn has(&self, user: i64) -> bool {
        self.members.binary_search(&user).is_ok()
    }

    /// Puts users in, who may be in it already.
    fn add(&mut self, users: &[i64]) {
        self.members.extend(users);
        self.members.sort_unstable();
        self.members.dedup();
    }

    pub(crate) fn is_public(&self) -> bool {
        self.clan != 0 && !self.private
    }

    /// `mode` of its messages: another number than its type, for the same thing.
    pub(crate) fn mode(&self) -> i32 {
        match self.kind {
            DIRECT => 4,
            GROUP => 3,
            THREAD => 6,
            _ => 2,
        }
    }

    /// A client that confuses type and mode is told; one that leaves the mode out is not.
    pub(crate) fn check_mode(&self, mode: i32) -> Result<(), Failure> {
        if mode == 0 || mode == self.mode() { Ok(()) } else { Err(Failure::invalid("mode does not fit the channel")) }
    }
}

impl Town {
    pub(crate) fn channel(&self, id: i64) -> Result<&Channel, Failure> {
        self.channels.get(id).ok_or_else(|| Failure::not_found("channel not found"))
    }

    /// A channel that the user may see.
    pub(crate) fn channel_for(&self, user: i64, id: i64) -> Result<&Channel, Failure> {
        let channel = self.channel(id)?;
        if self.may_see(user, channel) { Ok(channel) } else { Err(Failure::denied("channel permission denied")) }
    }

    /// A channel that the caller may write into.
    pub(crate) fn channel_to_write(&self, act: &Act<'_>, id: i64) -> Result<&Channel, Failure> {
        let channel = self.channel_for(act.by, id)?;
        if channel.clan != 0 && !self.may_in(act.by, channel, Permission::SendMessage) {
            return Err(Failure::denied("channel permission denied"));
        }
        if self.is_banned(act, channel.id, act.by) {
            return Err(Failure::denied("the user is banned from the channel"));
        }
        self.check_may_write(act.by, channel)?;
        Ok(channel)
    }

    /// A channel of a clan that the caller may change: those who manage channels, and who made it.
    pub(super) fn channel_to_manage(&self, act: &Act<'_>, id: i64) -> Result<&Channel, Failure> {
        let channel = self.channel_for(act.by, id)?;
        let manages = |permission| self.may_in(act.by, channel, permission);
        let may = channel.creator == act.by
            || (channel.clan != 0 && manages(Permission::ManageChannel))
            || (channel.kind == THREAD && manages(Permission::ManageThread));
        if may { Ok(channel) } else { Err(Failure::denied("channel permission denied")) }
    }

    /// Members see their conversations and private channels. The members of a clan see its public channels, those with
    /// one of its roles see a private one, and who administers the clan sees all. Nobody sees a thread without its channel.
    pub(crate) fn may_see(&self, user: i64, channel: &Channel) -> bool {
        if channel.clan == 0 {
            return channel.has(user);
        }
        if !self.members.has((channel.clan, user)) || !self.may_in(user, channel, Permission::ViewChannel) {
            return false;
        }
        let above = channel.parent == 0 || self.channels.get(channel.parent).is_some_and(|of| self.may_see(user, of));
        above && (!channel.private || self.is_let_in(user, channel))
    }

    /// Whether a private channel of a clan is one for the user.
    fn is_let_in(&self, user: i64, channel: &Channel) -> bool {
        channel.has(user)
            || channel.roles.iter().any(|role| self.roles.get(*role).is_some_and(|role| role.has(user)))
            || self.may(user, channel.clan, Permission::Administrator)
    }

    /// The members of a clan, or of a conversation, who may see a channel.
    pub(super) fn seers(&self, channel: &Channel) -> Vec<i64> {
        if channel.clan == 0 {
            return channel.members.clone();
        }
        let members = self.members.of(channel.clan).map(|member| member.user);
        members.filter(|user| self.may_see(*user, channel)).collect()
    }
}

/// Makes a channel: a conversation in clan 0, a thread, or any other channel of a clan.
pub(crate) fn create(
    town: &mut Town,
    act: &Act<'_>,
    request: api::CreateChannelDescRequest,
) -> Result<Done<api::ChannelDescription>, Failure> {
    match request.r#type {
        DIRECT | GROUP => conversations::create(town, act, request),
        THREAD => threads::create(town, act, request),
        _ => in_clans::create(town, act, request),
    }
}

/// The channels of a clan in the order in which they were made, or the conversations of the caller, the one with the
/// latest activity first. Archived channels and hidden conversations are left out.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    request: api::ListChannelDescsRequest,
) -> Result<api::ChannelDescList, Failure> {
    if request.clan_id != 0 {
        town.clan_for(act.by, request.clan_id)?;
    }
    let wanted = town.channels.iter().filter(|channel| {
        channel.clan == request.clan_id && [0, channel.kind].contains(&request.channel_type) && !channel.archived
    });
    let mut seen: Vec<&Channel> = wanted.filter(|channel| town.may_see(act.by, channel)).collect();
    if request.clan_id == 0 {
        seen.retain(|channel| !town.is_hidden(channel, act.by));
        seen.sort_by_key(|channel| Reverse(town.newest.get(&channel.id).map_or(channel.id, |newest| newest.id)));
    }
    Ok(api::ChannelDescList { channeldesc: described(town, act, page(&seen, request.limit, request.page)) })
}

/// All channels of the caller, over all clans.
pub(crate) fn list_all(town: &Town, act: &Act<'_>, (): ()) -> Result<api::ChannelDescList, Failure> {
    let seen: Vec<&Channel> =
        town.channels.iter().filter(|channel| !channel.archived && town.may_see(act.by, channel)).collect();
    Ok(api::ChannelDescList { channeldesc: described(town, act, &seen) })
}

pub(crate) fn detail(
    town: &Town,
    act: &Act<'_>,
    request: api::ListChannelDetailRequest,
) -> Result<api::ChannelDescription, Failure> {
    Ok(town.description(act, town.channel_for(act.by, request.channel_id)?, act.by))
}

fn described(town: &Town, act: &Act<'_>, channels: &[&Channel]) -> Vec<api::ChannelDescription> {
    channels.iter().map(|channel| town.description(act, channel, act.by)).collect()
}

/// A page of a list, counted from 1; 0 is the first one, too.
pub(crate) fn page<T>(all: &[T], limit: i32, page: i32) -> &[T] {
    let limit = page_limit(limit);
    let skipped = usize::try_from(page.max(1) - 1).unwrap_or_default().saturating_mul(limit);
    let rest = all.get(skipped..).unwrap_or_default();
    rest.get(..limit).unwrap_or(rest)
}

/// A limit of a request, brought into its range; the most when there is none.
pub(crate) fn page_limit(limit: i32) -> usize {
    let limit = if limit <= 0 { PAGE_LIMIT } else { limit.min(PAGE_LIMIT) };
    usize::try_from(limit).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    #[test]
    fn a_list_starts_with_the_latest_activity_and_comes_in_pages() {
        let mut place = Place::default();
        let (first, second) = (place.dm(1, 2), place.dm(1, 3));
        let group = api::CreateChannelDescRequest { r#type: GROUP, user_ids: vec![2, 3], ..Default::default() };
        let group = place.done(1, create, group).answer.channel_id;
        place.dm(2, 3);
        let ids = |place: &Place, request| -> Vec<i64> {
            place.seen(1, list, request).channeldesc.iter().map(|channel| channel.channel_id).collect()
        };
        let all = api::ListChannelDescsRequest::default();
        assert_eq!(ids(&place, all.clone()), [group, second, first]);
        place.town.newest.insert(first, api::ChannelMessageHeader { id: group + 1, ..Default::default() });
        assert_eq!(ids(&place, all.clone()), [first, group, second]);
        let page = |number| api::ListChannelDescsRequest { limit: 2, page: number, ..all.clone() };
        assert_eq!(ids(&place, page(2)), [second]);
        assert!(ids(&place, page(i32::MAX)).is_empty());
        let direct = api::ListChannelDescsRequest { channel_type: DIRECT, ..all };
        assert_eq!(ids(&place, direct), [first, second]);
    }

    #[test]
    fn only_members_see_a_channel() {
        let mut place = Place::default();
        let dm = api::ListChannelDetailRequest { channel_id: place.dm(1, 2) };
        assert_eq!(place.seen(2, detail, dm).user_ids, [1]);
        place.unseen(3, detail, dm, "channel permission denied");
        place.unseen(1, detail, api::ListChannelDetailRequest { channel_id: 404 }, "channel not found");
    }
    #[test]
    fn a_clan_lists_what_its_members_may_see_by_type_and_in_pages() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3]);
        let general = place.welcome(clan);
        let private = place.channel(1, clan, "secret", &[2]);
        let voice = place.channel_of_kind(1, clan, VOICE);
        let thread = place.thread(2, private, "about it", &[]);
        let ids = |user, channel_type, limit, page| -> Vec<i64> {
            let request =
                api::ListChannelDescsRequest { clan_id: clan, channel_type, limit, page, ..Default::default() };
            place.seen(user, list, request).channeldesc.iter().map(|channel| channel.channel_id).collect()
        };
        assert_eq!(ids(1, 0, 0, 0), [general, private, voice, thread]);
        assert_eq!(ids(2, TEXT, 0, 0), [general, private]);
        assert_eq!(ids(3, 0, 0, 0), [general, voice], "neither the private one nor its thread");
        assert_eq!((ids(1, 0, 3, 1), ids(1, 0, 3, 2)), (vec![general, private, voice], vec![thread]));
        let foreign = api::ListChannelDescsRequest { clan_id: clan, ..Default::default() };
        place.unseen(4, list, foreign.clone(), "clan permission denied");
        place.unseen(4, list, api::ListChannelDescsRequest { clan_id: 404, ..foreign }, "clan not found");
        let everything = place.seen(3, list_all, ()).channeldesc;
        assert_eq!(everything.len(), 2);
    }

    #[test]
    fn a_private_channel_is_seen_by_members_its_roles_and_who_administers() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3, 4, 5]);
        let channel = place.channel(2, clan, "secret", &[3]);
        let role = place.role(1, clan, "readers", &[4]);
        let add = api::AddRoleChannelDescRequest { role_ids: vec![role], channel_id: channel };
        place.done(2, in_clans::add_roles, add);
        let sees = [1, 2, 3, 4, 5].map(|user| place.town.channel_for(user, channel).is_ok());
        assert_eq!(sees, [true, true, true, true, false]);
        place.role_that_may(1, clan, &[5], &[Permission::Administrator]);
        assert!(place.town.channel_for(5, channel).is_ok());
    }
}
