//! Clans and conversations as clients see them over real connections.

use ::http::{Method, StatusCode};
use mezon_emulator::{Emulator, EmulatorErrorKind};
use mezon_proto::realtime::ClanJoin;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::{api, realtime};
use prost::Message as _;

use crate::support::{
    DM, GROUP, Seen, Socket, User, basic, error_of, http, ping, request as request_to, text_message, user,
};

fn clan_join(clan_id: i64) -> Message {
    Message::ClanJoin(ClanJoin { clan_id, ..Default::default() })
}

#[tokio::test]
async fn who_joined_clan_zero_hears_all_of_their_conversations_and_no_others() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh, chi) = (user(&emulator, 1).await, user(&emulator, 2).await, user(&emulator, 3).await);
    let (mut listener, mut stranger) = (binh.socket().await, chi.socket().await);
    for socket in [&mut listener, &mut stranger] {
        assert_eq!(socket.call(clan_join(0)).await, clan_join(0));
    }
    // One was there before the join, one comes after it.
    let (dm, group) = (an.create_channel(DM, &[2]).await, an.create_channel(GROUP, &[2, 4]).await);
    for channel in [&dm, &group] {
        let mut sender = an.joined(channel).await;
        sender.call(text_message(channel, "hello")).await;
        assert_eq!(listener.next_text().await.channel_id, channel.channel_id);
    }
    // Hearing is not joining: a send still needs it.
    let refused = listener.call(text_message(&dm, "x")).await;
    assert_eq!(error_of(&refused), (3, "Must join channel before sending messages"));
    // Who joined both ways hears once.
    listener.call(crate::support::join(&dm)).await;
    listener.send(text_message(&dm, "once")).await;
    assert_eq!(listener.next_text().await.content, r#"{"t":"once"}"#);
    assert!(matches!(listener.next_message().await.1, Message::ChannelMessageAck(_)));
    listener.send(ping()).await;
    assert!(matches!(listener.next_message().await.1, Message::Pong(_)));
    stranger.send(ping()).await;
    assert!(matches!(stranger.next_message().await.1, Message::Pong(_)));
}

const TEXT: i32 = 1;
const STREAMING: i32 = 6;
const THREAD: i32 = 7;
const VOICE: i32 = 10;

impl User {
    /// Makes a clan, lets others in, and gives it.
    async fn found(&self, others: &[&User]) -> api::ClanDesc {
        let request = api::CreateClanDescRequest { clan_name: "Town".to_owned(), ..Default::default() };
        let clan: api::ClanDesc = self.get("CreateClanDesc", &request).await;
        let request = api::LinkInviteUserRequest { clan_id: clan.clan_id, ..Default::default() };
        let link: api::LinkInviteUser = self.get("CreateLinkInviteUser", &request).await;
        for other in others {
            let joined: api::InviteUserRes =
                other.get("InviteUser", &api::InviteUserRequest { invite_id: link.id }).await;
            assert_eq!(joined.clan_id, clan.clan_id);
        }
        clan
    }

    /// Makes a channel of a clan, private for those who are named.
    async fn make(&self, clan_id: i64, kind: i32, label: &str, users: &[i64]) -> api::ChannelDescription {
        let request = api::CreateChannelDescRequest {
            clan_id,
            r#type: kind,
            channel_label: label.to_owned(),
            channel_private: (!users.is_empty()).into(),
            user_ids: users.to_vec(),
            ..Default::default()
        };
        self.get("CreateChannelDesc", &request).await
    }

    /// A socket that has joined a clan.
    async fn in_clan(&self, clan_id: i64) -> Socket {
        let mut socket = self.socket().await;
        assert_eq!(socket.call(clan_join(clan_id)).await, clan_join(clan_id));
        socket
    }

    async fn say(&self, channel: &api::ChannelDescription, text: &str) {
        let content = serde_json::json!({ "t": text }).to_string();
        let request = realtime::ChannelMessageSend { channel_id: channel.channel_id, content, ..Default::default() };
        let _: realtime::ChannelMessageAck = self.get("SendChannelMessage", &request).await;
    }
}

/// The next event that is pushed.
async fn event(socket: &mut Socket) -> Message {
    loop {
        if let (0, message) = socket.next_message().await {
            return message;
        }
    }
}

/// Nothing was pushed: the pong is the first that comes.
async fn hears_nothing(socket: &mut Socket) {
    socket.send(ping()).await;
    let next = socket.next_message().await.1;
    assert!(matches!(next, Message::Pong(_)), "{next:?}");
}

