#![doc = include_str!("../README.md")]

pub mod calls;
mod client;
mod connection;
mod delivery;
mod error;
mod listen;
mod live;
mod watched;

pub use client::Client;
pub use connection::{ConnectOptions, Connection, WeakConnection};
pub use error::ClientError;
pub use listen::{EventStream, EventsOf, FromChannelEvent, FromEvent, Lagged, MessageStream, Missed, Subscription};

// The layers beneath, whose types are in this crate's signatures.
pub use {mezon_api, mezon_model, mezon_realtime, mezon_session};
