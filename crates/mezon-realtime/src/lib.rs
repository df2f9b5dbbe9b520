//! WebSocket client for Mezon: a pure connection state machine and its tokio driver

mod close;
#[cfg(feature = "driver")]
mod config;
#[cfg(feature = "driver")]
mod driver;
mod error;
mod event;
pub mod machine;

pub use close::CloseAction;
#[cfg(feature = "driver")]
pub use config::{Config, ConfigBuilder};
#[cfg(feature = "driver")]
pub use driver::{Events, Joined, Socket, States, connect};
pub use error::{CallError, CallErrorKind, ConnectError, ConnectErrorKind, DialPhase};
pub use error::{MaybeSent, NotSent, SendError, SendErrorKind};
pub use event::{ChannelGap, CloseReason, ConnectionState, DisconnectReason, Event, ServerError};
pub use machine::Reply;
pub use mezon_proto::wire::Revision;
