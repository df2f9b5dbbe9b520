//! Channels: direct, group and clan channels, and threads.

use mezon_api::ChannelQuery;
use mezon_model::Channel;

use super::{Cursor, Page, Pages, check, subject};

subject! {
    /// Channels. From [`Client::channels`](crate::Client::channels).
    Channels,
    /// Channels: direct, group and clan channels, and threads.
    channels
}

impl Channels {
    /// The channels that `query` asks for, page by page from the page that it names.
    ///
    /// ```no_run
    /// # async fn example(client: mezon_client::Client) -> Result<(), mezon_client::ClientError> {
    /// use mezon_client::mezon_api::ChannelQuery;
    ///
    /// let mut conversations = client.channels().list(ChannelQuery::default());
    /// while let Some(channel) = conversations.next().await {
    ///     println!("{}", channel?.label());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Elements can be [`ClientError::Api`](crate::ClientError::Api).
    pub fn list(&self, query: ChannelQuery) -> Pages<Channel> {
        let api = self.api.clone();
        Pages::new(move |cursor| {
            let api = api.clone();
            Box::pin(async move {
                let page = match cursor {
                    Some(cursor) => cursor.as_str().parse().ok(),
                    None => Some(query.page.max(1)),
                };
                check(page.is_some(), "the cursor is not one of a list of channels")?;
                let page = page.unwrap_or_default();
                let items = api.list_channels(&query.page(page)).await?;
                let full = items.len() >= usize::from(query.limit);
                let next = page.checked_add(1).filter(|_| full).map(|next| Cursor::new(next.to_string()));
                Ok(Page { items, next })
            })
        })
    }
}
