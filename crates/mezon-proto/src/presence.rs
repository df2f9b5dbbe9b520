//! `mezon.realtime.UserPresence`, written by hand.
//!
//! The type of `session_id` changed from text to int32 in April 2026. Plain prost would refuse a whole reply to
//! a channel join for the one field, so this type reads both forms. All else is as the generator would write it.

use std::fmt;

use bytes::{Buf, BufMut};
use prost::encoding::{DecodeContext, WireType, bool, int32, int64, message, skip_field, string};
use prost::{DecodeError, Message};

use crate::wire::{Described, Part, Shape};

/// One connection of a user: who is in a channel or online, and from where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UserPresence {
    /// The user.
    pub user_id: i64,
    /// The connection of that user. Not the same thing as `session_id` of `mezon.api.Session`.
    pub session_id: PresenceSession,
    /// The unique name of the user.
    pub username: String,
    /// A status text the user has set; `None` when the user has set none.
    pub status: Option<String>,
    /// The connection is that of a phone.
    pub is_mobile: bool,
    /// The status of the user as a word, such as online or idle.
    pub user_status: String,
}

/// The id of a user's connection, in the form in which it came or is to be written.
///
/// [`Revision::encode`](crate::wire::Revision::encode) brings all of a frame into the form of its revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PresenceSession {
    /// An int32, as servers write it since April 2026; 0 when there is none.
    Number(i32),
    /// Text, as older servers write it.
    Text(String),
}

impl PresenceSession {
    /// The id as a number; `None` for a text that is no 32-bit number.
    pub fn as_number(&self) -> Option<i32> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) if text.is_empty() => Some(0),
            Self::Text(text) => text.parse().ok(),
        }
    }

    fn is_none(&self) -> bool {
        match self {
            Self::Number(number) => *number == 0,
            Self::Text(text) => text.is_empty(),
        }
    }

    fn merge(&mut self, wire_type: WireType, buffer: &mut impl Buf, context: DecodeContext) -> Result<(), DecodeError> {
        if wire_type == WireType::LengthDelimited {
            let mut text = String::new();
            string::merge(wire_type, &mut text, buffer, context)?;
            *self = Self::Text(text);
        } else {
            let mut number = 0;
            int32::merge(wire_type, &mut number, buffer, context)?;
            *self = Self::Number(number);
        }
        Ok(())
    }
}

impl Default for PresenceSession {
    fn default() -> Self {
        Self::Number(0)
    }
}

/// The decimal number or the text; nothing when there is no id.
impl fmt::Display for PresenceSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(0) => Ok(()),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Described for UserPresence {
    const SHAPE: &'static Shape = &Shape::new(&[
        Part::varint(1),
        Part::varint_or_text(2),
        Part::text(3),
        Part::message::<String>(4),
        Part::varint(5),
        Part::text(6),
    ]);
}

impl Message for UserPresence {
    fn encode_raw(&self, buffer: &mut impl BufMut) {
        if self.user_id != 0 {
            int64::encode(1, &self.user_id, buffer);
        }
        if !self.session_id.is_none() {
            match &self.session_id {
                PresenceSession::Number(number) => int32::encode(2, number, buffer),
                PresenceSession::Text(text) => string::encode(2, text, buffer),
            }
        }
        if !self.username.is_empty() {
            string::encode(3, &self.username, buffer);
        }
        if let Some(status) = &self.status {
            message::encode(4, status, buffer);
        }
        if self.is_mobile {
            bool::encode(5, &self.is_mobile, buffer);
        }
        if !self.user_status.is_empty() {
            string::encode(6, &self.user_status, buffer);
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        let (field, merged) = match tag {
            1 => ("user_id", int64::merge(wire_type, &mut self.user_id, buffer, context)),
            2 => ("session_id", self.session_id.merge(wire_type, buffer, context)),
            3 => ("username", string::merge(wire_type, &mut self.username, buffer, context)),
            4 => ("status", message::merge(wire_type, self.status.get_or_insert_default(), buffer, context)),
            5 => ("is_mobile", bool::merge(wire_type, &mut self.is_mobile, buffer, context)),
            6 => ("user_status", string::merge(wire_type, &mut self.user_status, buffer, context)),
            _ => return skip_field(wire_type, tag, buffer, context),
        };
        merged.map_err(|mut error| {
            error.push("UserPresence", field);
            error
        })
    }

    fn encoded_len(&self) -> usize {
        let session_id = match &self.session_id {
            id if id.is_none() => 0,
            PresenceSession::Number(number) => int32::encoded_len(2, number),
            PresenceSession::Text(text) => string::encoded_len(2, text),
        };
        let text = |tag, value: &String| if value.is_empty() { 0 } else { string::encoded_len(tag, value) };
        let user_id = if self.user_id == 0 { 0 } else { int64::encoded_len(1, &self.user_id) };
        let is_mobile = if self.is_mobile { bool::encoded_len(5, &self.is_mobile) } else { 0 };
        let status = self.status.as_ref().map_or(0, |status| message::encoded_len(4, status));
        user_id + session_id + text(3, &self.username) + status + is_mobile + text(6, &self.user_status)
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}
