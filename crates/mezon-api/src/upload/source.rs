//! What to upload.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use mezon_model::FileCategory;
use tokio::fs::File;

use super::body::{Sent, UploadBody};
use super::media_type;
use super::name::{display_name, last_part};
use super::ticket::UploadRequest;
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

    /// What to ask the server for.
    pub(crate) async fn to_request(&self) -> Result<UploadRequest, ApiError> {
        let size = match &self.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File(path) => open(path).await?.1,
        };
        let mut request = UploadRequest::new(&self.filename, size).media_type(&self.media_type);
        request.category = self.category;
        let is_known = self.width > 0 || self.height > 0;
        let (width, height) = if is_known || FileCategory::of(&self.media_type) != FileCategory::Image {
            (self.width, self.height)
        } else {
            self.image_size().await.unwrap_or_default()
        };
        Ok(request.dimensions(width, height))
    }

    /// Width and height out of the header of an image. `None`: of a kind that is not known, or damaged.
    async fn image_size(&self) -> Option<(u32, u32)> {
        let size = match &self.content {
            Content::Bytes(bytes) => imagesize::blob_size(bytes),
            Content::File(path) => {
                let path = path.clone();
                blocking(move || imagesize::size(path)).await.ok()?
            }
        };
        let size = size.ok()?;
        Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?))
    }

    /// The body of the upload, which was announced with `size` bytes.
    pub(crate) async fn open(&self, size: u64, sent: Arc<Sent>) -> Result<UploadBody, ApiError> {
        match &self.content {
            Content::Bytes(bytes) if bytes.len() as u64 == size => Ok(UploadBody::from_bytes(bytes.clone(), sent)),
            Content::Bytes(_) => {
                Err(ApiErrorKind::InvalidInput { problem: "the ticket was made for a file of another size" }.into())
            }
            Content::File(path) => {
                let (file, length) = open(path).await?;
                if length != size {
                    return Err(ApiErrorKind::FileChanged { path: path.clone() }.into());
                }
                Ok(UploadBody::from_file(file, path.clone(), size, sent))
            }
        }
    }
}

/// Opens a plain file and tells its length.
async fn open(path: &Path) -> Result<(File, u64), ApiError> {
    let opened = async {
        let no_file = || io::Error::new(io::ErrorKind::InvalidInput, "it is a directory or a device");
        // Before it is opened, too: to open a pipe waits for its other end.
        if !tokio::fs::metadata(path).await?.is_file() {
            return Err(no_file());
        }
        let file = File::open(path).await?;
        let metadata = file.metadata().await?;
        if !metadata.is_file() {
            return Err(no_file());
        }
        Ok((file, metadata.len()))
    };
    opened.await.map_err(|error| ApiError::with_source(ApiErrorKind::File { path: path.to_owned() }, error))
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
