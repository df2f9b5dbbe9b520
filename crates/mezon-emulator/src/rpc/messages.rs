//! Messages, and what hangs on them: pins, topics, read marks, clicks.

use bytes::Bytes;
use mezon_proto::{api, realtime};
use prost::Message;

use super::{Call, encode};
use crate::failure::Failure;
use crate::town::messages::Stored;
use crate::town::{Act, Done, Town};
use crate::town::{clicks, messages, pins, reading, reports, topics};

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "ListChannelMessages" => list(call).await,
        "SearchMessage" => search(call).await,
        "SendChannelMessage" => send(call).await,
        "UpdateChannelMessage" => update(call).await,
        "DeleteChannelMessage" => remove(call).await,
        "ReactChannelMessage" => react(call).await,
        "ReportMessageAbuse" => call.change(reports::file).await,
        "MarkAsRead" => call.change(reading::mark).await,

        "CreatePinMessage" => {
            call.about(|request: &api::PinMessageRequest| (request.channel_id, request.message_id), pins::pin).await
        }
        "DeletePinMessage" => call.change(pins::unpin).await,
        "GetPinMessagesList" => call.look(pins::list),

        "CreateSdTopic" => {
            call.about(|request: &api::SdTopicRequest| (request.channel_id, request.message_id), topics::open).await
        }
        "ListSdTopic" => call.look(topics::list),
        "GetTopicDetail" => call.look(topics::detail),
        "DeleteSdTopic" => call.change(topics::delete).await,

        "MessageButtonClick" => {
            let message = |request: &realtime::MessageButtonClicked| (request.channel_id, request.message_id);
            call.about(message, clicks::press).await
        }
        "DropdownBoxSelected" => {
            let message = |request: &realtime::DropdownBoxSelected| (request.channel_id, request.message_id);
            call.about(message, clicks::select).await
        }
        _ => return None,
    })
}

impl Call<'_> {
    /// Answers with what an operation gives that is about a message, which is found by its channel and its id.
    pub(super) async fn about<R: Message + Default, A: Message>(
        &self,
        message: fn(&R) -> (i64, i64),
        operation: impl FnOnce(&mut Town, &Act<'_>, (Stored, R)) -> Result<Done<A>, Failure>,
    ) -> Result<Bytes, Failure> {
        let request: R = self.request()?;
        let message = message(&request);
        Ok(encode(&self.gateway.change_message(self.caller.user, message, operation, request).await?))
    }
}

async fn list(call: &Call<'_>) -> Result<Bytes, Failure> {
    Ok(encode(&call.gateway.history(call.caller, call.request()?).await?))
}

async fn search(call: &Call<'_>) -> Result<Bytes, Failure> {
    Ok(encode(&call.gateway.search(call.caller, &call.request()?).await?))
}

async fn send(call: &Call<'_>) -> Result<Bytes, Failure> {
    Ok(encode(&call.gateway.send_message(call.caller, call.request()?).await?))
}

/// The answer is the request: what has changed, and not a receipt.
async fn update(call: &Call<'_>) -> Result<Bytes, Failure> {
    let request: realtime::ChannelMessageUpdate = call.request()?;
    let message = (request.channel_id, request.message_id);
    call.gateway.change_message(call.caller.user, message, messages::edit, request.clone()).await?;
    Ok(encode(&request))
}

async fn remove(call: &Call<'_>) -> Result<Bytes, Failure> {
    let request: realtime::ChannelMessageRemove = call.request()?;
    let message = (request.channel_id, request.message_id);
    call.gateway.change_message(call.caller.user, message, messages::remove, request.clone()).await?;
    Ok(encode(&request))
}

/// The answer has the type of a message that is sent, and nothing in it.
async fn react(call: &Call<'_>) -> Result<Bytes, Failure> {
    let request: api::MessageReaction = call.request()?;
    let message = (request.channel_id, request.message_id);
    call.gateway.change_message(call.caller.user, message, messages::react, request).await?;
    Ok(Bytes::new())
}
