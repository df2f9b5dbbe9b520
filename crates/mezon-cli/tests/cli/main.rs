//! Runs the built `mezon` command against an emulator in this process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod account;
mod bad_input;
mod chat;
mod demo;
mod emulator;
mod gateway;
mod mezon;
mod secrets;
