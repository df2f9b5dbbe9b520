//! Emojis of clans.

use mezon_api::methods;
use mezon_model::{ClanId, Emoji, EmojiId};
use mezon_proto::api;

use super::{check, subject};
use crate::ClientError;

subject! {
    /// Emojis of clans. From [`Client::emojis`](crate::Client::emojis).
    Emojis,
    /// Emojis of clans: list, add, rename, delete.
    emojis
}

impl Emojis {
    /// The emojis that the signed-in user can use: those of all the user's clans. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn list(&self) -> Result<Vec<Emoji>, ClientError> {
        let list = self.api.call(methods::GET_LIST_EMOJIS_BY_USER_ID, &()).await?;
        Ok(list.emoji_list.into_iter().map(Emoji::from).collect())
    }

    /// Adds an emoji to a clan. `shortname` is written with colons, such as `:like:`; `source` is the address of the picture,
    /// such as that of an upload; `category` is the heading it is listed under.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, a short name without colons and an empty address,
    /// before any request; [`ClientError::Api`], with [`MaybeSent`](mezon_api::ApiErrorKind::MaybeSent) when the answer was
    /// lost: the list tells.
    ///
    /// # Cancel safety
    /// A call that is given up may have added it.
    pub async fn create(&self, clan: ClanId, shortname: &str, source: &str, category: &str) -> Result<(), ClientError> {
        check_clan(clan)?;
        check_shortname(shortname)?;
        check(!source.is_empty(), "the emoji has no picture")?;
        let request = api::ClanEmojiCreateRequest {
            clan_id: clan.get(),
            source: source.to_owned(),
            shortname: shortname.to_owned(),
            category: category.to_owned(),
            ..api::ClanEmojiCreateRequest::default()
        };
        Ok(self.api.call(methods::CREATE_CLAN_EMOJI, &request).await?)
    }

    /// Gives an emoji another short name. Repeated when an answer was lost.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan or the emoji 0 and a short name without colons, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have renamed it.
    pub async fn rename(&self, clan: ClanId, emoji: EmojiId, shortname: &str) -> Result<(), ClientError> {
        check_clan(clan)?;
        check_emoji(emoji)?;
        check_shortname(shortname)?;
        let request =
            api::ClanEmojiUpdateRequest { id: emoji.get(), shortname: shortname.to_owned(), clan_id: clan.get() };
        Ok(self.api.call(methods::UPDATE_CLAN_EMOJI_BY_ID.idempotent(), &request).await?)
    }

    /// Deletes an emoji. Messages that have it keep it.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan or the emoji 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have deleted it.
    pub async fn delete(&self, emoji: &Emoji) -> Result<(), ClientError> {
        check_clan(emoji.clan_id)?;
        check_emoji(emoji.id)?;
        let request = api::ClanEmojiDeleteRequest {
            id: emoji.id.get(),
            clan_id: emoji.clan_id.get(),
            emoji_label: emoji.shortname.clone(),
        };
        Ok(self.api.call(methods::DELETE_BY_ID_CLAN_EMOJI, &request).await?)
    }
}

fn check_clan(clan: ClanId) -> Result<(), ClientError> {
    check(!clan.is_none(), "direct conversations are no clan, and have no emojis")
}

fn check_emoji(emoji: EmojiId) -> Result<(), ClientError> {
    check(!emoji.is_none(), "the emoji id 0 is no emoji")
}

fn check_shortname(shortname: &str) -> Result<(), ClientError> {
    let name = shortname.strip_prefix(':').and_then(|name| name.strip_suffix(':'));
    check(name.is_some_and(|name| !name.is_empty()), "the short name of an emoji is written as :name:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_has_colons() {
        assert!(check_shortname(":like:").is_ok());
        for name in ["", ":", "::", "like", ":like", "like:"] {
            assert!(check_shortname(name).is_err(), "{name}");
        }
    }
}
