//! Friends, requests for friendship and blocks.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{AddFriend, BlockFriend, RemoveFriend, UnblockFriend};
use serde::{Deserialize, Serialize};

use super::channels::{Channel, DIRECT, page_limit};
use super::notices::{self, Notice};
use super::{Act, Audience, Done, Key, Record, Town};
use crate::failure::Failure;

/// `state` of a friend on the wire.
const FRIEND: i32 = 0;
const INVITE_SENT: i32 = 1;
const INVITE_RECEIVED: i32 = 2;
const BLOCKED: i32 = 3;

/// What is between two users. There is none where there is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Tie {
    /// The one with the lower id, and the other one.
    pub(crate) pair: (i64, i64),
    pub(crate) bond: Bond,
    /// Who of them has blocked the other. A bond outlives a block.
    pub(crate) blocked_by: Vec<i64>,
    pub(crate) since: u32,
}

/// How far a friendship has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Bond {
    #[default]
    None,
    /// Who has asked.
    Asked(i64),
    Friends,
}

impl Record for Tie {
    const KIND: &'static str = "tie";
    /// Users bring ids of their own.
    const MADE_HERE: bool = false;

    fn key(&self) -> Key {
        self.pair.into()
    }
}

impl Tie {
    fn other(&self, user: i64) -> Option<i64> {
        match self.pair {
            (one, other) if one == user => Some(other),
            (other, one) if one == user => Some(other),
            _ => None,
        }
    }

    /// How it looks to one of them. Who is blocked sees nothing of it.
    fn state(&self, user: i64) -> Option<i32> {
        if self.blocked_by.contains(&user) {
            return Some(BLOCKED);
        }
        match self.bond {
            _ if !self.blocked_by.is_empty() => None,
            Bond::None => None,
            Bond::Asked(by) => Some(if by == user { INVITE_SENT } else { INVITE_RECEIVED }),
            Bond::Friends => Some(FRIEND),
        }
    }
}

impl Town {
    fn tie(&self, one: i64, other: i64) -> Tie {
        let pair = (one.min(other), one.max(other));
        self.ties.get(pair).cloned().unwrap_or_else(|| Tie { pair, ..Tie::default() })
    }

    fn keep_tie(&mut self, tie: Tie) {
        if tie.bond == Bond::None && tie.blocked_by.is_empty() {
            self.ties.remove(tie.pair);
        } else {
            self.ties.put(tie);
        }
    }

    /// The friends of a user who are not kept apart by a block.
    pub(crate) fn friends_of(&self, user: i64) -> impl Iterator<Item = i64> {
        let friends = self.ties.iter().filter(move |tie| tie.state(user) == Some(FRIEND));
        friends.filter_map(move |tie| tie.other(user))
    }

    /// Refuses what a block forbids: to open a conversation of two, and to write in it.
    pub(crate) fn check_unblocked(&self, user: i64, other: i64) -> Result<(), Failure> {
        let tie = self.tie(user, other);
        if tie.blocked_by.is_empty() { Ok(()) } else { Err(Failure::denied("one of you has blocked the other")) }
    }

    /// Refuses a message in a conversation of two that a block keeps apart.
    pub(crate) fn check_may_write(&self, user: i64, channel: &Channel) -> Result<(), Failure> {
        let other = channel.members.iter().find(|member| **member != user);
        match other {
            Some(other) if channel.kind == DIRECT => self.check_unblocked(user, *other),
            _ => Ok(()),
        }
    }

    /// Those whom a request names.
    fn named_users(&mut self, act: &Act<'_>, ids: &[i64], usernames: &[String]) -> Result<Vec<i64>, Failure> {
        let mut users = Vec::new();
        for id in ids {
            users.push(self.registered(act, *id)?.id);
        }
        for username in usernames {
            let user = self.user_named(username).ok_or_else(|| Failure::not_found("user not found"))?;
            users.push(user.id);
        }
        if users.contains(&act.by) {
            return Err(Failure::invalid("nobody is their own friend"));
        }
        if users.is_empty() {
            return Err(Failure::invalid("ids or usernames are required"));
        }
        Ok(users)
    }
}

