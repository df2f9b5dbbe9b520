//! Channels: made, found, changed, entered, left.

use mezon_client::calls::names::NameErrorKind;
use mezon_client::calls::{ChannelChanges, ChannelDraft, InviteOptions, RoleDraft};
use mezon_client::mezon_api::{ApiErrorKind, ListChannelsOptions};
use mezon_client::mezon_model::{
    AppId, CategoryId, Channel, ChannelId, ChannelMember, ChannelType, ClanId, UserId, event,
};
use mezon_client::{Client, ClientError};

use crate::clan_of_two::ClanOfTwo;
use crate::support::{LINH, MINH, denied, refused, sign_in};

async fn labels(client: &Client, clan: ClanId) -> Vec<String> {
    let channels = client.channels().list(ListChannelsOptions::clan(clan)).all().await.unwrap();
    let mut labels: Vec<_> = channels.iter().map(|channel| channel.label().to_owned()).collect();
    labels.sort();
    labels
}

#[tokio::test]
async fn channels_of_each_kind_are_made_and_seen_by_whom_they_are_for() {
    let ClanOfTwo { emulator, clan, linh, mut minh, .. } = ClanOfTwo::made().await;
    let channels = linh.client.channels();
    let category = linh.client.categories().create(clan.id, "Projects").await.unwrap();
    let text = channels.create(ChannelDraft::text(clan.id, "parser").category(category.id)).await.unwrap();
    assert_eq!((text.kind(), text.category_id(), text.is_private()), (ChannelType::Channel, category.id, false));
    let seen: event::ChannelCreated = minh.sees().await;
    assert_eq!((seen.channel_id, seen.label.as_str(), seen.clan_id), (text.id(), "parser", clan.id));
    let voice = channels.create(ChannelDraft::voice(clan.id, "calls")).await.unwrap();
    assert_eq!(minh.sees::<event::ChannelCreated>().await.channel_type, ChannelType::Voice);
    assert!(!voice.meeting_code().is_empty());
    let app = channels.create(ChannelDraft::app(clan.id, "quiz", AppId::new(3))).await.unwrap();
    assert_eq!((app.kind(), app.app_id()), (ChannelType::App, AppId::new(3)));

    let url = emulator.url();
    let thanh = sign_in(&url, UserId::new(44), "thanh").await;
    let invite = linh.client.clans().create_invite(clan.id, InviteOptions::new()).await.unwrap();
    thanh.clans().join(invite.id).await.unwrap();
    let private = channels.create(ChannelDraft::text(clan.id, "secret").private([MINH])).await.unwrap();
    assert!(private.is_private() && !private.target().is_public);
    let added: event::ChannelMembersAdded = minh.sees().await;
    assert_eq!(added.channel.unwrap().id(), private.id());
    assert_eq!(labels(&minh.client, clan.id).await, ["calls", "general", "parser", "quiz", "secret"]);
    assert_eq!(labels(&thanh, clan.id).await, ["calls", "general", "parser", "quiz"]);
    assert!(matches!(denied(thanh.channels().get(private.id()).await), ApiErrorKind::Forbidden { .. }));
    assert_eq!(minh.client.channels().get(private.id()).await.unwrap().label(), "secret");
}

