//! Events that clans plan.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use serde::{Deserialize, Serialize};

use super::permissions::Permission;
use super::{Act, Audience, Done, Key, Record, Town, named};
use crate::failure::Failure;

/// `action` of an announcement. The protocol does not say which number is which; these are the emulator's.
const PLANNED: i32 = 1;
const CHANGED: i32 = 2;
const CALLED_OFF: i32 = 3;

/// An event of a clan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ClanEvent {
    pub(crate) id: i64,
    pub(crate) clan: i64,
    pub(crate) creator: i64,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) logo: String,
    pub(crate) address: String,
    pub(crate) voice_channel: i64,
    /// Only those who see this channel see the event; 0: the whole clan.
    pub(crate) channel: i64,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) repeat: i32,
    pub(crate) private: bool,
    pub(crate) created: u32,
    /// Who takes part.
    pub(crate) users: Vec<i64>,
}

impl Record for ClanEvent {
    const KIND: &'static str = "clan_event";

    fn key(&self) -> Key {
        self.id.into()
    }
}

impl ClanEvent {
    fn described(&self) -> api::EventManagement {
        api::EventManagement {
            id: self.id,
            title: self.title.clone(),
            logo: self.logo.clone(),
            description: self.description.clone(),
            active: 1,
            creator_id: self.creator,
            clan_id: self.clan,
            channel_voice_id: self.voice_channel,
            address: self.address.clone(),
            start_time_seconds: self.start,
            end_time_seconds: self.end,
            user_ids: self.users.clone(),
            create_time_seconds: self.created,
            channel_id: self.channel,
            repeat_type: self.repeat,
            is_private: self.private,
            ..api::EventManagement::default()
        }
    }

    fn announced(&self, act: &Act<'_>, action: i32) -> Message {
        Message::ClanEventCreated(api::CreateEventRequest {
            title: self.title.clone(),
            logo: self.logo.clone(),
            description: self.description.clone(),
            clan_id: self.clan,
            channel_voice_id: self.voice_channel,
            address: self.address.clone(),
            start_time_seconds: self.start,
            end_time_seconds: self.end,
            event_id: self.id,
            channel_id: self.channel,
            action,
            repeat_type: self.repeat,
            creator_id: self.creator,
            user_id: act.by,
            is_private: self.private,
            ..api::CreateEventRequest::default()
        })
    }

    /// Who hears of it: those who see it.
    fn audience(&self, town: &Town) -> Audience {
        let members = town.members.of(self.clan).map(|member| member.user);
        Audience::Users(members.filter(|user| town.sees_event(*user, self)).collect())
    }

    fn check(self, town: &Town) -> Result<Self, Failure> {
        if self.end < self.start {
            return Err(Failure::invalid("the event ends before it begins"));
        }
        for channel in [self.voice_channel, self.channel] {
            if channel != 0 && town.channel_for(self.creator, channel)?.clan != self.clan {
                return Err(Failure::invalid("the channel is none of the clan"));
            }
        }
        Ok(self)
    }
}

impl Town {
    fn sees_event(&self, user: i64, event: &ClanEvent) -> bool {
        let by_channel =
            event.channel == 0 || self.channels.get(event.channel).is_some_and(|channel| self.may_see(user, channel));
        let by_invitation = !event.private || event.creator == user || event.users.contains(&user);
        by_channel && by_invitation
    }

    /// An event that the user sees.
    fn event_for(&self, user: i64, clan: i64, id: i64) -> Result<&ClanEvent, Failure> {
        self.clan_for(user, clan)?;
        let event = self.clan_events.get(id).filter(|event| event.clan == clan && self.sees_event(user, event));
        event.ok_or_else(|| Failure::not_found("event not found"))
    }

    /// An event that the user may change: the user's own, or any for whoever manages the clan.
    fn managed_event(&self, user: i64, clan: i64, id: i64) -> Result<&ClanEvent, Failure> {
        let event = self.event_for(user, clan, id)?;
        if event.creator != user {
            self.clan_where(user, clan, Permission::ManageClan)?;
        }
        Ok(event)
    }
}

/// The events of a clan that the caller sees.
pub(crate) fn list(town: &Town, act: &Act<'_>, request: api::ListEventsRequest) -> Result<api::EventList, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let events = town.clan_events.iter().filter(|event| event.clan == clan && town.sees_event(act.by, event));
    Ok(api::EventList { events: events.map(ClanEvent::described).collect() })
}

/// Plans an event. Any member may.
pub(crate) fn create(
    town: &mut Town,
    act: &Act<'_>,
    request: api::CreateEventRequest,
) -> Result<Done<api::EventManagement>, Failure> {
    let event = ClanEvent {
        id: act.id(),
        clan: town.clan_for(act.by, request.clan_id)?.id,
        creator: act.by,
        title: named(&request.title, "title")?,
        description: request.description,
        logo: request.logo,
        address: request.address,
        voice_channel: request.channel_voice_id,
        channel: request.channel_id,
        start: request.start_time_seconds,
        end: request.end_time_seconds,
        repeat: request.repeat_type,
        private: request.is_private,
        created: act.now(),
        users: vec![act.by],
    };
    let event = event.check(town)?;
    let done = Done::new(event.described()).push(event.audience(town), event.announced(act, PLANNED));
    town.clan_events.put(event);
    Ok(done)
}

