//! Files: a ticket from the server, then the bytes straight to the object store.

mod body;
mod media_type;
mod name;
mod source;
mod ticket;

use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use mezon_model::Attachment;
use mezon_session::BoxFuture;
use tokio::time::{Instant, sleep_until};
use tracing::debug;

pub use source::UploadSource;
pub use ticket::{UploadRequest, UploadTicket};

use crate::body::Body;
use crate::request::AGENT;
use crate::retry::{FailedAttempt, Fate};
use crate::timeouts::later;
use crate::transport::late;
use crate::{ApiClient, ApiError, ApiErrorKind, Phase, methods};
use body::Sent;

impl ApiClient {
    /// Uploads a file and gives the attachment for a message. `progress` hears the bytes handed to the network so far and
    /// the bytes in all; it is called on the caller's task, and with both equal at last.
    ///
    /// The file is read while it is sent, 64 KiB at a time. If the store fails in a way that passes (503, a lost connection),
    /// the same bytes are sent to the same address again, with the attempts and delays of the
    /// [`RetryPolicy`](crate::RetryPolicy); `progress` starts over then. If the store says that the ticket is no longer good
    /// (403), it is tried once more with a new one.
    ///
    /// # Errors
    /// - [`ApiErrorKind::File`]: the file is missing, unreadable, or a directory. [`ApiErrorKind::FileChanged`]: it
    ///   became longer or shorter meanwhile.
    /// - [`ApiErrorKind::InvalidInput`]: it is larger than [`Attachment::MAX_SIZE`], or its type is no media type.
    /// - [`ApiErrorKind::UntrustedEndpoint`]: the server sent us elsewhere. See
    ///   [`trust_upload_suffix`](crate::GatewayBuilder::trust_upload_suffix).
    /// - [`ApiErrorKind::Upload`]: the object store refused it.
    /// - Those of [`ApiClient::call`].
    ///
    /// # Cancel safety
    /// Cancel safe: the connection is closed, and half an upload is never part of a message.
    pub async fn upload(
        &self,
        source: UploadSource,
        mut progress: impl FnMut(u64, u64) + Send,
    ) -> Result<Attachment, ApiError> {
        let request = source.to_request().await?;
        let ticket = self.request_upload(&request).await?;
        match self.put(&ticket, &source, &mut progress).await {
            Err(error) if matches!(error.kind(), ApiErrorKind::Upload { status, .. } if *status == StatusCode::FORBIDDEN) =>
            {
                debug!("upload refused, trying once more with a new ticket");
                let ticket = self.request_upload(&request).await?;
                self.put(&ticket, &source, &mut progress).await?;
                Ok(ticket.attachment())
            }
            sent => sent.map(|()| ticket.attachment()),
        }
    }

    /// Uploads the file at `path`. As [`ApiClient::upload`] with [`UploadSource::file`].
    ///
    /// # Errors
    /// As [`ApiClient::upload`].
    ///
    /// # Cancel safety
    /// As [`ApiClient::upload`].
    pub async fn upload_file(
        &self,
        path: impl AsRef<Path>,
        progress: impl FnMut(u64, u64) + Send,
    ) -> Result<Attachment, ApiError> {
        self.upload(UploadSource::file(path.as_ref()), progress).await
    }

    /// Uploads `bytes` as a file called `filename`. An empty `media_type` is guessed from the name. As
    /// [`ApiClient::upload`] with [`UploadSource::bytes`].
    ///
    /// # Errors
    /// As [`ApiClient::upload`].
    ///
    /// # Cancel safety
    /// As [`ApiClient::upload`].
    pub async fn upload_bytes(
        &self,
        filename: &str,
        media_type: &str,
        bytes: impl Into<Bytes>,
        progress: impl FnMut(u64, u64) + Send,
    ) -> Result<Attachment, ApiError> {
        self.upload(UploadSource::bytes(filename, bytes).media_type(media_type), progress).await
    }

    /// Asks for a place to upload a file to. [`ApiClient::upload`] does the whole job; this is for programs that send the
    /// bytes themselves.
    ///
    /// # Errors
    /// [`ApiErrorKind::InvalidInput`] for a size over [`Attachment::MAX_SIZE`] or a type that is no media type, before
    /// any request; [`ApiErrorKind::UntrustedEndpoint`] and [`ApiErrorKind::Decode`] for an address that cannot be used;
    /// and those of [`ApiClient::call`].
    ///
    /// # Cancel safety
    /// Cancel safe: an unused ticket expires.
    pub async fn request_upload(&self, request: &UploadRequest) -> Result<UploadTicket, ApiError> {
        let message = request.to_wire()?;
        let answer = self.call(methods::UPLOAD_ATTACHMENT_FILE, &message).await?;
        UploadTicket::new(request, &answer, &self.gateway().0.policy)
    }

