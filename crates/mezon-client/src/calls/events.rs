//! Events that a clan plans, such as meetings.

use mezon_api::methods;
use mezon_model::{ChannelId, ClanEvent, ClanId, EventId};
use mezon_proto::api;

use super::{check, subject};
use crate::ClientError;

subject! {
    /// Events of clans. From [`Client::events`](crate::Client::events).
    Events,
    /// Events that clans plan: list, plan, change, take part.
    events
}

impl Events {
    /// The events of a clan. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn list(&self, clan: ClanId) -> Result<Vec<ClanEvent>, ClientError> {
        check_clan(clan)?;
        let list = self.api.call(methods::LIST_EVENTS, &api::ListEventsRequest { clan_id: clan.get() }).await?;
        Ok(list.events.into_iter().map(ClanEvent::from).collect())
    }

    /// Plans an event, and tells the clan.
    ///
    /// ```no_run
    /// # async fn example(client: mezon_client::Client) -> Result<(), mezon_client::ClientError> {
    /// use mezon_client::calls::EventDraft;
    /// use mezon_client::mezon_model::ClanId;
    ///
    /// let party = EventDraft::new("Party", 1_800_000_000, 1_800_010_000).at_address("the roof");
    /// client.events().create(ClanId::new(7), &party).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, and for a draft without a title or a place or
    /// that ends before it begins, before any request; [`ClientError::Api`], with
    /// [`MaybeSent`](mezon_api::ApiErrorKind::MaybeSent) when the answer was lost: the list tells.
    ///
    /// # Cancel safety
    /// A call that is given up may have planned it.
    pub async fn create(&self, clan: ClanId, draft: &EventDraft) -> Result<ClanEvent, ClientError> {
        check_clan(clan)?;
        draft.check()?;
        let request = api::CreateEventRequest {
            title: draft.title.clone(),
            logo: draft.logo.clone(),
            description: draft.description.clone(),
            clan_id: clan.get(),
            channel_voice_id: draft.voice_channel_id.get(),
            address: draft.address.clone(),
            start_time_seconds: draft.start_time_seconds,
            end_time_seconds: draft.end_time_seconds,
            channel_id: draft.channel_id.get(),
            repeat_type: draft.repeat,
            creator_id: self.api.session().user_id().get(),
            is_private: draft.is_private,
            ..api::CreateEventRequest::default()
        };
        Ok(self.api.call(methods::CREATE_EVENT, &request).await?.into())
    }

    /// Changes an event into `draft`; [`EventDraft::from`] makes one out of `event` to begin with. Whether it is private does
    /// not change. Repeated when an answer was lost.
    ///
    /// # Errors
    /// As [`Events::create`], but for a lost answer.
    ///
    /// # Cancel safety
    /// A call that is given up may have changed it.
    pub async fn update(&self, event: &ClanEvent, draft: &EventDraft) -> Result<(), ClientError> {
        check_clan(event.clan_id)?;
        check_event(event.id)?;
        draft.check()?;
        let request = api::UpdateEventRequest {
            title: draft.title.clone(),
            logo: draft.logo.clone(),
            description: draft.description.clone(),
            event_id: event.id.get(),
            channel_id: draft.channel_id.get(),
            address: draft.address.clone(),
            start_time_seconds: draft.start_time_seconds,
            end_time_seconds: draft.end_time_seconds,
            clan_id: event.clan_id.get(),
            creator_id: event.creator_id.get(),
            channel_voice_id: draft.voice_channel_id.get(),
            channel_id_old: event.channel_id.get(),
            repeat_type: draft.repeat,
        };
        Ok(self.api.call(methods::UPDATE_EVENT.idempotent(), &request).await?)
    }

    /// Calls an event off.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan or the event 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have called it off.
    pub async fn delete(&self, event: &ClanEvent) -> Result<(), ClientError> {
        check_clan(event.clan_id)?;
        check_event(event.id)?;
        let request = api::DeleteEventRequest {
            event_id: event.id.get(),
            clan_id: event.clan_id.get(),
            creator_id: event.creator_id.get(),
            event_label: event.title.clone(),
            channel_id: event.channel_id.get(),
        };
        Ok(self.api.call(methods::DELETE_EVENT, &request).await?)
    }

    /// The signed-in user takes part in an event. Repeated when an answer was lost.
    ///
    /// # Errors
    /// As [`Events::delete`].
    ///
    /// # Cancel safety
    /// A call that is given up may have been counted.
    pub async fn join(&self, clan: ClanId, event: EventId) -> Result<(), ClientError> {
        check_clan(clan)?;
        check_event(event)?;
        let request = api::UserEventRequest { clan_id: clan.get(), event_id: event.get() };
        Ok(self.api.call(methods::ADD_USER_EVENT.idempotent(), &request).await?)
    }

    /// The signed-in user does not take part any more. Repeated when an answer was lost.
    ///
    /// # Errors
    /// As [`Events::delete`].
    ///
    /// # Cancel safety
    /// A call that is given up may have been counted.
    pub async fn leave(&self, clan: ClanId, event: EventId) -> Result<(), ClientError> {
        check_clan(clan)?;
        check_event(event)?;
        let request = api::UserEventRequest { clan_id: clan.get(), event_id: event.get() };
        Ok(self.api.call(methods::DELETE_USER_EVENT.idempotent(), &request).await?)
    }
}

