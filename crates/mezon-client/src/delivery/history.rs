//! What catching up asks of the layers beneath.

use std::time::SystemTime;

use mezon_model::{ChannelId, ChannelMessage, ClanId, MessageId, Target};
use mezon_session::BoxFuture;

use super::machine::Listed;
use crate::ClientError;

/// Reads histories, and joins what the user was added to. What decides about gaps knows no more of HTTP and the socket
/// than this.
pub(crate) trait History: Send + Sync {
    /// The page of messages after `after`, 0 for the first one, oldest first and as the server gave it.
    fn page(
        &self,
        clan_id: ClanId,
        channel_id: ChannelId,
        after: MessageId,
    ) -> BoxFuture<'static, Result<Vec<ChannelMessage>, ClientError>>;

    /// All channels of a clan.
    fn channels(&self, clan_id: ClanId) -> BoxFuture<'static, Result<Vec<Listed>, ClientError>>;

    /// The newest message of a channel. `None`: there is none.
    fn newest(&self, target: Target) -> BoxFuture<'static, Result<Option<MessageId>, ClientError>>;

    /// Whether the connection `generation` is alive, as an answer that comes now proves, and ready.
    fn is_alive(&self, generation: u64) -> BoxFuture<'static, bool>;

    /// What time it is at the server.
    fn time(&self) -> SystemTime;

    /// Joins a channel.
    fn join(&self, target: Target) -> BoxFuture<'static, Result<(), ClientError>>;
}

/// A history that a test answers for, question by question.
#[cfg(test)]
pub(crate) mod by_hand {
    use mezon_model::MessageParts;
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    pub(crate) struct HistoryByHand(mpsc::UnboundedSender<Question>);

    #[derive(Debug)]
    pub(crate) struct Question {
        pub(crate) channel: ChannelId,
        /// `None`: the newest message is asked for.
        pub(crate) after: Option<MessageId>,
        /// Ids of messages. Dropped, it is an error that does not pass.
        answer: oneshot::Sender<Vec<i64>>,
    }

    impl HistoryByHand {
        pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Question>) {
            let (questions, asked) = mpsc::unbounded_channel();
            (Self(questions), asked)
        }

        fn ask(
            &self,
            channel: ChannelId,
            after: Option<MessageId>,
        ) -> BoxFuture<'static, Result<Vec<ChannelMessage>, ClientError>> {
            let (answer, answered) = oneshot::channel();
            self.0.send(Question { channel, after, answer }).unwrap();
            Box::pin(async move {
                let ids = answered.await.map_err(|_| ClientError::HandlerPanicked)?;
                Ok(ids.into_iter().map(|id| message(channel, id)).collect())
            })
        }
    }

    impl Question {
        pub(crate) fn answer<const N: usize>(self, ids: [i64; N]) {
            // Who asked may have given up.
            let _ = self.answer.send(ids.to_vec());
        }
    }

    pub(crate) fn message(channel: ChannelId, id: i64) -> ChannelMessage {
        let mut parts = MessageParts::default();
        (parts.channel_id, parts.message_id) = (channel, MessageId::new(id));
        parts.into()
    }

    impl History for HistoryByHand {
        fn page(
            &self,
            _clan_id: ClanId,
            channel_id: ChannelId,
            after: MessageId,
        ) -> BoxFuture<'static, Result<Vec<ChannelMessage>, ClientError>> {
            self.ask(channel_id, Some(after))
        }

        fn channels(&self, _clan_id: ClanId) -> BoxFuture<'static, Result<Vec<Listed>, ClientError>> {
            Box::pin(async { Ok(Vec::new()) })
        }

        fn newest(&self, target: Target) -> BoxFuture<'static, Result<Option<MessageId>, ClientError>> {
            let answer = self.ask(target.channel_id, None);
            Box::pin(async move { Ok(answer.await?.last().map(ChannelMessage::id)) })
        }

        fn is_alive(&self, _generation: u64) -> BoxFuture<'static, bool> {
            Box::pin(async { true })
        }

        fn time(&self) -> SystemTime {
            SystemTime::now()
        }

        fn join(&self, _target: Target) -> BoxFuture<'static, Result<(), ClientError>> {
            Box::pin(async { Ok(()) })
        }
    }
}
