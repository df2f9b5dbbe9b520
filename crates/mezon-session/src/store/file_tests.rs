use std::sync::mpsc;

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
    let mut file = open_lock(store.path()).unwrap();
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
                        let uses = old.expires_at().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
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

#[cfg(unix)]
use unix::mode;

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    pub(super) fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn files_are_for_their_owner_alone_even_if_the_old_one_was_not() {
        let (directory, store) = store();
        store.save(&session(None, 1)).unwrap();
        let _lock = store.lock().unwrap();
        assert_eq!((mode(store.path()), mode(&directory.path().join("session.json.lock"))), (0o600, 0o600));
        chmod(store.path(), 0o666);
        store.save(&session(None, 2)).unwrap();
        assert_eq!(mode(store.path()), 0o600);
    }

    #[test]
    fn a_file_that_others_can_open_is_refused_with_the_remedy() {
        let (_directory, store) = store();
        store.save(&session(None, 1)).unwrap();
        for open in [0o644, 0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o777] {
            chmod(store.path(), open);
            let error = store.load().unwrap_err();
            let path = store.path().to_owned();
            assert_eq!(error.kind(), &StoreErrorKind::ReadableByOthers { path: path.clone(), mode: open });
            let shown = error.to_string();
            assert!(shown.contains(&format!("(mode {open:04o})")), "{shown}");
            assert!(shown.contains(&format!("`chmod 600 {}`", path.display())), "{shown}");
        }
        for private in [0o600, 0o700, 0o400] {
            chmod(store.path(), private);
            assert!(store.load().unwrap().is_some());
        }
    }

    #[test]
    fn a_file_of_another_user_is_refused() {
        let (_directory, store) = store();
        store.save(&session(None, 1)).unwrap();
        // Only root can give files away; for anybody else a file of root's stands in.
        let given = std::os::unix::fs::chown(store.path(), Some(65_534), None).is_ok();
        let (store, file) = if given {
            (store.clone(), File::open(store.path()).unwrap())
        } else {
            (FileStore::new("/etc/passwd"), File::open("/etc/passwd").unwrap())
        };
        assert_eq!(
            kind(private(&file, store.path())),
            StoreErrorKind::OwnedByAnother { path: store.path().to_owned() }
        );
        assert_eq!(kind(store.load()), StoreErrorKind::OwnedByAnother { path: store.path().to_owned() });
    }

    #[test]
    fn a_link_is_neither_followed_nor_replaced() {
        let (directory, store) = store();
        let target = directory.path().join("target");
        for content in [Some(session(None, 1).export()), None] {
            let _ = fs::remove_file(&target);
            if let Some(content) = &content {
                plant(&FileStore::new(&target), content.as_bytes());
            }
            symlink(&target, store.path()).unwrap();
            for found in [kind(store.load()), kind(store.save(&session(None, 2))), kind(store.clear())] {
                assert_eq!(found, StoreErrorKind::NotAFile { path: store.path().to_owned() });
            }
            assert_eq!(fs::read_to_string(&target).ok(), content);
            assert_eq!(fs::read_link(store.path()).unwrap(), target);
            fs::remove_file(store.path()).unwrap();
        }
    }

    #[test]
    fn links_among_the_directories_are_followed() {
        let (directory, store) = store();
        symlink(directory.path(), directory.path().join("here")).unwrap();
        let same = FileStore::new(directory.path().join("here/session.json")).lock_timeout(Duration::ZERO);
        same.save(&session(None, 1)).unwrap();
        assert_eq!(store.load().unwrap(), Some(session(None, 1)));
        let _lock = store.lock().unwrap();
        assert!(same.lock().is_err(), "both names share one lock");
    }

    #[test]
    fn a_pipe_is_refused_without_waiting_for_a_writer() {
        let (_directory, store) = store();
        let made = std::process::Command::new("mkfifo").arg(store.path()).status().unwrap();
        assert!(made.success());
        let (send, received) = mpsc::channel();
        let path = store.path().to_owned();
        thread::spawn(move || send.send(kind(store.load())));
        assert_eq!(received.recv_timeout(Duration::from_secs(10)), Ok(StoreErrorKind::NotAFile { path }));
    }
}
