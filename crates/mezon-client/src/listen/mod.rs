//! Who listens: handlers and streams.

mod audience;
mod handlers;
mod responding;
mod streams;

pub(crate) use audience::{Audience, Delivery};
pub use handlers::Subscription;
pub(crate) use handlers::{ErrorHandler, EventHandler, Registry};
pub(crate) use responding::{Response, handler as responding};
pub use streams::{EventStream, Lagged, MessageStream};
