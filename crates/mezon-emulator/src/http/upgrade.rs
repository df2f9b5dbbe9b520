//! From HTTP to a WebSocket.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::reply::Reply;
use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::percent;
use crate::token::TokenFault;

/// The subprotocol that some clients ask for; most ask for none.
const PROTOCOL: &str = "protobuf";

/// Where a connection finds the socket that one of its requests has become.
#[derive(Default)]
pub(crate) struct Upgrade(Mutex<Option<(OnUpgrade, Caller)>>);

impl Upgrade {
    pub(crate) fn take(&self) -> Option<(OnUpgrade, Caller)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, socket: OnUpgrade, caller: Caller) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((socket, caller));
    }
}

pub(super) fn answer(
    gateway: &Gateway,
    mut request: Request<Incoming>,
    host: &str,
    upgrade: &Upgrade,
) -> Result<Reply, Failure> {
    let headers = request.headers();
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| {
        lists(headers, UPGRADE, "websocket")
            && lists(headers, CONNECTION, "upgrade")
            && headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13")
    });
    let accept = key.map(|key| derive_accept_key(key.as_bytes()));
    let accept =
        accept.ok_or_else(|| Failure::invalid("this is the address of the socket, connect with a WebSocket"))?;
    let with_protocol = lists(headers, SEC_WEBSOCKET_PROTOCOL, PROTOCOL);

    let token = percent::query_value(request.uri().query().unwrap_or_default(), "token");
    let claims = gateway.tokens.verify_socket(&token.filter(|token| !token.is_empty()).ok_or(TokenFault::Missing)?)?;
    let caller = Caller { user: claims.user, username: claims.username, token: claims.id, host: host.to_owned() };
    upgrade.put(hyper::upgrade::on(&mut request), caller);

    let mut reply = Reply::new(Full::new(Bytes::new()));
    *reply.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = reply.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    let accept = HeaderValue::from_str(&accept).map_err(|_| Failure::invalid("the WebSocket key is not one"))?;
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    if with_protocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
    }
    gateway.plan.change_upgrade(headers);
    Ok(reply)
}

/// Whether a header has an entry in its comma-separated lists.
fn lists(headers: &HeaderMap, name: HeaderName, entry: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|of| of.trim().eq_ignore_ascii_case(entry))
}
