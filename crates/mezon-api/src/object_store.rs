//! The object store, as uploads and downloads see it: bytes that move, and answers. Requests to it carry no credentials.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::Incoming;
use mezon_session::Clock as _;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::body::Body;
use crate::gateway::GatewayInner;
use crate::retry::{FailedAttempt, Fate};
use crate::timeouts::later;
use crate::transport::{late, read_start};
use crate::{ApiError, ApiErrorKind, Phase, response};

/// How far a body is on its way, told by the body to the one who waits for the answer.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    bytes: AtomicU64,
    moved: Notify,
    failure: Mutex<Option<ApiError>>,
}

impl Sent {
    /// The bytes handed to the connection.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Why the body ended early, if it did.
    pub(crate) fn take_failure(&self) -> Option<ApiError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.moved.notify_one();
    }

    pub(crate) fn fail(&self, error: ApiError) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

/// Makes the error of a refusal: its status, the code in its body, and how long the store asks to wait.
pub(crate) type Refusal = fn(StatusCode, Option<String>, Option<Duration>) -> ApiErrorKind;

impl GatewayInner {
    /// Sends a body of `size` bytes and waits for the head of the answer, for as long as bytes move. `moved` hears how many
    /// have gone so far.
    pub(crate) async fn send_file(
        &self,
        request: Request<Body>,
        size: u64,
        sent: &Sent,
        moved: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Response<Incoming>, FailedAttempt> {
        let mut answer = pin!(self.transport.send(request));
        let mut told = 0;
        loop {
            let so_far = sent.bytes();
            if so_far > told && so_far < size {
                told = so_far;
                moved(so_far);
            }
            // What is handed over last may wait in the buffers of the system for longer than one stall.
            let patience = if so_far == size { self.timeouts.total } else { self.timeouts.stall };
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                () = sent.moved.notified() => {}
                () = sleep_until(later(patience)) => return Err(late(Phase::Stall)),
            }
        }
    }

    /// The answer of an object store, if it is a success.
    pub(crate) async fn stored(
        &self,
        answer: Response<Incoming>,
        deadline: Instant,
        refusal: Refusal,
    ) -> Result<Response<Incoming>, FailedAttempt> {
        let failed = |error: ApiError| FailedAttempt { error, fate: Fate::Failed };
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        if status.is_redirection() {
            let host = response::redirect_host(answer.headers());
            return Err(failed(ApiErrorKind::Redirected { host }.into()));
        }
        let retry_after = response::retry_after(answer.headers(), self.clock.now());
        let body = read_start(answer.into_body(), self.timeouts.stall, deadline).await;
        Err(failed(refusal(status, response::store_code(&body), retry_after).into()))
    }
}

/// The encoding of a body that is not the file itself: what `identity` was asked for instead of.
pub(crate) fn foreign_encoding(headers: &HeaderMap) -> Option<String> {
    let encodings =
        headers.get_all(CONTENT_ENCODING).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let mut encodings = encodings.map(|encoding| String::from_utf8_lossy(encoding.trim_ascii()).to_ascii_lowercase());
    encodings.find(|encoding| !matches!(encoding.as_str(), "" | "identity"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn an_encoding_is_found_in_any_of_the_lists() {
        for (values, found) in [
            (&[][..], None),
            (&["identity"][..], None),
            (&["Identity, "], None),
            (&["gzip"], Some("gzip")),
            (&["identity, BR"], Some("br")),
            (&["identity", "zstd"], Some("zstd")),
        ] {
            let values = values.iter().map(|value| (CONTENT_ENCODING, HeaderValue::from_static(value)));
            assert_eq!(foreign_encoding(&values.collect()).as_deref(), found);
        }
    }
}
