//! Voice and streaming rooms: who is in them, without their sound.
//!
//! Rooms are no records: a restart of the emulator finds them empty.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{
    HandleParticipantMeetStateEvent, StreamingEndedEvent, StreamingJoinedEvent, StreamingLeavedEvent,
    StreamingStartedEvent, VoiceEndedEvent, VoiceJoinedEvent, VoiceLeavedEvent, VoiceStartedEvent,
};

use super::channels::{Channel, STREAMING, VOICE};
use super::{Act, Audience, Done, Push, Town};
use crate::failure::Failure;

/// `state` of a request: the caller comes in.
const JOINS: i32 = 0;
/// `state` of a request: the caller goes.
const LEAVES: i32 = 1;

/// A room in which somebody is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Room {
    /// Of the meeting: new each time the room fills.
    id: i64,
    /// In the order in which they came.
    users: Vec<i64>,
}

impl Town {
    pub(crate) fn is_in_a_room(&self, user: i64) -> bool {
        self.rooms.values().any(|room| room.users.contains(&user))
    }

    /// Nobody is in a room, as when all connections were cut.
    pub(crate) fn empty_rooms(&mut self) {
        self.rooms.clear();
    }

    /// Takes a user out of the rooms of some channels; gives the events that tell it.
    pub(crate) fn leave_voice(&mut self, user: i64, of: impl Fn(&Channel) -> bool) -> Vec<Push> {
        let mut pushes = Vec::new();
        for (channel, room) in &mut self.rooms {
            let Some(channel) = self.channels.get(*channel).filter(|channel| of(channel)) else { continue };
            let before = room.users.len();
            room.users.retain(|there| *there != user);
            if room.users.len() < before {
                pushes.extend(left(channel, room, user));
            }
        }
        self.rooms.retain(|_, room| !room.users.is_empty());
        pushes
    }
}

/// The caller comes into a room, or leaves it. Whoever comes into one leaves the one before.
pub(crate) fn take_part(
    town: &mut Town,
    act: &Act<'_>,
    request: HandleParticipantMeetStateEvent,
) -> Result<Done<()>, Failure> {
    let channel = town.channel_for(act.by, request.channel_id)?.clone();
    if ![VOICE, STREAMING].contains(&channel.kind) {
        return Err(Failure::invalid("the channel has no voice room"));
    }
    let is_there = town.rooms.get(&channel.id).is_some_and(|room| room.users.contains(&act.by));
    let mut pushes = Vec::new();
    match request.state {
        JOINS if is_there => {}
        JOINS => {
            let clan_name = town.clans.get(channel.clan).map(|clan| clan.name.clone()).unwrap_or_default();
            let user = town.user(act.by)?;
            let named = request.display_name.trim();
            let participant = if named.is_empty() { user.shown_name() } else { named }.to_owned();
            pushes.extend(town.leave_voice(act.by, |_| true));
            let room = town.rooms.entry(channel.id).or_default();
            if room.users.is_empty() {
                room.id = act.id();
                pushes.push(started(&channel, room));
            }
            room.users.push(act.by);
            pushes.push(joined(&channel, room, act.by, clan_name, participant));
        }
        LEAVES => pushes = town.leave_voice(act.by, |of| of.id == channel.id),
        _ => return Err(Failure::invalid("state is neither 0 for joining nor 1 for leaving")),
    }
    Ok(Done { pushes, ..Done::new(()) })
}

/// Takes the caller out of all rooms, as when their last connection has ended.
pub(crate) fn hang_up(town: &mut Town, act: &Act<'_>, (): ()) -> Result<Done<()>, Failure> {
    Ok(Done { pushes: town.leave_voice(act.by, |_| true), ..Done::new(()) })
}

