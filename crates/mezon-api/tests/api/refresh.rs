//! The session: refreshed once, and over only when that is proved.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mezon_api::{ApiErrorKind, AppLogin, Method, RetryPolicy, Timeouts};
use mezon_model::{ChannelId, MessageId};
use mezon_proto::api;
use mezon_session::{ErrorClass, ManualClock, SessionUpdate, TokenErrorKind, TokenSource as _};
use tokio::sync::Notify;

use crate::support::{
    Peer, Reply, account, answer, answer_bytes, bare_session, expired, get_account, methods, new_tokens,
    opaque_session, opaque_tokens, refreshed, session, token,
};

#[tokio::test]
async fn an_expired_token_is_refreshed_before_the_call() {
    let peer = Peer::start([new_tokens("2"), account()]).await;
    let client = expired(&peer);
    get_account(&client).await.unwrap();
    assert_eq!(methods(&peer), ["SessionRefresh", "GetAccount"]);
    let requests = peer.requests();
    assert!(requests[0].contains("authorization: Basic "), "the refresh carries the server key");
    assert!(requests[0].contains("refresh-1") && !requests[0].contains("Bearer"));
    assert!(requests[1].contains(client.session().token().expose()));
    assert_eq!(client.session().refresh_token().unwrap().expose(), "refresh-2");
}

#[tokio::test]
async fn a_token_due_soon_is_refreshed_behind_the_calls_back() {
    let reply = Reply::To("SessionRefresh", Box::new(new_tokens("2")), Box::new(account()));
    let peer = Peer::start([reply]).await;
    let client = peer.gateway().build().unwrap().resume(session("1", 30)).unwrap();
    let mut changes = client.session_changes();
    get_account(&client).await.unwrap();
    let fresh = changes.next().await.unwrap();
    assert_eq!(fresh.refresh_token().unwrap().expose(), "refresh-2");
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once_and_the_call_repeated_once() {
    let peer = Peer::start([answer(401, "", ""), new_tokens("2"), account()]).await;
    let client = peer.client();
    get_account(&client).await.unwrap();
    assert_eq!(methods(&peer), ["GetAccount", "SessionRefresh", "GetAccount"]);

    let peer = Peer::start([answer(401, "", ""), new_tokens("2"), answer(401, "", "")]).await;
    let client = peer.client();
    let error = get_account(&client).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::LoginOver);
    assert_eq!(methods(&peer), ["GetAccount", "SessionRefresh", "GetAccount"]);
    assert_eq!(get_account(&client).await.unwrap_err().kind(), &ApiErrorKind::LoginOver);
    assert_eq!(peer.requests().len(), 3, "no call goes out in vain");
}

#[tokio::test]
async fn only_a_refusal_ends_a_login() {
    for (status, over) in [(401, true), (403, true), (400, false), (429, false), (500, false), (503, false)] {
        let peer = Peer::start([answer(status, "", "")]).await;
        let error = get_account(&expired(&peer)).await.unwrap_err();
        assert_eq!(error.kind() == &ApiErrorKind::LoginOver, over, "{status}: {error:?}");
        assert_eq!(error.class() == ErrorClass::Auth, over, "{status}");
    }
    let peer = Peer::start([Reply::Close, new_tokens("2"), account()]).await;
    let client = expired(&peer);
    let error = get_account(&client).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::ConnectionLost);
    get_account(&client).await.unwrap();
    assert_eq!(methods(&peer), ["SessionRefresh", "SessionRefresh", "GetAccount"], "and is not spent twice blindly");
}

