//! A store in a file that only its owner reads.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::{SessionStore, StoreError, StoreErrorKind, StoreLock};
use crate::Session;

/// Keeps a session in a file, in the form of [`Session::export`].
///
/// On Unix the file is made with mode 0600, and missing directories with 0700. A file that its group or others may
/// open, or that belongs to another user, is refused. Elsewhere the permissions of the directory apply.
///
/// Saving writes a new file beside the old one, flushes it to the disk and renames it, so a crash at any point leaves
/// the old session or the new one. Loading changes nothing: a damaged file is reported and left as it is.
///
/// The path must be a plain file or nothing. A link is refused: following one would write where somebody else points
/// to, and replacing it would leave two sessions that both look current. Links among its directories are followed.
///
/// The lock is a file of its own beside it, with `.lock` added to the name. It is empty and stays.
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

    fn unreadable(&self, error: io::Error) -> StoreError {
        StoreError::with_source(StoreErrorKind::Unreadable { path: self.path.clone() }, error)
    }

    fn not_writable(&self, error: io::Error) -> StoreError {
        StoreError::with_source(StoreErrorKind::NotWritable { path: self.path.clone() }, error)
    }

    fn damaged(&self) -> StoreErrorKind {
        StoreErrorKind::Damaged { path: self.path.clone() }
    }

    /// Whether there is a plain file at the path.
    fn exists(&self) -> Result<bool, StoreError> {
        match fs::symlink_metadata(&self.path) {
            Ok(found) if found.is_file() => Ok(true),
            Ok(_) => Err(StoreErrorKind::NotAFile { path: self.path.clone() }.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.unreadable(error)),
        }
    }

    /// The path's directory and the name of the file in it.
    fn place(&self) -> Result<(&Path, &std::ffi::OsStr), StoreError> {
        let name = self.path.file_name();
        let name = name.ok_or_else(|| StoreErrorKind::NotAFile { path: self.path.clone() })?;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        Ok((parent.unwrap_or(Path::new(".")), name))
    }

    fn write(&self, directory: &Path, name: &std::ffi::OsStr, text: &str) -> io::Result<()> {
        create_directory(directory)?;
        // Made with mode 0600 on Unix, and removed again if anything below fails.
        let mut prefix = OsString::from(".");
        prefix.push(name);
        prefix.push(".");
        let mut file = tempfile::Builder::new().prefix(&prefix).suffix(".tmp").tempfile_in(directory)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|failed| failed.error)?;
        sync_directory(directory)
    }
}

impl SessionStore for FileStore {
    fn load(&self) -> Result<Option<Session>, StoreError> {
        if !self.exists()? {
            return Ok(None);
        }
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| self.unreadable(error))?,
        };
        // What is open is what is checked: the path could mean another file by now.
        private(&file, &self.path)?;
        let mut text = Zeroizing::new(String::new());
        match file.take(MAX_BYTES).read_to_string(&mut text) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(self.damaged().into()),
            read => read.map_err(|error| self.unreadable(error))?,
        };
        Session::restore(&text).map(Some).map_err(|error| StoreError::with_source(self.damaged(), error))
    }

    fn save(&self, session: &Session) -> Result<(), StoreError> {
        let (directory, name) = self.place()?;
        self.exists()?;
        let text = Zeroizing::new(session.export());
        self.write(directory, name, &text).map_err(|error| self.not_writable(error))
    }

    fn clear(&self) -> Result<(), StoreError> {
        let (directory, _) = self.place()?;
        if !self.exists()? {
            return Ok(());
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| sync_directory(directory)).map_err(|error| self.not_writable(error)),
        }
    }

    /// Waits up to [`FileStore::lock_timeout`]. The lock holds between processes, and between stores of one process.
    fn lock(&self) -> Result<StoreLock, StoreError> {
        let (directory, name) = self.place()?;
        let mut lock_name = name.to_owned();
        lock_name.push(".lock");
        let path = directory.join(lock_name);
        let locked = || StoreErrorKind::Locked { path: path.clone() };
        create_directory(directory).map_err(|error| StoreError::with_source(locked(), error))?;
        let file = open_lock(&path).map_err(|error| StoreError::with_source(locked(), error))?;
        let asked = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(StoreLock::holding(file)),
                Err(TryLockError::WouldBlock) if asked.elapsed() < self.lock_timeout => thread::sleep(LOCK_POLL),
                Err(TryLockError::WouldBlock) => return Err(locked().into()),
                Err(TryLockError::Error(error)) => return Err(StoreError::with_source(locked(), error)),
            }
        }
    }
}

#[cfg(unix)]
fn create_directory(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn create_directory(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

/// Makes a rename or a removal in `directory` durable.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
        // Some network file systems know no such thing for directories.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

/// Directories cannot be opened for that here; the rename itself goes through the journal.
#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Refuses a file that other users can open or could have planted.
#[cfg(unix)]
fn private(file: &File, path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt;
    let path = path.to_owned();
    let found = match file.metadata() {
        Ok(found) => found,
        Err(error) => return Err(StoreError::with_source(StoreErrorKind::Unreadable { path }, error)),
    };
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(StoreErrorKind::OwnedByAnother { path }.into());
    }
    if found.mode() & 0o077 != 0 {
        return Err(StoreErrorKind::ReadableByOthers { path, mode: found.mode() & 0o7777 }.into());
    }
    Ok(())
}

#[cfg(not(unix))]
fn private(_file: &File, _path: &Path) -> Result<(), StoreError> {
    Ok(())
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
