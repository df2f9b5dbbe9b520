//! What roles and people may do, in clans and in single channels.

use mezon_api::methods;
use mezon_model::{ChannelId, ClanId, Permission, PermissionOverride, PermissionRule, Permissions, RoleId, UserId};
use mezon_proto::api;

use super::channels::check_channel;
use super::roles::check_role;
use super::{Roles, check, check_clan, raw};
use crate::ClientError;

/// To whom an exception in a channel applies: all who have a role, or one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Grantee {
    /// All who have this role.
    Role(RoleId),
    /// This user.
    User(UserId),
}

impl Grantee {
    /// The ids of role and user for the wire; one of them is 0.
    fn ids(self) -> Result<(i64, i64), ClientError> {
        let ids = match self {
            Self::Role(role) => (role.get(), 0),
            Self::User(user) => (0, user.get()),
        };
        check(ids != (0, 0), "the id 0 is no role and no user")?;
        Ok(ids)
    }
}

impl From<RoleId> for Grantee {
    fn from(role: RoleId) -> Self {
        Self::Role(role)
    }
}

impl From<UserId> for Grantee {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl Roles {
    /// All permissions that exist. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn all_permissions(&self) -> Result<Vec<Permission>, ClientError> {
        let list = self.api.call(methods::GET_LIST_PERMISSION, &()).await?;
        Ok(list.permissions.into_iter().map(Permission::from).collect())
    }

    /// What a role allows: the permissions that are [active](Permission::is_active). The server may list the others as well, and
    /// gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the id 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn permissions(&self, role: RoleId) -> Result<Permissions, ClientError> {
        check(!role.is_none(), "the role id 0 is no role")?;
        let request = api::ListPermissionsRequest { role_id: role.get() };
        Ok(self.api.call(methods::LIST_ROLE_PERMISSIONS, &request).await?.into())
    }

    /// What the user may do in a channel.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations or the id 0, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn own_permissions(&self, clan: ClanId, channel: ChannelId) -> Result<Permissions, ClientError> {
        check_clan(clan)?;
        check_channel(channel)?;
        let request = api::UserPermissionInChannelListRequest { clan_id: clan.get(), channel_id: channel.get() };
        let list = self.api.call(methods::LIST_USER_PERMISSION_IN_CHANNEL, &request).await?;
        Ok(list.permissions.unwrap_or_default().into())
    }

    /// What a role or a user may do in a channel, where that differs from the clan.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an id of 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn overrides(
        &self,
        channel: ChannelId,
        of: impl Into<Grantee>,
    ) -> Result<Vec<PermissionOverride>, ClientError> {
        check_channel(channel)?;
        let (role_id, user_id) = of.into().ids()?;
        let request = api::PermissionRoleChannelListEventRequest { role_id, channel_id: channel.get(), user_id };
        let list = self.api.call(methods::GET_PERMISSION_BY_ROLE_ID_CHANNEL_ID, &request).await?;
        Ok(list.permission_role_channel.into_iter().map(PermissionOverride::from).collect())
    }

    /// Changes what a role or a user may do in a channel. [`Roles::all_permissions`] has the permissions. Those that are not
    /// named may go back to what the clan says, so name each that is to differ.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an id of 0 or no rule, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have changed it. Repeating it does no harm.
    pub async fn set_overrides(
        &self,
        channel: ChannelId,
        of: impl Into<Grantee>,
        rules: &[(&Permission, PermissionRule)],
    ) -> Result<(), ClientError> {
        let request = overrides(channel, of.into(), rules)?;
        Ok(self.api.call(methods::SET_ROLE_CHANNEL_PERMISSION.idempotent(), &request).await?)
    }

    /// Lets all who have these roles into a private channel.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for no role or an id of 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have let them in. Repeating it does no harm.
    pub async fn add_to_channel(&self, channel: ChannelId, roles: &[RoleId]) -> Result<(), ClientError> {
        check_channel(channel)?;
        check(!roles.is_empty(), "no role is named")?;
        check(roles.iter().all(|role| !role.is_none()), "the role id 0 is no role")?;
        let request = api::AddRoleChannelDescRequest { role_ids: raw(roles), channel_id: channel.get() };
        Ok(self.api.call(methods::ADD_ROLES_CHANNEL_DESC.idempotent(), &request).await?)
    }

    /// Lets a role into a private channel no longer.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for an id of 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have taken the role away.
    pub async fn remove_from_channel(&self, clan: ClanId, channel: ChannelId, role: RoleId) -> Result<(), ClientError> {
        check_role(clan, role)?;
        check_channel(channel)?;
        let request = api::DeleteRoleRequest {
            role_id: role.get(),
            channel_id: channel.get(),
            clan_id: clan.get(),
            ..api::DeleteRoleRequest::default()
        };
        Ok(self.api.call(methods::DELETE_ROLE_CHANNEL_DESC, &request).await?)
    }
}

fn overrides(
    channel: ChannelId,
    of: Grantee,
    rules: &[(&Permission, PermissionRule)],
) -> Result<api::UpdateRoleChannelRequest, ClientError> {
    check_channel(channel)?;
    let (role_id, user_id) = of.ids()?;
    check(!rules.is_empty(), "no permission is named")?;
    let updates = rules.iter().map(|(permission, rule)| api::PermissionUpdate {
        permission_id: permission.id.get(),
        slug: permission.slug.clone(),
        r#type: rule.to_raw(),
    });
    Ok(api::UpdateRoleChannelRequest {
        role_id,
        permission_update: updates.collect(),
        channel_id: channel.get(),
        user_id,
        ..api::UpdateRoleChannelRequest::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_names_role_or_user_and_each_permission_with_its_word() {
        let permission =
            |id: i64, slug: &str| Permission::from(api::Permission { id, slug: slug.into(), ..Default::default() });
        let (send, delete) = (permission(1, "send-message"), permission(2, "delete-message"));
        let rules = [(&send, PermissionRule::Allow), (&delete, PermissionRule::Deny)];
        let update =
            |permission_id, slug: &str, r#type| api::PermissionUpdate { permission_id, slug: slug.into(), r#type };
        let expected = api::UpdateRoleChannelRequest {
            role_id: 8,
            permission_update: vec![update(1, "send-message", 1), update(2, "delete-message", 2)],
            channel_id: 70,
            ..Default::default()
        };
        let channel = ChannelId::new(70);
        assert_eq!(overrides(channel, RoleId::new(8).into(), &rules).unwrap(), expected);
        let of_user = overrides(channel, UserId::new(43).into(), &rules).unwrap();
        assert_eq!((of_user.role_id, of_user.user_id), (0, 43));
        for (channel, of, rules) in [
            (ChannelId::default(), Grantee::Role(RoleId::new(8)), &rules[..]),
            (channel, Grantee::User(UserId::default()), &rules[..]),
            (channel, Grantee::Role(RoleId::new(8)), &[]),
        ] {
            assert!(matches!(overrides(channel, of, rules), Err(ClientError::InvalidInput { .. })));
        }
    }
}
