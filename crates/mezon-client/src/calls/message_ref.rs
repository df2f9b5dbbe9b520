//! Which message a call is about.

use mezon_model::{ChannelMessage, MessageAck, MessageId, Target, TopicId, UserId};

/// Which message a call is about, and what else the server wants to be told of it.
///
/// It is made of a message that was received or of the receipt of one that was sent. Where the author is known, what only
/// the author can do is refused before anything is sent.
///
/// ```
/// use mezon_client::calls::MessageRef;
/// use mezon_client::mezon_model::{ChannelId, MessageId, Target, UserId};
///
/// let place = Target::direct(ChannelId::new(7));
/// let message = MessageRef::new(&place, MessageId::new(8)).by(UserId::new(42));
/// assert_eq!(message.sender_id, Some(UserId::new(42)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageRef {
    /// Its channel.
    pub target: Target,
    /// The message.
    pub id: MessageId,
    /// Who wrote it. `None`: not known.
    pub sender_id: Option<UserId>,
    /// The topic it belongs to, if any.
    pub topic_id: Option<TopicId>,
    /// When it was written, in Unix seconds; 0 when that is not known.
    pub create_time_seconds: u32,
    /// Whether it has files.
    pub has_attachments: bool,
}

impl MessageRef {
    /// The message `id` of a channel, of which nothing else is known.
    pub fn new(target: &Target, id: MessageId) -> Self {
        let target = *target;
        Self { target, id, sender_id: None, topic_id: None, create_time_seconds: 0, has_attachments: false }
    }

    /// Written by this user.
    #[must_use]
    pub fn by(self, sender: UserId) -> Self {
        Self { sender_id: Some(sender), ..self }
    }

    /// In this topic.
    #[must_use]
    pub fn in_topic(self, topic: TopicId) -> Self {
        Self { topic_id: Some(topic).filter(|topic| !topic.is_none()), ..self }
    }

    /// Whether somebody else is known to have written it.
    pub(super) fn is_of_another(&self, user: UserId) -> bool {
        self.sender_id.is_some_and(|sender| sender != user)
    }

    /// The author for the wire, where 0 says nothing.
    pub(super) fn sender(&self) -> i64 {
        self.sender_id.map_or(0, UserId::get)
    }

    /// The topic for the wire.
    pub(super) fn topic(&self) -> i64 {
        self.topic_id.map_or(0, TopicId::get)
    }
}

impl From<&ChannelMessage> for MessageRef {
    fn from(message: &ChannelMessage) -> Self {
        Self {
            create_time_seconds: message.create_time_seconds(),
            has_attachments: !message.attachments().is_empty(),
            ..Self::new(&message.target(), message.id()).by(message.sender_id()).in_topic(message.topic_id())
        }
    }
}

/// A message of one's own, just sent.
impl From<(&Target, &MessageAck)> for MessageRef {
    fn from((target, ack): (&Target, &MessageAck)) -> Self {
        Self { create_time_seconds: ack.create_time_seconds, ..Self::new(target, ack.message_id) }
    }
}
