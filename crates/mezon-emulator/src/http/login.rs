//! Sign-in with an ID token, and with the key of a bot.

use http::header::ACCEPT;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use mezon_proto::api;
use serde_json::{Value, json};

use super::reply::{self, Reply};
use super::{basic, body};
use crate::failure::{Failure, FailureKind};
use crate::gateway::Gateway;
use crate::rpc;
use crate::token::integer;
use crate::town::people::SignIn;

/// The largest sign-in request, in bytes.
const LARGEST_LOGIN: usize = 64 << 10;

pub(super) async fn answer(
    gateway: &Gateway,
    path: &str,
    request: Request<Incoming>,
    host: &str,
) -> Result<Reply, Failure> {
    let (user, password) = basic(request.headers()).unwrap_or_default();
    let wants_protobuf =
        request.headers().get(ACCEPT).is_some_and(|accept| accept.as_bytes() == b"application/x-protobuf");
    let session = match path {
        "/v2/account/authenticate/idtoken" => id_token(gateway, &user, json_body(request).await?, host).await?,
        "/v2/apps/authenticate/token" => app(gateway, &[&user, &password], json_body(request).await?, host).await?,
        _ => {
            return Err(Failure::new(
                FailureKind::Unimplemented,
                "the emulator signs in with ID tokens and bot keys only",
            ));
        }
    };
    Ok(if wants_protobuf {
        reply::protobuf(rpc::encode(&session))
    } else {
        reply::json(StatusCode::OK, &as_json(&session))
    })
}

/// Any ID token is accepted but an empty one: there is nobody to ask whether it is genuine.
async fn id_token(gateway: &Gateway, key: &str, request: Value, host: &str) -> Result<api::Session, Failure> {
    if key != gateway.settings.server_key {
        return Err(Failure::unauthenticated("invalid server key"));
    }
    if text(&request, "id_token").is_empty() {
        return Err(Failure::unauthenticated("id_token is required"));
    }
    let id = match request.get("user_id") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if id.is_empty() => None,
        id => Some(integer(id).ok_or_else(|| Failure::invalid("user_id is not a number"))?),
    };
    let username = text(&request, "username").to_owned();
    gateway.sign_in(SignIn { id, username, bot: false }, host).await
}

/// The body carries the credentials: some clients name the app and its key there, some the key alone. In the header stand
/// the app's key or the server's as the user, or the app's key as the password.
async fn app(gateway: &Gateway, header: &[&str], request: Value, host: &str) -> Result<api::Session, Failure> {
    let account = request.get("account").unwrap_or(&Value::Null);
    let id = integer(account.get("appid"));
    let known = gateway.settings.apps.iter().find(|app| {
        app.key == text(account, "token")
            && id.is_none_or(|id| id == app.id)
            && [&app.key, &gateway.settings.server_key].iter().any(|key| header.contains(&key.as_str()))
    });
    let app = known.ok_or_else(|| Failure::unauthenticated("unknown app or wrong key"))?;
    gateway.sign_in(SignIn { id: Some(app.id), username: app.name.clone(), bot: true }, host).await
}

async fn json_body(request: Request<Incoming>) -> Result<Value, Failure> {
    let body = body(request, LARGEST_LOGIN).await?;
    serde_json::from_slice(&body).map_err(|_| Failure::invalid("the request body is not JSON"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Ids are texts, as in all of Mezon's JSON.
fn as_json(session: &api::Session) -> Value {
    json!({
        "created": session.created,
        "token": session.token,
        "refresh_token": session.refresh_token,
        "user_id": session.user_id.to_string(),
        "is_remember": session.is_remember,
        "api_url": session.api_url,
        "ws_url": session.ws_url,
        "session_id": session.session_id,
    })
}
