//! Emojis, stickers and sounds.

use bytes::Bytes;

use super::Call;
use crate::failure::Failure;
use crate::town::emojis;

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "GetListEmojisByUserId" => call.look(emojis::list),
        "CreateClanEmoji" => call.change(emojis::create).await,
        "UpdateClanEmojiById" => call.change(emojis::rename).await,
        "DeleteByIdClanEmoji" => call.change(emojis::delete).await,
        "GetListStickersByUserId" => call.look(emojis::list_stickers),
        "AddClanSticker" => call.change(emojis::add_sticker).await,
        "UpdateClanStickerById" => call.change(emojis::update_sticker).await,
        "DeleteClanStickerById" => call.change(emojis::delete_sticker).await,
        _ => return None,
    })
}
