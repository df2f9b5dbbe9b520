//! Clans and their members.

use bytes::Bytes;

use super::Call;
use crate::failure::Failure;
use crate::town::{bans, categories, clans, invites, members};

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "ListClanDescs" => call.look(clans::list),
        "CreateClanDesc" => call.change(clans::create).await,
        "UpdateClanDesc" => call.change(clans::update).await,
        "DeleteClanDesc" => call.change(clans::delete).await,
        "UpdateClanOrder" => call.change(clans::reorder).await,
        "TransferOwnership" => call.change(clans::transfer).await,

        "ListClanUsers" => call.look(members::list),
        "ListUserClansByUserId" => call.look(members::of_all_clans),
        "RemoveClanUsers" => call.change(members::remove).await,
        "GetUserProfileOnClan" => call.look(members::profile),
        "UpdateUserProfileByClan" => call.change(members::update_profile).await,
        "CreateLinkInviteUser" => call.change(invites::create).await,
        "InviteUser" => call.change(invites::accept).await,

        "BanClanUsers" => call.change(bans::ban).await,
        "UnbanClanUsers" => call.change(bans::unban).await,
        "ListBannedUsers" => call.look(bans::list),
        "IsBanned" => call.look(bans::of_caller),

        "ListCategoryDescs" => call.look(categories::list),
        "CreateCategoryDesc" => call.change(categories::create).await,
        "UpdateCategory" => call.change(categories::update).await,
        "DeleteCategoryDesc" => call.change(categories::delete).await,
        "UpdateCategoryOrder" => call.change(categories::reorder).await,
        _ => return None,
    })
}
