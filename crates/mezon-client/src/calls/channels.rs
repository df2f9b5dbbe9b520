//! Channels: direct, group and clan channels, and threads.

use mezon_api::{ListChannelsOptions, methods};
use mezon_model::{Channel, ClanId};

use super::{Cursor, Page, Pages, check, names, subject};
use crate::ClientError;

subject! {
    /// Channels. From [`Client::channels`](crate::Client::channels).
    Channels,
    /// Channels: direct, group and clan channels, and threads.
    channels
}

impl Channels {
    /// The channels that `options` asks for, page by page from the page that it names.
    ///
    /// ```no_run
    /// # async fn example(client: mezon_client::Client) -> Result<(), mezon_client::ClientError> {
    /// use mezon_client::mezon_api::ListChannelsOptions;
    ///
    /// let mut conversations = client.channels().list(ListChannelsOptions::default());
    /// while let Some(channel) = conversations.next().await {
    ///     println!("{}", channel?.label());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Elements can be [`ClientError::Api`].
    pub fn list(&self, options: ListChannelsOptions) -> Pages<Channel> {
        let api = self.api.clone();
        Pages::new(move |cursor| {
            let api = api.clone();
            Box::pin(async move {
                let page = match cursor {
                    Some(cursor) => cursor.as_str().parse().ok(),
                    None => Some(options.page.max(1)),
                };
                check(page.is_some(), "the cursor is not one of a list of channels")?;
                let page = page.unwrap_or_default();
                let items = api.list_channels(&options.page(page)).await?;
                let full = items.len() >= usize::from(options.limit);
                let next = page.checked_add(1).filter(|_| full).map(|next| Cursor::new(next.to_string()));
                Ok(Page { items, next })
            })
        })
    }

    /// All channels of the user: those of every clan, and the direct and group conversations. The server gives those of clans
    /// in one piece.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn all(&self) -> Result<Vec<Channel>, ClientError> {
        let of_clans = self.api.call(methods::LIST_CHANNEL_BY_USER_ID, &()).await?.channeldesc;
        let mut channels: Vec<Channel> = of_clans.into_iter().map(Channel::from).collect();
        channels.extend(self.list(ListChannelsOptions::default()).all().await?);
        Ok(channels)
    }

    /// The channel with this name or id, among all of the user: `general`, `#general`, `@linh` for the conversation with Linh.
    /// [`names::find`] says what fits.
    ///
    /// # Errors
    /// [`ClientError::Name`] when no channel or more than one is called so, with their ids and clans;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn find(&self, name: &str) -> Result<Channel, ClientError> {
        let channels = self.all().await?;
        Ok(names::find(name, &channels)?.clone())
    }

    /// The channel of one clan with this name or id; of [`ClanId::DIRECT`], the conversation.
    ///
    /// # Errors
    /// As [`Channels::find`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn find_in(&self, clan: ClanId, name: &str) -> Result<Channel, ClientError> {
        let channels = self.list(ListChannelsOptions::clan(clan)).all().await?;
        Ok(names::find(name, &channels)?.clone())
    }
}
