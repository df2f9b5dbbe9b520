//! Events that clans plan.

use bytes::Bytes;

use super::Call;
use crate::failure::Failure;
use crate::town::clan_events;

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "ListEvents" => call.look(clan_events::list),
        "CreateEvent" => call.change(clan_events::create).await,
        "UpdateEvent" => call.change(clan_events::update).await,
        "DeleteEvent" => call.change(clan_events::delete).await,
        "AddUserEvent" => call.change(clan_events::join).await,
        "DeleteUserEvent" => call.change(clan_events::leave).await,
        _ => return None,
    })
}
