//! Files of messages: from the object store to the program.

mod place;

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use hyper::body::{Body as _, Incoming};
use mezon_model::{Attachment, ChannelMessage, FileState};
use mezon_session::{BoxFuture, Endpoint, EndpointErrorKind};
use tempfile::TempPath;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;
use tracing::debug;

use crate::address;
use crate::body::Body;
use crate::gateway::GatewayInner;
use crate::object_store::foreign_encoding;
use crate::request::AGENT;
use crate::retry::FailedAttempt;
use crate::timeouts::later;
use crate::transport;
use crate::{ApiClient, ApiError, ApiErrorKind, blocking};

/// A file that is being downloaded. Dropping it ends the download.
///
/// ```no_run
/// # async fn example(client: mezon_api::ApiClient, message: mezon_model::ChannelMessage)
/// # -> Result<(), mezon_api::ApiError> {
/// for attachment in message.attachments() {
///     let file = client.download(&attachment.url).await?;
///     // Whoever wrote the message chose the name in it: do not save under it unchecked.
///     file.save(format!("{}.download", message.id()), |_, _| {}).await?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Download {
    body: Incoming,
    media_type: String,
    size: Option<u64>,
    received: u64,
    stall: Duration,
}

impl ApiClient {
    /// Begins to download the file at `url`, such as [`Attachment::url`](mezon_model::Attachment::url) of a message, and
    /// answers when its first bytes may come. No credentials are sent.
    ///
    /// Whoever writes a message chooses the addresses in it. So only the hosts are gone to that files may be uploaded to:
    /// the gateway's own, those under its parent domain, and those of
    /// [`trust_upload_suffix`](crate::GatewayBuilder::trust_upload_suffix). Otherwise a message could make a program ask
    /// any machine that it can reach.
    ///
    /// # Errors
    /// - [`ApiErrorKind::InvalidInput`]: `url` is no address. [`ApiErrorKind::UntrustedFile`]: it leads elsewhere. Nothing
    ///   was sent.
    /// - [`ApiErrorKind::Download`]: the object store refused; 404 when there is no such file.
    /// - [`ApiErrorKind::FileEncoded`]: it sent the file compressed, though that was not asked for.
    /// - [`ApiErrorKind::Connect`], [`ApiErrorKind::Tls`], [`ApiErrorKind::TimedOut`],
    ///   [`ApiErrorKind::ConnectionLost`], [`ApiErrorKind::Redirected`]: there was no usable answer. What may pass was
    ///   tried again, as for calls.
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn download(&self, url: &str) -> Result<Download, ApiError> {
        self.gateway().0.download(url).await
    }
}

impl ApiClient {
    /// As [`ApiClient::download`] of the address of `file`, an attachment of `message`, which may have been posted before its
    /// files were there.
    ///
    /// # Errors
    /// [`ApiErrorKind::FilePending`]: it is on its way; try again after a moment. Ten minutes after the message it is not waited
    /// for any more, and missing like any other file. And as [`ApiClient::download`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn download_attachment(&self, message: &ChannelMessage, file: &Attachment) -> Result<Download, ApiError> {
        let state = message.file_state(file, self.now());
        self.download(&file.url).await.map_err(|error| match error.kind() {
            // Stores that do not let their files be listed do not say that one is missing.
            ApiErrorKind::Download { status: StatusCode::NOT_FOUND | StatusCode::FORBIDDEN, .. }
                if state == FileState::Pending =>
            {
                ApiError::with_source(ApiErrorKind::FilePending, error)
            }
            _ => error,
        })
    }
}

