//! The protobuf types of the Mezon chat protocol, and the codec of its socket frames.
//!
//! - [`api`]: requests and responses of the HTTP calls, and what they have in common with the socket.
//! - [`realtime`]: what the socket carries. Everything comes in an [`Envelope`](realtime::Envelope).
//! - [`methods`]: the methods of the API, each with the types of its request and its response.
//! - [`wire`]: reads and writes frames of the socket in both revisions of the protocol that are in use.
//!
//! The types are generated from the `.proto` files of the project and checked in: building this crate runs no build
//! script and needs no `protoc`. It depends on `prost` and `bytes` alone.
//!
//! ```
//! use mezon_proto::realtime::ChannelJoin;
//! use mezon_proto::wire::{self, Revision};
//!
//! # fn main() -> Result<(), wire::WireError> {
//! // A request: join the direct channel 123.
//! let join = ChannelJoin { channel_id: 123, channel_type: 3, ..Default::default() };
//! let frame = Revision::default().encode_arm(&join).number(1);
//!
//! // Reading it back, as the type that is wanted.
//! let inbound = wire::read(&frame)?;
//! assert_eq!(inbound.cid, 1);
//! if let Some(message) = inbound.message {
//!     match message.read::<ChannelJoin>()? {
//!         Some(read) => assert_eq!(read, join),
//!         None => println!("another message, {} or one of a newer server", message.name().unwrap_or_default()),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Conventions of the protocol
//!
//! - Ids are snowflakes in an `i64`; 0 means none, and clan 0 holds direct and group conversations.
//! - Times are seconds since the Unix epoch.
//! - Offsets into texts count UTF-16 code units.
//! - A field that is absent has its default value. Where "unchanged" must differ from "empty", the field is an
//!   `Option`.
//! - Odd spellings (`hide_editted`, `chanel_label`) are those of the protocol.
//!
//! Comments on messages that no public client uses are inferred from names and fields.
//!
//! # Credentials
//!
//! `Debug` prints `<redacted>` in place of tokens, passwords, presigned URLs and other credentials, and the length
//! in place of raw bytes. Contents of messages are shown.
//!
//! # Versions
//!
//! The types follow the schema of the server, which grows about monthly. New fields and messages are added in minor
//! versions of this crate, so build messages with `..Default::default()` and give `match` a last arm.

// Generated code is exempt from the lints on style; `unsafe_code` stays forbidden in it.

#[allow(clippy::too_many_lines)]
#[rustfmt::skip]
#[path = "generated/arms.rs"]
mod arms;
mod method;
mod presence;
#[rustfmt::skip]
#[path = "generated/shapes.rs"]
mod shapes;
pub mod wire;

/// The method table: every method of the API with its types, by subject. Each is here and in the module of its subject.
#[rustfmt::skip]
#[path = "generated/methods.rs"]
pub mod methods;

pub use method::{AnyMethod, Method};

/// Messages of the package `mezon.api`: what the HTTP calls carry.
#[allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/api.rs"]
pub mod api;

/// Messages of the package `mezon.realtime`: what the socket carries.
#[allow(missing_docs, unused_qualifications, clippy::all, clippy::pedantic)]
pub mod realtime {
    pub use crate::presence::{PresenceSession, UserPresence};

    include!("generated/realtime.rs");
}
