//! Clans and their members.

use mezon_api::methods;
use mezon_model::{Clan, ClanId, Member};
use mezon_proto::api;

use super::{check, subject};
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
}
