//! What channels and bots offer to people: polls and quick menus.

use bytes::Bytes;
use mezon_proto::api;

use super::Call;
use crate::failure::Failure;
use crate::town::{polls, quick_menus};

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "CreatePoll" => call.change(polls::create).await,
        "VotePoll" => {
            call.about(|request: &api::VotePollRequest| (request.channel_id, request.message_id), polls::vote).await
        }
        "ClosePoll" => {
            call.about(|request: &api::ClosePollRequest| (request.channel_id, request.message_id), polls::close).await
        }
        "GetPoll" => call.look(polls::get),

        "AddQuickMenuAccess" => call.change(quick_menus::add).await,
        "UpdateQuickMenuAccess" => call.change(quick_menus::update).await,
        "DeleteQuickMenuAccess" => call.change(quick_menus::delete).await,
        "ListQuickMenuAccess" => call.look(quick_menus::list),
        _ => return None,
    })
}
