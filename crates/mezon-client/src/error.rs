//! One error for everything a client does.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use mezon_api::ApiError;
use mezon_model::{ChannelId, ClanId, ParseIdError};
use mezon_proto::wire::WireError;
use mezon_realtime::{CallError, ConnectError, SendError};
use mezon_session::{ErrorClass, SessionError};

use crate::calls::names::NameError;

/// Why a call failed. Each variant holds the error of the layer where it happened, with a kind to match
/// on; [`ClientError::class`] says what to do about any of them.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// An HTTP call: sign-in, refresh, channels, history, uploads.
    Api(ApiError),
    /// The socket could not be connected.
    Connect(ConnectError),
    /// A request over the socket: join, leave, typing.
    Call(CallError),
    /// A message send. Its kind tells *not sent*, *maybe sent* and *rejected* apart.
    Send(SendError),
    /// Saved or given credentials are no session.
    Session(SessionError),
    /// The arguments make no request. Nothing was sent.
    InvalidInput {
        /// What is wrong with them.
        problem: Cow<'static, str>,
    },
    /// A text is no id.
    Id(ParseIdError),
    /// A name means nothing, or more than one thing.
    Name(NameError),
    /// What a channel missed while the connection was down could not be read from the history.
    CatchUp {
        /// The channel.
        channel_id: ChannelId,
        /// Why.
        source: Box<ClientError>,
    },
    /// The channels of a clan could not be listed after a lost connection, so nobody knows in which of them messages were
    /// missed.
    ClanCatchUp {
        /// The clan.
        clan_id: ClanId,
        /// Why.
        source: Box<ClientError>,
    },
    /// The socket is not connected: call `connect` first.
    NotConnected,
    /// A handler panicked. The others were called all the same.
    HandlerPanicked,
    /// A handler that answers has too many events before it, and this one is not answered.
    HandlerBehind {
        /// The channel of the event; 0 when it names none.
        channel_id: ChannelId,
    },
    /// An event that a handler wants by type cannot be decoded as that.
    Undecodable {
        /// The name of the event, as the protocol spells it.
        event: &'static str,
        /// Why.
        source: WireError,
    },
    /// No event came that was waited for.
    NoEvent {
        /// How long it was waited for.
        within: Duration,
    },
}

impl ClientError {
    /// What a caller can do about it.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Api(error) => error.class(),
            Self::Connect(error) => error.class(),
            Self::Call(error) => error.class(),
            Self::Send(error) => error.class(),
            Self::Session(error) => error.class(),
            Self::CatchUp { source, .. } | Self::ClanCatchUp { source, .. } => source.class(),
            Self::NotConnected | Self::NoEvent { .. } => ErrorClass::TRANSIENT,
            Self::InvalidInput { .. }
            | Self::Id(_)
            | Self::Name(_)
            | Self::HandlerPanicked
            | Self::HandlerBehind { .. }
            | Self::Undecodable { .. } => ErrorClass::Permanent,
        }
    }

    /// The HTTP status that the server answered with, if that is what the error is about.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Api(error) => error.kind().status(),
            Self::CatchUp { source, .. } | Self::ClanCatchUp { source, .. } => source.status(),
            _ => None,
        }
    }

    fn inner(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Api(error) => Some(error),
            Self::Connect(error) => Some(error),
            Self::Call(error) => Some(error),
            Self::Send(error) => Some(error),
            Self::Session(error) => Some(error),
            Self::Id(error) => Some(error),
            Self::Name(error) => Some(error),
            Self::InvalidInput { .. }
            | Self::CatchUp { .. }
            | Self::ClanCatchUp { .. }
            | Self::NotConnected
            | Self::HandlerPanicked
            | Self::HandlerBehind { .. }
            | Self::Undecodable { .. }
            | Self::NoEvent { .. } => None,
        }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(error) => error.fmt(f),
            Self::Connect(error) => error.fmt(f),
            Self::Call(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
            Self::Session(error) => error.fmt(f),
            Self::Id(error) => error.fmt(f),
            Self::Name(error) => error.fmt(f),
            Self::InvalidInput { problem } => f.write_str(problem),
            Self::CatchUp { channel_id, source } => {
                write!(f, "what channel {channel_id} missed could not be read from its history")?;
                if f.alternate() { write!(f, ": {source:#}") } else { Ok(()) }
            }
            Self::ClanCatchUp { clan_id, source } => {
                write!(f, "the channels of clan {clan_id} could not be listed, and what they missed is not known")?;
                if f.alternate() { write!(f, ": {source:#}") } else { Ok(()) }
            }
            Self::NotConnected => f.write_str("the socket is not connected, call connect first"),
            Self::HandlerPanicked => f.write_str("a handler panicked"),
            Self::HandlerBehind { channel_id } => {
                write!(f, "a handler is too slow, and an event of channel {channel_id} is not answered")
            }
            Self::Undecodable { event, source } => {
                write!(f, "the event {event} could not be decoded for its handler")?;
                if f.alternate() { write!(f, ": {source:#}") } else { Ok(()) }
            }
            Self::NoEvent { within } => write!(f, "the event that was waited for did not come within {within:?}"),
        }
    }
}

impl std::error::Error for ClientError {
    /// The error beneath the layer's own, which `Display` has printed already.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::CatchUp { source, .. } | Self::ClanCatchUp { source, .. } => Some(source.as_ref()),
            Self::Undecodable { source, .. } => Some(source),
            _ => self.inner().and_then(std::error::Error::source),
        }
    }
}

impl From<ApiError> for ClientError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<ConnectError> for ClientError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

impl From<CallError> for ClientError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<SendError> for ClientError {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl From<ParseIdError> for ClientError {
    fn from(error: ParseIdError) -> Self {
        Self::Id(error)
    }
}

impl From<NameError> for ClientError {
    fn from(error: NameError) -> Self {
        Self::Name(error)
    }
}

impl From<SessionError> for ClientError {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}
