//! The HTTP side: which request goes where.

mod login;
mod object_store;
mod reply;
mod upgrade;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST, RETRY_AFTER};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;

use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::rpc;
use crate::token::TokenFault;
use crate::uploads;
pub(crate) use reply::Reply;
pub(crate) use upgrade::Upgrade;

/// Where the methods are.
const METHODS: &str = "/mezon.api.Mezon/";
/// The largest request of a method, in bytes.
const LARGEST_CALL: usize = 4 << 20;

/// Answers one request. A socket that is let in is put into `upgrade`, for the connection to go on with.
pub(crate) async fn answer(
    gateway: &Arc<Gateway>,
    local: SocketAddr,
    request: Request<Incoming>,
    upgrade: &Upgrade,
) -> Reply {
    let delay = gateway.plan.delay();
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let host = host_of(request.headers(), local);
    let path = request.uri().path();
    if path == "/ws" {
        return upgrade::answer(gateway, request, &host, upgrade).unwrap_or_else(|failure| {
            gateway.counters.count(|stats| stats.upgrades_refused += 1);
            reply::failure(&failure)
        });
    }
    if path.starts_with(uploads::PREFIX) {
        return object_store::answer(gateway, request).await;
    }

    let name = path.strip_prefix(METHODS).unwrap_or(path).to_owned();
    if name == path && !path.starts_with("/v2/") {
        return reply::failure(&Failure::not_found("requested resource not found"));
    }
    gateway.counters.count(|stats| stats.http_calls += 1);
    if let Some(failure) = gateway.plan.take_http_failure(&name) {
        let mut reply = reply::injected(failure.status);
        if let Some(after) = failure.retry_after {
            reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(after.as_secs()));
        }
        return reply;
    }
    if request.method() != Method::POST {
        return reply::error(StatusCode::METHOD_NOT_ALLOWED, 12, "use POST");
    }
    let answered = if name == path {
        login::answer(gateway, &name, request, &host).await
    } else {
        call(gateway, &name, request, host).await.map(reply::protobuf)
    };
    answered.unwrap_or_else(|failure| {
        tracing::debug!(call = %name, status = failure.http_status().as_u16(), "call refused");
        reply::failure(&failure)
    })
}

/// A method, with its access token; a refresh goes by the server key instead.
async fn call(gateway: &Gateway, method: &str, request: Request<Incoming>, host: String) -> Result<Bytes, Failure> {
    if method == rpc::SESSION_REFRESH {
        if basic_user(request.headers()).as_deref() != Some(&gateway.settings.server_key) {
            return Err(Failure::unauthenticated("invalid server key"));
        }
        let refresh = rpc::decode(body(request, LARGEST_CALL).await?)?;
        return Ok(rpc::encode(&gateway.refresh(refresh, &host).await?));
    }
    let token = bearer(request.headers()).ok_or(TokenFault::Missing)?;
    let claims = gateway.tokens.verify(token)?;
    let caller = Caller { user: claims.user, username: claims.username, token: claims.id, host };
    rpc::call(gateway, &caller, method, body(request, LARGEST_CALL).await?).await
}

async fn body(request: Request<Incoming>, limit: usize) -> Result<Bytes, Failure> {
    let collected = Limited::new(request.into_body(), limit).collect().await;
    collected
        .map(http_body_util::Collected::to_bytes)
        .map_err(|_| Failure::invalid("the request body is too large or broken"))
}

/// The user part of Basic credentials. Some clients leave the colon out, some write one too many.
fn basic_user(headers: &HeaderMap) -> Option<String> {
    let credentials = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let decoded = data_encoding::BASE64.decode(credentials.trim().as_bytes()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    decoded.split(':').next().map(str::to_owned)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The address that the client used: what goes into URLs it is given must be reachable for it.
fn host_of(headers: &HeaderMap, local: SocketAddr) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| host.parse::<Authority>().is_ok());
    host.map_or_else(|| local.to_string(), str::to_owned)
}
