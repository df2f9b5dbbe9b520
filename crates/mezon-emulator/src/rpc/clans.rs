//! Clans.

use bytes::Bytes;
use mezon_proto::api;

use super::{Call, encode};
use crate::failure::Failure;

#[expect(clippy::unused_async, reason = "as the other subjects")]
pub(super) async fn call(_: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        // The emulator has no clans, and no channels in them; bots ask for them before all else.
        "ListClanDescs" => Ok(encode(&api::ClanDescList::default())),
        "ListChannelByUserId" => Ok(encode(&api::ChannelDescList::default())),
        _ => return None,
    })
}
