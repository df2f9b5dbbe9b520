#![doc = include_str!("../README.md")]

mod client;
mod config;
mod payload;
mod socket;
mod subjects;

pub use client::{LightClient, LightClientBuilder};
pub use config::{AuthenticateConfig, ClientInitConfig};
pub use payload::SendMessagePayload;
pub use socket::{LightSocket, SocketConnectOptions};

/// Why a call failed.
pub use mezon_client::ClientError as LightError;
/// The calls by subject: their handles, what they take, and lists that come page by page.
pub use mezon_client::calls;

// The layers' own types, as they appear in this crate's signatures.
pub use mezon_api::{
    AnnouncedFiles, ApiClient, ApiError, ApiErrorKind, AppLogin, Download, GatewayBuilder, HoldReason,
    ListChannelsOptions, ListMessagesOptions, Position, RetryPolicy, Roots, SessionChanges, Timeouts, TlsConfig,
    TlsError, TlsErrorKind, UploadRequest, UploadSource, UploadTicket,
};
pub use mezon_client::{
    ConnectOptions, Connection, EventStream, EventsOf, FilesArrived, FromChannelEvent, FromEvent, Lagged,
    MessageStream, Missed, Subscription, WeakConnection,
};
// Every word of the vocabulary, for what the calls by subject take and give.
pub use mezon_model::*;
pub use mezon_realtime::{
    CallError, CallErrorKind, ChannelGap, CloseReason, ConnectError, ConnectErrorKind, ConnectionState, DialPhase,
    DisconnectReason, Event, MaybeSent, NotSent, RawMessage, Revision, SendError, SendErrorKind, ServerError, Socket,
    SocketConfigBuilder, WireError, WireErrorKind,
};
pub use mezon_session::{
    Clock, DelayPolicy, ErrorClass, ExponentialDelay, FileStore, MemoryStore, RateLimit, RefreshPolicy, Secret,
    Session, SessionError, SessionErrorKind, SessionStore, StagedSave, StoreError, StoreErrorKind, StoreLock,
    SystemClock,
};

/// Every snippet of the guide compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/coming-from-javascript.md")]
struct ComingFromJavascript;

/// So does every one of the guide for users of other SDKs.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/coming-from-other-sdks.md")]
struct ComingFromOtherSdks;

/// So does the one of the project's front page.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct FrontPage;
