//! Topics: side conversations that hang on one message.

use mezon_api::methods;
use mezon_model::{ClanId, Topic, TopicId};
use mezon_proto::api;

use super::messages::NO_MESSAGE;
use super::{Cursor, MessageRef, Page, Pages, check, subject};
use crate::ClientError;

subject! {
    /// Topics. From [`Client::topics`](crate::Client::topics).
    ///
    /// Messages of a topic are sent with [`Draft::topic`](mezon_model::Draft::topic) set, which replies do by themselves, and
    /// listed with [`ListMessagesOptions::topic`](mezon_api::ListMessagesOptions::topic).
    Topics,
    /// Topics: side conversations that hang on one message.
    topics
}

/// How many topics a page has.
const PAGE: u16 = 50;

impl Topics {
    /// Opens a topic on a message of a clan channel; gives the one that is there already.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the message 0 or one outside of clans, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have opened it.
    pub async fn open(&self, message: impl Into<MessageRef>) -> Result<Topic, ClientError> {
        let MessageRef { target, id, .. } = message.into();
        check(!id.is_none(), NO_MESSAGE)?;
        check(target.clan_id != ClanId::DIRECT, "only messages of a clan can have a topic")?;
        let (clan_id, channel_id) = (target.clan_id.get(), target.channel_id.get());
        let request = api::SdTopicRequest { message_id: id.get(), clan_id, channel_id };
        Ok(self.api.call(methods::CREATE_SD_TOPIC, &request).await?.into())
    }

    /// The topics of a clan, page by page, in the order of the server.
    ///
    /// # Errors
    /// Elements can be [`ClientError::InvalidInput`] for the clan of direct conversations or a cursor of another list, before
    /// any request; and [`ClientError::Api`].
    pub fn list(&self, clan: ClanId) -> Pages<Topic> {
        let api = self.api.clone();
        Pages::new(move |cursor| {
            let api = api.clone();
            Box::pin(async move {
                check(clan != ClanId::DIRECT, "only messages of a clan can have a topic")?;
                let page: u16 = cursor.map_or(Some(1), |cursor| cursor.as_str().parse().ok()).unwrap_or_default();
                check(page > 0, "the cursor is not one of a list of topics")?;
                let request = api::ListSdTopicRequest { clan_id: clan.get(), limit: PAGE.into(), page: page.into() };
                let list = api.call(methods::LIST_SD_TOPIC, &request).await?;
                let full = list.topics.len() >= usize::from(PAGE);
                let next = page.checked_add(1).filter(|_| full).map(|next| Cursor::new(next.to_string()));
                Ok(Page { items: list.topics.into_iter().map(Topic::from).collect(), next })
            })
        })
    }

    /// One topic.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the id 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn get(&self, topic: TopicId) -> Result<Topic, ClientError> {
        check(!topic.is_none(), NO_TOPIC)?;
        let request = api::SdTopicDetailRequest { topic_id: topic.get() };
        Ok(self.api.call(methods::GET_TOPIC_DETAIL, &request).await?.into())
    }

    /// Deletes a topic.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the id 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have deleted it.
    pub async fn delete(&self, topic: &Topic) -> Result<(), ClientError> {
        check(!topic.id.is_none(), NO_TOPIC)?;
        let request = api::DeleteSdTopicRequest {
            channel_id: topic.channel_id.get(),
            id: topic.id.get(),
            clan_id: topic.clan_id.get(),
        };
        self.api.call(methods::DELETE_SD_TOPIC, &request).await?;
        Ok(())
    }
}

const NO_TOPIC: &str = "the id 0 is no topic";
