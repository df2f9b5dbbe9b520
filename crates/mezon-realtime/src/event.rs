//! What a connection tells the application.

use std::fmt;
use std::time::Duration;

use mezon_model::{ChannelId, ChannelMessage, ClanId, MessageId};
use mezon_proto::wire::{CHANNEL_MESSAGE_FIELD, RawMessage};

use crate::{CallErrorKind, ConnectErrorKind};

/// Something that happened on the connection, in the order it happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message in a channel. Edits and removals come as messages too; see [`ChannelMessage::code`].
    Message(ChannelMessage),
    /// The server reports an error that belongs to no call.
    ServerError(ServerError),
    /// Any other push, as it came: typing, reactions, presences, whatever this version knows or a newer server sends.
    /// [`RawMessage::read`] decodes the one type that is wanted; what nobody asks for is never decoded.
    ///
    /// ```
    /// use mezon_model::event::Typing;
    /// use mezon_realtime::Event;
    ///
    /// fn typing(event: &Event) -> Option<Typing> {
    ///     let Event::Push(push) = event else { return None };
    ///     push.read().ok()?
    /// }
    /// ```
    Push(RawMessage),
    /// A message, an error or a frame that could not be read.
    Undecodable {
        /// What came. Its field number is 0 when the frame is no envelope at all.
        raw: RawMessage,
        /// What did not fit. Names fields, never their values.
        reason: String,
    },
    /// The server pushed new credentials, and the token source has taken them over.
    SessionRefreshed,
    /// The connection is up. Joined channels are joined again next, then comes [`Event::Ready`].
    Connected {
        /// Counts the attempts to connect. Later connections have larger numbers.
        generation: u64,
    },
    /// The connection is lost. It is made again by itself.
    Disconnected {
        /// Why.
        reason: DisconnectReason,
        /// When the next attempt begins.
        retry_in: Duration,
    },
    /// Pushes were missed while the connection was down: the protocol has no resume. Read the history of these
    /// channels after the last seen message. Comes before [`Event::Ready`], or before [`Event::Closed`] when the
    /// connection ends before it is ready again.
    Gap {
        /// The channels in question: all joined ones and those that messages were seen from.
        channels: Vec<ChannelGap>,
        /// Clans that were joined, which bring messages of channels that were never heard of: any channel of theirs may be
        /// in question. Empty when the lists of their channels would not make the gap complete.
        clans: Vec<ClanId>,
        /// False: there may be others than `channels`. A clan was joined, or messages were seen from more channels than are
        /// kept track of (4,096).
        complete: bool,
    },
    /// A channel could not be joined again after a reconnect. It is tried again after the next one, until it is left.
    RejoinFailed {
        /// Its clan.
        clan_id: ClanId,
        /// The channel; 0 when the clan itself was joined.
        channel_id: ChannelId,
        /// What the server says, or that its answer cannot be understood.
        error: CallErrorKind,
    },
    /// The connection is up, and everything that was joined is joined again.
    Ready {
        /// As in [`Event::Connected`].
        generation: u64,
    },
    /// The application was too slow: the queue was full and this many events are missing at this place. Read the
    /// history of the channels to fill the hole.
    Lagged {
        /// How many events.
        dropped: u64,
    },
    /// The connection is over for good. The last event.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

impl Event {
    /// The name of the kind of event, for logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::ServerError(_) => "server error",
            Self::Push(_) => "push",
            Self::Undecodable { .. } => "undecodable",
            Self::SessionRefreshed => "session refreshed",
            Self::Connected { .. } => "connected",
            Self::Disconnected { .. } => "disconnected",
            Self::Gap { .. } => "gap",
            Self::RejoinFailed { .. } => "rejoin failed",
            Self::Ready { .. } => "ready",
            Self::Lagged { .. } => "lagged",
            Self::Closed { .. } => "closed",
        }
    }

    /// The number of the message of the socket that it is, as in
    /// [`Arm::NUMBER`](mezon_proto::wire::Arm::NUMBER). `None` for everything but [`Event::Message`] and [`Event::Push`].
    pub fn arm(&self) -> Option<u32> {
        match self {
            Self::Message(_) => Some(CHANNEL_MESSAGE_FIELD),
            Self::Push(raw) => Some(raw.field),
            _ => None,
        }
    }

    /// The channel that a message or a push is about, found without decoding it. `None` when it names none.
    pub fn channel_id(&self) -> Option<ChannelId> {
        match self {
            Self::Message(message) => Some(message.channel_id()),
            Self::Push(raw) => raw.channel_id().map(ChannelId::new),
            _ => None,
        }
    }

    /// Whether the event tells of the connection itself, and not of something that the server sent.
    pub fn is_connection_state(&self) -> bool {
        matches!(
            self,
            Self::Connected { .. }
                | Self::Disconnected { .. }
                | Self::Gap { .. }
                | Self::RejoinFailed { .. }
                | Self::Ready { .. }
                | Self::Closed { .. }
        )
    }
}

