//! Roles that are to be, and what is to change about them.

use mezon_model::{ClanId, PermissionId, RoleId, UserId};
use mezon_proto::api;

use super::{check, check_clan, check_name, raw};
use crate::ClientError;

/// A role to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoleDraft {
    /// Its name.
    pub title: String,
    /// Its colour, such as `#ff0000`; may be empty.
    pub color: String,
    /// The address of its icon; may be empty.
    pub icon: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Whether its members are listed apart from the others.
    pub is_displayed: bool,
    /// Whether everybody may mention it.
    pub is_mentionable: bool,
    /// What it allows.
    pub permissions: Vec<PermissionId>,
    /// Who has it from the start.
    pub members: Vec<UserId>,
    /// The role by which the user may make one, or none to leave that to the server.
    pub made_by: RoleId,
}

impl RoleDraft {
    /// A role called `title` that allows nothing.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// In this colour, such as `#ff0000`.
    #[must_use]
    pub fn color(self, color: impl Into<String>) -> Self {
        Self { color: color.into(), ..self }
    }

    /// With the icon at this address.
    #[must_use]
    pub fn icon(self, address: impl Into<String>) -> Self {
        Self { icon: address.into(), ..self }
    }

    /// For this purpose.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    /// Says whether its members are listed apart from the others.
    #[must_use]
    pub fn displayed(self, is_displayed: bool) -> Self {
        Self { is_displayed, ..self }
    }

    /// Says whether everybody may mention it.
    #[must_use]
    pub fn mentionable(self, is_mentionable: bool) -> Self {
        Self { is_mentionable, ..self }
    }

    /// Allows these things as well.
    #[must_use]
    pub fn permissions(mut self, permissions: impl IntoIterator<Item = PermissionId>) -> Self {
        self.permissions.extend(permissions);
        self
    }

    /// Gives it to these members as well.
    #[must_use]
    pub fn members(mut self, members: impl IntoIterator<Item = UserId>) -> Self {
        self.members.extend(members);
        self
    }

    /// Names the user's own role with the highest level, as some official clients do.
    #[must_use]
    pub fn made_by(self, role: RoleId) -> Self {
        Self { made_by: role, ..self }
    }

    pub(super) fn request(self, clan: ClanId) -> Result<api::CreateRoleRequest, ClientError> {
        check_clan(clan)?;
        check_name(&self.title)?;
        check(self.members.iter().all(|user| !user.is_none()), "the user id 0 is no user")?;
        Ok(api::CreateRoleRequest {
            title: self.title,
            color: self.color,
            role_icon: self.icon,
            description: self.description,
            clan_id: clan.get(),
            display_online: self.is_displayed.into(),
            allow_mention: self.is_mentionable.into(),
            max_permission_id: self.made_by.get(),
            add_user_ids: raw(&self.members),
            active_permission_ids: raw(&self.permissions),
            ..api::CreateRoleRequest::default()
        })
    }
}

/// What to change about a role. What is `None` or empty stays as it is; an empty text takes away what was there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoleChanges {
    /// The name.
    pub title: Option<String>,
    /// The colour, such as `#ff0000`.
    pub color: Option<String>,
    /// The address of the icon.
    pub icon: Option<String>,
    /// What the role is for.
    pub description: Option<String>,
    /// Whether its members are listed apart from the others.
    pub is_displayed: Option<bool>,
    /// Whether everybody may mention it.
    pub is_mentionable: Option<bool>,
    /// What it allows from now on.
    pub allow: Vec<PermissionId>,
    /// What it allows no longer.
    pub withdraw: Vec<PermissionId>,
    /// Who has it from now on.
    pub assign: Vec<UserId>,
    /// Who has it no longer.
    pub take: Vec<UserId>,
    /// The role by which the user may change it, or none to leave that to the server.
    pub made_by: RoleId,
}

impl RoleChanges {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the name.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    /// Changes the colour, such as `#ff0000`.
    #[must_use]
    pub fn color(self, color: impl Into<String>) -> Self {
        Self { color: Some(color.into()), ..self }
    }

    /// Changes the icon to the one at this address.
    #[must_use]
    pub fn icon(self, address: impl Into<String>) -> Self {
        Self { icon: Some(address.into()), ..self }
    }

