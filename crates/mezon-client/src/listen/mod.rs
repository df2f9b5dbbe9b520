//! Who listens: handlers and streams.

mod audience;
mod handlers;
mod streams;

pub(crate) use audience::{Audience, Delivery};
pub use handlers::Subscription;
pub(crate) use handlers::{ErrorHandler, EventHandler, Registry};
pub use streams::{EventStream, Lagged, MessageStream};
