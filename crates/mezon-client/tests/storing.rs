//! The session of a connection, in its store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mezon_client::mezon_api::{Gateway, IdTokenLogin};
use mezon_client::mezon_session::{MemoryStore, Session, SessionStore, StoreError, StoreErrorKind};
use mezon_client::{Client, ConnectOptions, Connection};
use support::{LINH, emulator};

/// A store that is out of reach at times.
#[derive(Default)]
struct Unreliable {
    inner: MemoryStore,
    away: AtomicBool,
}

impl SessionStore for Unreliable {
    fn load(&self) -> Result<Option<Session>, StoreError> {
        self.inner.load()
    }

    fn save(&self, session: &Session) -> Result<(), StoreError> {
        if self.away.load(Ordering::SeqCst) {
            Err(StoreErrorKind::Unavailable.into())
        } else {
            self.inner.save(session)
        }
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.inner.clear()
    }
}

#[tokio::test]
async fn what_could_not_be_stored_is_stored_at_the_end() {
    let emulator = emulator().await;
    let store = Arc::new(Unreliable::default());
    let gateway = Gateway::builder().gateway_url(emulator.url()).store(store.clone()).build().unwrap();
    let client = Client::new(gateway.authenticate(&IdTokenLogin::new("an id token", LINH, "linh")).await.unwrap());
    let connection = Connection::new(&client);
    connection.connect(ConnectOptions::default()).await.unwrap();
    store.away.store(true, Ordering::SeqCst);
    client.api().refresh_session().await.unwrap_err();
    let spent = store.load().unwrap().unwrap();
    assert_ne!(spent, *client.api().session());
    store.away.store(false, Ordering::SeqCst);
    connection.disconnect().await;
    assert_eq!(store.load().unwrap().unwrap(), *client.api().session());
}
