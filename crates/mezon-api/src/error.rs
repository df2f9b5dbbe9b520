//! Why a call failed.

mod beneath;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::StatusCode;
use mezon_session::{Error, ErrorClass, ErrorKind, SessionErrorKind, StoreErrorKind};

pub(crate) use beneath::{not_storable, session_error, store_error, untrusted};

/// Why a call failed: a kind to match on, a class to decide by, a source to trace.
pub type ApiError = Error<ApiErrorKind>;

/// Why a call failed, to match on.
///
/// A `message` is the server's own text: without control characters, without the credentials of the request, and printed
/// up to 200 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// The gateway cannot be used with these settings.
    Configuration {
        /// The setting of [`GatewayBuilder`](crate::GatewayBuilder) to change.
        setting: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The arguments make no request. Nothing was sent.
    InvalidInput {
        /// What is wrong with them.
        problem: &'static str,
    },
    /// No connection could be made. Nothing was sent.
    Connect {
        /// Host, and port if it is not the scheme's own.
        host: String,
    },
    /// There is no TLS connection that could be trusted. Nothing was sent.
    Tls {
        /// Host, and port if it is not the scheme's own.
        host: String,
        /// Whether the server's certificate was the reason: unknown authority, other name, expired.
        certificate: bool,
    },
    /// It took too long.
    TimedOut {
        /// What took too long.
        phase: Phase,
    },
    /// The connection ended before the answer was complete.
    ConnectionLost,
    /// The server asked to go elsewhere, for good or in its own form; others who do that are
    /// [`ApiErrorKind::Intercepted`]. Redirects are not followed: the credentials were meant for this host alone.
    Redirected {
        /// Where to. Empty: it did not say.
        host: String,
    },
    /// 401: the access token was not accepted. Callers see this kind only where no token can be refreshed; elsewhere it
    /// leads to one refresh and one more attempt, and then to [`ApiErrorKind::LoginOver`].
    Unauthorized {
        /// The server's own message.
        message: Option<String>,
    },
    /// 403: the user may not do this.
    Forbidden {
        /// The server's own message.
        message: Option<String>,
    },
    /// 404: there is no such thing, or no such method.
    NotFound {
        /// The server's own message.
        message: Option<String>,
    },
    /// 429: too many requests. The request was not acted on.
    RateLimited {
        /// How long the server asked to wait, at most five minutes.
        retry_after: Option<Duration>,
        /// The server's own message.
        message: Option<String>,
    },
    /// The call was not made. Nothing was sent.
    HeldBack {
        /// What holds it back.
        reason: HoldReason,
        /// For how long at least.
        retry_after: Duration,
    },
    /// Any other status that is no success.
    Status {
        /// The status.
        status: StatusCode,
        /// The server's own error number, when it gave one.
        code: Option<i64>,
        /// The server's own message.
        message: Option<String>,
        /// How long the server asked to wait, at most five minutes.
        retry_after: Option<Duration>,
    },
    /// Something else answered in the gateway's place: a proxy, a firewall, the sign-in page of a network. It says nothing
    /// about the login or the request, and passes like an overloaded server.
    Intercepted {
        /// The status of its answer.
        status: StatusCode,
        /// How long it asked to wait, at most five minutes.
        retry_after: Option<Duration>,
    },
    /// The sign-in was refused.
    SignInRefused {
        /// The status: 401 or 403.
        status: StatusCode,
        /// What to check, such as `the ID token and the server_key setting`.
        check: &'static str,
        /// The server's own message.
        message: Option<String>,
    },
    /// The refresh token was refused. It is the source of a [`ApiErrorKind::LoginOver`].
    RefreshRefused {
        /// The status: 401 or 403.
        status: StatusCode,
        /// The server's own message.
        message: Option<String>,
    },
    /// The login is over: the server refused the refresh token, or an access token that was just refreshed; or this
    /// client has logged out. The source says which. Sign in again.
    LoginOver,
    /// The session has no refresh token, and no application key to sign in with again.
    NotRefreshable,
    /// The server named an address that credentials are not sent to.
    UntrustedEndpoint {
        /// The host in question. Empty: the address was not readable.
        host: String,
    },
    /// The answer is longer than [`body_limit`](crate::GatewayBuilder::body_limit), or would take more memory than
    /// [`decoded_limit`](crate::GatewayBuilder::decoded_limit) when it is decoded.
    BodyTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The answer is not what it should be.
    Decode {
        /// The method, or the part, that could not be read.
        what: &'static str,
    },
    /// The credentials are no session.
    Session(SessionErrorKind),
    /// The session could not be loaded from its store, or not be saved in it.
    Store(StoreErrorKind),
    /// The next session could not be stored, so the server was not asked for it: the one that is there stays good.
    NotStorable(StoreErrorKind),
    /// The file to upload cannot be read.
    File {
        /// The file.
        path: PathBuf,
    },
    /// The file became longer or shorter while it was uploaded.
    FileChanged {
        /// The file.
        path: PathBuf,
    },
    /// The object store refused the file.
    Upload {
        /// Its status; 403 usually means that the ticket has expired.
        status: StatusCode,
        /// Its error code, such as `AccessDenied`.
        code: Option<String>,
        /// How long it asked to wait. At most five minutes.
        retry_after: Option<Duration>,
    },
    /// The object store refused to give a file out.
    Download {
        /// Its status; 404 when there is no such file.
        status: StatusCode,
        /// Its error code, such as `NoSuchKey`.
        code: Option<String>,
        /// How long it asked to wait. At most five minutes.
        retry_after: Option<Duration>,
    },
    /// A webhook did not take a message.
    Webhook {
        /// Its status; 404 when there is no such webhook any more.
        status: StatusCode,
        /// How long it asked to wait. At most five minutes.
        retry_after: Option<Duration>,
    },
    /// The file is not there yet: its message was posted before it, and it is on its way. Try again after a moment.
    FilePending,
    /// A file lies at a host that is not asked for files. Nothing was sent.
    UntrustedFile {
        /// The host in question.
        host: String,
    },
    /// The object store sent a file compressed, though that was not asked for. What it sent is not the file.
    FileEncoded {
        /// The encoding, such as `gzip`.
        encoding: String,
    },
    /// A file that was downloaded cannot be written.
    FileNotSaved {
        /// Where it was to be saved.
        path: PathBuf,
    },
    /// The request may have reached the server, and its answer was lost. It was not repeated, because that could do the
    /// same thing twice. The source says what happened.
    MaybeSent {
        /// The method.
        method: &'static str,
    },
    /// More messages were missed than are read at once, and none were handed over: read on from the last known one, a page
    /// at a time, with [`ListMessagesOptions::after`](crate::ListMessagesOptions::after).
    TooManyMissed {
        /// How many pages were read.
        pages: usize,
    },
    /// The runtime ended while the call was under way.
    Interrupted,
}

