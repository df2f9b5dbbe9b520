//! The HTTP side: which request goes where.

mod invitation;
mod login;
mod object_store;
mod reply;
mod upgrade;
mod webhooks;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::uri::Authority;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;

use crate::failure::Failure;
use crate::faults::Route;
use crate::gateway::{Caller, Gateway};
use crate::rpc;
use crate::token::TokenFault;
use crate::uploads;
pub(crate) use reply::Reply;
pub(crate) use upgrade::Upgrade;

/// Where the methods are.
const METHODS: &str = "/mezon.api.Mezon/";
/// The name of a post to a webhook, whose path is a secret.
const WEBHOOK: &str = "webhook";
/// The largest request of a method, in bytes.
const LARGEST_CALL: usize = 4 << 20;

/// Answers one request. A socket that is let in is put into `upgrade`, for the connection to go on with.
pub(crate) async fn answer(
    gateway: &Arc<Gateway>,
    local: SocketAddr,
    request: Request<Incoming>,
    upgrade: &Upgrade,
) -> Reply {
    let Some(route) = route_of(&request) else {
        return reply::failure(&Failure::not_found("requested resource not found"));
    };
    if matches!(route, Route::Call(_)) {
        gateway.counters.count(|stats| stats.http_calls += 1);
    }
    let delay = gateway.plan.delay_of(&route);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if let Some(injected) = gateway.plan.take_injection(&route) {
        gateway.counters.count(|stats| match route {
            Route::Sockets => stats.upgrades_refused += 1,
            Route::Uploads => stats.uploads_refused += 1,
            _ => {}
        });
        object_store::drain(request.into_body()).await;
        return reply::injected(injected);
    }
    let host = host_of(request.headers(), local);
    match route {
        Route::Sockets => upgrade::answer(gateway, request, &host, upgrade).unwrap_or_else(|failure| {
            gateway.counters.count(|stats| stats.upgrades_refused += 1);
            reply::failure(&failure)
        }),
        Route::Uploads | Route::Downloads => object_store::answer(gateway, request).await,
        Route::Calls => reply::failure(&Failure::not_found("requested resource not found")),
        Route::Call(name) => call(gateway, &name, request, host).await.unwrap_or_else(|failure| {
            tracing::debug!(call = %name, status = failure.http_status().as_u16(), "call refused");
            reply::failure(&failure)
        }),
    }
}

/// Where a request goes; `None` where nothing is.
fn route_of(request: &Request<Incoming>) -> Option<Route> {
    let path = request.uri().path();
    if path == "/ws" {
        Some(Route::Sockets)
    } else if path.starts_with(uploads::PREFIX) {
        Some(if request.method() == Method::PUT { Route::Uploads } else { Route::Downloads })
    } else if webhooks::is_webhook(path) {
        Some(Route::Call(WEBHOOK.to_owned()))
    } else if path.starts_with("/v2/") {
        Some(Route::Call(path.to_owned()))
    } else {
        path.strip_prefix(METHODS).map(|method| Route::Call(method.to_owned()))
    }
}

/// A call: a sign-in by its path, or a method by its name.
async fn call(gateway: &Gateway, name: &str, request: Request<Incoming>, host: String) -> Result<Reply, Failure> {
    if let Some(id) = name.strip_prefix(invitation::PATH) {
        return invitation::answer(gateway, id, &request);
    }
    if request.method() != Method::POST {
        return Ok(reply::error(StatusCode::METHOD_NOT_ALLOWED, 12, "use POST"));
    }
    if name == WEBHOOK {
        let path = request.uri().path().to_owned();
        return webhooks::answer(gateway, &path, &body(request, LARGEST_CALL).await?).await;
    }
    if name.starts_with('/') {
        return login::answer(gateway, name, request, &host).await;
    }
    method(gateway, name, request, host).await.map(reply::protobuf)
}

/// A method, with its access token; a refresh goes by the server key instead.
async fn method(gateway: &Gateway, method: &str, request: Request<Incoming>, host: String) -> Result<Bytes, Failure> {
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

/// Basic credentials, user and password, as official clients write them: some leave the colon out, some write one too
/// many, the Python SDK puts the text `b'...'` around the base64, the Go SDK encodes the word `Basic` too.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let credentials = value.strip_prefix("Basic ").unwrap_or(value).trim();
    let credentials = credentials.strip_prefix("b'").and_then(|text| text.strip_suffix('\'')).unwrap_or(credentials);
    let decoded = data_encoding::BASE64.decode(credentials.as_bytes()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let text = decoded.strip_prefix("Basic ").unwrap_or(&decoded);
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    Some((user.to_owned(), password.trim_end_matches(':').to_owned()))
}

/// The user part of Basic credentials, where the key stands.
fn basic_user(headers: &HeaderMap) -> Option<String> {
    basic(headers).map(|(user, _)| user)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The address that the client used: what goes into URLs it is given must be reachable for it.
fn host_of(headers: &HeaderMap, local: SocketAddr) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| host.parse::<Authority>().is_ok());
    host.map_or_else(|| local.to_string(), str::to_owned)
}
