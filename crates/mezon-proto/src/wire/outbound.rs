//! Writing an envelope in a chosen revision.

use std::fmt;
use std::io::Write as _;

use bytes::{Buf as _, BufMut, Bytes, BytesMut};
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, int32, key_len};

use super::arm::Arm;
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

/// A correlation id as text has at most so many.
const CID_CHARACTERS: usize = 11;

/// Room for a correlation id in either form: key, length and characters.
const ROOM: usize = 2 + CID_CHARACTERS;

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

    /// As [`Revision::encode_unnumbered`], for one arm: a program that sends only such needs no code for the others. For
    /// messages that hold no presences, as nothing is converted.
    pub fn encode_arm<A: Arm>(self, message: &A) -> Unnumbered {
        let length = message.encoded_len();
        let mut unnumbered = Unnumbered::new(self, arm_length(A::NUMBER, length));
        put_arm(message, length, &mut unnumbered.bytes);
        unnumbered
    }

    /// The frame that [`Revision::encode_arm`] makes under this correlation id, cut off from `buffer`: when the frames that
    /// were cut off before are gone, their room is used again. So a frame now and then costs no allocation.
    pub fn encode_arm_from<A: Arm>(self, buffer: &mut BytesMut, cid: i32, message: &A) -> Bytes {
        let length = message.encoded_len();
        buffer.reserve(ROOM + arm_length(A::NUMBER, length));
        self.put_cid(cid, buffer);
        put_arm(message, length, buffer);
        buffer.split().freeze()
    }

    /// Writes the field of a correlation id; 0 means none. At most as long as `ROOM`.
    fn put_cid(self, cid: i32, buffer: &mut impl BufMut) {
        match self {
            _ if cid == 0 => {}
            Self::Int32Cid => int32::encode(CID_FIELD, &cid, buffer),
            Self::StringCid => {
                let mut characters = [0; CID_CHARACTERS];
                let mut unused = characters.as_mut_slice();
                // There is room for any number.
                let _ = write!(unused, "{cid}");
                let length = CID_CHARACTERS - unused.len();
                encode_key(CID_FIELD, WireType::LengthDelimited, buffer);
                encode_varint(length as u64, buffer);
                buffer.put_slice(characters.get(..length).unwrap_or_default());
            }
        }
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

    /// The same message, to be numbered in another revision. Presences in it stay as they are.
    pub fn in_revision(self, revision: Revision) -> Self {
        Self { revision, ..self }
    }

    /// The frame with this correlation id; 0 means none.
    pub fn number(mut self, cid: i32) -> Bytes {
        let mut field = [0; ROOM];
        let mut room = field.as_mut_slice();
        self.revision.put_cid(cid, &mut room);
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

/// How long an arm is whose message is `length` long.
fn arm_length(field: u32, length: usize) -> usize {
    key_len(field) + encoded_len_varint(length as u64) + length
}

fn put_arm<A: Arm>(message: &A, length: usize, buffer: &mut impl BufMut) {
    encode_key(A::NUMBER, WireType::LengthDelimited, buffer);
    encode_varint(length as u64, buffer);
    message.encode_raw(buffer);
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
