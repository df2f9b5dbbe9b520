//! Where a message goes to.

use crate::id::{ChannelId, ClanId};
use crate::kind::{ChannelType, StreamMode};

/// Where a message goes to: all that joining, sending and leaving need to know about a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The clan, [`ClanId::DIRECT`] for direct and group conversations.
    pub clan_id: ClanId,
    /// The channel.
    pub channel_id: ChannelId,
    /// What the channel is. The mode of messages follows from it ([`Target::mode`]).
    pub channel_type: ChannelType,
    /// Whether the channel is open to its whole clan. False outside clans.
    pub is_public: bool,
}

impl Target {
    /// A direct conversation.
    pub const fn direct(channel_id: ChannelId) -> Self {
        Self { clan_id: ClanId::DIRECT, channel_id, channel_type: ChannelType::Direct, is_public: false }
    }

    /// A group conversation.
    pub const fn group(channel_id: ChannelId) -> Self {
        Self { clan_id: ClanId::DIRECT, channel_id, channel_type: ChannelType::Group, is_public: false }
    }

    /// The mode that messages to this channel carry.
    pub const fn mode(&self) -> StreamMode {
        self.channel_type.stream_mode()
    }
}
