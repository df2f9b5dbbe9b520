//! An arm of the envelope as it came, to be decoded when it is wanted.

use std::fmt;

use bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

use super::arm::{Arm, FromArm};
use super::decode::{Decoded, decode_within};
use super::error::{WireError, WireErrorKind};
use super::fields::{Fields, Value};
use crate::arms::{self, KNOWN};
use crate::realtime::Envelope;
use crate::realtime::envelope::Message;

/// A message of the socket as it came: its number in the envelope, and its bytes.
///
/// Decoding is up to whoever wants it. [`RawMessage::read`] reads one type; [`RawMessage::decode`] reads any, and brings the
/// code for all of them into a program.
///
/// ```
/// use mezon_proto::realtime::{ChannelCreatedEvent, ChannelJoin};
/// use mezon_proto::wire::{CHANNEL_JOIN_FIELD, RawMessage};
///
/// let raw = RawMessage::new(CHANNEL_JOIN_FIELD, vec![0x10, 0x7b]);
/// assert_eq!(raw.name(), Some("channel_join"));
/// if let Some(join) = raw.read::<ChannelJoin>()? {
///     assert_eq!(join.channel_id, 123);
/// }
/// assert_eq!(raw.read::<ChannelCreatedEvent>()?, None);
/// # Ok::<(), mezon_proto::wire::WireError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawMessage {
    /// The field number in the envelope.
    pub field: u32,
    /// The encoded message; for a field that is no message, its encoded value.
    pub body: Bytes,
    wire_type: WireType,
}

impl RawMessage {
    /// What [`RawMessage::read`] lets a message take when it is decoded, in bytes: a push that a server has reason to send
    /// takes less than a tenth.
    pub const BUDGET: usize = 16 << 20;

    /// The message `body`, which is encoded and has no length in front, under the number `field`.
    pub fn new(field: u32, body: impl Into<Bytes>) -> Self {
        Self { field, body: body.into(), wire_type: WireType::LengthDelimited }
    }

    /// A message of this schema, encoded: for tests and replays.
    pub fn of<A: Arm>(message: &A) -> Self {
        Self::new(A::NUMBER, message.encode_to_vec())
    }

    pub(super) fn of_field(field: u32, wire_type: WireType, body: Bytes) -> Self {
        Self { field, body, wire_type }
    }

    /// Whether this schema knows the number.
    pub fn is_known(&self) -> bool {
        KNOWN.contains(&self.field)
    }

    /// The encoded message; `None` when the field is of another type than a message, as none of this schema is.
    pub fn message(&self) -> Option<&[u8]> {
        (self.wire_type == WireType::LengthDelimited).then_some(self.body.as_ref())
    }

    /// The name of its arm, as the protocol spells it; `None` for one that this schema does not know.
    pub fn name(&self) -> Option<&'static str> {
        arms::name(self.field)
    }

    /// The channel that the message is about, found without decoding it. `None` for a message that names none, and for one
    /// that this schema does not know.
    ///
    /// ```
    /// use mezon_proto::realtime::MessageTypingEvent;
    /// use mezon_proto::wire::RawMessage;
    ///
    /// let typing = RawMessage::of(&MessageTypingEvent { channel_id: 7, ..Default::default() });
    /// assert_eq!(typing.channel_id(), Some(7));
    /// ```
    pub fn channel_id(&self) -> Option<i64> {
        let path = arms::channel_path(self.field);
        number_at(path, self.message().filter(|_| !path.is_empty())?)
    }

    /// The message if it is the one that a `T` is read from; `None` when it is another one. `T` is a message of this crate or
    /// a type that is made of one ([`FromArm`]). No other type is linked into the program for it, and nothing is decoded for
    /// the answer `None`.
    ///
    /// A field that does not fit this schema is left out. [`decode_within`], given [`RawMessage::message`], counts them.
    ///
    /// # Errors
    ///
    /// When the bytes are no message, or would take more than [`RawMessage::BUDGET`] when decoded.
    pub fn read<T: FromArm>(&self) -> Result<Option<T>, WireError> {
        if self.field != T::Arm::NUMBER {
            return Ok(None);
        }
        let body = self.message().ok_or(WireError::new(WireErrorKind::Malformed, 0))?;
        decode_within(body, Self::BUDGET).map(|Decoded { message, .. }| Some(T::from_arm(message)))
    }

    /// The message as one of this schema, whichever it is; `None` when the schema does not know its number.
    ///
    /// # Errors
    ///
    /// As [`RawMessage::read`].
    pub fn decode(&self) -> Result<Option<Message>, WireError> {
        if !self.is_known() {
            return Ok(None);
        }
        let body = self.message().ok_or(WireError::new(WireErrorKind::Malformed, 0))?;
        let mut envelope = Vec::with_capacity(2 * encoded_len_varint(u64::MAX) + body.len());
        encode_key(self.field, WireType::LengthDelimited, &mut envelope);
        encode_varint(body.len() as u64, &mut envelope);
        envelope.extend_from_slice(body);
        match decode_within(&envelope, Self::BUDGET)? {
            // All of it was left out.
            Decoded { message: Envelope { message: None, .. }, .. } => Err(WireError::new(WireErrorKind::Malformed, 0)),
            Decoded { message, .. } => Ok(message.message),
        }
    }
}