/// Everybody to whom the caller stands in some way, or in the way that is asked for; -1 means all.
pub(crate) fn list(town: &Town, act: &Act<'_>, request: api::ListFriendsRequest) -> Result<api::FriendList, Failure> {
    let after: i64 = match request.cursor.as_str() {
        "" => 0,
        cursor => cursor.parse().map_err(|_| Failure::invalid("cursor is not one of this list"))?,
    };
    let mut friends: Vec<(i64, i32, u32)> = town
        .ties
        .iter()
        .filter_map(|tie| Some((tie.other(act.by)?, tie.state(act.by)?, tie.since)))
        .filter(|(other, state, _)| *other > after && [-1, *state].contains(&request.state))
        .collect();
    friends.sort_unstable();
    let limit = page_limit(request.limit);
    let more = friends.len() > limit;
    friends.truncate(limit);
    let cursor = friends.last().filter(|_| more).map(|(other, ..)| other.to_string()).unwrap_or_default();
    let described = |(other, state, since): (i64, i32, u32)| api::Friend {
        user: town.users.get(other).map(|user| user.described(act)),
        state,
        update_time_seconds: since,
        source_id: if state == INVITE_RECEIVED { other } else { act.by },
    };
    Ok(api::FriendList { friends: friends.into_iter().map(described).collect(), cursor })
}

/// Asks users to be friends, or accepts those who have asked.
pub(crate) fn add(
    town: &mut Town,
    act: &Act<'_>,
    request: api::AddFriendsRequest,
) -> Result<Done<api::AddFriendsResponse>, Failure> {
    let mut done = Done::new(api::AddFriendsResponse::default());
    let caller = town.user(act.by)?.clone();
    for other in town.named_users(act, &request.ids, &request.usernames)? {
        town.check_unblocked(act.by, other)?;
        let mut tie = town.tie(act.by, other);
        let code = match tie.bond {
            Bond::None => {
                tie.bond = Bond::Asked(act.by);
                notices::FRIEND_REQUEST
            }
            Bond::Asked(by) if by == other => {
                tie.bond = Bond::Friends;
                notices::FRIEND_ACCEPTED
            }
            Bond::Asked(_) | Bond::Friends => continue,
        };
        tie.since = act.now();
        town.keep_tie(tie);
        done.answer.ids.push(other);
        done.answer.usernames.extend(town.users.get(other).map(|user| user.username.clone()));
        let event = AddFriend {
            user_id: caller.id,
            username: caller.username.clone(),
            display_name: caller.shown_name().to_owned(),
            avatar: caller.avatar.clone(),
        };
        done = done.push(Audience::Users(vec![other]), Message::AddFriend(event));
        let subject = match code {
            notices::FRIEND_REQUEST => format!("{} wants to be friends", caller.shown_name()),
            _ => format!("{} has accepted to be friends", caller.shown_name()),
        };
        let notice = Notice { user: other, code, sender: act.by, subject, ..Notice::default() };
        done = town.notify(act, done, notice);
    }
    Ok(done)
}

/// Ends friendships, takes requests back, declines them.
pub(crate) fn remove(town: &mut Town, act: &Act<'_>, request: api::DeleteFriendsRequest) -> Result<Done<()>, Failure> {
    let mut done = Done::new(());
    for other in town.named_users(act, &request.ids, &request.usernames)? {
        let mut tie = town.tie(act.by, other);
        if tie.bond == Bond::None {
            continue;
        }
        tie.bond = Bond::None;
        town.keep_tie(tie);
        done = done.push(Audience::Users(vec![other]), Message::RemoveFriend(RemoveFriend { user_id: act.by }));
    }
    Ok(done)
}

/// Blocks users.
pub(crate) fn block(town: &mut Town, act: &Act<'_>, request: api::BlockFriendsRequest) -> Result<Done<()>, Failure> {
    let mut done = Done::new(());
    for other in town.named_users(act, &request.ids, &request.usernames)? {
        let mut tie = town.tie(act.by, other);
        if tie.blocked_by.contains(&act.by) {
            continue;
        }
        tie.blocked_by.push(act.by);
        tie.since = act.now();
        town.keep_tie(tie);
        done = done.push(Audience::Users(vec![other]), Message::BlockFriend(BlockFriend { user_id: act.by }));
    }
    Ok(done)
}