/// What holds a call back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HoldReason {
    /// The server asked to leave the method alone for a while, in the answer to another call, and the call has less time.
    RetryAfter,
    /// More calls wait for the rate limit than may, or the call has less time than it would have to wait
    /// ([`GatewayBuilder::rate_limit`](crate::GatewayBuilder::rate_limit)).
    RateLimit,
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Making the TCP connection ([`Timeouts::connect`](crate::Timeouts::connect)).
    Connect,
    /// Waiting for the head of the answer ([`Timeouts::attempt`](crate::Timeouts::attempt)).
    Response,
    /// Waiting for more of a body, ours or the server's ([`Timeouts::stall`](crate::Timeouts::stall)).
    Stall,
    /// The whole call with its retries ([`Timeouts::total`](crate::Timeouts::total)).
    Total,
}

impl ErrorKind for ApiErrorKind {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Connect { .. } | Self::TimedOut { .. } | Self::ConnectionLost | Self::FilePending => {
                ErrorClass::TRANSIENT
            }
            Self::RateLimited { retry_after, .. } | Self::Intercepted { retry_after, .. } => {
                ErrorClass::Transient { retry_after: *retry_after }
            }
            Self::HeldBack { retry_after, .. } => ErrorClass::Transient { retry_after: Some(*retry_after) },
            Self::Status { status, retry_after, .. } if is_transient(*status) => {
                ErrorClass::Transient { retry_after: *retry_after }
            }
            Self::Upload { status, retry_after, .. }
            | Self::Download { status, retry_after, .. }
            | Self::Webhook { status, retry_after }
                if is_transient(*status) =>
            {
                ErrorClass::Transient { retry_after: *retry_after }
            }
            // The ticket is too old: a new one may do.
            Self::Upload { status, .. } if *status == StatusCode::FORBIDDEN => ErrorClass::TRANSIENT,
            Self::Unauthorized { .. }
            | Self::SignInRefused { .. }
            | Self::RefreshRefused { .. }
            | Self::LoginOver
            | Self::NotRefreshable => ErrorClass::Auth,
            Self::Session(kind) => kind.class(),
            Self::Store(kind) | Self::NotStorable(kind) => kind.class(),
            Self::MaybeSent { .. } => ErrorClass::MaybeDone,
            Self::Interrupted => ErrorClass::Cancelled,
            _ => ErrorClass::Permanent,
        }
    }
}

