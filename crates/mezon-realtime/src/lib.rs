//! The realtime side of Mezon: a connection that stays up, joins again what was joined, and tells the truth about what
//! was sent.
//!
//! - `connect` makes a connection; `Socket` makes calls over it, `Events` tell what happens on it.
//! - [`machine`] is what decides: a state machine without I/O, clock and randomness, which can be driven by hand. It is
//!   all that is left without the feature `driver`.
//!
//! # What holds
//!
//! - One connection at a time. A lost one is made again for as long as it takes; only proof that the login is over, or a
//!   close code after which nothing else can come, ends it.
//! - A message is sent at most once, and each call ends exactly once: answered, refused, *not sent* or *maybe sent*.
//! - Nothing is lost silently: [`Event::Gap`] and [`Event::Lagged`] mark what was missed.
//! - The connection never waits for the application.
//!
//! # Memory
//!
//! A connection holds its read buffer (2 KiB, a setting; 64 KiB more while a lot comes in), a write buffer of at most 16 KiB
//! and one frame, the message that is being received (4 MiB at most, a setting), 1,024 calls in flight and as many commands,
//! and the events that the application has not taken yet (`Events` tells how many, and how much memory they take). Pushes
//! over 1 MiB are not read, and nothing is decoded that would take more than 1 MiB of memory.

mod close;
#[cfg(feature = "driver")]
mod driver;
mod error;
mod event;
pub mod machine;
#[cfg(feature = "driver")]
mod socket_config;

pub use close::CloseAction;
#[cfg(feature = "driver")]
pub use driver::{EventSender, Events, Joined, Socket, States, connect};
pub use error::{CallError, CallErrorKind, ConnectError, ConnectErrorKind, DialPhase};
pub use error::{MaybeSent, NotSent, SendError, SendErrorKind};
pub use event::{ChannelGap, CloseReason, ConnectionState, DisconnectReason, Event, ServerError};
pub use machine::Reply;
pub use mezon_proto::wire::{RawMessage, Revision, WireError, WireErrorKind};
#[cfg(feature = "driver")]
pub use socket_config::{SocketConfig, SocketConfigBuilder};
