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

fn channel(id: i64, kind: i32, members: &[i64]) -> Channel {
    Channel { id, kind, label: "a label".to_owned(), creator: members[0], created: 7, members: members.to_vec() }
}

fn page(cursor: i64, direction: Direction, limit: usize) -> Page {
    Page { channel: 1, topic: 0, cursor, direction, limit }
}

#[test]
fn users_are_found_by_id_and_name() {
    on_both(|store| {
        let user = User { id: 9, username: "ngọc".to_owned(), signed_in: false, created: 3 };
        store.put_user(&user).unwrap();
        let user = User { signed_in: true, ..user };
        store.put_user(&user).unwrap();
        assert_eq!(store.user(9).unwrap(), Some(user.clone()));
        assert_eq!(store.user_named("ngọc").unwrap(), Some(user));
        assert_eq!(store.user(8).unwrap(), None);
        assert_eq!(store.user_named("nobody").unwrap(), None);
    });
}

#[test]
fn a_direct_channel_is_found_from_both_sides() {
    on_both(|store| {
        store.add_channel(&channel(10, GROUP, &[1, 2])).unwrap();
        store.add_channel(&channel(11, DIRECT, &[1, 2])).unwrap();
        store.add_channel(&channel(12, DIRECT, &[1, 3])).unwrap();
        for (one, other) in [(1, 2), (2, 1)] {
            assert_eq!(store.direct_channel(one, other).unwrap(), Some(channel(11, DIRECT, &[1, 2])));
        }
        assert_eq!(store.direct_channel(2, 3).unwrap(), None);
        let of_two: Vec<i64> = store.channels_of(2).unwrap().iter().map(|channel| channel.id).collect();
        assert_eq!(of_two, [10, 11]);
        assert_eq!(store.channel(12).unwrap(), Some(channel(12, DIRECT, &[1, 3])));
        assert_eq!(store.last_id().unwrap(), 12);
    });
}

#[test]
fn history_is_read_around_a_cursor() {
    on_both(|store| {
        for id in 1..=9 {
            store.put_message(&message(1, id, id % 2)).unwrap();
        }
        store.put_message(&message(2, 50, 0)).unwrap();
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
        store.put_message(&message(1, 5, 0)).unwrap();
        let edited = api::ChannelMessage { content: "edited".to_owned(), ..message(1, 5, 0) };
        store.put_message(&edited).unwrap();
        assert_eq!(store.message(1, 5).unwrap(), Some(edited));
        store.remove_message(1, 5).unwrap();
        assert_eq!(store.message(1, 5).unwrap(), None);
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
    store.put_message(&message(1, 5, 0)).unwrap();
    drop(store);
    let mut store = Sqlite::open(&file).unwrap();
    assert_eq!(store.secret([2; 32]).unwrap(), [1; 32]);
    assert_eq!(store.message(1, 5).unwrap(), Some(message(1, 5, 0)));
    assert_eq!(store.last_id().unwrap(), 5);
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
