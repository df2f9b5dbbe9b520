//! What comes back: statuses, error bodies, waiting times. Nothing here does I/O.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use http::header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use mezon_session::Secret;
use prost::Message as _;
use serde_json::Value;

use crate::retry::{FailedAttempt, Fate};
use crate::transport::Answer;
use crate::{ApiError, ApiErrorKind, redaction};

/// How much of an error's body is read. JSON that is cut off tells no code, so there is room for details.
pub(crate) const ERROR_BODY_LIMIT: usize = 64 * 1024;

/// No server makes a client wait longer; a longer wish is a mistake, or a way to stop it.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(5 * 60);

/// The failure that a status, which is no success, means.
pub(crate) fn failure(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[&Secret],
    now: SystemTime,
) -> FailedAttempt {
    let ErrorBody { code, message } = ErrorBody::read(body);
    let by_gateway = is_by_gateway(headers, body, code);
    let message = message.and_then(|message| redaction::clean(&message, secrets));
    let retry_after = retry_after(headers, now);
    let (kind, fate) = match status.as_u16() {
        // Where the gateway is has changed: it says so itself, or for good, as no sign-in page of a network does.
        301 | 308 => (ApiErrorKind::Redirected { host: redirect_host(headers) }, Fate::Failed),
        300..=399 if is_coded(code) => (ApiErrorKind::Redirected { host: redirect_host(headers) }, Fate::Failed),
        // 407 and 511 come from proxies and captive portals by definition.
        300..=399 | 407 | 511 => (ApiErrorKind::Intercepted { status, retry_after }, Fate::Failed),
        401 | 403..=405 if !by_gateway => (ApiErrorKind::Intercepted { status, retry_after }, Fate::Failed),
        401 => (ApiErrorKind::Unauthorized { message }, Fate::Refused),
        403 => (ApiErrorKind::Forbidden { message }, Fate::Failed),
        404 => (ApiErrorKind::NotFound { message }, Fate::Failed),
        429 => (ApiErrorKind::RateLimited { retry_after, message }, Fate::Refused),
        // A proxy lost the server behind it.
        502 | 504 => (ApiErrorKind::Status { status, code, message, retry_after }, Fate::Unknown),
        _ => (ApiErrorKind::Status { status, code, message, retry_after }, Fate::Failed),
    };
    FailedAttempt { error: ApiError::new(kind), fate }
}

/// The failure that a success is, when it is not the gateway's own: a page for browsers, or nothing where a message is
/// due (`due`). Captive portals answer like that.
///
/// An empty message is an answer only when its type says so: it would be read as "there is nothing", and what is there
/// would be missed. Messages with content do not need the type, because some of the gateway's answers lack it.
pub(crate) fn intercepted(answer: &Answer, due: bool, now: SystemTime) -> Option<FailedAttempt> {
    let media_type = media_type(&answer.headers);
    let page = media_type.contains("html");
    let nothing = answer.body.is_empty() && (answer.status == StatusCode::NO_CONTENT || !media_type.contains("proto"));
    (page || (due && nothing)).then(|| {
        let retry_after = retry_after(&answer.headers, now);
        let kind = ApiErrorKind::Intercepted { status: answer.status, retry_after };
        FailedAttempt { error: kind.into(), fate: Fate::Failed }
    })
}

/// The media type in lower case. Empty: there is none.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether the gateway itself wrote a refusal: it gives the code of the error, or it says nothing at all. A proxy or a
/// firewall sends a page, or asks for credentials of its own. Proof matters here, because a refusal can end a login.
fn is_by_gateway(headers: &HeaderMap, body: &[u8], code: Option<i64>) -> bool {
    if media_type(headers).contains("html") {
        return false;
    }
    if !body.trim_ascii().is_empty() {
        return is_coded(code);
    }
    // The gateway's own tokens are Bearer tokens.
    let challenges = headers.get_all(WWW_AUTHENTICATE).into_iter();
    let foreign = |challenge: &HeaderValue| {
        let scheme = challenge.as_bytes().trim_ascii_start();
        !scheme.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
    };
    !challenges.into_iter().any(foreign) && !headers.keys().any(|name| name.as_str().starts_with("proxy-"))
}

/// Whether an error has a code that the gateway gives.
fn is_coded(code: Option<i64>) -> bool {
    code.is_some_and(|code| RPC_CODES.contains(&code))
}

/// The codes of gRPC, from `CANCELLED` to `UNAUTHENTICATED`, which the gateway's errors carry.
const RPC_CODES: RangeInclusive<i64> = 1..=16;

/// Their names, in order.
const RPC_NAMES: [&str; 16] = [
    "canceled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
    "unauthenticated",
];

/// What a server says about an error.
#[derive(Debug, Default, PartialEq)]
struct ErrorBody {
    code: Option<i64>,
    message: Option<String>,
}

/// The head of `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

impl ErrorBody {
    /// Reads an error's body: JSON with `code` and `message` or `error` (or all three, as gRPC gateways send them), a
    /// protobuf status, or text. No SDK documents the form, so none is relied on.
    fn read(body: &[u8]) -> Self {
        let text = || std::str::from_utf8(body).ok().map(str::to_owned);
        match body.trim_ascii().first() {
            // A page for browsers, from a proxy.
            None | Some(b'<') => Self::default(),
            Some(b'{') => match serde_json::from_slice(body) {
                Ok(error) => Self::of_json(&error),
                Err(_) => Self { code: None, message: Some(String::from_utf8_lossy(body).into_owned()) },
            },
            Some(_) => match RpcStatus::decode(body) {
                Ok(RpcStatus { code, message }) if code != 0 || !message.is_empty() => {
                    Self { code: Some(code.into()).filter(|code| *code != 0), message: Some(message) }
                }
                _ => Self { code: None, message: text() },
            },
        }
    }

    fn of_json(error: &Value) -> Self {
        let text = |key: &str| error.get(key)?.as_str().filter(|text| !text.trim().is_empty());
        // Some wrap the whole error once more.
        if let Some(inner @ Value::Object(_)) = error.get("error")
            && error.get("code").is_none()
        {
            return Self::of_json(inner);
        }
        Self {
            code: error.get("code").and_then(code_of),
            message: text("message").or_else(|| text("error")).map(str::to_owned),
        }
    }
}

/// A code as a number, or by the name that Connect gives it.
fn code_of(value: &Value) -> Option<i64> {
    let named = |name: &str| RPC_NAMES.iter().position(|known| known.eq_ignore_ascii_case(name));
    value.as_i64().or_else(|| RPC_CODES.clone().nth(named(value.as_str()?)?))
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
mod tests;