impl ApiErrorKind {
    /// The HTTP status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Unauthorized { .. } => Some(StatusCode::UNAUTHORIZED),
            Self::Forbidden { .. } => Some(StatusCode::FORBIDDEN),
            Self::NotFound { .. } => Some(StatusCode::NOT_FOUND),
            Self::RateLimited { .. } => Some(StatusCode::TOO_MANY_REQUESTS),
            Self::Status { status, .. }
            | Self::Intercepted { status, .. }
            | Self::SignInRefused { status, .. }
            | Self::RefreshRefused { status, .. }
            | Self::Upload { status, .. }
            | Self::Download { status, .. }
            | Self::Webhook { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Status and message, if the gateway refused the credentials of a request.
    pub(crate) fn refusal(&self) -> Option<(StatusCode, Option<String>)> {
        match self {
            Self::Unauthorized { message } => Some((StatusCode::UNAUTHORIZED, message.clone())),
            Self::Forbidden { message } => Some((StatusCode::FORBIDDEN, message.clone())),
            _ => None,
        }
    }
}

/// Statuses after which the same request may succeed later.
fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// How much of a server's message is printed, in characters.
const SHOWN_MESSAGE: usize = 200;

/// `, it says: …`, when there is a message.
struct Said<'a>(&'a Option<String>);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(message) = self.0 else { return Ok(()) };
        let shown: String = message.chars().take(SHOWN_MESSAGE).collect();
        write!(f, ", the server says: {shown}")
    }
}

impl fmt::Display for ApiErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration { setting, problem } => write!(f, "the setting `{setting}` is not usable: {problem}"),
            Self::InvalidInput { problem } => f.write_str(problem),
            Self::Connect { host } => write!(f, "could not connect to {host}"),
            Self::Tls { host, certificate: true } => write!(
                f,
                "the certificate of {host} is not trusted, add the root of its authority if it is a private one"
            ),
            Self::Tls { host, certificate: false } => write!(f, "could not set up TLS with {host}"),
            Self::TimedOut { phase } => phase.fmt(f),
            Self::ConnectionLost => f.write_str("the connection was lost before the answer was complete"),
            Self::Redirected { host } if host.is_empty() => f.write_str("the server redirects, which is not followed"),
            Self::Redirected { host } => write!(f, "the server redirects to {host}, which is not followed"),
            Self::Unauthorized { message } => write!(f, "the server refused the access token (401){}", Said(message)),
            Self::Forbidden { message } => write!(f, "the server forbids this (403){}", Said(message)),
            Self::NotFound { message } => write!(f, "the server knows no such thing (404){}", Said(message)),
            Self::RateLimited { retry_after, message } => {
                f.write_str("the server limits the rate of requests (429)")?;
                if let Some(wait) = retry_after {
                    write!(f, ", try again in {} s", wait.as_secs())?;
                }
                Said(message).fmt(f)
            }
            Self::HeldBack { reason, retry_after } => {
                let reason = match reason {
                    HoldReason::RetryAfter => "the server asked to leave this method alone",
                    HoldReason::RateLimit => "too many calls wait for the rate limit",
                };
                // Rounded up: at zero seconds it would still be held back.
                write!(f, "the call was not made: {reason}, try again in {} s", retry_after.as_millis().div_ceil(1_000))
            }
            Self::Status { status, message, .. } => {
                write!(f, "the server answered {}{}", status.as_u16(), Said(message))
            }
            Self::SignInRefused { status, check, message } => {
                write!(f, "the gateway refused the sign-in ({}), check {check}{}", status.as_u16(), Said(message))
            }
            Self::Intercepted { status, .. } => write!(
                f,
                "something on the way answered in place of the gateway ({}), look for a proxy or a network sign-in",
                status.as_u16()
            ),
            Self::RefreshRefused { status, message } => {
                write!(f, "the server refused the refresh token ({}){}", status.as_u16(), Said(message))
            }
            Self::LoginOver => f.write_str("the login is over, sign in again"),
            Self::NotRefreshable => f.write_str("the session has no refresh token, sign in again"),
            Self::UntrustedEndpoint { host } if host.is_empty() => {
                f.write_str("the server named an address that cannot be read, so it gets no credentials")
            }
            Self::UntrustedEndpoint { host } => write!(
                f,
                "the server named {host}, which gets no credentials; `trust_host_suffix` lets further hosts have them"
            ),
            Self::BodyTooLarge { limit } => write!(f, "the answer takes more than the limit of {limit} bytes"),
            Self::Decode { what } => write!(f, "the answer could not be read: {what}"),
            Self::Session(kind) => kind.fmt(f),
            Self::Store(kind) => kind.fmt(f),
            Self::NotStorable(kind) => write!(f, "no new session is asked for, because it could not be kept: {kind}"),
            Self::File { path } => write!(f, "the file {} cannot be read", path.display()),
            Self::FileChanged { path } => write!(f, "the file {} changed while it was uploaded", path.display()),
            Self::Upload { status, code, .. } => {
                write!(f, "the object store refused the upload ({})", status.as_u16())?;
                code.as_ref().map_or(Ok(()), |code| write!(f, ": {code}"))
            }
            Self::Download { status, code, .. } => {
                write!(f, "the object store refused the download ({})", status.as_u16())?;
                code.as_ref().map_or(Ok(()), |code| write!(f, ": {code}"))
            }
            Self::Webhook { status, .. } => {
                write!(f, "the webhook did not take the message ({}); check its address", status.as_u16())
            }
            Self::FilePending => f.write_str("the file is announced and still on its way, try again after a moment"),
            Self::UntrustedFile { host } => write!(
                f,
                "the file lies at {host}, which is not asked for files; `trust_upload_suffix` lets further hosts be asked"
            ),
            Self::FileEncoded { encoding } => write!(
                f,
                "the store sent the file with the encoding {encoding:.40?}, which was not asked for; look for a proxy that compresses"
            ),
            Self::FileNotSaved { path } => write!(f, "the file {} cannot be written", path.display()),
            Self::TooManyMissed { pages } => {
                write!(f, "more was missed than {pages} pages of history hold, read it page by page")
            }
            Self::MaybeSent { method } => {
                write!(f, "{method} may have been done, its answer was lost; look before you repeat it")
            }
            Self::Interrupted => f.write_str("the runtime ended while the call was under way"),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting took too long",
            Self::Response => "the server took too long to answer",
            Self::Stall => "the transfer stalled",
            Self::Total => "the call took too long with its retries",
        })
    }
}

