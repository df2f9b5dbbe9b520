//! Channels, threads and voice rooms.

use bytes::Bytes;
use mezon_proto::api;

use super::{Call, encode};
use crate::failure::Failure;
use crate::town::channels::{self, in_clans, members, threads};
use crate::town::{marks, voice};

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "CreateChannelDesc" => call.change(channels::create).await,
        "ListChannelDescs" => call.look(channels::list),
        "ListChannelByUserId" => call.look(channels::list_all),
        "ListChannelDetail" => call.look(channels::detail),
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

/// A token for the media server, which the emulator does not have: nobody checks it.
fn meeting_token(call: &Call<'_>) -> Result<Bytes, Failure> {
    let request: api::GenerateMeetTokenRequest = call.request()?;
    let user = call.caller.user;
    call.gateway.town().channel_for(user, request.channel_id)?;
    let token = call.gateway.tokens.signature(&format!("meeting {} {} {user}", request.channel_id, request.room_name));
    Ok(encode(&api::GenerateMeetTokenResponse { token }))
}
