//! No credential shows in `Debug`, whether the message stands alone or inside others.

#![allow(clippy::unwrap_used, clippy::panic)]
// Some messages hold nothing but credentials.
#![allow(clippy::needless_update)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use bytes::Bytes;
use mezon_proto::realtime::Envelope;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::{api, realtime};

const TEXT: &str = "canary-in-the-mine";
const NUMBER: i64 = 7_318_290_465;

/// A value that must not show.
trait Canary {
    fn canary() -> Self;
}

impl Canary for String {
    fn canary() -> Self {
        TEXT.to_owned()
    }
}

impl Canary for Option<String> {
    fn canary() -> Self {
        Some(TEXT.to_owned())
    }
}

impl Canary for Vec<String> {
    fn canary() -> Self {
        vec![TEXT.to_owned()]
    }
}

impl Canary for BTreeMap<String, String> {
    fn canary() -> Self {
        Self::from([(TEXT.to_owned(), TEXT.to_owned())])
    }
}

impl Canary for Bytes {
    fn canary() -> Self {
        Self::from_static(TEXT.as_bytes())
    }
}

impl Canary for i64 {
    fn canary() -> Self {
        NUMBER
    }
}

/// The `Debug` texts, plain and pretty, checked for the canaries in any form.
fn assert_redacted(message: &impl Debug, fields: usize) {
    for shown in [format!("{message:?}"), format!("{message:#?}")] {
        let bytes = format!("{:?}", TEXT.as_bytes());
        for leak in ["canary", "7318290465", bytes.trim_matches(['[', ']'])] {
            assert!(!shown.contains(leak), "{leak} in {shown}");
        }
        assert_eq!(shown.matches("<redacted>").count(), fields, "{shown}");
    }
}

/// Checks each message with canaries in its fields, and gives the list back for comparison.
macro_rules! check_all {
    ($($package:ident::$message:ident { $($field:ident),* },)*) => {
        vec![$({
            let message = $package::$message { $($field: Canary::canary(),)* ..Default::default() };
            let fields = [$(stringify!($field)),*];
            assert_redacted(&message, fields.len());
            format!("{}.{}: {}", stringify!($package), stringify!($message), fields.join(" "))
        }),*]
    };
}

#[test]
fn every_message_with_credentials_hides_them() {
    let checked = check_all! {
        api::Account { qr_code, encrypt_private_key },
        api::AccountEmail { password, vars },
        api::AccountMezon { vars },
        api::AccountRefresh { token, vars },
        api::AddAppRequest { token },
        api::App { token },
        api::ClanWebhook { url },
        api::ClanWebhookHandlerRequest { token },
        api::ConfirmLoginRequest { login_id },
        api::GenerateClanWebhookResponse { url },
        api::GenerateHashChannelAppsResponse { web_app_data },
        api::GenerateMeetTokenExternalResponse { token, guest_access_token },
        api::GenerateMeetTokenResponse { token },
        api::GenerateMezonMeetResponse { external_link },
        api::KafkaActionMsg { stream },
        api::LinkAccountConfirmRequest { otp_code },
        api::LoginIdResponse { login_id },
        api::MezonOauthClient { client_secret, registration_access_token },
        api::MultipartUploadAttachment { urls },
        api::RegistFcmDeviceTokenRequest { token, voip_token },
        api::RegistFcmDeviceTokenResponse { token },
        api::RegisterStreamingChannelResponse { streaming_url },
        api::RegistrationEmailRequest { password, old_password, vars },
        api::Rpc { payload, http_key },
        api::Session { token, refresh_token, id_token, session_id },
        api::SessionLogoutRequest { token, refresh_token, fcm_token },
        api::SessionRefreshRequest { token, vars },
        api::StreamHttpCallbackRequest { token },
        api::UpdateAccountRequest { encrypt_private_key },
        api::UpdateAppRequest { token },
        api::UploadAttachment { url },
        api::Webhook { url },
        api::WebhookGenerateResponse { url },
        realtime::ApiRequestEvent { body },
        realtime::ConfirmLinkMezonOtpData { value },
        realtime::FcmTokens { token_id },
        realtime::IncomingCallPush { json_data },
        realtime::JoinChannelAppData { hash },
        realtime::SfuSignalingFwd { json_data },
        realtime::StreamingStartedEvent { streaming_url },
        realtime::UserProfileRedis { app_token, voip_token },
        realtime::UserProfileUpdatedEvent { encrypt_private_key },
        realtime::WebrtcSignalingFwd { json_data },
    };
    // The spelling of acronyms differs between the protocol and Rust.
    let marked = include_str!("../../../proto/contract/redacted.txt").to_lowercase();
    assert_eq!(checked.join("\n").to_lowercase(), marked.trim_end());
}

fn session() -> api::Session {
    api::Session {
        token: TEXT.to_owned(),
        refresh_token: TEXT.to_owned(),
        id_token: TEXT.to_owned(),
        session_id: TEXT.to_owned(),
        user_id: 42,
        ..Default::default()
    }
}

#[test]
fn other_fields_are_shown() {
    let shown = format!("{:?}", session());
    assert!(shown.starts_with("Session { created: false, token: <redacted>,"), "{shown}");
    assert!(shown.contains("user_id: 42"), "{shown}");
}

#[test]
fn messages_inside_others_hide_credentials_too() {
    let webhook = api::Webhook { url: TEXT.to_owned(), ..Default::default() };
    assert_redacted(&api::WebhookListResponse { webhooks: vec![webhook.clone(), webhook] }, 2);

    let user = realtime::UserProfileRedis {
        fcm_tokens: vec![realtime::FcmTokens { token_id: TEXT.to_owned(), ..Default::default() }],
        ..Default::default()
    };
    assert_redacted(&realtime::AddClanUserEvent { user: Some(user), ..Default::default() }, 3);
}

#[test]
fn frames_hide_credentials() {
    let body = Bytes::from_static(TEXT.as_bytes());
    let request = realtime::ApiRequestEvent { api_name: "SessionRefresh".to_owned(), body, ..Default::default() };
    for (message, fields) in [(Message::RefreshSessionEvent(session()), 4), (Message::ApiRequestEvent(request), 1)] {
        let envelope = Envelope { cid: 0, message: Some(message) };
        assert_redacted(&envelope, fields);
    }
}
