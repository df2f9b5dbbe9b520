//! The messages of a channel, as the server kept them.

use std::ops::Range;

use mezon_model::{ChannelId, ChannelMessage, ClanId, MessageId, TopicId};
use mezon_proto::api;

use crate::channels::{MAX_LIMIT, checked_limit};
use crate::{ApiClient, ApiError, ApiErrorKind, methods};

/// Which messages to list. By default the newest fifty of a direct or group channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListMessagesOptions {
    /// The clan of the channel; [`ClanId::DIRECT`] for direct and group channels.
    pub clan_id: ClanId,
    /// Seen from which message.
    pub position: Position,
    /// How many at most, 1 to 100.
    pub limit: u8,
    /// Only messages of this topic.
    pub topic_id: Option<TopicId>,
}

/// Missed messages are read in this many pages at the most: they are held in memory until the last one is there.
const MAX_PAGES: usize = 100;

/// And they may take this much memory at the most, in bytes.
const MAX_MEMORY: usize = 16 * 1024 * 1024;

/// Where in a channel's history to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Position {
    /// The newest messages.
    #[default]
    Latest,
    /// Messages older than this one, nearest first.
    Before(MessageId),
    /// Messages newer than this one, nearest first.
    After(MessageId),
    /// This message and those on both sides of it.
    Around(MessageId),
}

impl Default for ListMessagesOptions {
    fn default() -> Self {
        Self { clan_id: ClanId::DIRECT, position: Position::Latest, limit: 50, topic_id: None }
    }
}

impl ListMessagesOptions {
    /// The newest messages.
    pub fn latest() -> Self {
        Self::default()
    }

    /// Messages older than `message`.
    pub fn before(message: MessageId) -> Self {
        Self { position: Position::Before(message), ..Self::default() }
    }

    /// Messages newer than `message`.
    pub fn after(message: MessageId) -> Self {
        Self { position: Position::After(message), ..Self::default() }
    }

    /// `message` and those on both sides of it.
    pub fn around(message: MessageId) -> Self {
        Self { position: Position::Around(message), ..Self::default() }
    }

    /// In a channel of this clan.
    #[must_use]
    pub fn clan(self, clan_id: ClanId) -> Self {
        Self { clan_id, ..self }
    }

    /// At most this many, 1 to 100.
    #[must_use]
    pub fn limit(self, limit: u8) -> Self {
        Self { limit, ..self }
    }

    /// Only messages of this topic.
    #[must_use]
    pub fn topic(self, topic_id: TopicId) -> Self {
        Self { topic_id: Some(topic_id), ..self }
    }

    /// Which of `count` messages, oldest first, were asked for: the nearest ones, and one more, because a server may add the
    /// message that the others are seen from. `position` is where an id belongs. What is beyond was not asked for, and is
    /// not kept.
    fn nearest(&self, count: usize, position: impl FnOnce(MessageId) -> usize) -> Range<usize> {
        let most = usize::from(self.limit) + 1;
        let beyond = count.saturating_sub(most);
        let start = match self.position {
            Position::Latest | Position::Before(_) => beyond,
            Position::After(_) => 0,
            Position::Around(message) => position(message).saturating_sub(most / 2).min(beyond),
        };
        start..start + count.min(most)
    }

    fn to_request(self, channel_id: ChannelId) -> Result<api::ListChannelMessagesRequest, ApiError> {
        // The directions are those of the web client: 1 newer, 2 around, 3 older. Without a message "older" means the
        // newest ones.
        let (message_id, direction) = match self.position {
            Position::Latest => (MessageId::default(), 3),
            Position::Before(message) => (message, 3),
            Position::After(message) => (message, 1),
            Position::Around(message) => (message, 2),
        };
        Ok(api::ListChannelMessagesRequest {
            clan_id: self.clan_id.get(),
            channel_id: channel_id.get(),
            message_id: message_id.get(),
            limit: checked_limit(self.limit)?,
            direction,
            topic_id: self.topic_id.map_or(0, TopicId::get),
        })
    }
}

