//! Writing an envelope in a chosen revision.

use std::fmt;

use bytes::{Buf as _, Bytes};
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, int32, key_len, string};

use super::fields::Fields;
use crate::presence::{PresenceSession, UserPresence};
use crate::realtime::Envelope;
use crate::realtime::envelope::Message;

/// The number of `Envelope.cid`.
pub(super) const CID_FIELD: u32 = 1;

/// How correlation ids and presence session ids are written.
///
/// A server speaks one revision at a time; frames of both are always understood when reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Revision {
    /// `Envelope.cid` and `UserPresence.session_id` as int32: servers since April 2026.
    #[default]
    Int32Cid,
    /// Both as text: older servers.
    StringCid,
}

/// An encoded envelope that lacks its correlation id. The message is encoded when this is made, and the id goes in front
/// of it without another copy.
#[derive(Clone)]
pub struct Unnumbered {
    revision: Revision,
    /// Room for the correlation id, then the message.
    bytes: Vec<u8>,
}

/// Room for a correlation id in either form: key, length and at most eleven characters.
const ROOM: usize = 13;

impl Revision {
    /// Writes an envelope in this revision.
    ///
    /// The ids of presences inside it are converted. A text id that is no 32-bit number has no int32 form
    /// and is left out in that revision.
    pub fn encode(self, envelope: &Envelope) -> Bytes {
        let unnumbered = match &envelope.message {
            Some(message) => self.encode_unnumbered(message),
            None => Unnumbered::new(self, 0),
        };
        unnumbered.number(envelope.cid)
    }

    /// As [`Revision::encode`], for a message that gets its correlation id later.
    pub fn encode_unnumbered(self, message: &Message) -> Unnumbered {
        let converted = carries_presences(message).then(|| {
            let mut message = message.clone();
            self.convert_presences(&mut message);
            message
        });
        let message = converted.as_ref().unwrap_or(message);
        let mut unnumbered = Unnumbered::new(self, message.encoded_len());
        message.encode(&mut unnumbered.bytes);
        unnumbered
    }

    /// As [`Revision::encode_unnumbered`], for the one arm with the number `field`: a program that sends only such needs
    /// no code for the other arms. For messages that hold no presences, as nothing is converted.
    pub fn encode_arm<M: prost::Message>(self, field: u32, message: &M) -> Unnumbered {
        let length = message.encoded_len();
        let head = key_len(field) + encoded_len_varint(length as u64);
        let mut unnumbered = Unnumbered::new(self, head + length);
        encode_key(field, WireType::LengthDelimited, &mut unnumbered.bytes);
        encode_varint(length as u64, &mut unnumbered.bytes);
        message.encode_raw(&mut unnumbered.bytes);
        unnumbered
    }

    /// Brings all presence session ids of a message into the form of this revision.
    fn convert_presences(self, message: &mut Message) {
        for presence in presences(message) {
            let session_id = &mut presence.session_id;
            *session_id = match self {
                Self::Int32Cid => PresenceSession::Number(session_id.as_number().unwrap_or_default()),
                Self::StringCid => PresenceSession::Text(session_id.to_string()),
            };
        }
    }
}

impl Unnumbered {
    /// The message of a frame that was encoded before, to be sent under another correlation id. `frame` starts with the
    /// id, or has none.
    pub fn of_frame(revision: Revision, frame: &[u8]) -> Self {
        let mut fields = Fields::new(frame);
        let numbered = matches!(fields.next(), Some(Ok(field)) if field.number == CID_FIELD);
        let message = if numbered { fields.rest() } else { frame };
        let mut unnumbered = Self::new(revision, message.len());
        unnumbered.bytes.extend_from_slice(message);
        unnumbered
    }

    /// The frame with this correlation id; 0 means none.
    pub fn number(mut self, cid: i32) -> Bytes {
        let mut field = [0; ROOM];
        let mut room = field.as_mut_slice();
        match self.revision {
            _ if cid == 0 => {}
            Revision::Int32Cid => int32::encode(CID_FIELD, &cid, &mut room),
            Revision::StringCid => string::encode(CID_FIELD, &cid.to_string(), &mut room),
        }
        let unused = room.len();
        if let (Some(place), Some(field)) = (self.bytes.get_mut(unused..ROOM), field.get(..ROOM - unused)) {
            place.copy_from_slice(field);
        }
        let mut frame = Bytes::from(self.bytes);
        frame.advance(unused);
        frame
    }

    /// With room for a message of so many bytes, and no more: the buffer becomes the frame as it is.
    fn new(revision: Revision, length: usize) -> Self {
        let mut bytes = Vec::with_capacity(ROOM + length);
        bytes.resize(ROOM, 0);
        Self { revision, bytes }
    }
}

/// Shows the length in place of the bytes: they can hold tokens.
impl fmt::Debug for Unnumbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unnumbered({} bytes)", self.bytes.len() - ROOM)
    }
}

/// Whether an arm of the envelope can hold presences; `presences` lists the same arms.
fn carries_presences(message: &Message) -> bool {
    matches!(
        message,
        Message::Channel(_)
            | Message::ChannelPresenceEvent(_)
            | Message::Status(_)
            | Message::StatusPresenceEvent(_)
            | Message::StreamData(_)
            | Message::StreamPresenceEvent(_)
    )
}

/// All presences in a message.
fn presences(message: &mut Message) -> Vec<&mut UserPresence> {
    match message {
        Message::Channel(channel) => channel.presences.iter_mut().chain(&mut channel.self_).collect(),
        Message::ChannelPresenceEvent(event) => event.joins.iter_mut().chain(&mut event.leaves).collect(),
        Message::Status(status) => status.presences.iter_mut().collect(),
        Message::StatusPresenceEvent(event) => event.joins.iter_mut().chain(&mut event.leaves).collect(),
        Message::StreamData(data) => data.sender.iter_mut().collect(),
        Message::StreamPresenceEvent(event) => event.joins.iter_mut().chain(&mut event.leaves).collect(),
        _ => Vec::new(),
    }
}
