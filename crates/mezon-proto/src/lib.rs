//! Generated protobuf types of the Mezon chat protocol, checked in: no build script, no protoc.

// Generated code is exempt from the lints on style; `unsafe_code` stays forbidden in it.

mod presence;
pub mod wire;

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
