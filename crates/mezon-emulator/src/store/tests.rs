//! Both stores do the same.

use super::*;

/// Runs a check on an empty store of each kind.
fn on_both(check: impl Fn(&mut dyn Store)) {
    check(&mut Memory::default());
    let folder = tempfile::tempdir().unwrap();
    check(&mut Sqlite::open(&folder.path().join("emulator.db")).unwrap());
}

fn message(channel: i64, id: i64, topic: i64) -> api::ChannelMessage {
    let content = format!(r#"{{"t":"number {id}"}}"#);
    api::ChannelMessage { channel_id: channel, message_id: id, topic_id: topic, content, ..Default::default() }
}

fn record(key: (i64, i64), body: &str) -> Write {
    Write::Record { kind: "thing", key: key.into(), body: Some(body.as_bytes().to_vec()) }
}

/// The bodies of all records, in the order of their texts.
fn bodies(store: &mut dyn Store) -> Vec<String> {
    let rows = store.records().unwrap().into_iter();
    let mut bodies: Vec<String> =
        rows.map(|row| format!("{} {}", row.kind, String::from_utf8(row.body).unwrap())).collect();
    bodies.sort();
    bodies
}

fn put(store: &mut dyn Store, message: api::ChannelMessage) {
    store.commit(vec![Write::Message(Box::new(message))]).unwrap();
}

fn page(cursor: i64, direction: Direction, limit: usize) -> Page {
    Page { channel: 1, topic: 0, cursor, direction, limit }
}

#[test]
fn a_transaction_adds_replaces_and_removes() {
    on_both(|store| {
        store.commit(vec![record((1, 0), "one"), record((1, 2), "two"), record((3, 0), "three")]).unwrap();
        assert_eq!(bodies(store), ["thing one", "thing three", "thing two"]);
        let gone = Write::Record { kind: "thing", key: (1, 2).into(), body: None };
        let other = Write::Record { kind: "other", key: (3, 0).into(), body: Some(b"four".to_vec()) };
        let message = Write::Message(Box::new(message(1, 12, 0)));
        store.commit(vec![record((1, 0), "changed"), gone, other, message]).unwrap();
        assert_eq!(bodies(store), ["other four", "thing changed", "thing three"]);
        assert_eq!(store.last_id().unwrap(), 12);
    });
}

#[test]
fn history_is_read_around_a_cursor() {
    on_both(|store| {
        for id in 1..=9 {
            put(store, message(1, id, id % 2));
        }
        put(store, message(2, 50, 0));
        let cases = [
            (page(0, Direction::Before, 3), vec![9, 8, 7]),
            (page(0, Direction::After, 3), vec![9, 8, 7]),
            (page(5, Direction::Before, 3), vec![4, 3, 2]),
            (page(5, Direction::After, 3), vec![8, 7, 6]),
            (page(5, Direction::Around, 4), vec![6, 5, 4, 3]),
            (page(9, Direction::After, 3), vec![]),
            (page(i64::MAX, Direction::After, 3), vec![]),
            (Page { topic: 1, ..page(0, Direction::Before, 2) }, vec![9, 7]),
            (Page { channel: 3, ..page(0, Direction::Before, 2) }, vec![]),
        ];
        for (page, expected) in cases {
            let ids: Vec<i64> = store.messages(&page).unwrap().iter().map(|message| message.message_id).collect();
            assert_eq!(ids, expected, "{page:?}");
        }
    });
}

#[test]
fn a_message_is_replaced_and_removed() {
    on_both(|store| {
        put(store, message(1, 5, 0));
        let edited = api::ChannelMessage { content: "edited".to_owned(), ..message(1, 5, 0) };
        put(store, edited.clone());
        assert_eq!(store.message(1, 5).unwrap(), Some(edited));
        store.commit(vec![Write::NoMessage { channel: 1, id: 5 }]).unwrap();
        assert_eq!(store.message(1, 5).unwrap(), None);
    });
}

#[test]
fn the_last_id_is_the_highest_of_all_channels() {
    on_both(|store| {
        assert_eq!(store.last_id().unwrap(), 0);
        for (channel, id) in [(-4, 3), (1, 5), (1, 90), (2, 7), (2, 8)] {
            put(store, message(channel, id, 0));
        }
        assert_eq!(store.last_id().unwrap(), 90);
    });
}

#[test]
fn the_messages_of_a_channel_go_together() {
    on_both(|store| {
        for (channel, id) in [(1, 5), (1, 6), (2, 7)] {
            put(store, message(channel, id, 0));
        }
        store.commit(vec![Write::NoMessages { channel: 1 }, Write::NoMessages { channel: 3 }]).unwrap();
        assert_eq!(store.message(1, 6).unwrap(), None);
        assert!(store.message(2, 7).unwrap().is_some());
    });
}

#[test]
fn a_refresh_token_is_removed_once() {
    on_both(|store| {
        store.add_refresh_token("one").unwrap();
        assert!(store.has_refresh_token("one").unwrap());
        assert!(store.remove_refresh_token("one").unwrap());
        assert!(!store.remove_refresh_token("one").unwrap());
        assert!(!store.has_refresh_token("one").unwrap());
    });
}

#[test]
fn an_upload_keeps_its_bytes() {
    on_both(|store| {
        let announced = Upload {
            key: "/uploads/1/a.png".to_owned(),
            media_type: "image/png".to_owned(),
            size: 3,
            signed_ms: 1,
            expires_ms: 2,
            content: None,
        };
        store.put_upload(&announced).unwrap();
        assert_eq!(store.upload(&announced.key).unwrap(), Some(announced.clone()));
        let done = Upload { content: Some(Bytes::from_static(&[0, 255, 7])), ..announced };
        store.put_upload(&done).unwrap();
        assert_eq!(store.upload(&done.key).unwrap(), Some(done));
    });
}

#[test]
fn a_database_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("emulator.db");
    let mut store = Sqlite::open(&file).unwrap();
    assert_eq!(store.secret([1; 32]).unwrap(), [1; 32]);
    put(&mut store, message(1, 5, 0));
    store.commit(vec![record((1, 0), "kept")]).unwrap();
    drop(store);
    let mut store = Sqlite::open(&file).unwrap();
    assert_eq!(store.secret([2; 32]).unwrap(), [1; 32]);
    assert_eq!(store.message(1, 5).unwrap(), Some(message(1, 5, 0)));
    assert_eq!(store.last_id().unwrap(), 5);
    assert_eq!(bodies(&mut store), ["thing kept"]);
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "these are my notes, and there are enough of them to be no database header at all").unwrap();
    assert!(Sqlite::open(&text).is_err());

    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    assert!(Sqlite::open(&other).is_err());
}
