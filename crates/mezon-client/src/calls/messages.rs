//! Messages: the history of a channel, and sending, changing and removing over HTTP.

use mezon_api::{ApiClient, ListMessagesOptions, Position, methods};
use mezon_model::{ChannelId, ChannelMessage, Draft, DraftError, MessageAck, MessageId, Target, UserId};
use mezon_proto::{api, realtime};

use super::{Cursor, MessageRef, Page, Pages, check, subject};
use crate::ClientError;

subject! {
    /// Messages. From [`Client::messages`](crate::Client::messages).
    ///
    /// A connection hears messages and is the first choice for sending them: it knows whether a message that was not
    /// acknowledged was sent at all, and its sends keep their order. [`Messages::send`] is for programs without a connection.
    /// Changes and removals go by HTTP, as those of the official clients do: over the socket servers have acknowledged
    /// changes that nobody else saw.
    Messages,
    /// Messages: history, search, sending, changes, removals, reactions, pins, clicks.
    messages
}

impl Messages {
    /// The messages of a channel, the newest first, back to its beginning.
    ///
    /// ```no_run
    /// # async fn example(client: mezon_client::Client, place: mezon_client::mezon_model::Target)
    /// # -> Result<(), mezon_client::ClientError> {
    /// let mut history = client.messages().history(&place);
    /// while let Some(message) = history.next().await {
    ///     println!("{}", message?.text());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Elements can be [`ClientError::Api`].
    pub fn history(&self, place: &Target) -> Pages<ChannelMessage> {
        self.list(place.channel_id, ListMessagesOptions::latest().clan(place.clan_id))
    }

    /// The messages of a channel that are newer than `message`, the oldest first, up to the newest.
    ///
    /// # Errors
    /// As [`Messages::history`].
    pub fn history_after(&self, place: &Target, message: MessageId) -> Pages<ChannelMessage> {
        self.list(place.channel_id, ListMessagesOptions::after(message).clan(place.clan_id))
    }