/// What a proxy, a firewall or the sign-in page of a network answers.
fn strangers() -> [Reply; 9] {
    let page = "<html><title>Forbidden</title></html>";
    [
        answer(401, "Content-Type: text/html\r\n", page),
        answer(401, "WWW-Authenticate: Basic realm=\"office\"\r\n", ""),
        answer(403, "", page),
        answer(403, "Content-Type: application/json\r\n", r#"{"message":"blocked by policy"}"#),
        answer(403, "Proxy-Connection: close\r\n", ""),
        answer(404, "", page),
        answer(407, "Proxy-Authenticate: Basic\r\n", ""),
        answer(200, "Content-Type: text/html\r\n", page),
        answer(204, "", ""),
    ]
}

#[tokio::test]
async fn nobody_but_the_gateway_ends_a_login() {
    for stranger in strangers() {
        // A call, with a good token.
        let peer = Peer::start([stranger.clone()]).await;
        let client = peer.gateway().retry(RetryPolicy::none()).build().unwrap().resume(session("1", 3_600)).unwrap();
        let error = get_account(&client).await.unwrap_err();
        assert!(matches!(error.kind(), ApiErrorKind::Intercepted { .. }), "{error:?}");
        assert!(error.class().is_transient(), "{error:?}");

        // A refresh, and then the gateway is back.
        let peer = Peer::start([stranger.clone(), new_tokens("2"), account()]).await;
        let client = expired(&peer);
        assert!(get_account(&client).await.unwrap_err().class().is_transient());
        get_account(&client).await.unwrap();
        assert_eq!(methods(&peer), ["SessionRefresh", "SessionRefresh", "GetAccount"]);

        // The check of a refused dial.
        let peer = Peer::start([stranger.clone()]).await;
        let client = peer.client();
        let error = client.refused(client.session()).await.unwrap_err();
        assert!(matches!(error.kind(), TokenErrorKind::Unavailable { .. }), "{error:?}");

        // The sign-in of a bot, the first and the next one.
        let bot_gateway = |peer: &Peer| peer.gateway().retry(RetryPolicy::none()).build().unwrap();
        let peer = Peer::start([stranger.clone()]).await;
        let login = AppLogin::new("42", "app-key");
        let error = bot_gateway(&peer).authenticate_app(&login).await.unwrap_err();
        assert!(error.class().is_transient(), "{error:?}");
        let peer =
            Peer::start([answer(200, "", bot("1", -10)), stranger, answer(200, "", bot("2", 3_600)), account()]).await;
        let client = bot_gateway(&peer).authenticate_app(&login).await.unwrap();
        assert!(get_account(&client).await.unwrap_err().class().is_transient());
        get_account(&client).await.unwrap();
    }
}

#[tokio::test]
async fn an_empty_answer_is_one_to_calls_without_an_answer_only() {
    let peer = Peer::start([answer(204, "", "")]).await;
    let client = peer.gateway().retry(RetryPolicy::none()).build().unwrap().resume(session("1", 3_600)).unwrap();
    client.call::<_, ()>(Method::new("MarkAsRead"), &()).await.unwrap();
    let error = client.catch_up(ChannelId::new(7), MessageId::new(1)).await.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::Intercepted { .. }), "nothing missed is not what it says: {error:?}");

    let peer = Peer::start([answer(200, "Content-Type: application/proto\r\n", "")]).await;
    let missed = peer.client().catch_up(ChannelId::new(7), MessageId::new(1)).await.unwrap();
    assert!(missed.is_empty(), "an empty list is a message without content");
}

#[tokio::test]
async fn the_end_of_a_login_names_the_token_that_was_refused() {
    let body = r#"{"code":16,"error":"unauthenticated","message":"no such token"}"#;
    let peer = Peer::start([answer(401, "", body)]).await;
    let error = get_account(&expired(&peer)).await.unwrap_err();
    let shown = format!("{error:#}");
    assert!(shown.contains("refused the refresh token (401)") && shown.ends_with("says: no such token"), "{shown}");

    let peer = Peer::start([answer(401, "", body), new_tokens("2"), answer(401, "", body)]).await;
    let shown = format!("{:#}", get_account(&peer.client()).await.unwrap_err());
    assert!(shown.contains("refused the access token (401)"), "{shown}");
}

#[tokio::test]
async fn without_a_refresh_token_the_server_has_the_last_word() {
    let peer = Peer::start([account(), answer(401, "", "")]).await;
    let client = peer.gateway().build().unwrap().resume(bare_session("1", -10)).unwrap();
    assert_eq!(client.refresh_session().await.unwrap_err().kind(), &ApiErrorKind::NotRefreshable);
    get_account(&client).await.unwrap();
    assert_eq!(get_account(&client).await.unwrap_err().kind(), &ApiErrorKind::LoginOver);
}

#[tokio::test]
async fn a_bot_signs_in_again() {
    let peer = Peer::start([answer(200, "", bot("1", -10)), answer(200, "", bot("2", 3_600)), account()]).await;
    let login = AppLogin::new("42", "app-key");
    let client = peer.gateway().build().unwrap().authenticate_app(&login).await.unwrap();
    get_account(&client).await.unwrap();
    let paths: Vec<_> = peer.requests().iter().map(|request| request.split(' ').nth(1).unwrap().to_owned()).collect();
    let (login, call) = ("/v2/apps/authenticate/token", "/mezon.api.Mezon/GetAccount");
    assert_eq!(paths, [login, login, call]);

    let peer = Peer::start([answer(200, "", bot("1", -10)), answer(401, "", "")]).await;
    let login = AppLogin::new("42", "app-key");
    let client = peer.gateway().build().unwrap().authenticate_app(&login).await.unwrap();
    assert_eq!(get_account(&client).await.unwrap_err().kind(), &ApiErrorKind::LoginOver);
}

fn bot(name: &str, left: i64) -> Vec<u8> {
    let session = api::Session { token: token(name, left), ..Default::default() };
    prost::Message::encode_to_vec(&session)
}

