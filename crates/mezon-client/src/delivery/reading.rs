//! One channel whose history is being read, and what waits for that.

use std::collections::{HashSet, VecDeque};
use std::time::Instant;

use mezon_model::{ChannelMessage, ClanId, MessageId};

use super::ledger::key;
use crate::ClientError;

/// A channel that is read, or will be: what comes live in it is held back, so that its messages come in order.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) clan_id: ClanId,
    /// Everything up to here was delivered; 0 is the beginning of the channel. `None`: the next gap tells.
    pub(super) after: Option<MessageId>,
    pub(super) stage: Stage,
    /// What is not read by then is told as a gap.
    pub(super) until: Instant,
    pub(super) pages: usize,
    /// Live messages in the order they came.
    held: VecDeque<ChannelMessage>,
    bytes: usize,
    /// So many of them came on a connection that was lost since.
    earlier: usize,
    /// Whether it was put before the others because something waits for it.
    pub(super) is_urgent: bool,
    /// What the last attempt to read failed with.
    pub(super) error: Option<ClientError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The next gap tells whether there is something to read.
    Waiting,
    /// The channel is being joined.
    Joining,
    /// It waits for its turn.
    Queued,
    /// A page was asked for.
    Asked {
        read: u64,
        /// The connection was lost since: more is missing than this read gives.
        again: bool,
    },
}

impl Reading {
    pub(super) fn new(clan_id: ClanId, after: Option<MessageId>, stage: Stage, until: Instant) -> Self {
        Self {
            clan_id,
            after,
            stage,
            until,
            pages: 0,
            held: VecDeque::new(),
            bytes: 0,
            earlier: 0,
            is_urgent: false,
            error: None,
        }
    }

    pub(super) fn hold(&mut self, message: ChannelMessage, bytes: usize) {
        self.held.push_back(message);
        self.bytes += bytes;
    }

    /// How many messages wait.
    pub(super) fn holds(&self) -> usize {
        self.held.len()
    }

    /// What they take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn into_parts(self) -> (VecDeque<ChannelMessage>, Option<ClientError>) {
        (self.held, self.error)
    }

    pub(super) fn connection_lost(&mut self, until: Instant) {
        self.until = until;
        self.earlier = self.held.len();
        self.stage = match self.stage {
            Stage::Queued => Stage::Waiting,
            Stage::Asked { read, .. } => Stage::Asked { read, again: true },
            stage @ (Stage::Waiting | Stage::Joining) => stage,
        };
    }

    /// Whether a message of the page came live on the connection that is up: so does everything after it.
    pub(super) fn meets(&self, page: &[ChannelMessage]) -> bool {
        let live: HashSet<MessageId> =
            self.held.iter().skip(self.earlier).filter_map(|message| key(message).map(|(_, id)| id)).collect();
        !live.is_empty() && page.iter().any(|message| live.contains(&message.id()))
    }
}
