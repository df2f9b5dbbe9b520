use std::sync::mpsc;

use std::io::Write;
use std::time::UNIX_EPOCH;

use super::disk::{Step, faults};
use super::*;
use crate::testing::session;
use crate::{ErrorClass, MemoryStore};

fn store() -> (tempfile::TempDir, FileStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::new(directory.path().join("session.json"));
    (directory, store)
}

fn kind<T: std::fmt::Debug>(result: Result<T, StoreError>) -> StoreErrorKind {
    result.unwrap_err().into_parts().0
}

/// Writes `content` as the session file with mode 0600.
fn plant(store: &FileStore, content: &[u8]) {
    let mut file = disk::open_or_create(store.path()).unwrap();
    file.set_len(0).unwrap();
    file.write_all(content).unwrap();
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_session_is_saved_replaced_loaded_and_cleared() {
    let (directory, store) = store();
    let (one, two) = (session(None, 1), session(Some(1), 2));
    assert_eq!(store.load().unwrap(), None);
    store.clear().unwrap();
    store.save(&one).unwrap();
    assert_eq!(store.load().unwrap(), Some(one));
    store.save(&two).unwrap();
    assert_eq!(store.load().unwrap(), Some(two.clone()));
    assert_eq!(names(directory.path()), ["session.json"], "nothing is left beside it");
    assert_eq!(fs::read_to_string(store.path()).unwrap(), two.export());
    store.clear().unwrap();
    assert_eq!(store.load().unwrap(), None);
}

#[test]
fn a_missing_directory_is_an_absent_session_and_is_made_on_saving() {
    let (directory, _) = store();
    let store = FileStore::new(directory.path().join("a/b/session.json"));
    assert_eq!(store.load().unwrap(), None);
    store.clear().unwrap();
    assert!(!directory.path().join("a").exists(), "reading makes nothing");
    store.save(&session(None, 1)).unwrap();
    assert!(store.load().unwrap().is_some());
    #[cfg(unix)]
    for made in ["a", "a/b"] {
        assert_eq!(mode(&directory.path().join(made)), 0o700);
    }
}

#[test]
fn a_damaged_file_is_reported_and_left_alone() {
    let (_directory, store) = store();
    let whole = session(None, 1).export();
    let half = &whole[..whole.len() / 2];
    for content in [half.as_bytes(), b"", b"{}", b"\xff\xfe", b"null", &vec![b' '; 2 * 1024 * 1024]] {
        plant(&store, content);
        let error = store.load().unwrap_err();
        assert_eq!(error.kind(), &StoreErrorKind::Damaged { path: store.path().to_owned() });
        assert_eq!(error.class(), ErrorClass::Permanent);
        let shown = format!("{error:#} {error:?}");
        assert!(shown.contains("session.json") && !shown.contains("opaque-refresh-token"), "{shown}");
        assert_eq!(fs::read(store.path()).unwrap(), content);
    }
    // A new sign-in replaces it.
    store.save(&session(None, 2)).unwrap();
    assert_eq!(store.load().unwrap(), Some(session(None, 2)));
}

#[test]
fn paths_that_are_no_file_are_refused() {
    let (directory, _) = store();
    for path in [directory.path().to_owned(), PathBuf::from("/"), directory.path().join("..")] {
        let store = FileStore::new(&path);
        for found in [kind(store.load()), kind(store.save(&session(None, 1))), kind(store.clear())] {
            assert_eq!(found, StoreErrorKind::NotAFile { path: path.clone() });
        }
    }
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    let below = FileStore::new(file.join("session.json"));
    assert!(below.save(&session(None, 1)).is_err() && below.load().is_err() && below.lock().is_err());
    assert_eq!(fs::read(&file).unwrap(), b"x");
}

#[test]
fn one_holder_of_the_lock_at_a_time() {
    let (directory, store) = store();
    let impatient = FileStore::new(store.path()).lock_timeout(Duration::ZERO);
    let held = store.lock().unwrap();
    let error = impatient.lock().unwrap_err();
    assert_eq!(error.kind(), &StoreErrorKind::Locked { path: directory.path().join("session.json.lock") });
    assert!(error.class().is_transient());
    // Loading and saving need no lock.
    store.save(&session(None, 1)).unwrap();
    assert!(impatient.load().unwrap().is_some());
    drop(held);
    assert!(impatient.lock().is_ok());
    assert_eq!(names(directory.path()), ["session.json", "session.json.lock"]);
}

#[test]
fn the_lock_is_handed_to_who_waits() {
    fn hand_over(store: &(impl SessionStore + Clone)) {
        let held = store.lock().unwrap();
        let (send, received) = mpsc::channel();
        let other = store.clone();
        let waiter = thread::spawn(move || {
            let lock = other.lock().unwrap();
            send.send("locked").unwrap();
            drop(lock);
        });
        assert_eq!(received.try_recv(), Err(mpsc::TryRecvError::Empty));
        drop(held);
        assert_eq!(received.recv(), Ok("locked"));
        waiter.join().unwrap();
    }
    let (_directory, store) = store();
    hand_over(&store);
    hand_over(&MemoryStore::default());
}

/// Every round reads the session, makes the next of it and saves it, as a refresh with single-use tokens does: without
/// the lock two of them would start from the same one.
#[test]
fn no_session_is_used_twice_under_the_lock() {
    fn run<S: SessionStore + Clone>(store: &S) {
        store.save(&session(None, 0)).unwrap();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let store = store.clone();
                thread::spawn(move || {
                    for _ in 0..5 {
                        let _lock = store.lock().unwrap();
                        let old = store.load().unwrap().unwrap();
                        let uses = old.expires_at().unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs();
                        store.save(&session(None, uses + 1)).unwrap();
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(store.load().unwrap(), Some(session(None, 20)));
    }
    let (_directory, store) = store();
    run(&store);
    run(&MemoryStore::default());
}

#[test]
fn readers_see_the_old_or_the_new_session_and_never_half_of_one() {
    let (_directory, store) = store();
    store.save(&session(None, 0)).unwrap();
    let reader = store.clone();
    let (stop, stopped) = mpsc::channel::<()>();
    let reading = thread::spawn(move || {
        let mut reads = 0_u32;
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            assert!(reader.load().unwrap().is_some());
            reads += 1;
        }
        reads
    });
    for exp in 0..50 {
        store.save(&session(None, exp)).unwrap();
    }
    drop(stop);
    assert!(reading.join().unwrap() > 0);
}

#[test]
fn what_is_stored_is_on_the_disk_before_it_counts() {
    use Step::{Create, Cut, Open, Read, Remove, Rename, SyncDirectory, SyncFile, Write};
    let (_directory, store) = store();
    let whole = [Create, Write, Cut, SyncFile, Rename, SyncDirectory];
    assert_eq!(faults::steps(|| store.save(&session(None, 1)).unwrap()), whole);
    // The copy, and then the room.
    let staged = faults::steps(|| drop(store.stage().unwrap()));
    assert_eq!(staged, [&[Open, Read], &whole[..], &whole[..4]].concat());
    let staged = store.stage().unwrap();
    assert_eq!(faults::steps(|| staged.commit(&store, &session(None, 2)).unwrap()), whole[1..]);
    assert_eq!(store.load().unwrap(), Some(session(None, 2)));
    // In place there is room before anything is overwritten.
    let in_place = || faults::failing(Rename, io::ErrorKind::ResourceBusy, || store.save(&session(None, 3)).unwrap());
    assert_eq!(faults::steps(in_place), [&whole[..5], &[Open, Write, SyncFile, Write, Cut, SyncFile]].concat());
    assert_eq!(faults::steps(|| store.clear().unwrap()), [Remove, SyncDirectory]);
}

#[test]
fn each_step_that_fails_is_told_apart() {
    use io::ErrorKind::{NotFound, PermissionDenied, StorageFull};
    let (_directory, store) = store();
    let (old, new, path) = (session(None, 1), session(None, 2), store.path().to_owned());
    let unreadable = StoreErrorKind::Unreadable { path: path.clone() };
    let not_writable = StoreErrorKind::NotWritable { path: path.clone() };
    let no_room = StoreErrorKind::NoRoom { path };
    store.save(&old).unwrap();

    assert_eq!(faults::failing(Step::Open, NotFound, || store.load().unwrap()), None, "it went while we looked");
    assert_eq!(faults::failing(Step::Open, PermissionDenied, || kind(store.load())), unreadable);
    assert_eq!(faults::failing(Step::Read, PermissionDenied, || kind(store.load())), unreadable);

    faults::failing(Step::Remove, NotFound, || store.clear().unwrap());
    for step in [Step::Remove, Step::SyncDirectory] {
        store.save(&old).unwrap();
        assert_eq!(faults::failing(step, PermissionDenied, || kind(store.clear())), not_writable, "{step:?}");
    }

    store.save(&old).unwrap();
    for step in [Step::Create, Step::Write, Step::SyncFile] {
        assert_eq!(faults::failing(step, StorageFull, || kind(store.save(&new))), no_room, "{step:?}");
        assert_eq!(faults::failing(step, StorageFull, || kind(store.stage())), no_room, "{step:?}");
        assert_eq!(store.load().unwrap(), Some(old.clone()), "{step:?}");
    }
    assert!(ErrorClass::is_transient(StoreError::from(no_room).class()));
    assert!(!ErrorClass::is_transient(StoreError::from(not_writable.clone()).class()));
    // Neither beside it nor in place, as with a file that may not be changed.
    let immutable = |step| (step == Step::Rename || step == Step::Write).then(|| PermissionDenied.into());
    let beside = |step| (step == Step::Create).then(|| PermissionDenied.into());
    assert_eq!(faults::with(immutable, || kind(store.stage())), not_writable);
    assert_eq!(faults::with(immutable, || kind(store.save(&new))), not_writable);
    assert_eq!(store.load().unwrap(), Some(old), "as it was");
    faults::with(beside, || store.save(&new).unwrap());
    assert_eq!(store.load().unwrap(), Some(new));
}

/// As with a file that is a mount of its own.
#[test]
fn where_nothing_can_be_renamed_the_file_is_written_in_place() {
    let (directory, store) = store();
    let busy = || faults::failing(Step::Rename, io::ErrorKind::ResourceBusy, || store.stage()).unwrap();
    let long = Session::new(crate::SessionUpdate {
        token: Some(crate::testing::jwt(&serde_json::json!({"uid": 7, "exp": 3, "vrs": {"long": "x".repeat(5_000)}}))),
        ..Default::default()
    });
    store.save(&session(None, 1)).unwrap();
    for next in [long.unwrap(), session(None, 2)] {
        let (staged, before) = (busy(), store.load().unwrap());
        assert_eq!(fs::metadata(store.path()).unwrap().len(), ROOM as u64, "there is room for the next");
        assert!(before.is_some(), "and the one that is there is whole");
        faults::failing(Step::Rename, io::ErrorKind::ResourceBusy, || staged.commit(&store, &next)).unwrap();
        assert_eq!(fs::read_to_string(store.path()).unwrap(), next.export());
        drop(busy());
        assert_eq!(store.load().unwrap(), Some(next), "staged in vain");
    }
    // Whoever reads before the old end is cut off finds the new session.
    let (staged, last) = (busy(), session(None, 4));
    let cut = |step| (step == Step::Rename || step == Step::Cut).then(|| io::ErrorKind::Other.into());
    faults::with(cut, || staged.commit(&store, &last)).unwrap_err();
    assert_eq!(store.load().unwrap(), Some(last));
    // Where there is no room, the file is as it was.
    let before = fs::read(store.path()).unwrap();
    let mut synced = false;
    let full = move |step| match step {
        Step::Rename => Some(io::ErrorKind::ResourceBusy.into()),
        // The copy beside it still fits.
        Step::SyncFile if std::mem::replace(&mut synced, true) => Some(io::ErrorKind::StorageFull.into()),
        _ => None,
    };
    let error = faults::with(full, || kind(store.stage()));
    assert_eq!(error, StoreErrorKind::NoRoom { path: store.path().to_owned() });
    assert_eq!(fs::read(store.path()).unwrap(), before);
    // The first session of all cannot be written in place.
    store.clear().unwrap();
    let first = faults::failing(Step::Rename, io::ErrorKind::ResourceBusy, || kind(store.save(&session(None, 3))));
    assert_eq!(first, StoreErrorKind::NotWritable { path: store.path().to_owned() });
    assert_eq!(names(directory.path()), Vec::<String>::new());
}

#[test]
fn a_staged_save_changes_nothing_and_survives_what_is_lost() {
    let (directory, store) = store();
    drop(store.stage().unwrap());
    assert_eq!(names(directory.path()), Vec::<String>::new(), "without a session too");
    store.save(&session(None, 1)).unwrap();
    let before = fs::read(store.path()).unwrap();
    let staged = store.stage().unwrap();
    assert_eq!(fs::read(store.path()).unwrap(), before);
    // Somebody tidies up between staging and committing.
    for name in names(directory.path()).iter().filter(|name| name.contains(".tmp")) {
        fs::remove_file(directory.path().join(name)).unwrap();
    }
    staged.commit(&store, &session(None, 2)).unwrap();
    assert_eq!(store.load().unwrap(), Some(session(None, 2)));
    plant(&store, b"damaged");
    drop(store.stage().unwrap());
    assert_eq!(fs::read(store.path()).unwrap(), b"damaged", "a damaged file is left as it is");
}

#[test]
fn a_file_of_more_than_a_mebibyte_is_no_session() {
    let (_directory, store) = store();
    let mut content = session(None, 1).export().into_bytes();
    content.resize(usize::try_from(MAX_BYTES).unwrap(), b' ');
    plant(&store, &content);
    assert_eq!(store.load().unwrap(), Some(session(None, 1)));
    content.push(b' ');
    plant(&store, &content);
    assert_eq!(kind(store.load()), StoreErrorKind::Damaged { path: store.path().to_owned() });
}

/// A part of it would have taken its place.
#[test]
fn a_file_that_is_no_session_is_staged_over_as_it_is() {
    let (_directory, store) = store();
    let longest = usize::try_from(MAX_BYTES).unwrap();
    for size in [longest - 1, longest, longest + 1, longest + 4_096] {
        let content = vec![b'x'; size];
        plant(&store, &content);
        let staged = store.stage().unwrap();
        assert!(fs::read(store.path()).unwrap() == content, "{size}");
        drop(staged);
    }
}

/// A power failure between the two would leave the new session and the end of the old one.
#[test]
fn what_is_longer_is_overwritten_before_it_is_cut_off() {
    let (_directory, store) = store();
    for longer in [1, 10_000] {
        let new = session(None, 1);
        plant(&store, "y".repeat(new.export().len() + longer).as_bytes());
        let mut file = disk::open(store.path(), true).unwrap();
        let cut_off = || disk::write(&mut file, new.export().as_bytes()).unwrap_err();
        faults::failing(Step::Cut, io::ErrorKind::Other, cut_off);
        assert_eq!(store.load().unwrap(), Some(new));
    }
}

#[test]
fn what_killed_processes_left_is_removed_and_what_others_use_is_not() {
    let (directory, store) = store();
    let orphan = directory.path().join(".session.json.x1y2z3.tmp");
    let others = [".other.json.x1y2z3.tmp", ".session.json.x1y2z3", "session.json.tmp"];
    for name in others.into_iter().chain([orphan.file_name().unwrap().to_str().unwrap()]) {
        fs::write(directory.path().join(name), "tokens").unwrap();
    }
    let staged = store.stage().unwrap();
    drop(store.lock().unwrap());
    assert!(!orphan.exists());
    assert_eq!(names(directory.path()).len(), others.len() + 2, "the lock and the staged file are there");
    staged.commit(&store, &session(None, 1)).unwrap();
    fs::write(&orphan, "tokens").unwrap();
    store.clear().unwrap();
    assert!(!orphan.exists(), "after a logout nothing is left");
}

#[test]
fn a_lock_that_nobody_can_take_is_not_waited_for() {
    let (directory, store) = store();
    let path = directory.path().join("session.json.lock");
    fs::create_dir(&path).unwrap();
    let error = store.lock().unwrap_err();
    assert_eq!(error.kind(), &StoreErrorKind::NotAFile { path: path.clone() });
    assert_eq!(error.class(), ErrorClass::Permanent);
    fs::remove_dir(&path).unwrap();
    let denied = faults::failing(Step::Open, io::ErrorKind::PermissionDenied, || store.lock().unwrap_err());
    assert_eq!(denied.kind(), &StoreErrorKind::NotLockable { path: path.clone() });
    assert_eq!(denied.class(), ErrorClass::Permanent);
    let full = faults::failing(Step::Open, io::ErrorKind::StorageFull, || store.lock().unwrap_err());
    assert_eq!(full.kind(), &StoreErrorKind::NoRoom { path });
}

/// The types clear their memory. See `Secret` for why that is what is tested.
#[test]
fn texts_with_tokens_are_cleared_when_they_are_dropped() {
    fn is_cleared(_: &impl zeroize::ZeroizeOnDrop) {}
    let (_directory, store) = store();
    plant(&store, b"tokens");
    is_cleared(&disk::read(&File::open(store.path()).unwrap(), 10).unwrap());
    is_cleared(&session(None, 1).exported());
}

#[cfg(unix)]
use unix::mode;

#[cfg(unix)]
mod unix;
