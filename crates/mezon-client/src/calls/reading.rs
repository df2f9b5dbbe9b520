//! What was read: channels as a whole over HTTP, single messages over the socket.

use std::time::SystemTime;

use mezon_api::methods;
use mezon_model::{CategoryId, ChannelMessage, ClanId, Target};
use mezon_proto::realtime::envelope;
use mezon_proto::{api, realtime};

use super::{Messages, check};
use crate::{ClientError, Connection};

impl Messages {
    /// Marks all messages of a channel as read, on all devices of the user.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the channel 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have marked them.
    pub async fn mark_read(&self, place: &Target) -> Result<(), ClientError> {
        check(!place.channel_id.is_none(), "the id 0 is no channel")?;
        let (channel_id, clan_id) = (place.channel_id.get(), place.clan_id.get());
        self.mark(api::MarkAsReadRequest { channel_id, category_id: 0, clan_id }).await
    }

    /// Marks all messages of a category of a clan as read.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the category 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// As [`Messages::mark_read`].
    pub async fn mark_category_read(&self, clan: ClanId, category: CategoryId) -> Result<(), ClientError> {
        check(!category.is_none(), "the id 0 is no category")?;
        self.mark(api::MarkAsReadRequest { channel_id: 0, category_id: category.get(), clan_id: clan.get() }).await
    }

    /// Marks all messages of a clan as read.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, which are marked one by one, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// As [`Messages::mark_read`].
    pub async fn mark_clan_read(&self, clan: ClanId) -> Result<(), ClientError> {
        check(clan != ClanId::DIRECT, "direct conversations are no clan: mark them one by one")?;
        self.mark(api::MarkAsReadRequest { channel_id: 0, category_id: 0, clan_id: clan.get() }).await
    }

    async fn mark(&self, request: api::MarkAsReadRequest) -> Result<(), ClientError> {
        self.api.call(methods::MARK_AS_READ, &request).await?;
        Ok(())
    }
}

impl Connection {
    /// Tells the server that the user has read a channel up to `message`. Returns when it is handed to the socket: no answer is
    /// awaited.
    ///
    /// # Errors
    /// [`ClientError::Call`], [`ClientError::NotConnected`].
    ///
    /// # Cancel safety
    /// Harmless: it may or may not be told.
    pub async fn seen(&self, message: &ChannelMessage) -> Result<(), ClientError> {
        let now = self.client().api().now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seen = realtime::LastSeenMessageEvent {
            clan_id: message.clan_id().get(),
            channel_id: message.channel_id().get(),
            message_id: message.id().get(),
            mode: message.mode().to_raw(),
            timestamp_seconds: u32::try_from(now.as_secs()).unwrap_or(u32::MAX),
            badge_count: 0,
        };
        Ok(self.socket()?.notify(envelope::Message::LastSeenMessageEvent(seen)).await?)
    }
}
