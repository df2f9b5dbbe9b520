//! What members may do.
//!
//! The owner of a clan may do everything. Others may do what their roles allow; a role with
//! [`Administrator`](Permission::Administrator) allows everything. Seeing and writing need no role.

use mezon_proto::api;

use super::{Act, Town};
use crate::failure::Failure;

/// Something that a role can allow. Ids, levels and scopes are the emulator's own; the slugs are those that clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    Administrator,
    ManageClan,
    ManageChannel,
    ManageThread,
    DeleteMessage,
    ViewChannel,
    SendMessage,
}

/// Of clans as a whole.
const CLAN: i32 = 1;
/// Of their channels.
const CHANNEL: i32 = 2;

impl Permission {
    pub(crate) const ALL: [Self; 7] = [
        Self::Administrator,
        Self::ManageClan,
        Self::ManageChannel,
        Self::ManageThread,
        Self::DeleteMessage,
        Self::ViewChannel,
        Self::SendMessage,
    ];

    pub(crate) fn id(self) -> i64 {
        match self {
            Self::Administrator => 1,
            Self::ManageClan => 2,
            Self::ManageChannel => 3,
            Self::ManageThread => 4,
            Self::DeleteMessage => 5,
            Self::ViewChannel => 6,
            Self::SendMessage => 7,
        }
    }

    pub(crate) fn of_id(id: i64) -> Result<Self, Failure> {
        let found = Self::ALL.into_iter().find(|permission| permission.id() == id);
        found.ok_or_else(|| Failure::not_found("permission not found"))
    }

    pub(crate) fn of_slug(slug: &str) -> Result<Self, Failure> {
        let found = Self::ALL.into_iter().find(|permission| permission.slug() == slug);
        found.ok_or_else(|| Failure::not_found(format!("there is no permission {slug}")))
    }

    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::ManageClan => "manage-clan",
            Self::ManageChannel => "manage-channel",
            Self::ManageThread => "manage-thread",
            Self::DeleteMessage => "delete-message",
            Self::ViewChannel => "view-channel",
            Self::SendMessage => "send-message",
        }
    }

    /// The higher, the more power.
    pub(crate) fn level(self) -> i32 {
        match self {
            Self::Administrator => 3,
            Self::ManageClan => 2,
            Self::ManageChannel | Self::ManageThread | Self::DeleteMessage => 1,
            Self::ViewChannel | Self::SendMessage => 0,
        }
    }

    /// Whether every member may do it.
    fn of_everybody(self) -> bool {
        matches!(self, Self::ViewChannel | Self::SendMessage)
    }

    pub(crate) fn described(self, active: bool) -> api::Permission {
        let scope = if matches!(self, Self::Administrator | Self::ManageClan) { CLAN } else { CHANNEL };
        api::Permission {
            id: self.id(),
            title: self.slug().replace('-', " "),
            slug: self.slug().to_owned(),
            active: active.into(),
            scope,
            level: self.level(),
            ..api::Permission::default()
        }
    }
}

/// The level of the owner, above all permissions.
const OWNER: i32 = 4;

impl Town {
    /// Whether a member of a clan may do something there.
    pub(crate) fn may(&self, user: i64, clan: i64, permission: Permission) -> bool {
        permission.of_everybody()
            || self.clans.get(clan).is_some_and(|of| of.owner == user)
            || self.roles_with(clan, user).any(|role| {
                role.permissions.contains(&permission.id())
                    || role.permissions.contains(&Permission::Administrator.id())
            })
    }

    /// Refuses what the caller would do against somebody who may do more.
    pub(super) fn check_power(&self, act: &Act<'_>, clan: i64, user: i64) -> Result<(), Failure> {
        let may = self.power(user, clan) <= self.power(act.by, clan);
        if may { Ok(()) } else { Err(Failure::denied("permission denied")) }
    }

    /// The highest level of what a member may do.
    pub(super) fn power(&self, user: i64, clan: i64) -> i32 {
        if self.clans.get(clan).is_some_and(|of| of.owner == user) {
            return OWNER;
        }
        let allowed = Permission::ALL.into_iter().filter(|permission| self.may(user, clan, *permission));
        allowed.map(Permission::level).max().unwrap_or(0)
    }
}

/// All that a role can allow.
pub(crate) fn list(_: &Town, _: &Act<'_>, (): ()) -> Result<api::PermissionList, Failure> {
    let permissions: Vec<_> = Permission::ALL.into_iter().map(|permission| permission.described(true)).collect();
    Ok(api::PermissionList { permissions, max_level_permission: Permission::Administrator.level() })
}

/// What the caller may do in a channel.
pub(crate) fn in_channel(
    town: &Town,
    act: &Act<'_>,
    request: api::UserPermissionInChannelListRequest,
) -> Result<api::UserPermissionInChannelListResponse, Failure> {
    let channel = town.channel_for(act.by, request.channel_id)?;
    let clan = channel.clan;
    let allowed = Permission::ALL.into_iter().filter(|permission| match permission {
        Permission::SendMessage => town.channel_to_write(act, channel.id).is_ok(),
        permission => town.may_in(act.by, channel, *permission),
    });
    Ok(api::UserPermissionInChannelListResponse {
        clan_id: clan,
        channel_id: channel.id,
        permissions: Some(api::PermissionList {
            permissions: allowed.map(|permission| permission.described(true)).collect(),
            max_level_permission: town.power(act.by, clan),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    fn slugs(place: &Place, user: i64, channel: i64) -> Vec<String> {
        let request = api::UserPermissionInChannelListRequest { channel_id: channel, ..Default::default() };
        let answer = place.seen(user, in_channel, request);
        answer.permissions.unwrap().permissions.into_iter().map(|permission| permission.slug).collect()
    }

    #[test]
    fn the_owner_may_all_a_role_some_and_a_member_see_and_write() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3, 4]);
        let channel = place.welcome(clan);
        place.role_that_may(1, clan, &[2], &[Permission::DeleteMessage]);
        place.role_that_may(1, clan, &[3], &[Permission::Administrator]);
        assert_eq!(slugs(&place, 1, channel).len(), Permission::ALL.len());
        assert_eq!(slugs(&place, 2, channel), ["delete-message", "view-channel", "send-message"]);
        assert_eq!(slugs(&place, 3, channel).len(), Permission::ALL.len());
        assert_eq!(slugs(&place, 4, channel), ["view-channel", "send-message"]);
        let levels = [1, 2, 3, 4].map(|user| place.town.power(user, clan));
        assert_eq!(levels, [OWNER, 1, 3, 0]);
    }

    #[test]
    fn every_permission_has_an_id_of_its_own() {
        for permission in Permission::ALL {
            assert_eq!(Permission::of_id(permission.id()).unwrap(), permission);
            assert_eq!(Permission::of_slug(permission.slug()).unwrap(), permission);
        }
        let place = Place::default();
        assert_eq!(place.seen(1, list, ()).permissions.len(), Permission::ALL.len());
    }
}
