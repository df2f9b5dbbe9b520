//! The way to the network: pooled HTTP/1.1 connections, TLS, deadlines, limits. It adds no credentials and follows no
//! redirects.

use std::error::Error as StdError;
use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use mezon_tls::TlsConfig;
use tokio::time::{Instant, timeout_at};

use crate::response::ERROR_BODY_LIMIT;
use crate::retry::{Failure, Fate};
use crate::{ApiError, ApiErrorKind, Phase, Timeouts};

/// Idle connections are closed after this time: below the 60 s after which common proxies close theirs.
const IDLE: Duration = Duration::from_secs(30);

/// Idle connections kept for one host.
const MAX_IDLE: usize = 8;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Connections for requests with bodies of type `B`.
pub(crate) struct Pool<B> {
    plain: Client<HttpConnector, B>,
    /// Made at the first request over TLS, because the platform's roots are loaded for it.
    secure: OnceLock<Client<HttpsConnector<HttpConnector>, B>>,
    tls: TlsConfig,
    connect: Duration,
}

impl<B> Pool<B>
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    pub(crate) fn new(tls: TlsConfig, connect: Duration) -> Self {
        Self { plain: builder().build(tcp(connect)), secure: OnceLock::new(), tls, connect }
    }

    /// Sends `request` and waits for the head of the answer. The caller bounds the time.
    pub(crate) async fn send(&self, request: Request<B>) -> Result<Response<Incoming>, Failure> {
        let authority = request.uri().authority().cloned();
        let sent = if request.uri().scheme() == Some(&Scheme::HTTP) {
            self.plain.request(request).await
        } else {
            self.secure(authority.as_ref())?.request(request).await
        };
        sent.map_err(|error| failure_of(error, authority.as_ref()))
    }

    fn secure(&self, host: Option<&Authority>) -> Result<&Client<HttpsConnector<HttpConnector>, B>, Failure> {
        if let Some(client) = self.secure.get() {
            return Ok(client);
        }
        let config = self.tls.client_config().map_err(|error| {
            let kind = ApiErrorKind::Tls { host: name(host), certificate: false };
            Failure { error: ApiError::with_source(kind, error), fate: Fate::Unsent }
        })?;
        Ok(self.secure.get_or_init(|| {
            let mut tcp = tcp(self.connect);
            tcp.enforce_http(false);
            let config = (*config).clone();
            let https = HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1();
            builder().build(https.wrap_connector(tcp))
        }))
    }
}

fn builder() -> hyper_util::client::legacy::Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).pool_max_idle_per_host(MAX_IDLE);
    builder
}

fn tcp(connect: Duration) -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_connect_timeout(Some(connect));
    // Requests are written whole; waiting for more to write only delays them.
    tcp.set_nodelay(true);
    tcp
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Calls with small bodies, in time and within limits.
pub(crate) struct Transport {
    pool: Pool<Full<Bytes>>,
    timeouts: Timeouts,
    body_limit: usize,
}

impl Transport {
    pub(crate) fn new(tls: TlsConfig, timeouts: Timeouts, body_limit: usize) -> Self {
        Self { pool: Pool::new(tls, timeouts.connect), timeouts, body_limit }
    }

    /// Sends a request once and reads the answer, a refusal in part.
    pub(crate) async fn exchange(&self, request: Request<Full<Bytes>>, deadline: Instant) -> Result<Answer, Failure> {
        let attempt = Instant::now() + self.timeouts.attempt;
        let response = match timeout_at(attempt.min(deadline), self.pool.send(request)).await {
            Ok(response) => response?,
            Err(_) if attempt < deadline => return Err(late(Phase::Response)),
            Err(_) => return Err(late(Phase::Total)),
        };
        let (head, body) = response.into_parts();
        let body = if head.status.is_success() {
            self.read(body, deadline).await?
        } else {
            read_start(body, self.timeouts.stall, deadline).await
        };
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    async fn read(&self, mut body: Incoming, deadline: Instant) -> Result<Bytes, Failure> {
        let limit = self.body_limit;
        let too_large = || Failure { error: ApiErrorKind::BodyTooLarge { limit }.into(), fate: Fate::Failed };
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
async fn next(body: &mut Incoming, stall: Duration, deadline: Instant) -> Result<Option<Bytes>, Failure> {
    let stalled = Instant::now() + stall;
    loop {
        match timeout_at(stalled.min(deadline), body.frame()).await {
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
            Ok(Some(Err(error))) => {
                let error = ApiError::with_source(ApiErrorKind::ConnectionLost, error);
                return Err(Failure { error, fate: Fate::Unknown });
            }
            Ok(None) => return Ok(None),
            Err(_) if stalled < deadline => return Err(late(Phase::Stall)),
            Err(_) => return Err(late(Phase::Total)),
        }
    }
}

/// A time limit passed with the request under way.
pub(crate) fn late(phase: Phase) -> Failure {
    Failure { error: ApiErrorKind::TimedOut { phase }.into(), fate: Fate::Unknown }
}

fn name(host: Option<&Authority>) -> String {
    host.map(ToString::to_string).unwrap_or_default()
}

fn failure_of(error: ClientError, host: Option<&Authority>) -> Failure {
    if !error.is_connect() {
        let error = ApiError::with_source(ApiErrorKind::ConnectionLost, error);
        return Failure { error, fate: Fate::Unknown };
    }
    let host = name(host);
    let kind = match connect_cause(&error) {
        Some(Cause::Tls { certificate }) => ApiErrorKind::Tls { host, certificate },
        Some(Cause::TimedOut) => ApiErrorKind::TimedOut { phase: Phase::Connect },
        None => ApiErrorKind::Connect { host },
    };
    Failure { error: ApiError::with_source(kind, error), fate: Fate::Unsent }
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
