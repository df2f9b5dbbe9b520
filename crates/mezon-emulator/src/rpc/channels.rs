//! Channels, threads and voice rooms.

use bytes::Bytes;
use mezon_proto::api;

use super::{Call, encode};
use crate::failure::Failure;
use crate::town::channels::{self, in_clans, members, threads};
use crate::town::{Act, Town, marks, voice};

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "CreateChannelDesc" => call.change(channels::create).await,
        "ListChannelDescs" => list(call, channels::list).await,
        "ListChannelByUserId" => list(call, channels::list_all).await,
        "ListChannelDetail" => detail(call).await,
        "UpdateChannelDesc" => call.change(in_clans::update).await,
        "UpdateChannelPrivate" => call.change(in_clans::change_privacy).await,
        "ChangeChannelCategory" => call.change(in_clans::change_category).await,
        "DeleteChannelDesc" => call.change(in_clans::delete).await,
        "ArchiveChannel" => call.change(in_clans::archive).await,
        "ListArchivedChannelDescs" => call.look(in_clans::list_archived),

        "CloseDMByChannelId" => call.change(marks::hide).await,
        "OpenDMByChannelId" => call.change(marks::show).await,
        "GetListFavoriteChannel" => call.look(marks::favorites),
        "AddChannelFavorite" => call.change(marks::add_favorite).await,
        "RemoveChannelFavorite" => call.change(marks::remove_favorite).await,

        "ListChannelUsers" => call.look(members::list),
        "AddChannelUsers" => call.change(members::add).await,
        "RemoveChannelUsers" => call.change(members::remove).await,

        "ListThreadDescs" => call.look(threads::list),
        "SearchThread" => call.look(threads::search),
        "LeaveThread" => call.change(threads::leave).await,
        "ActiveArchivedThread" => call.change(threads::reopen).await,

        "UpdateMezonVoiceState" => call.change(voice::take_part).await,
        "ListChannelVoiceUsers" => call.look(voice::list),
        "GenerateMeetToken" => meeting_token(call),
        "ListStreamingChannelUsers" => call.look(voice::list_streaming),
        _ => return None,
    })
}

/// A list of channels, with what the caller has not read.
async fn list<R: prost::Message + Default>(
    call: &Call<'_>,
    read: fn(&Town, &Act<'_>, R) -> Result<api::ChannelDescList, Failure>,
) -> Result<Bytes, Failure> {
    let mut list = call.gateway.look(call.caller.user, read, call.request()?)?;
    call.gateway.count_unread(call.caller, &mut list.channeldesc).await?;
    Ok(encode(&list))
}

async fn detail(call: &Call<'_>) -> Result<Bytes, Failure> {
    let channel = call.gateway.look(call.caller.user, channels::detail, call.request()?)?;
    let mut channels = [channel];
    call.gateway.count_unread(call.caller, &mut channels).await?;
    let [channel] = channels;
    Ok(encode(&channel))
}

/// A token for the media server, which the emulator does not have: nobody checks it.
fn meeting_token(call: &Call<'_>) -> Result<Bytes, Failure> {
    let request: api::GenerateMeetTokenRequest = call.request()?;
    let user = call.caller.user;
    call.gateway.town().channel_for(user, request.channel_id)?;
    let token = call.gateway.tokens.signature(&format!("meeting {} {} {user}", request.channel_id, request.room_name));
    Ok(encode(&api::GenerateMeetTokenResponse { token }))
}
