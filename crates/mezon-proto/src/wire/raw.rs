//! An arm of the envelope as it came, to be decoded when it is wanted.

use std::fmt;

use bytes::Bytes;
use prost::encoding::{DecodeContext, WireType, encode_varint, encoded_len_varint};
use prost::{DecodeError, Message as _};

use super::arm::Arm;
use super::decode::{Decoded, decode_within};
use super::error::{WireError, WireErrorKind};
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

    /// The message if it is an `M`; `None` when it is another one. No other type is linked into the program for it, and
    /// nothing is decoded for the answer `None`.
    ///
    /// Fields of it that do not fit this schema are left out, as [`decode_within`] does; that tells how many, too.
    ///
    /// # Errors
    ///
    /// When the bytes are no message, or would take more than [`RawMessage::BUDGET`] when decoded.
    pub fn read<M: Arm>(&self) -> Result<Option<M>, WireError> {
        if self.field != M::NUMBER {
            return Ok(None);
        }
        let Some(body) = self.message() else { return Err(WireError::new(WireErrorKind::Malformed, 0)) };
        decode_within(body, Self::BUDGET).map(|Decoded { message, .. }| Some(message))
    }

    /// The message as one of this schema; `None` when the schema does not know its number.
    ///
    /// # Errors
    ///
    /// When the number is known and the bytes do not fit it. The text names fields, never their values.
    pub fn decode(&self) -> Result<Option<Message>, DecodeError> {
        let mut value = Vec::with_capacity(encoded_len_varint(u64::MAX) + self.body.len());
        if self.wire_type == WireType::LengthDelimited {
            encode_varint(self.body.len() as u64, &mut value);
        }
        value.extend_from_slice(&self.body);
        let mut arm = Envelope::default();
        arm.merge_field(self.field, self.wire_type, &mut value.as_slice(), DecodeContext::default())?;
        // The generated code skips what it does not know.
        Ok(arm.message)
    }

    /// The message as an `M`, whatever its number says: look at [`RawMessage::field`] first. No other type is linked
    /// into the program for it.
    ///
    /// # Errors
    ///
    /// When the bytes are no `M`. The text names fields, never their values.
    pub fn decode_as<M: prost::Message + Default>(&self) -> Result<M, DecodeError> {
        // Reports a field that is no message as the generated code does.
        prost::encoding::check_wire_type(WireType::LengthDelimited, self.wire_type)?;
        M::decode(self.body.as_ref())
    }
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
    use crate::realtime::{ChannelMessageAck, Ping};
    use crate::wire::{CHANNEL_MESSAGE_ACK_FIELD, PING_FIELD, read};

    #[test]
    fn a_raw_message_is_decoded_when_it_is_wanted() {
        let raw = RawMessage::new(
            CHANNEL_MESSAGE_ACK_FIELD,
            ChannelMessageAck { message_id: 7, ..Default::default() }.encode_to_vec(),
        );
        let ack: ChannelMessageAck = raw.decode_as().unwrap();
        assert_eq!(ack.message_id, 7);
        assert_eq!(raw.decode(), Ok(Some(Message::ChannelMessageAck(ack))));
        assert_eq!(RawMessage::new(PING_FIELD, Bytes::new()).decode(), Ok(Some(Message::Ping(Ping {}))));
        assert_eq!(RawMessage::new(1007, Bytes::from_static(b"abc")).decode(), Ok(None));
    }

    #[test]
    fn a_message_that_does_not_fit_names_the_field_and_not_its_value() {
        // channel_id as text.
        let raw = RawMessage::new(CHANNEL_MESSAGE_ACK_FIELD, Bytes::from_static(b"\x0a\x03abc"));
        for error in [raw.decode().unwrap_err(), raw.decode_as::<ChannelMessageAck>().unwrap_err()] {
            let text = error.to_string();
            assert!(text.contains("channel_id") && !text.contains("abc"), "{text}");
        }
    }

    #[test]
    fn a_field_that_is_no_message_is_kept_and_not_mistaken_for_one() {
        // Field 22, a ping, as the number 0: as a body that would be an empty key.
        let inbound = read(&[0xb0, 0x01, 0x00, 0x08, 0x01]).unwrap();
        let raw = inbound.message.unwrap();
        assert_eq!((raw.field, raw.body.as_ref()), (PING_FIELD, [0].as_slice()));
        assert!(raw.decode().is_err() && raw.decode_as::<Ping>().is_err());
        // Of an unknown one nobody can tell.
        let unknown = read(&[0xf8, 0x3e, 0x05]).unwrap().message.unwrap();
        assert_eq!((unknown.field, unknown.decode()), (1007, Ok(None)));
        assert!(raw.is_known() && !unknown.is_known());
        assert_eq!((raw.message(), unknown.message()), (None, None));
    }

    #[test]
    fn debug_shows_the_length_alone() {
        let shown = format!("{:?}", RawMessage::new(96, Bytes::from_static(b"canary")));
        assert_eq!(shown, "RawMessage { field: 96, body: 6 bytes, .. }");
    }
}
