//! Roles: who may do more than others in a clan, and who is mentioned together.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{RoleAssignedEvent, RoleEvent};
use serde::{Deserialize, Serialize};

use super::permissions::Permission;
use super::{Act, Audience, CHANGED, Done, GONE, Key, MADE, Record, Town, named};
use crate::failure::Failure;

/// A role in a clan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Role {
    pub(crate) id: i64,
    pub(crate) clan: i64,
    pub(crate) title: String,
    pub(crate) color: String,
    pub(crate) icon: String,
    pub(crate) description: String,
    pub(crate) creator: i64,
    pub(crate) display_online: i32,
    pub(crate) allow_mention: i32,
    pub(crate) order: i32,
    /// Who has it, in ascending order.
    pub(crate) members: Vec<i64>,
    /// Ids of what it allows, in ascending order.
    pub(crate) permissions: Vec<i64>,
}

impl Record for Role {
    const KIND: &'static str = "role";

    fn key(&self) -> Key {
        self.id.into()
    }
}

impl Role {
    pub(crate) fn has(&self, user: i64) -> bool {
        self.members.binary_search(&user).is_ok()
    }

    fn level(&self) -> i32 {
        self.allowed().map(Permission::level).max().unwrap_or(0)
    }

    fn allowed(&self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(|permission| self.permissions.contains(&permission.id()))
    }

    /// Adds users and permissions, and takes others away; users who are added and removed are removed.
    fn change(&mut self, add: (&[i64], &[i64]), remove: (&[i64], &[i64])) {
        for (list, add, remove) in [(&mut self.members, add.0, remove.0), (&mut self.permissions, add.1, remove.1)] {
            list.extend(add);
            list.sort_unstable();
            list.dedup();
            list.retain(|id| !remove.contains(id));
        }
    }
}

impl Town {
    pub(crate) fn role(&self, id: i64) -> Result<&Role, Failure> {
        self.roles.get(id).ok_or_else(|| Failure::not_found("role not found"))
    }

    pub(super) fn roles_of(&self, clan: i64) -> impl Iterator<Item = &Role> {
        self.roles.iter().filter(move |role| role.clan == clan)
    }

    /// The roles that a member has in a clan.
    pub(super) fn roles_with(&self, clan: i64, user: i64) -> impl Iterator<Item = &Role> {
        self.roles_of(clan).filter(move |role| role.has(user))
    }

    fn described_role(&self, act: &Act<'_>, role: &Role) -> api::Role {
        let users = role.members.iter().filter_map(|user| self.users.get(*user));
        let users = users.map(|user| api::role_user_list::RoleUser {
            id: user.id,
            username: user.username.clone(),
            display_name: user.shown_name().to_owned(),
            avatar_url: user.avatar.clone(),
            online: (act.online)(user.id),
            ..Default::default()
        });
        let channels = self.channels.iter().filter(|channel| channel.roles.contains(&role.id));
        let channel_ids: Vec<i64> = channels.map(|channel| channel.id).collect();
        api::Role {
            id: role.id,
            title: role.title.clone(),
            color: role.color.clone(),
            role_icon: role.icon.clone(),
            slug: format!("{}-{}", role.title.to_lowercase().replace(' ', "-"), role.clan),
            description: role.description.clone(),
            creator_id: role.creator,
            clan_id: role.clan,
            active: 1,
            display_online: role.display_online,
            allow_mention: role.allow_mention,
            role_user_list: Some(api::RoleUserList { role_users: users.collect(), cursor: String::new() }),
            permission_list: Some(api::PermissionList {
                permissions: role.allowed().map(|permission| permission.described(true)).collect(),
                max_level_permission: role.level(),
            }),
            role_channel_active: (!channel_ids.is_empty()).into(),
            channel_ids,
            max_level_permission: role.level(),
            order_role: role.order,
        }
    }

    /// Checks what is put into a role: only members, and nothing above what the caller may do.
    fn check_role(&self, act: &Act<'_>, clan: i64, users: &[i64], permissions: &[i64]) -> Result<(), Failure> {
        for user in users {
            self.member(clan, *user)?;
        }
        let level = self.power(act.by, clan);
        for permission in permissions {
            if Permission::of_id(*permission)?.level() > level {
                return Err(Failure::denied("role permission denied"));
            }
        }
        Ok(())
    }
}