/// The error of what leaves everything undone when its answer is lost, so that it may be done again: only the way in which it
/// was lost.
pub(crate) fn undone(error: ApiError) -> ApiError {
    if !matches!(error.kind(), ApiErrorKind::MaybeSent { .. }) {
        return error;
    }
    let (kind, source) = error.into_parts();
    let source = source.and_then(|source| source.downcast::<ApiError>().ok());
    source.map_or_else(|| kind.into(), |source| *source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_printed_in_part_and_kept_whole() {
        let message = Some("ä".repeat(1_000));
        let error = ApiError::new(ApiErrorKind::Forbidden { message: message.clone() });
        assert_eq!(error.to_string().matches('ä').count(), SHOWN_MESSAGE);
        assert_eq!(error.kind(), &ApiErrorKind::Forbidden { message });
    }

    #[test]
    fn classes_say_what_to_do() {
        let status = |status| ApiErrorKind::Status { status, code: None, message: None, retry_after: None };
        let retry_after = Some(Duration::from_secs(7));
        let upload = |status| ApiErrorKind::Upload { status, code: None, retry_after };
        let download = |status| ApiErrorKind::Download { status, code: None, retry_after };
        for (kind, class) in [
            (status(StatusCode::SERVICE_UNAVAILABLE), ErrorClass::TRANSIENT),
            (status(StatusCode::NOT_IMPLEMENTED), ErrorClass::Permanent),
            (status(StatusCode::BAD_REQUEST), ErrorClass::Permanent),
            (ApiErrorKind::Connect { host: "h".into() }, ErrorClass::TRANSIENT),
            (ApiErrorKind::Tls { host: "h".into(), certificate: true }, ErrorClass::Permanent),
            (ApiErrorKind::LoginOver, ErrorClass::Auth),
            (ApiErrorKind::MaybeSent { method: "CreateChannelDesc" }, ErrorClass::MaybeDone),
            (ApiErrorKind::Session(SessionErrorKind::UserMismatch), ErrorClass::Permanent),
            (upload(StatusCode::FORBIDDEN), ErrorClass::TRANSIENT),
            (upload(StatusCode::BAD_REQUEST), ErrorClass::Permanent),
            (ApiErrorKind::Webhook { status: StatusCode::NOT_FOUND, retry_after }, ErrorClass::Permanent),
            (download(StatusCode::SERVICE_UNAVAILABLE), ErrorClass::Transient { retry_after }),
            (download(StatusCode::NOT_FOUND), ErrorClass::Permanent),
        ] {
            assert_eq!(kind.class(), class, "{kind:?}");
        }
    }
}
