//! The friendly calls over real HTTP and real sockets: what each does, what a second user hears of it, what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod categories;
mod channels;
mod clan_of_two;
mod clans;
mod decorations;
mod editing;
mod history;
mod offers;
mod people;
mod pins;
mod refusals;
mod roles;
#[path = "../support/mod.rs"]
mod support;
mod threads;
mod two;
