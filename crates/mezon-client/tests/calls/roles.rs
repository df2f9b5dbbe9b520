//! Roles: made, changed, given and taken; what they allow.

use mezon_client::ClientError;
use mezon_client::calls::{ChannelDraft, RoleChanges, RoleDraft};
use mezon_client::mezon_api::ApiErrorKind;
use mezon_client::mezon_model::{ClanId, PermissionId, PermissionRule, Permissions, RoleId, UserId, event};

use crate::clan_of_two::ClanOfTwo;
use crate::support::{LINH, MINH, denied, refused};

#[tokio::test]
async fn a_role_is_made_and_given_and_everybody_hears_it() {
    let ClanOfTwo { emulator: _town, clan, linh, mut minh, .. } = ClanOfTwo::made().await;
    let roles = linh.client.roles();
    let permission = roles.all_permissions().await.unwrap().into_iter().find(|it| it.slug == "delete-message").unwrap();
    let draft = RoleDraft::new("Maintainer").color("#b7410e").description("merges").displayed(true).mentionable(true);
    let role = roles.create(clan.id, draft.permissions([permission.id]).members([MINH])).await.unwrap();
    assert_eq!((role.title.as_str(), role.color.as_str(), role.clan_id), ("Maintainer", "#b7410e", clan.id));
    assert!(role.is_displayed && role.is_mentionable);
    let seen: event::RoleChanged = minh.sees().await;
    assert_eq!((seen.role.unwrap().id, seen.users_added, seen.user_id), (role.id, vec![MINH], LINH));
    assert_eq!(seen.permissions_added, [permission.id]);

    let members: Vec<_> = roles.members(role.id).all().await.unwrap().iter().map(|member| member.user_id).collect();
    assert_eq!(members, [MINH]);
    let allowed = roles.permissions(role.id).await.unwrap().permissions;
    let allowed: Vec<_> = allowed.iter().filter(|it| it.is_active).map(|it| it.id).collect();
    assert_eq!(allowed, [permission.id]);
    assert_eq!(minh.client.roles().own(clan.id).await.unwrap()[0].id, role.id);
    assert_eq!(roles.get(clan.id, role.id).await.unwrap().description, "merges");
    assert_eq!(roles.find(clan.id, "@maintainer").await.unwrap().id, role.id);
    let Err(ClientError::Name(unknown)) = roles.get(clan.id, RoleId::new(404)).await else { panic!("found") };
    assert_eq!(unknown.wanted(), "404");
    assert!(matches!(denied(minh.client.roles().delete(clan.id, role.id).await), ApiErrorKind::Forbidden { .. }));
    roles.delete(clan.id, role.id).await.unwrap();
    let gone: event::RoleChanged = minh.sees().await;
    assert_eq!((gone.role.unwrap().id, gone.users_removed), (role.id, vec![MINH]));
    assert_eq!(roles.list(clan.id).all().await.unwrap(), []);
}

/// A server takes both flags with every change, so a member who is given a role could take it off the list of members.
/// (The Python SDK cannot change a role at all, and the official ones reset the flags.)
#[tokio::test]
async fn a_change_of_a_role_leaves_what_it_does_not_name() {
    let ClanOfTwo { emulator: _town, clan, linh, mut minh, .. } = ClanOfTwo::made().await;
    let roles = linh.client.roles();
    let draft = RoleDraft::new("Maintainer").color("#b7410e").icon("icon").displayed(true).mentionable(true);
    let role = roles.create(clan.id, draft).await.unwrap();
    minh.sees::<event::RoleChanged>().await;

    roles.assign(clan.id, role.id, &[MINH]).await.unwrap();
    let assigned: event::RoleAssigned = minh.sees().await;
    assert_eq!((assigned.role_id, assigned.users_added, assigned.clan_id), (role.id, vec![MINH], clan.id));
    roles.update(clan.id, role.id, RoleChanges::new().title("Owner").icon("")).await.unwrap();
    let now = roles.get(clan.id, role.id).await.unwrap();
    assert_eq!((now.title.as_str(), now.color.as_str(), now.icon.as_str()), ("Owner", "#b7410e", ""));
    assert!(now.is_displayed && now.is_mentionable);
    assert_eq!(now.members.unwrap().members[0].user_id, MINH);

    roles.update(clan.id, role.id, RoleChanges::new().displayed(false)).await.unwrap();
    let now = roles.get(clan.id, role.id).await.unwrap();
    assert!(!now.is_displayed && now.is_mentionable);
    roles.take(clan.id, role.id, &[MINH]).await.unwrap();
    assert_eq!(minh.sees::<event::RoleAssigned>().await.users_removed, [MINH]);
    assert_eq!(roles.members(role.id).all().await.unwrap(), []);
}

#[tokio::test]
async fn roles_have_an_order() {
    let ClanOfTwo { emulator: _town, clan, linh, .. } = ClanOfTwo::made().await;
    let roles = linh.client.roles();
    let one = roles.create(clan.id, RoleDraft::new("one")).await.unwrap();
    let two = roles.create(clan.id, RoleDraft::new("two")).await.unwrap();
    roles.order(clan.id, &[two.id, one.id]).await.unwrap();
    let order: Vec<_> = roles.list(clan.id).all().await.unwrap().into_iter().map(|role| role.title).collect();
    assert_eq!(order, ["two", "one"]);
}