/// Who is in the voice rooms of a clan, or in one of them. Empty rooms are not listed.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    request: api::ListChannelUsersRequest,
) -> Result<api::VoiceChannelUserList, Failure> {
    let rooms = rooms(town, act, &request, VOICE)?;
    Ok(api::VoiceChannelUserList {
        voice_channel_users: rooms
            .map(|(channel, room)| api::VoiceChannelUser {
                user_ids: room.users.iter().map(ToString::to_string).collect(),
                channel_id: channel.id,
                room_name: channel.meeting_code.clone(),
                share_screen_ids: Vec::new(),
            })
            .collect(),
    })
}

/// Who is in the streaming rooms of a clan, or in one of them.
pub(crate) fn list_streaming(
    town: &Town,
    act: &Act<'_>,
    request: api::ListChannelUsersRequest,
) -> Result<api::StreamingChannelUserList, Failure> {
    let rooms = rooms(town, act, &request, STREAMING)?;
    let users = rooms.flat_map(|(channel, room)| {
        room.users.iter().map(|user| api::StreamingChannelUser {
            id: room.id,
            user_id: *user,
            channel_id: channel.id,
            participant: town.users.get(*user).map(|user| user.shown_name().to_owned()).unwrap_or_default(),
        })
    });
    Ok(api::StreamingChannelUserList { streaming_channel_users: users.collect() })
}

/// The rooms that a request asks for and the caller may see.
fn rooms<'a>(
    town: &'a Town,
    act: &Act<'_>,
    request: &api::ListChannelUsersRequest,
    kind: i32,
) -> Result<impl Iterator<Item = (&'a Channel, &'a Room)>, Failure> {
    let clan = match request.channel_id {
        0 => town.clan_for(act.by, request.clan_id)?.id,
        channel => town.channel_for(act.by, channel)?.clan,
    };
    let (by, wanted) = (act.by, request.channel_id);
    let open = town.rooms.iter().filter_map(|(channel, room)| Some((town.channels.get(*channel)?, room)));
    Ok(open.filter(move |(channel, _)| {
        channel.clan == clan && channel.kind == kind && [0, channel.id].contains(&wanted) && town.may_see(by, channel)
    }))
}

fn push(channel: &Channel, message: Message) -> Push {
    Push { to: Audience::Channel(channel.id), message }
}

fn started(channel: &Channel, room: &Room) -> Push {
    let (clan_id, channel_id) = (channel.clan, channel.id);
    push(
        channel,
        if channel.kind == STREAMING {
            let event = StreamingStartedEvent { clan_id, channel_id, is_streaming: true, ..Default::default() };
            Message::StreamingStartedEvent(event)
        } else {
            let event = VoiceStartedEvent { id: room.id.to_string(), clan_id, voice_channel_id: channel_id };
            Message::VoiceStartedEvent(event)
        },
    )
}

fn joined(channel: &Channel, room: &Room, user_id: i64, clan_name: String, participant: String) -> Push {
    let clan_id = channel.clan;
    push(
        channel,
        if channel.kind == STREAMING {
            Message::StreamingJoinedEvent(StreamingJoinedEvent {
                clan_id,
                clan_name,
                id: room.id,
                participant,
                user_id,
                streaming_channel_label: channel.label.clone(),
                streaming_channel_id: channel.id,
            })
        } else {
            Message::VoiceJoinedEvent(VoiceJoinedEvent {
                clan_id,
                clan_name,
                id: room.id.to_string(),
                participant,
                user_id,
                voice_channel_label: channel.label.clone(),
                voice_channel_id: channel.id,
                last_screenshot: String::new(),
            })
        },
    )
}

