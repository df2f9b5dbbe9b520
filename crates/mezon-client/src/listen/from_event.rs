//! What an event is read as.

use std::any::Any;

use mezon_model::ChannelMessage;
use mezon_proto::api;
use mezon_proto::wire::{Arm as _, CHANNEL_MESSAGE_FIELD, FromArm, InChannel, WireError};
use mezon_realtime::Event;

/// What an event is read as when it is asked for by type: by [`Connection::on`](crate::Connection::on) and its like.
///
/// Every event of [`mezon_model::event`] is one, so is [`ChannelMessage`], and so is every message of the socket in
/// `mezon_proto`; for other types made of one message, implement
/// [`FromArm`](mezon_proto::wire::FromArm). Implement this trait for a type that stands for several kinds of events, which
/// then come in their order:
///
/// ```
/// use mezon_client::FromEvent;
/// use mezon_client::mezon_model::event::{VoiceJoined, VoiceLeft};
/// use mezon_client::mezon_realtime::Event;
/// use mezon_proto::wire::WireError;
///
/// enum Voice {
///     Joined(VoiceJoined),
///     Left(VoiceLeft),
/// }
///
/// impl FromEvent for Voice {
///     const ARMS: &'static [u32] = &[VoiceJoined::ARMS[0], VoiceLeft::ARMS[0]];
///
///     fn from_event(event: &Event) -> Result<Option<Self>, WireError> {
///         let joined = VoiceJoined::from_event(event)?.map(Self::Joined);
///         Ok(joined.or(VoiceLeft::from_event(event)?.map(Self::Left)))
///     }
/// }
///
/// # fn example(connection: &mezon_client::Connection) {
/// let voice = connection.events_of::<Voice>();
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "no event is read as `{Self}`",
    note = "the types of `mezon_model::event` are, and those that implement `FromArm` or `FromEvent`"
)]
pub trait FromEvent: Sized + Send + 'static {
    /// The numbers of the messages of the socket that it is read from ([`Arm::NUMBER`](mezon_proto::wire::Arm::NUMBER)).
    /// Events of other numbers are never given to [`FromEvent::from_event`].
    const ARMS: &'static [u32];

    /// Reads the event. `None`: it is another one.
    ///
    /// # Errors
    /// When the bytes are no such message.
    fn from_event(event: &Event) -> Result<Option<Self>, WireError>;
}

/// A [`FromEvent`] whose events all name their channel, so that those of one channel can be asked for. Others cannot:
///
/// ```compile_fail,E0277
/// # fn example(connection: &mezon_client::Connection, channel: mezon_client::mezon_model::ChannelId) {
/// let joined = connection.events_in::<mezon_client::mezon_model::event::MemberJoined>(channel);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "events of type `{Self}` name no channel",
    note = "use the form without a channel, and look at the event itself"
)]
pub trait FromChannelEvent: FromEvent {}

impl<T: FromArm + Send + 'static> FromEvent for T {
    const ARMS: &'static [u32] = &[T::Arm::NUMBER];

    fn from_event(event: &Event) -> Result<Option<Self>, WireError> {
        match event {
            Event::Push(raw) => raw.read(),
            Event::Message(message) if T::Arm::NUMBER == CHANNEL_MESSAGE_FIELD => Ok(of_message(message)),
            _ => Ok(None),
        }
    }
}

impl<T: FromArm + Send + 'static> FromChannelEvent for T where T::Arm: InChannel {}

/// The connection has read messages already. As they are, they cost a reference count; other types are made of the message
/// of the wire, which is put together again for them.
fn of_message<T: FromArm + 'static>(message: &ChannelMessage) -> Option<T> {
    same(message.clone()).or_else(|| same::<_, T::Arm>(api::ChannelMessage::from(message)).map(T::from_arm))
}

/// The value, if the two types are one. The compiler knows, and leaves nothing of it.
fn same<A: 'static, B: 'static>(value: A) -> Option<B> {
    let mut value = Some(value);
    (&mut value as &mut dyn Any).downcast_mut::<Option<B>>()?.take()
}

#[cfg(test)]
mod tests {
    use mezon_model::event::{ChannelCreated, Typing};
    use mezon_model::{ChannelId, MessageParts};
    use mezon_proto::realtime::MessageTypingEvent;
    use mezon_proto::wire::RawMessage;

    use super::*;

    #[test]
    fn an_event_is_read_as_its_own_type_and_as_no_other() {
        let typing = MessageTypingEvent { channel_id: 7, ..Default::default() };
        let event = Event::Push(RawMessage::of(&typing));
        assert_eq!(Typing::from_event(&event).unwrap().unwrap().channel_id, ChannelId::new(7));
        assert_eq!(MessageTypingEvent::from_event(&event), Ok(Some(typing)));
        assert_eq!(ChannelCreated::from_event(&event), Ok(None));
        assert_eq!(ChannelMessage::from_event(&event), Ok(None));
        assert_eq!(Typing::from_event(&Event::Ready { generation: 1 }), Ok(None));
        let damaged = Event::Push(RawMessage::new(MessageTypingEvent::NUMBER, vec![0x0a, 9]));
        assert!(Typing::from_event(&damaged).is_err());
    }

    #[test]
    fn a_message_is_read_as_every_type_that_is_made_of_one() {
        #[derive(Debug, PartialEq)]
        struct Length(usize);

        impl FromArm for Length {
            type Arm = api::ChannelMessage;

            fn from_arm(arm: api::ChannelMessage) -> Self {
                Self(arm.content.len())
            }
        }

        let mut parts = MessageParts::default();
        (parts.channel_id, parts.content) = (ChannelId::new(7), "{}".to_owned());
        let message = ChannelMessage::from(parts);
        let event = Event::Message(message.clone());
        assert_eq!(ChannelMessage::from_event(&event), Ok(Some(message)));
        assert_eq!(api::ChannelMessage::from_event(&event).unwrap().unwrap().channel_id, 7);
        assert_eq!(Length::from_event(&event), Ok(Some(Length(2))));
        assert_eq!(Typing::from_event(&event), Ok(None));
    }
}
