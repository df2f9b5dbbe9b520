//! The session: refreshed once, stored first, never lost, and over only when that is proved.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use mezon_api::{ApiClient, ApiError, ApiErrorKind, AppLogin, Method, RetryPolicy, Timeouts};
use mezon_model::{ChannelId, MessageId};
use mezon_proto::api;
use mezon_session::{
    ErrorClass, ManualClock, MemoryStore, Secret, Session, SessionStore, SessionUpdate, StoreError, StoreErrorKind,
    StoreLock, TokenErrorKind, TokenSource as _,
};
use tokio::sync::Notify;

use crate::support::{Peer, Reply, account, answer, answer_bytes, bare_session, refreshed, session, token};

async fn get_account(client: &ApiClient) -> Result<api::Account, ApiError> {
    client.call(Method::GET_ACCOUNT, &()).await
}

/// The methods called, in order.
fn methods(peer: &Peer) -> Vec<String> {
    let name = |request: &String| request.split([' ', '/']).nth(3).map(str::to_owned);
    peer.requests().iter().filter_map(name).collect()
}

fn new_tokens(name: &str) -> Reply {
    answer(200, "", refreshed(name, 3_600))
}

fn expired(peer: &Peer) -> ApiClient {
    peer.gateway().build().unwrap().resume(session("1", -10)).unwrap()
}

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
async fn whoever_gives_up_waiting_loses_no_tokens() {
    let go = Arc::new(Notify::new());
    let held = Reply::Held(Arc::clone(&go), answer_bytes(200, "", refreshed("2", 3_600)));
    let peer = Peer::start([held, account()]).await;
    let store = MemoryStore::with_session(session("1", -10));
    let gateway = peer.gateway().store(Arc::new(store.clone())).build().unwrap();
    let client = gateway.resume_stored().await.unwrap().unwrap();
    let mut changes = client.session_changes();
    tokio::select! {
        biased;
        _ = get_account(&client) => panic!("the refresh is held back"),
        () = peer.requested(1) => {}
    }
    // The call is gone, and so is the client.
    drop(client);
    go.notify_one();
    let fresh = changes.next().await.unwrap();
    assert_eq!(store.load().unwrap().as_ref(), Some(&*fresh), "stored before it is told");
    assert_eq!(fresh.refresh_token().unwrap().expose(), "refresh-2");
    assert!(changes.next().await.is_none());
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
async fn what_another_process_refreshed_is_taken_over() {
    let peer = Peer::start([account()]).await;
    let store = MemoryStore::with_session(session("2", 3_600));
    let gateway = peer.gateway().store(Arc::new(store)).build().unwrap();
    let client = gateway.resume(session("1", -10)).unwrap();
    get_account(&client).await.unwrap();
    assert_eq!(methods(&peer), ["GetAccount"]);
    assert_eq!(client.session().refresh_token().unwrap().expose(), "refresh-2");
}

#[tokio::test]
async fn a_newer_stored_session_that_has_expired_gives_its_refresh_token() {
    let peer = Peer::start([new_tokens("3"), account()]).await;
    let store = MemoryStore::with_session(session("2", -10));
    let gateway = peer.gateway().store(Arc::new(store.clone())).build().unwrap();
    let client = gateway.resume(session("1", -20)).unwrap();
    get_account(&client).await.unwrap();
    assert!(peer.requests()[0].contains("refresh-2"), "the newer one is the one that still works");
    assert_eq!(store.load().unwrap().unwrap().refresh_token().unwrap().expose(), "refresh-3");
}

#[tokio::test]
async fn an_older_stored_session_is_not_taken_over() {
    // As after a save that failed: the stored tokens are spent, though the access token has not expired.
    let peer = Peer::start([new_tokens("3")]).await;
    let store = MemoryStore::with_session(session("1", 600));
    let gateway = peer.gateway().store(Arc::new(store.clone())).build().unwrap();
    let client = gateway.resume(session("2", 3_600)).unwrap();
    let fresh = client.refresh_session().await.unwrap();
    assert!(peer.requests()[0].contains("refresh-2"));
    assert_eq!(store.load().unwrap().as_ref(), Some(&*fresh));
}

/// A store that fails on demand.
#[derive(Default)]
struct Unreliable {
    inner: MemoryStore,
    fail_lock: AtomicBool,
    fail_save: AtomicBool,
}

impl SessionStore for Unreliable {
    fn load(&self) -> Result<Option<Session>, StoreError> {
        self.inner.load()
    }

    fn save(&self, session: &Session) -> Result<(), StoreError> {
        if self.fail_save.load(Ordering::SeqCst) {
            return Err(StoreErrorKind::Unavailable.into());
        }
        self.inner.save(session)
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.inner.clear()
    }

    fn lock(&self) -> Result<StoreLock, StoreError> {
        if self.fail_lock.load(Ordering::SeqCst) {
            return Err(StoreErrorKind::Unavailable.into());
        }
        self.inner.lock()
    }
}

#[tokio::test]
async fn tokens_that_cannot_be_stored_are_used_and_reported() {
    let peer = Peer::start([new_tokens("2"), account()]).await;
    let store = Arc::new(Unreliable::default());
    store.fail_save.store(true, Ordering::SeqCst);
    let client = peer.gateway().store(store).build().unwrap().resume(session("1", 3_600)).unwrap();
    let error = client.refresh_session().await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::Store(StoreErrorKind::Unavailable));
    assert_eq!(client.session().refresh_token().unwrap().expose(), "refresh-2", "the old one is spent");
    get_account(&client).await.unwrap();
}

