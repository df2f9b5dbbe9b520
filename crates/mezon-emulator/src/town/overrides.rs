//! What roles and single users may do in one channel, other than in the rest of its clan.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{PermissionChangedEvent, PermissionSetEvent};
use serde::{Deserialize, Serialize};

use super::channels::Channel;
use super::permissions::Permission;
use super::{Act, Audience, Done, Key, Record, Town};
use crate::failure::Failure;

/// `type` of an update: the clan decides.
const INHERITED: i32 = 0;
/// `type` of an update.
const ALLOWED: i32 = 1;
/// `type` of an update.
const DENIED: i32 = 2;

/// What a role, or a user, may or may not do in a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Override {
    pub(crate) channel: i64,
    /// 0: it is about a user.
    pub(crate) role: i64,
    /// 0: it is about a role.
    pub(crate) user: i64,
    /// Ids of permissions.
    pub(crate) allowed: Vec<i64>,
    /// Ids of permissions.
    pub(crate) denied: Vec<i64>,
}

impl Record for Override {
    const KIND: &'static str = "override";

    fn key(&self) -> Key {
        // All ids are positive, so that a user and a role never meet.
        (self.channel, if self.role == 0 { -self.user } else { self.role }).into()
    }
}

impl Override {
    fn rule(&self, permission: Permission) -> Option<bool> {
        if self.denied.contains(&permission.id()) {
            Some(false)
        } else {
            self.allowed.contains(&permission.id()).then_some(true)
        }
    }

    fn set(&mut self, permission: Permission, rule: i32) -> Result<(), Failure> {
        for list in [&mut self.allowed, &mut self.denied] {
            list.retain(|id| *id != permission.id());
        }
        match rule {
            INHERITED => {}
            ALLOWED => self.allowed.push(permission.id()),
            DENIED => self.denied.push(permission.id()),
            _ => return Err(Failure::invalid("type is neither 0 for inherited, 1 for allowed nor 2 for denied")),
        }
        Ok(())
    }
}

impl Town {
    /// Whether a member may do something in a channel: what is said of the user counts before what is said of the roles,
    /// where one that allows is enough, and that before what holds in the clan. Who administers the clan may do all.
    pub(crate) fn may_in(&self, user: i64, channel: &Channel, permission: Permission) -> bool {
        let in_clan = || self.may(user, channel.clan, permission);
        let mut rules = self.overrides.of(channel.id).peekable();
        // By far most channels have none.
        if rules.peek().is_none() || self.may(user, channel.clan, Permission::Administrator) {
            return in_clan();
        }
        let has_role = |role: i64| self.roles.get(role).is_some_and(|role| role.has(user));
        let of_roles = rules.filter(|of| of.role != 0 && has_role(of.role)).filter_map(|of| of.rule(permission));
        let of_user = self.overrides.get((channel.id, -user)).and_then(|of| of.rule(permission));
        of_user.or_else(|| of_roles.max()).unwrap_or_else(in_clan)
    }
}

/// What was set for a role or user in a channel.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    request: api::PermissionRoleChannelListEventRequest,
) -> Result<api::PermissionRoleChannelListEventResponse, Failure> {
    let channel = town.channel_for(act.by, request.channel_id)?.id;
    let second = if request.role_id == 0 { -request.user_id } else { request.role_id };
    let found = town.overrides.get((channel, second)).cloned().unwrap_or_default();
    let rules = |list: &[i64], active| -> Vec<api::PermissionRoleChannel> {
        list.iter().map(|id| api::PermissionRoleChannel { permission_id: *id, active }).collect()
    };
    Ok(api::PermissionRoleChannelListEventResponse {
        role_id: request.role_id,
        channel_id: channel,
        user_id: request.user_id,
        permission_role_channel: [rules(&found.allowed, true), rules(&found.denied, false)].concat(),
    })
}