/// Tells that somebody has left, and that the meeting has ended when nobody is left.
fn left(channel: &Channel, room: &Room, user: i64) -> Vec<Push> {
    let (clan_id, ended) = (channel.clan, room.users.is_empty());
    let streaming = channel.kind == STREAMING;
    let leaved = if streaming {
        Message::StreamingLeavedEvent(StreamingLeavedEvent {
            id: room.id,
            clan_id,
            streaming_channel_id: channel.id.to_string(),
            streaming_user_id: user.to_string(),
        })
    } else {
        Message::VoiceLeavedEvent(VoiceLeavedEvent {
            id: room.id.to_string(),
            clan_id,
            voice_channel_id: channel.id,
            voice_user_id: user,
        })
    };
    let end = if streaming {
        Message::StreamingEndedEvent(StreamingEndedEvent { clan_id, channel_id: channel.id })
    } else {
        Message::VoiceEndedEvent(VoiceEndedEvent { id: room.id, clan_id, voice_channel_id: channel.id.to_string() })
    };
    let mut pushes = vec![push(channel, leaved)];
    if ended {
        pushes.push(push(channel, end));
    }
    pushes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    fn request(channel_id: i64, state: i32) -> HandleParticipantMeetStateEvent {
        HandleParticipantMeetStateEvent { channel_id, state, ..Default::default() }
    }

    fn arms(pushes: &[Push]) -> Vec<&'static str> {
        let arm = |push: &Push| match &push.message {
            Message::VoiceStartedEvent(_) => "started",
            Message::VoiceJoinedEvent(_) => "joined",
            Message::VoiceLeavedEvent(_) => "left",
            Message::VoiceEndedEvent(_) => "ended",
            Message::StreamingStartedEvent(_) => "stream started",
            Message::StreamingJoinedEvent(_) => "stream joined",
            _ => "else",
        };
        pushes.iter().map(arm).collect()
    }

    #[test]
    fn a_room_starts_with_the_first_and_ends_with_the_last() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let room = place.channel_of_kind(1, clan, VOICE);
        assert_eq!(arms(&place.done(1, take_part, request(room, JOINS)).pushes), ["started", "joined"]);
        assert_eq!(arms(&place.done(2, take_part, request(room, JOINS)).pushes), ["joined"]);
        assert_eq!(arms(&place.done(2, take_part, request(room, JOINS)).pushes), Vec::<&str>::new());
        let all = api::ListChannelUsersRequest { clan_id: clan, ..Default::default() };
        let listed = place.seen(2, list, all).voice_channel_users;
        assert_eq!((listed.len(), listed[0].user_ids.as_slice()), (1, ["1".to_owned(), "2".to_owned()].as_slice()));

        assert_eq!(arms(&place.done(1, take_part, request(room, LEAVES)).pushes), ["left"]);
        let ended = place.done(2, hang_up, ());
        assert_eq!(arms(&ended.pushes), ["left", "ended"]);
        let Message::VoiceEndedEvent(event) = &ended.pushes[1].message else { panic!() };
        assert_eq!(event.voice_channel_id, room.to_string());
        let all = api::ListChannelUsersRequest { clan_id: clan, ..Default::default() };
        assert!(place.seen(2, list, all).voice_channel_users.is_empty());
    }

    #[test]
    fn nobody_is_in_two_rooms() {
        let mut place = Place::default();
        let clan = place.clan(1, &[]);
        let (one, two) = (place.channel_of_kind(1, clan, VOICE), place.channel_of_kind(1, clan, STREAMING));
        place.done(1, take_part, request(one, JOINS));
        let moved = place.done(1, take_part, request(two, JOINS));
        assert_eq!(arms(&moved.pushes), ["left", "ended", "stream started", "stream joined"]);
        let of_one = api::ListChannelUsersRequest { channel_id: two, ..Default::default() };
        assert_eq!(place.seen(1, list_streaming, of_one).streaming_channel_users[0].user_id, 1);
    }

    #[test]
    fn a_room_is_for_those_who_see_its_channel() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let text = place.welcome(clan);
        let room = place.channel_of_kind(1, clan, VOICE);
        place.refused(1, take_part, request(text, JOINS), "the channel has no voice room");
        place.refused(3, take_part, request(room, JOINS), "channel permission denied");
        place.refused(1, take_part, request(room, 7), "state is neither 0 for joining nor 1 for leaving");
    }
}
