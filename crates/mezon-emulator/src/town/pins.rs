//! Pinned messages.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{LastPinMessageEvent, UnpinMessageEvent};
use serde::{Deserialize, Serialize};

use super::messages::{Stored, header};
use super::{Act, Audience, Done, Key, Record, Town};
use crate::failure::Failure;

/// `operation` of the event: it is pinned.
const PINNED: i32 = 1;

/// A pin, with a copy of what its message says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Pin {
    pub(crate) id: i64,
    pub(crate) channel: i64,
    pub(crate) message: i64,
    /// Who wrote the message.
    pub(crate) author: i64,
    pub(crate) content: String,
    pub(crate) attachments: Vec<u8>,
    pub(crate) created: u32,
}

impl Record for Pin {
    const KIND: &'static str = "pin";

    fn key(&self) -> Key {
        self.id.into()
    }
}

impl Town {
    fn pin_of(&self, channel: i64, message: i64) -> Option<&Pin> {
        self.pins.iter().find(|pin| (pin.channel, pin.message) == (channel, message))
    }

    /// A message has changed: its pin shows the new content.
    pub(super) fn repin(&mut self, message: &api::ChannelMessage) {
        let Some(id) = self.pin_of(message.channel_id, message.message_id).map(|pin| pin.id) else { return };
        if let Some(pin) = self.pins.get_mut(id) {
            message.content.clone_into(&mut pin.content);
            pin.attachments = message.attachments.to_vec();
        }
    }

    /// A message is gone, and its pin with it.
    pub(super) fn drop_pins(&mut self, message: &api::ChannelMessage) {
        if let Some(id) = self.pin_of(message.channel_id, message.message_id).map(|pin| pin.id) {
            self.pins.remove(id);
        }
    }
}

/// Pins a message. One that is pinned already stays as it is, and nobody hears of it again.
pub(crate) fn pin(
    town: &mut Town,
    act: &Act<'_>,
    (stored, request): (Stored, api::PinMessageRequest),
) -> Result<Done<api::ChannelMessageHeader>, Failure> {
    let message = town.message_for(act, request.channel_id, stored)?;
    let channel = town.channel_to_write(act, request.channel_id)?.clone();
    let done = Done::new(header(&message));
    if town.pin_of(channel.id, message.message_id).is_some() {
        return Ok(done);
    }
    town.pins.put(Pin {
        id: act.id(),
        channel: channel.id,
        message: message.message_id,
        author: message.sender_id,
        content: message.content.clone(),
        attachments: message.attachments.to_vec(),
        created: act.now(),
    });
    let event = LastPinMessageEvent {
        clan_id: channel.clan,
        channel_id: channel.id,
        message_id: message.message_id,
        mode: channel.mode(),
        user_id: act.by,
        timestamp_seconds: act.now(),
        operation: PINNED,
        is_public: channel.is_public(),
        message_sender_avatar: message.avatar,
        message_sender_id: message.sender_id.to_string(),
        message_sender_username: message.username,
        message_content: message.content,
        message_created_time: message.create_time_seconds.to_string(),
        ..LastPinMessageEvent::default()
    };
    Ok(done.push(Audience::Channel(channel.id), Message::LastPinMessageEvent(event)))
}

/// Takes a pin off, by its own id or by its message.
pub(crate) fn unpin(town: &mut Town, act: &Act<'_>, request: api::DeletePinMessage) -> Result<Done<()>, Failure> {
    let channel = town.channel_to_write(act, request.channel_id)?;
    let (channel, clan) = (channel.id, channel.clan);
    let of_id = town.pins.get(request.id).filter(|pin| pin.channel == channel);
    let found = of_id.or_else(|| town.pin_of(channel, request.message_id));
    let pin = found.cloned().ok_or_else(|| Failure::not_found("pin not found"))?;
    town.pins.remove(pin.id);
    let event = UnpinMessageEvent { id: pin.id, message_id: pin.message, channel_id: channel, clan_id: clan };
    Ok(Done::new(()).push(Audience::Channel(channel), Message::UnpinMessageEvent(event)))
}

