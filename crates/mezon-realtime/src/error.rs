//! Errors of connecting, calling and sending.

use std::fmt;
use std::time::Duration;

use mezon_model::DraftError;
use mezon_session::{Error, ErrorClass, ErrorKind};

use crate::event::Words;

/// Why a connection could not be made.
pub type ConnectError = Error<ConnectErrorKind>;

/// Why a connection could not be made, to match on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectErrorKind {
    /// A setting of the configuration is out of bounds.
    InvalidSetting {
        /// Its name in the builder.
        setting: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// The address of the socket cannot be read, is not trusted, or is plain text where it must not be. The source
    /// says which.
    Endpoint,
    /// The TLS configuration cannot be used. The source says why.
    TlsConfig,
    /// The host has no address, or does not accept connections.
    Unreachable {
        /// The host and, unless it is the usual one, the port.
        host: String,
    },
    /// The TLS handshake failed: most often the certificate is not trusted.
    Tls {
        /// The host.
        host: String,
    },
    /// It took longer than the connect timeout.
    TimedOut {
        /// What it was about to do.
        phase: DialPhase,
    },
    /// The server answered the upgrade request with another status than 101.
    Refused {
        /// The HTTP status.
        status: u16,
        /// How long the server asked to wait, when it did so in seconds. At most 5 minutes.
        retry_after: Option<Duration>,
    },
    /// The server did not answer the upgrade request as WebSocket servers do. The source names the header at fault.
    Handshake,
    /// The server proved that the login is over.
    LoginOver,
    /// The token source has no credentials at the moment.
    NoCredentials {
        /// How long the server asked to wait, when it did.
        retry_after: Option<Duration>,
    },
    /// The server closed the connection with a code that ends it for good.
    ClosedByServer {
        /// The code of RFC 6455 section 7.4.
        code: u16,
        /// The server's own words, at most 123 bytes of any text. Often empty.
        reason: String,
    },
    /// The connection was closed by the application before it was up.
    Closed,
}

/// What a dial is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialPhase {
    /// Asking the token source for credentials.
    Credentials,
    /// Looking the host up and connecting to it.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// The WebSocket upgrade.
    Upgrade,
}

impl ErrorKind for ConnectErrorKind {
    fn class(&self) -> ErrorClass {
        match self {
            Self::InvalidSetting { .. }
            | Self::Endpoint
            | Self::TlsConfig
            | Self::Tls { .. }
            | Self::ClosedByServer { .. } => ErrorClass::Permanent,
            Self::LoginOver => ErrorClass::Auth,
            Self::NoCredentials { retry_after } | Self::Refused { retry_after, .. } => {
                ErrorClass::Transient { retry_after: *retry_after }
            }
            Self::Closed => ErrorClass::Cancelled,
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Handshake => ErrorClass::TRANSIENT,
        }
    }
}

impl fmt::Display for ConnectErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidSetting { setting, rule } => write!(f, "the setting {setting} must be {rule}"),
            Self::Endpoint => f.write_str("the address of the socket cannot be used"),
            Self::TlsConfig => f.write_str("the TLS configuration cannot be used"),
            Self::Unreachable { host } => write!(f, "{host} cannot be reached, check the address and the network"),
            Self::Tls { host } => write!(
                f,
                "the TLS handshake with {host} failed, check that its certificate is issued by a trusted authority"
            ),
            Self::TimedOut { phase } => write!(f, "connecting took too long while {phase}"),
            Self::Refused { status, .. } => write!(f, "the server refused the socket with HTTP status {status}"),
            Self::Handshake => f.write_str("the server does not answer as a WebSocket server"),
            Self::LoginOver => f.write_str("the login is over, sign in again"),
            Self::NoCredentials { .. } => f.write_str("no credentials can be had at the moment"),
            Self::ClosedByServer { code, reason } => {
                write!(f, "the server closed the connection for good with code {code}")?;
                Words(reason).fmt(f)
            }
            Self::Closed => f.write_str("the connection was closed before it was up"),
        }
    }
}

impl fmt::Display for DialPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credentials => "asking for credentials",
            Self::Tcp => "connecting to the host",
            Self::Tls => "shaking hands over TLS",
            Self::Upgrade => "upgrading to WebSocket",
        })
    }
}

/// Why a request to the server did not succeed.
pub type CallError = Error<CallErrorKind>;