#[tokio::test]
async fn a_role_lets_into_a_private_channel() {
    let ClanOfTwo { emulator: _town, clan, general, linh, minh } = ClanOfTwo::made().await;
    let (roles, channels) = (linh.client.roles(), minh.client.channels());
    let secret = linh.client.channels().create(ChannelDraft::text(clan.id, "secret").private([])).await.unwrap();
    let role = roles.create(clan.id, RoleDraft::new("Maintainer").members([MINH])).await.unwrap();
    roles.add_to_channel(secret.id(), &[role.id]).await.unwrap();
    assert_eq!(channels.get(secret.id()).await.unwrap().label(), "secret");
    roles.remove_from_channel(clan.id, secret.id(), role.id).await.unwrap();
    assert!(matches!(denied(channels.get(secret.id()).await), ApiErrorKind::Forbidden { .. }));

    let may =
        |permissions: Permissions, slug: &str| permissions.permissions.iter().any(|permission| permission.slug == slug);
    let of_minh = minh.client.roles().own_permissions(clan.id, general.id()).await.unwrap();
    assert!(may(of_minh.clone(), "send-message") && !may(of_minh, "manage-clan"));
    assert!(may(roles.own_permissions(clan.id, general.id()).await.unwrap(), "manage-clan"));
}

#[tokio::test]
async fn a_channel_makes_exceptions_for_roles_and_people() {
    let ClanOfTwo { emulator: _town, clan, general, linh, mut minh } = ClanOfTwo::made().await;
    let (roles, channel) = (linh.client.roles(), general.id());
    let permissions = roles.all_permissions().await.unwrap();
    let send = permissions.iter().find(|permission| permission.slug == "send-message").unwrap();
    let role = roles.create(clan.id, RoleDraft::new("Guests").members([MINH])).await.unwrap();
    roles.set_overrides(channel, role.id, &[(send, PermissionRule::Deny)]).await.unwrap();
    let set: event::PermissionsSet = minh.sees().await;
    assert_eq!((set.channel_id, set.role_id, set.changed_by), (channel, role.id, LINH));
    assert_eq!((set.changes[0].permission_id, set.changes[0].rule), (send.id, PermissionRule::Deny));
    let [forbidden] = roles.overrides(channel, role.id).await.unwrap().try_into().unwrap();
    assert_eq!((forbidden.permission_id, forbidden.is_allowed), (send.id, false));
    let may = |permissions: Permissions| permissions.permissions.iter().any(|it| it.id == send.id);
    let of_minh = minh.client.roles();
    assert!(!may(of_minh.own_permissions(clan.id, channel).await.unwrap()));

    roles.set_overrides(channel, MINH, &[(send, PermissionRule::Allow)]).await.unwrap();
    let changed: event::PermissionsChanged = minh.sees().await;
    assert_eq!((changed.user_id, changed.channel_id, changed.allowed[0].permission_id), (MINH, channel, send.id));
    assert!(may(of_minh.own_permissions(clan.id, channel).await.unwrap()));
    roles.set_overrides(channel, MINH, &[(send, PermissionRule::Inherit)]).await.unwrap();
    assert_eq!(roles.overrides(channel, MINH).await.unwrap(), []);
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_any_request() {
    let ClanOfTwo { emulator, clan, general, linh, .. } = ClanOfTwo::made().await;
    let roles = linh.client.roles();
    let permission = roles.all_permissions().await.unwrap().remove(0);
    let (none, some, nobody) = (RoleId::default(), RoleId::new(7), UserId::default());
    let before = emulator.stats();
    assert_eq!(refused(roles.create(clan.id, RoleDraft::new("")).await), "the name is empty");
    assert_eq!(refused(roles.update(clan.id, some, RoleChanges::new()).await), "nothing is to be changed");
    let both = RoleChanges::new().allow([PermissionId::new(1)]).withdraw([PermissionId::new(1)]);
    assert_eq!(refused(roles.update(clan.id, some, both).await), "a permission is to be given and to be withdrawn");
    assert_eq!(refused(roles.assign(clan.id, some, &[]).await), "no user is named");
    assert_eq!(refused(roles.take(clan.id, some, &[nobody]).await), "the user id 0 is no user");
    assert_eq!(refused(roles.order(clan.id, &[some, some]).await), "the order names something twice");
    assert_eq!(refused(roles.add_to_channel(general.id(), &[]).await), "no role is named");
    assert_eq!(refused(roles.overrides(general.id(), nobody).await), "the id 0 is no role and no user");
    assert_eq!(refused(roles.set_overrides(general.id(), some, &[]).await), "no permission is named");
    let rule = [(&permission, PermissionRule::Deny)];
    assert_eq!(refused(roles.set_overrides(general.id(), none, &rule).await), "the id 0 is no role and no user");
    for problem in [
        refused(roles.get(clan.id, none).await),
        refused(roles.delete(clan.id, none).await),
        refused(roles.permissions(none).await),
        refused(roles.assign(clan.id, none, &[MINH]).await),
        refused(roles.remove_from_channel(clan.id, general.id(), none).await),
    ] {
        assert_eq!(problem, "the role id 0 is no role");
    }
    assert!(refused(roles.own(ClanId::DIRECT).await).starts_with("the clan id 0"));
    assert_eq!(emulator.stats(), before);
}