/// An event before it is planned, or as it is to become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct EventDraft {
    title: String,
    description: String,
    logo: String,
    address: String,
    voice_channel_id: ChannelId,
    channel_id: ChannelId,
    start_time_seconds: u32,
    end_time_seconds: u32,
    repeat: i32,
    is_private: bool,
}

impl EventDraft {
    /// An event called `title` from one time to another, both in Unix seconds. It still needs a place.
    pub fn new(title: impl Into<String>, start_time_seconds: u32, end_time_seconds: u32) -> Self {
        Self { title: title.into(), start_time_seconds, end_time_seconds, ..Self::default() }
    }

    /// Another title.
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// Other times, in Unix seconds.
    pub fn times(self, start_time_seconds: u32, end_time_seconds: u32) -> Self {
        Self { start_time_seconds, end_time_seconds, ..self }
    }

    /// It takes place in this voice channel.
    pub fn in_voice(self, channel: ChannelId) -> Self {
        Self { voice_channel_id: channel, address: String::new(), ..self }
    }

    /// It takes place somewhere else, described in words.
    pub fn at_address(self, address: impl Into<String>) -> Self {
        Self { address: address.into(), voice_channel_id: ChannelId::default(), ..self }
    }

    /// Only the members of this channel see it.
    pub fn for_channel(self, channel: ChannelId) -> Self {
        Self { channel_id: channel, ..self }
    }

    /// What it is about.
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    /// The address of its picture.
    pub fn logo(self, url: impl Into<String>) -> Self {
        Self { logo: url.into(), ..self }
    }

    /// How it repeats, as a number of the server; 0 for not at all.
    pub fn repeat(self, repeat: i32) -> Self {
        Self { repeat, ..self }
    }

    /// Only invited people see it. Such an event needs no place: the server makes a room for it.
    pub fn private(self) -> Self {
        Self { is_private: true, ..self }
    }

    fn check(&self) -> Result<(), ClientError> {
        check(!self.title.trim().is_empty(), "the event has no title")?;
        check(self.end_time_seconds >= self.start_time_seconds, "the event ends before it begins")?;
        let has_place = !self.voice_channel_id.is_none() || !self.address.is_empty() || self.is_private;
        check(has_place, "the event has no place: name a voice channel or an address, or make it private")
    }
}

impl From<&ClanEvent> for EventDraft {
    fn from(event: &ClanEvent) -> Self {
        Self {
            title: event.title.clone(),
            description: event.description.clone(),
            logo: event.logo.clone(),
            address: event.address.clone(),
            voice_channel_id: event.voice_channel_id,
            channel_id: event.channel_id,
            start_time_seconds: event.start_time_seconds,
            end_time_seconds: event.end_time_seconds,
            repeat: event.repeat,
            is_private: event.is_private,
        }
    }
}

fn check_clan(clan: ClanId) -> Result<(), ClientError> {
    check(!clan.is_none(), "direct conversations are no clan, and plan no events")
}

fn check_event(event: EventId) -> Result<(), ClientError> {
    check(!event.is_none(), "the event id 0 is no event")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_needs_a_title_a_place_and_time_to_happen() {
        let party = EventDraft::new("party", 10, 20);
        assert!(party.check().is_err());
        for place in [party.clone().at_address("the roof"), party.clone().in_voice(7.into()), party.clone().private()] {
            assert!(place.check().is_ok());
            assert!(place.clone().title(" ").check().is_err());
            assert!(place.times(20, 10).check().is_err());
        }
    }
}