/// The roles of a clan, in their order: a page of them when there is a limit.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    request: api::RoleListEventRequest,
) -> Result<api::RoleListEventResponse, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let mut roles: Vec<&Role> = town.roles_of(clan).collect();
    roles.sort_by_key(|role| (role.order, role.id));
    let (page, cursor) = super::after_cursor(&roles, &request.cursor, request.limit, |role| role.id)?;
    Ok(api::RoleListEventResponse {
        limit: request.limit,
        state: request.state,
        cursor,
        clan_id: clan,
        roles: Some(api::RoleList {
            roles: page.iter().map(|role| town.described_role(act, role)).collect(),
            max_level_permission: town.power(act.by, clan),
        }),
    })
}

pub(crate) fn create(
    town: &mut Town,
    act: &Act<'_>,
    request: api::CreateRoleRequest,
) -> Result<Done<api::Role>, Failure> {
    let clan = town.clan_where(act.by, request.clan_id, Permission::ManageClan)?.id;
    let title = named(&request.title, "title")?;
    town.check_role(act, clan, &request.add_user_ids, &request.active_permission_ids)?;
    let last = town.roles_of(clan).map(|role| role.order).max();
    let mut role = Role {
        id: act.id(),
        clan,
        title,
        color: request.color,
        icon: request.role_icon,
        description: request.description,
        creator: act.by,
        display_online: request.display_online,
        allow_mention: request.allow_mention,
        order: if request.order_role == 0 { last.map_or(1, |last| last.saturating_add(1)) } else { request.order_role },
        ..Role::default()
    };
    role.change((&request.add_user_ids, &request.active_permission_ids), (&[], &[]));
    town.roles.put(role.clone());
    let described = town.described_role(act, &role);
    let done = Done::new(described.clone());
    let changes = Changes { added: role.members.clone(), allowed: role.permissions, ..Changes::default() };
    Ok(tell(done, act, described, MADE, changes))
}

/// Changes what the request has of a role, and who has it.
pub(crate) fn update(town: &mut Town, act: &Act<'_>, request: api::UpdateRoleRequest) -> Result<Done<()>, Failure> {
    let mut role = town.role(request.role_id)?.clone();
    if request.clan_id != 0 && request.clan_id != role.clan {
        return Err(Failure::not_found("role not found"));
    }
    town.clan_where(act.by, role.clan, Permission::ManageClan)?;
    if role.level() > town.power(act.by, role.clan) {
        return Err(Failure::denied("role permission denied"));
    }
    town.check_role(act, role.clan, &request.add_user_ids, &request.active_permission_ids)?;
    if let Some(title) = request.title {
        role.title = named(&title, "title")?;
    }
    role.color = request.color.unwrap_or(role.color);
    role.icon = request.role_icon.unwrap_or(role.icon);
    role.description = request.description.unwrap_or(role.description);
    role.display_online = request.display_online;
    role.allow_mention = request.allow_mention;
    role.change(
        (&request.add_user_ids, &request.active_permission_ids),
        (&request.remove_user_ids, &request.remove_permission_ids),
    );
    town.roles.put(role.clone());
    let changes = Changes {
        added: request.add_user_ids,
        removed: request.remove_user_ids,
        allowed: request.active_permission_ids,
        forbidden: request.remove_permission_ids,
    };
    Ok(tell(Done::new(()), act, town.described_role(act, &role), CHANGED, changes))
}

/// Deletes a role, in channels as well.
pub(crate) fn delete(town: &mut Town, act: &Act<'_>, request: api::DeleteRoleRequest) -> Result<Done<()>, Failure> {
    let role = town.role(request.role_id)?.clone();
    town.clan_where(act.by, role.clan, Permission::ManageClan)?;
    if role.level() > town.power(act.by, role.clan) {
        return Err(Failure::denied("role permission denied"));
    }
    let described = town.described_role(act, &role);
    for channel in &described.channel_ids {
        if let Some(channel) = town.channels.get_mut(*channel) {
            channel.roles.retain(|id| *id != role.id);
        }
    }
    town.roles.remove(role.id);
    town.overrides.remove_where(|of| of.role == role.id);
    Ok(tell(Done::new(()), act, described, GONE, Changes { removed: role.members, ..Changes::default() }))
}

