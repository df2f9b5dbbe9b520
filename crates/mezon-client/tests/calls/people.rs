//! Friends, profiles, states, notifications: what one does and the other hears.

use std::time::Duration;

use mezon_client::calls::{Mute, ProfileChanges, StatusChange};
use mezon_client::mezon_api::ApiErrorKind;
use mezon_client::mezon_model::event::{
    CustomStatusSet, FriendAdded, FriendBlocked, FriendRemoved, FriendUnblocked, Notified, ProfileUpdated,
    StatusPresence, StatusUpdated,
};
use mezon_client::mezon_model::{
    ClanId, FriendState, MessageContent, NotificationCategory, NotificationCode, NotificationId, NotificationLevel,
    UserId,
};
use mezon_client::{Client, ClientError, ConnectOptions};

use crate::support::{LINH, MINH, refused};
use crate::two::Two;

async fn friends_of(client: &Client) -> Vec<(UserId, FriendState)> {
    let friends = client.friends().list().all().await.unwrap();
    friends.into_iter().map(|friend| (friend.user.unwrap().id, friend.state)).collect()
}

/// Whether the server refused a call because the user may not do this.
pub(crate) fn forbidden<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> bool {
    matches!(answer, Err(ClientError::Api(error)) if matches!(error.kind(), ApiErrorKind::Forbidden { .. }))
}

#[tokio::test]
async fn friends_ask_accept_and_part() {
    let mut two = Two::met().await;
    let (linh, minh) = (two.linh.client.clone(), two.minh.client.clone());
    linh.friends().add_by_name("minh").await.unwrap();
    let asked: FriendAdded = two.minh.sees().await;
    assert_eq!((asked.user_id, asked.username.as_str()), (LINH, "linh"));
    assert_eq!(friends_of(&linh).await, [(MINH, FriendState::InviteSent)]);
    assert_eq!(friends_of(&minh).await, [(LINH, FriendState::InviteReceived)]);
    let told: Notified = two.minh.sees().await;
    assert_eq!((told.notifications[0].code, &told.notifications[0].message), (NotificationCode::FriendRequest, &None));

    minh.friends().accept(LINH).await.unwrap();
    two.linh.sees::<FriendAdded>().await;
    let known = minh.friends().list_of(FriendState::Friend).all().await.unwrap();
    assert_eq!(known[0].user.as_ref().unwrap().username, "linh");
    assert!(minh.friends().list_of(FriendState::Blocked).all().await.unwrap().is_empty());

    // Friends hear each other come and go.
    two.minh.connection.disconnect().await;
    let gone: StatusPresence = two.linh.sees().await;
    assert_eq!(gone.leaves[0].user_id, MINH);
    minh.friends().remove(LINH).await.unwrap();
    assert_eq!(two.linh.sees::<FriendRemoved>().await.user_id, MINH);
    assert!(friends_of(&linh).await.is_empty());

    let unknown = linh.friends().add_by_name("nobody").await.unwrap_err();
    assert_eq!(unknown.status().map(|status| status.as_u16()), Some(404));
    assert_eq!(refused(linh.friends().add(LINH).await), "the user cannot be a friend of itself");
    assert_eq!(refused(linh.friends().block(UserId::default()).await), "the user id 0 is no user");
    assert_eq!(refused(linh.friends().add_by_name(" ").await), "the user name is empty");
}

#[tokio::test]
async fn whoever_is_followed_is_seen_to_come_and_go() {
    let mut two = Two::met().await;
    let linh = two.linh.connection.clone();
    let online = linh.follow(&[MINH, UserId::new(404)]).await.unwrap();
    assert_eq!(online.iter().map(|one| one.user_id).collect::<Vec<_>>(), [MINH]);
    two.minh.connection.disconnect().await;
    assert_eq!(two.linh.sees::<StatusPresence>().await.leaves[0].username, "minh");
    two.minh.connection.connect(ConnectOptions::new()).await.unwrap();
    assert_eq!(two.linh.sees::<StatusPresence>().await.joins[0].user_id, MINH);
    linh.unfollow(&[MINH]).await.unwrap();
    assert!(linh.follow(&[UserId::new(404)]).await.unwrap().is_empty());
    assert_eq!(refused(linh.follow(&[]).await), "users to follow are named by ids other than 0");
    assert_eq!(refused(linh.unfollow(&[UserId::default()]).await), "users to follow are named by ids other than 0");
}

