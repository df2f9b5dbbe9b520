//! The way to the network: pooled HTTP/1.1 connections, deadlines, limits. It adds no credentials and follows no
//! redirects.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, Error as ClientError, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use mezon_tls::TlsConfig;
use tokio::time::{Instant, timeout_at};

use crate::body::Body;
use crate::connector::Connector;
use crate::response::ERROR_BODY_LIMIT;
use crate::retry::{FailedAttempt, Fate};
use crate::timeouts::later;
use crate::{ApiError, ApiErrorKind, Phase, Timeouts};

/// Idle connections are closed after this time: below the 60 s after which common proxies close theirs.
const IDLE: Duration = Duration::from_secs(30);

/// Idle connections kept for one host.
const MAX_IDLE: usize = 8;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Requests in time and within limits, over shared connections.
///
/// Calls and files, plain and with TLS, are one type of client: each further type would compile all of the HTTP
/// library again.
pub(crate) struct Transport {
    client: Client<Connector, Body>,
    tls: TlsConfig,
    timeouts: Timeouts,
    body_limit: usize,
}

impl Transport {
    pub(crate) fn tls(&self) -> &TlsConfig {
        &self.tls
    }

    pub(crate) fn new(tls: TlsConfig, timeouts: Timeouts, body_limit: usize) -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).pool_max_idle_per_host(MAX_IDLE);
        let client = builder.build(Connector::new(tls.clone(), timeouts.connect));
        Self { client, tls, timeouts, body_limit }
    }

    /// Sends `request` and waits for the head of the answer. The caller bounds the time.
    pub(crate) async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, FailedAttempt> {
        let authority = request.uri().authority().cloned();
        if request.uri().scheme() != Some(&Scheme::HTTP) {
            // The connector asks for the same; here the error can be told from that of a connection.
            self.tls.client_config().map_err(|error| {
                let kind = ApiErrorKind::Tls { host: name(authority.as_ref()), certificate: false };
                FailedAttempt { error: ApiError::with_source(kind, error), fate: Fate::Unsent }
            })?;
        }
        let sent = self.start(request).await;
        sent.map_err(|error| failure_of(error, authority.as_ref()))
    }

    /// No `async fn`: those are compiled in the crates that await them, and this one has all of hyper behind it.
    fn start(&self, request: Request<Body>) -> ResponseFuture {
        self.client.request(request)
    }

    /// Sends a request once and waits for the head of the answer, for as long as an attempt may take.
    pub(crate) async fn head(
        &self,
        request: Request<Body>,
        deadline: Instant,
    ) -> Result<Response<Incoming>, FailedAttempt> {
        let attempt = later(self.timeouts.attempt);
        match timeout_at(attempt.min(deadline), self.send(request)).await {
            Ok(response) => response,
            Err(_) if attempt < deadline => Err(late(Phase::Response)),
            Err(_) => Err(late(Phase::Total)),
        }
    }

    /// Sends a request once and reads the answer, a refusal in part.
    pub(crate) async fn exchange(&self, request: Request<Body>, deadline: Instant) -> Result<Answer, FailedAttempt> {
        let (head, body) = self.head(request, deadline).await?.into_parts();
        let body = if head.status.is_success() {
            self.read(body, deadline).await?
        } else {
            read_start(body, self.timeouts.stall, deadline).await
        };
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    async fn read(&self, mut body: Incoming, deadline: Instant) -> Result<Bytes, FailedAttempt> {
        let limit = self.body_limit;
        let too_large = || FailedAttempt { error: ApiErrorKind::BodyTooLarge { limit }.into(), fate: Fate::Failed };
        if body.size_hint().lower() > limit as u64 {
            return Err(too_large());
        }
        // Most answers come in one piece, which is handed on as it is.
        let mut whole = Bytes::new();
        let mut pieces = BytesMut::new();
        while let Some(piece) = next(&mut body, self.timeouts.stall, deadline).await? {
            if whole.len() + pieces.len() + piece.len() > limit {
                return Err(too_large());
            }
            if whole.is_empty() && pieces.is_empty() {
                whole = piece;
            } else {
                pieces.extend_from_slice(&std::mem::take(&mut whole));
                pieces.extend_from_slice(&piece);
            }
        }
        Ok(if pieces.is_empty() { whole } else { pieces.freeze() })
    }
}

/// The start of an error's body, as far as it comes.
pub(crate) async fn read_start(mut body: Incoming, stall: Duration, deadline: Instant) -> Bytes {
    let mut start = BytesMut::new();
    while start.len() < ERROR_BODY_LIMIT {
        let Ok(Some(piece)) = next(&mut body, stall, deadline).await else { break };
        let room = ERROR_BODY_LIMIT - start.len();
        start.extend_from_slice(piece.get(..room).unwrap_or(&piece));
    }
    start.freeze()
}

/// The next piece of a body.
pub(crate) async fn next(
    body: &mut Incoming,
    stall: Duration,
    deadline: Instant,
) -> Result<Option<Bytes>, FailedAttempt> {
    let stalled = later(stall);
    loop {
        match timeout_at(stalled.min(deadline), body.frame()).await {
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
            Ok(Some(Err(error))) => {
                let error = ApiError::with_source(ApiErrorKind::ConnectionLost, error);
                return Err(FailedAttempt { error, fate: Fate::Unknown });
            }
            Ok(None) => return Ok(None),
            Err(_) if stalled < deadline => return Err(late(Phase::Stall)),
            Err(_) => return Err(late(Phase::Total)),
        }
    }
}

/// A time limit passed with the request under way.
pub(crate) fn late(phase: Phase) -> FailedAttempt {
    FailedAttempt { error: ApiErrorKind::TimedOut { phase }.into(), fate: Fate::Unknown }
}

fn name(host: Option<&Authority>) -> String {
    host.map(ToString::to_string).unwrap_or_default()
}

fn failure_of(error: ClientError, host: Option<&Authority>) -> FailedAttempt {
    if !error.is_connect() {
        let error = ApiError::with_source(ApiErrorKind::ConnectionLost, error);
        return FailedAttempt { error, fate: Fate::Unknown };
    }
    let host = name(host);
    let kind = match connect_cause(&error) {
        Some(Cause::Tls { certificate }) => ApiErrorKind::Tls { host, certificate },
        Some(Cause::TimedOut) => ApiErrorKind::TimedOut { phase: Phase::Connect },
        None => ApiErrorKind::Connect { host },
    };
    FailedAttempt { error: ApiError::with_source(kind, error), fate: Fate::Unsent }
}

#[derive(Debug, PartialEq)]
enum Cause {
    Tls { certificate: bool },
    TimedOut,
}

/// Looks for the reason of a failed connection. `io::Error` hides what it wraps from [`StdError::source`].
fn connect_cause(error: &(dyn StdError + 'static)) -> Option<Cause> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(Cause::Tls { certificate: matches!(tls, rustls::Error::InvalidCertificate(_)) });
    }
    if let Some(io) = error.downcast_ref::<io::Error>() {
        let inner = io.get_ref().and_then(|inner| connect_cause(inner));
        return inner.or_else(|| (io.kind() == io::ErrorKind::TimedOut).then_some(Cause::TimedOut));
    }
    connect_cause(error.source()?)
}
