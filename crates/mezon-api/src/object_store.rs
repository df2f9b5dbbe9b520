//! What uploads and downloads have in common: the store's answers. Requests to it carry no credentials.

use std::time::Duration;

use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Response, StatusCode};
use hyper::body::Incoming;
use mezon_session::Clock as _;
use tokio::time::Instant;

use crate::gateway::GatewayInner;
use crate::retry::{FailedAttempt, Fate};
use crate::transport::read_start;
use crate::{ApiError, ApiErrorKind, response};

/// Makes the error of a refusal: its status, the code in its body, and how long the store asks to wait.
pub(crate) type Refusal = fn(StatusCode, Option<String>, Option<Duration>) -> ApiErrorKind;

impl GatewayInner {
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
