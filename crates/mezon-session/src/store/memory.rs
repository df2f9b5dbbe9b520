//! A store that ends with the process.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::{SessionStore, StoreError, StoreLock};
use crate::Session;

/// Keeps a session in memory: for tests, and for clients of one process that share a login. Clones share the session
/// and its lock.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    session: Mutex<Option<Session>>,
    locked: Mutex<bool>,
    released: Condvar,
}

impl MemoryStore {
    /// A store that holds `session`.
    pub fn with_session(session: Session) -> Self {
        let store = Self::default();
        store.replace(Some(session));
        store
    }

    fn replace(&self, session: Option<Session>) {
        *self.0.session.lock().unwrap_or_else(PoisonError::into_inner) = session;
    }
}

impl SessionStore for MemoryStore {
    fn load(&self) -> Result<Option<Session>, StoreError> {
        Ok(self.0.session.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn save(&self, session: &Session) -> Result<(), StoreError> {
        self.replace(Some(session.clone()));
        Ok(())
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.replace(None);
        Ok(())
    }

    fn lock(&self) -> Result<StoreLock, StoreError> {
        let locked = self.0.locked.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.0.released.wait_while(locked, |locked| *locked);
        *free.unwrap_or_else(PoisonError::into_inner) = true;
        Ok(StoreLock::holding(Guard(Arc::clone(&self.0))))
    }
}

struct Guard(Arc<Shared>);

impl Drop for Guard {
    fn drop(&mut self) {
        *self.0.locked.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.released.notify_one();
    }
}
