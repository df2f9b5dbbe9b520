//! A store in a SQLite file, which survives a restart of the process.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use mezon_proto::api;
use prost::Message as _;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Direction, Page, Row as Stored, Store, StoreError, Upload, Write};
use crate::town::Key;

mod schema;

pub(crate) struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// Opens the file, and makes it when there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |source: rusqlite::Error| StoreError::new("cannot open the database", source);
        let mut connection = Connection::open(path).map_err(failed)?;
        // Another process may hold the file for a moment, such as an emulator that is just ending.
        connection.busy_timeout(Duration::from_secs(2)).map_err(failed)?;

        schema::prepare(&mut connection)?;
        // Only now is it known that the file is ours to change.
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
        Ok(Self { connection })
    }

    fn bodies(&self, sql: &str, parameters: &[i64]) -> Result<Vec<api::ChannelMessage>, StoreError> {
        let mut statement = self.connection.prepare(sql).map_err(read_failed)?;
        let bodies = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get::<_, Vec<u8>>(0));
        bodies.map_err(read_failed)?.map(|body| decode_message(body.map_err(read_failed)?)).collect()
    }

    /// Messages older than the cursor, newest first.
    fn older(&self, page: &Page, cursor: i64, limit: usize) -> Result<Vec<api::ChannelMessage>, StoreError> {
        let sql = "SELECT body FROM messages WHERE channel = ?1 AND (?2 = 0 OR topic = ?2) AND id < ?3
                   ORDER BY id DESC LIMIT ?4";
        self.bodies(sql, &[page.channel, page.topic, cursor, as_i64(limit)])
    }

    /// Messages from an id on, newest first.
    fn newer(&self, page: &Page, from: i64, limit: usize) -> Result<Vec<api::ChannelMessage>, StoreError> {
        let sql = "SELECT body FROM messages WHERE channel = ?1 AND (?2 = 0 OR topic = ?2) AND id >= ?3
                   ORDER BY id ASC LIMIT ?4";
        let mut newer = self.bodies(sql, &[page.channel, page.topic, from, as_i64(limit)])?;
        newer.reverse();
        Ok(newer)
    }
}

impl Store for Sqlite {
    fn secret(&mut self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.connection
            .execute("INSERT OR IGNORE INTO secret (id, bytes) VALUES (1, ?1)", [fresh.as_slice()])
            .map_err(write_failed)?;
        self.connection.query_row("SELECT bytes FROM secret WHERE id = 1", [], |row| row.get(0)).map_err(read_failed)
    }

