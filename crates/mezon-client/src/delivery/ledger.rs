//! What was delivered around a lost connection, and how far each history was read.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use mezon_model::{ChannelId, ChannelMessage, MessageId};

/// How long after the history was read one of its messages may still come in live. A connection that holds a message back
/// for longer is found dead (docs/reliability.md), and a new one does not bring it.
const LATE: Duration = Duration::from_secs(20);

/// So many delivered messages are remembered, the newest ones. They take about 1 MiB.
const REMEMBERED: usize = 16_384;

/// What tells a message from all others.
pub(super) type Key = (ChannelId, MessageId);

/// The key of a new message. A change carries the id of the message that it changes, and a message without an id is like no
/// other: both have none.
pub(super) fn key(message: &ChannelMessage) -> Option<Key> {
    let is_new = !message.id().is_none() && !message.code().is_change();
    is_new.then(|| (message.channel_id(), message.id()))
}

/// Keeps a message from being delivered twice around a lost connection: once live and once from the history.
///
/// While a connection is healthy it holds how far the history of channels with a gap was read, and costs nothing.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    delivered: HashSet<Key>,
    /// In the order of delivery.
    order: VecDeque<Key>,
    /// When what was delivered cannot come again.
    forget_at: Option<Instant>,
    /// The newest message of a channel that the history gave. The connection never saw it: the next gap may begin before
    /// it.
    read_to: HashMap<ChannelId, MessageId>,
}

impl Ledger {
    /// Notes a delivery. False: it was noted before.
    pub(super) fn note(&mut self, key: Key) -> bool {
        let new = self.delivered.insert(key);
        if new {
            self.order.push_back(key);
            if self.order.len() > REMEMBERED {
                self.order.pop_front().map(|oldest| self.delivered.remove(&oldest));
            }
        }
        new
    }

    pub(super) fn knows(&self, key: Key) -> bool {
        self.delivered.contains(&key)
    }

    /// Whether nothing is remembered.
    pub(super) fn is_blank(&self) -> bool {
        self.delivered.is_empty()
    }

    /// A history is being read, or will be.
    pub(super) fn unsettled(&mut self) {
        self.forget_at = None;
    }

    /// All histories have been read.
    pub(super) fn settled(&mut self, now: Instant) {
        if !self.is_blank() {
            self.forget_at.get_or_insert(now + LATE);
        }
    }

    /// All events that had come in by `now` are through.
    pub(super) fn went_through(&mut self, now: Instant) {
        if self.forget_at.is_some_and(|forget_at| forget_at <= now) {
            (self.delivered, self.order, self.forget_at) = (HashSet::new(), VecDeque::new(), None);
        }
    }

    /// When there is something to forget.
    pub(super) fn forget_at(&self) -> Option<Instant> {
        self.forget_at
    }

    /// The message after which to read, 0 for the beginning of the channel. `None`: nobody knows.
    pub(super) fn start_of(
        &self,
        channel: ChannelId,
        last_seen: Option<MessageId>,
        baseline: Option<MessageId>,
    ) -> Option<MessageId> {
        let last_seen = last_seen.filter(|id| !id.is_none());
        last_seen.or(baseline).max(self.read_to.get(&channel).copied())
    }

    /// The history of the channel has been read to here.
    pub(super) fn has_read(&mut self, channel: ChannelId, newest: MessageId) {
        if !newest.is_none() {
            self.read_to.insert(channel, newest);
        }
    }

    /// The channel is left.
    pub(super) fn forget(&mut self, channel: ChannelId) {
        self.read_to.remove(&channel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(id: i64) -> Key {
        (ChannelId::new(1), MessageId::new(id))
    }

    #[test]
    fn what_was_delivered_is_forgotten_when_nothing_of_it_can_come_any_more() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        ledger.settled(now);
        assert_eq!(ledger.forget_at(), None, "nothing to forget");
        assert!(ledger.note(key_of(7)) && !ledger.note(key_of(7)));
        ledger.settled(now);
        assert_eq!(ledger.forget_at(), Some(now + LATE));
        ledger.went_through(now + LATE / 2);
        ledger.settled(now + LATE / 2);
        assert!(ledger.knows(key_of(7)), "it may still be on its way");
        ledger.went_through(now + LATE);
        assert!(ledger.is_blank() && ledger.forget_at().is_none());
        assert_eq!(ledger.delivered.capacity(), 0);
    }

    #[test]
    fn a_further_loss_keeps_what_was_delivered() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        ledger.note(key_of(7));
        ledger.settled(now);
        ledger.unsettled();
        ledger.went_through(now + 2 * LATE);
        assert!(ledger.knows(key_of(7)));
    }

    #[test]
    fn the_newest_deliveries_are_remembered() {
        let mut ledger = Ledger::default();
        let all = 3 * i64::try_from(REMEMBERED).unwrap();
        (1..=all).for_each(|id| _ = ledger.note(key_of(id)));
        assert_eq!((ledger.delivered.len(), ledger.order.len()), (REMEMBERED, REMEMBERED));
        assert!(ledger.knows(key_of(all)) && !ledger.knows(key_of(1)));
    }

    #[test]
    fn no_id_is_no_place_in_a_history() {
        let (mut ledger, channel) = (Ledger::default(), ChannelId::new(1));
        let none = Some(MessageId::default());
        assert_eq!(ledger.start_of(channel, none, None), None);
        assert_eq!(ledger.start_of(channel, none, Some(MessageId::new(3))), Some(MessageId::new(3)));
        ledger.has_read(channel, MessageId::default());
        assert_eq!(ledger.start_of(channel, None, None), None);
        ledger.has_read(channel, MessageId::new(5));
        assert_eq!(ledger.start_of(channel, Some(MessageId::new(4)), None), Some(MessageId::new(5)));
    }
}