#[tokio::test]
async fn who_is_blocked_opens_no_conversation_and_writes_in_none() {
    let mut two = Two::met().await;
    let (linh, minh) = (two.linh.client.clone(), two.minh.client.clone());
    linh.friends().block(MINH).await.unwrap();
    assert_eq!(two.minh.sees::<FriendBlocked>().await.user_id, LINH);
    assert_eq!((friends_of(&linh).await, friends_of(&minh).await), (vec![(MINH, FriendState::Blocked)], vec![]));
    assert!(forbidden(minh.api().create_dm(LINH).await.map_err(ClientError::from)));
    assert!(two.minh.connection.send(&two.place, &"let me in".into()).await.is_err());
    assert!(forbidden(minh.friends().add(LINH).await));

    linh.friends().unblock(MINH).await.unwrap();
    assert_eq!(two.minh.sees::<FriendUnblocked>().await.username, "linh");
    two.minh.connection.send(&two.place, &"thanks".into()).await.unwrap();
    assert_eq!(two.linh.hears().await.text(), "thanks");
}

#[tokio::test]
async fn a_profile_and_a_name_are_changed_and_others_see_it() {
    let mut two = Two::met().await;
    let linh = two.linh.client.account();
    linh.update(ProfileChanges::new().display_name("Linh").about("likes trains").timezone("Asia/Hanoi")).await.unwrap();
    let seen: ProfileUpdated = two.minh.sees().await;
    assert_eq!((seen.user_id, seen.display_name.as_str(), seen.about.as_str()), (LINH, "Linh", "likes trains"));
    linh.update(ProfileChanges::new().about("")).await.unwrap();
    let user = linh.get().await.unwrap().user.unwrap();
    assert_eq!((user.display_name.as_str(), user.about.as_str(), user.timezone.as_str()), ("Linh", "", "Asia/Hanoi"));

    let before = two.linh.client.api().session();
    linh.set_username("linh.nguyen").await.unwrap();
    let after = two.linh.client.api().session();
    assert!(after.token() != before.token() && after.username() == Some("linh.nguyen"));
    assert_eq!(linh.get().await.unwrap().user.unwrap().username, "linh.nguyen");
    let taken = linh.set_username("minh").await.unwrap_err();
    assert_eq!(taken.status().map(|status| status.as_u16()), Some(409));

    assert!(linh.devices().await.unwrap()[0].is_current);
    assert_eq!(refused(linh.update(ProfileChanges::new()).await), "nothing of the profile is to change");
    assert_eq!(refused(linh.set_username("").await), "the user name is empty");
}

#[tokio::test]
async fn a_status_is_set_and_others_see_it() {
    let mut two = Two::met().await;
    let linh = two.linh.client.account();
    linh.set_status("Idle").await.unwrap();
    let seen: StatusUpdated = two.minh.sees().await;
    assert_eq!((seen.user_id, seen.status.as_str()), (LINH, "Idle"));
    assert_eq!(linh.status().await.unwrap(), "Idle");
    linh.set_custom_status(StatusChange::new("at lunch").holds(Duration::from_secs(1_800))).await.unwrap();
    let seen: CustomStatusSet = two.minh.sees().await;
    assert_eq!((seen.status.as_str(), seen.minutes, seen.is_permanent), ("at lunch", 30, false));
    let user = linh.get().await.unwrap().user.unwrap();
    assert_eq!((user.status.as_str(), user.user_status.as_str()), ("Idle", "at lunch"));
    let for_ever = StatusChange::new("away").holds(Duration::MAX);
    assert_eq!(refused(linh.set_status(for_ever).await), "a status holds for a year at the most");
}

