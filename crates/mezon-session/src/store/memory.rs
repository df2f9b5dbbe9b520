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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_a_session_until_it_is_cleared_and_one_lock_after_the_other() {
        let session = crate::testing::session(None, 4_102_444_800);
        let store = MemoryStore::with_session(session.clone());
        let clone = store.clone();
        assert_eq!(clone.load().unwrap().unwrap().user_id(), session.user_id());
        drop(store.lock().unwrap());
        // A lock that was not given back would be waited for here.
        drop(clone.lock().unwrap());
        clone.clear().unwrap();
        assert!(store.load().unwrap().is_none());
    }
}
