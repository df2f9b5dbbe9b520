//! What to upload.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::fs::File;

use super::body::{Sent, UploadBody};
use super::ticket::{UploadRequest, base_name};
use crate::{ApiError, ApiErrorKind};

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
    filetype: Option<String>,
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
        Self { content, filename: base_name(filename), filetype: None, width: 0, height: 0 }
    }

    /// Under another name. Of a path only the last part is used.
    #[must_use]
    pub fn filename(mut self, filename: &str) -> Self {
        self.filename = base_name(filename);
        self
    }

    /// The media type, such as `image/png`. Without it, or when it is empty, it is guessed from the name.
    #[must_use]
    pub fn filetype(mut self, filetype: &str) -> Self {
        self.filetype = Some(filetype.to_owned()).filter(|filetype| !filetype.is_empty());
        self
    }

    /// Width and height in pixels, for images and videos.
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
        let mut request = UploadRequest::new(&self.filename, size).dimensions(self.width, self.height);
        if let Some(filetype) = &self.filetype {
            request.filetype.clone_from(filetype);
        }
        Ok(request)
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
        f.field("filename", &self.filename).field("filetype", &self.filetype).finish_non_exhaustive()
    }
}
