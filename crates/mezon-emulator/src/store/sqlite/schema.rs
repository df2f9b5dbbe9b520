//! The tables of a database, and how those of an older emulator become them.

use rusqlite::{Connection, Transaction, params};

use super::super::StoreError;
use crate::town::channels::Channel;
use crate::town::people::User;
use crate::town::{Key, Record};

/// Kept in `user_version`.
const VERSION: i64 = 3;

const SCHEMA: &str = "
    CREATE TABLE secret (id INTEGER PRIMARY KEY CHECK (id = 1), bytes BLOB NOT NULL);
    CREATE TABLE messages (
        channel INTEGER NOT NULL, id INTEGER NOT NULL, topic INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (channel, id)) WITHOUT ROWID;
    CREATE TABLE uploads (
        key TEXT PRIMARY KEY, media_type TEXT NOT NULL, size INTEGER NOT NULL, signed_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL, content BLOB);
    CREATE TABLE refresh_tokens (id TEXT PRIMARY KEY) WITHOUT ROWID;
";

/// The records of the town, as JSON.
const RECORDS: &str = "
    CREATE TABLE records (
        kind TEXT NOT NULL, first INTEGER NOT NULL, second INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (kind, first, second)) WITHOUT ROWID;
    PRAGMA user_version = 3;
";

/// Makes the tables in an empty file, and brings those of an older emulator up to date. Any other file is refused and
/// stays as it is.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    let failed = |source: rusqlite::Error| StoreError::new("cannot open the database", source);
    let refused = |why: String| StoreError::new("cannot open the database", why);
    let transaction = connection.transaction().map_err(failed)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    let tables = |condition: &str| -> Result<i64, StoreError> {
        let sql = format!("SELECT count(*) FROM sqlite_schema WHERE {condition}");
        transaction.query_row(&sql, [], |row| row.get(0)).map_err(failed)
    };
    let ours = tables("name IN ('secret', 'messages', 'refresh_tokens')")? == 3;
    match version {
        VERSION if ours => {}
        0 if tables("true")? == 0 => transaction.execute_batch(&[SCHEMA, RECORDS].concat()).map_err(failed)?,
        2 if ours => move_to_records(&transaction)?,
        newer if ours && newer > VERSION => {
            return Err(refused(format!(
                "a newer emulator has written it: its version is {newer}, and this one reads up to {VERSION}"
            )));
        }
        _ => return Err(refused("the file holds something else".to_owned())),
    }
    transaction.commit().map_err(failed)
}

/// Version 2 had tables for users and channels.
fn move_to_records(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let failed = |source: rusqlite::Error| StoreError::new("cannot bring the database up to date", source);
    transaction.execute_batch(RECORDS).map_err(failed)?;

    let mut users = transaction.prepare("SELECT id, username, signed_in, created FROM users").map_err(failed)?;
    let users = users.query_map([], |row| {
        let (id, username, signed_in) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(User { id, username, signed_in, created: row.get(3)?, ..User::default() })
    });
    for user in users.map_err(failed)? {
        insert(transaction, &user.map_err(failed)?)?;
    }

    let mut members =
        transaction.prepare("SELECT user FROM members WHERE channel = ?1 ORDER BY user").map_err(failed)?;
    let mut channels = transaction.prepare("SELECT id, kind, label, creator, created FROM channels").map_err(failed)?;
    let channels = channels.query_map([], |row| {
        let id = row.get(0)?;
        let members = members.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let (kind, label, creator) = (row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(Channel { id, kind, label, creator, created: row.get(4)?, members, ..Channel::default() })
    });
    for channel in channels.map_err(failed)? {
        insert(transaction, &channel.map_err(failed)?)?;
    }
    transaction.execute_batch("DROP TABLE members; DROP TABLE channels; DROP TABLE users;").map_err(failed)
}

fn insert<R: Record>(transaction: &Transaction<'_>, record: &R) -> Result<(), StoreError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::new("cannot bring the database up to date", source)
    };
    let body = serde_json::to_vec(record).map_err(|source| failed(source.into()))?;
    let Key(first, second) = record.key();
    transaction
        .execute(
            "INSERT INTO records (kind, first, second, body) VALUES (?1, ?2, ?3, ?4)",
            params![R::KIND, first, second, body],
        )
        .map(drop)
        .map_err(|source| failed(source.into()))
}

#[cfg(test)]
mod tests {
    use super::super::super::Store as _;
    use super::super::Sqlite;
    use crate::town::Town;
    use crate::town::channels::DIRECT;

    /// What the emulator has written before it had clans.
    const VERSION_2: &str = "
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
        INSERT INTO users VALUES (1, 'an', 1, 11), (2, 'user-2', 0, 12);
        INSERT INTO channels VALUES (20, 3, '', 1, 13), (21, 2, 'lunch', 2, 14);
        INSERT INTO members VALUES (20, 2), (20, 1), (21, 1), (21, 2);
        INSERT INTO messages VALUES (20, 30, 0, x'');
        INSERT INTO refresh_tokens VALUES ('7');
    ";

    #[test]
    fn a_database_of_before_keeps_its_people_channels_and_messages() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("emulator.db");
        rusqlite::Connection::open(&file).unwrap().execute_batch(VERSION_2).unwrap();
        // The second time, it is of today.
        for _ in 0..2 {
            let mut store = Sqlite::open(&file).unwrap();
            assert!(store.has_refresh_token("7").unwrap());
            assert!(store.message(20, 30).unwrap().is_some());
            let mut town = Town::load(store.records().unwrap()).unwrap();
            let an = town.user(1).unwrap();
            assert_eq!((an.username.as_str(), an.signed_in, an.created), ("an", true, 11));
            let dm = town.channel_for(2, 20).unwrap();
            assert_eq!((dm.kind, dm.creator, dm.created, dm.members.as_slice()), (DIRECT, 1, 13, [1, 2].as_slice()));
            assert_eq!(town.channel(21).unwrap().label, "lunch");
            assert_eq!(town.last_id(), 21);
        }
    }

    #[test]
    fn a_database_of_a_newer_emulator_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("emulator.db");
        drop(Sqlite::open(&file).unwrap());
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.execute_batch("PRAGMA user_version = 4; INSERT INTO refresh_tokens VALUES ('7')").unwrap();
        drop(connection);
        let refused = Sqlite::open(&file).err().expect("it is opened");
        let why = std::error::Error::source(&refused).unwrap().to_string();
        assert_eq!(why, "a newer emulator has written it: its version is 4, and this one reads up to 3");
        let connection = rusqlite::Connection::open(&file).unwrap();
        let tokens: i64 = connection.query_row("SELECT count(*) FROM refresh_tokens", [], |row| row.get(0)).unwrap();
        assert_eq!(tokens, 1);
    }
}