/// Puts the roles of a clan into another order.
pub(crate) fn reorder(
    town: &mut Town,
    act: &Act<'_>,
    request: api::UpdateRoleOrderRequest,
) -> Result<Done<()>, Failure> {
    let clan = town.clan_where(act.by, request.clan_id, Permission::ManageClan)?.id;
    let mut done = Done::new(());
    for update in request.roles {
        let mut role = town.role(update.role_id)?.clone();
        if role.clan != clan {
            return Err(Failure::not_found("role not found"));
        }
        role.order = update.order;
        town.roles.put(role.clone());
        done = tell(done, act, town.described_role(act, &role), CHANGED, Changes::default());
    }
    Ok(done)
}

/// Who has a role.
pub(crate) fn users(
    town: &Town,
    act: &Act<'_>,
    request: api::ListRoleUsersRequest,
) -> Result<api::RoleUserList, Failure> {
    let role = town.role(request.role_id)?;
    town.clan_for(act.by, role.clan)?;
    let all = town.described_role(act, role).role_user_list.unwrap_or_default().role_users;
    let (page, cursor) = super::after_cursor(&all, &request.cursor, request.limit, |user| user.id)?;
    Ok(api::RoleUserList { role_users: page.to_vec(), cursor })
}

/// The roles of the caller in a clan.
pub(crate) fn of_caller(
    town: &Town,
    act: &Act<'_>,
    request: api::ListPermissionOfUsersRequest,
) -> Result<api::RoleList, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    Ok(api::RoleList {
        roles: town.roles_with(clan, act.by).map(|role| town.described_role(act, role)).collect(),
        max_level_permission: town.power(act.by, clan),
    })
}

/// All permissions, with those that a role allows as active.
pub(crate) fn permissions(
    town: &Town,
    act: &Act<'_>,
    request: api::ListPermissionsRequest,
) -> Result<api::PermissionList, Failure> {
    let role = town.role(request.role_id)?;
    town.clan_for(act.by, role.clan)?;
    let all = Permission::ALL.into_iter();
    Ok(api::PermissionList {
        permissions: all.map(|of| of.described(role.permissions.contains(&of.id()))).collect(),
        max_level_permission: role.level(),
    })
}

#[derive(Default)]
struct Changes {
    added: Vec<i64>,
    removed: Vec<i64>,
    allowed: Vec<i64>,
    forbidden: Vec<i64>,
}