#[tokio::test]
async fn a_channel_is_found_by_name_and_a_name_of_two_lists_both() {
    let ClanOfTwo { emulator: _town, clan, general, linh, .. } = ClanOfTwo::made().await;
    let channels = linh.client.channels();
    let dm = channels.open_direct(MINH).await.unwrap();
    let all: Vec<_> = channels.all().await.unwrap().iter().map(Channel::id).collect();
    assert_eq!(all, [general.id(), dm.id()]);
    assert_eq!(channels.find("#General").await.unwrap().id(), general.id());
    assert_eq!(channels.find("@minh").await.unwrap().id(), dm.id());
    assert_eq!(channels.find(&dm.id().to_string()).await.unwrap().id(), dm.id());
    let Err(ClientError::Name(unknown)) = channels.find("genral").await else { panic!("found") };
    assert_eq!(unknown.to_string(), r#"no channel is called "genral", did you mean "general"?"#);

    let other = linh.client.clans().create("Go Hanoi").await.unwrap();
    let Err(ClientError::Name(two)) = channels.find("general").await else { panic!("found") };
    let NameErrorKind::Ambiguous { candidates } = two.kind() else { panic!("{two}") };
    let places: Vec<_> = candidates.iter().map(|candidate| candidate.place.as_str()).collect();
    assert_eq!(candidates[0].id, general.id().get());
    assert!(places[0].starts_with("Rust Hanoi") && places[1].starts_with("Go Hanoi"), "{places:?}");
    assert_eq!(channels.find_in(clan.id, "general").await.unwrap().id(), general.id());
    assert_eq!(channels.find_in(other.id, "general").await.unwrap().clan_id(), other.id);
}

#[tokio::test]
async fn a_new_name_leaves_topic_and_flags() {
    let ClanOfTwo { emulator: _town, general, linh, mut minh, .. } = ClanOfTwo::made().await;
    let channels = linh.client.channels();
    channels.update(general.id(), ChannelChanges::new().topic("all sorts").age_restricted(true)).await.unwrap();
    assert_eq!(minh.sees::<event::ChannelUpdated>().await.topic, "all sorts");
    channels.rename(general.id(), "lobby").await.unwrap();
    let renamed: event::ChannelUpdated = minh.sees().await;
    assert_eq!((renamed.label.as_str(), renamed.topic.as_str()), ("lobby", "all sorts"));
    assert!(renamed.is_age_restricted);
    channels.set_topic(general.id(), "crates").await.unwrap();
    let now = channels.get(general.id()).await.unwrap();
    assert_eq!((now.label(), now.topic()), ("lobby", "crates"));
    assert!(matches!(
        denied(minh.client.channels().rename(general.id(), "mine").await),
        ApiErrorKind::Forbidden { .. }
    ));
}

#[tokio::test]
async fn a_channel_moves_to_another_category_and_is_deleted() {
    let ClanOfTwo { emulator: _town, clan, linh, mut minh, .. } = ClanOfTwo::made().await;
    let channels = linh.client.channels();
    let made = channels.create(ChannelDraft::text(clan.id, "parser")).await.unwrap();
    let category = linh.client.categories().create(clan.id, "Projects").await.unwrap();
    channels.move_to(clan.id, made.id(), category.id).await.unwrap();
    assert_eq!(minh.sees::<event::ChannelUpdated>().await.category_id, category.id);
    channels.delete(clan.id, made.id()).await.unwrap();
    let gone: event::ChannelDeleted = minh.sees().await;
    assert_eq!((gone.channel_id, gone.deleted_by), (made.id(), LINH));
    assert!(matches!(denied(channels.get(made.id()).await), ApiErrorKind::NotFound { .. }));
}

#[tokio::test]
async fn people_are_added_to_a_private_channel_listed_and_removed() {
    let ClanOfTwo { emulator: _town, clan, mut linh, mut minh, .. } = ClanOfTwo::made().await;
    let channels = linh.client.channels();
    let made = channels.create(ChannelDraft::text(clan.id, "secret").private([])).await.unwrap();
    assert!(matches!(denied(minh.client.channels().get(made.id()).await), ApiErrorKind::Forbidden { .. }));
    channels.add_members(made.id(), &[MINH]).await.unwrap();
    let added: event::ChannelMembersAdded = minh.sees().await;
    assert_eq!(added.users[0].user_id, MINH);
    let ids = |members: Vec<ChannelMember>| -> Vec<_> { members.iter().map(|member| member.user_id).collect() };
    assert_eq!(ids(channels.members(&made.target()).all().await.unwrap()), [MINH, LINH]);

    channels.remove_members(made.id(), &[MINH]).await.unwrap();
    let removed: event::ChannelMembersRemoved = minh.sees().await;
    assert_eq!((removed.channel_id, removed.user_ids), (made.id(), vec![MINH]));
    channels.add_members(made.id(), &[MINH]).await.unwrap();
    minh.client.channels().leave(&made.target()).await.unwrap();
    assert_eq!(linh.sees::<event::ChannelMembersRemoved>().await.user_ids, [MINH]);
    assert_eq!(ids(channels.members(&made.target()).all().await.unwrap()), [LINH]);
}

#[tokio::test]
async fn a_channel_is_made_private_and_public_again() {
    let ClanOfTwo { emulator: _town, clan, linh, mut minh, .. } = ClanOfTwo::made().await;
    let (channels, of_minh) = (linh.client.channels(), minh.client.channels());
    let made = channels.create(ChannelDraft::text(clan.id, "parser")).await.unwrap();
    channels.make_private(clan.id, made.id(), &[], &[]).await.unwrap();
    assert!(minh.sees::<event::ChannelUpdated>().await.is_private);
    assert!(matches!(denied(of_minh.get(made.id()).await), ApiErrorKind::Forbidden { .. }));
    channels.make_public(clan.id, made.id()).await.unwrap();
    assert!(!minh.sees::<event::ChannelUpdated>().await.is_private);
    let role = linh.client.roles().create(clan.id, RoleDraft::new("Readers").members([MINH])).await.unwrap();
    channels.make_private(clan.id, made.id(), &[], &[role.id]).await.unwrap();
    assert!(of_minh.get(made.id()).await.unwrap().is_private());
}

#[tokio::test]
async fn a_group_is_made_renamed_and_left() {
    let ClanOfTwo { emulator: _town, mut linh, mut minh, .. } = ClanOfTwo::made().await;
    let channels = linh.client.channels();
    let group = channels.create_group(&[MINH]).await.unwrap();
    assert_eq!(minh.sees::<event::ChannelMembersAdded>().await.channel.unwrap().id(), group.id());
    linh.connection.join(&group.target()).await.unwrap();
    channels.rename(group.id(), "lunch").await.unwrap();
    let of_minh = minh.client.channels();
    assert_eq!(of_minh.find_in(ClanId::DIRECT, "lunch").await.unwrap().id(), group.id());
    of_minh.leave(&group.target()).await.unwrap();
    assert_eq!(linh.sees::<event::ChannelMembersRemoved>().await.user_ids, [MINH]);
    assert!(matches!(denied(of_minh.get(group.id()).await), ApiErrorKind::Forbidden { .. }));
}

#[tokio::test]
async fn a_conversation_is_hidden_and_a_message_shows_it_again() {
    let ClanOfTwo { emulator: _town, linh, minh, .. } = ClanOfTwo::made().await;
    let (channels, of_minh) = (linh.client.channels(), minh.client.channels());
    let direct = channels.open_direct(MINH).await.unwrap();
    channels.hide(direct.id()).await.unwrap();
    assert_eq!(labels(&linh.client, ClanId::DIRECT).await, [""; 0]);
    assert_eq!(labels(&minh.client, ClanId::DIRECT).await, ["linh"]);
    channels.show(direct.id()).await.unwrap();
    assert_eq!(labels(&linh.client, ClanId::DIRECT).await, ["minh"]);
    channels.hide(direct.id()).await.unwrap();
    minh.client.messages().send(&of_minh.get(direct.id()).await.unwrap().target(), "still there?").await.unwrap();
    assert_eq!(labels(&linh.client, ClanId::DIRECT).await, ["minh"]);
}

#[tokio::test]
async fn a_channel_is_a_favourite_of_one_user() {
    let ClanOfTwo { emulator: _town, clan, general, linh, minh } = ClanOfTwo::made().await;
    let channels = linh.client.channels();
    channels.add_favorite(clan.id, general.id()).await.unwrap();
    assert_eq!(channels.favorites(clan.id).await.unwrap(), [general.id()]);
    assert_eq!(minh.client.channels().favorites(clan.id).await.unwrap(), []);
    channels.remove_favorite(clan.id, general.id()).await.unwrap();
    assert_eq!(channels.favorites(clan.id).await.unwrap(), []);
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_any_request() {
    let ClanOfTwo { emulator, clan, general, linh, .. } = ClanOfTwo::made().await;
    let channels = linh.client.channels();
    let direct = channels.open_direct(MINH).await.unwrap();
    let (none, nobody) = (ChannelId::default(), UserId::default());
    let before = emulator.stats();
    assert_eq!(refused(channels.create(ChannelDraft::text(clan.id, "")).await), "the name is empty");
    assert_eq!(refused(channels.rename(general.id(), " ").await), "the name is empty");
    assert_eq!(refused(channels.update(general.id(), ChannelChanges::new()).await), "nothing is to be changed");
    assert_eq!(refused(channels.add_members(general.id(), &[nobody]).await), "the user id 0 is no user");
    assert!(refused(channels.remove_members(general.id(), &[LINH]).await).ends_with("leave the channel instead"));
    assert_eq!(refused(channels.leave(&direct.target()).await), "nobody leaves a direct conversation, hide it instead");
    let no_category = channels.move_to(clan.id, general.id(), CategoryId::default()).await;
    assert_eq!(refused(no_category), "the category id 0 is no category");
    assert!(refused(channels.delete(ClanId::DIRECT, direct.id()).await).starts_with("the clan id 0"));
    for problem in [
        refused(channels.get(none).await),
        refused(channels.rename(none, "x").await),
        refused(channels.delete(clan.id, none).await),
        refused(channels.make_public(clan.id, none).await),
        refused(channels.hide(none).await),
        refused(channels.show(none).await),
        refused(channels.archive(clan.id, none).await),
        refused(channels.add_favorite(clan.id, none).await),
    ] {
        assert_eq!(problem, "the channel id 0 is no channel");
    }
    assert_eq!(emulator.stats(), before);
}
