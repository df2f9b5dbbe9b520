//! The session in its store, and who may replace it.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex as SyncMutex};

use mezon_session::{BoxFuture, Secret, Session, SessionStore, StagedSave, StoreLock};
use tracing::{debug, warn};

use super::{Current, SessionKeeper, locked};
use crate::error::{not_storable, store_error};
use crate::{ApiError, blocking, spawn};

/// A store that nobody else refreshes or saves to, and the session in it.
pub(super) struct LockedStore {
    store: Arc<dyn SessionStore>,
    lock: StoreLock,
    stored: Option<Session>,
}

/// A locked store in which the next session can be saved, as far as that can be known. There is no other way to save a
/// session that replaces another.
pub(crate) struct StagedStore {
    store: Arc<dyn SessionStore>,
    staged: StagedSave,
    _lock: StoreLock,
}

/// Locks `store` and stages a save in it, for a session that comes from nowhere.
///
/// # Errors
/// [`ApiErrorKind::Store`](crate::ApiErrorKind::Store) without the lock,
/// [`ApiErrorKind::NotStorable`](crate::ApiErrorKind::NotStorable) when nothing can be saved.
pub(crate) async fn stage(store: Option<Arc<dyn SessionStore>>) -> Result<Option<StagedStore>, ApiError> {
    let Some(store) = store else { return Ok(None) };
    let staged = blocking(move || {
        let lock = store.lock().map_err(store_error)?;
        let staged = store.stage().map_err(not_storable)?;
        Ok(StagedStore { store, staged, _lock: lock })
    });
    staged.await?.map(Some)
}

impl StagedStore {
    /// Saves, and then lets others in again, even if whoever waits for it gives up.
    pub(crate) async fn save(self, session: Arc<Session>) -> Result<(), ApiError> {
        let saved = blocking(move || {
            let Self { store, staged, _lock } = self;
            staged.commit(&*store, &session)
        });
        saved.await?.map_err(store_error)
    }
}

impl LockedStore {
    /// Whether somebody has found out that the server knows `session`, which is stored.
    pub(super) fn is_confirmed(&self, session: &Session) -> bool {
        let stored = self.stored.as_ref().filter(|stored| stored.token() == session.token());
        stored.is_some_and(|stored| stored.previous_refresh_token().is_none())
    }

    /// For a session that is there already: whether it can be saved makes no difference any more.
    pub(super) fn unstaged(self) -> StagedStore {
        StagedStore { store: self.store, staged: StagedSave::none(), _lock: self.lock }
    }
}

impl SessionKeeper {
    /// The store, locked, and the session in it. One that cannot be read is no obstacle: ours is at hand, and replaces it.
    /// With the session of somebody else in it, the store is not ours to write to.
    pub(super) async fn lock_store(&self) -> Result<Option<LockedStore>, ApiError> {
        let Some(store) = self.gateway.0.store.clone() else { return Ok(None) };
        let locked = blocking(move || store.lock().map(|lock| (store.load(), lock, store))).await?;
        let (stored, lock, store) = locked.map_err(store_error)?;
        let stored = stored.unwrap_or_else(|error| {
            warn!(error = %error, "the stored session cannot be read, going on with the one in memory");
            None
        });
        if stored.as_ref().is_some_and(|stored| is_anothers(stored, &self.current().session)) {
            warn!("somebody else has signed in to the session store: it is theirs now, and this session is not stored");
            return Ok(None);
        }
        Ok(Some(LockedStore { store, lock, stored }))
    }

    /// The stored session, if another process left it there after `current` had come. `current` may be the newer one, after
    /// a save that failed.
    pub(super) fn newer(&self, store: &LockedStore) -> Option<Session> {
        let (stored, current) = (store.stored.as_ref()?, self.current());
        let session = &current.session;
        let follows = match (stored.expires_at(), session.expires_at()) {
            (Some(theirs), Some(ours)) => theirs >= ours,
            _ => !current.unsaved,
        };
        let is_newer = follows && stored.token() != session.token() && !self.replaced.contains(stored.token());
        is_newer.then(|| stored.clone())
    }

