//! The session in its store: staged before it is bought, stored before it is used, never lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mezon_api::{ApiErrorKind, AppLogin, IdTokenLogin};
use mezon_session::{
    ErrorClass, MemoryStore, Secret, Session, SessionStore, SessionUpdate, StagedSave, StoreError, StoreErrorKind,
    StoreLock, TokenSource as _,
};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::support::{
    Peer, Reply, account, account_bytes, answer, answer_bytes, get_account, methods, new_tokens, opaque_session,
    opaque_tokens, refreshed, session, token, user,
};

/// A store that fails on demand, and tells how often it was saved to.
struct Unreliable {
    inner: MemoryStore,
    fail_lock: AtomicBool,
    fail_stage: AtomicBool,
    fail_save: AtomicBool,
    saves: watch::Sender<usize>,
}

impl Default for Unreliable {
    fn default() -> Self {
        Self {
            inner: MemoryStore::default(),
            fail_lock: AtomicBool::default(),
            fail_stage: AtomicBool::default(),
            fail_save: AtomicBool::default(),
            saves: watch::Sender::new(0),
        }
    }
}

fn fails(at: &AtomicBool) -> Result<(), StoreError> {
    if at.load(Ordering::SeqCst) { Err(StoreErrorKind::Unavailable.into()) } else { Ok(()) }
}

impl Unreliable {
    async fn saved(&self, times: usize) {
        self.saves.subscribe().wait_for(|saves| *saves >= times).await.unwrap();
    }
}

impl SessionStore for Unreliable {
    fn load(&self) -> Result<Option<Session>, StoreError> {
        self.inner.load()
    }

    fn save(&self, session: &Session) -> Result<(), StoreError> {
        fails(&self.fail_save)?;
        self.inner.save(session)?;
        self.saves.send_modify(|saves| *saves += 1);
        Ok(())
    }

    fn stage(&self) -> Result<StagedSave, StoreError> {
        fails(&self.fail_stage).map(|()| StagedSave::none())
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.inner.clear()
    }

    fn lock(&self) -> Result<StoreLock, StoreError> {
        fails(&self.fail_lock)?;
        self.inner.lock()
    }
}

#[tokio::test]
async fn nothing_is_spent_for_a_session_that_could_not_be_kept() {
    let store = Arc::new(Unreliable::default());
    store.fail_stage.store(true, Ordering::SeqCst);
    let peer = Peer::start([new_tokens("2"), account()]).await;
    let gateway = peer.gateway().store(store.clone()).build().unwrap();
    let client = gateway.resume(session("1", -10)).unwrap();
    let not_storable = ApiErrorKind::NotStorable(StoreErrorKind::Unavailable);
    for error in [get_account(&client).await.unwrap_err(), client.refresh_session().await.unwrap_err()] {
        assert_eq!(error.kind(), &not_storable);
        assert_eq!(error.class(), ErrorClass::TRANSIENT, "as the store's own");
    }
    let login = IdTokenLogin::new("an-id-token-for-one-use", user(), "linh");
    assert_eq!(gateway.authenticate(&login).await.unwrap_err().kind(), &not_storable);
    let error = gateway.authenticate_app(&AppLogin::new("42", "app-key")).await.unwrap_err();
    assert_eq!(error.kind(), &not_storable);
    assert_eq!(peer.connections(), 0);

    // The store is mended, and the session is as good as before.
    store.fail_stage.store(false, Ordering::SeqCst);
    get_account(&client).await.unwrap();
    assert!(peer.requests()[0].contains("refresh-1"));
    assert_eq!(store.load().unwrap().unwrap().confirmed(), *client.session());
}

/// A client whose session came and could not be stored.
async fn unsaved(peer: &Peer, store: &Arc<Unreliable>) -> mezon_api::ApiClient {
    store.inner.save(&session("1", 3_600)).unwrap();
    store.fail_save.store(true, Ordering::SeqCst);
    let client = peer.gateway().store(store.clone()).build().unwrap().resume(session("1", 3_600)).unwrap();
    let error = client.refresh_session().await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::Store(StoreErrorKind::Unavailable));
    client
}

#[tokio::test]
async fn a_session_that_could_not_be_stored_is_stored_at_the_next_call() {
    let go = Arc::new(Notify::new());
    let held = Reply::Held(Arc::clone(&go), answer_bytes(200, "", account_bytes()));
    let peer = Peer::start([new_tokens("2"), held, account()]).await;
    let store = Arc::new(Unreliable::default());
    let client = unsaved(&peer, &store).await;
    let mut changes = client.session_changes();
    store.fail_save.store(false, Ordering::SeqCst);
    let call = tokio::spawn({
        let client = client.clone();
        async move { get_account(&client).await }
    });
    store.saved(1).await;
    assert_eq!(store.load().unwrap().as_ref(), Some(&*client.session()));
    // And once more without the refresh token of before, because the server knows the session now.
    go.notify_one();
    call.await.unwrap().unwrap();
    store.saved(2).await;
    assert_eq!(store.load().unwrap().as_ref(), Some(&*client.session()));
    // That is enough, and it is no other session.
    client.save_session().await.unwrap();
    get_account(&client).await.unwrap();
    assert_eq!(*store.saves.borrow(), 2);
    drop(client);
    assert!(changes.next().await.is_none());
}

