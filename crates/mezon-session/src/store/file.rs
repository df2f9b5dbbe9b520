//! A store in a file that only its owner reads.

mod disk;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use super::{SessionStore, StagedSave, StoreError, StoreErrorKind, StoreLock};
use crate::Session;

/// Keeps a session in a file, in the form of [`Session::export`].
///
/// On Unix the file is made with mode 0600, and missing directories with 0700. A file that its group or others may
/// open, or that belongs to another user, is refused. Elsewhere the permissions of the directory apply.
///
/// Saving writes a new file beside the old one, flushes it to the disk and renames it, so a crash at any point leaves
/// the old session or the new one. Where nothing can be renamed to the path, because the file is a mount of its own, it
/// is overwritten in place; then a power failure in that moment can damage it. Loading changes nothing: a damaged file is
/// reported and left as it is.
///
/// [`SessionStore::stage`] takes 64 KiB for the next session, and puts a copy of the file in its own place: whatever
/// forbids one of these shows before anything is spent.
///
/// The path must be a plain file or nothing. A link is refused: following one would write where somebody else points
/// to, and replacing it would leave two sessions that both look current. Links among its directories are followed.
///
/// The lock is a file of its own beside it, with `.lock` added to the name. It is empty and stays. Whoever takes the lock
/// removes what processes that were killed while they saved left behind: `.NAME.*.tmp` files, which may hold tokens.
#[derive(Clone, Debug)]
pub struct FileStore {
    path: PathBuf,
    lock_timeout: Duration,
}

/// How long [`FileStore`] waits for its lock unless told otherwise: longer than a refresh, with its retries, takes.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// How often a lock held by somebody else is tried again. The operating system offers no wait with an end.
const LOCK_POLL: Duration = Duration::from_millis(20);

/// More than any session takes; a longer file is something else.
const MAX_BYTES: u64 = 1024 * 1024;

/// What is taken for the next session before it is known: several times what one takes.
const ROOM: usize = 64 * 1024;

impl FileStore {
    /// A store in the file at `path`. Nothing is read or made yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), lock_timeout: LOCK_TIMEOUT }
    }

    /// How long [`SessionStore::lock`] waits for another process. 60 s by default.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// The session file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The session file, open, if it is there and only its owner could have written and can read it.
    fn open(&self, write: bool) -> Result<Option<File>, StoreError> {
        if !self.is_there()? {
            return Ok(None);
        }
        let file = match disk::open(&self.path, write) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                // A link or a pipe may have taken its place since.
                self.is_there()?;
                let failed = if write { self.not_stored(error) } else { self.unreadable(error) };
                return Err(failed);
            }
        };
        // What is open is what is checked: the path could mean another file by now.
        private(&file, &self.path)?;
        Ok(Some(file))
    }

    /// Whether there is a plain file at the path.
    fn is_there(&self) -> Result<bool, StoreError> {
        match fs::symlink_metadata(&self.path) {
            Ok(found) if found.is_file() => Ok(true),
            Ok(_) => Err(StoreErrorKind::NotAFile { path: self.path.clone() }.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.unreadable(error)),
        }
    }

    /// The path's directory and the name of the file in it.
    fn place(&self) -> Result<(&Path, &OsStr), StoreError> {
        let name = self.path.file_name();
        let name = name.ok_or_else(|| StoreErrorKind::NotAFile { path: self.path.clone() })?;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        Ok((parent.unwrap_or(Path::new(".")), name))
    }

    /// A durable file beside the session file, which could replace it.
    fn beside(&self, content: &[u8]) -> Result<NamedTempFile, StoreError> {
        let (directory, name) = self.place()?;
        disk::create(directory, &prefix(name), content).map_err(|error| self.not_stored(error))
    }

    /// Puts `file` in the place of the session file.
    fn replace_with(&self, file: NamedTempFile) -> Result<(), StoreError> {
        let (directory, _) = self.place()?;
        disk::rename(file, directory, &self.path).map_err(|error| self.not_stored(error))
    }

    /// Runs `work` on the session file as it is, where no other can take its place. `cannot` is why it cannot.
    fn in_place<T>(&self, cannot: StoreError, work: impl FnOnce(&mut File) -> io::Result<T>) -> Result<T, StoreError> {
        if matches!(cannot.kind(), StoreErrorKind::NoRoom { .. }) {
            return Err(cannot);
        }
        // Why a file that cannot be written cannot be replaced either says more than that it cannot be written.
        let Ok(Some(mut file)) = self.open(true) else { return Err(cannot) };
        work(&mut file).map_err(|error| self.not_stored(error))
    }

    /// Tries all that saving does, with the session that is there.
    fn rehearse(&self) -> Result<Room, StoreError> {
        let (directory, _) = self.place()?;
        self.is_there()?;
        disk::create_directory(directory).map_err(|error| self.not_stored(error))?;
        // A file that somebody else could have written is replaced by the next session, and not by what is in it.
        if let Ok(Some(file)) = self.open(false) {
            let content = disk::read(&file, MAX_BYTES + 1).map_err(|error| self.unreadable(error))?;
            if content.len() as u64 <= MAX_BYTES
                && let Err(cannot) = self.beside(&content).and_then(|copy| self.replace_with(copy))
            {
                return self.in_place(cannot, |file| disk::reserve(file, ROOM)).map(|()| Room::InPlace);
            }
        }
        self.beside(&vec![b' '; ROOM]).map(Room::Beside)
    }

    fn unreadable(&self, error: io::Error) -> StoreError {
        StoreError::with_source(StoreErrorKind::Unreadable { path: self.path.clone() }, error)
    }

    fn not_stored(&self, error: io::Error) -> StoreError {
        let path = self.path.clone();
        let kind = if is_full(&error) { StoreErrorKind::NoRoom { path } } else { StoreErrorKind::NotWritable { path } };
        StoreError::with_source(kind, error)
    }

    fn damaged(&self) -> StoreErrorKind {
        StoreErrorKind::Damaged { path: self.path.clone() }
    }
}

