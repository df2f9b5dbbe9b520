//! Sessions and the caller's own account.

use bytes::Bytes;

use super::{Call, SESSION_REFRESH, encode};
use crate::failure::Failure;
use crate::town::people;

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        SESSION_REFRESH => refresh(call).await,
        "SessionLogout" => log_out(call).await,
        "GetAccount" => call.look(people::account),
        _ => return None,
    })
}

async fn refresh(call: &Call<'_>) -> Result<Bytes, Failure> {
    Ok(encode(&call.gateway.refresh(call.request()?, &call.caller.host).await?))
}

async fn log_out(call: &Call<'_>) -> Result<Bytes, Failure> {
    call.gateway.log_out(call.caller, call.request()?).await?;
    Ok(Bytes::new())
}
