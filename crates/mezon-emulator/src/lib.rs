//! An emulated Mezon gateway for development and tests: HTTP, WebSocket and object store on one port.
//!
//! It stands in for the real gateway where there is no account, no network or no patience: it signs users in, has clans
//! with channels, threads and roles, direct and group conversations, stores and delivers messages, and takes uploads, over
//! real HTTP, WebSocket and TLS. Clients of both protocol revisions work side by side. [`Faults`] makes bad days reproducible.
//!
//! **It is not a production server.** It accepts any ID token, keeps uploads in memory, and has no limits against
//! abuse. Do not put it on a public address.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use mezon_emulator::Emulator;
//!
//! let emulator = Emulator::start().await?;
//! println!("gateway URL: {}, server key: {}", emulator.url(), emulator.server_key());
//!
//! // ... let a client sign in and connect, then see how it takes a lost connection:
//! emulator.faults().cut_connections();
//!
//! emulator.shutdown().await;
//! # Ok::<(), mezon_emulator::EmulatorError>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A town is set up from code, in the name of people who need no client: [`Emulator::person`], [`Person::found_clan`] and
//! the methods of [`Clan`].
//!
//! # What it does
//!
//! | Of the gateway | Here |
//! |---|---|
//! | Sign-in | any ID token with any user id or name; bots that were set up with [`EmulatorBuilder::app`], with the header of any official SDK |
//! | Users | made when they first sign in, or when another user names them as a peer; profiles, states, activities, who is online |
//! | Friends | asked, accepted, ended, blocked; who is blocked opens no conversation and writes in none |
//! | Notifications | of mentions, answers and requests of friends, with settings and mutes |
//! | Clans' things | events with who takes part, emojis, stickers; webhooks, whose addresses take messages |
//! | Sessions | signed tokens with lifetimes of choice; a refresh token works once unless told otherwise |
//! | Clans | made, changed, given away, deleted; joined by invitation, left; names of members, bans, categories, roles |
//! | Channels | direct (the same two users share one), groups, and all types of clans: public or private, threads, archived |
//! | Voice | who is in a voice or streaming room, without its sound; a lost connection leaves it |
//! | Messages | send, update, remove, react, type, read back, search; pins, topics, reports; ids grow; content up to 4000 UTF-16 units, 50 files |
//! | Reading | how far each user has read, over all their devices, and how many messages are left |
//! | Ephemerals | sent, changed and removed; only receivers get them, and no history keeps them |
//! | Interaction | buttons and select boxes that are there, pressed by who sees them; quick menus; polls |
//! | Delivery | to all sockets that have joined the channel, or its clan, of those who may see it; clan 0 has the conversations |
//! | Methods | over HTTP and over the socket alike; those that are missing answer "unimplemented" |
//! | Uploads | presigned URLs with signature, expiry and exact length, checked; downloads by the clean URL |
//!
//! Where the behaviour of the real gateway is not known, the emulator does the plainest thing: history comes newest
//! first; direction 1 reads what is newer than the message, 2 what is around it, 0 and 3 what is older; the lists of
//! users in a channel description leave the viewer out; a join whose `channel_type`, or a send whose `mode`, does not
//! fit the channel is bad input. `status` of the events of categories and roles is 1 for made, 2 for changed and 3 for
//! deleted; a ban from a clan removes the user, one from a channel forbids to write there; the owner of a clan and those
//! with the permission `administrator` see its private channels; nobody removes or bans somebody who may do more; a new
//! clan has a category and a channel named `general`; `expiry_time` of an invitation counts days and `ban_time` seconds.

mod builder;
mod emulator;
mod error;
mod exchanges;
mod failure;
mod faults;
mod gateway;
mod http;
mod hub;
mod message_lists;
mod message_requests;
mod messages;
mod multipart;
mod operations;
mod percent;
mod requests;
mod residents;
mod rpc;
mod search;
mod server;
mod sessions;
mod snowflake;
mod socket;
mod stats;
mod store;
mod tls;
mod token;
#[allow(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "operations have one shape, whether they need all of it or not"
)]
mod town;
mod uploads;

pub use builder::{DEFAULT_SERVER_KEY, EmulatorBuilder, ParseWsUrlFormError, WsUrlForm};
pub use emulator::Emulator;
pub use error::{EmulatorError, EmulatorErrorKind};
pub use faults::{Answer, Fault, Faults, Page, ParseFaultError, Route, Times};
/// The messages that [`Emulator::push`] takes.
pub use mezon_proto as proto;
pub use residents::{Clan, Person};
pub use stats::Stats;
