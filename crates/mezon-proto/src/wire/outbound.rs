//! Writing an envelope in a chosen revision.

use bytes::Bytes;
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
        let carries_presences = envelope.message.as_ref().is_some_and(carries_presences);
        match self {
            Self::Int32Cid if !carries_presences => envelope.encode_to_vec().into(),
            Self::Int32Cid => {
                let mut envelope = envelope.clone();
                self.convert_presences(envelope.message.as_mut());
                envelope.encode_to_vec().into()
            }
            Self::StringCid => {
                let mut body = Envelope { cid: 0, message: envelope.message.clone() };
                self.convert_presences(body.message.as_mut());
                // Key, length and at most eleven characters of a correlation id fit in 16 bytes.
                let mut frame = Vec::with_capacity(body.encoded_len() + 16);
                if envelope.cid != 0 {
                    string::encode(CID_FIELD, &envelope.cid.to_string(), &mut frame);
                }
                body.encode_raw(&mut frame);
                frame.into()
            }
        }
    }

    /// Brings all presence session ids of a message into the form of this revision.
    fn convert_presences(self, message: Option<&mut Message>) {
        for presence in message.map(presences).unwrap_or_default() {
            let session_id = &mut presence.session_id;
            *session_id = match self {
                Self::Int32Cid => PresenceSession::Number(session_id.as_number().unwrap_or_default()),
                Self::StringCid => PresenceSession::Text(session_id.to_string()),
            };
        }
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