/// Why a request to the server did not succeed, to match on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallErrorKind {
    /// The request never left the process. Nothing happened; it can be made again.
    NotSent {
        /// What stood in the way.
        reason: NotSent,
    },
    /// The request was handed to the socket, and nobody knows whether the server acted.
    MaybeSent {
        /// What became of the answer.
        reason: MaybeSent,
    },
    /// The server answered with an error.
    Rejected {
        /// Its code: 3 is bad input, for instance. See `mezon_proto::realtime::error::Code`.
        code: i32,
        /// The server's own words.
        message: String,
    },
}

/// Why a message was not sent, or not surely.
pub type SendError = Error<SendErrorKind>;

/// Why a message was not sent, or not surely; to match on.
///
/// The protocol has no client-chosen message id, so a message that was *maybe* sent cannot be sent again without the
/// risk of a duplicate. Look into the history of the channel first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendErrorKind {
    /// The message cannot be sent as it is. Nothing left the process.
    Invalid(DraftError),
    /// The request with the message did not succeed. [`CallErrorKind::NotSent`] and [`CallErrorKind::Rejected`] say that the
    /// message is not in the channel, [`CallErrorKind::MaybeSent`] that nobody knows.
    Call(CallErrorKind),
}

/// Why a request never left the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSent {
    /// The connection is not up. Wait for [`Event::Ready`](crate::Event::Ready).
    NotConnected,
    /// Too many requests are waiting already.
    QueueFull,
    /// As many requests as may wait for the send limit do so already.
    RateLimited,
    /// The connection was lost before the request was handed to the socket.
    ConnectionLost,
    /// Its time was up before it could be handed to the socket, because the server does not read, or the send limit held it
    /// back for so long.
    TimedOut,
    /// The connection is closed, or closing.
    Closed,
    /// Its frame is over the size limit.
    TooLarge,
    /// Requests of this kind are not made over the socket by this crate.
    Unsupported,
}

/// What became of the answer to a request that was handed to the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaybeSent {
    /// The connection was lost first.
    ConnectionLost,
    /// None came in time.
    TimedOut,
    /// It came and cannot be understood.
    Unreadable,
}

impl ErrorKind for CallErrorKind {
    fn class(&self) -> ErrorClass {
        match self {
            Self::NotSent { reason } => reason.class(),
            Self::MaybeSent { .. } => ErrorClass::MaybeDone,
            Self::Rejected { .. } => ErrorClass::Permanent,
        }
    }
}

impl ErrorKind for SendErrorKind {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Invalid(_) => ErrorClass::Permanent,
            Self::Call(kind) => kind.class(),
        }
    }
}

impl NotSent {
    fn class(self) -> ErrorClass {
        match self {
            Self::NotConnected | Self::QueueFull | Self::RateLimited | Self::ConnectionLost | Self::TimedOut => {
                ErrorClass::TRANSIENT
            }
            Self::Closed => ErrorClass::Cancelled,
            Self::TooLarge | Self::Unsupported => ErrorClass::Permanent,
        }
    }
}

impl fmt::Display for CallErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent { reason } => write!(f, "the request was not sent: {reason}"),
            Self::MaybeSent { reason } => write!(f, "it is not known whether the server acted: {reason}"),
            Self::Rejected { code, message } => write!(f, "the server answered with error {code}: {message}"),
        }
    }
}

impl fmt::Display for SendErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => error.fmt(f),
            Self::Call(CallErrorKind::NotSent { reason }) => write!(f, "the message was not sent: {reason}"),
            Self::Call(CallErrorKind::MaybeSent { reason }) => {
                write!(f, "it is not known whether the message was sent, look before sending it again: {reason}")
            }
            Self::Call(CallErrorKind::Rejected { code, message }) => {
                write!(f, "the server refused the message with error {code}: {message}")
            }
        }
    }
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotConnected => "there is no connection at the moment",
            Self::QueueFull => "too many requests are waiting already",
            Self::RateLimited => "too many requests wait for the send limit, send slower",
            Self::ConnectionLost => "the connection was lost first",
            Self::TimedOut => "it could not be handed to the socket in time",
            Self::Closed => "the connection is closed",
            Self::TooLarge => "its frame is over the size limit",
            Self::Unsupported => "requests of this kind are not made over the socket",
        })
    }
}

impl fmt::Display for MaybeSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConnectionLost => "the connection was lost before the answer",
            Self::TimedOut => "no answer came in time",
            Self::Unreadable => "the answer cannot be understood",
        })
    }
}

impl From<CallErrorKind> for SendErrorKind {
    fn from(kind: CallErrorKind) -> Self {
        Self::Call(kind)
    }
}