/// The id at the end of a path of fields; some are written as text. The last one counts where a field comes more than once.
fn number_at(path: &[u32], message: &[u8]) -> Option<i64> {
    let (number, rest) = path.split_first()?;
    let mut found = None;
    for field in Fields::new(message).map_while(Result::ok).filter(|field| field.number == *number) {
        let id = match field.value {
            Value::Varint(id) if rest.is_empty() => Some(id.cast_signed()),
            Value::LengthDelimited(text) if rest.is_empty() => std::str::from_utf8(text).ok()?.parse().ok(),
            Value::LengthDelimited(part) => number_at(rest, part),
            _ => None,
        };
        found = id.or(found);
    }
    found
}

/// Shows the length of the bytes: they can hold tokens.
impl fmt::Debug for RawMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawMessage")
            .field("field", &self.field)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ChannelDescription, MessageReaction};
    use crate::realtime::{
        AddClanUserEvent, ChannelMessageAck, Ping, ScreenShareEvent, StreamingLeavedEvent, UserChannelAdded,
        VoiceEndedEvent,
    };
    use crate::wire::{CHANNEL_MESSAGE_ACK_FIELD, PING_FIELD, read};

    #[test]
    fn a_raw_message_is_read_as_what_is_wanted() {
        let ack = ChannelMessageAck { message_id: 7, ..Default::default() };
        let raw = RawMessage::of(&ack);
        assert_eq!((raw.field, raw.name()), (CHANNEL_MESSAGE_ACK_FIELD, Some("channel_message_ack")));
        assert_eq!(raw.read(), Ok(Some(ack.clone())));
        assert_eq!(raw.read::<Ping>(), Ok(None));
        assert_eq!(raw.decode(), Ok(Some(Message::ChannelMessageAck(ack))));
        assert_eq!(RawMessage::of(&Ping {}).decode(), Ok(Some(Message::Ping(Ping {}))));
        assert_eq!(RawMessage::new(1007, Bytes::from_static(b"abc")).decode(), Ok(None));
    }

    #[test]
    fn what_does_not_fit_costs_a_field_and_what_is_damaged_the_message() {
        // channel_id as text, message_id 7; and a field that ends too early.
        let odd = RawMessage::new(CHANNEL_MESSAGE_ACK_FIELD, &b"\x0a\x03abc\x10\x07"[..]);
        let ack = ChannelMessageAck { message_id: 7, ..Default::default() };
        assert_eq!((odd.read(), odd.decode()), (Ok(Some(ack.clone())), Ok(Some(Message::ChannelMessageAck(ack)))));
        let damaged = RawMessage::new(CHANNEL_MESSAGE_ACK_FIELD, &b"\x0a\x03ab"[..]);
        for error in [damaged.decode().unwrap_err(), damaged.read::<ChannelMessageAck>().unwrap_err()] {
            assert_eq!((error.kind(), error.to_string().contains("ab")), (WireErrorKind::Malformed, false));
        }
    }

    #[test]
    fn a_field_that_is_no_message_is_kept_and_not_mistaken_for_one() {
        // Field 22, a ping, as the number 0: as a body that would be an empty key.
        let inbound = read(&[0xb0, 0x01, 0x00, 0x08, 0x01]).unwrap();
        let raw = inbound.message.unwrap();
        assert_eq!((raw.field, raw.body.as_ref()), (PING_FIELD, [0].as_slice()));
        assert!(raw.decode().is_err() && raw.read::<Ping>().is_err());
        // Of an unknown one nobody can tell.
        let unknown = read(&[0xf8, 0x3e, 0x05]).unwrap().message.unwrap();
        assert_eq!((unknown.field, unknown.decode()), (1007, Ok(None)));
        assert!(raw.is_known() && !unknown.is_known());
        assert_eq!((raw.message(), unknown.message()), (None, None));
    }

    #[test]
    fn the_channel_is_found_wherever_a_message_has_it() {
        fn found<A: Arm>(message: &A) -> Option<i64> {
            RawMessage::of(message).channel_id()
        }
        assert_eq!(found(&MessageReaction { channel_id: -7, ..Default::default() }), Some(-7));
        assert_eq!(found(&ScreenShareEvent { voice_channel_id: 7, ..Default::default() }), Some(7));
        // As text.
        assert_eq!(found(&VoiceEndedEvent { voice_channel_id: "7".into(), ..Default::default() }), Some(7));
        assert_eq!(found(&StreamingLeavedEvent { streaming_channel_id: "x".into(), ..Default::default() }), None);
        // Further down.
        let channel = ChannelDescription { channel_id: 7, ..Default::default() };
        assert_eq!(found(&UserChannelAdded { channel_desc: Some(channel), ..Default::default() }), Some(7));
        assert_eq!(found(&UserChannelAdded::default()), None);
        // None at all.
        assert_eq!(found(&AddClanUserEvent { clan_id: 7, ..Default::default() }), None);
        assert_eq!(RawMessage::new(1007, vec![0x08, 0x07]).channel_id(), None);
        // Twice, and damaged behind.
        assert_eq!(RawMessage::new(CHANNEL_MESSAGE_ACK_FIELD, vec![0x08, 1, 0x08, 7, 0x0a]).channel_id(), Some(7));
    }

    #[test]
    fn debug_shows_the_length_alone() {
        let shown = format!("{:?}", RawMessage::new(96, Bytes::from_static(b"canary")));
        assert_eq!(shown, "RawMessage { field: 96, body: 6 bytes, .. }");
    }
}
