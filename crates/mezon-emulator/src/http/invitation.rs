//! What an invitation leads to, for those who have not followed it yet.

use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use mezon_proto::api;

use super::basic_user;
use super::reply::{self, Reply};
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::rpc;
use crate::town::invites;

/// Before the id of an invitation.
pub(super) const PATH: &str = "/v2/invite/";

/// Answers in protobuf, as the official clients ask for it. It takes the server key, and no user.
pub(super) fn answer(gateway: &Gateway, id: &str, request: &Request<Incoming>) -> Result<Reply, Failure> {
    if request.method() != Method::GET {
        return Ok(reply::error(StatusCode::METHOD_NOT_ALLOWED, 12, "use GET"));
    }
    if basic_user(request.headers()).as_deref() != Some(&gateway.settings.server_key) {
        return Err(Failure::unauthenticated("invalid server key"));
    }
    let invite_id = id.parse().map_err(|_| Failure::invalid("the id of an invitation is a number"))?;
    let found = gateway.look(0, invites::preview, api::InviteUserRequest { invite_id })?;
    Ok(reply::protobuf(rpc::encode(&found)))
}