/// Sets what a role or user may do in a channel. What the request does not name stays.
pub(crate) fn set(town: &mut Town, act: &Act<'_>, request: api::UpdateRoleChannelRequest) -> Result<Done<()>, Failure> {
    let channel = town.channel_to_manage(act, request.channel_id)?.clone();
    let (role, user) = (request.role_id, if request.role_id == 0 { request.user_id } else { 0 });
    if role == 0 {
        town.member(channel.clan, user)?;
    } else if town.role(role)?.clan != channel.clan {
        return Err(Failure::not_found("role not found"));
    }
    let unset = Override { channel: channel.id, role, user, ..Override::default() };
    let mut rules = town.overrides.get(unset.key()).cloned().unwrap_or(unset);
    let power = town.power(act.by, channel.clan);
    for update in &request.permission_update {
        let permission = Permission::of_id(update.permission_id)?;
        if permission.level() > power {
            return Err(Failure::denied("permission denied"));
        }
        rules.set(permission, update.r#type)?;
    }
    if rules.allowed.is_empty() && rules.denied.is_empty() {
        town.overrides.remove(rules.key());
    } else {
        town.overrides.put(rules);
    }

    let updates = request.permission_update;
    let set = PermissionSetEvent {
        caller: act.by.to_string(),
        role_id: role,
        user_id: user,
        channel_id: channel.id,
        permission_updates: updates.clone(),
    };
    let mut done = Done::new(()).push(Audience::Channel(channel.id), Message::PermissionSetEvent(set));
    if user != 0 {
        let of = |rule| updates.iter().filter(|update| update.r#type == rule).cloned().collect();
        let changed = PermissionChangedEvent {
            user_id: user,
            channel_id: channel.id,
            add_permissions: of(ALLOWED),
            remove_permissions: of(DENIED),
            default_permissions: of(INHERITED),
        };
        done = done.push(Audience::Users(vec![user]), Message::PermissionChangedEvent(changed));
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    fn request(channel: i64, role: i64, user: i64, rules: &[(Permission, i32)]) -> api::UpdateRoleChannelRequest {
        let update = |(permission, rule): &(Permission, i32)| api::PermissionUpdate {
            permission_id: permission.id(),
            slug: permission.slug().to_owned(),
            r#type: *rule,
        };
        api::UpdateRoleChannelRequest {
            role_id: role,
            channel_id: channel,
            user_id: user,
            permission_update: rules.iter().map(update).collect(),
            ..Default::default()
        }
    }

    #[test]
    fn a_user_counts_before_roles_and_roles_before_the_clan() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3]);
        let channel = place.welcome(clan);
        let (mute, loud) = (place.role(1, clan, "mute", &[2, 3]), place.role(1, clan, "loud", &[3]));
        let send = Permission::SendMessage;
        place.done(1, set, request(channel, mute, 0, &[(send, DENIED)]));
        place.done(1, set, request(channel, loud, 0, &[(send, ALLOWED)]));
        let writes = |place: &Place| [1, 2, 3].map(|user| place.may_write(user, channel).is_ok());
        assert_eq!(writes(&place), [true, false, true]);
        place.done(1, set, request(channel, 0, 2, &[(send, ALLOWED)]));
        let done = place.done(1, set, request(channel, 0, 3, &[(send, DENIED)]));
        assert_eq!(writes(&place), [true, true, false]);
        assert_eq!(done.pushes[0].to, Audience::Channel(channel));
        let Message::PermissionChangedEvent(changed) = &done.pushes[1].message else { panic!() };
        assert_eq!((changed.user_id, changed.remove_permissions.len()), (3, 1));
        // The owner cannot be kept out.
        place.done(1, set, request(channel, 0, 1, &[(send, DENIED)]));
        assert!(place.may_write(1, channel).is_ok());

        place.done(1, set, request(channel, 0, 3, &[(send, INHERITED)]));
        assert_eq!(writes(&place), [true, true, true]);
        let of =
            |role_id, user_id| api::PermissionRoleChannelListEventRequest { role_id, channel_id: channel, user_id };
        assert!(place.seen(2, list, of(0, 3)).permission_role_channel.is_empty());
        let rules = place.seen(2, list, of(mute, 0)).permission_role_channel;
        assert_eq!(rules, [api::PermissionRoleChannel { permission_id: send.id(), active: false }]);
    }

    #[test]
    fn a_public_channel_is_hidden_from_a_role() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3]);
        let channel = place.welcome(clan);
        let role = place.role(1, clan, "guests", &[2]);
        place.done(1, set, request(channel, role, 0, &[(Permission::ViewChannel, DENIED)]));
        assert_eq!([1, 2, 3].map(|user| place.town.channel_for(user, channel).is_ok()), [true, false, true]);
    }

    #[test]
    fn who_does_not_manage_a_channel_sets_nothing() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2]);
        let channel = place.welcome(clan);
        let rules = [(Permission::SendMessage, DENIED)];
        place.refused(2, set, request(channel, 0, 1, &rules), "channel permission denied");
        place.refused(1, set, request(channel, 0, 9, &rules), "user not found");
        place.refused(1, set, request(channel, 404, 0, &rules), "role not found");
        let unknown = "type is neither 0 for inherited, 1 for allowed nor 2 for denied";
        place.refused(1, set, request(channel, 0, 2, &[(Permission::SendMessage, 7)]), unknown);
        place.role_that_may(1, clan, &[2], &[Permission::ManageChannel]);
        let grab = request(channel, 0, 2, &[(Permission::Administrator, ALLOWED)]);
        place.refused(2, set, grab, "permission denied");
    }
}
