//! Clans and their members.

use mezon_api::methods;
use mezon_model::{Clan, ClanId, Member};
use mezon_proto::api;

use super::{check, names, subject};
use crate::ClientError;

subject! {
    /// The clans of the signed-in user. From [`Client::clans`](crate::Client::clans).
    Clans,
    /// Clans: list, look at, join, leave, and their members.
    clans
}

impl Clans {
    /// The clans that the user is a member of. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn list(&self) -> Result<Vec<Clan>, ClientError> {
        let list = self.api.call(methods::LIST_CLAN_DESCS, &api::ListClanDescRequest::default()).await?;
        Ok(list.clandesc.into_iter().map(Clan::from).collect())
    }

    /// All members of a clan, with their roles and names in it. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, which has no members, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn members(&self, clan: ClanId) -> Result<Vec<Member>, ClientError> {
        check(clan != ClanId::DIRECT, "direct conversations are no clan, and have no list of members")?;
        let request = api::ListClanUsersRequest { clan_id: clan.get() };
        let list = self.api.call(methods::LIST_CLAN_USERS, &request).await?;
        Ok(list.clan_users.into_iter().map(Member::from).collect())
    }

    /// The clan of the user with this name or id. [`names::find`] says what fits.
    ///
    /// # Errors
    /// [`ClientError::Name`] when no clan or more than one is called so; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn find(&self, name: &str) -> Result<Clan, ClientError> {
        let clans = self.list().await?;
        Ok(names::find(name, &clans)?.clone())
    }

    /// The member with this user name, display name, name in the clan, or id. [`names::find`] says what fits.
    ///
    /// # Errors
    /// [`ClientError::Name`] when no member or more than one is called so; as [`Clans::members`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn find_member(&self, clan: ClanId, name: &str) -> Result<Member, ClientError> {
        let members = self.members(clan).await?;
        Ok(names::find(name, &members)?.clone())
    }
}
