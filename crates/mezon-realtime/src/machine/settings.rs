//! The numbers that the machine decides by.

use std::time::Duration;

use mezon_proto::wire::Revision;
use mezon_session::RateLimit;

/// The numbers that the machine decides by. Each has a default that suits the public gateway.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// How far apart pings are. 10 s, as in the official clients; the gateway drops connections that are idle for 60 s.
    pub heartbeat_interval: Duration,
    /// How long after a ping the server may be silent. 10 s. Any frame counts as life, not only the pong.
    pub heartbeat_timeout: Duration,
    /// How long a request that servers need not answer waits for an answer. 3 s.
    pub soft_timeout: Duration,
    /// How long one dial may take, from the question for credentials to the last byte of the upgrade. The driver has a
    /// shorter limit for the connect itself; this one makes sure that a dial always ends. 50 s.
    pub dial_limit: Duration,
    /// How long a closing connection waits for calls in flight. 5 s.
    pub drain_timeout: Duration,
    /// How long a closing connection waits for the server's close frame. 2 s.
    pub close_timeout: Duration,
    /// How many calls may be in flight. 1,024.
    pub calls_in_flight: usize,
    /// The time between two joins after a reconnect. 12.5 ms, which is the 80 messages a second that the official bot
    /// SDKs keep to: a burst of joins makes the gateway close the connection.
    pub rejoin_spacing: Duration,
    /// How many requests leave in a time, heartbeats aside, and how many wait. `None`, the default: they leave as they are
    /// made. [`RateLimit::SENDS`] is what the official bot SDKs keep to.
    pub send_limit: Option<RateLimit>,
    /// The largest frame that is sent. 1 MiB.
    pub max_outgoing: usize,
    /// The largest push that is read. 1 MiB, which is what official clients take.
    pub max_push: usize,
    /// How correlation ids are written. Both forms are understood.
    pub revision: Revision,
    /// Whether the other revision is tried after a connection on which something was asked and nothing answered: a server
    /// that cannot read a request closes, or stays silent until the heartbeat ends the connection. The first answer settles
    /// it. Off: a connection that is lost early would cost another that is not understood.
    pub detect_revision: bool,
    /// Whether a failed first attempt is followed by others. By default it ends the machine, so that a wrong address is
    /// told at once.
    pub retry_first: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            heartbeat_interval: Duration::from_secs(10),
            heartbeat_timeout: Duration::from_secs(10),
            soft_timeout: Duration::from_secs(3),
            dial_limit: Duration::from_secs(50),
            drain_timeout: Duration::from_secs(5),
            close_timeout: Duration::from_secs(2),
            calls_in_flight: 1_024,
            rejoin_spacing: Duration::from_micros(12_500),
            send_limit: None,
            max_outgoing: 1 << 20,
            max_push: 1 << 20,
            revision: Revision::default(),
            detect_revision: false,
            retry_first: false,
        }
    }
}

/// A connection that was up for this long has proved itself: delays start over after it. Resetting them when it opens
/// would let a server that accepts and closes at once be dialled once a second for ever.
pub(super) const PROVEN_AFTER: Duration = Duration::from_secs(60);

/// A network hint ends a wait at most this often.
pub(super) const HINT_SPACING: Duration = Duration::from_secs(4);

/// After so many connections in a row that ended without a single frame, the login is checked: gateways refuse dead
/// credentials by closing without a word.
pub(super) const SILENT_ENDS: u32 = 3;

/// What a message that the machine acts on may take in memory when it is decoded. What a frame becomes is not bounded by its
/// length: an empty element of a list takes two bytes there, and some hundred here.
pub(crate) const DECODED_LIMIT: usize = 1 << 20;

/// So much of a server's error text is kept, in bytes.
pub(super) const ERROR_TEXT: usize = 4_096;

/// So many frames in a row that cannot be read end the connection.
pub(super) const UNDECODABLE_LIMIT: u32 = 100;

/// How long a correlation id rests after its call ended without an answer: a late one must not meet another call.
pub(super) const CID_REST: Duration = Duration::from_secs(60);

/// From how many channels the last seen message is remembered, the joined ones aside.
pub(super) const SEEN_CHANNELS: usize = 4_096;
