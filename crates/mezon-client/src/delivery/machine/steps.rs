//! What goes into the machine and what comes out of it.

use std::time::Instant;

use mezon_model::{ChannelId, ChannelMessage, ClanId, MessageId, Target};
use mezon_realtime::Event;

use super::clans::Listed;
use crate::ClientError;
use crate::delivery::baselines::{Lookup, Newest};

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Input {
    /// The connection tells something.
    Event(Event),
    /// The application has joined a channel, or a clan, which has the channel 0.
    Joined(Target),
    /// The application is about to leave a channel.
    Leaving(ChannelId),
    /// The user was added to a channel, whose messages are wanted from the one after `after` on.
    Added { target: Target, after: MessageId },
    /// What [`Output::Join`] came to.
    Admitted { target: Target, result: Result<(), ClientError> },
    /// The answer to [`Output::Read`]: the page as the server gave it, oldest message first.
    Page { channel_id: ChannelId, read: u64, messages: Vec<ChannelMessage> },
    /// [`Output::Read`] failed. `unit` is random in `[0, 1)`.
    Failed { channel_id: ChannelId, read: u64, error: ClientError, unit: f64 },
    /// The answer to [`Output::List`]: all channels of the clan. `unit` is random in `[0, 1)`.
    Listed { clan_id: ClanId, list: u64, result: Result<Vec<Listed>, ClientError>, unit: f64 },
    /// The answer to [`Output::LookUp`].
    Newest { lookup: Lookup, newest: Newest },
    /// The answer to [`Output::Prove`].
    Proved { lookup: Lookup, alive: bool },
    /// Time passed, and all events that had come in by now were handled.
    Tick,
}

/// Something to do.
#[derive(Debug)]
pub(crate) enum Output {
    /// Hand this to the application.
    Deliver(Event),
    /// Tell of an error that belongs to no call.
    Tell(ClientError),
    /// Read the page after a message, 0 for the first one. An answer is of no use after `until`.
    Read { clan_id: ClanId, channel_id: ChannelId, after: MessageId, read: u64, until: Instant },
    /// List the channels of a clan. An answer is of no use after `until`.
    List { clan_id: ClanId, list: u64, until: Instant },
    /// Look up the newest message of a channel, or of all channels of a clan.
    LookUp(Lookup),
    /// Find out whether the connection of a lookup is still alive, and ready.
    Prove(Lookup),
    /// Join a channel.
    Join(Target),
}
