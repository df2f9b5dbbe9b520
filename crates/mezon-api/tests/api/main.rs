//! The HTTP client against peers of every kind.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod dialling;
mod downloads;
mod emulator;
mod files;
mod hostile;
mod invitation;
mod killed;
mod limits;
mod pacing;
mod previous;
mod refresh;
mod secrets;
mod storing;
mod support;
mod uploads;
mod webhooks;
