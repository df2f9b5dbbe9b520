//! What events take in memory, for the bound of the queues that they wait in.

use mezon_model::ClanId;

use crate::{CallErrorKind, ChannelGap, Event, ServerError};

/// How many bytes an event takes in memory, with all that it holds.
pub(super) fn memory(event: &Event) -> usize {
    let held = match event {
        Event::Message(message) => message.memory(),
        Event::ServerError(ServerError { message, .. })
        | Event::RejoinFailed { error: CallErrorKind::Rejected { message, .. }, .. } => message.capacity(),
        Event::Push(raw) => raw.body.len(),
        Event::Undecodable { raw, reason } => raw.body.len() + reason.capacity(),
        Event::Gap { channels, clans, .. } => {
            channels.capacity() * size_of::<ChannelGap>() + clans.capacity() * size_of::<ClanId>()
        }
        _ => 0,
    };
    size_of::<Event>() + held
}

#[cfg(test)]
mod tests {
    use mezon_model::{ChannelId, ChannelMessage, ClanId};
    use mezon_proto::wire::RawMessage;

    use super::*;

    #[test]
    fn what_an_event_takes_in_memory_is_what_was_allocated_for_it() {
        let text = |length| "x".repeat(length);
        let message = mezon_proto::api::ChannelMessage {
            content: text(3_000),
            attachments: vec![7; 500].into(),
            username: text(20),
            ..Default::default()
        };
        let message = prost::Message::encode_to_vec(&message);
        let rejected = || CallErrorKind::Rejected { code: 3, message: text(300) };
        let raw = || RawMessage::new(7, vec![7; 2_000]);
        let (clan_id, channel_id) = (ClanId::default(), ChannelId::default());
        let gap = ChannelGap { clan_id, channel_id, last_seen: None };
        let makers: [Box<dyn Fn() -> Event>; 6] = [
            Box::new(move || Event::Message(ChannelMessage::decode(&message).unwrap())),
            Box::new(move || Event::ServerError(ServerError { code: 3, message: text(400) })),
            Box::new(move || Event::Push(raw())),
            Box::new(move || Event::Undecodable { raw: raw(), reason: text(60) }),
            Box::new(move || Event::Gap { channels: vec![gap; 50], clans: vec![clan_id; 50], complete: true }),
            Box::new(move || Event::RejoinFailed { clan_id, channel_id, error: rejected() }),
        ];
        for make in makers {
            let mut made = None;
            let info = allocation_counter::measure(|| made = Some(make()));
            let event = made.unwrap();
            let held = memory(&event) - size_of::<Event>();
            // The counter of a shared body is allocated when it is first shared.
            let allocated = usize::try_from(info.bytes_current).unwrap();
            assert!((allocated..=allocated + 64).contains(&held), "{}: {held} of {allocated}", event.name());
        }
    }
}
