//! What is missing after a lost connection, and what has been seen already.

use std::collections::HashSet;

use mezon_model::{ChannelId, ChannelMessage, MessageCode, MessageId};

/// Keeps a message from being delivered twice around a lost connection: once live and once from the history.
///
/// While a connection is healthy it holds nothing and costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    recording: bool,
    delivered: HashSet<(ChannelId, MessageId)>,
}

impl Ledger {
    /// The connection is lost: from here on, what is delivered may come again from the history.
    pub(crate) fn lost(&mut self) {
        self.recording = true;
        self.delivered.clear();
    }

    /// The history has been read: nothing more can come from it.
    pub(crate) fn settled(&mut self) {
        self.recording = false;
    }

    /// Whether every message is new.
    pub(crate) fn is_idle(&self) -> bool {
        !self.recording && self.delivered.is_empty()
    }

    /// Whether `message` has not been delivered yet. An edit or a removal carries the id of its message and is always
    /// new.
    pub(crate) fn is_new(&mut self, message: &ChannelMessage) -> bool {
        if self.is_idle() {
            return true;
        }
        if matches!(message.code(), MessageCode::Update | MessageCode::Remove) {
            return true;
        }
        let key = (message.channel_id(), message.id());
        if self.recording { self.delivered.insert(key) } else { !self.delivered.remove(&key) }
    }
}

#[cfg(test)]
mod tests {
    use mezon_model::MessageParts;

    use super::*;

    fn message(id: i64, code: MessageCode) -> ChannelMessage {
        let mut parts = MessageParts::default();
        parts.channel_id = ChannelId::new(1);
        parts.message_id = MessageId::new(id);
        parts.code = code;
        ChannelMessage::from(parts)
    }

    #[test]
    fn a_healthy_connection_records_nothing() {
        let mut ledger = Ledger::default();
        assert!(ledger.is_new(&message(1, MessageCode::Chat)));
        assert!(ledger.is_new(&message(1, MessageCode::Chat)));
        assert!(ledger.delivered.is_empty());
    }

    #[test]
    fn live_then_history_is_delivered_once() {
        let mut ledger = Ledger::default();
        ledger.lost();
        assert!(ledger.is_new(&message(7, MessageCode::Chat)), "live, right after the rejoin");
        assert!(!ledger.is_new(&message(7, MessageCode::Chat)), "the same from the history");
    }

    #[test]
    fn history_then_live_is_delivered_once() {
        let mut ledger = Ledger::default();
        ledger.lost();
        assert!(ledger.is_new(&message(7, MessageCode::Chat)), "from the history");
        ledger.settled();
        assert!(!ledger.is_new(&message(7, MessageCode::Chat)), "the same, queued by the socket meanwhile");
        assert!(ledger.is_new(&message(8, MessageCode::Chat)));
    }

    #[test]
    fn an_edit_is_not_a_duplicate() {
        let mut ledger = Ledger::default();
        ledger.lost();
        assert!(ledger.is_new(&message(7, MessageCode::Chat)));
        assert!(ledger.is_new(&message(7, MessageCode::Update)));
        assert!(ledger.is_new(&message(7, MessageCode::Remove)));
    }
}