#[tokio::test]
async fn no_lock_no_refresh() {
    let peer = Peer::start([new_tokens("2")]).await;
    let store = Arc::new(Unreliable::default());
    store.fail_lock.store(true, Ordering::SeqCst);
    let client = peer.gateway().store(store).build().unwrap().resume(session("1", -10)).unwrap();
    let error = get_account(&client).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::Store(StoreErrorKind::Unavailable));
    assert_eq!(peer.connections(), 0);
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
async fn a_logout_ends_the_session_everywhere() {
    let peer = Peer::start([answer(200, "", "")]).await;
    let store = MemoryStore::with_session(session("1", 3_600));
    let gateway = peer.gateway().store(Arc::new(store.clone())).build().unwrap();
    let client = gateway.resume_stored().await.unwrap().unwrap();
    client.logout().await.unwrap();
    assert_eq!(store.load().unwrap(), None);
    let request = &peer.requests()[0];
    assert!(request.contains("SessionLogout") && request.contains("Bearer") && request.contains("refresh-1"));
    for error in [get_account(&client).await.unwrap_err(), client.refresh_session().await.unwrap_err()] {
        assert_eq!(error.kind(), &ApiErrorKind::LoginOver);
    }
    let update = SessionUpdate { token: Some(token("2", 3_600).into()), ..Default::default() };
    assert!(client.pushed(update).await.is_err());
    assert_eq!(store.load().unwrap(), None, "a late push does not bring it back");
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn a_logout_clears_the_store_whatever_the_server_says() {
    for (status, told) in [(200, true), (401, true), (500, false)] {
        let peer = Peer::start([answer(status, "", "")]).await;
        let store = MemoryStore::with_session(session("1", 3_600));
        let gateway = peer.gateway().store(Arc::new(store.clone())).build().unwrap();
        let client = gateway.resume_stored().await.unwrap().unwrap();
        assert_eq!(client.logout().await.is_ok(), told, "{status}");
        assert_eq!(store.load().unwrap(), None);
    }
}

#[tokio::test]
async fn credentials_for_a_dial_are_fresh_if_they_can_be() {
    let peer = Peer::start([new_tokens("2")]).await;
    let client = peer.gateway().build().unwrap().resume(session("1", 30)).unwrap();
    assert_eq!(client.credentials().await.unwrap().refresh_token().unwrap().expose(), "refresh-2");

    let peer = Peer::start([answer(503, "", "")]).await;
    let client = peer.gateway().build().unwrap().resume(session("1", 30)).unwrap();
    assert_eq!(client.credentials().await.unwrap().refresh_token().unwrap().expose(), "refresh-1", "still good");
    let error = expired(&peer).credentials().await.unwrap_err();
    assert_eq!(error.kind(), &TokenErrorKind::Unavailable { retry_after: None });
}

#[tokio::test]
async fn a_refused_dial_is_looked_into_over_http() {
    // The server has nothing against the token.
    let peer = Peer::start([account()]).await;
    let client = peer.client();
    let session = client.session();
    assert_eq!(client.refused(Arc::clone(&session)).await.unwrap(), session);
    assert_eq!(methods(&peer), ["GetAccount"]);

    // It has.
    let peer = Peer::start([answer(401, "", ""), new_tokens("2")]).await;
    let client = peer.client();
    let fresh = client.refused(client.session()).await.unwrap();
    assert_eq!(fresh.refresh_token().unwrap().expose(), "refresh-2");
    assert_eq!(methods(&peer), ["GetAccount", "SessionRefresh"]);

    // And against the refresh token too.
    let peer = Peer::start([answer(403, "", ""), answer(401, "", "")]).await;
    let client = peer.client();
    let error = client.refused(client.session()).await.unwrap_err();
    assert_eq!(error.kind(), &TokenErrorKind::LoginOver);

    // Nothing is proved by an overloaded server, or by none.
    for reply in [answer(503, "Retry-After: 60\r\n", ""), Reply::Close] {
        let peer = Peer::start([reply]).await;
        let client = peer.client();
        let error = client.refused(client.session()).await.unwrap_err();
        assert!(matches!(error.kind(), TokenErrorKind::Unavailable { .. }), "{error:?}");
    }

    // An expired token needs no look.
    let peer = Peer::start([new_tokens("2")]).await;
    let client = expired(&peer);
    client.refused(client.session()).await.unwrap();
    assert_eq!(methods(&peer), ["SessionRefresh"]);

    // Who was refused with older credentials gets the newer ones.
    let peer = Peer::start([account()]).await;
    let client = peer.client();
    let old = Arc::new(crate::support::session("0", 3_600));
    assert_eq!(client.refused(old).await.unwrap(), client.session());
    assert_eq!(peer.connections(), 0);
}

#[tokio::test]
async fn pushed_credentials_are_merged_stored_and_told() {
    let peer = Peer::start([account()]).await;
    let store = MemoryStore::default();
    let client = peer.gateway().store(Arc::new(store.clone())).build().unwrap().resume(session("1", 3_600)).unwrap();
    let mut changes = client.session_changes();
    let update = SessionUpdate {
        token: Some(token("2", 3_600).into()),
        session_id: Some(Secret::from("sid")),
        ws_url: Some("localhost:1".into()),
        ..Default::default()
    };
    client.pushed(update).await.unwrap();
    let told = changes.next().await.unwrap();
    assert_eq!(told, client.session());
    assert_eq!(store.load().unwrap().as_ref(), Some(&*told));
    assert_eq!(told.session_id().unwrap().expose(), "sid");
    assert_eq!(told.refresh_token().unwrap().expose(), "refresh-1", "what was not pushed stays");
    assert_eq!(told.ws_url(), None, "an address that is not trusted is left out");

    let broken = SessionUpdate { token: Some("no\nheader".into()), ..Default::default() };
    assert!(client.pushed(broken).await.is_err());
    assert_eq!(client.session(), told);
}

#[tokio::test]
async fn a_push_does_not_bring_back_a_refresh_token_that_another_process_spent() {
    let peer = Peer::start([account()]).await;
    let store = MemoryStore::with_session(session("1", 600));
    let client = peer.gateway().store(Arc::new(store.clone())).build().unwrap().resume_stored().await.unwrap().unwrap();
    // The other process is in the middle of its refresh.
    let lock = store.lock().unwrap();
    let pushed = tokio::spawn({
        let client = client.clone();
        let update = SessionUpdate { token: Some(token("3", 3_600).into()), ..Default::default() };
        async move { client.pushed(update).await }
    });
    tokio::task::yield_now().await;
    store.save(&session("2", 1_200)).unwrap();
    drop(lock);
    pushed.await.unwrap().unwrap();
    let stored = store.load().unwrap().unwrap();
    assert_eq!(stored.refresh_token().unwrap().expose(), "refresh-2", "the one that still works");
    assert!(stored.token().expose() != session("2", 1_200).token().expose(), "the pushed one");
    assert_eq!(stored, *client.session());
}

#[tokio::test]
async fn a_push_that_finds_no_lock_saves_nothing() {
    let peer = Peer::start([account()]).await;
    let store = Arc::new(Unreliable::default());
    let before = session("1", 600);
    store.inner.save(&before).unwrap();
    store.fail_lock.store(true, Ordering::SeqCst);
    let client = peer.gateway().store(store.clone()).build().unwrap().resume(before.clone()).unwrap();
    let half = SessionUpdate { token: Some(token("2", 3_600).into()), ..Default::default() };
    assert!(client.pushed(half.clone()).await.is_err());
    assert_eq!(*client.session(), before, "its refresh token may be spent");
    let whole = SessionUpdate { refresh_token: Some("refresh-2".into()), ..half };
    assert!(client.pushed(whole).await.is_err(), "it is not stored");
    assert_eq!(client.session().refresh_token().unwrap().expose(), "refresh-2", "and in use, the old one is replaced");
    assert_eq!(store.load().unwrap(), Some(before));
}

/// The answer to a refresh, with an access token that is no JWT.
fn opaque_tokens(name: &str) -> Reply {
    let tokens = api::Session {
        token: format!("opaque-{name}"),
        refresh_token: format!("refresh-{name}"),
        ..Default::default()
    };
    answer(200, "", prost::Message::encode_to_vec(&tokens))
}

fn opaque_session(name: &str) -> Session {
    let update = SessionUpdate {
        token: Some(format!("opaque-{name}").into()),
        refresh_token: Some(format!("refresh-{name}").into()),
        user_id: Some(crate::support::user()),
        ..Default::default()
    };
    Session::new(update).unwrap()
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

#[tokio::test]
async fn of_opaque_sessions_the_stored_one_is_newer_unless_a_save_failed() {
    let peer = Peer::start([opaque_tokens("3"), opaque_tokens("4")]).await;
    let store = Arc::new(Unreliable::default());
    store.save(&opaque_session("2")).unwrap();
    let client = peer.gateway().store(store.clone()).build().unwrap().resume(opaque_session("1")).unwrap();
    assert_eq!(*client.refresh_session().await.unwrap(), opaque_session("2"), "another process has refreshed");
    assert_eq!(peer.requests().len(), 0);

    store.fail_save.store(true, Ordering::SeqCst);
    client.refresh_session().await.unwrap_err();
    store.fail_save.store(false, Ordering::SeqCst);
    assert_eq!(*client.refresh_session().await.unwrap(), opaque_session("4"));
    assert!(peer.requests()[1].contains("refresh-3"), "what is stored is spent");
}
