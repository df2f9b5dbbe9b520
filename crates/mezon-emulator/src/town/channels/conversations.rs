//! Direct and group conversations.

use mezon_proto::api;

use super::members::added;
use super::{Channel, DIRECT};
use crate::failure::Failure;
use crate::town::{Act, Audience, Done, Town};

impl Town {
    fn direct_channel(&self, one: i64, other: i64) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.kind == DIRECT && channel.has(one) && channel.has(other))
    }
}

/// Opens a direct channel or makes a group. The same two users always share one direct channel.
pub(super) fn create(
    town: &mut Town,
    act: &Act<'_>,
    request: api::CreateChannelDescRequest,
) -> Result<Done<api::ChannelDescription>, Failure> {
    let mut peers = request.user_ids;
    peers.retain(|peer| *peer != act.by);
    peers.sort_unstable();
    peers.dedup();
    if request.clan_id != 0 {
        return Err(Failure::invalid("direct and group channels belong to clan 0"));
    }
    if request.r#type == DIRECT && peers.len() != 1 {
        return Err(Failure::invalid("a direct channel needs one other user"));
    }
    if peers.is_empty() {
        return Err(Failure::invalid("a group channel needs at least one other user"));
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

    let mut channel = Channel {
        id: act.id(),
        kind: request.r#type,
        label: request.channel_label,
        creator: act.by,
        created: act.now(),
        private: true,
        ..Channel::default()
    };
    channel.add(&peers);
    channel.add(&[act.by]);
    town.channels.put(channel.clone());
    let mut done = Done::new(town.description(act, &channel, act.by));
    for peer in peers {
        // Each reads of the others.
        done = done.push(Audience::Users(vec![peer]), added(town, act, &channel, &channel.members, peer));
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use mezon_proto::realtime::envelope::Message;

    use super::super::GROUP;
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
}
