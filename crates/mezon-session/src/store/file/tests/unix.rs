//! Links, pipes, owners and modes.

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
    assert_eq!(kind(private(&file, store.path())), StoreErrorKind::OwnedByAnother { path: store.path().to_owned() });
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

/// Whatever takes the place of the file after it was looked at is what is looked at then.
#[test]
fn what_is_opened_is_a_plain_file_of_this_user() {
    let (directory, store) = store();
    store.save(&session(None, 1)).unwrap();
    let target = directory.path().join("target");
    fs::rename(store.path(), &target).unwrap();
    symlink(&target, store.path()).unwrap();
    assert!(disk::open(store.path(), false).is_err() && disk::open(store.path(), true).is_err());
    assert!(disk::open_or_create(store.path()).is_err());
    fs::remove_file(store.path()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(store.path()).status().unwrap().success());
    // Neither waits for the other end.
    let pipe = disk::open(store.path(), false).unwrap();
    assert_eq!(kind(private(&pipe, store.path())), StoreErrorKind::NotAFile { path: store.path().to_owned() });
    let pipe = disk::open(store.path(), true).unwrap();
    assert_eq!(kind(plain(&pipe, store.path())), StoreErrorKind::NotAFile { path: store.path().to_owned() });
}

#[test]
fn a_path_that_is_swapped_all_the_time_never_gives_the_session_it_points_to() {
    let (directory, store) = store();
    let (own, others) = (session(None, 1), session(None, 2));
    let (mine, link, target) =
        (directory.path().join("mine"), directory.path().join("link"), directory.path().join("t"));
    FileStore::new(&target).save(&others).unwrap();
    store.save(&own).unwrap();
    let (stop, stopped) = mpsc::channel::<()>();
    let path = store.path().to_owned();
    let swapping = thread::spawn(move || {
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            symlink(&target, &link).unwrap();
            FileStore::new(&mine).save(&session(None, 1)).unwrap();
            fs::rename(&link, &path).unwrap();
            fs::rename(&mine, &path).unwrap();
        }
    });
    for _ in 0..1_000 {
        match store.load() {
            Ok(found) => assert_eq!(found.as_ref(), Some(&own)),
            Err(error) => {
                assert_eq!(error.kind(), &StoreErrorKind::NotAFile { path: store.path().to_owned() });
            }
        }
    }
    drop(stop);
    swapping.join().unwrap();
}

#[test]
fn a_lock_that_is_a_link_or_a_pipe_is_not_taken() {
    let (directory, store) = store();
    let (path, target) = (directory.path().join("session.json.lock"), directory.path().join("target"));
    symlink(&target, &path).unwrap();
    assert_eq!(kind(store.lock()), StoreErrorKind::NotAFile { path: path.clone() });
    assert!(!target.exists());
    fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert_eq!(kind(store.lock()), StoreErrorKind::NotAFile { path });
}