#[tokio::test]
async fn who_joined_a_clan_hears_the_channels_that_they_may_see() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh, chi) = (user(&emulator, 1).await, user(&emulator, 2).await, user(&emulator, 3).await);
    let clan = an.found(&[&binh, &chi]).await.clan_id;
    let (mut two, mut three) = (binh.in_clan(clan).await, chi.in_clan(clan).await);
    let mut deaf = chi.socket().await;

    let public = an.make(clan, TEXT, "news", &[]).await;
    for socket in [&mut two, &mut three] {
        let Message::ChannelCreatedEvent(created) = event(socket).await else { panic!("not told") };
        assert_eq!((created.channel_id, created.channel_private), (public.channel_id, 0));
    }
    an.say(&public, "to all").await;
    for socket in [&mut two, &mut three] {
        let heard = socket.next_text().await;
        assert_eq!((heard.clan_id, heard.mode, heard.is_public), (clan, 2, true));
    }

    let private = an.make(clan, TEXT, "secret", &[2]).await;
    assert!(matches!(event(&mut two).await, Message::ChannelCreatedEvent(_)));
    let Message::UserChannelAddedEvent(added) = event(&mut two).await else { panic!("not told") };
    assert_eq!(added.channel_desc.unwrap().channel_id, private.channel_id);
    an.say(&private, "to one").await;
    assert_eq!(two.next_text().await.content, r#"{"t":"to one"}"#);
    hears_nothing(&mut three).await;
    hears_nothing(&mut deaf).await;
    assert_eq!(chi.call("ListChannelDetail", &detail(&private)).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(error_of(&three.call(crate::support::join(&private)).await), (3, "channel permission denied"));
}

fn detail(channel: &api::ChannelDescription) -> api::ListChannelDetailRequest {
    api::ListChannelDetailRequest { channel_id: channel.channel_id }
}

#[tokio::test]
async fn a_join_of_the_clan_is_enough_to_write_in_its_public_channels_alone() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let clan = an.found(&[]).await.clan_id;
    let (public, private) = (an.make(clan, TEXT, "news", &[]).await, an.make(clan, TEXT, "secret", &[1]).await);
    let mut socket = an.socket().await;
    let send = |channel: &api::ChannelDescription| {
        Message::ChannelMessageSend(realtime::ChannelMessageSend {
            channel_id: channel.channel_id,
            content: "{}".to_owned(),
            mode: 2,
            ..Default::default()
        })
    };
    let unjoined = (3, "Must join channel before sending messages");
    assert_eq!(error_of(&socket.call(send(&public)).await), unjoined);
    socket.call(clan_join(clan)).await;
    assert!(matches!(socket.call(send(&public)).await, Message::ChannelMessageAck(_)));
    assert_eq!(error_of(&socket.call(send(&private)).await), unjoined);

    let mut stranger = binh.socket().await;
    assert_eq!(error_of(&stranger.call(clan_join(clan)).await), (3, "clan permission denied"));
    assert_eq!(error_of(&stranger.call(clan_join(404)).await), (3, "clan not found"));
}

#[tokio::test]
async fn who_is_removed_is_told_and_hears_no_more() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let clan = an.found(&[&binh]).await;
    let general = api::ChannelDescription { channel_id: clan.welcome_channel_id, r#type: TEXT, ..Default::default() };
    let mut socket = binh.in_clan(clan.clan_id).await;
    socket.call(crate::support::join(&general)).await;
    let request = api::RemoveClanUsersRequest { clan_id: clan.clan_id, user_ids: vec![2] };
    let () = an.get("RemoveClanUsers", &request).await;
    let Message::UserClanRemovedEvent(removed) = event(&mut socket).await else { panic!("not told") };
    assert_eq!((removed.clan_id, removed.user_ids.as_slice()), (clan.clan_id, [2].as_slice()));
    an.say(&general, "about somebody").await;
    hears_nothing(&mut socket).await;
    assert_eq!(binh.call("ListClanUsers", &api::ListClanUsersRequest { clan_id: clan.clan_id }).await.status(), 403);
}

