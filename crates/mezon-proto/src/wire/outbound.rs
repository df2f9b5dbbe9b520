//! Writing an envelope in a chosen revision.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use prost::Message as _;
use prost::encoding::string;

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

impl Revision {
    /// Writes an envelope in this revision.
    ///
    /// The ids of presences inside it are converted. A text id that is no 32-bit number has no int32 form
    /// and is left out in that revision.
    pub fn encode(self, envelope: &Envelope) -> Bytes {
        let message = envelope.message.as_ref().map(|message| self.with_presences(message));
        let cid = match self {
            Self::StringCid if envelope.cid != 0 => Some(envelope.cid.to_string()),
            _ => None,
        };
        let number = Envelope { cid: if cid.is_some() { 0 } else { envelope.cid }, message: None };

        let length = number.encoded_len()
            + cid.as_ref().map_or(0, |text| string::encoded_len(CID_FIELD, text))
            + message.as_ref().map_or(0, |message| message.encoded_len());
        let mut frame = BytesMut::with_capacity(length);
        number.encode_raw(&mut frame);
        if let Some(text) = &cid {
            string::encode(CID_FIELD, text, &mut frame);
        }
        if let Some(message) = message {
            message.encode(&mut frame);
        }
        frame.freeze()
    }

    /// The message with all presence session ids in the form of this revision.
    fn with_presences(self, message: &Message) -> Cow<'_, Message> {
        if !carries_presences(message) {
            return Cow::Borrowed(message);
        }
        let mut message = message.clone();
        for presence in presences(&mut message) {
            let session_id = &mut presence.session_id;
            *session_id = match self {
                Self::Int32Cid => PresenceSession::Number(session_id.as_number().unwrap_or_default()),
                Self::StringCid => PresenceSession::Text(session_id.to_string()),
            };
        }
        Cow::Owned(message)
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
