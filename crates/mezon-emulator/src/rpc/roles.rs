//! Roles and permissions.

use bytes::Bytes;

use super::Call;
use crate::failure::Failure;
use crate::town::channels::in_clans;
use crate::town::{overrides, permissions, roles};

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "ListRoles" => call.look(roles::list),
        "CreateRole" => call.change(roles::create).await,
        "UpdateRole" => call.change(roles::update).await,
        "DeleteRole" => call.change(roles::delete).await,
        "UpdateRoleOrder" => call.change(roles::reorder).await,
        "ListRoleUsers" => call.look(roles::users),
        "GetRoleOfUserInTheClan" => call.look(roles::of_caller),
        "AddRolesChannelDesc" => call.change(in_clans::add_roles).await,
        "DeleteRoleChannelDesc" => call.change(in_clans::remove_role).await,

        "GetPermissionByRoleIdChannelId" => call.look(overrides::list),
        "SetRoleChannelPermission" => call.change(overrides::set).await,

        "GetListPermission" => call.look(permissions::list),
        "ListRolePermissions" => call.look(roles::permissions),
        "ListUserPermissionInChannel" => call.look(permissions::in_channel),
        _ => return None,
    })
}
