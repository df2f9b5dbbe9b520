//! Where a session outlives the process.

mod error;
mod file;
mod memory;

use std::any::Any;
use std::fmt;

pub use error::{StoreError, StoreErrorKind};
pub use file::FileStore;
pub use memory::MemoryStore;

use crate::Session;

/// Keeps one session. The methods block: asynchronous callers run them where blocking is allowed.
///
/// Refresh tokens may be good for one use only, and a lost new one is a lost login. So whoever refreshes takes the lock,
/// loads again (another process may have refreshed meanwhile), stages the save of the next session, asks the server only
/// if all of that worked, saves, and releases the lock; and nobody uses new credentials before they are saved.
pub trait SessionStore: Send + Sync + 'static {
    /// The stored session. `None`: there is none yet.
    ///
    /// # Errors
    /// When there may be a session that cannot be read. An implementation never answers `None` for a damaged one.
    fn load(&self) -> Result<Option<Session>, StoreError>;

    /// Replaces the stored session, as a whole or not at all, and returns when it is durable.
    ///
    /// # Errors
    /// When it is not durable for sure. The store then holds the old session or the new one.
    fn save(&self, session: &Session) -> Result<(), StoreError>;

    /// Makes as sure as it can that the next session can be saved, before a token is spent to get it: takes the room that
    /// it needs, and tries the steps that may be forbidden. The stored session stays as it is.
    ///
    /// By default nothing is tried, and committing is [`SessionStore::save`].
    ///
    /// # Errors
    /// When the next save would fail. Nothing may be spent then.
    fn stage(&self) -> Result<StagedSave, StoreError> {
        Ok(StagedSave::none())
    }

    /// Forgets the stored session. Without one, nothing happens.
    ///
    /// # Errors
    /// When it may still be stored.
    fn clear(&self) -> Result<(), StoreError>;

    /// Waits until nobody else refreshes this session, and keeps others from it until the lock is dropped. Loading and
    /// saving work without the lock too. By default there is nobody else.
    ///
    /// # Errors
    /// When the lock cannot be had. No lock, no refresh.
    fn lock(&self) -> Result<StoreLock, StoreError> {
        Ok(StoreLock::none())
    }
}

/// The right to refresh a stored session, held until it is dropped.
#[must_use = "the lock is released when it is dropped"]
pub struct StoreLock(Option<Box<dyn Any + Send>>);

impl StoreLock {
    /// For stores that nobody else can reach.
    pub fn none() -> Self {
        Self(None)
    }

    /// A lock that is released when `guard` is dropped.
    pub fn holding(guard: impl Any + Send) -> Self {
        Self(Some(Box::new(guard)))
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreLock").field("held", &self.0.is_some()).finish()
    }
}

/// A save that has been tried as far as it can be without the session. Dropping it gives up what it holds.
#[must_use = "a staged save is given up when it is dropped"]
pub struct StagedSave(Option<Commit>);

type Commit = Box<dyn FnOnce(&Session) -> Result<(), StoreError> + Send>;

impl StagedSave {
    /// For stores with nothing to try: committing is [`SessionStore::save`].
    pub fn none() -> Self {
        Self(None)
    }

    /// `commit` does the rest of the save.
    pub fn new(commit: impl FnOnce(&Session) -> Result<(), StoreError> + Send + 'static) -> Self {
        Self(Some(Box::new(commit)))
    }

    /// Saves `session` in `store`, which staged this. What was staged may have been undone meanwhile, so a failure is
    /// followed by a whole save.
    ///
    /// # Errors
    /// As [`SessionStore::save`].
    pub fn commit(self, store: &dyn SessionStore, session: &Session) -> Result<(), StoreError> {
        match self.0 {
            Some(commit) => commit(session).or_else(|_| store.save(session)),
            None => store.save(session),
        }
    }
}

impl fmt::Debug for StagedSave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StagedSave").field("staged", &self.0.is_some()).finish()
    }
}
