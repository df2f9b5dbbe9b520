//! Generated protobuf types of the Mezon chat protocol, checked in: no build script, no protoc.

/// Messages of the package `mezon.api`: what the HTTP calls carry.
#[allow(missing_docs, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/api.rs"]
pub mod api;

/// Messages of the package `mezon.realtime`: what the socket carries.
#[allow(missing_docs, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
#[path = "generated/realtime.rs"]
pub mod realtime;
