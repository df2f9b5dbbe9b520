//! Quick menus: what bots offer above the keyboard.

use mezon_proto::api;
use mezon_proto::realtime::QuickMenuDataEvent;
use mezon_proto::realtime::envelope::Message;
use serde::{Deserialize, Serialize};

use super::{Act, Audience, Done, Key, Record, Town, named};
use crate::failure::Failure;

/// An entry of a bot's menu.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct QuickMenu {
    pub(crate) id: i64,
    pub(crate) bot: i64,
    pub(crate) clan: i64,
    /// 0: it is offered wherever the bot is.
    pub(crate) channel: i64,
    pub(crate) name: String,
    pub(crate) background: String,
    pub(crate) action: String,
    pub(crate) kind: i32,
}

impl Record for QuickMenu {
    const KIND: &'static str = "quick_menu";
    /// Clients bring ids of their own.
    const MADE_HERE: bool = false;

    fn key(&self) -> Key {
        self.id.into()
    }
}

impl QuickMenu {
    fn described(&self) -> api::QuickMenuAccess {
        api::QuickMenuAccess {
            id: self.id,
            bot_id: self.bot,
            clan_id: self.clan,
            channel_id: self.channel,
            menu_name: self.name.clone(),
            background: self.background.clone(),
            action_msg: self.action.clone(),
            menu_type: self.kind,
        }
    }
}

impl Town {
    /// An entry of the caller.
    fn own_menu(&self, act: &Act<'_>, id: i64) -> Result<&QuickMenu, Failure> {
        let menu = self.quick_menus.get(id).ok_or_else(|| Failure::not_found("quick menu not found"))?;
        if menu.bot == act.by { Ok(menu) } else { Err(Failure::denied("the quick menu is another's")) }
    }

    /// The entries that a channel offers, in the order of their ids.
    fn menus_in(&self, channel: i64) -> impl Iterator<Item = &QuickMenu> {
        let found = self.channels.get(channel);
        self.quick_menus.iter().filter(move |menu| {
            let everywhere = menu.channel == 0 && found.is_some_and(|channel| self.may_see(menu.bot, channel));
            everywhere || menu.channel == channel
        })
    }
}

/// Adds an entry of the caller, with the id that the client has made.
pub(crate) fn add(town: &mut Town, act: &Act<'_>, request: api::QuickMenuAccess) -> Result<Done<()>, Failure> {
    if ![0, act.by].contains(&request.bot_id) {
        return Err(Failure::denied("the quick menu is another's"));
    }
    if town.quick_menus.has(request.id) {
        return Err(Failure::invalid("there is a quick menu of that id"));
    }
    put(town, act, request)
}

/// Replaces an entry of the caller.
pub(crate) fn update(town: &mut Town, act: &Act<'_>, request: api::QuickMenuAccess) -> Result<Done<()>, Failure> {
    town.own_menu(act, request.id)?;
    put(town, act, request)
}

/// Deletes an entry of the caller, by its own id.
pub(crate) fn delete(town: &mut Town, act: &Act<'_>, request: api::QuickMenuAccess) -> Result<Done<()>, Failure> {
    let id = town.own_menu(act, request.id)?.id;
    town.quick_menus.remove(id);
    Ok(Done::new(()))
}

/// The entries of a bot, or those that a channel offers.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    request: api::ListQuickMenuAccessRequest,
) -> Result<api::QuickMenuAccessList, Failure> {
    let wanted =
        |menu: &&QuickMenu| [0, menu.kind].contains(&request.menu_type) && [0, menu.bot].contains(&request.bot_id);
    let list_menus = if request.channel_id == 0 {
        town.quick_menus.iter().filter(wanted).map(QuickMenu::described).collect()
    } else {
        let channel = town.channel_for(act.by, request.channel_id)?.id;
        town.menus_in(channel).filter(wanted).map(QuickMenu::described).collect()
    };
    Ok(api::QuickMenuAccessList { list_menus })
}

