//! Messages that come by the address of a webhook.

use http::{Method, StatusCode};
use mezon_emulator::Emulator;
use mezon_proto::api;
use serde_json::{Value, json};

use crate::support::{User, http, json as read, request, user};

/// A clan with one member, and the address of a webhook of its channel.
async fn webhook(owner: &User) -> (api::ClanDesc, String) {
    let clan = api::CreateClanDescRequest { clan_name: "town".to_owned(), ..Default::default() };
    let clan: api::ClanDesc = owner.get("CreateClanDesc", &clan).await;
    let webhook = api::WebhookCreateRequest {
        webhook_name: "builds".to_owned(),
        channel_id: clan.welcome_channel_id,
        clan_id: clan.clan_id,
        ..Default::default()
    };
    let made: api::WebhookGenerateResponse = owner.get("GenerateWebhook", &webhook).await;
    (clan, made.url)
}

/// Posts without any credentials; gives the status and the message of a refusal.
async fn post(emulator: &Emulator, url: &str, body: &str) -> (StatusCode, String) {
    let path = url.strip_prefix(&emulator.url()).expect("an address of the emulator");
    let answer = http(emulator.addr(), request(emulator.addr(), Method::POST, path, "", body.to_owned())).await;
    let message = read(&answer).get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    (answer.status(), message)
}

fn hook(text: &str) -> String {
    json!({ "type": "hook", "message": { "t": text } }).to_string()
}

#[tokio::test]
async fn what_is_no_message_of_a_webhook_is_refused_and_nothing_is_posted() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let (clan, url) = webhook(&an).await;
    let news = api::GenerateClanWebhookRequest {
        clan_id: clan.clan_id,
        webhook_name: "news".to_owned(),
        ..Default::default()
    };
    let news: api::GenerateClanWebhookResponse = an.get("GenerateClanWebhook", &news).await;
    let (letters, stranger) = (format!("{}/user1", news.url), format!("{}/user2", news.url));
    let letter = r#"{"content":"{\"t\":\"x\"}"}"#;
    let token = url.rsplit_once('/').unwrap().1;
    let elsewhere = format!("{}/webhooks/{}/{token}", emulator.url(), clan.clan_id);
    let forged = format!("{}0", &url[..url.len() - 1]);
    let forged = if forged == url { format!("{}1", &url[..url.len() - 1]) } else { forged };
    let wrong_kind = format!("{}/clanwebhooks/{token}/user1", emulator.url());
    let long_letter = json!({ "content": json!({ "t": "x".repeat(5_000) }).to_string() }).to_string();
    let too_long = hook(&"x".repeat(5_000));
    for (url, body, status, message) in [
        (url.as_str(), "", 400, "the body is no message of a webhook"),
        (&url, r#"{"type":"hook"}"#, 400, "the body is no message of a webhook"),
        (&url, r#"{"type":"book","message":{"t":"x"}}"#, 400, "type is not hook"),
        (&url, r#"{"type":"hook","message":{"mk":[]}}"#, 400, "message.t is required"),
        (&url, &too_long, 400, "message content is longer than 4000"),
        (&forged, &hook("x"), 404, "webhook not found"),
        (&elsewhere, &hook("x"), 404, "webhook not found"),
        (&wrong_kind, letter, 404, "webhook not found"),
        (&letters, r#"{"content":"x"}"#, 400, "content is no JSON text"),
        (&letters, &long_letter, 400, "message content is longer than 4000"),
        (&stranger, letter, 404, "the clan has no such member"),
    ] {
        let refused = post(&emulator, url, body).await;
        assert_eq!((refused.0.as_u16(), refused.1.as_str()), (status, message), "{url} {body:.60}");
    }
    let conversations: api::ChannelDescList =
        an.get("ListChannelDescs", &api::ListChannelDescsRequest::default()).await;
    assert_eq!(conversations.channeldesc, []);
    assert_eq!((an.history(clan.welcome_channel_id).await.len(), emulator.stats().messages), (0, 0));
    assert_eq!(post(&emulator, &letters, letter).await.0, StatusCode::OK);
    assert_eq!(emulator.stats().messages, 1);
}

#[tokio::test]
async fn an_address_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let start = || Emulator::builder().database(folder.path().join("town.sqlite")).start();
    let emulator = start().await.unwrap();
    let (clan, url) = webhook(&user(&emulator, 1).await).await;
    let path = url.strip_prefix(&emulator.url()).unwrap().to_owned();
    emulator.shutdown().await;

    let emulator = start().await.unwrap();
    assert_eq!(post(&emulator, &(emulator.url() + &path), &hook("still here")).await.0, StatusCode::OK);
    let history = user(&emulator, 1).await.history(clan.welcome_channel_id).await;
    assert_eq!(history, [r#"{"t":"still here"}"#]);
}
