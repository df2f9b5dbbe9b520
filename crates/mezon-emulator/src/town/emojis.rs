//! Emojis, stickers and sounds of clans.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{EventEmoji, StickerCreateEvent, StickerDeleteEvent, StickerUpdateEvent};
use serde::{Deserialize, Serialize};

use super::clans::Clan;
use super::permissions::Permission;
use super::{Act, Audience, Done, Key, Record, Town, named};
use crate::failure::Failure;

/// `action` of an event about an emoji, as older official clients read it.
const ADDED: i32 = 0;
const RENAMED: i32 = 1;
const DELETED: i32 = 2;

/// A picture, or a sound, that the members of a clan use in messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Emoji {
    pub(crate) id: i64,
    pub(crate) clan: i64,
    pub(crate) shortname: String,
    pub(crate) source: String,
    pub(crate) category: String,
    pub(crate) creator: i64,
    pub(crate) created: u32,
    pub(crate) for_sale: bool,
}

impl Record for Emoji {
    const KIND: &'static str = "emoji";
    /// Clients may bring the id of the upload.
    const MADE_HERE: bool = false;

    fn key(&self) -> Key {
        self.id.into()
    }
}

/// A sticker, or a sound.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Sticker {
    pub(crate) id: i64,
    pub(crate) clan: i64,
    pub(crate) shortname: String,
    pub(crate) source: String,
    pub(crate) category: String,
    pub(crate) creator: i64,
    pub(crate) created: u32,
    pub(crate) media_type: i32,
    pub(crate) for_sale: bool,
}

impl Record for Sticker {
    const KIND: &'static str = "sticker";
    /// Clients may bring the id of the upload.
    const MADE_HERE: bool = false;

    fn key(&self) -> Key {
        self.id.into()
    }
}

impl Emoji {
    fn described(&self, clan: &Clan) -> api::ClanEmoji {
        api::ClanEmoji {
            id: self.id,
            src: self.source.clone(),
            shortname: self.shortname.clone(),
            category: self.category.clone(),
            creator_id: self.creator,
            clan_id: self.clan,
            logo: clan.logo.clone(),
            clan_name: clan.name.clone(),
            is_for_sale: self.for_sale,
        }
    }

    fn event(&self, clan: &Clan, act: &Act<'_>, action: i32) -> Message {
        Message::EventEmoji(EventEmoji {
            id: self.id,
            clan_id: self.clan,
            short_name: self.shortname.clone(),
            source: self.source.clone(),
            category: self.category.clone(),
            action,
            user_id: act.by,
            logo: clan.logo.clone(),
            clan_name: clan.name.clone(),
            is_for_sale: self.for_sale,
        })
    }
}

impl Sticker {
    fn described(&self, clan: &Clan) -> api::ClanSticker {
        api::ClanSticker {
            id: self.id,
            source: self.source.clone(),
            shortname: self.shortname.clone(),
            category: self.category.clone(),
            creator_id: self.creator,
            create_time_seconds: self.created,
            clan_id: self.clan,
            logo: clan.logo.clone(),
            clan_name: clan.name.clone(),
            media_type: self.media_type,
            is_for_sale: self.for_sale,
        }
    }
}

impl Town {
    /// An emoji that the user may change: the user's own, or any for whoever manages the clan.
    fn managed_emoji(&self, user: i64, clan: i64, id: i64) -> Result<(&Emoji, &Clan), Failure> {
        let of = self.clan_for(user, clan)?;
        let emoji = self.emojis.get(id).filter(|emoji| emoji.clan == clan);
        let emoji = emoji.ok_or_else(|| Failure::not_found("emoji not found"))?;
        if emoji.creator != user {
            self.clan_where(user, clan, Permission::ManageClan)?;
        }
        Ok((emoji, of))
    }

    /// As [`managed_emoji`](Self::managed_emoji), for stickers.
    fn managed_sticker(&self, user: i64, clan: i64, id: i64) -> Result<&Sticker, Failure> {
        self.clan_for(user, clan)?;
        let sticker = self.stickers.get(id).filter(|sticker| sticker.clan == clan);
        let sticker = sticker.ok_or_else(|| Failure::not_found("sticker not found"))?;
        if sticker.creator != user {
            self.clan_where(user, clan, Permission::ManageClan)?;
        }
        Ok(sticker)
    }
}

