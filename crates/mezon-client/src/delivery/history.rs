//! What a socket reads from the history of channels.

use mezon_model::{ChannelMessage, MessageId, Target};
use mezon_realtime::ChannelGap;
use mezon_session::BoxFuture;

use crate::ClientError;

/// Reads histories. What decides about gaps knows no more of HTTP than this.
pub(crate) trait History: Send + Sync {
    /// All messages of the channel after `after`, oldest first.
    fn missed<'a>(
        &'a self,
        gap: &'a ChannelGap,
        after: MessageId,
    ) -> BoxFuture<'a, Result<Vec<ChannelMessage>, ClientError>>;

    /// The newest message of a channel. `None`: there is none.
    fn newest<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<Option<MessageId>, ClientError>>;
}

/// A history that a test answers for, question by question.
#[cfg(test)]
pub(crate) mod by_hand {
    use mezon_model::{ChannelId, MessageParts};
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    pub(crate) struct HistoryByHand(mpsc::UnboundedSender<Question>);

    #[derive(Debug)]
    pub(crate) struct Question {
        pub(crate) channel: ChannelId,
        /// `None`: the newest message is asked for.
        pub(crate) after: Option<MessageId>,
        /// Ids of messages. Dropped, it is an error.
        answer: oneshot::Sender<Vec<i64>>,
    }

    impl HistoryByHand {
        pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Question>) {
            let (questions, asked) = mpsc::unbounded_channel();
            (Self(questions), asked)
        }

        async fn ask(
            &self,
            channel: ChannelId,
            after: Option<MessageId>,
        ) -> Result<impl Iterator<Item = ChannelMessage>, ClientError> {
            let (answer, answered) = oneshot::channel();
            self.0.send(Question { channel, after, answer }).unwrap();
            let ids = answered.await.map_err(|_| ClientError::NotConnected)?;
            Ok(ids.into_iter().map(move |id| {
                let mut parts = MessageParts::default();
                (parts.channel_id, parts.message_id) = (channel, MessageId::new(id));
                parts.into()
            }))
        }
    }

    impl Question {
        pub(crate) fn answer<const N: usize>(self, ids: [i64; N]) {
            // Who asked may have given up.
            let _ = self.answer.send(ids.to_vec());
        }
    }

    impl History for HistoryByHand {
        fn missed<'a>(
            &'a self,
            gap: &'a ChannelGap,
            after: MessageId,
        ) -> BoxFuture<'a, Result<Vec<ChannelMessage>, ClientError>> {
            Box::pin(async move { Ok(self.ask(gap.channel_id, Some(after)).await?.collect()) })
        }

        fn newest<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<Option<MessageId>, ClientError>> {
            Box::pin(async move { Ok(self.ask(target.channel_id, None).await?.last().map(|message| message.id())) })
        }
    }
}
