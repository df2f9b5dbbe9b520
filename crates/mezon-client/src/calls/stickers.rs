//! Stickers and sounds of clans.

use mezon_api::methods;
use mezon_model::{ClanId, Sticker};
use mezon_proto::api;

use super::{check, subject};
use crate::ClientError;

subject! {
    /// Stickers and sounds of clans. From [`Client::stickers`](crate::Client::stickers).
    Stickers,
    /// Stickers and sounds of clans: list, add, change, delete.
    stickers
}

impl Stickers {
    /// The stickers and sounds that the signed-in user can use: those of all the user's clans. The server gives them in one
    /// piece.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn list(&self) -> Result<Vec<Sticker>, ClientError> {
        let list = self.api.call(methods::GET_LIST_STICKERS_BY_USER_ID, &()).await?;
        Ok(list.stickers.into_iter().map(Sticker::from).collect())
    }

    /// Adds a sticker to a clan.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, and for a draft without a name or a source, before
    /// any request; [`ClientError::Api`], with [`MaybeSent`](mezon_api::ApiErrorKind::MaybeSent) when the answer was lost:
    /// the list tells.
    ///
    /// # Cancel safety
    /// A call that is given up may have added it.
    pub async fn create(&self, clan: ClanId, draft: &StickerDraft) -> Result<(), ClientError> {
        check_clan(clan)?;
        draft.check()?;
        let request = api::ClanStickerAddRequest {
            source: draft.source.clone(),
            shortname: draft.shortname.clone(),
            category: draft.category.clone(),
            clan_id: clan.get(),
            media_type: draft.media_type,
            ..api::ClanStickerAddRequest::default()
        };
        Ok(self.api.call(methods::ADD_CLAN_STICKER, &request).await?)
    }

    /// Changes a sticker into `draft`; [`StickerDraft::from`] makes one out of `sticker` to begin with. A picture stays a
    /// picture, and a sound a sound. Repeated when an answer was lost.
    ///
    /// # Errors
    /// As [`Stickers::create`], but for a lost answer.
    ///
    /// # Cancel safety
    /// A call that is given up may have changed it.
    pub async fn update(&self, sticker: &Sticker, draft: &StickerDraft) -> Result<(), ClientError> {
        check_clan(sticker.clan_id)?;
        check(!sticker.id.is_none(), "the sticker id 0 is no sticker")?;
        draft.check()?;
        let request = api::ClanStickerUpdateByIdRequest {
            id: sticker.id.get(),
            source: draft.source.clone(),
            shortname: draft.shortname.clone(),
            category: draft.category.clone(),
            clan_id: sticker.clan_id.get(),
        };
        Ok(self.api.call(methods::UPDATE_CLAN_STICKER_BY_ID.idempotent(), &request).await?)
    }

    /// Deletes a sticker.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan or the sticker 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have deleted it.
    pub async fn delete(&self, sticker: &Sticker) -> Result<(), ClientError> {
        check_clan(sticker.clan_id)?;
        check(!sticker.id.is_none(), "the sticker id 0 is no sticker")?;
        let request = api::ClanStickerDeleteRequest {
            id: sticker.id.get(),
            clan_id: sticker.clan_id.get(),
            sticker_label: sticker.shortname.clone(),
        };
        Ok(self.api.call(methods::DELETE_CLAN_STICKER_BY_ID, &request).await?)
    }
}

/// A sticker before it is added, or as it is to become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct StickerDraft {
    shortname: String,
    source: String,
    category: String,
    media_type: i32,
}

impl StickerDraft {
    /// A picture called `shortname`. `source` is its address, such as that of an upload.
    pub fn new(shortname: impl Into<String>, source: impl Into<String>) -> Self {
        Self { shortname: shortname.into(), source: source.into(), ..Self::default() }
    }

    /// Another short name.
    pub fn shortname(self, shortname: impl Into<String>) -> Self {
        Self { shortname: shortname.into(), ..self }
    }

    /// The heading it is listed under.
    pub fn category(self, category: impl Into<String>) -> Self {
        Self { category: category.into(), ..self }
    }

    /// What it is, as a number of the server: 0 for a picture.
    pub fn media_type(self, media_type: i32) -> Self {
        Self { media_type, ..self }
    }

    fn check(&self) -> Result<(), ClientError> {
        check(!self.shortname.trim().is_empty(), "the sticker has no name")?;
        check(!self.source.is_empty(), "the sticker has no picture or sound")
    }
}

impl From<&Sticker> for StickerDraft {
    fn from(sticker: &Sticker) -> Self {
        Self {
            shortname: sticker.shortname.clone(),
            source: sticker.source.clone(),
            category: sticker.category.clone(),
            media_type: sticker.media_type,
        }
    }
}

fn check_clan(clan: ClanId) -> Result<(), ClientError> {
    check(!clan.is_none(), "direct conversations are no clan, and have no stickers")
}