    /// A message and those on both sides of it, the oldest first.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn around(&self, message: impl Into<MessageRef>) -> Result<Vec<ChannelMessage>, ClientError> {
        let MessageRef { target, id, .. } = message.into();
        let options = ListMessagesOptions::around(id).clan(target.clan_id);
        Ok(self.api.list_messages(target.channel_id, &options).await?)
    }

    /// The messages that `options` ask for, page by page: from [`Position::Latest`] and [`Position::Before`] back in time, the
    /// newest first; from [`Position::After`] on, the oldest first. [`Position::Around`] is one page, the oldest first.
    ///
    /// A list ends with a page on which nothing new is: servers may leave out messages, so a short page is no end. A cursor
    /// is the id of a message.
    ///
    /// # Errors
    /// Elements can be [`ClientError::InvalidInput`] for a limit outside of 1 to 100 or a cursor that is no id, before any
    /// request, and [`ClientError::Api`].
    pub fn list(&self, channel: ChannelId, options: ListMessagesOptions) -> Pages<ChannelMessage> {
        let api = self.api.clone();
        Pages::new(move |cursor| {
            let api = api.clone();
            Box::pin(async move {
                check((1..=100).contains(&options.limit), "a page has 1 to 100 messages")?;
                let mut options = options;
                options.position = position(options.position, cursor.as_ref())?;
                Ok(page(options.position, api.list_messages(channel, &options).await?))
            })
        })
    }

    /// Sends a message over HTTP. The channel need not be joined.
    ///
    /// [`Connection::send`](crate::Connection::send) is the first choice where there is a connection.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] when [`Draft::check`] finds something, before any request; [`ClientError::Api`], with
    /// [`ApiErrorKind::MaybeSent`](mezon_api::ApiErrorKind::MaybeSent) when the answer was lost: the history tells whether the
    /// message is there.
    ///
    /// # Cancel safety
    /// A dropped send may have been sent.
    pub async fn send(&self, place: &Target, draft: impl Into<Draft>) -> Result<MessageAck, ClientError> {
        let request = draft.into().to_send(place).map_err(|error| unusable(&error))?;
        Ok(self.api.call(methods::SEND_CHANNEL_MESSAGE, &request).await?.into())
    }

    /// Answers `message` over HTTP, in its channel and topic, with a reference to it.
    ///
    /// # Errors
    /// As [`Messages::send`].
    ///
    /// # Cancel safety
    /// As [`Messages::send`].
    pub async fn reply(&self, message: &ChannelMessage, draft: impl Into<Draft>) -> Result<MessageAck, ClientError> {
        self.send(&message.target(), draft.into().reply_to(message)).await
    }

    /// Gives a message of the signed-in user a new text. Its mentions and files are those of the draft from then on: files
    /// that are to stay have to be attached to it again.
    ///
    /// Others hear of it as a message with the same id and the code [`Update`](mezon_model::MessageCode::Update).
    ///
    /// # Errors
    /// Before any request [`ClientError::InvalidInput`]: the message is known to be somebody else's, its id is 0, or
    /// [`Draft::check`] finds something. [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have changed the message; changing it again does no harm.
    pub async fn edit(&self, message: impl Into<MessageRef>, draft: impl Into<Draft>) -> Result<(), ClientError> {
        self.update(message.into(), draft.into(), false).await
    }

    /// As [`Messages::edit`], and clients do not show that the message was changed.
    ///
    /// # Errors
    /// As [`Messages::edit`].
    ///
    /// # Cancel safety
    /// As [`Messages::edit`].
    pub async fn edit_unmarked(
        &self,
        message: impl Into<MessageRef>,
        draft: impl Into<Draft>,
    ) -> Result<(), ClientError> {
        self.update(message.into(), draft.into(), true).await
    }

    /// Removes a message. One of somebody else takes a permission in its clan, which the server knows.
    ///
    /// Others hear of it as a message with the same id and the code [`Remove`](mezon_model::MessageCode::Remove).
    ///
    /// # Errors
    /// Before any request [`ClientError::InvalidInput`]: the message is somebody else's and in no clan, or its id is 0.
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have removed the message.
    pub async fn delete(&self, message: impl Into<MessageRef>) -> Result<(), ClientError> {
        let message = message.into();
        let MessageRef { target, id, .. } = message;
        check(!id.is_none(), NO_MESSAGE)?;
        check(
            !target.clan_id.is_none() || !message.is_of_another(user_of(&self.api)),
            "the message is somebody else's: outside of clans only its author can remove it",
        )?;
        let request = realtime::ChannelMessageRemove {
            clan_id: target.clan_id.get(),
            channel_id: target.channel_id.get(),
            message_id: id.get(),
            mode: target.mode().to_raw(),
            is_public: target.is_public,
            has_attachment: message.has_attachments,
            topic_id: message.topic(),
            ..realtime::ChannelMessageRemove::default()
        };
        self.api.call(methods::DELETE_CHANNEL_MESSAGE, &request).await?;
        Ok(())
    }

    /// Reports a message to the operators. `reason` is a word for what is wrong with it.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the id 0 or no reason, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have reported it.
    pub async fn report(&self, message: impl Into<MessageRef>, reason: &str) -> Result<(), ClientError> {
        let id = message.into().id;
        check(!id.is_none(), NO_MESSAGE)?;
        check(!reason.trim().is_empty(), "a report needs a reason")?;
        let request = api::ReportMessageAbuseReqest { message_id: id.get(), abuse_type: reason.to_owned() };
        self.api.call(methods::REPORT_MESSAGE_ABUSE, &request).await?;
        Ok(())
    }

    async fn update(&self, message: MessageRef, draft: Draft, unmarked: bool) -> Result<(), ClientError> {
        let MessageRef { target, id, topic_id, create_time_seconds, .. } = message;
        check(!id.is_none(), NO_MESSAGE)?;
        check(
            !message.is_of_another(user_of(&self.api)),
            "the message is somebody else's: only its author can change it",
        )?;
        let mut draft = draft;
        draft.topic = draft.topic.or(topic_id);
        let request = draft.to_update(&target, id, create_time_seconds).map_err(|error| unusable(&error))?;
        let request = realtime::ChannelMessageUpdate { hide_editted: unmarked, ..request };
        self.api.call(methods::UPDATE_CHANNEL_MESSAGE, &request).await?;
        Ok(())
    }
}

