//! Direct, group and clan channels.

use mezon_model::{Channel, ChannelType, ClanId, UserId};
use mezon_proto::api;

use crate::{ApiClient, ApiError, ApiErrorKind, Method, methods};

/// Which channels to list. By default the first hundred direct and group conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListChannelsOptions {
    /// The clan; [`ClanId::DIRECT`] for direct and group conversations.
    pub clan_id: ClanId,
    /// Only channels of this kind. `None`: of all kinds.
    pub kind: Option<ChannelType>,
    /// How many at most, 1 to 100.
    pub limit: u8,
    /// Which page, from 1; 0 leaves it to the server, which means the first.
    pub page: u16,
}

impl Default for ListChannelsOptions {
    fn default() -> Self {
        Self { clan_id: ClanId::DIRECT, kind: None, limit: MAX_LIMIT, page: 0 }
    }
}

/// The longest page that the server gives.
pub(crate) const MAX_LIMIT: u8 = 100;

impl ListChannelsOptions {
    /// The channels of a clan.
    pub fn clan(clan_id: ClanId) -> Self {
        Self { clan_id, ..Self::default() }
    }

    /// Only channels of this kind.
    #[must_use]
    pub fn kind(self, kind: ChannelType) -> Self {
        Self { kind: Some(kind), ..self }
    }

    /// At most this many, 1 to 100.
    #[must_use]
    pub fn limit(self, limit: u8) -> Self {
        Self { limit, ..self }
    }

    /// This page, from 1.
    #[must_use]
    pub fn page(self, page: u16) -> Self {
        Self { page, ..self }
    }
}

impl ApiClient {
    /// Opens the direct channel with `peer`. The same peer gives the same channel, so this is repeated after a lost
    /// answer.
    ///
    /// # Errors
    /// [`ApiErrorKind::InvalidInput`] for the id 0, before any request; [`ApiErrorKind::Decode`] when the answer names
    /// no channel; and those of [`ApiClient::call`].
    ///
    /// # Cancel safety
    /// The channel may exist on the server; asking again gives it.
    pub async fn create_dm(&self, peer: UserId) -> Result<Channel, ApiError> {
        self.create(ChannelType::Direct, &[peer], methods::CREATE_CHANNEL_DESC.idempotent()).await
    }

    /// Opens a new group channel with `peers`; the user who is signed in need not be among them.
    ///
    /// # Errors
    /// [`ApiErrorKind::InvalidInput`] when there is no peer or one with the id 0, before any request;
    /// [`ApiErrorKind::MaybeSent`] when the answer was lost: [`ApiClient::list_channels`] tells whether the group is
    /// there; [`ApiErrorKind::Decode`] when the answer names no channel; and those of [`ApiClient::call`].
    ///
    /// # Cancel safety
    /// A call that is given up may have made the group.
    pub async fn create_group_dm(&self, peers: &[UserId]) -> Result<Channel, ApiError> {
        self.create(ChannelType::Group, peers, methods::CREATE_CHANNEL_DESC).await
    }

    /// One page of channels.
    ///
    /// # Errors
    /// [`ApiErrorKind::InvalidInput`] for a limit outside of 1 to 100, before any request; and those of
    /// [`ApiClient::call`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn list_channels(&self, query: &ListChannelsOptions) -> Result<Vec<Channel>, ApiError> {
        let request = api::ListChannelDescsRequest {
            clan_id: query.clan_id.get(),
            channel_type: query.kind.map_or(0, ChannelType::to_raw),
            limit: checked_limit(query.limit)?,
            page: query.page.into(),
            ..api::ListChannelDescsRequest::default()
        };
        let list = self.call(methods::LIST_CHANNEL_DESCS, &request).await?;
        Ok(list.channeldesc.into_iter().map(Channel::from).collect())
    }

    async fn create(
        &self,
        kind: ChannelType,
        peers: &[UserId],
        method: Method<api::CreateChannelDescRequest, api::ChannelDescription>,
    ) -> Result<Channel, ApiError> {
        if peers.is_empty() {
            return Err(ApiErrorKind::InvalidInput { problem: "a group needs at least one other user" }.into());
        }
        if peers.iter().any(|peer| peer.is_none()) {
            return Err(ApiErrorKind::InvalidInput { problem: "the user id 0 is no user" }.into());
        }
        let request = api::CreateChannelDescRequest {
            r#type: kind.to_raw(),
            channel_private: 1,
            user_ids: peers.iter().map(|peer| peer.get()).collect(),
            ..api::CreateChannelDescRequest::default()
        };
        let made = self.call(method, &request).await?;
        if made.channel_id == 0 {
            return Err(ApiErrorKind::Decode { what: "the new channel has no id" }.into());
        }
        Ok(Channel::from(made))
    }
}

/// The limit for the wire.
pub(crate) fn checked_limit(limit: u8) -> Result<i32, ApiError> {
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit.into());
    }
    Err(ApiErrorKind::InvalidInput { problem: "the limit is not between 1 and 100" }.into())
}
