//! What a connection has joined.

use mezon_model::{ChannelId, ChannelType, ClanId, StreamMode};
use mezon_proto::realtime::{ChannelJoin, ChannelMessageSend, ClanJoin};
use mezon_proto::wire::Revision;

use super::Request;

/// A clan or channel to join. Small, so that a copy can be kept of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Membership {
    Clan(ClanJoin),
    Channel(ChannelJoin),
}

/// The order puts a clan before its channels, and that is the order of joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) clan_id: ClanId,
    /// 0: the clan itself.
    pub(super) channel_id: ChannelId,
}

impl Membership {
    pub(super) fn place(&self) -> Place {
        match self {
            Self::Clan(join) => Place { clan_id: join.clan_id.into(), channel_id: ChannelId::default() },
            Self::Channel(join) => Place { clan_id: join.clan_id.into(), channel_id: join.channel_id.into() },
        }
    }

    /// The request to join.
    pub(super) fn request(self, revision: Revision) -> Request {
        match self {
            Self::Clan(join) => Request::join_clan(&join, revision),
            Self::Channel(join) => Request::join(&join, revision),
        }
    }

    /// The channel of a message, with the type that its mode stands for.
    pub(super) fn of_message(message: &ChannelMessageSend) -> Self {
        let channel_type: ChannelType = StreamMode::from_raw(message.mode).channel_type();
        Self::Channel(ChannelJoin {
            clan_id: message.clan_id,
            channel_id: message.channel_id,
            channel_type: channel_type.to_raw(),
            is_public: message.is_public,
        })
    }
}
