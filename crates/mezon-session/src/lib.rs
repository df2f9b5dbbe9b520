//! Mezon sessions: tokens, claims, expiry, refresh rules, stores, delay policies. No network

mod claims;
mod clock;
mod error;
mod secret;
mod session;
mod source;

pub use claims::Claims;
pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{Error, ErrorClass, ErrorKind};
pub use secret::Secret;
pub use session::{Session, SessionError, SessionErrorKind, SessionUpdate};
pub use source::{BoxFuture, StaticSession, TokenError, TokenErrorKind, TokenSource};
