//! Tables of records, which remember what an operation has changed.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(test)]
use crate::store::Row;
use crate::store::{StoreError, Write};

/// What names a record within its table: one id, or two where the record ties one thing to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(pub(crate) i64, pub(crate) i64);

impl From<i64> for Key {
    fn from(id: i64) -> Self {
        Self(id, 0)
    }
}

impl From<(i64, i64)> for Key {
    fn from((first, second): (i64, i64)) -> Self {
        Self(first, second)
    }
}

/// A thing that the town remembers across a restart.
///
/// It is stored as JSON. A field that is added later needs `#[serde(default)]`, so that old databases stay readable.
pub(crate) trait Record: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Names the table in the store.
    const KIND: &'static str;
    /// Whether the first part of the key is an id that the emulator made. Ids made later are above all of these.
    const MADE_HERE: bool = true;

    fn key(&self) -> Key;
}

/// All records of one kind, by key.
#[derive(Debug)]
pub(crate) struct Table<T> {
    rows: BTreeMap<Key, T>,
    /// How the rows that the operation under way has touched were before it. `None`: there was no such row.
    before: BTreeMap<Key, Option<T>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), before: BTreeMap::new() }
    }
}

impl<T: Record> Table<T> {
    pub(crate) fn get(&self, key: impl Into<Key>) -> Option<&T> {
        self.rows.get(&key.into())
    }

    pub(crate) fn has(&self, key: impl Into<Key>) -> bool {
        self.rows.contains_key(&key.into())
    }

    /// A row, to be changed.
    pub(crate) fn get_mut(&mut self, key: impl Into<Key>) -> Option<&mut T> {
        let key = key.into();
        let row = self.rows.get_mut(&key)?;
        self.before.entry(key).or_insert_with(|| Some(row.clone()));
        Some(row)
    }

    /// Adds a row, or replaces the one with its key.
    pub(crate) fn put(&mut self, row: T) {
        let key = row.key();
        let old = self.rows.insert(key, row);
        self.before.entry(key).or_insert(old);
    }

    pub(crate) fn remove(&mut self, key: impl Into<Key>) -> Option<T> {
        let key = key.into();
        let old = self.rows.remove(&key)?;
        self.before.entry(key).or_insert_with(|| Some(old.clone()));
        Some(old)
    }

    /// The rows whose key begins with an id, in the order of their keys.
    pub(crate) fn of(&self, first: i64) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.range(Key(first, i64::MIN)..=Key(first, i64::MAX)).map(|(_, row)| row)
    }

    /// All rows, in the order of their keys.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.values()
    }

    /// Removes the rows that a condition holds for.
    pub(crate) fn remove_where(&mut self, condition: impl Fn(&T) -> bool) {
        let keys: Vec<Key> = self.rows.iter().filter(|(_, row)| condition(row)).map(|(key, _)| *key).collect();
        for key in keys {
            self.remove(key);
        }
    }
}

/// What a town does with each of its tables, whatever they hold.
pub(super) trait AnyTable {
    fn kind(&self) -> &'static str;
    /// Takes a row from the store.
    fn load(&mut self, body: &[u8]) -> Result<(), StoreError>;
    /// What the operation under way has changed, for the store.
    fn changes(&self, writes: &mut Vec<Write>) -> Result<(), StoreError>;
    /// Ends the operation: the changes stay.
    fn keep(&mut self);
    /// Ends the operation: all is as it was before.
    fn roll_back(&mut self);
    /// All rows, as the store has them.
    #[cfg(test)]
    fn rows(&self) -> Vec<Row>;
    /// The highest id that was made by the emulator, 0 when there is none.
    fn last_id(&self) -> i64;
}

impl<T: Record> AnyTable for Table<T> {
    fn kind(&self) -> &'static str {
        T::KIND
    }

    fn load(&mut self, body: &[u8]) -> Result<(), StoreError> {
        let row: T =
            serde_json::from_slice(body).map_err(|source| StoreError::new("a stored record is damaged", source))?;
        self.rows.insert(row.key(), row);
        Ok(())
    }

    fn changes(&self, writes: &mut Vec<Write>) -> Result<(), StoreError> {
        for key in self.before.keys() {
            let body = self.rows.get(key).map(serde_json::to_vec).transpose();
            let body = body.map_err(|source| StoreError::new("a record cannot be written", source))?;
            writes.push(Write::Record { kind: T::KIND, key: *key, body });
        }
        Ok(())
    }

    fn keep(&mut self) {
        self.before.clear();
    }

    fn roll_back(&mut self) {
        for (key, old) in std::mem::take(&mut self.before) {
            match old {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
    }

    #[cfg(test)]
    fn rows(&self) -> Vec<Row> {
        let row = |row| Row { kind: T::KIND.to_owned(), body: serde_json::to_vec(row).unwrap() };
        self.rows.values().map(row).collect()
    }

    fn last_id(&self) -> i64 {
        if T::MADE_HERE { self.rows.last_key_value().map_or(0, |(key, _)| key.0) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Word {
        id: i64,
        text: String,
    }

    impl Record for Word {
        const KIND: &'static str = "word";

        fn key(&self) -> Key {
            self.id.into()
        }
    }

    fn word(id: i64, text: &str) -> Word {
        Word { id, text: text.to_owned() }
    }

    fn words() -> Table<Word> {
        let mut table = Table::default();
        for (id, text) in [(1, "one"), (2, "two"), (3, "three")] {
            table.put(word(id, text));
        }
        table.keep();
        table
    }

    fn texts(table: &Table<Word>) -> Vec<&str> {
        table.iter().map(|word| word.text.as_str()).collect()
    }

    #[test]
    fn what_is_rolled_back_is_as_before() {
        let mut table = words();
        table.get_mut(1).unwrap().text = "changed".to_owned();
        table.get_mut(1).unwrap().text = "changed again".to_owned();
        table.remove(2);
        table.put(word(2, "back"));
        table.put(word(4, "four"));
        table.remove(4);
        table.put(word(5, "five"));
        table.roll_back();
        assert_eq!(texts(&table), ["one", "two", "three"]);

        let mut writes = Vec::new();
        table.changes(&mut writes).unwrap();
        assert_eq!(writes, []);
    }

    #[test]
    fn what_was_touched_is_written_as_it_is_now() {
        let mut table = words();
        table.get_mut(1).unwrap().text = "changed".to_owned();
        table.remove(2);
        let mut writes = Vec::new();
        table.changes(&mut writes).unwrap();
        let record = |id: i64, body: Option<&str>| Write::Record {
            kind: "word",
            key: id.into(),
            body: body.map(|text| text.as_bytes().to_vec()),
        };
        assert_eq!(writes, [record(1, Some(r#"{"id":1,"text":"changed"}"#)), record(2, None)]);

        table.keep();
        table.roll_back();
        assert_eq!(texts(&table), ["changed", "three"], "what is kept cannot be rolled back");
        assert_eq!(table.last_id(), 3);
    }
}