    /// Changes what the role is for.
    #[must_use]
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: Some(description.into()), ..self }
    }

    /// Says whether its members are listed apart from the others.
    #[must_use]
    pub fn displayed(self, is_displayed: bool) -> Self {
        Self { is_displayed: Some(is_displayed), ..self }
    }

    /// Says whether everybody may mention it.
    #[must_use]
    pub fn mentionable(self, is_mentionable: bool) -> Self {
        Self { is_mentionable: Some(is_mentionable), ..self }
    }

    /// Allows these things from now on.
    #[must_use]
    pub fn allow(mut self, permissions: impl IntoIterator<Item = PermissionId>) -> Self {
        self.allow.extend(permissions);
        self
    }

    /// Allows these things no longer.
    #[must_use]
    pub fn withdraw(mut self, permissions: impl IntoIterator<Item = PermissionId>) -> Self {
        self.withdraw.extend(permissions);
        self
    }

    /// Gives the role to these members.
    #[must_use]
    pub fn assign(mut self, users: impl IntoIterator<Item = UserId>) -> Self {
        self.assign.extend(users);
        self
    }

    /// Takes the role from these members.
    #[must_use]
    pub fn take(mut self, users: impl IntoIterator<Item = UserId>) -> Self {
        self.take.extend(users);
        self
    }

    /// Names the user's own role with the highest level, as some official clients do.
    #[must_use]
    pub fn made_by(self, role: RoleId) -> Self {
        Self { made_by: role, ..self }
    }

    /// Refuses what cannot be, before anything is sent.
    pub(super) fn check(&self) -> Result<(), ClientError> {
        let nothing = Self { made_by: self.made_by, ..Self::default() };
        check(*self != nothing, "nothing is to be changed")?;
        self.title.as_deref().map_or(Ok(()), check_name)?;
        check(self.assign.iter().chain(&self.take).all(|user| !user.is_none()), "the user id 0 is no user")?;
        check(
            !self.assign.iter().any(|user| self.take.contains(user)),
            "a user is to be given the role and to lose it",
        )?;
        check(
            !self.allow.iter().any(|permission| self.withdraw.contains(permission)),
            "a permission is to be given and to be withdrawn",
        )
    }

    /// The request. Two flags cannot be left out on the wire: what they are now goes along.
    pub(super) fn request(
        self,
        clan: ClanId,
        role: RoleId,
        is_displayed: bool,
        is_mentionable: bool,
    ) -> api::UpdateRoleRequest {
        api::UpdateRoleRequest {
            role_id: role.get(),
            title: self.title,
            color: self.color,
            role_icon: self.icon,
            description: self.description,
            display_online: is_displayed.into(),
            allow_mention: is_mentionable.into(),
            add_user_ids: raw(&self.assign),
            active_permission_ids: raw(&self.allow),
            remove_user_ids: raw(&self.take),
            remove_permission_ids: raw(&self.withdraw),
            clan_id: clan.get(),
            max_permission_id: self.made_by.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAN: ClanId = ClanId::new(7);
    const ROLE: RoleId = RoleId::new(8);

    fn permissions(ids: &[i64]) -> impl Iterator<Item = PermissionId> {
        ids.iter().copied().map(PermissionId::new)
    }

    #[test]
    fn a_new_role_asks_for_all_that_it_is() {
        let role =
            RoleDraft::new("Maintainer").color("#b7410e").icon("i").description("d").displayed(true).mentionable(true);
        let role = role.permissions(permissions(&[1, 2])).members([UserId::new(43)]).made_by(ROLE);
        let expected = api::CreateRoleRequest {
            title: "Maintainer".into(),
            color: "#b7410e".into(),
            role_icon: "i".into(),
            description: "d".into(),
            clan_id: 7,
            display_online: 1,
            allow_mention: 1,
            max_permission_id: 8,
            add_user_ids: vec![43],
            active_permission_ids: vec![1, 2],
            order_role: 0,
        };
        assert_eq!(role.request(CLAN).unwrap(), expected);
        for (clan, role) in [
            (CLAN, RoleDraft::new(" ")),
            (ClanId::DIRECT, RoleDraft::new("Maintainer")),
            (CLAN, RoleDraft::new("Maintainer").members([UserId::default()])),
        ] {
            assert!(matches!(role.request(clan), Err(ClientError::InvalidInput { .. })));
        }
    }

    /// The texts are wrapped values on the wire: one that is not changed is left out, and an empty one is sent as such.
    /// (The Python SDK hands over bare texts there, and no update of a role gets out.)
    #[test]
    fn an_edit_sends_what_it_changes_and_the_flags_as_they_are() {
        let changes =
            RoleChanges::new().title("Owner").description("").allow(permissions(&[1])).withdraw(permissions(&[2]));
        let changes = changes.assign([UserId::new(43)]).take([UserId::new(44)]);
        assert!(changes.check().is_ok());
        let expected = api::UpdateRoleRequest {
            role_id: 8,
            title: Some("Owner".into()),
            description: Some(String::new()),
            allow_mention: 1,
            add_user_ids: vec![43],
            active_permission_ids: vec![1],
            remove_user_ids: vec![44],
            remove_permission_ids: vec![2],
            clan_id: 7,
            ..Default::default()
        };
        assert_eq!(changes.request(CLAN, ROLE, false, true), expected);
    }

    #[test]
    fn an_edit_that_contradicts_itself_is_refused() {
        let (linh, nobody) = (UserId::new(43), UserId::default());
        let refused = [
            RoleChanges::new(),
            RoleChanges::new().made_by(ROLE),
            RoleChanges::new().title(""),
            RoleChanges::new().assign([nobody]),
            RoleChanges::new().assign([linh]).take([linh]),
            RoleChanges::new().allow(permissions(&[1])).withdraw(permissions(&[1])),
        ];
        for changes in refused {
            assert!(matches!(changes.check(), Err(ClientError::InvalidInput { .. })), "{changes:?}");
        }
    }
}
