//! What a channel is to one user: a favourite, or a conversation that is out of sight.

use mezon_proto::api;
use serde::{Deserialize, Serialize};

use super::channels::Channel;
use super::{Act, Done, Key, Record, Town};
use crate::failure::Failure;

/// What a user has marked a channel as.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Mark {
    pub(crate) channel: i64,
    pub(crate) user: i64,
    pub(crate) favorite: bool,
    /// An id of the moment in which a conversation was hidden; 0: it is shown. A later message shows it again.
    pub(crate) hidden: i64,
}

impl Record for Mark {
    const KIND: &'static str = "mark";

    fn key(&self) -> Key {
        (self.channel, self.user).into()
    }
}

impl Town {
    pub(super) fn is_hidden(&self, channel: &Channel, user: i64) -> bool {
        let hidden = self.marks.get((channel.id, user)).map_or(0, |mark| mark.hidden);
        hidden > self.newest.get(&channel.id).map_or(0, |newest| newest.id)
    }

    /// Changes the mark of a channel that the caller may see; one that marks nothing is no record.
    fn mark(&mut self, act: &Act<'_>, channel: i64, change: impl FnOnce(&mut Mark)) -> Result<Done<()>, Failure> {
        let channel = self.channel_for(act.by, channel)?.id;
        let unmarked = Mark { channel, user: act.by, ..Mark::default() };
        let mut mark = self.marks.get((channel, act.by)).cloned().unwrap_or_else(|| unmarked.clone());
        change(&mut mark);
        if mark == unmarked {
            self.marks.remove((channel, act.by));
        } else {
            self.marks.put(mark);
        }
        Ok(Done::new(()))
    }
}

/// The favourite channels of the caller in a clan.
pub(crate) fn favorites(
    town: &Town,
    act: &Act<'_>,
    request: api::ListFavoriteChannelRequest,
) -> Result<api::ListFavoriteChannelResponse, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let marked = town.marks.iter().filter(|mark| mark.user == act.by && mark.favorite);
    let seen = marked.filter_map(|mark| town.channel_for(act.by, mark.channel).ok());
    let channel_ids = seen.filter(|channel| channel.clan == clan).map(|channel| channel.id).collect();
    Ok(api::ListFavoriteChannelResponse { channel_ids })
}

pub(crate) fn add_favorite(
    town: &mut Town,
    act: &Act<'_>,
    request: api::AddFavoriteChannelRequest,
) -> Result<Done<api::AddFavoriteChannelResponse>, Failure> {
    town.mark(act, request.channel_id, |mark| mark.favorite = true)?;
    Ok(Done::new(api::AddFavoriteChannelResponse { channel_id: request.channel_id }))
}

pub(crate) fn remove_favorite(
    town: &mut Town,
    act: &Act<'_>,
    request: api::RemoveFavoriteChannelRequest,
) -> Result<Done<()>, Failure> {
    town.mark(act, request.channel_id, |mark| mark.favorite = false)
}

/// Takes a conversation out of the list of the caller until somebody writes in it.
pub(crate) fn hide(
    town: &mut Town,
    act: &Act<'_>,
    request: api::DeleteChannelDescRequest,
) -> Result<Done<()>, Failure> {
    if town.channel_for(act.by, request.channel_id)?.clan != 0 {
        return Err(Failure::invalid("only a direct or group conversation can be hidden"));
    }
    let now = act.id();
    town.mark(act, request.channel_id, |mark| mark.hidden = now)
}

/// Puts a hidden conversation back into the list of the caller.
pub(crate) fn show(
    town: &mut Town,
    act: &Act<'_>,
    request: api::DeleteChannelDescRequest,
) -> Result<Done<()>, Failure> {
    town.mark(act, request.channel_id, |mark| mark.hidden = 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::channels;
    use crate::town::testing::Place;

    #[test]
    fn favourites_are_of_one_user_and_one_clan() {
        let mut place = Place::default();
        let (clan, other) = (place.clan(1, &[2]), place.clan(1, &[]));
        let channel_id = place.welcome(clan);
        let request = api::AddFavoriteChannelRequest { channel_id, clan_id: clan };
        place.done(2, add_favorite, request);
        place.refused(3, add_favorite, request, "channel permission denied");
        let of = |clan_id| api::ListFavoriteChannelRequest { clan_id };
        assert_eq!(place.seen(2, favorites, of(clan)).channel_ids, [channel_id]);
        assert!(place.seen(1, favorites, of(clan)).channel_ids.is_empty());
        assert!(place.seen(1, favorites, of(other)).channel_ids.is_empty());
        place.done(2, remove_favorite, api::RemoveFavoriteChannelRequest { clan_id: clan, channel_id });
        assert_eq!(place.town.marks.iter().count(), 0);
    }

    #[test]
    fn a_hidden_conversation_comes_back_when_it_is_shown_or_written_in() {
        let mut place = Place::default();
        let dm = place.dm(1, 2);
        let request = api::DeleteChannelDescRequest { channel_id: dm, clan_id: 0 };
        let listed = |place: &Place, user| {
            place.seen(user, channels::list, api::ListChannelDescsRequest::default()).channeldesc.len()
        };
        place.done(1, hide, request);
        assert_eq!((listed(&place, 1), listed(&place, 2)), (0, 1));
        place.done(1, show, request);
        assert_eq!(listed(&place, 1), 1);
        place.done(1, hide, request);
        let newest = api::ChannelMessageHeader { id: i64::MAX, ..Default::default() };
        place.town.newest.insert(dm, newest);
        assert_eq!(listed(&place, 1), 1);
        let clan = place.clan(1, &[]);
        let channel = api::DeleteChannelDescRequest { channel_id: place.welcome(clan), clan_id: clan };
        place.refused(1, hide, channel, "only a direct or group conversation can be hidden");
    }
}
