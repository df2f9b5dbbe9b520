//! What to upload.

use std::fmt;
use std::fs;
use std::io::{self, BufReader, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use mezon_model::FileCategory;
use tokio::fs::File;

use super::body::UploadBody;
use super::media_type;
use super::name::{display_name, last_part};
use super::ticket::UploadRequest;
use crate::object_store::Sent;
use crate::{ApiError, ApiErrorKind, blocking};

/// What to upload: a file that is read while it is sent, or bytes in memory.
///
/// ```
/// use mezon_api::UploadSource;
///
/// let photo = UploadSource::file("holiday/beach.jpg").dimensions(1600, 1200);
/// let report = UploadSource::bytes("report.csv", "a;b\n1;2\n");
/// # let _ = (photo, report);
/// ```
#[derive(Clone)]
pub struct UploadSource {
    content: Content,
    filename: String,
    media_type: String,
    category: Option<FileCategory>,
    width: u32,
    height: u32,
}

#[derive(Clone)]
enum Content {
    File(PathBuf),
    Bytes(Bytes),
}

impl UploadSource {
    /// The file at `path`, under its own name.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let filename = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self::new(Content::File(path), &filename)
    }

    /// `bytes`, as a file called `filename`.
    pub fn bytes(filename: &str, bytes: impl Into<Bytes>) -> Self {
        Self::new(Content::Bytes(bytes.into()), filename)
    }

    fn new(content: Content, filename: &str) -> Self {
        let media_type = media_type::guess(last_part(filename)).to_owned();
        Self { content, filename: display_name(filename), media_type, category: None, width: 0, height: 0 }
    }

    /// Under another name. Of a path only the last part is used. The media type is guessed from the new name.
    #[must_use]
    pub fn filename(mut self, filename: &str) -> Self {
        media_type::guess(last_part(filename)).clone_into(&mut self.media_type);
        self.filename = display_name(filename);
        self
    }

    /// The media type with which the bytes are sent, such as `image/png`. Without it, or when it is empty, it is guessed
    /// from the name.
    #[must_use]
    pub fn media_type(mut self, media_type: &str) -> Self {
        if !media_type.is_empty() {
            media_type.clone_into(&mut self.media_type);
        }
        self
    }

    /// What kind of file it is, if not what its media type says.
    #[must_use]
    pub fn category(mut self, category: FileCategory) -> Self {
        self.category = Some(category);
        self
    }

    /// Width and height in pixels, for images and videos. Without them those of an image are read from its first bytes.
    #[must_use]
    pub fn dimensions(mut self, width: u32, height: u32) -> Self {
        (self.width, self.height) = (width, height);
        self
    }

    /// What to ask the server for, and what the file is like now.
    pub(crate) async fn look(&self) -> Result<(UploadRequest, Version), ApiError> {
        let is_unknown = self.width == 0 && self.height == 0;
        let is_measured = is_unknown && FileCategory::of(&self.media_type) == FileCategory::Image;
        let (version, measured) = match &self.content {
            Content::Bytes(bytes) => {
                let measured = is_measured.then(|| imagesize::blob_size(bytes));
                (Version { size: bytes.len() as u64, modified: None }, measured)
            }
            Content::File(path) => {
                let look = move |file: &mut fs::File, version| {
                    Ok((version, is_measured.then(|| imagesize::reader_size(BufReader::new(file)))))
                };
                in_file(path, look).await?
            }
        };
        // An image of a kind that is not known, or damaged, has no size.
        let measured = measured.and_then(Result::ok);
        let pixels =
            measured.and_then(|size| Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?)));
        let (width, height) = pixels.unwrap_or((self.width, self.height));
        let mut request = UploadRequest::new(&self.filename, version.size).media_type(&self.media_type);
        request.category = self.category;
        Ok((request.dimensions(width, height), version))
    }

    /// The body that brings a part of the file, which is still the one that was looked at.
    pub(crate) async fn open(
        &self,
        version: Version,
        part: Range<u64>,
        sent: Arc<Sent>,
    ) -> Result<UploadBody, ApiError> {
        match &self.content {
            Content::Bytes(bytes) => {
                let range = usize::try_from(part.start).ok().zip(usize::try_from(part.end).ok());
                let is_whole = bytes.len() as u64 == version.size;
                let part = range.filter(|(start, end)| is_whole && start <= end && *end <= bytes.len());
                let other = ApiErrorKind::InvalidInput { problem: "the ticket was made for a file of another size" };
                let (start, end) = part.ok_or(other)?;
                Ok(UploadBody::from_bytes(bytes.slice(start..end), sent))
            }
            Content::File(path) => {
                let start = part.start;
                let (file, found) = in_file(path, move |file, found| {
                    file.seek(SeekFrom::Start(start))?;
                    Ok((file.try_clone()?, found))
                })
                .await?;
                if !version.is(found) {
                    return Err(ApiErrorKind::FileChanged { path: path.clone() }.into());
                }
                let (size, is_last) = (part.end.saturating_sub(part.start), part.end == version.size);
                Ok(UploadBody::from_file(File::from_std(file), path.clone(), size, is_last, sent))
            }
        }
    }
}