impl ApiClient {
    /// Messages of a channel, oldest first.
    ///
    /// # Errors
    /// [`ApiErrorKind::InvalidInput`] for a limit outside of 1 to 100, before any
    /// request; and those of [`ApiClient::call`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn list_messages(
        &self,
        channel_id: ChannelId,
        query: &ListMessagesOptions,
    ) -> Result<Vec<ChannelMessage>, ApiError> {
        let request = query.to_request(channel_id)?;
        let list = self.call_within(methods::LIST_CHANNEL_MESSAGES, &request, self.gateway().0.body_limit).await?;
        let mut messages: Vec<_> = list.messages.into_iter().map(ChannelMessage::from).collect();
        // Ids are snowflakes: they order as the messages were written.
        messages.sort_by_key(ChannelMessage::id);
        messages.dedup_by_key(|message| message.id());
        let asked_for = query.nearest(messages.len(), |id| messages.partition_point(|message| message.id() < id));
        messages.truncate(asked_for.end);
        messages.drain(..asked_for.start);
        Ok(messages)
    }

    /// All messages of a direct or group channel that are newer than `after`, oldest first, page by page until there is
    /// no more: 100 pages at the most, which are 10,000 messages as a rule, and 16 MiB.
    ///
    /// # Errors
    /// [`ApiErrorKind::TooManyMissed`] when there are more; and those of [`ApiClient::call`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn catch_up(&self, channel_id: ChannelId, after: MessageId) -> Result<Vec<ChannelMessage>, ApiError> {
        self.catch_up_in(ClanId::DIRECT, channel_id, after).await
    }

    /// As [`ApiClient::catch_up`], for a channel of a clan.
    ///
    /// # Errors
    /// As [`ApiClient::catch_up`].
    ///
    /// # Cancel safety
    /// As [`ApiClient::catch_up`].
    pub async fn catch_up_in(
        &self,
        clan_id: ClanId,
        channel_id: ChannelId,
        after: MessageId,
    ) -> Result<Vec<ChannelMessage>, ApiError> {
        let mut missed: Vec<ChannelMessage> = Vec::new();
        let (mut after, mut pages) = (after, 0);
        // And one more, which has to be empty.
        while pages <= MAX_PAGES {
            let query = ListMessagesOptions::after(after).clan(clan_id).limit(MAX_LIMIT);
            let mut page = self.list_messages(channel_id, &query).await?;
            // A server may include the message itself, or ignore it.
            page.retain(|message| message.id() > after);
            let Some(last) = page.last() else { return Ok(missed) };
            after = last.id();
            pages += 1;
            missed.append(&mut page);
            if missed.iter().map(ChannelMessage::memory).sum::<usize>() > MAX_MEMORY {
                break;
            }
        }
        // Whether it is a long history or a server that makes it up as it is read.
        Err(ApiErrorKind::TooManyMissed { pages: pages.min(MAX_PAGES) }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_become_the_directions_of_the_wire() {
        let read = |query: ListMessagesOptions| {
            let request = query.to_request(ChannelId::new(7)).unwrap();
            (request.message_id, request.direction)
        };
        let message = MessageId::new(5);
        assert_eq!(read(ListMessagesOptions::latest()), (0, 3));
        assert_eq!(read(ListMessagesOptions::before(message)), (5, 3));
        assert_eq!(read(ListMessagesOptions::after(message)), (5, 1));
        assert_eq!(read(ListMessagesOptions::around(message)), (5, 2));
    }

    #[test]
    fn what_was_not_asked_for_is_not_kept() {
        let message = MessageId::new(5);
        let nearest = |query: ListMessagesOptions, count| query.limit(3).nearest(count, |_| 6);
        for query in [ListMessagesOptions::latest(), ListMessagesOptions::before(message)] {
            assert_eq!(nearest(query, 10), 6..10);
        }
        assert_eq!(nearest(ListMessagesOptions::after(message), 10), 0..4);
        assert_eq!(nearest(ListMessagesOptions::around(message), 10), 4..8);
        assert_eq!(nearest(ListMessagesOptions::around(message), 7), 3..7);
        for count in 0..=4 {
            assert_eq!(nearest(ListMessagesOptions::around(message), count), 0..count);
            assert_eq!(nearest(ListMessagesOptions::latest(), count), 0..count);
        }
    }

    #[test]
    fn limits_of_the_server_are_checked_here() {
        for (limit, good) in [(0, false), (1, true), (100, true), (101, false)] {
            let request = ListMessagesOptions::latest().limit(limit).to_request(ChannelId::new(7));
            assert_eq!(request.is_ok(), good, "{limit}");
        }
    }
}
