//! Invitations to clans.

use mezon_api::methods;
use mezon_model::{ChannelId, ClanId, Invite, InviteId, InvitedTo};
use mezon_proto::api;

use super::{Clans, check, check_clan};
use crate::ClientError;

/// How an invitation is made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InviteOptions {
    /// The channel that it leads to, or none.
    pub channel_id: ChannelId,
    /// How long it holds, in the server's unit, which is not documented. 10, as the official clients ask for.
    pub expiry_time: i32,
}

impl Default for InviteOptions {
    fn default() -> Self {
        Self { channel_id: ChannelId::default(), expiry_time: 10 }
    }
}

impl InviteOptions {
    /// An invitation as the official clients make it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leading to this channel.
    #[must_use]
    pub fn channel(self, channel_id: ChannelId) -> Self {
        Self { channel_id, ..self }
    }

    /// Holding this long, in the server's unit, which is not documented.
    #[must_use]
    pub fn expiry_time(self, expiry_time: i32) -> Self {
        Self { expiry_time, ..self }
    }
}

impl Clans {
    /// Makes a link that invites into a clan.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have made a link that nobody knows.
    pub async fn create_invite(&self, clan: ClanId, options: InviteOptions) -> Result<Invite, ClientError> {
        check_clan(clan)?;
        let InviteOptions { channel_id, expiry_time } = options;
        let request = api::LinkInviteUserRequest { clan_id: clan.get(), channel_id: channel_id.get(), expiry_time };
        Ok(self.api.call(methods::CREATE_LINK_INVITE_USER, &request).await?.into())
    }

    /// What an invitation leads to, without following it.
    ///
    /// # Errors
    /// [`ClientError::Api`] when the invitation does not exist or has ended, and for all that a call can meet; its kind is
    /// `InvalidInput` for the id 0, before any request.
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn invitation(&self, invite: InviteId) -> Result<InvitedTo, ClientError> {
        Ok(self.api.invitation(invite).await?)
    }

    /// Joins the clan that an invitation leads to. [`InviteId::in_link`] reads the id from a link.
    ///
    /// ```no_run
    /// # async fn example(client: mezon_client::Client) -> Result<(), mezon_client::ClientError> {
    /// use mezon_client::mezon_model::InviteId;
    ///
    /// let invite = InviteId::in_link("https://mezon.ai/invite/1840651530236071936")?;
    /// let joined = client.clans().join(invite).await?;
    /// println!("welcome to {}", joined.clan_name);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the id 0, before any request; [`ClientError::Api`] when the invitation does not
    /// exist or has ended, and for all that a call can meet.
    ///
    /// # Cancel safety
    /// A call that is given up may have joined the clan. Repeating it does no harm.
    pub async fn join(&self, invite: InviteId) -> Result<InvitedTo, ClientError> {
        check(!invite.is_none(), "the invitation id 0 is no invitation")?;
        let request = api::InviteUserRequest { invite_id: invite.get() };
        Ok(self.api.call(methods::INVITE_USER.idempotent(), &request).await?.into())
    }
}
