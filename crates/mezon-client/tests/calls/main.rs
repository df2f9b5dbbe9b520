//! The friendly calls over real HTTP and real sockets: what each does, what a second user hears of it, what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod editing;
mod history;
mod people;
mod refusals;
#[path = "../support/mod.rs"]
mod support;
mod two;
