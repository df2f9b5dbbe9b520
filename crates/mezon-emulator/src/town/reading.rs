//! How far people have read.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{LastSeenMessageEvent, MarkAsRead};
use serde::{Deserialize, Serialize};

use super::{Act, Audience, Done, Key, Record, Town};
use crate::failure::Failure;

/// The newest message of a channel that a user has read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Seen {
    pub(crate) channel: i64,
    pub(crate) user: i64,
    pub(crate) message: i64,
    pub(crate) at: u32,
}

impl Record for Seen {
    const KIND: &'static str = "seen";

    fn key(&self) -> Key {
        (self.channel, self.user).into()
    }
}

impl Town {
    /// Who writes has read what was there.
    pub(super) fn note_seen(&mut self, act: &Act<'_>, message: &api::ChannelMessage) {
        self.see(act, message.channel_id, message.sender_id, message.message_id);
    }

    /// How far a user has read a channel.
    pub(crate) fn last_seen(&self, channel: i64, user: i64) -> Option<api::ChannelMessageHeader> {
        let seen = self.seen.get((channel, user))?;
        Some(api::ChannelMessageHeader { id: seen.message, timestamp_seconds: seen.at, ..Default::default() })
    }

    /// Nobody reads backwards: false when the user had read as far already.
    fn see(&mut self, act: &Act<'_>, channel: i64, user: i64, message: i64) -> bool {
        let further = self.seen.get((channel, user)).is_none_or(|seen| seen.message < message);
        if further {
            self.seen.put(Seen { channel, user, message, at: act.now() });
        }
        further
    }
}

/// Notes that the caller has read a channel up to a message, and tells their devices.
pub(crate) fn seen(town: &mut Town, act: &Act<'_>, request: LastSeenMessageEvent) -> Result<Done<()>, Failure> {
    let channel = town.channel_for(act.by, request.channel_id)?;
    let (channel, clan_id, mode) = (channel.id, channel.clan, channel.mode());
    let done = Done::new(());
    if !town.see(act, channel, act.by, request.message_id) {
        return Ok(done);
    }
    let event = LastSeenMessageEvent { clan_id, mode, timestamp_seconds: act.now(), ..request };
    Ok(done.push(Audience::Users(vec![act.by]), Message::LastSeenMessageEvent(event)))
}

/// Marks a channel, a category or a whole clan as read.
pub(crate) fn mark(town: &mut Town, act: &Act<'_>, request: api::MarkAsReadRequest) -> Result<Done<()>, Failure> {
    let api::MarkAsReadRequest { channel_id, category_id, clan_id } = request;
    let channels: Vec<i64> = if channel_id != 0 {
        vec![town.channel_for(act.by, channel_id)?.id]
    } else {
        town.clan_for(act.by, clan_id)?;
        if category_id != 0 {
            town.category(clan_id, category_id)?;
        }
        let wanted = town
            .channels
            .iter()
            .filter(|channel| channel.clan == clan_id && [0, channel.category].contains(&category_id));
        wanted.filter(|channel| town.may_see(act.by, channel)).map(|channel| channel.id).collect()
    };
    for channel in channels {
        if let Some(newest) = town.newest.get(&channel).map(|newest| newest.id) {
            town.see(act, channel, act.by, newest);
        }
    }
    let event = MarkAsRead { channel_id, category_id, clan_id };
    Ok(Done::new(()).push(Audience::Users(vec![act.by]), Message::MarkAsRead(event)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    #[test]
    fn nobody_reads_backwards_and_only_ones_own_devices_hear_of_it() {
        let mut place = Place::default();
        let dm = place.dm(1, 2);
        let read = |message_id| LastSeenMessageEvent { channel_id: dm, message_id, ..Default::default() };
        let done = place.done(2, seen, read(9));
        assert_eq!(done.pushes[0].to, Audience::Users(vec![2]));
        assert!(place.done(2, seen, read(8)).pushes.is_empty());
        assert_eq!(place.town.seen.get((dm, 2)).unwrap().message, 9);
        place.refused(3, seen, read(9), "channel permission denied");
    }

    #[test]
    fn a_category_a_channel_and_a_clan_are_marked() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let welcome = place.welcome(clan);
        let other = place.channel_of_kind(1, clan, crate::town::channels::TEXT);
        for channel in [welcome, other] {
            place.town.newest.insert(channel, api::ChannelMessageHeader { id: 50, ..Default::default() });
        }
        let marked = |place: &Place| [welcome, other].map(|channel| place.town.seen.has((channel, 2)));
        let request = api::MarkAsReadRequest { channel_id: other, category_id: 0, clan_id: clan };
        place.done(2, mark, request);
        assert_eq!(marked(&place), [false, true]);
        place.done(2, mark, api::MarkAsReadRequest { channel_id: 0, ..request });
        assert_eq!(marked(&place), [true, true]);
        place.refused(9, mark, request, "channel permission denied");
    }
}
