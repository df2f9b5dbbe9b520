//! Emojis under messages.

use mezon_api::methods;
use mezon_model::{Emoji, EmojiId};
use mezon_proto::api;

use super::messages::NO_MESSAGE;
use super::{MessageRef, Messages, check};
use crate::ClientError;

/// An emoji to react with: its id and its short name, such as `:like:`.
///
/// It is made of an [`Emoji`] of a list, or of a pair of id and name. Emojis that every client knows have a name and no id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmojiRef {
    /// The emoji, or none.
    pub id: EmojiId,
    /// Its short name.
    pub shortname: String,
}

impl From<&Emoji> for EmojiRef {
    fn from(emoji: &Emoji) -> Self {
        Self { id: emoji.id, shortname: emoji.shortname.clone() }
    }
}

impl From<(EmojiId, &str)> for EmojiRef {
    fn from((id, shortname): (EmojiId, &str)) -> Self {
        Self { id, shortname: shortname.to_owned() }
    }
}

impl From<&str> for EmojiRef {
    fn from(shortname: &str) -> Self {
        Self { id: EmojiId::default(), shortname: shortname.to_owned() }
    }
}

impl Messages {
    /// Puts an emoji under a message. Doing so twice changes nothing.
    ///
    /// Others hear of it as a [`Reaction`](mezon_model::Reaction).
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the message 0 or an emoji without a name, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have reacted.
    pub async fn react(&self, message: impl Into<MessageRef>, emoji: impl Into<EmojiRef>) -> Result<(), ClientError> {
        self.put_reaction(message.into(), emoji.into(), false).await
    }

    /// Takes one's own emoji away from a message.
    ///
    /// # Errors
    /// As [`Messages::react`].
    ///
    /// # Cancel safety
    /// A dropped call may have taken it away.
    pub async fn unreact(&self, message: impl Into<MessageRef>, emoji: impl Into<EmojiRef>) -> Result<(), ClientError> {
        self.put_reaction(message.into(), emoji.into(), true).await
    }

    async fn put_reaction(&self, message: MessageRef, emoji: EmojiRef, removed: bool) -> Result<(), ClientError> {
        check(!message.id.is_none(), NO_MESSAGE)?;
        check(!emoji.shortname.is_empty(), "an emoji needs its short name, such as :like:")?;
        let request = api::MessageReaction {
            emoji_id: emoji.id.get(),
            emoji: emoji.shortname,
            action: removed,
            count: 1,
            channel_id: message.target.channel_id.get(),
            message_id: message.id.get(),
            clan_id: message.target.clan_id.get(),
            mode: message.target.mode().to_raw(),
            message_sender_id: message.sender(),
            is_public: message.target.is_public,
            topic_id: message.topic(),
            ..api::MessageReaction::default()
        };
        self.api.call(methods::REACT_CHANNEL_MESSAGE, &request).await?;
        Ok(())
    }
}