#[tokio::test]
async fn friends_are_found_by_id_by_name_and_by_a_part_of_it() {
    let two = Two::met().await;
    let (linh, minh) = (two.linh.client.clone(), two.minh.client.clone());
    assert_eq!(linh.users().get(MINH).await.unwrap(), None, "they share no clan and are no friends");
    linh.friends().add(MINH).await.unwrap();
    minh.friends().accept(LINH).await.unwrap();
    let users = linh.users();
    assert_eq!(users.get(MINH).await.unwrap().unwrap().username, "minh");
    assert_eq!(users.get_all(&[MINH, UserId::new(404)]).await.unwrap().len(), 1);
    assert_eq!(users.by_name("minh").await.unwrap().unwrap().id, MINH);
    assert_eq!(users.by_name("min").await.unwrap(), None);
    assert_eq!(users.search(" MIN").await.unwrap().len(), 1);
    minh.account().set_activity("chess", "against a machine", 1).await.unwrap();
    assert_eq!(users.activities().await.unwrap()[0].name, "chess");
    let before = two.emulator.stats();
    assert!(users.get_all(&[]).await.unwrap().is_empty());
    assert_eq!(refused(users.get(UserId::default()).await), "the user id 0 is no user");
    assert_eq!(refused(users.search(" ").await), "the text to search for is empty");
    assert_eq!(refused(users.online(ClanId::DIRECT).all().await), "direct conversations are no clan");
    assert_eq!(refused(users.statuses(ClanId::DIRECT).await), "direct conversations are no clan");
    assert_eq!(two.emulator.stats(), before);
}

#[tokio::test]
async fn a_mention_makes_a_notification_unless_the_channel_is_muted() {
    let mut two = Two::met().await;
    let minh = two.minh.client.notifications();
    let channel = two.place.channel_id;
    let mention = || MessageContent::builder().text("hi ").mention_user(MINH, "minh").build();
    let ack = two.linh.connection.send(&two.place, &mention()).await.unwrap();
    let told: Notified = two.minh.sees().await;
    assert_eq!((told.notifications[0].code, told.notifications[0].channel_id), (NotificationCode::Mentioned, channel));
    let about = told.notifications[0].message.as_ref().unwrap();
    assert_eq!((about.message_id, about.content.as_str()), (ack.message_id, r#"{"t":"hi @minh"}"#));
    let heard = two.linh.hears().await;
    assert_eq!(heard.id(), ack.message_id);

    minh.mute_channel(ClanId::DIRECT, channel, Mute::For(Duration::from_secs(60))).await.unwrap();
    assert_eq!(minh.muted_channels(ClanId::DIRECT).await.unwrap(), [channel]);
    let setting = minh.of_channel(channel).await.unwrap();
    assert!(!setting.is_active && (1..=60).contains(&setting.mute_time));
    two.linh.connection.send(&two.place, &mention()).await.unwrap();
    minh.unmute_channel(ClanId::DIRECT, channel).await.unwrap();
    minh.set_channel(ClanId::DIRECT, channel, NotificationLevel::Nothing).await.unwrap();
    two.linh.connection.send(&two.place, &mention()).await.unwrap();
    minh.set_channel(ClanId::DIRECT, channel, NotificationLevel::Inherited).await.unwrap();
    assert!(minh.muted_channels(ClanId::DIRECT).await.unwrap().is_empty());
    two.linh.connection.reply(&heard, "one more").await.unwrap();

    let list = || minh.list(ClanId::DIRECT, NotificationCategory::Mentions);
    let all = list().all().await.unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    minh.delete(&[all[0].id], NotificationCategory::Mentions).await.unwrap();
    assert!(list().all().await.unwrap().is_empty());
    assert_eq!(refused(minh.delete(&[], NotificationCategory::ForYou).await), "no notification is to be deleted");
    let bad = list().starting_at(mezon_client::calls::Cursor::new("x")).all().await;
    assert_eq!(refused(bad), "the cursor is not one of a list of notifications");
}

#[tokio::test]
async fn notifications_come_page_by_page_the_newest_first() {
    let mut two = Two::met().await;
    let mention = MessageContent::builder().mention_user(MINH, "minh").build();
    for _ in 0..60 {
        two.linh.connection.send(&two.place, &mention).await.unwrap();
    }
    for _ in 0..60 {
        two.minh.sees::<Notified>().await;
    }
    let pages = two.minh.client.notifications().list(ClanId::DIRECT, NotificationCategory::Mentions);
    let ids: Vec<NotificationId> = pages.all().await.unwrap().into_iter().map(|notification| notification.id).collect();
    assert_eq!(ids.len(), 60);
    assert!(ids.is_sorted_by(|newer, older| newer > older));
}
