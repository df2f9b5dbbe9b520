//! Sign-in, sessions and methods over HTTP.

use std::time::Duration;

use crate::support::{DM, GROUP, User, basic, channel_request, http, request, sign_in, user};
use ::http::{Method, StatusCode};
use mezon_emulator::Emulator;
use mezon_proto::api;
use prost::Message as _;
use serde_json::json;

#[tokio::test]
async fn a_sign_in_gives_a_session() {
    let emulator = Emulator::start().await.unwrap();
    let first = user(&emulator, 1_784_059_393_956_909_056).await;
    assert_eq!(first.session["user_id"], "1784059393956909056");
    assert_eq!(first.session["created"], true);
    assert_eq!(first.session["api_url"], emulator.url());
    assert_eq!(first.session["ws_url"], emulator.addr().to_string());
    let again = user(&emulator, first.id).await;
    assert_eq!(again.session["created"], false);
    assert_ne!(again.token, first.token);

    let account: api::Account = first.get("GetAccount", &()).await;
    let account = account.user.unwrap();
    assert_eq!((account.id, account.username.as_str()), (first.id, "user1784059393956909056"));
    assert_eq!(emulator.stats().logins, 2);
}

#[tokio::test]
async fn a_name_is_enough_and_stays_the_same_user() {
    let emulator = Emulator::start().await.unwrap();
    let body = json!({ "id_token": "x", "username": "thảo" });
    let mut ids = Vec::new();
    for _ in 0..2 {
        let response = sign_in(emulator.addr(), emulator.server_key(), &body).await;
        ids.push(crate::support::json(&response)["user_id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_wrong_sign_in_is_refused() {
    let emulator = Emulator::builder().server_key("the key").start().await.unwrap();
    let good = json!({ "id_token": "x", "user_id": 7, "username": "a" });
    for (key, body, status) in [
        ("wrong:", &good, 401),
        ("", &good, 401),
        ("the key:", &json!({ "id_token": "", "user_id": "7", "username": "a" }), 401),
        ("the key:", &json!({ "id_token": "x" }), 400),
        ("the key:", &json!({ "id_token": "x", "user_id": "seven" }), 400),
        ("the key:", &json!({ "id_token": "x", "user_id": "-7" }), 400),
        // The colon is optional, and one too many does no harm.
        ("the key", &good, 200),
        ("the key::", &good, 200),
    ] {
        let response = sign_in(emulator.addr(), key, body).await;
        assert_eq!(response.status(), status, "{key} {body}");
        if status != 200 {
            let error = crate::support::json(&response);
            assert!(error["code"].is_u64() && !error["message"].as_str().unwrap().is_empty(), "{error}");
        }
        assert!(response.headers().contains_key("date"));
    }
}

#[tokio::test]
async fn a_bot_signs_in_in_json_and_in_protobuf() {
    let emulator = Emulator::builder().app(77, "bot key", "helper").start().await.unwrap();
    let addr = emulator.addr();
    let post = |key: &str, accept: &str, body: serde_json::Value| {
        let mut request = request(addr, Method::POST, "/v2/apps/authenticate/token", &basic(key), body.to_string());
        request.headers_mut().insert("accept", accept.parse().unwrap());
        http(addr, request)
    };
    let account = json!({ "account": { "appid": "77", "token": "bot key" } });
    let reply = post("bot key:", "application/x-protobuf", account.clone()).await;
    assert_eq!(api::Session::decode(reply.into_body()).unwrap().user_id, 77);
    let reply = post("DefaultServerKey:", "application/json", json!({ "account": { "token": "bot key" } })).await;
    assert_eq!(crate::support::json(&reply)["user_id"], "77");

    for (key, body) in [
        ("bot key:", json!({ "account": { "appid": "77", "token": "guess" } })),
        ("bot key:", json!({ "account": { "appid": "78", "token": "bot key" } })),
        ("other:", account),
    ] {
        assert_eq!(post(key, "application/json", body).await.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_bot_signs_in_with_the_header_of_any_sdk() {
    let emulator = Emulator::builder().app(77, "bot key", "helper").start().await.unwrap();
    let addr = emulator.addr();
    let base64 = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
    let post = |header: String, token: &str| {
        let body = json!({ "account": { "appid": "77", "token": token } }).to_string();
        // The JavaScript SDK ends each path with a question mark.
        http(addr, request(addr, Method::POST, "/v2/apps/authenticate/token?", &header, body))
    };
    let key_alone = format!("Basic {}", base64("bot key:"));
    for header in [
        key_alone.clone(),
        format!("Basic {}", base64("DefaultServerKey:")),
        format!("Basic {}", base64("77:bot key")),
        format!("Basic b'{}'", base64("77:bot key")),
        base64("Basic bot key:"),
    ] {
        assert_eq!(post(header.clone(), "bot key").await.status(), StatusCode::OK, "{header}");
    }
    // The body decides, and the header must be one of somebody who knows a key.
    for (header, token) in [
        (key_alone, "guess"),
        (format!("Basic b'{}'", base64("77:guess")), "bot key"),
        (format!("Bearer {}", base64("bot key:")), "bot key"),
        (String::new(), "bot key"),
    ] {
        assert_eq!(post(header.clone(), token).await.status(), StatusCode::UNAUTHORIZED, "{header} {token}");
    }
}

#[tokio::test]
async fn a_session_names_the_socket_in_the_form_of_choice() {
    for (form, wanted) in [("full", "ws://{}"), ("host-port", "{}"), ("host", "127.0.0.1")] {
        let emulator = Emulator::builder().ws_url(form.parse().unwrap()).start().await.unwrap();
        let an = user(&emulator, 7).await;
        let wanted = wanted.replace("{}", &emulator.addr().to_string());
        assert_eq!(an.session["ws_url"], wanted);
        let refreshed = api::Session::decode(an.refresh("DefaultServerKey:").await.into_body()).unwrap();
        assert_eq!(refreshed.ws_url, wanted);
    }
    let wrong = "url".parse::<mezon_emulator::WsUrlForm>().unwrap_err().to_string();
    assert!(wrong.contains("`url`") && wrong.contains("host-port"), "{wrong}");
}

#[tokio::test]
async fn a_refresh_token_works_once() {
    let emulator = Emulator::start().await.unwrap();
    let old = user(&emulator, 7).await;
    assert_eq!(old.refresh("wrong:").await.status(), StatusCode::UNAUTHORIZED);
    let session = api::Session::decode(old.refresh("DefaultServerKey:").await.into_body()).unwrap();
    assert_eq!((session.user_id, session.api_url.as_str()), (7, emulator.url().as_str()));
    let reused = old.refresh("DefaultServerKey:").await;
    assert_eq!(reused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(crate::support::json(&reused)["message"], "invalid authentication token");

    let new = User { token: session.token, refresh_token: session.refresh_token, ..old };
    let _: api::Account = new.get("GetAccount", &()).await;
    assert_eq!(new.refresh("DefaultServerKey:").await.status(), StatusCode::OK);
    let stats = emulator.stats();
    assert_eq!((stats.refreshes, stats.refreshes_refused), (2, 1));
}

#[tokio::test]
async fn a_refresh_token_that_does_not_rotate_is_given_back() {
    let emulator = Emulator::builder().rotate_refresh_tokens(false).start().await.unwrap();
    let user = user(&emulator, 7).await;
    for _ in 0..2 {
        let session = api::Session::decode(user.refresh("DefaultServerKey:").await.into_body()).unwrap();
        assert_eq!(session.refresh_token, user.refresh_token);
    }
}

#[tokio::test]
async fn a_refresh_token_is_taken_again_in_its_time_of_grace_and_when_its_exchange_was_forgotten() {
    let refreshed = async |user: &User| {
        let answer = user.refresh("DefaultServerKey:").await;
        (answer.status() == StatusCode::OK).then(|| api::Session::decode(answer.into_body()).unwrap())
    };
    let emulator = Emulator::builder().refresh_token_grace(Duration::from_secs(3_600)).start().await.unwrap();
    let first = user(&emulator, 7).await;
    let one = refreshed(&first).await.unwrap();
    let other = refreshed(&first).await.unwrap();
    assert_ne!(one.refresh_token, other.refresh_token);

    let emulator = Emulator::start().await.unwrap();
    let first = user(&emulator, 7).await;
    let session = refreshed(&first).await.unwrap();
    assert!(refreshed(&first).await.is_none(), "spent");
    emulator.undo_refresh(7).await.unwrap();
    let lost = User { token: session.token, refresh_token: session.refresh_token, ..first.clone() };
    assert_eq!(lost.call("GetAccount", &()).await.status(), StatusCode::UNAUTHORIZED);
    assert!(refreshed(&lost).await.is_none());
    assert!(refreshed(&first).await.is_some());
    emulator.undo_refresh(8).await.unwrap();
}

#[tokio::test]
async fn expired_tokens_say_so() {
    let emulator = Emulator::builder()
        .token_lifetime(Duration::ZERO)
        .refresh_token_lifetime(Duration::ZERO)
        .start()
        .await
        .unwrap();
    let user = user(&emulator, 7).await;
    for refused in [user.call("GetAccount", &()).await, user.refresh("DefaultServerKey:").await] {
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(
            crate::support::json(&refused),
            json!({ "code": 16, "message": "authentication token has expired" })
        );
    }
    assert_eq!(
        crate::support::Socket::connect(emulator.addr(), &user.token).await.err(),
        Some(StatusCode::UNAUTHORIZED)
    );
}

#[tokio::test]
async fn a_logout_ends_both_tokens() {
    let emulator = Emulator::start().await.unwrap();
    let user = user(&emulator, 7).await;
    let logout = api::SessionLogoutRequest { refresh_token: user.refresh_token.clone(), ..Default::default() };
    user.get::<()>("SessionLogout", &logout).await;
    assert_eq!(user.call("GetAccount", &()).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(user.refresh("DefaultServerKey:").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn two_users_share_one_direct_channel_and_groups_are_new_each_time() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let dm = an.create_channel(DM, &[2]).await;
    assert_eq!((dm.r#type, dm.user_ids.as_slice(), dm.usernames[0].as_str()), (DM, [2].as_slice(), "user2"));
    let same = binh.create_channel(DM, &[1]).await;
    assert_eq!((same.channel_id, same.user_ids.as_slice()), (dm.channel_id, [1].as_slice()));

    let group = an.create_channel(GROUP, &[2, 3]).await;
    assert_eq!((group.r#type, group.member_count), (GROUP, 3));
    assert_ne!(an.create_channel(GROUP, &[2, 3]).await.channel_id, group.channel_id);

    let request = api::ListChannelDescsRequest { channel_type: DM, ..Default::default() };
    let list: api::ChannelDescList = binh.get("ListChannelDescs", &request).await;
    assert_eq!(list.channeldesc.iter().map(|of| of.channel_id).collect::<Vec<_>>(), [dm.channel_id]);
    let request = api::ListChannelDescsRequest { limit: 2, ..Default::default() };
    let list: api::ChannelDescList = binh.get("ListChannelDescs", &request).await;
    assert_eq!(list.channeldesc.len(), 2);
    let request = api::ListChannelDescsRequest { limit: 2, page: 2, ..Default::default() };
    let list: api::ChannelDescList = binh.get("ListChannelDescs", &request).await;
    assert_eq!(list.channeldesc.iter().map(|of| of.channel_id).collect::<Vec<_>>(), [dm.channel_id]);

    // The third user was only named so far, and finds the groups when it signs in.
    let third = user(&emulator, 3).await;
    assert_eq!(third.session["created"], true);
    let list: api::ChannelDescList = third.get("ListChannelDescs", &api::ListChannelDescsRequest::default()).await;
    assert_eq!(list.channeldesc.len(), 2);
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused() {
    let emulator = Emulator::start().await.unwrap();
    let (an, stranger) = (user(&emulator, 1).await, user(&emulator, 9).await);
    let dm = an.create_channel(DM, &[2]).await;
    let clan_channel = api::CreateChannelDescRequest { r#type: 1, user_ids: vec![2], ..Default::default() };
    for (status, response) in [
        (400, an.call("CreateChannelDesc", &channel_request(GROUP, &[])).await),
        (400, an.call("CreateChannelDesc", &channel_request(GROUP, &[1])).await),
        (400, an.call("CreateChannelDesc", &channel_request(DM, &[1])).await),
        (400, an.call("CreateChannelDesc", &channel_request(DM, &[2, 3])).await),
        (404, an.call("CreateChannelDesc", &channel_request(DM, &[-3])).await),
        (404, an.call("CreateChannelDesc", &clan_channel).await),
        (404, an.call("ListChannelDetail", &api::ListChannelDetailRequest { channel_id: 404 }).await),
        (403, stranger.call("ListChannelDetail", &api::ListChannelDetailRequest { channel_id: dm.channel_id }).await),
        (501, an.call("NoSuchMethod", &()).await),
        (400, an.call("ListChannelDetail", &b"\xff\xff".to_vec()).await),
        (401, User { token: String::new(), ..an.clone() }.call("GetAccount", &()).await),
        (401, User { token: "a.b.c".to_owned(), ..an.clone() }.call("GetAccount", &()).await),
        (404, http(an.addr, request(an.addr, Method::POST, "/nowhere", "", "")).await),
        (405, http(an.addr, request(an.addr, Method::GET, "/mezon.api.Mezon/GetAccount", "", "")).await),
        (400, http(an.addr, request(an.addr, Method::GET, "/ws?token=x", "", "")).await),
    ] {
        assert_eq!(response.status(), status, "{:?}", response.body());
        assert!(crate::support::json(&response)["message"].is_string());
    }
}
