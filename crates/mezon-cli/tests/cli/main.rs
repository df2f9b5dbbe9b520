//! Runs the built `mez` command against an emulator in this process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod account;
mod api;
mod bad_input;
mod changing;
mod chat;
mod clans;
mod demo;
mod emulator;
mod files;
mod finding;
mod friends;
mod gateway;
mod help;
mod mez;
mod pins;
mod reading;
mod secrets;
mod settings;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod terminal;