    fn last_id(&mut self) -> Result<i64, StoreError> {
        // From channel to channel, as reading all messages would take long.
        let sql = "WITH RECURSIVE places (channel) AS (
                       SELECT min(channel) FROM messages
                       UNION ALL
                       SELECT (SELECT min(channel) FROM messages WHERE channel > places.channel) FROM places
                       WHERE places.channel IS NOT NULL)
                   SELECT coalesce(max((SELECT max(id) FROM messages WHERE messages.channel = places.channel)), 0)
                   FROM places";
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(read_failed)
    }

    fn records(&mut self) -> Result<Vec<Stored>, StoreError> {
        let mut statement = self.connection.prepare("SELECT kind, body FROM records").map_err(read_failed)?;
        let rows = statement.query_map([], |row| Ok(Stored { kind: row.get(0)?, body: row.get(1)? }));
        rows.map_err(read_failed)?.collect::<Result<_, _>>().map_err(read_failed)
    }

    fn commit(&mut self, writes: Vec<Write>) -> Result<(), StoreError> {
        let transaction = self.connection.transaction().map_err(write_failed)?;
        for write in writes {
            apply(&transaction, write).map_err(write_failed)?;
        }
        transaction.commit().map_err(write_failed)
    }

    fn message(&mut self, channel: i64, id: i64) -> Result<Option<api::ChannelMessage>, StoreError> {
        let found = self.bodies("SELECT body FROM messages WHERE channel = ?1 AND id = ?2", &[channel, id])?;
        Ok(found.into_iter().next())
    }

    fn messages(&mut self, page: &Page) -> Result<Vec<api::ChannelMessage>, StoreError> {
        match page.direction {
            _ if page.cursor == 0 => self.older(page, i64::MAX, page.limit),
            Direction::Before => self.older(page, page.cursor, page.limit),
            Direction::After => self.newer(page, page.cursor.saturating_add(1), page.limit),
            Direction::Around => {
                let before = page.limit / 2;
                let mut around = self.newer(page, page.cursor, page.limit - before)?;
                around.extend(self.older(page, page.cursor, before)?);
                Ok(around)
            }
        }
    }

    fn upload(&mut self, key: &str) -> Result<Option<Upload>, StoreError> {
        let sql = "SELECT key, media_type, size, signed_ms, expires_ms, content FROM uploads WHERE key = ?1";
        self.connection.query_row(sql, [key], upload_from).optional().map_err(read_failed)
    }

    fn put_upload(&mut self, upload: &Upload) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO uploads (key, media_type, size, signed_ms, expires_ms, content)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let numbers = [upload.size, upload.signed_ms, upload.expires_ms].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let [size, signed, expires] = numbers;
        self.connection
            .execute(sql, params![upload.key, upload.media_type, size, signed, expires, upload.content.as_deref()])
            .map(drop)
            .map_err(write_failed)
    }

    fn add_refresh_token(&mut self, id: &str) -> Result<(), StoreError> {
        let added = self.connection.execute("INSERT OR REPLACE INTO refresh_tokens (id) VALUES (?1)", [id]);
        added.map(drop).map_err(write_failed)
    }

    fn has_refresh_token(&mut self, id: &str) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM refresh_tokens WHERE id = ?1)";
        self.connection.query_row(sql, [id], |row| row.get(0)).map_err(read_failed)
    }

    fn remove_refresh_token(&mut self, id: &str) -> Result<bool, StoreError> {
        let removed = self.connection.execute("DELETE FROM refresh_tokens WHERE id = ?1", [id]);
        removed.map(|rows| rows > 0).map_err(write_failed)
    }
}

fn apply(connection: &Connection, write: Write) -> rusqlite::Result<()> {
    let changed = match write {
        Write::Record { kind, key: Key(first, second), body: Some(body) } => connection
            .prepare("INSERT OR REPLACE INTO records (kind, first, second, body) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![kind, first, second, body]),
        Write::Record { kind, key: Key(first, second), body: None } => connection
            .prepare("DELETE FROM records WHERE kind = ?1 AND first = ?2 AND second = ?3")?
            .execute(params![kind, first, second]),
        Write::Message(message) => connection
            .prepare("INSERT OR REPLACE INTO messages (channel, id, topic, body) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![message.channel_id, message.message_id, message.topic_id, message.encode_to_vec()]),
        Write::NoMessage { channel, id } => {
            connection.prepare("DELETE FROM messages WHERE channel = ?1 AND id = ?2")?.execute(params![channel, id])
        }
        Write::NoMessages { channel } => {
            connection.prepare("DELETE FROM messages WHERE channel = ?1")?.execute([channel])
        }
    };
    changed.map(drop)
}

fn upload_from(row: &Row<'_>) -> Result<Upload, rusqlite::Error> {
    let number = |column| row.get::<_, i64>(column).map(|n| u64::try_from(n).unwrap_or_default());
    Ok(Upload {
        key: row.get(0)?,
        media_type: row.get(1)?,
        size: number(2)?,
        signed_ms: number(3)?,
        expires_ms: number(4)?,
        content: row.get::<_, Option<Vec<u8>>>(5)?.map(Bytes::from),
    })
}

fn decode_message(body: Vec<u8>) -> Result<api::ChannelMessage, StoreError> {
    api::ChannelMessage::decode(Bytes::from(body))
        .map_err(|source| StoreError::new("a stored message is damaged", source))
}

fn as_i64(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn read_failed(source: rusqlite::Error) -> StoreError {
    StoreError::new("cannot read from the database", source)
}

fn write_failed(source: rusqlite::Error) -> StoreError {
    StoreError::new("cannot write to the database", source)
}