impl Download {
    /// The media type that the store names, such as `image/png`; empty when it names none.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The length of the file in bytes, when the store tells. A file that ends sooner is an error.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// How many bytes have been handed out so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The next part of the file; `None` at its end. There is no limit in all, but bytes must move
    /// ([`Timeouts::stall`](crate::Timeouts::stall)).
    ///
    /// # Errors
    /// [`ApiErrorKind::ConnectionLost`] and [`ApiErrorKind::TimedOut`]: the rest does not come. The download has to start
    /// over.
    ///
    /// # Cancel safety
    /// Cancel safe: no part is lost when the future is dropped.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ApiError> {
        self.read().await
    }

    /// The whole file, unless it is longer than `limit` bytes.
    ///
    /// # Errors
    /// [`ApiErrorKind::BodyTooLarge`], and those of [`Download::chunk`].
    ///
    /// # Cancel safety
    /// The download ends when the future is dropped.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, ApiError> {
        let too_large = || ApiError::new(ApiErrorKind::BodyTooLarge { limit });
        if self.size.is_some_and(|size| size > limit as u64) {
            return Err(too_large());
        }
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.read().await? {
            if whole.len() + chunk.len() > limit {
                return Err(too_large());
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// Saves the file at `path`, in place of one that is there, and tells how long it is. `progress` hears the bytes so far
    /// and, when the store tells, the bytes in all.
    ///
    /// It is written under another name in the same folder first: at `path` there is never half a file. Only a plain file is
    /// replaced, and the new one has its permissions: a pipe, a device, a link or a folder is left as it is, also one that comes
    /// while the file is saved. (Not on Windows, nor on file systems that cannot exchange two files: there it is looked at just
    /// before it is replaced.)
    ///
    /// # Errors
    /// [`ApiErrorKind::FileNotSaved`]: it cannot be written there. And those of [`Download::chunk`].
    ///
    /// # Cancel safety
    /// The download ends when the future is dropped, and what was written so far is removed.
    pub async fn save(
        mut self,
        path: impl AsRef<Path>,
        mut progress: impl FnMut(u64, Option<u64>) + Send,
    ) -> Result<u64, ApiError> {
        self.write(path.as_ref(), place::put, &mut progress).await
    }

    /// As [`Download::save`], but never in place of another file, however late that came.
    ///
    /// # Errors
    /// As [`Download::save`]; [`ApiErrorKind::FileNotSaved`] also when there is a file at `path`.
    ///
    /// # Cancel safety
    /// As [`Download::save`].
    pub async fn save_new(
        mut self,
        path: impl AsRef<Path>,
        mut progress: impl FnMut(u64, Option<u64>) + Send,
    ) -> Result<u64, ApiError> {
        self.write(path.as_ref(), place::put_new, &mut progress).await
    }

    /// In a box, like everything that programs can begin: see `Inner::call` for the reason.
    fn read(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, ApiError>> {
        Box::pin(async move {
            let chunk = transport::next(&mut self.body, self.stall, later(Duration::MAX)).await;
            let chunk = chunk.map_err(|failure| failure.error)?;
            self.received += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
            Ok(chunk)
        })
    }

    fn write<'a>(
        &'a mut self,
        path: &'a Path,
        put: fn(TempPath, &Path) -> io::Result<()>,
        progress: &'a mut (dyn FnMut(u64, Option<u64>) + Send),
    ) -> BoxFuture<'a, Result<u64, ApiError>> {
        Box::pin(async move {
            let failed = |error| ApiError::with_source(ApiErrorKind::FileNotSaved { path: path.to_owned() }, error);
            let target = path.to_owned();
            let (file, part) = blocking(move || place::beside(&target)).await?.map_err(failed)?.into_parts();
            let mut file = File::from_std(file);
            while let Some(chunk) = self.read().await? {
                file.write_all(&chunk).await.map_err(failed)?;
                progress(self.received, self.size);
            }
            file.sync_all().await.map_err(failed)?;
            let place = path.to_owned();
            blocking(move || put(part, &place)).await?.map_err(failed)?;
            Ok(self.received)
        })
    }
}

impl GatewayInner {
    fn download<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Download, ApiError>> {
        Box::pin(async move {
            let uri = self.file_address(url)?;
            let deadline = self.deadline();
            let mut attempts = self.attempts("GET file", true, Some(deadline));
            let answer = loop {
                match self.begin(&uri, deadline).await {
                    Ok(answer) => break attempts.succeeded(answer),
                    Err(failure) => attempts.again(failure).await.map_err(|failure| failure.error)?,
                }
            };
            let (head, body) = answer.into_parts();
            if let Some(encoding) = foreign_encoding(&head.headers) {
                return Err(ApiErrorKind::FileEncoded { encoding }.into());
            }
            let media_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let size = body.size_hint().exact();
            debug!(method = "GET file", size, "download begun");
            Ok(Download {
                body,
                media_type: media_type.unwrap_or_default().to_owned(),
                size,
                received: 0,
                stall: self.timeouts.stall,
            })
        })
    }

    fn file_address(&self, url: &str) -> Result<Uri, ApiError> {
        let no_address = || ApiErrorKind::InvalidInput { problem: "the file's address is no http or https URL" };
        let address = address::read(url).ok_or_else(no_address)?;
        let checked = Endpoint::parse(&address.text, true).and_then(|endpoint| self.policy.check_upload(&endpoint));
        checked.map(|()| address.uri).map_err(|error| {
            let kind = match error.kind() {
                EndpointErrorKind::Untrusted { host } | EndpointErrorKind::Insecure { host } => {
                    ApiErrorKind::UntrustedFile { host: host.clone() }
                }
                _ => no_address(),
            };
            ApiError::with_source(kind, error)
        })
    }

    /// Asks once, and waits for the head of the answer.
    async fn begin(&self, uri: &Uri, deadline: Instant) -> Result<Response<Incoming>, FailedAttempt> {
        let mut request = Request::new(Body::from(Bytes::new()));
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, AGENT);
        // Without it a store may choose any encoding.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let answer = self.transport.head(request, deadline).await?;
        let refused = |status, code, retry_after| ApiErrorKind::Download { status, code, retry_after };
        self.stored(answer, deadline, refused).await
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("media_type", &self.media_type)
            .field("size", &self.size)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}
