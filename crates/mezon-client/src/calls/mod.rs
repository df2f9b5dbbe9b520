//! Friendly calls, by subject: typed ids, sensible defaults, lists as pages.
//!
//! [`Client`](crate::Client) gives a handle for each subject. A handle is cheap, can be cloned, and holds nothing but the
//! HTTP client. What one cannot do, [`ApiClient::call`](mezon_api::ApiClient::call) does with any method of the protocol.

mod account;
mod channels;
mod clans;
mod emojis;
mod events;
mod friends;
pub mod names;
mod notifications;
mod page;
mod stickers;
mod users;
mod voice;
mod webhooks;

pub use account::{OwnAccount, ProfileChanges, StatusChange};
pub use channels::Channels;
pub use clans::Clans;
pub use emojis::Emojis;
pub use events::{EventDraft, Events};
pub use friends::Friends;
pub use notifications::{Mute, Notifications};
pub use page::{Cursor, Page, Pages};
pub use stickers::{StickerDraft, Stickers};
pub use users::Users;
pub use voice::Voice;
pub use webhooks::{WebhookChanges, Webhooks};

use crate::ClientError;

/// Declares the handle of a subject, and the method of [`Client`] that gives it.
macro_rules! subject {
    ($(#[$doc:meta])* $name:ident, $(#[$method_doc:meta])* $method:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            api: mezon_api::ApiClient,
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
