//! Bans from clans and channels.

use mezon_api::methods;
use mezon_model::{Ban, Channel, ChannelId, ClanId, UserId};
use mezon_proto::api;

use super::{Clans, check_clan, check_users, raw};
use crate::ClientError;

/// Where a ban holds: in a whole clan, or in one channel of it. A [`ClanId`] and a [`Channel`] are scopes as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct BanScope {
    /// The clan.
    pub clan_id: ClanId,
    /// The channel, or none for the whole clan.
    pub channel_id: ChannelId,
}

impl BanScope {
    /// One channel of a clan.
    pub fn channel(clan_id: ClanId, channel_id: ChannelId) -> Self {
        Self { clan_id, channel_id }
    }
}

impl From<ClanId> for BanScope {
    fn from(clan_id: ClanId) -> Self {
        Self { clan_id, channel_id: ChannelId::default() }
    }
}

impl From<&Channel> for BanScope {
    fn from(channel: &Channel) -> Self {
        Self::channel(channel.clan_id(), channel.id())
    }
}

/// How somebody is banned. By default without an end and a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BanOptions {
    /// How long, in the server's unit, which is not documented; 0 for no end.
    pub time: i32,
    /// Why; may be empty.
    pub reason: String,
}

impl BanOptions {
    /// A ban without an end and a reason.
    pub fn new() -> Self {
        Self::default()
    }

    /// For this long, in the server's unit, which is not documented; 0 for no end.
    #[must_use]
    pub fn time(self, time: i32) -> Self {
        Self { time, ..self }
    }

    /// For this reason.
    #[must_use]
    pub fn reason(self, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..self }
    }
}

impl Clans {
    /// Bans members from a clan or one of its channels.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for no user, the user id 0 or the clan of direct conversations, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have banned them.
    pub async fn ban(
        &self,
        from: impl Into<BanScope>,
        users: &[UserId],
        options: BanOptions,
    ) -> Result<(), ClientError> {
        let request = request(from.into(), users, options)?;
        Ok(self.api.call(methods::BAN_CLAN_USERS, &request).await?)
    }

    /// Lifts a ban, in the scope in which it was given.
    ///
    /// # Errors
    /// As [`Clans::ban`].
    ///
    /// # Cancel safety
    /// A call that is given up may have lifted the ban.
    pub async fn unban(&self, from: impl Into<BanScope>, users: &[UserId]) -> Result<(), ClientError> {
        let request = request(from.into(), users, BanOptions::default())?;
        Ok(self.api.call(methods::UNBAN_CLAN_USERS, &request).await?)
    }

    /// Who is banned from a clan or one of its channels. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn banned(&self, from: impl Into<BanScope>) -> Result<Vec<Ban>, ClientError> {
        let BanScope { clan_id, channel_id } = from.into();
        check_clan(clan_id)?;
        let request = api::BannedUserListRequest { clan_id: clan_id.get(), channel_id: channel_id.get() };
        let list = self.api.call(methods::LIST_BANNED_USERS, &request).await?;
        Ok(list.banned_users.into_iter().map(Ban::from).collect())
    }
}

fn request(from: BanScope, users: &[UserId], options: BanOptions) -> Result<api::BanClanUsersRequest, ClientError> {
    check_clan(from.clan_id)?;
    check_users(users)?;
    Ok(api::BanClanUsersRequest {
        clan_id: from.clan_id.get(),
        channel_id: from.channel_id.get(),
        user_ids: raw(users),
        ban_time: options.time,
        reason: options.reason,
    })
}