/// What a file was like when it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// In bytes.
    pub(crate) size: u64,
    /// When it was written last. `None`: nobody knows, or it makes no difference.
    modified: Option<SystemTime>,
}

impl Version {
    /// Any file of so many bytes.
    pub(crate) fn of_size(size: u64) -> Self {
        Self { size, modified: None }
    }

    /// Whether the file is still the same.
    fn is(self, found: Self) -> bool {
        self.size == found.size && (self.modified.is_none() || self.modified == found.modified)
    }
}

/// Opens the plain file at `path` once, and has `work` look at what was opened.
async fn in_file<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce(&mut fs::File, Version) -> io::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let place = path.to_owned();
    let looked = blocking(move || {
        let mut options = fs::OpenOptions::new();
        options.read(true);
        // To open a pipe waits for its other end, and a terminal may become that of the program.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(
            &mut options,
            (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY).bits().cast_signed(),
        );
        let mut file = options.open(place)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a directory or a device"));
        }
        work(&mut file, Version { size: metadata.len(), modified: metadata.modified().ok() })
    });
    looked.await?.map_err(|error| ApiError::with_source(ApiErrorKind::File { path: path.to_owned() }, error))
}

/// Without the bytes.
impl fmt::Debug for UploadSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("UploadSource");
        match &self.content {
            Content::File(path) => f.field("path", path),
            Content::Bytes(bytes) => f.field("bytes", &bytes.len()),
        };
        f.field("filename", &self.filename).field("media_type", &self.media_type).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// To look at a pipe is one thing, and then to open it another: what opened it waited for ever.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_pipe_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("photo.png");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let source = UploadSource::file(&pipe);
        let error = source.look().await.unwrap_err();
        assert!(matches!(error.kind(), ApiErrorKind::File { .. }), "{error:?}");
        let opened = source.open(Version::of_size(0), 0..0, Arc::default()).await;
        assert!(matches!(opened.unwrap_err().kind(), ApiErrorKind::File { .. }));
        let folder = UploadSource::file(folder.path());
        assert!(matches!(folder.look().await.unwrap_err().kind(), ApiErrorKind::File { .. }));
    }

    #[tokio::test]
    async fn a_part_is_of_the_file_that_was_looked_at() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "0123456789").unwrap();
        let source = UploadSource::file(file.path());
        let (request, version) = source.look().await.unwrap();
        assert_eq!(request.size, 10);
        source.open(version, 4..10, Arc::default()).await.unwrap();

        let later = version.modified.unwrap() + std::time::Duration::from_secs(5);
        file.as_file().set_modified(later).unwrap();
        let changed = |opened: Result<UploadBody, ApiError>| {
            assert!(matches!(opened.unwrap_err().kind(), ApiErrorKind::FileChanged { .. }));
        };
        changed(source.open(version, 4..10, Arc::default()).await);
        source.open(Version::of_size(10), 4..10, Arc::default()).await.unwrap();
        changed(source.open(Version::of_size(11), 4..11, Arc::default()).await);
    }

    #[tokio::test]
    async fn bytes_have_parts_too() {
        let source = UploadSource::bytes("a.txt", "0123456789");
        for (size, part, fits) in [(10, 0..10, true), (10, 4..6, true), (10, 4..11, false), (9, 0..9, false)] {
            let opened = source.open(Version::of_size(size), part.clone(), Arc::default()).await;
            assert_eq!(opened.is_ok(), fits, "{size} {part:?}");
        }
    }
}
