//! Members of clans.

use mezon_api::methods;
use mezon_model::{ClanId, Member, UserId};
use mezon_proto::api;

use super::{Clans, check, check_clan, check_users, names, raw};
use crate::ClientError;

impl Clans {
    /// All members of a clan, with their roles and names in it. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, which has no members, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn members(&self, clan: ClanId) -> Result<Vec<Member>, ClientError> {
        check_clan(clan)?;
        let request = api::ListClanUsersRequest { clan_id: clan.get() };
        let list = self.api.call(methods::LIST_CLAN_USERS, &request).await?;
        Ok(list.clan_users.into_iter().map(Member::from).collect())
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

    /// Removes members from a clan. They may come back.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for no user, the user id 0, the user itself ([`Clans::leave`] is for that) or the clan
    /// of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have removed them.
    pub async fn kick(&self, clan: ClanId, users: &[UserId]) -> Result<(), ClientError> {
        check_users(users)?;
        let own = self.api.session().user_id();
        check(!users.contains(&own), "nobody can be removed by themselves, leave the clan instead")?;
        self.remove(clan, users).await
    }

    /// Leaves a clan. The owner cannot leave: the clan can be given away or deleted.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have left the clan.
    pub async fn leave(&self, clan: ClanId) -> Result<(), ClientError> {
        self.remove(clan, &[self.api.session().user_id()]).await
    }

    async fn remove(&self, clan: ClanId, users: &[UserId]) -> Result<(), ClientError> {
        check_clan(clan)?;
        let request = api::RemoveClanUsersRequest { clan_id: clan.get(), user_ids: raw(users) };
        Ok(self.api.call(methods::REMOVE_CLAN_USERS, &request).await?)
    }
}
