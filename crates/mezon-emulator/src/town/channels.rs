//! Channels: direct and group conversations.

use std::cmp::Reverse;

use mezon_proto::api;
use mezon_proto::realtime::UserChannelAdded;
use mezon_proto::realtime::envelope::Message;
use serde::{Deserialize, Serialize};

use super::{Act, Audience, Done, Key, Record, Town};
use crate::failure::{Failure, FailureKind};

/// `channel_type` of a group.
pub(crate) const GROUP: i32 = 2;
/// `channel_type` of a direct channel.
pub(crate) const DIRECT: i32 = 3;

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
    pub(crate) label: String,
    pub(crate) creator: i64,
    pub(crate) created: u32,
    /// Who is in it, in ascending order.
    pub(crate) members: Vec<i64>,
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

    /// `mode` of its messages: another number than its type, for the same thing.
    pub(crate) fn mode(&self) -> i32 {
        if self.kind == DIRECT { 4 } else { 3 }
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

    #[expect(clippy::unused_self, reason = "a clan's channels are seen by what the town knows of the clan")]
    pub(crate) fn may_see(&self, user: i64, channel: &Channel) -> bool {
        channel.has(user)
    }

    fn direct_channel(&self, one: i64, other: i64) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.kind == DIRECT && channel.has(one) && channel.has(other))
    }
}

/// Opens a direct channel or makes a group. The same two users always share one direct channel.
pub(crate) fn create(
    town: &mut Town,
    act: &Act<'_>,
    request: api::CreateChannelDescRequest,
) -> Result<Done<api::ChannelDescription>, Failure> {
    let mut peers = request.user_ids;
    peers.retain(|peer| *peer != act.by);
    peers.sort_unstable();
    peers.dedup();
    match request.r#type {
        DIRECT if peers.len() != 1 => return Err(Failure::invalid("a direct channel needs one other user")),
        GROUP if peers.is_empty() => return Err(Failure::invalid("a group channel needs at least one other user")),
        DIRECT | GROUP if request.clan_id != 0 => {
            return Err(Failure::invalid("direct and group channels belong to clan 0"));
        }
        DIRECT | GROUP => {}
        _ => {
            return Err(Failure::new(FailureKind::Unimplemented, "the emulator has direct and group channels only"));
        }
    }
    for peer in &peers {
        town.registered(act, *peer)?;
    }
    if let (DIRECT, [peer]) = (request.r#type, peers.as_slice()) {
        town.check_unblocked(act.by, *peer)?;
        if let Some(known) = town.direct_channel(act.by, *peer) {
            return Ok(Done::new(town.description(act, known, act.by)));
        }
    }

    let mut members = peers.clone();
    members.push(act.by);
    members.sort_unstable();
    let channel = Channel {
        id: act.id(),
        kind: request.r#type,
        label: request.channel_label,
        creator: act.by,
        created: act.now(),
        members,
        ..Channel::default()
    };
    town.channels.put(channel.clone());
    let mut done = Done::new(town.description(act, &channel, act.by));
    for peer in peers {
        done = done.push(Audience::Users(vec![peer]), added(town, act, &channel, peer));
    }
    Ok(done)
}

/// The channels of the caller, the one with the latest activity first.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    request: api::ListChannelDescsRequest,
) -> Result<api::ChannelDescList, Failure> {
    let wanted = town
        .channels
        .iter()
        .filter(|channel| channel.clan == request.clan_id && [0, channel.kind].contains(&request.channel_type));
    let mut seen: Vec<&Channel> = wanted.filter(|channel| town.may_see(act.by, channel)).collect();
    seen.sort_by_key(|channel| Reverse(town.newest.get(&channel.id).map_or(channel.id, |newest| newest.id)));
    let page = page(&seen, request.limit, request.page);
    Ok(api::ChannelDescList {
        channeldesc: page.iter().map(|channel| town.description(act, channel, act.by)).collect(),
    })
}

pub(crate) fn detail(
    town: &Town,
    act: &Act<'_>,
    request: api::ListChannelDetailRequest,
) -> Result<api::ChannelDescription, Failure> {
    Ok(town.description(act, town.channel_for(act.by, request.channel_id)?, act.by))
}

/// How a user hears that they are in a channel now.
fn added(town: &Town, act: &Act<'_>, channel: &Channel, user: i64) -> Message {
    let members = channel.members.iter().filter_map(|member| town.users.get(*member));
    Message::UserChannelAddedEvent(UserChannelAdded {
        channel_desc: Some(town.description(act, channel, user)),
        users: members.map(|member| member.profile(act)).collect(),
        caller: town.users.get(act.by).map(|caller| caller.profile(act)),
        create_time_seconds: channel.created,
        active: 1,
        ..UserChannelAdded::default()
    })
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

    fn request(kind: i32, peers: &[i64]) -> api::CreateChannelDescRequest {
        api::CreateChannelDescRequest { r#type: kind, user_ids: peers.to_vec(), ..Default::default() }
    }

    #[test]
    fn the_same_two_share_one_direct_channel_and_groups_are_new_each_time() {
        let mut place = Place::default();
        let dm = place.done(1, create, request(DIRECT, &[2]));
        let [push] = dm.pushes.as_slice() else { panic!("{:?}", dm.pushes) };
        assert_eq!(push.to, Audience::Users(vec![2]));
        let Message::UserChannelAddedEvent(event) = &push.message else { panic!("{push:?}") };
        assert_eq!(event.channel_desc.as_ref().unwrap().user_ids, [1], "the list leaves out who reads it");

        let again = place.done(2, create, request(DIRECT, &[1, 2]));
        assert_eq!((again.answer.channel_id, again.pushes), (dm.answer.channel_id, Vec::new()));
        let group = |place: &mut Place| place.done(1, create, request(GROUP, &[3, 2, 3])).answer;
        let (one, other) = (group(&mut place), group(&mut place));
        assert!(one.channel_id < other.channel_id);
        assert_eq!(one.user_ids, [2, 3]);
    }

    #[test]
    fn a_channel_that_cannot_be_is_refused_and_nobody_is_made() {
        let mut place = Place::default();
        place.refused(1, create, request(DIRECT, &[2, 3]), "a direct channel needs one other user");
        place.refused(1, create, request(GROUP, &[1]), "a group channel needs at least one other user");
        place.refused(1, create, request(GROUP, &[2, -7]), "user not found");
        let in_a_clan = api::CreateChannelDescRequest { clan_id: 9, ..request(GROUP, &[2]) };
        place.refused(1, create, in_a_clan, "direct and group channels belong to clan 0");
        assert!(place.town.user(2).is_err());
    }

    #[test]
    fn a_list_starts_with_the_latest_activity_and_comes_in_pages() {
        let mut place = Place::default();
        let (first, second) = (place.dm(1, 2), place.dm(1, 3));
        let group = place.done(1, create, request(GROUP, &[2, 3])).answer.channel_id;
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
}
