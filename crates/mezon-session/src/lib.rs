//! What a Mezon login is, without the network: tokens and their claims, when they end, when and where they are sent, and
//! where they are kept.
//!
//! - [`Session`]: the credentials of a signed-in user. Immutable; an answer or push of the server makes the next one
//!   ([`Session::merged`]). [`Claims`] are what its tokens state: read, never trusted.
//! - [`RefreshPolicy`]: when an access token is exchanged for the next. [`TokenSource`]: how a connection asks for
//!   credentials without knowing who refreshes them.
//! - [`SessionStore`]: where a session outlives the process, in a [`FileStore`] that only its owner reads.
//! - [`Endpoint`] and [`EndpointPolicy`]: the addresses that servers hand out, and which of them may get credentials.
//! - [`DelayPolicy`]: how long to wait before the next attempt.
//! - [`Error`], [`ErrorKind`], [`ErrorClass`]: the error design of every layer, from `mezon-error`. [`Secret`]: a text that is not printed.
//!
//! No rule here reads the clock or draws a random number on its own: both are arguments (`now`, `unit`). [`Clock`] is where
//! callers get the time from.
//!
//! ```
//! use mezon_session::{Clock, RefreshPolicy, Session, SystemClock};
//!
//! # let text = concat!(r#"{"token":"e30.eyJ1aWQiOiI3IiwiZXhwIjo0MTAyNDQ0ODAwfQ.","refresh_token":"r","#,
//! #     r#""api_url":"https://gw.mezon.ai","user_id":"7"}"#);
//! // What the JavaScript SDK exported is read as it is.
//! let session = Session::restore(text)?;
//! if RefreshPolicy::default().is_due(&session, SystemClock.now()) {
//!     println!("user {} needs a new token", session.user_id());
//! }
//! # Ok::<(), mezon_session::SessionError>(())
//! ```

mod claims;
mod clock;
mod delay;
mod endpoint;
mod export;
mod pace;
mod policy;
mod refresh;
mod secret;
mod session;
mod source;
mod store;

pub use claims::Claims;
pub use clock::{Clock, FOREVER, ManualClock, ServerClock, SystemClock};
pub use delay::{DelayPolicy, ExponentialDelay};
pub use endpoint::{Endpoint, EndpointError, EndpointErrorKind};
pub use mezon_error::{Error, ErrorClass, ErrorKind};
pub use pace::{Pace, RateLimit};
pub use policy::EndpointPolicy;
pub use refresh::RefreshPolicy;
pub use secret::Secret;
pub use session::{Session, SessionError, SessionErrorKind, SessionUpdate};
pub use source::{BoxFuture, StaticSession, TokenError, TokenErrorKind, TokenSource};
pub use store::{FileStore, MemoryStore, SessionStore, StagedSave, StoreError, StoreErrorKind, StoreLock};

#[cfg(test)]
mod testing;
