//! Webhooks.

use bytes::Bytes;
use prost::Message;

use super::{Call, encode};
use crate::failure::Failure;
use crate::town::webhooks::{self, Signed};
use crate::town::{Act, Done, Town};

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "ListWebhookByChannelId" => look(call, webhooks::list),
        "GenerateWebhook" => change(call, webhooks::create).await,
        "UpdateWebhookById" => change(call, webhooks::update).await,
        "DeleteWebhookById" => call.change(webhooks::delete).await,
        "ListClanWebhook" => look(call, webhooks::list_of_clan),
        "GenerateClanWebhook" => change(call, webhooks::create_for_clan).await,
        "UpdateClanWebhookById" => call.change(webhooks::update_of_clan).await,
        "DeleteClanWebhookById" => call.change(webhooks::delete_of_clan).await,
        _ => return None,
    })
}

fn look<R: Message + Default, A: Message>(
    call: &Call<'_>,
    read: impl FnOnce(&Town, &Act<'_>, Signed<'_, R>) -> Result<A, Failure>,
) -> Result<Bytes, Failure> {
    let address = |webhook: &webhooks::Webhook| call.gateway.webhook_url(webhook, &call.caller.host);
    let request = Signed { request: call.request()?, address: &address };
    Ok(encode(&call.gateway.look(call.caller.user, read, request)?))
}

async fn change<R: Message + Default, A: Message>(
    call: &Call<'_>,
    operation: impl FnOnce(&mut Town, &Act<'_>, Signed<'_, R>) -> Result<Done<A>, Failure>,
) -> Result<Bytes, Failure> {
    let address = |webhook: &webhooks::Webhook| call.gateway.webhook_url(webhook, &call.caller.host);
    let request = Signed { request: call.request()?, address: &address };
    Ok(encode(&call.gateway.change(call.caller.user, operation, request).await?))
}
