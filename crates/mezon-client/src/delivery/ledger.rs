//! What is missing after a lost connection, and what has been seen already.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use mezon_model::{ChannelId, ChannelMessage, MessageId};
use mezon_realtime::ChannelGap;
use tokio::time::Instant;

/// How long after the history was read one of its messages may still come in live. A connection that holds a message back
/// for longer is found dead (docs/reliability.md), and a new one does not bring it.
const LATE: Duration = Duration::from_secs(20);

/// Keeps a message from being delivered twice around a lost connection: once live and once from the history.
///
/// While a connection is healthy it holds how far the history of channels with a gap was read, and costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    phase: Phase,
    /// Empty while healthy.
    delivered: HashSet<(ChannelId, MessageId)>,
    /// The newest message of a channel that the history gave. The connection never saw it: the next gap may begin before
    /// it.
    read_to: HashMap<ChannelId, MessageId>,
}

#[derive(Debug, Default)]
enum Phase {
    /// Whatever comes is new.
    #[default]
    Healthy,
    /// What is delivered may come again from the history. A further loss changes nothing: the gap that is told in the end
    /// begins at the first one.
    Lost,
    /// The history has been read, and may come again live until then.
    Settled { forget_at: Instant },
}

impl Ledger {
    /// The connection is lost.
    pub(crate) fn lost(&mut self) {
        self.phase = Phase::Lost;
    }

    /// The connection is ready again: what was missed has been read.
    pub(crate) fn settled(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Lost) {
            self.phase =
                if self.delivered.is_empty() { Phase::Healthy } else { Phase::Settled { forget_at: now + LATE } };
        }
    }

    /// When there is something to forget.
    pub(crate) fn forget_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Settled { forget_at } => Some(forget_at),
            Phase::Healthy | Phase::Lost => None,
        }
    }

    /// All events that had come in by `now` are through.
    pub(crate) fn went_through(&mut self, now: Instant) {
        if self.forget_at().is_some_and(|forget_at| forget_at <= now) {
            self.phase = Phase::Healthy;
            self.delivered = HashSet::new();
        }
    }

    /// Whether every message is new.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Healthy)
    }

    /// Whether `message` has not been delivered yet. An edit or a removal carries the id of its message and is always
    /// new.
    pub(crate) fn is_new(&mut self, message: &ChannelMessage) -> bool {
        let key = (message.channel_id(), message.id());
        match self.phase {
            Phase::Healthy => true,
            _ if message.code().is_change() => true,
            Phase::Lost => self.delivered.insert(key),
            Phase::Settled { .. } => !self.delivered.contains(&key),
        }
    }

    /// The message after which to read. `None`: nobody knows.
    pub(crate) fn start_of(&self, gap: &ChannelGap, baseline: Option<MessageId>) -> Option<MessageId> {
        gap.last_seen.or(baseline).max(self.read_to.get(&gap.channel_id).copied())
    }

    /// The history of the channel has been read to here.
    pub(crate) fn has_read(&mut self, channel: ChannelId, newest: MessageId) {
        self.read_to.insert(channel, newest);
    }
}

#[cfg(test)]
mod tests {
    use mezon_model::{MessageCode, MessageParts};

    use super::*;

    fn message(id: i64, code: MessageCode) -> ChannelMessage {
        let mut parts = MessageParts::default();
        parts.channel_id = ChannelId::new(1);
        parts.message_id = MessageId::new(id);
        parts.code = code;
        ChannelMessage::from(parts)
    }

    fn chat(id: i64) -> ChannelMessage {
        message(id, MessageCode::Chat)
    }

    #[test]
    fn a_healthy_connection_records_nothing() {
        let mut ledger = Ledger::default();
        ledger.settled(Instant::now());
        assert!(ledger.is_idle(), "ready for the first time");
        assert!(ledger.is_new(&chat(1)));
        assert!(ledger.is_new(&chat(1)));
        assert!(ledger.delivered.is_empty());
    }

    #[test]
    fn live_then_history_is_delivered_once() {
        let mut ledger = Ledger::default();
        ledger.lost();
        assert!(ledger.is_new(&chat(7)), "live, right after the rejoin");
        ledger.lost();
        assert!(!ledger.is_new(&chat(7)), "the same from the history, of which the gap covers both losses");
    }

    #[test]
    fn history_then_live_is_delivered_once() {
        let mut ledger = Ledger::default();
        ledger.lost();
        assert!(ledger.is_new(&chat(7)), "from the history");
        ledger.settled(Instant::now());
        assert!(!ledger.is_new(&chat(7)), "the same, queued by the socket meanwhile");
        assert!(ledger.is_new(&chat(8)));
    }

    #[test]
    fn what_is_settled_is_forgotten_when_nothing_of_it_can_come_any_more() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        ledger.lost();
        assert!(ledger.is_new(&chat(7)));
        ledger.settled(now);
        ledger.went_through(now + LATE / 2);
        assert!(!ledger.is_idle() && !ledger.is_new(&chat(7)), "it may still be on its way");
        assert_eq!(ledger.forget_at(), Some(now + LATE));
        ledger.went_through(now + LATE);
        assert!(ledger.is_idle());
        assert_eq!(ledger.delivered.capacity(), 0);
    }

    #[test]
    fn a_loss_without_messages_leaves_nothing_to_forget() {
        let mut ledger = Ledger::default();
        ledger.lost();
        ledger.settled(Instant::now());
        assert!(ledger.is_idle());
    }

    #[test]
    fn what_changes_a_message_is_not_its_duplicate() {
        let mut ledger = Ledger::default();
        ledger.lost();
        assert!(ledger.is_new(&chat(7)));
        for code in [2, 1, 14, 15, 1].map(MessageCode::from_raw) {
            assert!(ledger.is_new(&message(7, code)), "{code:?}");
        }
        assert!(!ledger.is_new(&chat(7)));
    }
}
