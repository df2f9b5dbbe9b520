//! The steps by which a file is opened, written, replaced and removed. Each can fail, so tests can make it fail.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// A step of reading or writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Open,
    Read,
    Create,
    Write,
    Cut,
    SyncFile,
    Rename,
    Remove,
    SyncDirectory,
}

/// Opens the file at `path`, to write as well if `write`. Neither is a link followed nor the other end of a pipe waited
/// for: the path may have changed since it was looked at.
pub(super) fn open(path: &Path, write: bool) -> io::Result<File> {
    reach(Step::Open)?;
    without_detours(OpenOptions::new().read(true).write(write)).open(path)
}

/// As [`open`], and makes the file, for its owner alone, if there is none.
pub(super) fn open_or_create(path: &Path) -> io::Result<File> {
    reach(Step::Open)?;
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    without_detours(options.read(true).write(true).create(true).truncate(false)).open(path)
}

#[cfg(unix)]
fn without_detours(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
}

#[cfg(not(unix))]
fn without_detours(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// The first `limit` bytes of a file. Their memory is cleared when they are dropped.
pub(super) fn read(file: &File, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    reach(Step::Read)?;
    // No larger than needed, so that no copy is left behind by growing.
    let size = file.metadata()?.len().min(limit);
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1));
    file.take(limit).read_to_end(&mut content)?;
    Ok(content)
}

/// A new file in `directory` with this content, durable, for its owner alone. It goes when it is dropped; one that a
/// killed process left behind is not locked any more.
pub(super) fn create(directory: &Path, prefix: &std::ffi::OsStr, content: &[u8]) -> io::Result<NamedTempFile> {
    reach(Step::Create)?;
    let mut file = tempfile::Builder::new().prefix(prefix).suffix(SUFFIX).tempfile_in(directory)?;
    // Not every file system knows locks. On one that does not, nothing is taken for left behind either.
    let _ = file.as_file().try_lock();
    write(file.as_file_mut(), content)?;
    Ok(file)
}

/// What the names of files end in that are to replace another.
pub(super) const SUFFIX: &str = ".tmp";

/// Makes `content` the whole content of `file`, and durable. At no time is there a mix of new and old in it that could
/// be read as the old.
pub(super) fn write(file: &mut File, content: &[u8]) -> io::Result<()> {
    reach(Step::Write)?;
    let before = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    file.rewind()?;
    if before > content.len() && before <= LARGEST_PADDING {
        // What is longer is overwritten with spaces before it is cut off.
        let mut padded = Zeroizing::new(Vec::with_capacity(before));
        padded.extend_from_slice(content);
        padded.resize(before, b' ');
        file.write_all(&padded)?;
    } else {
        file.write_all(content)?;
    }
    reach(Step::Cut)?;
    file.set_len(content.len() as u64)?;
    sync_file(file)
}

/// Longer files are cut off without that. No session is as long.
const LARGEST_PADDING: usize = 1024 * 1024;

/// Adds spaces up to `size` bytes, so that there is room for as much. On a failure the file is as it was.
pub(super) fn reserve(file: &mut File, size: usize) -> io::Result<()> {
    reach(Step::Write)?;
    let before = file.metadata()?.len();
    let missing = size.saturating_sub(usize::try_from(before).unwrap_or(usize::MAX));
    file.seek(io::SeekFrom::End(0))?;
    let reserved = file.write_all(&vec![b' '; missing]).and_then(|()| sync_file(file));
    if reserved.is_err() {
        file.set_len(before)?;
    }
    reserved
}

fn sync_file(file: &File) -> io::Result<()> {
    reach(Step::SyncFile)?;
    file.sync_all()
}

/// Puts `file` in the place of whatever is at `path`, durably.
pub(super) fn rename(file: NamedTempFile, directory: &Path, path: &Path) -> io::Result<()> {
    reach(Step::Rename)?;
    file.persist(path).map_err(|failed| failed.error)?;
    sync_directory(directory)
}

/// Removes the file at `path` from `directory`, durably.
pub(super) fn remove(directory: &Path, path: &Path) -> io::Result<()> {
    reach(Step::Remove)?;
    fs::remove_file(path)?;
    sync_directory(directory)
}

/// Makes a rename or a removal in `directory` durable.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    reach(Step::SyncDirectory)?;
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

#[cfg(unix)]
pub(super) fn create_directory(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
pub(super) fn create_directory(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

#[cfg(not(test))]
#[allow(clippy::unnecessary_wraps)]
fn reach(_step: Step) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
use faults::reach;

/// Which steps this thread took, and which of them fail.
#[cfg(test)]
pub(super) mod faults {
    use std::cell::RefCell;

    use super::{Step, io};

    type Fault = Box<dyn FnMut(Step) -> Option<io::Error>>;

    thread_local! {
        static TAKEN: RefCell<Vec<Step>> = const { RefCell::new(Vec::new()) };
        static FAULT: RefCell<Option<Fault>> = const { RefCell::new(None) };
    }

    pub(super) fn reach(step: Step) -> io::Result<()> {
        TAKEN.with_borrow_mut(|taken| taken.push(step));
        let error = FAULT.with_borrow_mut(|fault| fault.as_mut().and_then(|fault| fault(step)));
        error.map_or(Ok(()), Err)
    }

    /// The steps that `work` takes.
    pub(in super::super) fn steps(work: impl FnOnce()) -> Vec<Step> {
        TAKEN.take();
        work();
        TAKEN.take()
    }

    /// What comes of `work` when `fault` decides which steps fail.
    pub(in super::super) fn with<T>(
        fault: impl FnMut(Step) -> Option<io::Error> + 'static,
        work: impl FnOnce() -> T,
    ) -> T {
        FAULT.set(Some(Box::new(fault)));
        let outcome = work();
        FAULT.set(None);
        outcome
    }

    /// What comes of `work` when all steps of this kind fail like this.
    pub(in super::super) fn failing<T>(at: Step, kind: io::ErrorKind, work: impl FnOnce() -> T) -> T {
        with(move |step| (step == at).then(|| kind.into()), work)
    }
}