/// The emojis of all clans of the caller.
pub(crate) fn list(town: &Town, act: &Act<'_>, (): ()) -> Result<api::EmojiListedResponse, Failure> {
    let seen = town.emojis.iter().filter_map(|emoji| Some(emoji.described(town.clan_for(act.by, emoji.clan).ok()?)));
    Ok(api::EmojiListedResponse { emoji_list: seen.collect() })
}

/// Adds an emoji. Any member may.
pub(crate) fn create(
    town: &mut Town,
    act: &Act<'_>,
    request: api::ClanEmojiCreateRequest,
) -> Result<Done<()>, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?;
    let emoji = Emoji {
        id: if request.id == 0 { act.id() } else { request.id },
        clan: clan.id,
        shortname: named(&request.shortname, "shortname")?,
        source: named(&request.source, "source")?,
        category: request.category,
        creator: act.by,
        created: act.now(),
        for_sale: request.is_for_sale,
    };
    if town.emojis.has(emoji.id) {
        return Err(Failure::invalid("there is an emoji with this id"));
    }
    if town.emojis.iter().any(|other| other.clan == emoji.clan && other.shortname == emoji.shortname) {
        return Err(Failure::invalid("the clan has an emoji with this shortname"));
    }
    let done = Done::new(()).push(Audience::Clan(emoji.clan), emoji.event(clan, act, ADDED));
    town.emojis.put(emoji);
    Ok(done)
}

/// Gives an emoji another short name.
pub(crate) fn rename(
    town: &mut Town,
    act: &Act<'_>,
    request: api::ClanEmojiUpdateRequest,
) -> Result<Done<()>, Failure> {
    let (emoji, clan) = town.managed_emoji(act.by, request.clan_id, request.id)?;
    let emoji = Emoji { shortname: named(&request.shortname, "shortname")?, ..emoji.clone() };
    let done = Done::new(()).push(Audience::Clan(emoji.clan), emoji.event(clan, act, RENAMED));
    town.emojis.put(emoji);
    Ok(done)
}

/// Deletes an emoji.
pub(crate) fn delete(
    town: &mut Town,
    act: &Act<'_>,
    request: api::ClanEmojiDeleteRequest,
) -> Result<Done<()>, Failure> {
    let (emoji, clan) = town.managed_emoji(act.by, request.clan_id, request.id)?;
    let done = Done::new(()).push(Audience::Clan(emoji.clan), emoji.event(clan, act, DELETED));
    town.emojis.remove(request.id);
    Ok(done)
}

/// The stickers of all clans of the caller.
pub(crate) fn list_stickers(town: &Town, act: &Act<'_>, (): ()) -> Result<api::StickerListedResponse, Failure> {
    let stickers = town.stickers.iter();
    let seen = stickers.filter_map(|sticker| Some(sticker.described(town.clan_for(act.by, sticker.clan).ok()?)));
    Ok(api::StickerListedResponse { stickers: seen.collect() })
}

/// Adds a sticker. Any member may.
pub(crate) fn add_sticker(
    town: &mut Town,
    act: &Act<'_>,
    request: api::ClanStickerAddRequest,
) -> Result<Done<()>, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?;
    let sticker = Sticker {
        id: if request.id == 0 { act.id() } else { request.id },
        clan: clan.id,
        shortname: named(&request.shortname, "shortname")?,
        source: named(&request.source, "source")?,
        category: request.category,
        creator: act.by,
        created: act.now(),
        media_type: request.media_type,
        for_sale: request.is_for_sale,
    };
    if town.stickers.has(sticker.id) {
        return Err(Failure::invalid("there is a sticker with this id"));
    }
    let event = StickerCreateEvent {
        clan_id: clan.id,
        source: sticker.source.clone(),
        shortname: sticker.shortname.clone(),
        category: sticker.category.clone(),
        creator_id: sticker.creator,
        sticker_id: sticker.id,
        logo: clan.logo.clone(),
        clan_name: clan.name.clone(),
    };
    let done = Done::new(()).push(Audience::Clan(clan.id), Message::StickerCreateEvent(event));
    town.stickers.put(sticker);
    Ok(done)
}

