//! A store in a SQLite file, which survives a restart of the process.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use mezon_proto::api;
use prost::Message as _;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Channel, Direction, Page, Store, StoreError, Upload, User};

/// Kept in `user_version`: a file of another emulator version, or of another program, is refused.
const VERSION: i64 = 2;

const SCHEMA: &str = "
    CREATE TABLE secret (id INTEGER PRIMARY KEY CHECK (id = 1), bytes BLOB NOT NULL);
    CREATE TABLE users (
        id INTEGER PRIMARY KEY, username TEXT NOT NULL, signed_in INTEGER NOT NULL, created INTEGER NOT NULL);
    CREATE INDEX users_by_name ON users (username);
    CREATE TABLE channels (
        id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, label TEXT NOT NULL, creator INTEGER NOT NULL,
        created INTEGER NOT NULL);
    CREATE TABLE members (
        channel INTEGER NOT NULL REFERENCES channels (id), user INTEGER NOT NULL, PRIMARY KEY (user, channel)
    ) WITHOUT ROWID;
    CREATE INDEX members_of ON members (channel);
    CREATE TABLE messages (
        channel INTEGER NOT NULL, id INTEGER NOT NULL, topic INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (channel, id)) WITHOUT ROWID;
    CREATE TABLE uploads (
        key TEXT PRIMARY KEY, media_type TEXT NOT NULL, size INTEGER NOT NULL, signed_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL, content BLOB);
    CREATE TABLE refresh_tokens (id TEXT PRIMARY KEY) WITHOUT ROWID;
    PRAGMA user_version = 2;
";

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

        let transaction = connection.transaction().map_err(failed)?;
        let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
        let tables: i64 =
            transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
        match (version, tables) {
            (VERSION, _) => {}
            (0, 0) => transaction.execute_batch(SCHEMA).map_err(failed)?,
            _ => return Err(StoreError::new("cannot open the database", "the file holds something else")),
        }
        transaction.commit().map_err(failed)?;
        // Only now is it known that the file is ours to change.
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
        Ok(Self { connection })
    }

    fn channel_from(&self, row: ChannelRow) -> Result<Channel, rusqlite::Error> {
        let (id, kind, label, creator, created) = row;
        let mut members = self.connection.prepare("SELECT user FROM members WHERE channel = ?1 ORDER BY user")?;
        let members = members.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Channel { id, kind, label, creator, created, members })
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

type ChannelRow = (i64, i32, String, i64, u32);

const CHANNEL_COLUMNS: &str = "c.id, c.kind, c.label, c.creator, c.created";

impl Store for Sqlite {
    fn secret(&mut self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.connection
            .execute("INSERT OR IGNORE INTO secret (id, bytes) VALUES (1, ?1)", [fresh.as_slice()])
            .map_err(write_failed)?;
        self.connection.query_row("SELECT bytes FROM secret WHERE id = 1", [], |row| row.get(0)).map_err(read_failed)
    }

    fn last_id(&mut self) -> Result<i64, StoreError> {
        let sql =
            "SELECT max(coalesce((SELECT max(id) FROM messages), 0), coalesce((SELECT max(id) FROM channels), 0))";
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(read_failed)
    }

    fn user(&mut self, id: i64) -> Result<Option<User>, StoreError> {
        let sql = "SELECT id, username, signed_in, created FROM users WHERE id = ?1";
        self.connection.query_row(sql, [id], user_from).optional().map_err(read_failed)
    }

    fn user_named(&mut self, username: &str) -> Result<Option<User>, StoreError> {
        let sql = "SELECT id, username, signed_in, created FROM users WHERE username = ?1 ORDER BY id LIMIT 1";
        self.connection.query_row(sql, [username], user_from).optional().map_err(read_failed)
    }

    fn put_user(&mut self, user: &User) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO users (id, username, signed_in, created) VALUES (?1, ?2, ?3, ?4)";
        self.connection
            .execute(sql, params![user.id, user.username, user.signed_in, user.created])
            .map(drop)
            .map_err(write_failed)
    }

    fn channel(&mut self, id: i64) -> Result<Option<Channel>, StoreError> {
        let sql = format!("SELECT {CHANNEL_COLUMNS} FROM channels c WHERE c.id = ?1");
        let row = self.connection.query_row(&sql, [id], channel_row).optional().map_err(read_failed)?;
        row.map(|row| self.channel_from(row)).transpose().map_err(read_failed)
    }

    fn direct_channel(&mut self, one: i64, other: i64) -> Result<Option<Channel>, StoreError> {
        let sql = format!(
            "SELECT {CHANNEL_COLUMNS} FROM channels c
             JOIN members a ON a.channel = c.id AND a.user = ?1 JOIN members b ON b.channel = c.id AND b.user = ?2
             WHERE c.kind = {} ORDER BY c.id LIMIT 1",
            super::DIRECT
        );
        let row = self.connection.query_row(&sql, [one, other], channel_row).optional().map_err(read_failed)?;
        row.map(|row| self.channel_from(row)).transpose().map_err(read_failed)
    }

    fn channels_of(&mut self, user: i64) -> Result<Vec<Channel>, StoreError> {
        let sql = format!(
            "SELECT {CHANNEL_COLUMNS} FROM channels c JOIN members m ON m.channel = c.id WHERE m.user = ?1 ORDER BY c.id"
        );
        let mut statement = self.connection.prepare(&sql).map_err(read_failed)?;
        let rows = statement.query_map([user], channel_row).map_err(read_failed)?;
        rows.map(|row| row.and_then(|row| self.channel_from(row)).map_err(read_failed)).collect()
    }

    fn add_channel(&mut self, channel: &Channel) -> Result<(), StoreError> {
        let transaction = self.connection.transaction().map_err(write_failed)?;
        transaction
            .execute(
                "INSERT INTO channels (id, kind, label, creator, created) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![channel.id, channel.kind, channel.label, channel.creator, channel.created],
            )
            .map_err(write_failed)?;
        for member in &channel.members {
            transaction
                .execute("INSERT OR IGNORE INTO members (channel, user) VALUES (?1, ?2)", [channel.id, *member])
                .map_err(write_failed)?;
        }
        transaction.commit().map_err(write_failed)
    }

    fn message(&mut self, channel: i64, id: i64) -> Result<Option<api::ChannelMessage>, StoreError> {
        let found = self.bodies("SELECT body FROM messages WHERE channel = ?1 AND id = ?2", &[channel, id])?;
        Ok(found.into_iter().next())
    }

    fn put_message(&mut self, message: &api::ChannelMessage) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO messages (channel, id, topic, body) VALUES (?1, ?2, ?3, ?4)";
        let body = message.encode_to_vec();
        self.connection
            .prepare(sql)
            .and_then(|mut insert| {
                insert.execute(params![message.channel_id, message.message_id, message.topic_id, body])
            })
            .map(drop)
            .map_err(write_failed)
    }

    fn remove_message(&mut self, channel: i64, id: i64) -> Result<(), StoreError> {
        self.connection
            .execute("DELETE FROM messages WHERE channel = ?1 AND id = ?2", [channel, id])
            .map(drop)
            .map_err(write_failed)
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

fn user_from(row: &Row<'_>) -> Result<User, rusqlite::Error> {
    Ok(User { id: row.get(0)?, username: row.get(1)?, signed_in: row.get(2)?, created: row.get(3)? })
}

fn channel_row(row: &Row<'_>) -> Result<ChannelRow, rusqlite::Error> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
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
