//! Sessions, the caller's own account, and what users show of themselves.

use bytes::Bytes;
use mezon_proto::api;

use super::{Call, SESSION_REFRESH, encode};
use crate::failure::Failure;
use crate::snowflake::{created_seconds, unix_seconds};
use crate::town::{activities, people, profiles};

pub(super) async fn call(call: &Call<'_>, method: &str) -> Option<Result<Bytes, Failure>> {
    Some(match method {
        SESSION_REFRESH => refresh(call).await,
        "SessionLogout" => log_out(call).await,
        "GetAccount" => call.look(people::account),
        "UpdateAccount" => call.change(profiles::update_account).await,
        "UpdateUser" => call.change(profiles::update_user).await,
        "UpdateUsername" => rename(call).await,
        "GetUserStatus" => call.look(profiles::status),
        "UpdateUserStatus" => call.change(profiles::set_status).await,
        "UpdateUserCustomStatus" => call.change(profiles::set_custom_status).await,
        "ListUserOnline" => call.look(profiles::online),
        "ListClanUsersStatus" => call.look(profiles::statuses),
        "ListActivity" => call.look(activities::list),
        "CreateActiviy" => call.change(activities::begin).await,
        "ListLogedDevice" => Ok(encode(&devices(call))),
        _ => return None,
    })
}

async fn refresh(call: &Call<'_>) -> Result<Bytes, Failure> {
    Ok(encode(&call.gateway.refresh(call.request()?, &call.caller.host).await?))
}

async fn log_out(call: &Call<'_>) -> Result<Bytes, Failure> {
    call.gateway.log_out(call.caller, call.request()?).await?;
    Ok(Bytes::new())
}

/// Answers with tokens that carry the new name.
async fn rename(call: &Call<'_>) -> Result<Bytes, Failure> {
    call.gateway.change(call.caller.user, profiles::rename, call.request()?).await?;
    Ok(encode(&call.gateway.session_of(call.caller.user, &call.caller.host).await?))
}

/// The emulator does not tell devices apart: there is the one that asks.
fn devices(call: &Call<'_>) -> api::LogedDeviceList {
    let device = api::LogedDevice {
        device_id: call.caller.token.to_string(),
        login_at_seconds: created_seconds(call.caller.token),
        last_active_seconds: unix_seconds(),
        is_current: true,
        ..api::LogedDevice::default()
    };
    api::LogedDeviceList { devices: vec![device] }
}
