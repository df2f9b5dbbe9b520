//! Clans: made, changed, entered, left.

use mezon_client::ClientError;
use mezon_client::calls::names::NameErrorKind;
use mezon_client::calls::{BanOptions, BanScope, ClanChanges, ClanDraft, ClanProfileChanges, InviteOptions};
use mezon_client::mezon_api::ApiErrorKind;
use mezon_client::mezon_model::{ClanId, InviteId, Member, UserId, event};

use crate::clan_of_two::ClanOfTwo;
use crate::support::{LINH, MINH, denied, refused};

fn ids(members: &[Member]) -> Vec<UserId> {
    members.iter().map(|member| member.user.as_ref().unwrap().id).collect()
}

#[tokio::test]
async fn a_clan_is_made_looked_at_and_deleted() {
    let ClanOfTwo { emulator: _town, clan, linh, mut minh, .. } = ClanOfTwo::made().await;
    let clans = linh.client.clans();
    let other = clans.create(ClanDraft::new("Go Hanoi").logo("https://cdn.mezon.ai/go.png")).await.unwrap();
    assert_eq!((other.name.as_str(), other.logo.as_str()), ("Go Hanoi", "https://cdn.mezon.ai/go.png"));
    assert_eq!(other.creator_id, LINH);
    let names: Vec<_> = clans.list().await.unwrap().into_iter().map(|clan| clan.name).collect();
    assert_eq!(names, ["Rust Hanoi", "Go Hanoi"]);
    clans.order(&[other.id, clan.id]).await.unwrap();
    let order: Vec<_> = clans.list().await.unwrap().into_iter().map(|clan| clan.id).collect();
    assert_eq!(order, [other.id, clan.id]);
    assert_eq!(clans.get(other.id).await.unwrap(), other);
    assert_eq!(clans.find("rust hanoi").await.unwrap().id, clan.id);

    let Err(ClientError::Name(unknown)) = clans.find("Rust Hanoy").await else { panic!("found") };
    assert_eq!(unknown.to_string(), r#"no clan is called "Rust Hanoy", did you mean "Rust Hanoi"?"#);
    let Err(ClientError::Name(unknown)) = clans.get(ClanId::new(404)).await else { panic!("found") };
    assert_eq!(unknown.kind(), &NameErrorKind::Unknown { nearest: None });

    assert!(matches!(denied(minh.client.clans().delete(clan.id).await), ApiErrorKind::Forbidden { .. }));
    clans.delete(clan.id).await.unwrap();
    let gone: event::ClanDeleted = minh.sees().await;
    assert_eq!((gone.clan_id, gone.deleted_by), (clan.id, LINH));
    assert_eq!(minh.client.clans().list().await.unwrap(), []);
}

#[tokio::test]
async fn a_change_of_one_thing_leaves_the_others() {
    let ClanOfTwo { emulator: _town, clan, linh, mut minh, .. } = ClanOfTwo::made().await;
    let clans = linh.client.clans();
    clans.update(clan.id, ClanChanges::new().prevents_anonymous(true).about("crates and coffee")).await.unwrap();
    assert!(minh.sees::<event::ClanUpdated>().await.prevents_anonymous);

    clans.update(clan.id, ClanChanges::new().name("Rust Vietnam")).await.unwrap();
    let updated: event::ClanUpdated = minh.sees().await;
    assert_eq!((updated.name.as_str(), updated.about.as_str()), ("Rust Vietnam", "crates and coffee"));
    assert!(updated.prevents_anonymous, "a new name lets nobody in without one");
    assert_eq!(updated.welcome_channel_id, clan.welcome_channel_id);
    let denied = denied(minh.client.clans().update(clan.id, ClanChanges::new().name("mine")).await);
    assert!(matches!(denied, ApiErrorKind::Forbidden { .. }));
}

#[tokio::test]
async fn an_invitation_leads_into_a_clan_and_members_leave_it() {
    let ClanOfTwo { emulator: _town, clan, general, mut linh, mut minh } = ClanOfTwo::made().await;
    let (clans, of_minh) = (linh.client.clans(), minh.client.clans());
    of_minh.leave(clan.id).await.unwrap();
    let left: event::MembersLeft = linh.sees().await;
    assert_eq!((left.clan_id, left.user_ids), (clan.id, vec![MINH]));

    let invite = clans.create_invite(clan.id, InviteOptions::new().channel(general.id())).await.unwrap();
    assert_eq!(InviteId::in_link(&invite.link).unwrap(), invite.id);
    assert!(invite.expiry_time_seconds > invite.create_time_seconds);
    let seen = of_minh.invitation(invite.id).await.unwrap();
    assert_eq!(
        (seen.clan_name.as_str(), seen.channel_label.as_str(), seen.is_member),
        ("Rust Hanoi", "general", false)
    );
    let joined = of_minh.join(invite.id).await.unwrap();
    assert_eq!((joined.clan_id, joined.channel_id), (clan.id, general.id()));
    let came: event::MemberJoined = linh.sees().await;
    assert_eq!((came.clan_id, came.user.unwrap().user_id), (clan.id, MINH));
    assert_eq!(ids(&clans.members(clan.id).await.unwrap()), [MINH, LINH]);

    clans.kick(clan.id, &[MINH]).await.unwrap();
    minh.sees::<event::MembersLeft>().await;
    assert_eq!(ids(&clans.members(clan.id).await.unwrap()), [LINH]);
    assert!(matches!(denied(of_minh.members(clan.id).await), ApiErrorKind::Forbidden { .. }));
    assert!(matches!(denied(of_minh.invitation(InviteId::new(404)).await), ApiErrorKind::NotFound { .. }));
    assert!(matches!(denied(of_minh.join(InviteId::new(404)).await), ApiErrorKind::NotFound { .. }));
}

#[tokio::test]
async fn an_owner_gives_the_clan_away_before_leaving() {
    let ClanOfTwo { emulator: _town, clan, linh, mut minh, .. } = ClanOfTwo::made().await;
    let clans = linh.client.clans();
    assert!(matches!(denied(clans.leave(clan.id).await), ApiErrorKind::Forbidden { .. }));
    clans.transfer(clan.id, MINH).await.unwrap();
    let given: event::OwnershipTransferred = minh.sees().await;
    assert_eq!((given.clan_id, given.from, given.to), (clan.id, LINH, MINH));
    clans.leave(clan.id).await.unwrap();
    assert_eq!(ids(&minh.client.clans().members(clan.id).await.unwrap()), [MINH]);
}

#[tokio::test]
async fn who_is_banned_stays_out_until_the_ban_is_lifted() {
    let ClanOfTwo { emulator: _town, clan, general, linh, mut minh } = ClanOfTwo::made().await;
    let (clans, of_minh) = (linh.client.clans(), minh.client.clans());
    clans.ban(&general, &[MINH], BanOptions::new().time(60)).await.unwrap();
    let banned: event::MembersBanned = minh.sees().await;
    assert_eq!((banned.user_ids, banned.channel_id, banned.ban_time), (vec![MINH], general.id(), 60));
    let in_channel = BanScope::channel(clan.id, general.id());
    let [ban] = clans.banned(in_channel).await.unwrap().try_into().unwrap();
    assert_eq!((ban.user_id, ban.channel_id, ban.banned_by, ban.ban_time), (MINH, general.id(), LINH, 60));
    clans.unban(in_channel, &[MINH]).await.unwrap();
    assert_eq!(clans.banned(in_channel).await.unwrap(), []);

    let invite = clans.create_invite(clan.id, InviteOptions::new()).await.unwrap();
    clans.ban(clan.id, &[MINH], BanOptions::new().reason("spam")).await.unwrap();
    minh.sees::<event::MembersLeft>().await;
    assert_eq!(clans.banned(clan.id).await.unwrap()[0].reason, "spam");
    assert!(matches!(denied(of_minh.join(invite.id).await), ApiErrorKind::Forbidden { .. }));
    clans.unban(clan.id, &[MINH]).await.unwrap();
    of_minh.join(invite.id).await.unwrap();
}

#[tokio::test]
async fn a_member_has_a_name_of_their_own_in_a_clan() {
    let ClanOfTwo { emulator: _town, clan, mut linh, minh, .. } = ClanOfTwo::made().await;
    let clans = minh.client.clans();
    clans.set_profile(clan.id, ClanProfileChanges::new().nick("Ferris")).await.unwrap();
    let changed: event::MemberProfileUpdated = linh.sees().await;
    assert_eq!((changed.user_id, changed.nick.as_str()), (MINH, "Ferris"));
    let picture = "https://cdn.mezon.ai/ferris.png";
    clans.set_profile(clan.id, ClanProfileChanges::new().avatar(picture)).await.unwrap();
    let profile = clans.profile(clan.id).await.unwrap();
    assert_eq!((profile.nick.as_str(), profile.avatar.as_str()), ("Ferris", picture), "a picture takes no name away");
    let found = linh.client.clans().find_member(clan.id, "ferris").await.unwrap();
    assert_eq!(found.user.unwrap().id, MINH);
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_any_request() {
    let ClanOfTwo { emulator, clan, linh, .. } = ClanOfTwo::made().await;
    let (clans, nobody) = (linh.client.clans(), UserId::default());
    let before = emulator.stats();
    assert_eq!(refused(clans.create(" ").await), "the name is empty");
    assert_eq!(refused(clans.update(clan.id, ClanChanges::new()).await), "nothing is to be changed");
    assert_eq!(refused(clans.update(clan.id, ClanChanges::new().name("")).await), "the name is empty");
    assert_eq!(refused(clans.set_profile(clan.id, ClanProfileChanges::new()).await), "nothing is to be changed");
    assert_eq!(refused(clans.kick(clan.id, &[]).await), "no user is named");
    assert_eq!(refused(clans.kick(clan.id, &[nobody]).await), "the user id 0 is no user");
    assert!(refused(clans.kick(clan.id, &[MINH, LINH]).await).ends_with("leave the clan instead"));
    assert_eq!(refused(clans.ban(clan.id, &[], BanOptions::new()).await), "no user is named");
    assert_eq!(refused(clans.unban(clan.id, &[nobody]).await), "the user id 0 is no user");
    assert_eq!(refused(clans.transfer(clan.id, nobody).await), "the user id 0 is no user");
    assert!(refused(clans.join(InviteId::default()).await).starts_with("the invitation id 0"));
    let direct = ClanId::DIRECT;
    for problem in [
        refused(clans.get(direct).await),
        refused(clans.delete(direct).await),
        refused(clans.order(&[direct]).await),
        refused(clans.leave(direct).await),
        refused(clans.members(direct).await),
        refused(clans.banned(direct).await),
        refused(clans.profile(direct).await),
        refused(clans.create_invite(direct, InviteOptions::new()).await),
    ] {
        assert_eq!(problem, "the clan id 0 is that of direct conversations, which are no clan");
    }
    assert_eq!(emulator.stats(), before);
}