/// Tells a clan what became of a role, and who has it now or has it no more.
fn tell<A>(mut done: Done<A>, act: &Act<'_>, role: api::Role, status: i32, changes: Changes) -> Done<A> {
    let (clan, id) = (role.clan_id, role.id);
    let event = RoleEvent {
        role: Some(role),
        status,
        user_id: act.by,
        user_add_ids: changes.added.clone(),
        user_remove_ids: changes.removed.clone(),
        active_permission_ids: changes.allowed,
        remove_permission_ids: changes.forbidden,
    };
    done = done.push(Audience::Clan(clan), Message::RoleEvent(event));
    if changes.added.is_empty() && changes.removed.is_empty() {
        return done;
    }
    let assigned = RoleAssignedEvent {
        clan_id: clan.to_string(),
        role_id: id,
        user_ids_assigned: changes.added,
        user_ids_removed: changes.removed,
    };
    done.push(Audience::Clan(clan), Message::RoleAssignEvent(assigned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    fn titles(place: &Place, request: api::RoleListEventRequest) -> (Vec<String>, String) {
        let list = place.seen(1, list, request);
        (list.roles.unwrap().roles.into_iter().map(|role| role.title).collect(), list.cursor)
    }

    #[test]
    fn a_role_is_made_given_taken_and_deleted() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3]);
        let request = api::CreateRoleRequest {
            title: "Helper".to_owned(),
            clan_id: clan,
            add_user_ids: vec![3, 2, 3],
            active_permission_ids: vec![Permission::ManageChannel.id()],
            ..Default::default()
        };
        place.refused(2, create, request.clone(), "permission denied");
        let made = place.done(1, create, request);
        let id = made.answer.id;
        let [Message::RoleEvent(event), Message::RoleAssignEvent(assigned)] =
            [&made.pushes[0].message, &made.pushes[1].message]
        else {
            panic!("{:?}", made.pushes)
        };
        assert_eq!((event.status, event.role.as_ref().unwrap().max_level_permission), (MADE, 1));
        assert_eq!(
            (assigned.clan_id.as_str(), assigned.user_ids_assigned.as_slice()),
            (&*clan.to_string(), [2, 3].as_slice())
        );
        assert!(place.town.may(2, clan, Permission::ManageChannel));

        let taken = api::UpdateRoleRequest { role_id: id, remove_user_ids: vec![2], ..Default::default() };
        place.done(1, update, taken);
        assert!(!place.town.may(2, clan, Permission::ManageChannel));
        let request = api::ListRoleUsersRequest { role_id: id, ..Default::default() };
        let who = place.seen(2, users, request).role_users;
        assert_eq!(who.iter().map(|user| user.id).collect::<Vec<_>>(), [3]);

        let gone = place.done(1, delete, api::DeleteRoleRequest { role_id: id, ..Default::default() });
        let Message::RoleEvent(event) = &gone.pushes[0].message else { panic!() };
        assert_eq!((event.status, event.user_remove_ids.as_slice()), (GONE, [3].as_slice()));
        assert!(!place.town.may(3, clan, Permission::ManageChannel));
    }

    #[test]
    fn nobody_gives_what_they_do_not_have() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let boss = place.role_that_may(1, clan, &[], &[Permission::Administrator]);
        place.role_that_may(1, clan, &[2], &[Permission::ManageClan]);
        let request = api::CreateRoleRequest {
            title: "king".to_owned(),
            clan_id: clan,
            active_permission_ids: vec![Permission::Administrator.id()],
            ..Default::default()
        };
        place.refused(2, create, request.clone(), "role permission denied");
        let grab = api::UpdateRoleRequest { role_id: boss, add_user_ids: vec![2], ..Default::default() };
        place.refused(2, update, grab, "role permission denied");
        place.refused(
            2,
            delete,
            api::DeleteRoleRequest { role_id: boss, ..Default::default() },
            "role permission denied",
        );
        let unknown = api::CreateRoleRequest { active_permission_ids: vec![99], ..request.clone() };
        place.refused(1, create, unknown, "permission not found");
        let stranger = api::CreateRoleRequest { active_permission_ids: Vec::new(), add_user_ids: vec![9], ..request };
        place.refused(1, create, stranger, "user not found");
    }

    #[test]
    fn roles_come_in_their_order_and_in_pages() {
        let mut place = Place::default();
        let clan = place.clan(1, &[]);
        let ids = ["a", "b", "c"].map(|title| place.role(1, clan, title, &[]));
        let order = api::RoleOrderUpdate { role_id: ids[2], order: -1 };
        place.done(1, reorder, api::UpdateRoleOrderRequest { clan_id: clan, roles: vec![order] });
        let page = |cursor: String| api::RoleListEventRequest { clan_id: clan, limit: 2, cursor, ..Default::default() };
        let (first, cursor) = titles(&place, page(String::new()));
        assert_eq!(first, ["c", "a"]);
        assert_eq!(titles(&place, page(cursor)), (vec!["b".to_owned()], String::new()));
        place.unseen(1, list, page("x".to_owned()), "cursor is none of this list");
    }

    #[test]
    fn a_member_reads_what_roles_allow() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let role = place.role_that_may(1, clan, &[2], &[Permission::ManageThread]);
        let list = place.seen(2, permissions, api::ListPermissionsRequest { role_id: role });
        let active = list.permissions.iter().filter(|permission| permission.active == 1);
        assert_eq!(active.map(|permission| permission.slug.as_str()).collect::<Vec<_>>(), ["manage-thread"]);
        let own = place.seen(2, of_caller, api::ListPermissionOfUsersRequest { clan_id: clan, channel_id: 0 });
        assert_eq!((own.roles.len(), own.max_level_permission), (1, 1));
        place.unseen(3, permissions, api::ListPermissionsRequest { role_id: role }, "clan permission denied");
    }
}
