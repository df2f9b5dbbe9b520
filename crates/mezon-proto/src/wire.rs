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
//! [`Outline`] and [`Fields`] find parts without decoding them, for the few kinds of message that come by the thousand.
//!
//! # Memory
//!
//! What is read keeps nothing of its frame, so a frame may be a slice of a large shared read buffer. Fields of type
//! `bytes` and the `raw` parts of [`Body`] are copies.

mod api_reply;
mod error;
mod fields;
mod inbound;
mod outbound;
mod outline;

pub use api_reply::ApiReply;
pub use error::{WireError, WireErrorKind};
pub use fields::{Field, FieldError, Fields, Value};
pub use inbound::{Body, Inbound, decode};
pub use outbound::{Revision, Unnumbered};
pub use outline::{CHANNEL_MESSAGE_ACK_FIELD, CHANNEL_MESSAGE_FIELD, Outline};

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
