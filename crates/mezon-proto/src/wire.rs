//! Frames of the socket: lenient reading, and writing in a chosen revision.
//!
//! A binary WebSocket frame is either one [`Envelope`](crate::realtime::Envelope) or, when it starts with `0xff`, a part of the
//! reply to an API call made over the socket ([`ApiReply`]). No valid envelope starts with `0xff`.
//!
//! Reading is more lenient than plain prost, because servers and clients of several revisions are in use:
//!
//! - `Envelope.cid` is read as a varint (since April 2026) and as decimal text (before).
//! - An arm that does not decode costs only that arm: [`Body::Undecodable`] keeps its number and bytes.
//! - An arm this schema does not know is a value, not an error: [`Body::Unknown`]. New ones appear about monthly.
//! - Trailing zero bytes are padding, as the TCP framing adds it.
//!
//! Each arm is decoded once, by the generated code; only the top level of the envelope is scanned by hand.
//!
//! [`read`] leaves the message as it came: a [`RawMessage`] is decoded when it is wanted, and as one type if that is all
//! that is wanted. [`Outline`] and [`Fields`] find parts without decoding them, for the few kinds of message that come by
//! the thousand.
//!
//! # Memory
//!
//! What is read keeps nothing of its frame, so a frame may be a slice of a large shared read buffer. Fields of type
//! `bytes`, a [`RawMessage`] and the `raw` parts of [`Body`] are copies.

mod api_reply;
mod arm;
mod decode;
mod error;
mod fields;
mod inbound;
mod outbound;
mod outline;
mod raw;
mod shape;

pub use api_reply::ApiReply;
pub use arm::{
    CHANNEL_FIELD, CHANNEL_JOIN_FIELD, CHANNEL_LEAVE_FIELD, CHANNEL_MESSAGE_ACK_FIELD, CHANNEL_MESSAGE_FIELD,
    CHANNEL_MESSAGE_SEND_FIELD, CHANNEL_PRESENCE_EVENT_FIELD, CLAN_JOIN_FIELD, ERROR_FIELD,
    MESSAGE_REACTION_EVENT_FIELD, MESSAGE_TYPING_EVENT_FIELD, PING_FIELD, PONG_FIELD, REFRESH_SESSION_EVENT_FIELD,
};
pub use decode::{Decoded, decode_within};
pub use error::{WireError, WireErrorKind};
pub use fields::{Field, FieldError, Fields, Value};
pub use inbound::{Body, Inbound, decode, read};
pub use outbound::{Revision, Unnumbered};
pub use outline::Outline;
pub use raw::{RawInbound, RawMessage};
pub(crate) use shape::Part;
pub use shape::{Described, Shape};

/// One binary frame of the socket.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Frame {
    /// A request, a reply or a push.
    Envelope(Inbound),
    /// A part of the reply to an API call made over the socket.
    ApiReply(ApiReply),
}

/// Reads one binary frame of either kind.
///
/// # Errors
///
/// [`WireError`] when the frame is neither an envelope nor an API reply. Such a frame can be dropped and
/// the connection kept: frames do not depend on each other.
pub fn decode_frame(frame: &[u8]) -> Result<Frame, WireError> {
    if frame.first() == Some(&ApiReply::MARK) {
        return ApiReply::decode(frame).map(Frame::ApiReply);
    }
    decode(frame).map(Frame::Envelope)
}

#[cfg(test)]
mod tests;
