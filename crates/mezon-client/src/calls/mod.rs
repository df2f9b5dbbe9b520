//! Friendly calls, by subject: typed ids, sensible defaults, lists as pages.
//!
//! [`Client`](crate::Client) gives a handle for each subject. A handle is cheap, can be cloned, and holds nothing but the
//! HTTP client. What one cannot do, [`ApiClient::call`](mezon_api::ApiClient::call) does with any method of the protocol.

mod account;
mod bans;
mod categories;
mod channel_draft;
mod channels;
mod clans;
mod clicks;
mod emojis;
mod ephemeral;
mod events;
mod friends;
mod invites;
mod members;
mod message_ref;
mod messages;
pub mod names;
mod notifications;
mod page;
mod permissions;
mod pins;
mod polls;
mod quick_menus;
mod reactions;
mod reading;
mod role_draft;
mod roles;
mod search;
mod stickers;
mod threads;
mod topics;
mod users;
mod voice;
mod webhooks;

pub use account::{OwnAccount, ProfileChanges, StatusChange};
pub use bans::{BanOptions, BanScope};
pub use categories::Categories;
pub use channel_draft::{ChannelChanges, ChannelDraft};
pub use channels::Channels;
pub use clans::{ClanChanges, ClanDraft, ClanProfileChanges, Clans};
pub use emojis::Emojis;
pub use events::{EventDraft, Events};
pub use friends::Friends;
pub use invites::InviteOptions;
pub use message_ref::MessageRef;
pub use messages::Messages;
pub use notifications::{Mute, Notifications};
pub use page::{Cursor, Page, Pages};
pub use permissions::Grantee;
pub use polls::{PollDraft, PollRef, Polls};
pub use quick_menus::QuickMenus;
pub use reactions::EmojiRef;
pub use role_draft::{RoleChanges, RoleDraft};
pub use roles::Roles;
pub use search::MessageSearch;
pub use stickers::{StickerDraft, Stickers};
pub use topics::Topics;
pub use users::Users;
pub use voice::Voice;
pub use webhooks::{WebhookChanges, Webhooks};

use mezon_api::{ApiError, ApiErrorKind};
use mezon_model::{ClanId, UserId};

use crate::ClientError;

/// Declares the handle of a subject, and the method of [`Client`] that gives it.
macro_rules! subject {
    ($(#[$doc:meta])* $name:ident, $(#[$method_doc:meta])* $method:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            // The calls of a subject may be in several files.
            pub(in crate::calls) api: mezon_api::ApiClient,
        }

        impl $crate::Client {
            $(#[$method_doc])*
            pub fn $method(&self) -> $name {
                $name { api: self.api().clone() }
            }
        }
    };
}

use subject;

/// Refuses arguments before anything is sent.
fn check(holds: bool, problem: &'static str) -> Result<(), ClientError> {
    if holds { Ok(()) } else { Err(ClientError::InvalidInput { problem: problem.into() }) }
}

/// Refuses the clan of direct and group conversations, where a real one is wanted.
fn check_clan(clan: ClanId) -> Result<(), ClientError> {
    check(clan != ClanId::DIRECT, DIRECT_IS_NONE)
}

const DIRECT_IS_NONE: &str = "the clan id 0 is that of direct conversations, which are no clan";

/// Refuses a list of users that is empty or holds the id 0.
fn check_users(users: &[UserId]) -> Result<(), ClientError> {
    check(!users.is_empty(), "no user is named")?;
    check(users.iter().all(|user| !user.is_none()), "the user id 0 is no user")
}

/// Refuses a name of nothing but spaces.
fn check_name(name: &str) -> Result<(), ClientError> {
    check(!name.trim().is_empty(), "the name is empty")
}

/// Refuses an answer that names nothing, where something was made or asked for.
fn check_made(id: i64, what: &'static str) -> Result<(), ClientError> {
    if id == 0 { Err(ApiError::from(ApiErrorKind::Decode { what }).into()) } else { Ok(()) }
}

/// Ids for the wire.
fn raw<Id: Copy + Into<i64>>(ids: &[Id]) -> Vec<i64> {
    ids.iter().map(|id| (*id).into()).collect()
}

/// The places of `order`, from 1. Refuses a list that is empty or names something twice or by the id 0, with `none`.
fn places<Id: Copy + Into<i64>>(
    order: &[Id],
    none: &'static str,
) -> Result<impl Iterator<Item = (i64, i32)>, ClientError> {
    let ids = raw(order);
    check(!ids.is_empty(), "the order names nothing")?;
    check(!ids.contains(&0), none)?;
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    check(sorted.len() == ids.len(), "the order names something twice")?;
    Ok(ids.into_iter().zip(1..))
}
