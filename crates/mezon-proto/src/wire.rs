//! Frames of the socket: lenient reading, and writing in a chosen revision.
//!
//! A binary WebSocket frame is either one [`Envelope`](crate::realtime::Envelope), which [`read`] takes, or, when it starts
//! with [`ApiReply::MARK`], a part of the reply to an API call made over the socket ([`ApiReply`]). No valid envelope starts so.
//!
//! Reading is more lenient than plain prost, because servers and clients of several revisions are in use:
//!
//! - `Envelope.cid` is read as a varint (since April 2026) and as decimal text (before).
//! - The message stays as it came, a [`RawMessage`], and is decoded when it is wanted, as the one type that is wanted. So
//!   one that does not decode costs only itself, and one that this schema does not know is a value. New ones appear about
//!   monthly.
//! - A field that does not fit its type costs only itself ([`decode_within`]).
//! - Trailing zero bytes are padding, as the TCP framing adds it.
//!
//! [`Outline`] and [`Fields`] find parts without decoding them, for the few kinds of message that come by the thousand.
//!
//! # Memory
//!
//! What is read keeps nothing of its frame, so a frame may be a slice of a large shared read buffer. Fields of type
//! `bytes` and the body of a [`RawMessage`] are copies. [`decode_within`] bounds what a message becomes.

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

pub use crate::arms::*;
pub use api_reply::ApiReply;
pub use arm::{Arm, FromArm, InChannel};
pub use decode::{Decoded, decode_within};
pub use error::{WireError, WireErrorKind};
pub use fields::{Field, FieldError, Fields, Value};
pub use inbound::{Inbound, read};
pub use outbound::{Revision, Unnumbered};
pub use outline::Outline;
pub use raw::RawMessage;
pub(crate) use shape::Part;
pub use shape::{Described, Shape};

#[cfg(test)]
mod tests;
