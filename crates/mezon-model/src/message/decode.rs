//! A received message straight from its bytes.

use mezon_proto::wire::{Fields, Value};

use super::ChannelMessage;
use super::packed::{List, Numbers, Packed, Pieces, Text};
use crate::kind::{MessageCode, StreamMode};

impl ChannelMessage {
    /// Reads an encoded `mezon.api.ChannelMessage`, in one pass and without the generated type in between.
    ///
    /// Everything is copied, so a slice of a shared read buffer will do. Where a field comes more than once the last
    /// one counts, and unknown fields are passed over, as protobuf wants it.
    ///
    /// `None` when the bytes are no such message. Decoding them as the generated type tells what is wrong with them.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut numbers = Numbers::default();
        let mut pieces = Pieces::default();
        for field in Fields::new(bytes) {
            let field = field.ok()?;
            match (field.number, field.value) {
                (1, Value::Varint(id)) => numbers.clan_id = id.cast_signed().into(),
                (2, Value::Varint(id)) => numbers.channel_id = id.cast_signed().into(),
                (3, Value::Varint(id)) => numbers.message_id = id.cast_signed().into(),
                (4, Value::Varint(code)) => numbers.code = MessageCode::from_raw(low_half(code).cast_signed()),
                (5, Value::Varint(id)) => numbers.sender_id = id.cast_signed().into(),
                (6, Value::LengthDelimited(text)) => pieces.set_text(Text::Username, text),
                (7, Value::LengthDelimited(text)) => pieces.set_text(Text::Avatar, text),
                (8, Value::LengthDelimited(text)) => pieces.set_text(Text::Content, text),
                (9, Value::LengthDelimited(text)) => pieces.set_text(Text::ChannelLabel, text),
                (10, Value::LengthDelimited(text)) => pieces.set_text(Text::ClanLogo, text),
                (11, Value::LengthDelimited(text)) => pieces.set_text(Text::CategoryName, text),
                (12, Value::LengthDelimited(text)) => pieces.set_text(Text::DisplayName, text),
                (13, Value::LengthDelimited(text)) => pieces.set_text(Text::ClanNick, text),
                (14, Value::LengthDelimited(text)) => pieces.set_text(Text::ClanAvatar, text),
                (15, Value::LengthDelimited(list)) => pieces.set_list(List::Reactions, list),
                (16, Value::LengthDelimited(list)) => pieces.set_list(List::Mentions, list),
                (17, Value::LengthDelimited(list)) => pieces.set_list(List::Attachments, list),
                (18, Value::LengthDelimited(list)) => pieces.set_list(List::References, list),
                (19, Value::LengthDelimited(bytes)) => pieces.set_list(List::ReferencedMessage, bytes),
                (20, Value::Varint(seconds)) => numbers.create_time_seconds = low_half(seconds),
                (21, Value::Varint(seconds)) => numbers.update_time_seconds = low_half(seconds),
                (22, Value::Varint(mode)) => numbers.mode = StreamMode::from_raw(low_half(mode).cast_signed()),
                (23, Value::Varint(hide)) => numbers.hide_edited = hide != 0,
                (24, Value::Varint(public)) => numbers.is_public = public != 0,
                (25, Value::Varint(id)) => numbers.topic_id = id.cast_signed().into(),
                // Known, but not of the type it should have.
                (1..=25, _) => return None,
                _ => {}
            }
        }
        Some(Self::packed(Packed::new(numbers, &pieces)?))
    }
}

/// What a field of 32 bits keeps of its varint.
fn low_half(value: u64) -> u32 {
    (value & u64::from(u32::MAX)).try_into().unwrap_or_default()
}
