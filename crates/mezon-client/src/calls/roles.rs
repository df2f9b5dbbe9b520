//! Roles of clans, and who has them.

use mezon_api::methods;
use mezon_model::{ClanId, Role, RoleId, RoleMember, UserId};
use mezon_proto::api;

use super::{Pages, RoleChanges, RoleDraft, check, check_clan, check_made, check_users, names, places, subject};
use crate::ClientError;

/// How many roles or members a page has: the most that the server gives.
const PAGE: i32 = 100;

subject! {
    /// The roles of clans. From [`Client::roles`](crate::Client::roles).
    Roles,
    /// Roles: list, make, change, give and take; what they allow, in clans and channels.
    roles
}

impl Roles {
    /// The roles of a clan, page by page.
    ///
    /// # Errors
    /// Elements can be [`ClientError::Api`].
    pub fn list(&self, clan: ClanId) -> Pages<Role> {
        let api = self.api.clone();
        Pages::linked(move |cursor| {
            let api = api.clone();
            let request = api::RoleListEventRequest { clan_id: clan.get(), limit: PAGE, cursor, ..Default::default() };
            Box::pin(async move {
                let list = api.call(methods::LIST_ROLES, &request).await?;
                let roles = list.roles.unwrap_or_default().roles;
                Ok((roles.into_iter().map(Role::from).collect(), list.cursor))
            })
        })
    }

    /// One role of a clan. It is looked up in the list, because the server has no call for one.
    ///
    /// # Errors
    /// As [`Roles::find`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn get(&self, clan: ClanId, role: RoleId) -> Result<Role, ClientError> {
        check_role(clan, role)?;
        self.find(clan, &role.to_string()).await
    }

    /// The role of a clan with this name or id. [`names::find`] says what fits.
    ///
    /// # Errors
    /// [`ClientError::Name`] when no role or more than one is called so; [`ClientError::InvalidInput`] for the clan of direct
    /// conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn find(&self, clan: ClanId, name: &str) -> Result<Role, ClientError> {
        check_clan(clan)?;
        let roles = self.list(clan).all().await?;
        Ok(names::find(name, &roles)?.clone())
    }

    /// The roles that the user has in a clan.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn own(&self, clan: ClanId) -> Result<Vec<Role>, ClientError> {
        check_clan(clan)?;
        let request = api::ListPermissionOfUsersRequest { clan_id: clan.get(), channel_id: 0 };
        let list = self.api.call(methods::GET_ROLE_OF_USER_IN_THE_CLAN, &request).await?;
        Ok(list.roles.into_iter().map(Role::from).collect())
    }

    /// Makes a role.
    ///
    /// ```no_run
    /// # async fn example(client: mezon_client::Client) -> Result<(), mezon_client::ClientError> {
    /// use mezon_client::calls::RoleDraft;
    ///
    /// let clan = client.clans().find("Rust Hanoi").await?;
    /// let linh = client.clans().find_member(clan.id, "linh").await?;
    /// let role = RoleDraft::new("Maintainer").color("#b7410e").displayed(true).members(linh.user.map(|user| user.id));
    /// client.roles().create(clan.id, role).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty name, a member with the id 0 or the clan of direct conversations, before
    /// any request; [`ClientError::Api`]. When the answer was lost, [`Roles::list`] tells whether the role is there.
    ///
    /// # Cancel safety
    /// A call that is given up may have made the role.
    pub async fn create(&self, clan: ClanId, role: RoleDraft) -> Result<Role, ClientError> {
        let role = self.api.call(methods::CREATE_ROLE, &role.request(clan)?).await?;
        check_made(role.id, "the new role has no id")?;
        Ok(role.into())
    }

    /// Changes a role: how it looks, what it allows, who has it.
    ///
    /// Unless the changes say whether the role is displayed and mentionable, the role is read first: the server takes both
    /// flags with every change, and they go along as they were.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] before any request: for a change of nothing, an empty name, an id of 0, or something to
    /// be given and taken at once. [`ClientError::Name`] when the clan has no such role; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have changed the role. Repeating it does no harm.
    pub async fn update(&self, clan: ClanId, role: RoleId, changes: RoleChanges) -> Result<(), ClientError> {
        check_role(clan, role)?;
        changes.check()?;
        let (is_displayed, is_mentionable) = match (changes.is_displayed, changes.is_mentionable) {
            (Some(is_displayed), Some(is_mentionable)) => (is_displayed, is_mentionable),
            (is_displayed, is_mentionable) => {
                let now = self.get(clan, role).await?;
                (is_displayed.unwrap_or(now.is_displayed), is_mentionable.unwrap_or(now.is_mentionable))
            }
        };
        let request = changes.request(clan, role, is_displayed, is_mentionable);
        Ok(self.api.call(methods::UPDATE_ROLE.idempotent(), &request).await?)
    }

    /// Gives a role to members.
    ///
    /// # Errors
    /// As [`Roles::update`].
    ///
    /// # Cancel safety
    /// As [`Roles::update`].
    pub async fn assign(&self, clan: ClanId, role: RoleId, users: &[UserId]) -> Result<(), ClientError> {
        check_users(users)?;
        self.update(clan, role, RoleChanges::new().assign(users.iter().copied())).await
    }

    /// Takes a role from members.
    ///
    /// # Errors
    /// As [`Roles::update`].
    ///
    /// # Cancel safety
    /// As [`Roles::update`].
    pub async fn take(&self, clan: ClanId, role: RoleId, users: &[UserId]) -> Result<(), ClientError> {
        check_users(users)?;
        self.update(clan, role, RoleChanges::new().take(users.iter().copied())).await
    }

    /// Puts the roles of a clan into this order, the first on top. The order decides who may change whom.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an empty list, one that names a role twice or the id 0, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have ordered the roles. Repeating it does no harm.
    pub async fn order(&self, clan: ClanId, order: &[RoleId]) -> Result<(), ClientError> {
        check_clan(clan)?;
        let places = places(order, "the role id 0 is no role")?;
        let roles = places.map(|(role_id, order)| api::RoleOrderUpdate { role_id, order }).collect();
        let request = api::UpdateRoleOrderRequest { clan_id: clan.get(), roles };
        Ok(self.api.call(methods::UPDATE_ROLE_ORDER.idempotent(), &request).await?)
    }

    /// Deletes a role.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an id of 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have deleted the role.
    pub async fn delete(&self, clan: ClanId, role: RoleId) -> Result<(), ClientError> {
        check_role(clan, role)?;
        let request = api::DeleteRoleRequest { role_id: role.get(), clan_id: clan.get(), ..Default::default() };
        Ok(self.api.call(methods::DELETE_ROLE, &request).await?)
    }

    /// The members who have a role, page by page.
    ///
    /// # Errors
    /// Elements can be [`ClientError::Api`].
    pub fn members(&self, role: RoleId) -> Pages<RoleMember> {
        let api = self.api.clone();
        Pages::linked(move |cursor| {
            let api = api.clone();
            let request = api::ListRoleUsersRequest { role_id: role.get(), limit: PAGE, cursor };
            Box::pin(async move {
                let list = api.call(methods::LIST_ROLE_USERS, &request).await?;
                Ok((list.role_users.into_iter().map(RoleMember::from).collect(), list.cursor))
            })
        })
    }
}

/// Refuses ids of 0.
pub(super) fn check_role(clan: ClanId, role: RoleId) -> Result<(), ClientError> {
    check_clan(clan)?;
    check(!role.is_none(), "the role id 0 is no role")
}