#[tokio::test]
async fn a_session_that_could_not_be_stored_is_stored_on_request() {
    let peer = Peer::start([new_tokens("2"), account()]).await;
    let store = Arc::new(Unreliable::default());
    let client = unsaved(&peer, &store).await;
    let error = client.save_session().await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::Store(StoreErrorKind::Unavailable));
    store.fail_save.store(false, Ordering::SeqCst);
    client.save_session().await.unwrap();
    assert_eq!(store.load().unwrap().as_ref(), Some(&*client.session()));
    // What another process has put there since is newer.
    let peer = Peer::start([new_tokens("2")]).await;
    let client = unsaved(&peer, &store).await;
    store.inner.save(&session("9", 7_200)).unwrap();
    store.fail_save.store(false, Ordering::SeqCst);
    client.save_session().await.unwrap();
    assert_eq!(store.load().unwrap(), Some(session("9", 7_200)));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_could_not_be_stored_is_stored_in_the_background() {
    let store = Arc::new(Unreliable::default());
    store.fail_save.store(true, Ordering::SeqCst);
    let gateway = mezon_api::Gateway::builder().gateway_url("http://127.0.0.1:1").store(store.clone());
    let client = gateway.build().unwrap().resume(session("1", 3_600)).unwrap();
    let update = SessionUpdate { token: Some(token("2", 3_600).into()), ..Default::default() };
    client.pushed(update).await.unwrap_err();
    client.keep_fresh();
    tokio::time::advance(Duration::from_secs(1)).await;
    store.fail_save.store(false, Ordering::SeqCst);
    store.saved(1).await;
    assert_eq!(store.load().unwrap().as_ref(), Some(&*client.session()));
}

#[tokio::test]
async fn a_session_that_this_client_has_replaced_is_not_taken_back() {
    // Both end in the same second, so times do not tell which came first.
    let peer = Peer::start([new_tokens("2"), new_tokens("3")]).await;
    let store = Arc::new(Unreliable::default());
    let client = unsaved(&peer, &store).await;
    assert_eq!(store.load().unwrap().unwrap().expires_at(), client.session().expires_at());
    store.fail_save.store(false, Ordering::SeqCst);
    assert_eq!(client.refresh_session().await.unwrap().refresh_token().unwrap().expose(), "refresh-3");
    assert!(peer.requests()[1].contains("refresh-2"), "what is stored is spent");
}

#[tokio::test]
async fn an_unsaved_session_is_stored_before_it_is_spent() {
    let peer = Peer::start([new_tokens("2"), answer(503, "", "")]).await;
    let store = Arc::new(Unreliable::default());
    let client = unsaved(&peer, &store).await;
    let error = client.refresh_session().await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::NotStorable(StoreErrorKind::Unavailable));
    assert_eq!(peer.requests().len(), 1, "it is good, and a next one could not be kept either");
    store.fail_save.store(false, Ordering::SeqCst);
    client.refresh_session().await.unwrap_err();
    assert_eq!(store.load().unwrap().as_ref(), Some(&*client.session()));
}

#[tokio::test]
async fn an_unsaved_session_does_not_replace_the_newer_one_of_another_process() {
    let peer = Peer::start([answer(200, "", refreshed("2", -20)), answer(503, "", "")]).await;
    let store = Arc::new(Unreliable::default());
    let client = unsaved(&peer, &store).await;
    let newer = session("9", -10);
    store.inner.save(&newer).unwrap();
    store.fail_save.store(false, Ordering::SeqCst);
    client.refresh_session().await.unwrap_err();
    assert!(peer.requests()[1].contains("refresh-9"), "it has ended too, and its refresh token is good");
    assert_eq!(store.load().unwrap(), Some(newer));
}

#[tokio::test]
async fn a_logout_and_a_refresh_do_not_wait_for_each_other() {
    let go = Arc::new(Notify::new());
    let held = Reply::Held(Arc::clone(&go), answer_bytes(200, "", refreshed("2", 3_600)));
    let peer = Peer::start([Reply::To("SessionRefresh", Box::new(held), Box::new(answer(200, "", "")))]).await;
    let store = MemoryStore::with_session(session("1", 3_600));
    let client = peer.gateway().store(Arc::new(store.clone())).build().unwrap().resume_stored().await.unwrap().unwrap();
    let refreshing = tokio::spawn({
        let client = client.clone();
        async move { client.refresh_session().await }
    });
    peer.requested(1).await;
    let logging_out = tokio::spawn({
        let client = client.clone();
        async move { client.logout().await }
    });
    peer.requested(2).await;
    go.notify_one();
    let both = async { (refreshing.await.unwrap(), logging_out.await.unwrap()) };
    let (refreshed, logged_out) = timeout(Duration::from_secs(20), both).await.unwrap();
    assert_eq!(refreshed.unwrap_err().kind(), &ApiErrorKind::LoginOver);
    logged_out.unwrap();
    assert_eq!(store.load().unwrap(), None);
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
async fn a_new_name_brings_tokens_that_are_stored_whoever_waits() {
    let go = Arc::new(Notify::new());
    let peer = Peer::start([Reply::Held(Arc::clone(&go), answer_bytes(200, "", refreshed("2", 3_600)))]).await;
    let store = MemoryStore::with_session(session("1", 3_600));
    let client = peer.gateway().store(Arc::new(store.clone())).build().unwrap().resume_stored().await.unwrap().unwrap();
    let mut changes = client.session_changes();
    tokio::select! {
        biased;
        _ = client.update_username("mai") => panic!("the answer is held back"),
        () = peer.requested(1) => {}
    }
    assert!(client.update_username("").await.is_err() && peer.requests()[0].contains("mai"));
    go.notify_one();
    let fresh = changes.next().await.unwrap();
    assert_eq!(fresh.refresh_token().unwrap().expose(), "refresh-2");
    assert_eq!((&fresh, store.load().unwrap().as_ref()), (&client.session(), Some(&*fresh)));
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
    assert_eq!(client.refresh_session().await.unwrap().confirmed(), opaque_session("4"));
    assert!(peer.requests()[1].contains("refresh-3"), "what is stored is spent");
}