#[tokio::test]
async fn a_thread_is_opened_to_those_who_are_added() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let clan = an.found(&[&binh]).await;
    let mut socket = binh.socket().await;
    let request = api::CreateChannelDescRequest {
        clan_id: clan.clan_id,
        parent_id: clan.welcome_channel_id,
        r#type: THREAD,
        channel_label: "lunch".to_owned(),
        ..Default::default()
    };
    let thread: api::ChannelDescription = an.get("CreateChannelDesc", &request).await;
    let add = api::AddChannelUsersRequest { channel_id: thread.channel_id, user_ids: vec![2] };
    let () = an.get("AddChannelUsers", &add).await;
    assert!(matches!(event(&mut socket).await, Message::UserChannelAddedEvent(_)));
    let Message::ChannelUpdatedEvent(open) = event(&mut socket).await else { panic!("not told") };
    assert_eq!((open.channel_type, open.status, open.parent_id), (THREAD, 1, clan.welcome_channel_id));
    let nested = api::CreateChannelDescRequest { parent_id: thread.channel_id, ..request };
    assert_eq!(an.call("CreateChannelDesc", &nested).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_voice_room_empties_with_the_connection_of_the_last() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let clan = an.found(&[&binh]).await.clan_id;
    let room = an.make(clan, VOICE, "stage", &[]).await;
    let (mut talker, mut listener) = (an.socket().await, binh.in_clan(clan).await);
    let state = realtime::HandleParticipantMeetStateEvent {
        clan_id: clan,
        channel_id: room.channel_id,
        display_name: "An".to_owned(),
        ..Default::default()
    };
    let echo = Message::HandleParticipantMeetStateEvent(state);
    assert_eq!(talker.call(echo.clone()).await, echo);
    let Message::VoiceStartedEvent(started) = event(&mut listener).await else { panic!("not told") };
    let Message::VoiceJoinedEvent(joined) = event(&mut listener).await else { panic!("not told") };
    assert_eq!((joined.user_id, joined.participant.as_str(), &joined.id), (1, "An", &started.id));
    let request = api::ListChannelUsersRequest { clan_id: clan, ..Default::default() };
    let list: api::VoiceChannelUserList = binh.get("ListChannelVoiceUsers", &request).await;
    assert_eq!(list.voice_channel_users[0].user_ids, ["1"]);

    drop(talker);
    let Message::VoiceLeavedEvent(left) = event(&mut listener).await else { panic!("not told") };
    assert_eq!((left.voice_user_id, left.voice_channel_id), (1, room.channel_id));
    let Message::VoiceEndedEvent(ended) = event(&mut listener).await else { panic!("not told") };
    assert_eq!(ended.id.to_string(), started.id);
}

#[tokio::test]
async fn a_role_is_given_over_the_socket_too() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let clan = an.found(&[&binh]).await.clan_id;
    let mut socket = binh.in_clan(clan).await;
    let request = api::CreateRoleRequest { clan_id: clan, title: "helper".to_owned(), ..Default::default() };
    let role: api::Role = an.get("CreateRole", &request).await;
    assert!(matches!(event(&mut socket).await, Message::RoleEvent(_)));
    let update =
        api::UpdateRoleRequest { role_id: role.id, add_user_ids: vec![2], clan_id: clan, ..Default::default() };
    let body = update.encode_to_vec().into();
    let call = realtime::ApiRequestEvent { api_index: 114, api_name: "UpdateRole".to_owned(), body };
    let mut owner = an.socket().await;
    owner.send(Message::ApiRequestEvent(call)).await;
    let Seen::ApiReply(reply) = owner.next().await else { panic!("no raw reply") };
    assert_eq!((reply.status, reply.payload.len()), (0, 0));
    assert!(matches!(event(&mut socket).await, Message::RoleEvent(_)));
    let Message::RoleAssignEvent(assigned) = event(&mut socket).await else { panic!("not told") };
    assert_eq!((assigned.clan_id, assigned.user_ids_assigned), (clan.to_string(), vec![2]));
}

#[tokio::test]
async fn a_town_survives_the_emulator() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("emulator.db");
    let first = Emulator::builder().database(&file).start().await.unwrap();
    let (an, binh) = (user(&first, 1).await, user(&first, 2).await);
    let clan = an.found(&[&binh]).await.clan_id;
    let private = an.make(clan, TEXT, "secret", &[2]).await;
    let role = api::CreateRoleRequest { clan_id: clan, title: "helper".to_owned(), ..Default::default() };
    let _: api::Role = an.get("CreateRole", &role).await;
    let nick = api::UpdateClanProfileRequest { clan_id: clan, nick_name: Some("Bé Hai".to_owned()), avatar: None };
    let () = binh.get("UpdateUserProfileByClan", &nick).await;
    // Dropped, as by a kill: what was answered is there.
    drop(first);

    let second = Emulator::builder().database(&file).start().await.unwrap();
    let binh = User { addr: second.addr(), ..binh };
    let users: api::ClanUserList = binh.get("ListClanUsers", &api::ListClanUsersRequest { clan_id: clan }).await;
    assert_eq!(users.clan_users.iter().map(|user| user.clan_nick.as_str()).collect::<Vec<_>>(), ["", "Bé Hai"]);
    let detail: api::ChannelDescription = binh.get("ListChannelDetail", &detail(&private)).await;
    assert_eq!((detail.channel_label.as_str(), detail.user_ids.as_slice()), ("secret", [1, 2].as_slice()));
    let roles: api::RoleListEventResponse =
        binh.get("ListRoles", &api::RoleListEventRequest { clan_id: clan, ..Default::default() }).await;
    assert_eq!(roles.roles.unwrap().roles[0].title, "helper");
}

