//! Messages.

use bytes::Bytes;
use mezon_proto::realtime;

use super::{Call, encode};
use crate::failure::Failure;

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "ListChannelMessages" => list(call).await,
        "SendChannelMessage" => send(call).await,
        "UpdateChannelMessage" => update(call).await,
        "DeleteChannelMessage" => remove(call).await,
        "ReactChannelMessage" => react(call).await,
        _ => return None,
    })
}

async fn list(call: &Call<'_>) -> Result<Bytes, Failure> {
    Ok(encode(&call.gateway.history(call.caller, call.request()?).await?))
}

async fn send(call: &Call<'_>) -> Result<Bytes, Failure> {
    Ok(encode(&call.gateway.send_message(call.caller, call.request()?).await?))
}

async fn update(call: &Call<'_>) -> Result<Bytes, Failure> {
    let request: realtime::ChannelMessageUpdate = call.request()?;
    call.gateway.update_message(call.caller, &request).await?;
    Ok(encode(&request))
}

async fn remove(call: &Call<'_>) -> Result<Bytes, Failure> {
    let request: realtime::ChannelMessageRemove = call.request()?;
    call.gateway.remove_message(call.caller, &request).await?;
    Ok(encode(&request))
}

async fn react(call: &Call<'_>) -> Result<Bytes, Failure> {
    call.gateway.react(call.caller, call.request()?).await?;
    Ok(Bytes::new())
}
