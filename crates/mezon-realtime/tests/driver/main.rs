//! The driver against an emulated gateway, over real sockets on loopback.
#![cfg(feature = "driver")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod connecting;
mod ending;
mod messages;
mod raw;
mod recovering;
mod support;