#[tokio::test]
async fn a_call_does_not_wait_longer_than_it_may() {
    let go = Arc::new(Notify::new());
    let peer = Peer::start([Reply::Held(go, Vec::new())]).await;
    let timeouts = Timeouts::default().total(Duration::from_millis(100));
    let client = peer.gateway().timeouts(timeouts).build().unwrap().resume(session("1", -10)).unwrap();
    let error = get_account(&client).await.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::TimedOut { .. } | ApiErrorKind::MaybeSent { .. }), "{error:?}");
}

#[tokio::test]
async fn new_addresses_that_are_not_trusted_are_ignored_and_the_tokens_used() {
    let tokens = api::Session {
        token: token("2", 3_600),
        refresh_token: "refresh-2".into(),
        api_url: "http://localhost:1".into(),
        ..Default::default()
    };
    let peer = Peer::start([answer(200, "", prost::Message::encode_to_vec(&tokens)), account()]).await;
    let client = expired(&peer);
    get_account(&client).await.unwrap();
    assert_eq!(client.session().api_url(), None);
    assert_eq!(client.session().refresh_token().unwrap().expose(), "refresh-2");
}

#[tokio::test]
async fn the_servers_clock_judges_tokens() {
    // Two hours ahead of the server: every token looks expired when it arrives.
    let ahead = Arc::new(ManualClock::new(SystemTime::now() + Duration::from_secs(7_200)));
    let date = httpdate::fmt_http_date(SystemTime::now());
    let dated = answer(200, &format!("Date: {date}\r\n"), refreshed("2", 3_600));
    let peer = Peer::start([dated, account()]).await;
    let client = peer.gateway().clock(ahead).build().unwrap().resume(session("1", 3_600)).unwrap();
    for _ in 0..3 {
        get_account(&client).await.unwrap();
    }
    assert_eq!(methods(&peer), ["SessionRefresh", "GetAccount", "GetAccount", "GetAccount"]);
}

#[tokio::test]
async fn the_clock_of_a_stranger_judges_nothing() {
    // By the stranger's clock, the token has ended hours ago.
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(7_200));
    let stranger = answer(401, &format!("Date: {date}\r\nContent-Type: text/html\r\n"), "<html>");
    let peer = Peer::start([stranger, account()]).await;
    let gateway = peer.gateway().retry(RetryPolicy::none()).build().unwrap();
    let client = gateway.resume(session("1", 3_600)).unwrap();
    get_account(&client).await.unwrap_err();
    get_account(&client).await.unwrap();
    assert_eq!(methods(&peer), ["GetAccount", "GetAccount"]);
}

/// A clock that is wrong by more than is corrected had each token replaced as soon as it came: by every call, and by the
/// task in the background once a second.
#[tokio::test]
async fn a_clock_that_is_days_ahead_replaces_a_token_once() {
    let ahead = Arc::new(ManualClock::new(SystemTime::now() + Duration::from_secs(3 * 24 * 3_600)));
    let date = httpdate::fmt_http_date(SystemTime::now());
    let dated = answer(200, &format!("Date: {date}\r\n"), refreshed("2", 3_600));
    let peer = Peer::start([dated, account()]).await;
    let client = peer.gateway().clock(ahead).build().unwrap().resume(session("1", 3_600)).unwrap();
    for _ in 0..3 {
        get_account(&client).await.unwrap();
        client.credentials().await.unwrap();
    }
    let pushed = SessionUpdate { user_id: Some(crate::support::user()), ..SessionUpdate::default() };
    client.pushed(pushed).await.unwrap();
    get_account(&client).await.unwrap();
    let calls = ["GetAccount"; 4];
    assert_eq!(methods(&peer), [&["SessionRefresh"], &calls[..]].concat());
}

#[tokio::test]
async fn a_session_is_kept_fresh_while_there_is_a_client() {
    let go = Arc::new(Notify::new());
    let held = Reply::Held(Arc::clone(&go), answer_bytes(200, "", refreshed("2", 3_600)));
    let peer = Peer::start([held]).await;
    let client = peer.gateway().build().unwrap().resume(session("1", 30)).unwrap();
    let mut changes = client.session_changes();
    client.keep_fresh();
    client.keep_fresh();
    peer.requested(1).await;
    go.notify_one();
    assert_eq!(changes.next().await.unwrap().refresh_token().unwrap().expose(), "refresh-2");
    drop(client);
    assert!(changes.next().await.is_none(), "the task in the background does not keep the client alive");
    assert_eq!(methods(&peer), ["SessionRefresh"]);
}

#[tokio::test]
async fn opaque_tokens_are_refreshed_when_they_are_refused() {
    let peer = Peer::start([account(), answer(401, "", ""), opaque_tokens("2"), account()]).await;
    let client = peer.gateway().build().unwrap().resume(opaque_session("1")).unwrap();
    get_account(&client).await.unwrap();
    get_account(&client).await.unwrap();
    assert_eq!(methods(&peer), ["GetAccount", "GetAccount", "SessionRefresh", "GetAccount"]);
    assert_eq!(*client.session(), opaque_session("2"));
}
