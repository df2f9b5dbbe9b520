//! Friends.

use bytes::Bytes;

use super::Call;
use crate::failure::Failure;
use crate::town::friends;

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "ListFriends" => call.look(friends::list),
        "AddFriends" => call.change(friends::add).await,
        "DeleteFriends" => call.change(friends::remove).await,
        "BlockFriends" => call.change(friends::block).await,
        "UnblockFriends" => call.change(friends::unblock).await,
        _ => return None,
    })
}