/// Lifts blocks. Who were friends before are friends again.
pub(crate) fn unblock(town: &mut Town, act: &Act<'_>, request: api::BlockFriendsRequest) -> Result<Done<()>, Failure> {
    let mut done = Done::new(());
    let caller = town.user(act.by)?.described(act);
    for other in town.named_users(act, &request.ids, &request.usernames)? {
        let mut tie = town.tie(act.by, other);
        if !tie.blocked_by.contains(&act.by) {
            continue;
        }
        tie.blocked_by.retain(|by| *by != act.by);
        tie.since = act.now();
        town.keep_tie(tie);
        let event = UnblockFriend {
            user_id: caller.id,
            username: caller.username.clone(),
            avatar: caller.avatar_url.clone(),
            display_name: caller.display_name.clone(),
            status: caller.status.clone(),
            user_status: caller.user_status.clone(),
        };
        done = done.push(Audience::Users(vec![other]), Message::UnBlockFriend(event));
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::channels;
    use crate::town::testing::Place;

    fn ids(ids: &[i64]) -> api::AddFriendsRequest {
        api::AddFriendsRequest { ids: ids.to_vec(), ..Default::default() }
    }

    fn states(place: &Place, user: i64, state: i32) -> Vec<(i64, i32)> {
        let request = api::ListFriendsRequest { state, ..Default::default() };
        let friends = place.seen(user, list, request).friends;
        friends.into_iter().map(|friend| (friend.user.unwrap().id, friend.state)).collect()
    }

    #[test]
    fn who_asks_is_a_friend_once_the_other_asks_back() {
        let mut place = Place::default();
        let asked = place.done(1, add, ids(&[2, 3]));
        assert_eq!(asked.answer.ids, [2, 3]);
        assert_eq!(asked.pushes.len(), 4, "an event and a notification each");
        assert_eq!(states(&place, 1, -1), [(2, INVITE_SENT), (3, INVITE_SENT)]);
        assert_eq!(states(&place, 2, -1), [(1, INVITE_RECEIVED)]);
        assert!(place.done(1, add, ids(&[2])).pushes.is_empty(), "asking again says nothing new");

        place.done(2, add, ids(&[1]));
        assert_eq!((states(&place, 1, FRIEND), states(&place, 2, FRIEND)), (vec![(2, FRIEND)], vec![(1, FRIEND)]));
        assert_eq!(states(&place, 1, INVITE_SENT), [(3, INVITE_SENT)]);

        let ended = place.done(2, remove, api::DeleteFriendsRequest { ids: vec![1], ..Default::default() });
        assert_eq!(ended.pushes.len(), 1);
        assert!(states(&place, 2, -1).is_empty());
        place.refused(1, add, ids(&[1]), "nobody is their own friend");
        place.refused(1, add, ids(&[]), "ids or usernames are required");
        let unknown = api::AddFriendsRequest { usernames: vec!["nobody".to_owned()], ..Default::default() };
        place.refused(1, add, unknown, "user not found");
    }

    #[test]
    fn a_block_keeps_two_apart_and_ends_as_it_began() {
        let mut place = Place::default();
        let channel = place.dm(1, 2);
        place.done(1, add, ids(&[2]));
        place.done(2, add, ids(&[1]));
        let two = api::BlockFriendsRequest { ids: vec![2], ..Default::default() };
        assert_eq!(place.done(1, block, two.clone()).pushes.len(), 1);
        assert!(place.done(1, block, two.clone()).pushes.is_empty());
        assert_eq!((states(&place, 1, -1), states(&place, 2, -1)), (vec![(2, BLOCKED)], Vec::new()));
        let direct = api::CreateChannelDescRequest { r#type: DIRECT, user_ids: vec![1], ..Default::default() };
        place.refused(2, channels::create, direct, "one of you has blocked the other");
        place.refused(2, add, ids(&[1]), "one of you has blocked the other");
        let direct = place.town.channel(channel).unwrap();
        assert!(place.town.check_may_write(2, direct).is_err() && place.town.check_may_write(1, direct).is_err());

        let one = api::BlockFriendsRequest { ids: vec![1], ..Default::default() };
        assert!(place.done(2, unblock, one).pushes.is_empty(), "only who blocked can lift it");
        assert_eq!(place.done(1, unblock, two).pushes.len(), 1);
        assert_eq!(states(&place, 2, -1), [(1, FRIEND)]);
        assert!(place.town.check_may_write(2, place.town.channel(channel).unwrap()).is_ok());
    }

    #[test]
    fn a_list_comes_in_pages() {
        let mut place = Place::default();
        place.done(1, add, ids(&[5, 3, 4]));
        let page = |cursor: &str| api::ListFriendsRequest { limit: 2, state: -1, cursor: cursor.to_owned() };
        let first = place.seen(1, list, page(""));
        assert_eq!((first.friends.len(), first.cursor.as_str()), (2, "4"));
        let second = place.seen(1, list, page(&first.cursor));
        assert_eq!((second.friends.len(), second.cursor.as_str()), (1, ""));
        place.unseen(1, list, page("x"), "cursor is not one of this list");
    }
}
