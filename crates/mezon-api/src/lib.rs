//! The HTTP side of a Mezon client: sign-in, session refresh, calls, history, files. It knows no socket.
//!
//! ```no_run
//! use mezon_api::{Gateway, IdTokenLogin, ListMessagesOptions};
//! use mezon_model::UserId;
//!
//! # async fn example() -> Result<(), mezon_api::ApiError> {
//! let gateway = Gateway::builder().build()?;
//! let client = gateway.authenticate(&IdTokenLogin::new("the ID token", 42, "linh")).await?;
//! let channel = client.create_dm(UserId::new(43)).await?;
//! for message in client.list_messages(channel.id(), &ListMessagesOptions::latest()).await? {
//!     println!("{}: {}", message.username(), message.text());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! - However many calls find the access token expired, one refresh is made. It runs in a task of its own, and the new
//!   tokens are stored before they are used. Over a shared store, one process refreshes and the others take its session.
//! - A request is repeated only if that does no harm. When the answer to another one is lost, the error says so
//!   ([`ApiErrorKind::MaybeSent`]).
//! - Only proof ends a login: a refused refresh token, or a refused access token that was just refreshed, and refused by
//!   the gateway in its own form. Pages of proxies, timeouts, overloaded servers and lost connections never do.
//! - Credentials go to the gateway's own domain over TLS, and nowhere else: addresses that the server names are checked,
//!   redirects are not followed, requests for files carry no token.
//! - No log line, error text or `Debug` output holds a credential. Logs (`tracing`, level debug) name methods, statuses
//!   and times.

mod address;
mod body;
mod changes;
mod channels;
mod client;
mod connector;
mod download;
mod error;
mod gateway;
mod history;
mod invitation;
mod keeper;
mod login;
mod object_store;
mod redaction;
mod request;
mod response;
mod retry;
mod session_answer;
mod timeouts;
mod transport;
mod upload;
mod webhook;

pub use changes::SessionChanges;
pub use channels::ListChannelsOptions;
pub use client::ApiClient;
pub use download::Download;
pub use error::{ApiError, ApiErrorKind, HoldReason, Phase};
pub use gateway::{Gateway, GatewayBuilder};
pub use history::{ListMessagesOptions, Position};
pub use login::{AppLogin, IdTokenLogin};
pub use mezon_proto::{AnyMethod, Method, methods};
pub use mezon_tls::{Roots, TlsConfig, TlsError, TlsErrorKind};
pub use retry::RetryPolicy;
pub use timeouts::Timeouts;
pub use upload::{AnnouncedFiles, UploadRequest, UploadSource, UploadTicket};

/// Runs `work` in a task. What the runtime does for a task is compiled for each type of future: this is one type for all.
fn spawn(work: mezon_session::BoxFuture<'static, ()>) {
    tokio::spawn(work);
}

/// Runs `work`, which may block, where that is allowed.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::with_source(ApiErrorKind::Interrupted, error))
}
