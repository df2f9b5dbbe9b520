//! One PUT: a file, or a part of one, to its place at the object store.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use mezon_session::BoxFuture;
use tokio::time::Instant;
use tracing::debug;

use super::source::{UploadSource, Version};
use crate::body::Body;
use crate::gateway::GatewayInner;
use crate::object_store::Sent;
use crate::request::AGENT;
use crate::retry::{FailedAttempt, Fate};
use crate::{ApiError, ApiErrorKind};

/// What goes where.
pub(super) struct Put<'a> {
    pub(super) uri: &'a Uri,
    /// None for a part: the file has its type, not its parts.
    pub(super) content_type: Option<&'a HeaderValue>,
    pub(super) source: &'a UploadSource,
    pub(super) version: Version,
    pub(super) part: Range<u64>,
}

impl Put<'_> {
    fn size(&self) -> u64 {
        self.part.end.saturating_sub(self.part.start)
    }
}

impl GatewayInner {
    /// Sends the bytes, again if that failed in a way that passes, and gives the head of the answer. `moved` hears how many
    /// have gone so far.
    ///
    /// In a box, and for any `moved` at once: see `SessionKeeper::refresh_now` for the reason.
    pub(super) fn put<'a>(
        &'a self,
        put: &'a Put<'a>,
        moved: &'a mut (dyn FnMut(u64) + Send),
    ) -> BoxFuture<'a, Result<HeaderMap, ApiError>> {
        Box::pin(async move {
            // A file may take hours, so the time for another attempt counts from the failure.
            let mut attempts = self.attempts("PUT upload", true, None);
            loop {
                let started = Instant::now();
                let result = self.put_once(put, moved).await;
                let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                let failure = match result {
                    Ok(head) => {
                        debug!(method = "PUT upload", elapsed_ms, size = put.size(), "upload done");
                        moved(put.size());
                        return Ok(attempts.succeeded(head));
                    }
                    Err(failure) => failure,
                };
                debug!(method = "PUT upload", elapsed_ms, error = %failure.error, "upload failed");
                if is_expired(&failure.error) {
                    return Err(failure.error);
                }
                attempts.again(failure).await.map_err(|failure| failure.error)?;
            }
        })
    }

    async fn put_once(&self, put: &Put<'_>, moved: &mut (dyn FnMut(u64) + Send)) -> Result<HeaderMap, FailedAttempt> {
        let failed = |error| FailedAttempt { error, fate: Fate::Failed };
        let (sent, size) = (Arc::new(Sent::default()), put.size());
        let body = put.source.open(put.version, put.part.clone(), Arc::clone(&sent)).await.map_err(failed)?;
        let mut request = Request::new(Body::streamed(body));
        *request.method_mut() = http::Method::PUT;
        *request.uri_mut() = put.uri.clone();
        // No credentials: the query of the address is the permission.
        let headers = request.headers_mut();
        if let Some(content_type) = put.content_type {
            headers.insert(CONTENT_TYPE, content_type.clone());
        }
        headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
        headers.insert(USER_AGENT, AGENT);
        let refused = |status, code, retry_after| ApiErrorKind::Upload { status, code, retry_after };
        match self.send_file(request, size, &sent, moved).await {
            // Hyper reports only that the body failed; the body knows why.
            Err(failure) => Err(sent.take_failure().map_or(failure, failed)),
            Ok(answer) => match self.stored(answer, self.deadline(), refused).await {
                // The sign-in page of a network, say. A store answers with nothing.
                Ok(answer) if is_page(answer.headers()) => {
                    Err(failed(ApiErrorKind::Intercepted { status: answer.status(), retry_after: None }.into()))
                }
                // Whoever is content before all has come does not have it.
                Ok(_) if sent.bytes() < size => Err(failed(sent.take_failure().unwrap_or_else(too_soon))),
                accepted => accepted.map(|answer| answer.into_parts().0.headers),
            },
        }
    }
}

/// Whether the store says that the address is no longer good: only a new one helps.
pub(super) fn is_expired(error: &ApiError) -> bool {
    matches!(error.kind(), ApiErrorKind::Upload { status, .. } if *status == StatusCode::FORBIDDEN)
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().to_ascii_lowercase().starts_with(b"text/html"))
}

fn too_soon() -> ApiError {
    let cause = io::Error::new(io::ErrorKind::UnexpectedEof, "the object store answered before it had the whole file");
    ApiError::with_source(ApiErrorKind::ConnectionLost, cause)
}