/// Changes an event into what the request says.
pub(crate) fn update(town: &mut Town, act: &Act<'_>, request: api::UpdateEventRequest) -> Result<Done<()>, Failure> {
    let event = town.managed_event(act.by, request.clan_id, request.event_id)?.clone();
    let event = ClanEvent {
        title: named(&request.title, "title")?,
        description: request.description,
        logo: request.logo,
        address: request.address,
        voice_channel: request.channel_voice_id,
        channel: request.channel_id,
        start: request.start_time_seconds,
        end: request.end_time_seconds,
        repeat: request.repeat_type,
        ..event
    };
    let event = event.check(town)?;
    let done = Done::new(()).push(event.audience(town), event.announced(act, CHANGED));
    town.clan_events.put(event);
    Ok(done)
}

/// Calls an event off.
pub(crate) fn delete(town: &mut Town, act: &Act<'_>, request: api::DeleteEventRequest) -> Result<Done<()>, Failure> {
    let event = town.managed_event(act.by, request.clan_id, request.event_id)?.clone();
    town.clan_events.remove(event.id);
    Ok(Done::new(()).push(event.audience(town), event.announced(act, CALLED_OFF)))
}

/// The caller takes part.
pub(crate) fn join(town: &mut Town, act: &Act<'_>, request: api::UserEventRequest) -> Result<Done<()>, Failure> {
    let mut event = town.event_for(act.by, request.clan_id, request.event_id)?.clone();
    event.users.retain(|user| *user != act.by);
    event.users.push(act.by);
    town.clan_events.put(event);
    Ok(Done::new(()))
}

/// The caller does not take part any more.
pub(crate) fn leave(town: &mut Town, act: &Act<'_>, request: api::UserEventRequest) -> Result<Done<()>, Failure> {
    let mut event = town.event_for(act.by, request.clan_id, request.event_id)?.clone();
    event.users.retain(|user| *user != act.by);
    town.clan_events.put(event);
    Ok(Done::new(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    fn party(clan: i64) -> api::CreateEventRequest {
        api::CreateEventRequest {
            clan_id: clan,
            title: "Party".to_owned(),
            address: "the roof".to_owned(),
            start_time_seconds: 10,
            end_time_seconds: 20,
            ..Default::default()
        }
    }

    fn listed(place: &Place, user: i64, clan: i64) -> Vec<api::EventManagement> {
        place.seen(user, list, api::ListEventsRequest { clan_id: clan }).events
    }

    #[test]
    fn a_clan_hears_of_its_events_and_takes_part() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let planned = place.done(2, create, party(clan));
        let [push] = planned.pushes.as_slice() else { panic!("{:?}", planned.pushes) };
        assert_eq!(push.to, Audience::Users(vec![1, 2]));
        let event = planned.answer;
        assert_eq!((event.creator_id, event.user_ids.as_slice()), (2, &[2][..]));

        let by = api::UserEventRequest { clan_id: clan, event_id: event.id };
        place.done(1, join, by);
        place.done(1, join, by);
        place.done(2, leave, by);
        assert_eq!(listed(&place, 1, clan)[0].user_ids, [1]);
        place.refused(3, join, by, "clan permission denied");

        let later = api::UpdateEventRequest {
            event_id: event.id,
            clan_id: clan,
            title: "Later".to_owned(),
            end_time_seconds: 9,
            ..Default::default()
        };
        assert_eq!(place.done(1, update, later.clone()).pushes.len(), 1, "the owner manages the clan");
        assert_eq!(listed(&place, 2, clan)[0].title, "Later");
        place.refused(
            2,
            update,
            api::UpdateEventRequest { start_time_seconds: 10, ..later },
            "the event ends before it begins",
        );
        let off = api::DeleteEventRequest { event_id: event.id, clan_id: clan, ..Default::default() };
        assert_eq!(place.done(2, delete, off.clone()).pushes.len(), 1);
        place.refused(2, delete, off, "event not found");
    }

    #[test]
    fn what_is_planned_wrongly_or_in_private_is_not_everybodys() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        place.refused(1, create, api::CreateEventRequest { title: " ".to_owned(), ..party(clan) }, "title is required");
        let foreign = place.dm(1, 2);
        let elsewhere = api::CreateEventRequest { channel_voice_id: foreign, ..party(clan) };
        place.refused(1, create, elsewhere, "the channel is none of the clan");
        let private = place.done(1, create, api::CreateEventRequest { is_private: true, ..party(clan) });
        assert_eq!(private.pushes[0].to, Audience::Users(vec![1]));
        assert!(listed(&place, 2, clan).is_empty());
        let theirs = place.done(1, create, party(clan)).answer.id;
        let off = api::DeleteEventRequest { event_id: theirs, clan_id: clan, ..Default::default() };
        place.refused(2, delete, off, "permission denied");
    }
}