/// Changes a sticker into what the request says.
pub(crate) fn update_sticker(
    town: &mut Town,
    act: &Act<'_>,
    request: api::ClanStickerUpdateByIdRequest,
) -> Result<Done<()>, Failure> {
    let mut sticker = town.managed_sticker(act.by, request.clan_id, request.id)?.clone();
    sticker.shortname = named(&request.shortname, "shortname")?;
    if !request.source.is_empty() {
        sticker.source = request.source;
    }
    sticker.category = request.category;
    let event = StickerUpdateEvent { shortname: sticker.shortname.clone(), sticker_id: sticker.id, user_id: act.by };
    let done = Done::new(()).push(Audience::Clan(sticker.clan), Message::StickerUpdateEvent(event));
    town.stickers.put(sticker);
    Ok(done)
}

/// Deletes a sticker.
pub(crate) fn delete_sticker(
    town: &mut Town,
    act: &Act<'_>,
    request: api::ClanStickerDeleteRequest,
) -> Result<Done<()>, Failure> {
    let sticker = town.managed_sticker(act.by, request.clan_id, request.id)?;
    let event = StickerDeleteEvent { sticker_id: sticker.id, user_id: act.by };
    let done = Done::new(()).push(Audience::Clan(sticker.clan), Message::StickerDeleteEvent(event));
    town.stickers.remove(request.id);
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    fn like(clan: i64) -> api::ClanEmojiCreateRequest {
        api::ClanEmojiCreateRequest {
            clan_id: clan,
            source: "https://cdn/like.png".to_owned(),
            shortname: ":like:".to_owned(),
            ..Default::default()
        }
    }

    fn names(place: &Place, user: i64) -> Vec<String> {
        place.seen(user, list, ()).emoji_list.into_iter().map(|emoji| emoji.shortname).collect()
    }

    #[test]
    fn an_emoji_is_its_clans_and_its_makers() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3]);
        let added = place.done(2, create, like(clan));
        assert_eq!(added.pushes[0].to, Audience::Clan(clan));
        assert_eq!((names(&place, 3), names(&place, 4)), (vec![":like:".to_owned()], vec![]));
        place.refused(3, create, like(clan), "the clan has an emoji with this shortname");
        place.refused(4, create, like(clan), "clan permission denied");
        place.refused(
            1,
            create,
            api::ClanEmojiCreateRequest { source: String::new(), ..like(clan) },
            "source is required",
        );

        let id = place.seen(1, list, ()).emoji_list[0].id;
        let renamed = api::ClanEmojiUpdateRequest { id, shortname: ":yes:".to_owned(), clan_id: clan };
        place.refused(3, rename, renamed.clone(), "permission denied");
        place.done(1, rename, renamed);
        assert_eq!(names(&place, 2), [":yes:"]);
        let gone = api::ClanEmojiDeleteRequest { id, clan_id: clan, ..Default::default() };
        place.done(2, delete, gone.clone());
        place.refused(2, delete, gone, "emoji not found");
    }

    #[test]
    fn a_sticker_keeps_its_picture_when_it_is_renamed() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let wave = api::ClanStickerAddRequest {
            clan_id: clan,
            id: 77,
            source: "https://cdn/wave.png".to_owned(),
            shortname: "wave".to_owned(),
            ..Default::default()
        };
        place.done(2, add_sticker, wave.clone());
        place.refused(2, add_sticker, wave, "there is a sticker with this id");
        let renamed = api::ClanStickerUpdateByIdRequest {
            id: 77,
            shortname: "hi".to_owned(),
            clan_id: clan,
            ..Default::default()
        };
        assert_eq!(place.done(2, update_sticker, renamed).pushes.len(), 1);
        let sticker = place.seen(1, list_stickers, ()).stickers.remove(0);
        assert_eq!((sticker.shortname.as_str(), sticker.source.as_str()), ("hi", "https://cdn/wave.png"));
        let gone = api::ClanStickerDeleteRequest { id: 77, clan_id: clan, ..Default::default() };
        assert_eq!(place.done(1, delete_sticker, gone.clone()).pushes.len(), 1);
        place.refused(1, delete_sticker, gone, "sticker not found");
    }
}
