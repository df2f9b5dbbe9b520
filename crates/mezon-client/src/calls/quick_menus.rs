//! Quick menus: what a bot offers above the keyboard.

use std::time::SystemTime;

use mezon_api::methods;
use mezon_model::{ChannelId, MenuId, MenuKind, MessageId, QuickMenu, UserId};
use mezon_proto::api;

use super::messages::user_of;
use super::{check, subject};
use crate::ClientError;

subject! {
    /// Quick menus. From [`Client::quick_menus`](crate::Client::quick_menus).
    ///
    /// The user chooses an entry with [`Connection::choose`](crate::Connection::choose).
    QuickMenus,
    /// Quick menus: what bots offer above the keyboard.
    quick_menus
}

impl QuickMenus {
    /// The entries that a channel offers, of all bots, of one kind.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the channel 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn list(&self, channel: ChannelId, kind: MenuKind) -> Result<Vec<QuickMenu>, ClientError> {
        check(!channel.is_none(), "the id 0 is no channel")?;
        self.read(UserId::default(), channel, kind).await
    }

    /// The entries of one bot, of one kind, in all channels.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the bot 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn of_bot(&self, bot: UserId, kind: MenuKind) -> Result<Vec<QuickMenu>, ClientError> {
        check(!bot.is_none(), "the id 0 is no bot")?;
        self.read(bot, ChannelId::default(), kind).await
    }

    /// Adds an entry; gives it with its id. Without a bot it is one of the signed-in user, and without an id it gets a new one:
    /// clients make the ids of these, not the server.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an entry without a name, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have added it.
    pub async fn add(&self, menu: QuickMenu) -> Result<QuickMenu, ClientError> {
        check(!menu.name.trim().is_empty(), NO_NAME)?;
        let mut menu = menu;
        if menu.bot_id.is_none() {
            menu.bot_id = user_of(&self.api);
        }
        if menu.id.is_none() {
            menu.id = new_id(self.api.now(), rand::random());
        }
        self.api.call(methods::ADD_QUICK_MENU_ACCESS, &api::QuickMenuAccess::from(&menu)).await?;
        Ok(menu)
    }

    /// Replaces the entry that has the id of `menu`.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an entry without an id or a name, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have replaced it.
    pub async fn update(&self, menu: &QuickMenu) -> Result<(), ClientError> {
        check(!menu.id.is_none(), NO_ID)?;
        check(!menu.name.trim().is_empty(), NO_NAME)?;
        self.api.call(methods::UPDATE_QUICK_MENU_ACCESS, &api::QuickMenuAccess::from(menu)).await?;
        Ok(())
    }

    /// Deletes an entry, by its own id. (The official SDK for bots writes the id of the bot there, and deletes nothing.)
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an entry without an id, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have deleted it.
    pub async fn delete(&self, menu: &QuickMenu) -> Result<(), ClientError> {
        check(!menu.id.is_none(), NO_ID)?;
        let request = api::QuickMenuAccess {
            id: menu.id.get(),
            bot_id: menu.bot_id.get(),
            clan_id: menu.clan_id.get(),
            channel_id: menu.channel_id.get(),
            ..api::QuickMenuAccess::default()
        };
        self.api.call(methods::DELETE_QUICK_MENU_ACCESS, &request).await?;
        Ok(())
    }

    async fn read(&self, bot: UserId, channel: ChannelId, kind: MenuKind) -> Result<Vec<QuickMenu>, ClientError> {
        let (bot_id, channel_id) = (bot.get(), channel.get());
        let request = api::ListQuickMenuAccessRequest { bot_id, channel_id, menu_type: kind.to_raw() };
        let list = self.api.call(methods::LIST_QUICK_MENU_ACCESS, &request).await?;
        Ok(list.list_menus.into_iter().map(QuickMenu::from).collect())
    }
}

const NO_ID: &str = "the entry of the menu has no id";
const NO_NAME: &str = "the entry of the menu has no name";

/// An id as the official SDKs make them: a snowflake of that moment. What is behind the milliseconds is random here, because
/// nothing counts the ids of all programs of a bot.
fn new_id(now: SystemTime, random: u32) -> MenuId {
    MenuId::new(MessageId::at(now).get() | i64::from(random & 0x3f_ffff))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ids_are_snowflakes_and_two_of_one_moment_differ() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let (one, other) = (new_id(now, 1), new_id(now, u32::MAX));
        assert_ne!(one, other);
        for id in [one, other] {
            assert_eq!(MessageId::new(id.get()).created_at(), Some(now));
        }
    }
}