/// Somebody chooses an entry by its name: the bots that offer it in the channel hear of it.
pub(crate) fn choose(town: &mut Town, act: &Act<'_>, request: QuickMenuDataEvent) -> Result<Done<()>, Failure> {
    let channel = town.channel_for(act.by, request.message.as_ref().map_or(0, |message| message.channel_id))?.id;
    let mut bots: Vec<i64> =
        town.menus_in(channel).filter(|menu| menu.name == request.menu_name).map(|menu| menu.bot).collect();
    bots.sort_unstable();
    bots.dedup();
    if bots.is_empty() {
        return Err(Failure::not_found("the channel offers no such quick menu"));
    }
    let event = QuickMenuDataEvent { sender_id: act.by, ..request };
    Ok(Done::new(()).push(Audience::Users(bots), Message::QuickMenuEvent(event)))
}

fn put(town: &mut Town, act: &Act<'_>, request: api::QuickMenuAccess) -> Result<Done<()>, Failure> {
    let name = named(&request.menu_name, "menu_name")?;
    if request.channel_id != 0 {
        town.channel_for(act.by, request.channel_id)?;
    }
    town.quick_menus.put(QuickMenu {
        id: if request.id == 0 { act.id() } else { request.id },
        bot: act.by,
        clan: request.clan_id,
        channel: request.channel_id,
        name,
        background: request.background,
        action: request.action_msg,
        kind: request.menu_type,
    });
    Ok(Done::new(()))
}

#[cfg(test)]
mod tests {
    use mezon_proto::realtime::ChannelMessageSend;

    use super::*;
    use crate::town::testing::Place;

    fn menu(id: i64, name: &str) -> api::QuickMenuAccess {
        api::QuickMenuAccess { id, bot_id: 9, menu_name: name.to_owned(), menu_type: 2, ..Default::default() }
    }

    fn names(place: &Place, by: i64, channel_id: i64) -> Vec<String> {
        let request = api::ListQuickMenuAccessRequest { channel_id, menu_type: 2, ..Default::default() };
        place.seen(by, list, request).list_menus.into_iter().map(|menu| menu.menu_name).collect()
    }

    #[test]
    fn an_entry_is_offered_where_its_bot_is_and_chosen_by_name() {
        let mut place = Place::default();
        let (with_bot, without) = (place.dm(1, 9), place.dm(1, 2));
        place.done(9, add, menu(5, "ask"));
        assert_eq!(names(&place, 1, with_bot), ["ask"]);
        assert!(names(&place, 1, without).is_empty());

        let choice = |channel_id, name: &str| QuickMenuDataEvent {
            menu_name: name.to_owned(),
            message: Some(ChannelMessageSend { channel_id, ..Default::default() }),
            ..Default::default()
        };
        let done = place.done(1, choose, choice(with_bot, "ask"));
        assert_eq!(done.pushes[0].to, Audience::Users(vec![9]));
        let Message::QuickMenuEvent(event) = &done.pushes[0].message else { panic!("{done:?}") };
        assert_eq!(event.sender_id, 1);
        place.refused(1, choose, choice(without, "ask"), "the channel offers no such quick menu");
        place.refused(2, choose, choice(with_bot, "ask"), "channel permission denied");
    }

    /// The official SDK for bots writes the bot's id where that of the entry belongs.
    #[test]
    fn an_entry_is_changed_and_deleted_by_its_own_id_and_by_its_bot() {
        let mut place = Place::default();
        let dm = place.dm(1, 9);
        place.refused(1, add, menu(5, "ask"), "the quick menu is another's");
        place.refused(9, add, menu(5, " "), "menu_name is required");
        place.done(9, add, menu(5, "ask"));
        place.refused(9, add, menu(5, "again"), "there is a quick menu of that id");
        place.refused(1, update, menu(5, "mine"), "the quick menu is another's");
        place.done(9, update, menu(5, "tell"));
        assert_eq!(names(&place, 1, dm), ["tell"]);
        place.refused(9, delete, menu(9, ""), "quick menu not found");
        place.done(9, delete, menu(5, ""));
        assert!(names(&place, 1, dm).is_empty());
    }
}
