//! The refresh token that bought a session: kept until the server has shown that it knows the new pair.

use std::sync::Arc;

use mezon_api::{ApiClient, ApiErrorKind, IdTokenLogin};
use mezon_emulator::Emulator;
use mezon_session::{FileStore, MemoryStore, Session, SessionStore, SessionUpdate};

use crate::emulator::gateway;
use crate::support::{Peer, account, answer, get_account, methods, new_tokens, session};

/// The session 2, which was bought with the refresh token of session 1, and not used yet.
fn bought() -> Session {
    let previous = SessionUpdate { previous_refresh_token: Some("refresh-1".into()), ..SessionUpdate::default() };
    session("2", 3_600).merged(&previous).unwrap()
}

fn client(peer: &Peer) -> ApiClient {
    peer.gateway().build().unwrap().resume(bought()).unwrap()
}

/// The refresh tokens that were sent, in order.
fn spent(peer: &Peer) -> Vec<String> {
    let requests = peer.requests();
    let refreshes = requests.iter().filter(|request| request.contains("/SessionRefresh "));
    let token = |request: &String| request.split_once("refresh-").map(|(_, rest)| format!("refresh-{}", &rest[..1]));
    refreshes.filter_map(token).collect()
}

#[tokio::test]
async fn a_server_that_lost_the_newest_session_gets_the_token_of_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = || Arc::new(FileStore::new(folder.path().join("session.json")));
    let emulator = Emulator::start().await.unwrap();
    let gateway = gateway(&emulator).store(store()).build().unwrap();
    let first = gateway.authenticate(&IdTokenLogin::new("an id token", 1, "linh")).await.unwrap();
    first.refresh_session().await.unwrap();
    drop(first);
    emulator.undo_refresh(1).await.unwrap();

    let second = gateway.resume_stored().await.unwrap().unwrap();
    get_account(&second).await.unwrap();
    let stats = emulator.stats();
    assert_eq!((stats.refreshes, stats.refreshes_refused), (2, 1));
    assert_eq!(store().load().unwrap().unwrap().token(), second.session().token());
    second.refresh_session().await.unwrap();
}

#[tokio::test]
async fn both_tokens_refused_are_the_end_of_a_login() {
    let peer = Peer::start([answer(401, "", "")]).await;
    let client = client(&peer);
    let error = get_account(&client).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::LoginOver);
    assert_eq!((methods(&peer).len(), spent(&peer)), (3, vec!["refresh-2".to_owned(), "refresh-1".to_owned()]));
    assert_eq!(get_account(&client).await.unwrap_err().kind(), &ApiErrorKind::LoginOver);
    assert_eq!(peer.requests().len(), 3, "each is tried once");
}

#[tokio::test]
async fn what_buys_a_session_with_the_token_of_before_follows_it() {
    let refused = || answer(401, "", "");
    let peer = Peer::start([refused(), refused(), new_tokens("3"), account()]).await;
    let client = client(&peer);
    client.session_changes();
    get_account(&client).await.unwrap();
    let session = client.session();
    assert_eq!(session.refresh_token().unwrap().expose(), "refresh-3");
    assert_eq!(session.previous_refresh_token(), None, "the call has shown that the server knows it");
}

#[tokio::test]
async fn once_a_call_has_succeeded_a_refusal_is_meant() {
    let peer = Peer::start([account(), answer(401, "", "")]).await;
    let client = client(&peer);
    get_account(&client).await.unwrap();
    assert_eq!(client.session().previous_refresh_token(), None);
    assert_eq!(get_account(&client).await.unwrap_err().kind(), &ApiErrorKind::LoginOver);
    assert_eq!(spent(&peer), ["refresh-2"]);
}

/// The answer of a portal to a call without an answer proves nothing.
#[tokio::test]
async fn nothing_is_no_sign_that_the_server_knows_a_session() {
    let peer = Peer::start([answer(204, "", "")]).await;
    let client = client(&peer);
    client.call_untyped(mezon_api::methods::GET_ACCOUNT.any(), bytes::Bytes::new()).await.unwrap();
    assert!(client.session().previous_refresh_token().is_some());
}

#[tokio::test]
async fn a_server_in_trouble_ends_nothing() {
    let refused = || answer(401, "", "");
    let peer =
        Peer::start([refused(), refused(), answer(503, "", ""), refused(), refused(), new_tokens("3"), account()]);
    let peer = peer.await;
    let client = client(&peer);
    assert!(get_account(&client).await.unwrap_err().class().is_transient());
    get_account(&client).await.unwrap();
    assert_eq!(spent(&peer), ["refresh-2", "refresh-1", "refresh-2", "refresh-1"]);
}

#[tokio::test]
async fn what_another_process_has_found_out_is_known_here() {
    let peer = Peer::start([answer(401, "", "")]).await;
    let store = Arc::new(MemoryStore::with_session(bought().confirmed()));
    let client = peer.gateway().store(store).build().unwrap().resume(bought()).unwrap();
    assert_eq!(get_account(&client).await.unwrap_err().kind(), &ApiErrorKind::LoginOver);
    assert_eq!(spent(&peer), ["refresh-2"]);
}

/// A store that tells when a session without the token of before is saved.
struct Watched(MemoryStore, tokio::sync::watch::Sender<bool>);

impl SessionStore for Watched {
    fn load(&self) -> Result<Option<Session>, mezon_session::StoreError> {
        self.0.load()
    }

    fn save(&self, session: &Session) -> Result<(), mezon_session::StoreError> {
        self.0.save(session)?;
        self.1.send_replace(session.previous_refresh_token().is_none());
        Ok(())
    }

    fn clear(&self) -> Result<(), mezon_session::StoreError> {
        self.0.clear()
    }
}

#[tokio::test]
async fn the_store_keeps_the_token_of_before_until_the_first_call() {
    let peer = Peer::start([new_tokens("2"), account()]).await;
    let store =
        Arc::new(Watched(MemoryStore::with_session(session("1", 3_600)), tokio::sync::watch::Sender::new(false)));
    let client = peer.gateway().store(store.clone()).build().unwrap().resume(session("1", 3_600)).unwrap();
    let fresh = client.refresh_session().await.unwrap();
    assert_eq!(store.load().unwrap().as_ref(), Some(&*fresh));
    assert_eq!(fresh.previous_refresh_token().unwrap().expose(), "refresh-1");
    get_account(&client).await.unwrap();
    store.1.subscribe().wait_for(|confirmed| *confirmed).await.unwrap();
    assert_eq!(store.load().unwrap().as_ref(), Some(&*client.session()));
}
