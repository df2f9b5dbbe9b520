//! Threads, the archive, and favourites.

use mezon_api::methods;
use mezon_model::{Channel, ChannelId, ClanId};
use mezon_proto::{api, realtime};

use super::channels::check_channel;
use super::{Channels, Pages, check_clan, check_name};
use crate::ClientError;

/// How many threads a page has: the most that the server gives.
const THREADS: u8 = 100;

impl Channels {
    /// The threads of a channel, page by page.
    ///
    /// # Errors
    /// Elements can be [`ClientError::Api`].
    pub fn threads(&self, clan: ClanId, channel: ChannelId) -> Pages<Channel> {
        let api = self.api.clone();
        Pages::numbered(1, THREADS, move |page| {
            let api = api.clone();
            let request = api::ListThreadRequest {
                limit: THREADS.into(),
                clan_id: clan.get(),
                channel_id: channel.get(),
                page: page.into(),
                ..api::ListThreadRequest::default()
            };
            Box::pin(async move {
                let list = api.call(methods::LIST_THREAD_DESCS, &request).await?;
                Ok(list.channeldesc.into_iter().map(Channel::from).collect())
            })
        })
    }

    /// The threads of a channel whose names hold this text. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty text, the clan of direct conversations or the id 0, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn search_threads(
        &self,
        clan: ClanId,
        channel: ChannelId,
        text: &str,
    ) -> Result<Vec<Channel>, ClientError> {
        check_clan(clan)?;
        check_channel(channel)?;
        check_name(text)?;
        let request =
            api::SearchThreadRequest { clan_id: clan.get(), channel_id: channel.get(), label: text.to_owned() };
        let list = self.api.call(methods::SEARCH_THREAD, &request).await?;
        Ok(list.channeldesc.into_iter().map(Channel::from).collect())
    }

    /// Puts a channel or a thread into the archive.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations or the id 0, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have archived the channel. Repeating it does no harm.
    pub async fn archive(&self, clan: ClanId, channel: ChannelId) -> Result<(), ClientError> {
        check_clan(clan)?;
        check_channel(channel)?;
        let request = api::ArchiveChannelRequest { clan_id: clan.get(), channel_id: channel.get() };
        Ok(self.api.call(methods::ARCHIVE_CHANNEL.idempotent(), &request).await?)
    }

    /// Brings an archived thread back.
    ///
    /// # Errors
    /// As [`Channels::archive`].
    ///
    /// # Cancel safety
    /// A call that is given up may have brought the thread back. Repeating it does no harm.
    pub async fn unarchive(&self, clan: ClanId, thread: ChannelId) -> Result<(), ClientError> {
        check_clan(clan)?;
        check_channel(thread)?;
        let request = realtime::ActiveArchivedThread { clan_id: clan.get(), channel_id: thread.get() };
        Ok(self.api.call(methods::ACTIVE_ARCHIVED_THREAD.idempotent(), &request).await?)
    }

    /// The archived channels and threads of a clan. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn archived(&self, clan: ClanId) -> Result<Vec<Channel>, ClientError> {
        check_clan(clan)?;
        let request = api::ListArchivedChannelDescsRequest { clan_id: clan.get() };
        let list = self.api.call(methods::LIST_ARCHIVED_CHANNEL_DESCS, &request).await?;
        Ok(list.channeldesc.into_iter().map(Channel::from).collect())
    }

    /// The user's favourite channels in a clan. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn favorites(&self, clan: ClanId) -> Result<Vec<ChannelId>, ClientError> {
        check_clan(clan)?;
        let request = api::ListFavoriteChannelRequest { clan_id: clan.get() };
        let list = self.api.call(methods::GET_LIST_FAVORITE_CHANNEL, &request).await?;
        Ok(list.channel_ids.into_iter().map(ChannelId::new).collect())
    }

    /// Makes a channel a favourite of the user.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations or the id 0, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have made it a favourite. Repeating it does no harm.
    pub async fn add_favorite(&self, clan: ClanId, channel: ChannelId) -> Result<(), ClientError> {
        check_clan(clan)?;
        check_channel(channel)?;
        let request = api::AddFavoriteChannelRequest { channel_id: channel.get(), clan_id: clan.get() };
        self.api.call(methods::ADD_CHANNEL_FAVORITE.idempotent(), &request).await?;
        Ok(())
    }

    /// Takes a channel from the favourites of the user.
    ///
    /// # Errors
    /// As [`Channels::add_favorite`].
    ///
    /// # Cancel safety
    /// A call that is given up may have taken it away. Repeating it does no harm.
    pub async fn remove_favorite(&self, clan: ClanId, channel: ChannelId) -> Result<(), ClientError> {
        check_clan(clan)?;
        check_channel(channel)?;
        let request = api::RemoveFavoriteChannelRequest { clan_id: clan.get(), channel_id: channel.get() };
        Ok(self.api.call(methods::REMOVE_CHANNEL_FAVORITE.idempotent(), &request).await?)
    }
}
