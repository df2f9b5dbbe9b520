//! What comes back: statuses, error bodies, waiting times. Nothing here does I/O.

use std::time::{Duration, SystemTime};

use data_encoding::BASE64;
use http::header::{DATE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode, Uri};
use mezon_session::Secret;
use prost::Message as _;
use serde::Deserialize;

use crate::retry::{Failure, Fate};
use crate::{ApiError, ApiErrorKind};

/// How much of an error's body is read.
pub(crate) const ERROR_BODY_LIMIT: usize = 4 * 1024;

/// No server makes a client wait longer; a longer wish is a mistake, or a way to stop it.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(5 * 60);

/// The failure that a status, which is no success, means.
pub(crate) fn failure(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[&Secret],
    now: SystemTime,
) -> Failure {
    let ServerError { code, message } = server_error(body, secrets);
    let retry_after = retry_after(headers, now);
    let (kind, fate) = match status.as_u16() {
        300..=399 => (ApiErrorKind::Redirected { host: redirect_host(headers) }, Fate::Failed),
        401 => (ApiErrorKind::Unauthorized { message }, Fate::Refused),
        403 => (ApiErrorKind::Forbidden { message }, Fate::Failed),
        404 => (ApiErrorKind::NotFound { message }, Fate::Failed),
        429 => (ApiErrorKind::RateLimited { retry_after, message }, Fate::Refused),
        // A proxy lost the server behind it.
        502 | 504 => (ApiErrorKind::Status { status, code, message, retry_after }, Fate::Unknown),
        _ => (ApiErrorKind::Status { status, code, message, retry_after }, Fate::Failed),
    };
    Failure { error: ApiError::new(kind), fate }
}

/// What a server says about an error.
#[derive(Debug, Default, PartialEq)]
struct ServerError {
    code: Option<i64>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct JsonError {
    #[serde(default)]
    code: Option<serde_json::Value>,
    #[serde(default, alias = "error")]
    message: Option<serde_json::Value>,
}

/// The head of `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// Reads an error's body: JSON with `code` and `message`, a protobuf status, or text. No SDK documents the form, so none
/// is relied on.
fn server_error(body: &[u8], secrets: &[&Secret]) -> ServerError {
    let said = |message: &str| clean(message, secrets);
    match body.trim_ascii().first() {
        // A page for browsers, from a proxy.
        None | Some(b'<') => ServerError::default(),
        Some(b'{') => match serde_json::from_slice::<JsonError>(body) {
            Ok(JsonError { code, message }) => ServerError {
                code: code.and_then(|code| code.as_i64()),
                message: message.and_then(|message| said(message.as_str()?)),
            },
            Err(_) => ServerError { code: None, message: said(&String::from_utf8_lossy(body)) },
        },
        Some(_) => match RpcStatus::decode(body) {
            Ok(status) if !status.message.is_empty() => {
                ServerError { code: Some(status.code.into()), message: said(&status.message) }
            }
            _ => {
                let text = std::str::from_utf8(body).ok();
                ServerError { code: None, message: text.and_then(said) }
            }
        },
    }
}

/// A server's message without control characters and without the request's own credentials, which some servers repeat.
fn clean(message: &str, secrets: &[&Secret]) -> Option<String> {
    let mut message = message.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        let plain = secret.expose();
        // Basic credentials are a name, a colon and no password.
        let basic = BASE64.encode([plain.trim_end_matches(':'), ":"].concat().as_bytes());
        for text in [plain, &basic] {
            message = message.replace(text, "<redacted>");
        }
    }
    let message: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let message = message.trim();
    (!message.is_empty()).then(|| message.to_owned())
}

/// The host that a redirect names, without its path and query, which may hold credentials.
pub(crate) fn redirect_host(headers: &HeaderMap) -> String {
    let location = headers.get(LOCATION).and_then(|location| Uri::try_from(location.as_bytes()).ok());
    location.as_ref().and_then(Uri::host).unwrap_or_default().to_owned()
}

/// `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3), at most five minutes.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match value.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// What time the server says it is.
pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