#[tokio::test]
async fn an_invitation_is_looked_at_without_an_account() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let clan = an.found(&[]).await;
    let request = api::LinkInviteUserRequest { clan_id: clan.clan_id, ..Default::default() };
    let link: api::LinkInviteUser = an.get("CreateLinkInviteUser", &request).await;
    let look = async |method: Method, key: &str, id: &str| {
        let path = format!("/v2/invite/{id}");
        http(an.addr, request_to(an.addr, method, &path, &basic(key), "")).await
    };
    let key = format!("{}:", emulator.server_key());
    let found = look(Method::GET, &key, &link.id.to_string()).await;
    assert_eq!(found.status(), StatusCode::OK);
    let found = api::InviteUserRes::decode(found.into_body()).unwrap();
    assert_eq!((found.clan_name.as_str(), found.member_count, found.user_joined), ("Town", 1, false));
    let statuses = [
        look(Method::GET, &key, "404").await.status(),
        look(Method::GET, &key, "x").await.status(),
        look(Method::GET, "wrong:", &link.id.to_string()).await.status(),
        look(Method::POST, &key, &link.id.to_string()).await.status(),
    ];
    assert_eq!(statuses.map(|status| status.as_u16()), [404, 400, 401, 405]);
}

#[tokio::test]
async fn a_town_is_set_up_from_code() {
    let emulator = Emulator::start().await.unwrap();
    let (linh, minh) = (emulator.person("linh").await.unwrap(), emulator.person_with_id(2, "minh").await.unwrap());
    let clan = linh.found_clan("Book club").await.unwrap();
    clan.let_in(&minh).await.unwrap();
    clan.let_in(&minh).await.unwrap();
    let news = clan.add_text_channel("news").await.unwrap();
    let secret = clan.add_private_channel("secret", &[]).await.unwrap();
    let thread = clan.add_thread(news, "chapter three").await.unwrap();
    let stage = clan.add_channel(VOICE, "stage").await.unwrap();
    clan.add_role("helper", &[&minh], &["manage-channel"]).await.unwrap();
    minh.say(thread, "read it").await.unwrap();
    let dm = linh.open_direct(&minh).await.unwrap();

    // A client that signs in as the person finds all of it.
    let client = user(&emulator, 2).await;
    let request = api::ListChannelDescsRequest { clan_id: clan.id(), ..Default::default() };
    let list: api::ChannelDescList = client.get("ListChannelDescs", &request).await;
    let ids: Vec<i64> = list.channeldesc.iter().map(|channel| channel.channel_id).collect();
    assert_eq!(ids, [clan.welcome_channel(), news, thread, stage]);
    assert_eq!(list.channeldesc[2].last_sent_message.as_ref().unwrap().sender_id, 2);
    assert_eq!(client.history(dm).await, Vec::<String>::new());
    assert_eq!(client.make(clan.id(), TEXT, "by the helper", &[]).await.r#type, TEXT);
    let request = api::GenerateMeetTokenRequest { channel_id: stage, room_name: "room".to_owned() };
    let meet: api::GenerateMeetTokenResponse = client.get("GenerateMeetToken", &request).await;
    assert!(!meet.token.is_empty());
    let elsewhere = api::GenerateMeetTokenRequest { channel_id: secret, ..request };
    assert_eq!(client.call("GenerateMeetToken", &elsewhere).await.status(), StatusCode::FORBIDDEN);

    let refused = [
        minh.say(secret, "let me in").await.unwrap_err(),
        emulator.person(" ").await.unwrap_err(),
        clan.add_role("king", &[], &["rule"]).await.unwrap_err(),
        clan.add_thread(thread, "nested").await.unwrap_err(),
        linh.open_direct(&linh).await.unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.kind(), &EmulatorErrorKind::Refused, "{error:?}");
    }
    assert_eq!(emulator.person("linh").await.unwrap().id(), linh.id());
}

