//! The methods of `mezon.api.Mezon`: the same over HTTP and over a socket.

use bytes::Bytes;
use mezon_proto::{api, realtime};
use prost::Message;

use crate::failure::{Failure, FailureKind};
use crate::gateway::{Caller, Gateway};

/// The one method that is not called with an access token over HTTP.
pub(crate) const SESSION_REFRESH: &str = "SessionRefresh";

/// Runs a method: the request message in, the response message out, both bare protobuf.
pub(crate) async fn call(gateway: &Gateway, caller: &Caller, method: &str, body: Bytes) -> Result<Bytes, Failure> {
    Ok(match method {
        SESSION_REFRESH => encode(&gateway.refresh(decode(body)?, &caller.host).await?),
        "SessionLogout" => {
            gateway.log_out(caller, decode(body)?).await?;
            Bytes::new()
        }
        "GetAccount" => encode(&account(gateway, caller).await?),
        "CreateChannelDesc" => encode(&gateway.create_channel(caller, decode(body)?).await?),
        "ListChannelDescs" => encode(&gateway.channels(caller, decode(body)?).await?),
        "ListChannelDetail" => {
            let request: api::ListChannelDetailRequest = decode(body)?;
            encode(&gateway.channel_detail(caller, request.channel_id).await?)
        }
        "ListChannelMessages" => encode(&gateway.history(caller, decode(body)?).await?),
        // The emulator has no clans; bots ask for them before all else.
        "ListClanDescs" => encode(&api::ClanDescList::default()),
        "SendChannelMessage" => encode(&gateway.send_message(caller, decode(body)?).await?),
        "UpdateChannelMessage" => {
            let request: realtime::ChannelMessageUpdate = decode(body)?;
            gateway.update_message(caller, &request).await?;
            encode(&request)
        }
        "DeleteChannelMessage" => {
            let request: realtime::ChannelMessageRemove = decode(body)?;
            gateway.remove_message(caller, &request).await?;
            encode(&request)
        }
        "ReactChannelMessage" => {
            gateway.react(caller, decode(body)?).await?;
            Bytes::new()
        }
        "UploadAttachmentFile" => encode(&gateway.announce_upload(caller, decode(body)?).await?),
        "UploadBatchAttachmentFile" => {
            let request: api::UploadBatchAttachmentRequest = decode(body)?;
            let mut uploaded_files = Vec::new();
            for file in request.upload_files {
                uploaded_files.push(gateway.announce_upload(caller, file).await?);
            }
            encode(&api::UploadAttachmentBatch { uploaded_files })
        }
        _ => {
            // The name came from the client: it is bounded before it goes back.
            let name: String = method.chars().take(60).collect();
            return Err(Failure::new(FailureKind::Unimplemented, format!("the emulator has no method {name}")));
        }
    })
}

pub(crate) fn decode<M: Message + Default>(body: Bytes) -> Result<M, Failure> {
    M::decode(body).map_err(|_| Failure::invalid("the request body is not the message of this method"))
}

pub(crate) fn encode(message: &impl Message) -> Bytes {
    message.encode_to_vec().into()
}

async fn account(gateway: &Gateway, caller: &Caller) -> Result<api::Account, Failure> {
    let id = caller.user;
    let found = gateway.storage.run(move |store| store.user(id)).await?;
    let user = found.ok_or_else(|| Failure::not_found("user not found"))?;
    Ok(api::Account {
        user: Some(api::User {
            id: user.id,
            display_name: user.username.clone(),
            username: user.username,
            online: gateway.hub.is_online(id),
            create_time_seconds: user.created,
            ..api::User::default()
        }),
        ..api::Account::default()
    })
}