    /// Sends the bytes to the place that a ticket names. The store stops taking them some 10 to 60 seconds after the
    /// ticket was made.
    ///
    /// # Errors
    /// As [`ApiClient::upload`]. [`ApiErrorKind::FileChanged`] or [`ApiErrorKind::InvalidInput`] also when the source is
    /// not as long as the ticket says.
    ///
    /// # Cancel safety
    /// As [`ApiClient::upload`].
    pub async fn put_upload(
        &self,
        ticket: &UploadTicket,
        source: &UploadSource,
        mut progress: impl FnMut(u64, u64) + Send,
    ) -> Result<(), ApiError> {
        self.put(ticket, source, &mut progress).await
    }

    /// In a box, and for any `progress` at once: see `Inner::call` for the reason.
    fn put<'a>(
        &'a self,
        ticket: &'a UploadTicket,
        source: &'a UploadSource,
        progress: &'a mut (dyn FnMut(u64, u64) + Send),
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move {
            let gateway = &self.gateway().0;
            // A file may take hours, so the time for another attempt counts from the failure.
            let mut attempts = gateway.attempts("PUT upload", true, None);
            loop {
                let started = Instant::now();
                let result = self.put_once(ticket, source, progress).await;
                let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                let failure = match result {
                    Ok(()) => {
                        debug!(method = "PUT upload", elapsed_ms, size = ticket.size(), "upload done");
                        attempts.succeeded(());
                        progress(ticket.size(), ticket.size());
                        return Ok(());
                    }
                    Err(failure) => failure,
                };
                debug!(method = "PUT upload", elapsed_ms, error = %failure.error, "upload failed");
                // The address is no longer good: only a new ticket helps.
                if matches!(failure.error.kind(), ApiErrorKind::Upload { status, .. } if *status == StatusCode::FORBIDDEN)
                {
                    return Err(failure.error);
                }
                attempts.again(failure).await.map_err(|failure| failure.error)?;
            }
        })
    }

    async fn put_once(
        &self,
        ticket: &UploadTicket,
        source: &UploadSource,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<(), FailedAttempt> {
        let gateway = &self.gateway().0;
        let failed = |error| FailedAttempt { error, fate: Fate::Failed };
        let sent = Arc::new(Sent::default());
        let body = source.open(ticket.size(), Arc::clone(&sent)).await.map_err(failed)?;
        let mut request = Request::new(Body::streamed(body));
        *request.method_mut() = http::Method::PUT;
        *request.uri_mut() = ticket.uri().clone();
        // No credentials: the query of the address is the permission.
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, ticket.content_type().clone());
        headers.insert(CONTENT_LENGTH, HeaderValue::from(ticket.size()));
        headers.insert(USER_AGENT, AGENT);
        let refused = |status, code, retry_after| ApiErrorKind::Upload { status, code, retry_after };
        match self.send_file(request, ticket.size(), &sent, progress).await {
            // Hyper reports only that the body failed; the body knows why.
            Err(failure) => Err(sent.take_failure().map_or(failure, failed)),
            Ok(answer) => match gateway.stored(answer, gateway.deadline(), refused).await {
                // The sign-in page of a network, say. A store answers with nothing.
                Ok(answer) if is_page(answer.headers()) => {
                    Err(failed(ApiErrorKind::Intercepted { status: answer.status(), retry_after: None }.into()))
                }
                // Whoever is content before the whole file has come does not have it.
                Ok(_) if sent.bytes() < ticket.size() => Err(failed(sent.take_failure().unwrap_or_else(too_soon))),
                accepted => accepted.map(drop),
            },
        }
    }

    /// Waits for the head of the answer, for as long as bytes move.
    async fn send_file(
        &self,
        request: Request<Body>,
        size: u64,
        sent: &Sent,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<Response<Incoming>, FailedAttempt> {
        let gateway = &self.gateway().0;
        let mut answer = pin!(gateway.transport.send(request));
        let mut told = 0;
        loop {
            let so_far = sent.bytes();
            if so_far > told && so_far < size {
                told = so_far;
                progress(so_far, size);
            }
            // What is handed over last may wait in the buffers of the system for longer than one stall.
            let patience = if so_far == size { gateway.timeouts.total } else { gateway.timeouts.stall };
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                () = sent.moved() => {}
                () = sleep_until(later(patience)) => return Err(late(Phase::Stall)),
            }
        }
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().to_ascii_lowercase().starts_with(b"text/html"))
}

fn too_soon() -> ApiError {
    let cause = io::Error::new(io::ErrorKind::UnexpectedEof, "the object store answered before it had the whole file");
    ApiError::with_source(ApiErrorKind::ConnectionLost, cause)
}
