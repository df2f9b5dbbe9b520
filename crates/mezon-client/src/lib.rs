#![doc = include_str!("../README.md")]

pub mod calls;
mod client;
mod connect_options;
mod connection;
mod delivery;
mod error;
mod listen;
mod live;
mod watched;

pub use client::Client;
pub use connect_options::ConnectOptions;
pub use connection::{Connection, WeakConnection};
pub use error::ClientError;
pub use listen::{
    EventStream, EventsOf, FilesArrived, FromChannelEvent, FromEvent, Lagged, MessageStream, Missed, Subscription,
};

// The layers beneath, whose types are in this crate's signatures.
pub use {mezon_api, mezon_model, mezon_realtime, mezon_session};