/// Why a message with the id 0 is refused.
pub(super) const NO_MESSAGE: &str = "the id 0 is no message";

/// The signed-in user.
pub(super) fn user_of(api: &ApiClient) -> UserId {
    api.session().user_id()
}

/// What is wrong with a draft, before it is sent.
pub(super) fn unusable(error: &DraftError) -> ClientError {
    ClientError::InvalidInput { problem: error.to_string().into() }
}

/// Where the page begins that is read next.
fn position(first: Position, cursor: Option<&Cursor>) -> Result<Position, ClientError> {
    let Some(cursor) = cursor else { return Ok(first) };
    let id = cursor.as_str().parse().unwrap_or_default();
    check(id != MessageId::default(), "the cursor is not one of a list of messages")?;
    Ok(match first {
        Position::After(_) => Position::After(id),
        Position::Around(_) => Position::Around(id),
        _ => Position::Before(id),
    })
}

/// The page of `messages`, which are in the order of their ids. A server may include the message that they are seen from.
fn page(position: Position, mut messages: Vec<ChannelMessage>) -> Page<ChannelMessage> {
    match position {
        Position::Around(_) => return Page { items: messages, next: None },
        Position::After(seen) => messages.retain(|message| message.id() > seen),
        Position::Before(seen) => messages.retain(|message| message.id() < seen),
        _ => {}
    }
    if !matches!(position, Position::After(_)) {
        messages.reverse();
    }
    let next = messages.last().map(|message| Cursor::new(message.id().to_string()));
    Page { items: messages, next }
}

#[cfg(test)]
mod tests {
    use mezon_model::MessageParts;

    use super::*;

    fn messages(ids: &[i64]) -> Vec<ChannelMessage> {
        let message = |id: &i64| {
            let mut parts = MessageParts::default();
            parts.message_id = MessageId::new(*id);
            ChannelMessage::from(parts)
        };
        ids.iter().map(message).collect()
    }

    #[test]
    fn pages_run_away_from_where_they_begin() {
        let read = |position, ids: &[i64]| {
            let Page { items, next } = page(position, messages(ids));
            let ids: Vec<i64> = items.iter().map(|message| message.id().get()).collect();
            (ids, next.map(|next| next.to_string()))
        };
        assert_eq!(read(Position::Latest, &[7, 8, 9]), (vec![9, 8, 7], Some("7".to_owned())));
        assert_eq!(read(Position::Before(MessageId::new(7)), &[5, 6, 7]), (vec![6, 5], Some("5".to_owned())));
        assert_eq!(read(Position::After(MessageId::new(7)), &[7, 8, 9]), (vec![8, 9], Some("9".to_owned())));
        assert_eq!(read(Position::Around(MessageId::new(7)), &[6, 7, 8]), (vec![6, 7, 8], None));
        assert_eq!(read(Position::Before(MessageId::new(7)), &[7]), (Vec::new(), None));
    }

    #[test]
    fn a_cursor_goes_on_in_the_direction_of_the_list() {
        let (five, cursor) = (MessageId::new(5), Cursor::new("9"));
        for (first, next) in [
            (Position::Latest, Position::Before(MessageId::new(9))),
            (Position::Before(five), Position::Before(MessageId::new(9))),
            (Position::After(five), Position::After(MessageId::new(9))),
        ] {
            assert_eq!(position(first, Some(&cursor)).unwrap(), next);
            assert_eq!(position(first, None).unwrap(), first);
        }
        for wrong in ["", "0", "page 2"] {
            let refused = position(Position::Latest, Some(&Cursor::new(wrong))).unwrap_err();
            assert!(matches!(refused, ClientError::InvalidInput { .. }), "{wrong}");
        }
    }
}