/// What becomes of a clan, and how those in it hear of each step.
#[tokio::test]
async fn every_step_in_a_clan_is_told() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh, chi) = (user(&emulator, 1).await, user(&emulator, 2).await, user(&emulator, 3).await);
    let clan = an.found(&[&binh]).await.clan_id;
    let mut socket = binh.in_clan(clan).await;
    macro_rules! told {
        ($arm:ident) => {{
            let told = event(&mut socket).await;
            let Message::$arm(told) = told else { panic!("told something else: {told:?}") };
            told
        }};
    }
    let request = api::LinkInviteUserRequest { clan_id: clan, ..Default::default() };
    let link: api::LinkInviteUser = an.get("CreateLinkInviteUser", &request).await;
    let _: api::InviteUserRes = chi.get("InviteUser", &api::InviteUserRequest { invite_id: link.id }).await;
    assert_eq!(told!(AddClanUserEvent).user.unwrap().user_id, 3);

    let request = api::UpdateClanDescRequest { clan_id: clan, clan_name: "City".to_owned(), ..Default::default() };
    let () = an.get("UpdateClanDesc", &request).await;
    assert_eq!(told!(ClanUpdatedEvent).clan_name, "City");
    let request = api::CreateCategoryDescRequest { category_name: "games".to_owned(), clan_id: clan };
    let _: api::CategoryDesc = an.get("CreateCategoryDesc", &request).await;
    assert_eq!(told!(CategoryEvent).category_name, "games");
    let request =
        api::UpdateClanProfileRequest { clan_id: clan, nick_name: Some("boss".to_owned()), ..Default::default() };
    let () = an.get("UpdateUserProfileByClan", &request).await;
    assert_eq!(told!(ClanProfileUpdatedEvent).clan_nick, "boss");

    let stage = an.make(clan, STREAMING, "stage", &[]).await;
    assert_eq!(told!(ChannelCreatedEvent).channel_type, STREAMING);
    let take_part =
        |state| realtime::HandleParticipantMeetStateEvent { channel_id: stage.channel_id, state, ..Default::default() };
    let () = an.get("UpdateMezonVoiceState", &take_part(0)).await;
    assert_eq!(told!(StreamingStartedEvent).channel_id, stage.channel_id);
    assert_eq!(told!(StreamingJoinedEvent).user_id, 1);
    let () = an.get("UpdateMezonVoiceState", &take_part(1)).await;
    assert_eq!(told!(StreamingLeavedEvent).streaming_user_id, "1");
    assert_eq!(told!(StreamingEndedEvent).channel_id, stage.channel_id);

    let private = an.make(clan, TEXT, "secret", &[2]).await;
    told!(ChannelCreatedEvent);
    told!(UserChannelAddedEvent);
    let remove = api::RemoveChannelUsersRequest { channel_id: private.channel_id, user_ids: vec![2] };
    let () = an.get("RemoveChannelUsers", &remove).await;
    assert_eq!(told!(UserChannelRemovedEvent).user_ids, [2]);
    // What became of it after that is no concern of theirs.
    let delete = api::DeleteChannelDescRequest { clan_id: clan, channel_id: private.channel_id };
    let () = an.get("DeleteChannelDesc", &delete).await;
    let delete = api::DeleteChannelDescRequest { clan_id: clan, channel_id: stage.channel_id };
    let () = an.get("DeleteChannelDesc", &delete).await;
    assert_eq!(told!(ChannelDeletedEvent).channel_id, stage.channel_id);

    let ban = api::BanClanUsersRequest { clan_id: clan, user_ids: vec![3], ..Default::default() };
    let () = an.get("BanClanUsers", &ban).await;
    assert_eq!(told!(BanUserEvent).user_ids, [3]);
    assert_eq!(told!(UserClanRemovedEvent).user_ids, [3]);
    let () = an.get("TransferOwnership", &api::TransferOwnershipRequest { clan_id: clan, new_owner_id: 2 }).await;
    assert_eq!(told!(TransferOwnershipEvent).curr_owner, 2);
    let () = binh.get("DeleteClanDesc", &api::DeleteClanDescRequest { clan_desc_id: clan }).await;
    assert_eq!(told!(ClanDeletedEvent).deletor, 2);
    hears_nothing(&mut socket).await;
}
