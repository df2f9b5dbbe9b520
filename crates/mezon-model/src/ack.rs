//! What the server answers to a message that it took.

use serde::Serialize;

use crate::id::{ChannelId, MessageId};
use crate::kind::MessageCode;

/// The server's receipt: the message is stored, and this is its id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MessageAck {
    /// The channel it was sent to.
    pub channel_id: ChannelId,
    /// The id that the server gave it.
    pub message_id: MessageId,
    /// The code it is stored with.
    pub code: MessageCode,
    /// The sender's user name.
    pub username: String,
    /// When it was stored, in Unix seconds.
    pub create_time_seconds: u32,
    /// When it was last changed, in Unix seconds; 0 when never.
    pub update_time_seconds: u32,
    /// Whether it is kept in the history; `None` when the server does not say.
    pub persistent: Option<bool>,
    /// The address of the clan's picture, empty outside clans.
    pub clan_logo: String,
    /// The name of the channel's category, empty outside clans.
    pub category_name: String,
}
