//! What the emulator remembers: the records of the town, messages, uploads, refresh tokens.
//!
//! One trait, two stores: [`Memory`] and [`Sqlite`]. The same tests run on both.

mod memory;
mod sqlite;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use mezon_proto::api;

use crate::town::Key;
use crate::town::messages::header;
pub(crate) use memory::Memory;
pub(crate) use sqlite::Sqlite;

/// A stored record of the town.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// The table it belongs to.
    pub(crate) kind: String,
    pub(crate) body: Vec<u8>,
}

/// One change of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Write {
    /// Adds or replaces a record of the town, or removes it when there is no body.
    Record { kind: &'static str, key: Key, body: Option<Vec<u8>> },
    /// Adds a message, or replaces the one with its id.
    Message(Box<api::ChannelMessage>),
    /// Removes a message.
    NoMessage { channel: i64, id: i64 },
    /// Removes all messages of a channel.
    NoMessages { channel: i64 },
}

/// A file of the object store, announced or there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    /// The path of its URL.
    pub(crate) key: String,
    /// What the PUT said it is; empty before.
    pub(crate) media_type: String,
    pub(crate) size: u64,
    pub(crate) signed_ms: u64,
    pub(crate) expires_ms: u64,
    /// `None` until it was uploaded.
    pub(crate) content: Option<Bytes>,
}

/// Which part of a channel's history is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub(crate) channel: i64,
    /// 0: of all topics.
    pub(crate) topic: i64,
    /// A message id; 0 for the end of the history.
    pub(crate) cursor: i64,
    pub(crate) direction: Direction,
    pub(crate) limit: usize,
}

/// Where from the cursor to look. The cursor's own message is part of `Around` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Before,
    Around,
    After,
}

/// A store. Calls are short and blocking; [`Storage`] decides where they run.
pub(crate) trait Store: Send {
    /// The key that tokens and URLs are signed with: the one stored first.
    fn secret(&mut self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;
    /// The highest id of any message, 0 when there is none.
    fn last_id(&mut self) -> Result<i64, StoreError>;

    /// What each of these channels shows of its newest message, if it has one.
    fn newest(
        &mut self,
        channels: &mut dyn Iterator<Item = i64>,
    ) -> Result<HashMap<i64, api::ChannelMessageHeader>, StoreError> {
        let mut newest = HashMap::new();
        for channel in channels {
            let page = Page { channel, topic: 0, cursor: 0, direction: Direction::Before, limit: 1 };
            if let [message] = self.messages(&page)?.as_slice() {
                newest.insert(channel, header(message));
            }
        }
        Ok(newest)
    }

    /// All records of the town.
    fn records(&mut self) -> Result<Vec<Row>, StoreError>;
    /// Makes all of these changes, or none of them.
    fn commit(&mut self, writes: Vec<Write>) -> Result<(), StoreError>;

    fn message(&mut self, channel: i64, id: i64) -> Result<Option<api::ChannelMessage>, StoreError>;
    /// Newest first. When there are more than the limit, those nearest to the cursor.
    fn messages(&mut self, page: &Page) -> Result<Vec<api::ChannelMessage>, StoreError>;

    fn upload(&mut self, key: &str) -> Result<Option<Upload>, StoreError>;
    /// Adds an upload, or replaces the one with its key.
    fn put_upload(&mut self, upload: &Upload) -> Result<(), StoreError>;

    /// Notes a refresh token that can be used.
    fn add_refresh_token(&mut self, id: &str) -> Result<(), StoreError>;
    fn has_refresh_token(&mut self, id: &str) -> Result<bool, StoreError>;
    /// False when there was none.
    fn remove_refresh_token(&mut self, id: &str) -> Result<bool, StoreError>;
}

/// A shared store. Memory answers in place; a database works on the blocking threads.
#[derive(Clone)]
pub(crate) struct Storage {
    store: Arc<Mutex<Box<dyn Store>>>,
    blocking: bool,
}

impl Storage {
    pub(crate) fn memory() -> Self {
        Self { store: Arc::new(Mutex::new(Box::new(Memory::default()))), blocking: false }
    }

    /// Opens or makes the database. Blocks for as long as that takes.
    pub(crate) fn sqlite(path: &Path) -> Result<Self, StoreError> {
        let store: Box<dyn Store> = Box::new(Sqlite::open(path)?);
        Ok(Self { store: Arc::new(Mutex::new(store)), blocking: true })
    }

    /// Runs `work` with the store to itself.
    pub(crate) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut dyn Store) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if !self.blocking {
            return work(self.store.lock().unwrap_or_else(PoisonError::into_inner).as_mut());
        }
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || work(store.lock().unwrap_or_else(PoisonError::into_inner).as_mut()))
            .await
            .unwrap_or_else(|stopped| Err(StoreError::new("the storage task was stopped", stopped).into()))
    }
}

/// The storage could not do what it was asked.
#[derive(Debug)]
pub(crate) struct StoreError {
    what: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    pub(crate) fn new(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { what, source: source.into() }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_ref())
    }
}