    /// Stages the save of the next session, after that of the one which is `unsaved`.
    pub(super) async fn stage(&self, store: LockedStore, unsaved: Option<&Current>) -> Result<StagedStore, ApiError> {
        let session = unsaved.map(|current| Arc::clone(&current.session));
        let staged = blocking(move || {
            let LockedStore { store, lock, .. } = store;
            if let Some(session) = session {
                store.save(&session)?;
            }
            Ok(StagedStore { staged: store.stage()?, store, _lock: lock })
        });
        let staged = staged.await?.map_err(not_storable)?;
        if let Some(current) = unsaved {
            self.is_stored(current);
        }
        Ok(staged)
    }

    /// Stores the current session if it is not stored yet.
    pub(crate) fn save_unsaved(&self) -> BoxFuture<'_, Result<(), ApiError>> {
        Box::pin(async move {
            if !self.current().unsaved || self.is_logged_out() {
                return Ok(());
            }
            let Some(store) = self.lock_store().await? else { return Ok(()) };
            let _turn = self.turn.lock().await;
            let current = self.current();
            if !current.unsaved || self.is_logged_out() {
                return Ok(());
            }
            // Another process has gone on from a session that came after ours.
            if self.newer(&store).is_some() {
                return Ok(());
            }
            store.unstaged().save(Arc::clone(&current.session)).await?;
            debug!("the session is stored now");
            self.is_stored(&current);
            Ok(())
        })
    }

    /// As [`SessionKeeper::save_unsaved`], in the background.
    pub(super) fn save_behind(self: &Arc<Self>) {
        if self.saving.swap(true, Ordering::SeqCst) {
            return;
        }
        let keeper = Arc::clone(self);
        spawn(Box::pin(async move {
            if let Err(error) = keeper.save_unsaved().await {
                debug!(error = %error, "the session is still not stored");
            }
            keeper.saving.store(false, Ordering::SeqCst);
        }));
    }

    /// The server has taken the access token of `seen`: the refresh token that bought it is of no more use, here and in the
    /// store.
    pub(super) fn confirm(self: &Arc<Self>, seen: &Current) {
        if seen.session.previous_refresh_token().is_none() {
            return;
        }
        let mut is_stored = false;
        self.current.send_if_modified(|now| {
            if now.session.token() == seen.session.token() && now.session.previous_refresh_token().is_some() {
                is_stored = !now.unsaved && self.gateway.0.store.is_some();
                *now = Arc::new(now.confirmed());
            }
            // It is no other session for that, so nobody is told.
            false
        });
        if is_stored {
            let keeper = Arc::clone(self);
            spawn(Box::pin(async move {
                if let Err(error) = keeper.store_confirmed().await {
                    debug!(error = %error, "the refresh token of before is still stored");
                }
            }));
        }
    }

    /// Stores the current session as a confirmed one, if it is the one that is stored.
    async fn store_confirmed(&self) -> Result<(), ApiError> {
        let Some(store) = self.lock_store().await? else { return Ok(()) };
        let _turn = self.turn.lock().await;
        let current = self.current();
        let is_stored = store.stored.as_ref().is_some_and(|stored| stored.token() == current.session.token());
        if is_stored && !self.is_logged_out() && !store.is_confirmed(&current.session) {
            store.unstaged().save(Arc::clone(&current.session)).await?;
        }
        Ok(())
    }

    /// Takes note that `current` is stored. It is no other session for that, so nobody is told.
    fn is_stored(&self, current: &Current) {
        self.current.send_if_modified(|now| {
            if now.session.token() == current.session.token() {
                *now = Arc::new(now.saved());
            }
            false
        });
    }
}

/// Whether `stored` is the session of another user than `session`.
pub(super) fn is_anothers(stored: &Session, session: &Session) -> bool {
    stored.user_id() != session.user_id()
}

/// The access tokens of the sessions that a client has replaced, the latest of them. A store may still hold one of these,
/// after a save that failed; it is spent, and times do not show that when both end in the same second.
#[derive(Default)]
pub(super) struct Replaced(SyncMutex<VecDeque<u64>>);

/// More refreshes than any store is out of reach for.
const REMEMBERED: usize = 256;

impl Replaced {
    pub(super) fn note(&self, token: &Secret) {
        let mut tokens = locked(&self.0);
        if tokens.len() >= REMEMBERED {
            tokens.pop_front();
        }
        tokens.push_back(hash(token));
    }

    fn contains(&self, token: &Secret) -> bool {
        locked(&self.0).contains(&hash(token))
    }
}

/// What tells tokens apart, without keeping them.
fn hash(token: &Secret) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.expose().hash(&mut hasher);
    hasher.finish()
}
