//! Who listens: handlers and streams.

mod audience;
mod files_arrived;
mod from_event;
mod handlers;
mod responding;
mod streams;

pub(crate) use audience::{Audience, Delivery};
pub use files_arrived::FilesArrived;
pub use from_event::{FromChannelEvent, FromEvent};
pub use handlers::Subscription;
pub(crate) use handlers::{ErrorHandler, EventHandler, Registry, typed};
pub(crate) use responding::{Response, to_events as responding_to, to_messages as responding};
pub(crate) use streams::Wanted;
pub use streams::{EventStream, EventsOf, Lagged, MessageStream, Missed};