/// The code in an object store's XML error, such as `AccessDenied`. The rest of such a body repeats parts of the signed
/// address, so nothing else of it is kept.
pub(crate) fn store_code(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let plausible = (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plausible.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn error(body: &[u8]) -> (Option<i64>, Option<String>) {
        let ServerError { code, message } = server_error(body, &[&Secret::from("t0ken")]);
        (code, message)
    }

    #[test]
    fn every_known_form_of_error_body_is_read() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(error(br#"{"code":5,"message":"channel not found"}"#), (Some(5), text("channel not found")));
        assert_eq!(error(br#" {"error":"nope"}"#), (None, text("nope")));
        assert_eq!(error(br#"{"code":"x","message":7}"#), (None, None));
        assert_eq!(error(b"{broken"), (None, text("{broken")));
        assert_eq!(error(b"permission denied\n"), (None, text("permission denied")));
        assert_eq!(error(b"\x08\x07\x12\x06denied"), (Some(7), text("denied")));
        assert_eq!(error(b"<html>502</html>"), (None, None));
        assert_eq!(error(b"\xff\xfe\x00"), (None, None));
        assert_eq!(error(b""), (None, None));
        assert_eq!(error(b"bad token t0ken\x1b[31m\r\nhere"), (None, text("bad token <redacted> [31m  here")));
    }

    #[test]
    fn statuses_become_kinds() {
        let read = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap();
            let failure = failure(status, &HeaderMap::new(), b"no", &[], SystemTime::UNIX_EPOCH);
            (failure.fate, failure.error.into_parts().0)
        };
        let message = Some("no".to_owned());
        assert_eq!(read(401), (Fate::Refused, ApiErrorKind::Unauthorized { message: message.clone() }));
        assert_eq!(read(403), (Fate::Failed, ApiErrorKind::Forbidden { message: message.clone() }));
        assert_eq!(read(404), (Fate::Failed, ApiErrorKind::NotFound { message: message.clone() }));
        assert_eq!(read(429), (Fate::Refused, ApiErrorKind::RateLimited { retry_after: None, message }));
        assert_eq!(read(302), (Fate::Failed, ApiErrorKind::Redirected { host: String::new() }));
        for (status, fate) in [(400, Fate::Failed), (409, Fate::Failed), (500, Fate::Failed), (502, Fate::Unknown)] {
            let (got, kind) = read(status);
            assert_eq!(got, fate, "{status}");
            assert!(matches!(kind, ApiErrorKind::Status { status: s, .. } if s.as_u16() == status));
        }
    }

    #[test]
    fn waiting_times_are_read_and_bounded() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
            retry_after(&headers, now).map(|wait| wait.as_secs())
        };
        for (value, seconds) in [
            ("0", Some(0)),
            (" 12 ", Some(12)),
            ("86400", Some(300)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:49:17 GMT", Some(0)),
            ("Sat, 06 Nov 2094 08:49:17 GMT", Some(300)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(read(value), seconds, "{value:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn a_redirect_gives_away_its_host_only() {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static("https://user:pw@evil.example:8443/path?token=x"));
        assert_eq!(redirect_host(&headers), "evil.example");
        headers.insert(LOCATION, HeaderValue::from_static("/elsewhere?token=x"));
        assert_eq!(redirect_host(&headers), "");
    }

    #[test]
    fn an_object_stores_error_is_reduced_to_its_code() {
        let body = b"<?xml?><Error><Code>AccessDenied</Code><SignatureProvided>s3cret</SignatureProvided></Error>";
        assert_eq!(store_code(body).as_deref(), Some("AccessDenied"));
        assert_eq!(store_code(b"<Code>s3cret=1</Code>"), None);
        assert_eq!(store_code(b"<Code></Code>"), None);
        assert_eq!(store_code(b"Forbidden"), None);
    }

    proptest! {
        #[test]
        fn any_body_is_read_without_panic_or_control_characters(body in prop::collection::vec(any::<u8>(), 0..256)) {
            let (_, message) = error(&body);
            prop_assert!(message.is_none_or(|message| !message.chars().any(char::is_control)));
            store_code(&body);
        }
    }
}
