//! Searching messages.

use mezon_api::methods;
use mezon_model::{ChannelId, ChannelMessage, ClanId, UserId};
use mezon_proto::api;

use super::{Cursor, Messages, Page, Pages, check};

/// What to search for: all conditions have to be met.
///
/// ```
/// use mezon_client::calls::MessageSearch;
/// use mezon_client::mezon_model::{ChannelId, ClanId};
///
/// let search = MessageSearch::new(ClanId::new(7)).text("deploy").channel(ChannelId::new(8)).author("linh");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageSearch {
    /// The clan to search in; [`ClanId::DIRECT`] for direct and group conversations.
    pub clan_id: ClanId,
    /// Only in this channel.
    pub channel_id: Option<ChannelId>,
    /// Words of the message. Empty: any.
    pub text: String,
    /// The user name of who wrote it. Empty: anybody. The server does not search by id.
    pub author: String,
    /// Only messages that mention this user.
    pub mentions: Option<UserId>,
    /// How many at most on a page, 1 to 100. 25 by default, as in the official clients.
    pub limit: u8,
}

impl MessageSearch {
    /// Searches in this clan.
    pub fn new(clan_id: ClanId) -> Self {
        Self { clan_id, channel_id: None, text: String::new(), author: String::new(), mentions: None, limit: 25 }
    }

    /// Only in this channel.
    #[must_use]
    pub fn channel(self, channel_id: ChannelId) -> Self {
        Self { channel_id: Some(channel_id), ..self }
    }

    /// Only messages with these words.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..self }
    }

    /// Only messages by the user of this name.
    #[must_use]
    pub fn author(self, username: impl Into<String>) -> Self {
        Self { author: username.into(), ..self }
    }

    /// Only messages that mention this user.
    #[must_use]
    pub fn mentioning(self, user: UserId) -> Self {
        Self { mentions: Some(user), ..self }
    }

    /// At most this many on a page, 1 to 100.
    #[must_use]
    pub fn limit(self, limit: u8) -> Self {
        Self { limit, ..self }
    }

    fn to_request(&self, page: u16) -> api::SearchMessageRequest {
        // The names and forms of the fields are those of the web client, pages from 1 included.
        let field = |name: &str, value: String| api::FilterParam { field_name: name.to_owned(), field_value: value };
        let mut filters = Vec::new();
        filters.extend(self.channel_id.map(|channel| field("channel_id", channel.to_string())));
        filters.push(field("clan_id", self.clan_id.to_string()));
        if !self.text.is_empty() {
            filters.push(field("content", self.text.clone()));
        }
        if !self.author.is_empty() {
            filters.push(field("username", self.author.clone()));
        }
        filters.extend(self.mentions.map(|user| field("mention", format!(r#""user_id":"{user}""#))));
        api::SearchMessageRequest { filters, from: page.into(), size: self.limit.into(), sorts: Vec::new() }
    }
}

impl Messages {
    /// The messages that a search finds, in the order of the server, page by page.
    ///
    /// What is found comes from an index, which may be some seconds behind, and which does not say whether a channel is public:
    /// to answer, look the channel up.
    ///
    /// # Errors
    /// Elements can be [`ClientError::InvalidInput`](crate::ClientError::InvalidInput) for a search for nothing, a limit
    /// outside of 1 to 100 or a cursor of another list, before any request; and
    /// [`ClientError::Api`](crate::ClientError::Api).
    pub fn search(&self, search: MessageSearch) -> Pages<ChannelMessage> {
        let api = self.api.clone();
        Pages::new(move |cursor| {
            let (api, search) = (api.clone(), search.clone());
            Box::pin(async move {
                let wanted = !search.text.is_empty() || !search.author.is_empty() || search.mentions.is_some();
                check(wanted, "a search needs a text, an author or a mention")?;
                check((1..=100).contains(&search.limit), "a page has 1 to 100 messages")?;
                let page: u16 = cursor.map_or(Some(1), |cursor| cursor.as_str().parse().ok()).unwrap_or_default();
                check(page > 0, "the cursor is not one of a search")?;
                let found = api.call(methods::SEARCH_MESSAGE, &search.to_request(page)).await?;
                let seen = i64::from(page) * i64::from(search.limit);
                let more = !found.messages.is_empty() && seen < i64::from(found.total);
                let next = page.checked_add(1).filter(|_| more).map(|next| Cursor::new(next.to_string()));
                Ok(Page { items: found.messages.into_iter().map(ChannelMessage::from).collect(), next })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_become_the_fields_of_the_web_client() {
        let fields = |search: MessageSearch| {
            let request = search.to_request(3);
            assert_eq!((request.from, request.size), (3, 25));
            let field = |of: api::FilterParam| format!("{}={}", of.field_name, of.field_value);
            request.filters.into_iter().map(field).collect::<Vec<_>>().join(" ")
        };
        let search = MessageSearch::new(ClanId::new(7)).text("deploy");
        assert_eq!(fields(search.clone()), "clan_id=7 content=deploy");
        let all = search.channel(ChannelId::new(8)).author("linh").mentioning(UserId::new(9));
        assert_eq!(fields(all), r#"channel_id=8 clan_id=7 content=deploy username=linh mention="user_id":"9""#);
    }
}
