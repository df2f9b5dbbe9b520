//! HTTP answers given in place of the emulator's own: to which requests, how often, and what they say.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::json;

/// `reached through a proxy\n`, compressed with gzip.
const GZIPPED: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 43, 74, 77, 76, 206, 72, 77, 81, 40, 201, 40, 202, 47, 77, 207, 80, 72, 84, 40,
    40, 202, 175, 168, 228, 2, 0, 115, 111, 170, 116, 24, 0, 0, 0,
];

/// The HTTP requests that a fault concerns.
///
/// Reads from text: `calls`, `uploads`, `downloads`, `sockets`, or the name of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// All calls of the API, sign-ins included.
    Calls,
    /// The calls of one method, such as `SessionRefresh`. A sign-in goes by its path, such as
    /// `/v2/account/authenticate/idtoken`.
    Call(String),
    /// Files that are put into the object store.
    Uploads,
    /// Files that are read from the object store.
    Downloads,
    /// Handshakes of WebSockets.
    Sockets,
}

impl Route {
    /// Whether a request that goes this way is one that `concerned` names.
    pub(crate) fn is_one_of(&self, concerned: &Self) -> bool {
        self == concerned || matches!((self, concerned), (Self::Call(_), Self::Calls))
    }
}

impl From<&str> for Route {
    fn from(text: &str) -> Self {
        match text {
            "calls" => Self::Calls,
            "uploads" => Self::Uploads,
            "downloads" => Self::Downloads,
            "sockets" => Self::Sockets,
            name => Self::Call(name.to_owned()),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Calls => "calls",
            Self::Call(name) => name,
            Self::Uploads => "uploads",
            Self::Downloads => "downloads",
            Self::Sockets => "sockets",
        })
    }
}

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Times {
    /// The next so many requests.
    Next(u64),
    /// All requests from now on for this long.
    For(Duration),
    /// All requests until it is switched off.
    Always,
}

/// What an injected answer carries besides its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Page {
    /// `empty`: no body and no content type, as proxies answer that swallow the real one.
    Empty,
    /// `gateway`: JSON with `code` and `message`, as the gateway itself refuses.
    Gateway,
    /// `grpc`: JSON with `code`, `message` and `error`, as gRPC gateways write it.
    Grpc,
    /// `html`: a page for people, as firewalls and captive portals write it.
    Html,
    /// `basic`: an HTML page and `WWW-Authenticate: Basic`, as proxies ask for a password.
    Basic,
    /// `gzip`: a text with `Content-Encoding: gzip`, whether the client takes that or not.
    Gzip,
}

impl Page {
    pub(super) const ALL: [(&str, Self); 6] = [
        ("empty", Self::Empty),
        ("gateway", Self::Gateway),
        ("grpc", Self::Grpc),
        ("html", Self::Html),
        ("basic", Self::Basic),
        ("gzip", Self::Gzip),
    ];
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, page)| page == self).map(|(name, _)| *name);
        f.write_str(name.unwrap_or_default())
    }
}

/// An HTTP answer that takes the place of the emulator's own.
///
/// ```
/// use mezon_emulator::{Answer, Page};
///
/// let firewall = Answer::new(403, Page::Html);
/// let portal = Answer::new(200, Page::Empty).body("text/html", "<html>sign in</html>");
/// let store = Answer::new(503, Page::Empty).header("retry-after", "2");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// An answer with this status; one that is no HTTP status becomes 500.
    #[must_use]
    pub fn new(status: u16, page: Page) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let empty = Self { status, headers: HeaderMap::new(), body: Bytes::new() };
        let html = || format!("<!doctype html><html><head><title>{status}</title></head><body>{status}</body></html>");
        let (code, message) = gateway_error(status);
        match page {
            Page::Empty => empty,
            Page::Gateway => empty.body("application/json", json!({ "code": code, "message": message }).to_string()),
            Page::Grpc => {
                let body = json!({ "code": code, "message": message, "error": message });
                empty.body("application/json", body.to_string())
            }
            Page::Html => empty.body("text/html; charset=utf-8", html()),
            Page::Basic => empty
                .header(WWW_AUTHENTICATE.as_str(), r#"Basic realm="proxy""#)
                .body("text/html; charset=utf-8", html()),
            Page::Gzip => empty.header(CONTENT_ENCODING.as_str(), "gzip").body("text/plain", GZIPPED),
        }
    }

    /// The same with another body. A content type that cannot be a header is left out.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header(CONTENT_TYPE.as_str(), content_type)
    }

    /// The same with a header, in place of one of that name. What cannot be a header is left out.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        set_header(&mut self.headers, name, value);
        self
    }

    /// The same with `Retry-After`, in whole seconds.
    #[must_use]
    pub fn retry_after(self, after: Duration) -> Self {
        self.header(RETRY_AFTER.as_str(), &after.as_secs().to_string())
    }
}

/// Sets a header; an empty value takes it away. What cannot be a header changes nothing.
pub(crate) fn set_header(headers: &mut HeaderMap, name: &str, value: &str) {
    let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) else {
        return;
    };
    if value.is_empty() {
        headers.remove(name);
    } else {
        headers.insert(name, value);
    }
}

/// The code and the words with which the gateway refuses.
fn gateway_error(status: StatusCode) -> (u16, &'static str) {
    match status.as_u16() {
        401 => (16, "invalid authentication token"),
        403 => (7, "permission denied"),
        404 => (5, "requested resource not found"),
        429 => (8, "too many requests"),
        502..=504 => (14, "service temporarily unavailable"),
        400..500 => (3, "bad request"),
        _ => (13, "internal server error occurred"),
    }
}