/// A channel in which messages may have been missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelGap {
    /// Its clan.
    pub clan_id: ClanId,
    /// The channel.
    pub channel_id: ChannelId,
    /// The newest message seen before the gap. `None`: none was seen, or nothing but changes of older ones.
    pub last_seen: Option<MessageId>,
}

impl ChannelGap {
    /// What was missed in a channel after the message `last_seen`.
    pub const fn new(clan_id: ClanId, channel_id: ChannelId, last_seen: Option<MessageId>) -> Self {
        Self { clan_id, channel_id, last_seen }
    }
}

/// An error that the server reported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerError {
    /// Its code: 3 is bad input, for instance. See `mezon_proto::realtime::error::Code`.
    pub code: i32,
    /// The server's own words.
    pub message: String,
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered with error {}: {}", self.code, self.message)
    }
}

/// Why a connection was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The server closed it, with a close code or without.
    ClosedByServer {
        /// The code of RFC 6455 section 7.4. `None`: there was none, or one that may not stand on the wire, such as the
        /// 1014 of some proxies.
        code: Option<u16>,
        /// The server's own words, at most 123 bytes of any text. Often empty.
        reason: String,
    },
    /// It broke: the network failed, or the server went away without a word.
    Broken,
    /// Nothing came from the server for too long after a ping.
    Silent,
    /// The server broke the WebSocket protocol, or sent a frame over the size limit.
    Protocol,
    /// Too many frames in a row could not be read.
    Undecodable,
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedByServer { code, reason } => {
                f.write_str("the server closed the connection")?;
                if let Some(code) = code {
                    write!(f, " with code {code}")?;
                }
                Words(reason).fmt(f)
            }
            Self::Broken => f.write_str("the connection broke"),
            Self::Silent => f.write_str("the server was silent for too long after a ping"),
            Self::Protocol => f.write_str("the server broke the WebSocket protocol or a size limit"),
            Self::Undecodable => f.write_str("too many frames in a row could not be read"),
        }
    }
}

/// Why a connection is over for good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The application closed it, or dropped its last handle.
    Requested,
    /// The server proved that the login is over: sign in again.
    LoginOver,
    /// The server closed it with a code after which another attempt would end the same way.
    Refused {
        /// The code of RFC 6455 section 7.4.
        code: u16,
        /// The server's own words, at most 123 bytes of any text. Often empty.
        reason: String,
    },
    /// The first attempt to connect failed, and the configuration asks for no more.
    NotConnected(ConnectErrorKind),
    /// The task of the connection ended early, because the tokio runtime shut down.
    Aborted,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested => f.write_str("the connection was closed as asked"),
            Self::LoginOver => f.write_str("the login is over, sign in again"),
            Self::Refused { code, reason } => {
                write!(f, "the server ended the connection for good with code {code}")?;
                Words(reason).fmt(f)
            }
            Self::NotConnected(kind) => kind.fmt(f),
            Self::Aborted => f.write_str("the runtime ended the task of the connection"),
        }
    }
}

/// The words with which a server closes, if there are any. Quoted, so that nothing in them acts on a terminal or a log.
pub(crate) struct Words<'a>(pub(crate) &'a str);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ": {:?}", self.0) }
    }
}

/// Where a connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionState {
    /// Waiting before the next attempt.
    Waiting {
        /// How many attempts have failed since it was up, or since the start.
        failed: u32,
        /// How long the wait is, from its start.
        retry_in: Duration,
    },
    /// Asking for credentials, dialling, shaking hands.
    Connecting {
        /// As in [`Event::Connected`].
        generation: u64,
    },
    /// Up; what was joined before is being joined again. Calls are accepted.
    Connected {
        /// As in [`Event::Connected`].
        generation: u64,
    },
    /// Up, and everything that was joined is joined again.
    Ready {
        /// As in [`Event::Connected`].
        generation: u64,
    },
    /// Closing as asked: calls in flight are awaited, new ones are not taken.
    Closing,
    /// Over for good.
    Closed(CloseReason),
}

impl ConnectionState {
    /// Whether calls are accepted.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Connected { .. } | Self::Ready { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_server_are_quoted() {
        let said = |reason: &str| DisconnectReason::ClosedByServer { code: Some(1008), reason: reason.to_owned() };
        assert_eq!(said("").to_string(), "the server closed the connection with code 1008");
        let hostile = said("no\u{1b}[2J\nroot\u{2028}\u{200b}\u{202e}").to_string();
        let quoted = r#": "no\u{1b}[2J\nroot\u{2028}\u{200b}\u{202e}""#;
        assert_eq!(hostile, format!("the server closed the connection with code 1008{quoted}"));
        let refused = CloseReason::Refused { code: 1002, reason: "a\tb".to_owned() };
        assert_eq!(refused.to_string(), r#"the server ended the connection for good with code 1002: "a\tb""#);
        let silent = DisconnectReason::ClosedByServer { code: None, reason: String::new() };
        assert_eq!(silent.to_string(), "the server closed the connection");
    }
}
