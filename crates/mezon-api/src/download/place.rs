//! Where a downloaded file is put: beside its place first, and then into it.

use std::io;
use std::path::Path;

use tempfile::{NamedTempFile, TempPath};

/// Puts `part` at `path`, in place of a plain file or of nothing.
pub(super) fn put(part: TempPath, path: &Path) -> io::Result<()> {
    let mut part = part;
    // Something may come and go between a look and the next step. It does not do so for ever.
    for _ in 0..LOOKS {
        if replaceable(path)?.is_none() {
            match part.persist_noclobber(path) {
                Err(stayed) if stayed.error.kind() == io::ErrorKind::AlreadyExists => part = stayed.path,
                put => return put.map_err(|stayed| stayed.error),
            }
            continue;
        }
        match exchange(&part, path) {
            Ok(()) => {
                let Err(other) = replaceable(&part) else {
                    // What was there before goes now.
                    return part.close();
                };
                exchange(&part, path)?;
                return Err(other);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // Not every file system can exchange two files, nor every system.
            Err(_) => return part.persist(path).map_err(|stayed| stayed.error),
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "others make and remove files there all the time"))
}

/// How often is looked what is there.
const LOOKS: usize = 8;

/// Puts `part` at `path`, where nothing may be.
pub(super) fn put_new(part: TempPath, path: &Path) -> io::Result<()> {
    replaceable(path)?;
    part.persist_noclobber(path).map_err(|stayed| stayed.error)
}

/// Has two files change their places, at once.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A new file in the folder of `path`, which is removed unless it is put in its place. It has the permissions of the file
/// that is there.
pub(super) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    if path.file_name().is_none() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
    }
    let replaced = replaceable(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut part = tempfile::Builder::new();
    // Without the name of the file, which may be as long as names can be.
    part.prefix(".mezon-").suffix(".part");
    #[cfg(unix)]
    if replaced.is_none() {
        use std::os::unix::fs::PermissionsExt as _;
        // As of any new file, instead of the owner's alone.
        part.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let part = part.tempfile_in(folder)?;
    #[cfg_attr(not(unix), allow(unused_mut))]
    if let Some(mut permissions) = replaced {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // What comes from the network never runs as the owner of the file.
            permissions.set_mode(permissions.mode() & 0o777);
        }
        part.as_file().set_permissions(permissions)?;
    }
    Ok(part)
}

/// The permissions of the file at `path`; `None` if there is nothing. An error for all that is no plain file: to put a file in
/// its place would take it away from whoever made it.
fn replaceable(path: &Path) -> io::Result<Option<std::fs::Permissions>> {
    let there = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        there => there?,
    };
    let kind = there.file_type();
    if kind.is_file() {
        return Ok(Some(there.permissions()));
    }
    let problem = if kind.is_dir() {
        "it is a folder"
    } else if kind.is_symlink() {
        "it is a link, name the file that it leads to"
    } else {
        "it is a pipe or a device"
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn part(folder: &Path) -> TempPath {
        let part = beside(&folder.join("file")).unwrap();
        fs::write(part.path(), "new").unwrap();
        part.into_temp_path()
    }

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_file_is_put_in_place_of_nothing_and_of_a_plain_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for _ in 0..2 {
            put(part(folder.path()), &path).unwrap();
            assert_eq!((fs::read_to_string(&path).unwrap().as_str(), names(folder.path())), ("new", 1));
        }
        assert_eq!(put_new(part(folder.path()), &path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    /// A pipe that came after the look was gone.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_comes_after_the_look_is_no_plain_file_and_stays() {
        use std::os::unix::fs::FileTypeExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|threads| {
            // A pipe takes the place of a plain file and gives it back, all the time.
            threads.spawn(|| {
                let pipe = folder.path().join("pipe");
                fs::write(&path, "old").unwrap();
                assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    exchange(&pipe, &path).unwrap();
                }
            });
            let other = tempfile::tempdir_in(folder.path()).unwrap();
            for _ in 0..2_000 {
                let part = part(other.path());
                let _ = put(part, &path);
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        let is_pipe = |name: &str| fs::symlink_metadata(folder.path().join(name)).unwrap().file_type().is_fifo();
        assert!(is_pipe("pipe") != is_pipe("file"), "the pipe is in one of the two places");
    }
}
