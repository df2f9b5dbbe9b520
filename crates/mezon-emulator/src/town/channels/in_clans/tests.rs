use super::*;
use crate::town::channels;
use crate::town::testing::Place;

fn request(clan: i64, kind: i32, label: &str) -> api::CreateChannelDescRequest {
    api::CreateChannelDescRequest { clan_id: clan, r#type: kind, channel_label: label.to_owned(), ..Default::default() }
}

#[test]
fn every_type_is_made_by_those_who_manage_channels() {
    let mut place = Place::default();
    let clan = place.clan(1, &[2]);
    for kind in [TEXT, GOOGLE_MEET, FORUM, STREAMING, APP, ANNOUNCEMENT, VOICE] {
        let done = place.done(1, channels::create, request(clan, kind, " a place "));
        let made = &done.answer;
        assert_eq!((made.r#type, made.channel_label.as_str(), made.channel_private), (kind, "a place", 0));
        let [push] = done.pushes.as_slice() else { panic!("{:?}", done.pushes) };
        assert_eq!(push.to, Audience::Channel(made.channel_id));
        let Message::ChannelCreatedEvent(event) = &push.message else { panic!("{push:?}") };
        assert_eq!((event.channel_id, event.channel_type, event.clan_name.as_str()), (made.channel_id, kind, "town"));
    }
    place.refused(2, channels::create, request(clan, TEXT, "x"), "permission denied");
    place.refused(3, channels::create, request(clan, TEXT, "x"), "clan permission denied");
    place.refused(1, channels::create, request(404, TEXT, "x"), "clan not found");
    place.refused(1, channels::create, request(clan, TEXT, ""), "channel_label is required");
    place.refused(1, channels::create, request(clan, 99, "x"), "there is no such type of channels");
    let category = api::CreateChannelDescRequest { category_id: 404, ..request(clan, TEXT, "x") };
    place.refused(1, channels::create, category, "category not found");
    let parent = api::CreateChannelDescRequest { parent_id: place.welcome(clan), ..request(clan, TEXT, "x") };
    place.refused(1, channels::create, parent, "only a thread has a parent");
}

#[test]
fn a_private_channel_tells_those_who_are_put_in() {
    let mut place = Place::default();
    let clan = place.clan(1, &[2, 3]);
    let private =
        api::CreateChannelDescRequest { channel_private: 1, user_ids: vec![2], ..request(clan, TEXT, "secret") };
    let done = place.done(1, channels::create, private.clone());
    assert_eq!(done.pushes[1].to, Audience::Users(vec![2]));
    let Message::UserChannelAddedEvent(event) = &done.pushes[1].message else { panic!() };
    assert_eq!((event.users[0].user_id, event.clan_id), (2, clan));
    let stranger = api::CreateChannelDescRequest { user_ids: vec![9], ..private };
    place.refused(1, channels::create, stranger, "user not found");
}

#[test]
fn a_channel_is_renamed_and_moved() {
    let mut place = Place::default();
    let clan = place.clan(1, &[2]);
    let channel = place.channel_of_kind(1, clan, TEXT);
    let rename = |label: &str| api::UpdateChannelDescRequest {
        clan_id: clan,
        channel_id: channel,
        channel_label: Some(label.to_owned()),
        topic: "cats".to_owned(),
        ..Default::default()
    };
    place.refused(2, update, rename("mine"), "channel permission denied");
    place.refused(1, update, rename(" "), "channel_label is required");
    let done = place.done(1, update, rename("ours"));
    let Message::ChannelUpdatedEvent(event) = &done.pushes[0].message else { panic!() };
    assert_eq!((event.channel_label.as_str(), event.topic.as_str()), ("ours", "cats"));

    let new = api::CreateCategoryDescRequest { category_name: "new".to_owned(), clan_id: clan };
    let category = place.done(1, crate::town::categories::create, new).answer.category_id;
    let move_it =
        |new_category_id| api::ChangeChannelCategoryRequest { clan_id: clan, channel_id: channel, new_category_id };
    place.refused(1, change_category, move_it(404), "category not found");
    place.done(1, change_category, move_it(category));
    let detail = place.seen(2, channels::detail, api::ListChannelDetailRequest { channel_id: channel });
    assert_eq!((detail.category_name.as_str(), detail.channel_label.as_str()), ("new", "ours"));
}

#[test]
fn a_group_is_renamed_by_anybody_in_it_and_deleted_by_its_maker() {
    let mut place = Place::default();
    let group = place.group(1, &[2, 3]);
    let rename = api::UpdateChannelDescRequest {
        channel_id: group,
        channel_label: Some("lunch".to_owned()),
        ..Default::default()
    };
    place.done(2, update, rename.clone());
    place.refused(4, update, rename.clone(), "channel permission denied");
    let dm = place.dm(1, 2);
    place.refused(
        1,
        update,
        api::UpdateChannelDescRequest { channel_id: dm, ..rename },
        "a direct channel has nothing to change",
    );
    let delete_it = |channel_id| api::DeleteChannelDescRequest { channel_id, ..Default::default() };
    place.refused(2, delete, delete_it(group), "channel permission denied");
    place.refused(1, delete, delete_it(dm), "a direct channel cannot be deleted");
    assert_eq!(place.done(1, delete, delete_it(group)).pushes[0].to, Audience::Users(vec![1, 2, 3]));
}

#[test]
fn a_channel_goes_with_its_threads_and_messages() {
    let mut place = Place::default();
    let clan = place.clan(1, &[2, 3]);
    let channel = place.channel(1, clan, "secret", &[2]);
    let thread = place.thread(2, channel, "about it", &[]);
    let request = api::DeleteChannelDescRequest { clan_id: clan, channel_id: channel };
    place.refused(2, delete, request, "channel permission denied");
    let done = place.done(1, delete, request);
    let gone: Vec<_> = done.pushes.iter().map(|push| (&push.to, &push.message)).collect();
    let told = Audience::Users(vec![1, 2]);
    let [(to, Message::ChannelDeletedEvent(first)), (_, Message::ChannelDeletedEvent(second))] = gone.as_slice() else {
        panic!("{gone:?}")
    };
    assert_eq!((*to, first.channel_id, second.channel_id), (&told, thread, channel));
    assert_eq!(second.deletor, "1");
    assert_eq!(done.writes, [Write::NoMessages { channel: thread }, Write::NoMessages { channel }]);
    place.refused(1, delete, request, "channel not found");
    let welcome = api::DeleteChannelDescRequest { channel_id: place.welcome(clan), ..request };
    place.refused(1, delete, welcome, "the welcome channel of a clan cannot be deleted");
}

#[test]
fn privacy_changes_who_sees_a_channel_and_all_of_them_are_told() {
    let mut place = Place::default();
    let clan = place.clan(1, &[2, 3]);
    let channel = place.channel_of_kind(1, clan, TEXT);
    let request = |channel_private, users: &[i64]| api::ChangeChannelPrivateRequest {
        clan_id: clan,
        channel_id: channel,
        channel_private,
        user_ids: users.to_vec(),
        ..Default::default()
    };
    place.refused(2, change_privacy, request(1, &[2]), "channel permission denied");
    let hidden = place.done(1, change_privacy, request(1, &[2]));
    assert_eq!(hidden.pushes[0].to, Audience::ChannelAnd(channel, vec![1, 2, 3]));
    assert_eq!([1, 2, 3].map(|user| place.town.channel_for(user, channel).is_ok()), [true, true, false]);
    place.done(1, change_privacy, request(0, &[]));
    assert!(place.town.channel_for(3, channel).is_ok());
}

#[test]
fn a_role_is_taken_off_a_channel() {
    let mut place = Place::default();
    let clan = place.clan(1, &[2]);
    let channel = place.channel(1, clan, "secret", &[]);
    let role = place.role(1, clan, "readers", &[2]);
    let add = api::AddRoleChannelDescRequest { role_ids: vec![role], channel_id: channel };
    place.done(1, add_roles, add.clone());
    assert!(place.town.channel_for(2, channel).is_ok());
    let off = api::DeleteRoleRequest { role_id: role, channel_id: channel, ..Default::default() };
    place.done(1, remove_role, off.clone());
    assert!(place.town.channel_for(2, channel).is_err());
    place.refused(1, remove_role, off, "role not found");
    let other = place.clan(1, &[]);
    let foreign = place.role(1, other, "strangers", &[]);
    place.refused(1, add_roles, api::AddRoleChannelDescRequest { role_ids: vec![foreign], ..add }, "role not found");
}

#[test]
fn an_archived_channel_is_listed_apart() {
    let mut place = Place::default();
    let clan = place.clan(1, &[2]);
    let channel = place.channel_of_kind(1, clan, TEXT);
    let request = api::ArchiveChannelRequest { clan_id: clan, channel_id: channel };
    place.refused(2, archive, request, "channel permission denied");
    let done = place.done(1, archive, request);
    let Message::ChannelArchiveEvent(event) = &done.pushes[0].message else { panic!() };
    assert_eq!((event.channel_id, event.active), (channel, 0));
    let open = api::ListChannelDescsRequest { clan_id: clan, ..Default::default() };
    assert_eq!(place.seen(2, channels::list, open).channeldesc.len(), 1);
    let away = place.seen(2, list_archived, api::ListArchivedChannelDescsRequest { clan_id: clan }).channeldesc;
    assert_eq!((away.len(), away[0].channel_id), (1, channel));
}
