//! The emulator over real connections, with a bare client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod answers;
mod faults;
mod http;
mod killed;
mod lifecycle;
mod presence;
mod protocol;
mod socket;
mod support;
mod town;
mod uploads;
mod webhooks;
