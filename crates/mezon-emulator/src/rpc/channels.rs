//! Channels.

use bytes::Bytes;

use super::Call;
use crate::failure::Failure;
use crate::town::channels;

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        "CreateChannelDesc" => call.change(channels::create).await,
        "ListChannelDescs" => call.look(channels::list),
        "ListChannelDetail" => call.look(channels::detail),
        _ => return None,
    })
}
