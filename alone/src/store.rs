//! A session store of the application's own.

use std::sync::{Mutex, MutexGuard, PoisonError};

use mezon_light::{Session, SessionStore, StagedSave, StoreError, StoreErrorKind, StoreLock};

/// Keeps the session as text, as a store in a database or a keychain would.
#[derive(Debug, Default)]
pub struct TextStore {
    text: Mutex<Option<String>>,
}

impl TextStore {
    fn text(&self) -> MutexGuard<'_, Option<String>> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionStore for TextStore {
    fn load(&self) -> Result<Option<Session>, StoreError> {
        let text = self.text().clone();
        let damaged = |error| StoreError::with_source(StoreErrorKind::Unavailable, error);
        text.map(|text| Session::restore(&text).map_err(damaged)).transpose()
    }

    fn save(&self, session: &Session) -> Result<(), StoreError> {
        *self.text() = Some(session.export());
        Ok(())
    }

    fn stage(&self) -> Result<StagedSave, StoreError> {
        Ok(StagedSave::none())
    }

    fn clear(&self) -> Result<(), StoreError> {
        *self.text() = None;
        Ok(())
    }

    fn lock(&self) -> Result<StoreLock, StoreError> {
        Ok(StoreLock::none())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use mezon_light::{ClientInitConfig, LightClient};

    use super::*;

    #[test]
    fn a_store_of_the_applications_own_brings_a_session_back() {
        let login = ClientInitConfig::new("e30.eyJ1aWQiOiI3In0.", "refresh", "https://api.mezon.ai", 7);
        let session = LightClient::init_client(login).unwrap().session();
        let store = Arc::new(TextStore::default());
        assert_eq!(store.load().unwrap(), None);
        store.stage().unwrap().commit(&*store, &session).unwrap();
        assert_eq!(store.load().unwrap().as_ref(), Some(&*session));
        let client = LightClient::builder().store(store.clone()).resume(store.load().unwrap().unwrap()).unwrap();
        assert_eq!(client.user_id().get(), 7);
        store.clear().unwrap();
        assert_eq!(store.load().unwrap(), None);
        *store.text() = Some("no session".into());
        assert_eq!(store.load().unwrap_err().kind(), &StoreErrorKind::Unavailable);
    }
}
