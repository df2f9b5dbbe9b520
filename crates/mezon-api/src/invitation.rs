//! What an invitation leads to. It is asked at the gateway and with its key, as nobody has to be signed in for it.

use bytes::Bytes;
use http::Method;
use mezon_model::{InviteId, InvitedTo};
use mezon_proto::{api, wire};

use crate::request::{JSON, Outgoing, X_PROTOBUF, basic};
use crate::{ApiClient, ApiError, ApiErrorKind};

impl ApiClient {
    /// What an invitation leads to, without following it.
    ///
    /// # Errors
    /// [`ApiErrorKind::InvalidInput`] for the id 0, before any request; [`ApiErrorKind::NotFound`] when the invitation does
    /// not exist or has ended; and those of [`ApiClient::call`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn invitation(&self, invite: InviteId) -> Result<InvitedTo, ApiError> {
        if invite.get() <= 0 {
            return Err(ApiErrorKind::InvalidInput { problem: "the id is that of no invitation" }.into());
        }
        let gateway = &self.gateway().0;
        let outgoing = Outgoing {
            name: "invite",
            idempotent: true,
            verb: Method::GET,
            uri: gateway.base.uri(format!("/v2/invite/{invite}"))?,
            authorization: basic(&gateway.server_key),
            accept: X_PROTOBUF,
            content_type: JSON,
            body: Bytes::new(),
            secrets: &[&gateway.server_key],
            answered: true,
            tells_time: false,
        };
        let body = gateway.run(&outgoing, gateway.deadline()).await?;
        let unreadable = |error| ApiError::with_source(ApiErrorKind::Decode { what: "invite" }, error);
        let read = wire::decode_within::<api::InviteUserRes>(&body, gateway.body_limit).map_err(unreadable)?;
        Ok(read.message.into())
    }
}