/// The pins of a channel, the newest first.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    request: api::PinMessageRequest,
) -> Result<api::PinMessagesList, Failure> {
    let channel = town.channel_for(act.by, request.channel_id)?.id;
    let pins = town.pins.iter().rev().filter(|pin| pin.channel == channel);
    let described = pins.map(|pin| {
        let author = town.users.get(pin.author);
        api::PinMessage {
            id: pin.id,
            message_id: pin.message,
            channel_id: pin.channel,
            sender_id: pin.author,
            content: pin.content.clone(),
            username: author.map(|author| author.username.clone()).unwrap_or_default(),
            avatar: author.map(|author| author.avatar.clone()).unwrap_or_default(),
            create_time_seconds: pin.created,
            attachment: pin.attachments.clone().into(),
        }
    });
    Ok(api::PinMessagesList { pin_messages_list: described.collect() })
}

#[cfg(test)]
mod tests {
    use mezon_proto::realtime::{ChannelMessageRemove, ChannelMessageUpdate};

    use super::*;
    use crate::town::messages;
    use crate::town::testing::Place;

    fn contents(place: &Place, channel_id: i64) -> Vec<String> {
        let request = api::PinMessageRequest { channel_id, ..Default::default() };
        place.seen(2, list, request).pin_messages_list.into_iter().map(|pin| pin.content).collect()
    }

    #[test]
    fn a_pin_follows_its_message_and_ends_with_it() {
        let mut place = Place::default();
        let dm = place.dm(1, 2);
        let stored = api::ChannelMessage {
            channel_id: dm,
            message_id: 7,
            sender_id: 1,
            content: "one".to_owned(),
            ..Default::default()
        };
        let request = api::PinMessageRequest { channel_id: dm, message_id: 7, ..Default::default() };
        place.refused(2, pin, (None, request), "message not found");
        place.refused(3, pin, (Some(stored.clone()), request), "channel permission denied");
        let done = place.done(2, pin, (Some(stored.clone()), request));
        let [push] = done.pushes.as_slice() else { panic!("{:?}", done.pushes) };
        let Message::LastPinMessageEvent(event) = &push.message else { panic!("{push:?}") };
        assert_eq!((event.user_id, event.message_sender_id.as_str(), event.operation), (2, "1", 1));
        assert!(place.done(1, pin, (Some(stored.clone()), request)).pushes.is_empty(), "it is pinned already");

        let edit =
            ChannelMessageUpdate { channel_id: dm, message_id: 7, content: "two".to_owned(), ..Default::default() };
        place.done(1, messages::edit, (Some(stored.clone()), edit));
        assert_eq!(contents(&place, dm), ["two"]);
        let remove = ChannelMessageRemove { channel_id: dm, message_id: 7, ..Default::default() };
        place.done(1, messages::remove, (Some(stored), remove));
        assert!(contents(&place, dm).is_empty());
    }

    #[test]
    fn a_pin_is_taken_off_by_its_id_or_by_its_message() {
        let mut place = Place::default();
        let dm = place.dm(1, 2);
        let request = api::PinMessageRequest { channel_id: dm, message_id: 7, ..Default::default() };
        let stored = || Some(api::ChannelMessage { channel_id: dm, message_id: 7, ..Default::default() });
        for by_id in [true, false] {
            place.done(1, pin, (stored(), request));
            let id = place.town.pins.iter().next().unwrap().id;
            let off = if by_id { (id, 0) } else { (0, 7) };
            let off = api::DeletePinMessage { id: off.0, message_id: off.1, channel_id: dm, clan_id: 0 };
            let done = place.done(2, unpin, off);
            let [push] = done.pushes.as_slice() else { panic!("{:?}", done.pushes) };
            let event = UnpinMessageEvent { id, message_id: 7, channel_id: dm, clan_id: 0 };
            assert_eq!(push.message, Message::UnpinMessageEvent(event));
            place.refused(1, unpin, off, "pin not found");
        }
    }
}