/// Where the next session goes.
enum Room {
    /// Into a file that will replace the session file.
    Beside(NamedTempFile),
    /// Into the session file.
    InPlace,
}

impl SessionStore for FileStore {
    fn load(&self) -> Result<Option<Session>, StoreError> {
        let Some(file) = self.open(false)? else { return Ok(None) };
        let content = disk::read(&file, MAX_BYTES + 1).map_err(|error| self.unreadable(error))?;
        let text = std::str::from_utf8(&content).ok().filter(|text| text.len() as u64 <= MAX_BYTES);
        let text = text.ok_or_else(|| self.damaged())?;
        Session::restore(text).map(Some).map_err(|error| StoreError::with_source(self.damaged(), error))
    }

    fn save(&self, session: &Session) -> Result<(), StoreError> {
        let (directory, _) = self.place()?;
        self.is_there()?;
        disk::create_directory(directory).map_err(|error| self.not_stored(error))?;
        let text = session.exported();
        let text = text.as_bytes();
        self.beside(text).and_then(|file| self.replace_with(file)).or_else(|cannot| {
            self.in_place(cannot, |file| {
                disk::reserve(file, text.len())?;
                disk::write(file, text)
            })
        })
    }

    fn stage(&self) -> Result<StagedSave, StoreError> {
        let (store, room) = (self.clone(), self.rehearse()?);
        Ok(StagedSave::new(move |session| match room {
            Room::Beside(mut file) => {
                let text = session.exported();
                disk::write(file.as_file_mut(), text.as_bytes()).map_err(|error| store.not_stored(error))?;
                store.replace_with(file)
            }
            Room::InPlace => store.save(session),
        }))
    }

    fn clear(&self) -> Result<(), StoreError> {
        let (directory, name) = self.place()?;
        if !self.is_there()? {
            return Ok(());
        }
        remove_orphans(directory, name);
        match disk::remove(directory, &self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(|error| self.not_stored(error)),
        }
    }

    /// Waits up to [`FileStore::lock_timeout`]. The lock holds between processes, and between stores of one process.
    fn lock(&self) -> Result<StoreLock, StoreError> {
        let (directory, name) = self.place()?;
        let mut lock_name = name.to_owned();
        lock_name.push(".lock");
        let path = directory.join(lock_name);
        disk::create_directory(directory).map_err(|error| not_lockable(&path, error))?;
        let file = disk::open_or_create(&path).map_err(|error| not_lockable(&path, error))?;
        plain(&file, &path)?;
        let asked = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if asked.elapsed() < self.lock_timeout => thread::sleep(LOCK_POLL),
                Err(TryLockError::WouldBlock) => return Err(StoreErrorKind::Locked { path }.into()),
                Err(TryLockError::Error(error)) => return Err(not_lockable(&path, error)),
            }
        }
        remove_orphans(directory, name);
        Ok(StoreLock::holding(file))
    }
}

/// What the names of files start with that are to replace the one called `name`.
fn prefix(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    prefix
}

/// Removes the files of processes that were killed while they saved the session called `name`. Those of living ones are
/// locked. What cannot be removed stays: it stands in nobody's way.
fn remove_orphans(directory: &Path, name: &OsStr) {
    let prefix = prefix(name);
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let found = entry.file_name();
        let bytes = found.as_encoded_bytes();
        if bytes.starts_with(prefix.as_encoded_bytes())
            && bytes.ends_with(disk::SUFFIX.as_bytes())
            && entry.file_type().is_ok_and(|kind| kind.is_file())
            && disk::open(&entry.path(), true).is_ok_and(|file| file.try_lock().is_ok())
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Why a lock cannot be taken.
fn not_lockable(path: &Path, error: io::Error) -> StoreError {
    let path = path.to_owned();
    let detour = fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file());
    let kind = match () {
        () if detour => return StoreErrorKind::NotAFile { path }.into(),
        () if is_full(&error) => StoreErrorKind::NoRoom { path },
        () => StoreErrorKind::NotLockable { path },
    };
    StoreError::with_source(kind, error)
}

/// Whether there is no room, which may pass.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Refuses what is no plain file, or that another user could have planted.
fn plain(file: &File, path: &Path) -> Result<fs::Metadata, StoreError> {
    let path = path.to_owned();
    let found = match file.metadata() {
        Ok(found) => found,
        Err(error) => return Err(StoreError::with_source(StoreErrorKind::Unreadable { path }, error)),
    };
    if !found.is_file() {
        return Err(StoreErrorKind::NotAFile { path }.into());
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::uid(&found) != rustix::process::geteuid().as_raw() {
        return Err(StoreErrorKind::OwnedByAnother { path }.into());
    }
    Ok(found)
}

/// Refuses what is not [`plain`], or that other users can open.
#[cfg(unix)]
fn private(file: &File, path: &Path) -> Result<(), StoreError> {
    let mode = std::os::unix::fs::MetadataExt::mode(&plain(file, path)?) & 0o7777;
    if mode & 0o077 != 0 {
        return Err(StoreErrorKind::ReadableByOthers { path: path.to_owned(), mode }.into());
    }
    Ok(())
}

#[cfg(not(unix))]
fn private(file: &File, path: &Path) -> Result<(), StoreError> {
    plain(file, path).map(drop)
}

#[cfg(test)]
mod tests;
