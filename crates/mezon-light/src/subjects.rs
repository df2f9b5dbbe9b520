//! The calls by subject, which are those of `mezon-client` as they are.

use mezon_client::calls;

use crate::LightClient;

macro_rules! subjects {
    ($($(#[$doc:meta])* $method:ident -> $handle:ident,)+) => {
        impl LightClient {
            $(
                $(#[$doc])*
                pub fn $method(&self) -> calls::$handle {
                    self.client().$method()
                }
            )+
        }
    };
}

subjects! {
    /// The user's own account: profile, name, status, devices.
    account -> OwnAccount,
    /// Categories: the headings under which a clan sorts its channels.
    categories -> Categories,
    /// Channels: direct, group and clan channels, and threads; by name as well.
    channels -> Channels,
    /// Clans: list, look at, make, change, join, leave; their members, bans and invitations.
    clans -> Clans,
    /// Emojis that the user can use.
    emojis -> Emojis,
    /// Planned events of clans.
    events -> Events,
    /// Friends: list, ask, accept, remove, block.
    friends -> Friends,
    /// Messages: history, search, sending, changes, removals, reactions, pins, clicks.
    messages -> Messages,
    /// Notifications, and what causes them.
    notifications -> Notifications,
    /// Polls: ask, vote, look at the result, close.
    polls -> Polls,
    /// Quick menus: what bots offer above the keyboard.
    quick_menus -> QuickMenus,
    /// Roles: list, make, change, give and take; what they allow, in clans and channels.
    roles -> Roles,
    /// Stickers that the user can use.
    stickers -> Stickers,
    /// Topics: side conversations that hang on one message.
    topics -> Topics,
    /// Other users: by id, by name, who is online.
    users -> Users,
    /// Who is in voice rooms.
    voice -> Voice,
    /// Webhooks of channels and clans.
    webhooks -> Webhooks,
}
