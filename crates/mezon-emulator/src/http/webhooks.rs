//! Messages that come by the address of a webhook.

use bytes::Bytes;
use mezon_proto::api;
use mezon_proto::realtime::ChannelMessageSend;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::reply::{self, Reply};
use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::token::integer;
use crate::town::channels::{self, Channel, DIRECT};
use crate::town::messages::check_limits;
use crate::town::webhooks::Webhook;

/// Where the webhooks of channels are; the channel follows, and the token.
const OF_CHANNELS: &str = "/webhooks/";
/// Where the webhooks of clans are; the token follows, and the name or the id of a member.
const OF_CLANS: &str = "/clanwebhooks/";

/// Whether a path is that of a webhook.
pub(super) fn is_webhook(path: &str) -> bool {
    path.starts_with(OF_CHANNELS) || path.starts_with(OF_CLANS)
}

/// Takes a message for a channel, or for a member of a clan.
pub(super) async fn answer(gateway: &Gateway, path: &str, body: &Bytes) -> Result<Reply, Failure> {
    if let Some((channel, token)) = path.strip_prefix(OF_CHANNELS).and_then(|rest| rest.split_once('/')) {
        let webhook = gateway.webhook_of(token)?;
        if webhook.channel == 0 || channel.parse() != Ok(webhook.channel) {
            return Err(Failure::not_found("webhook not found"));
        }
        let message = of_channel(body)?;
        let channel = gateway.town().channel(webhook.channel)?.clone();
        gateway.post(&poster(&webhook), channel, message).await?;
    } else if let Some((token, user)) = path.strip_prefix(OF_CLANS).and_then(|rest| rest.split_once('/')) {
        let webhook = gateway.webhook_of(token)?;
        if webhook.channel != 0 {
            return Err(Failure::not_found("webhook not found"));
        }
        let message = of_clan(body)?;
        // A message that is refused opens no conversation.
        check_limits(&message.content, message.attachments.len())?;
        let channel = gateway.direct_with(&webhook, user).await?;
        gateway.post(&poster(&webhook), channel, message).await?;
    } else {
        return Err(Failure::not_found("webhook not found"));
    }
    Ok(reply::json(http::StatusCode::OK, &json!({})))
}

impl Gateway {
    /// The address of a webhook, as a client at `host` reaches it.
    pub(crate) fn webhook_url(&self, webhook: &Webhook, host: &str) -> String {
        let (base, token) = (self.url(host), self.webhook_token(webhook));
        match webhook.channel {
            0 => format!("{base}{OF_CLANS}{token}"),
            channel => format!("{base}{OF_CHANNELS}{channel}/{token}"),
        }
    }

    fn webhook_token(&self, webhook: &Webhook) -> String {
        let signature = self.tokens.signature(&format!("webhook {} {}", webhook.id, webhook.renewals));
        format!("{}.{signature}", webhook.id)
    }

    fn webhook_of(&self, token: &str) -> Result<Webhook, Failure> {
        let id = token.split_once('.').and_then(|(id, _)| id.parse::<i64>().ok()).unwrap_or_default();
        let webhook = self.town().webhooks.get(id).cloned();
        let known = webhook.filter(|webhook| self.webhook_token(webhook) == token);
        known.ok_or_else(|| Failure::not_found("webhook not found"))
    }

    /// The conversation of a webhook with a member of its clan.
    async fn direct_with(&self, webhook: &Webhook, user: &str) -> Result<Channel, Failure> {
        let user = {
            let town = self.town();
            let found = user.parse().ok().and_then(|id: i64| town.users.get(id)).or_else(|| town.user_named(user));
            let member = found.filter(|found| town.members.has((webhook.clan, found.id)));
            member.ok_or_else(|| Failure::not_found("the clan has no such member"))?.id
        };
        let request = api::CreateChannelDescRequest { r#type: DIRECT, user_ids: vec![user], ..Default::default() };
        let channel = self.change(webhook.id, channels::create, request).await?.channel_id;
        Ok(self.town().channel(channel)?.clone())
    }
}

fn poster(webhook: &Webhook) -> Caller {
    let user = webhook.poster();
    Caller { user: user.id, username: user.username, token: 0, host: String::new() }
}

/// What is posted into a channel.
#[derive(Deserialize)]
struct Hook {
    r#type: String,
    message: Map<String, Value>,
}

fn of_channel(body: &Bytes) -> Result<ChannelMessageSend, Failure> {
    let hook: Hook =
        serde_json::from_slice(body).map_err(|_| Failure::invalid("the body is no message of a webhook"))?;
    if hook.r#type != "hook" {
        return Err(Failure::invalid("type is not hook"));
    }
    let mut content = hook.message;
    let mentions = content.remove("mentions").and_then(|list| list.as_array().cloned()).unwrap_or_default();
    let images = content.remove("images").and_then(|list| list.as_array().cloned()).unwrap_or_default();
    if !content.get("t").is_some_and(Value::is_string) {
        return Err(Failure::invalid("message.t is required"));
    }
    Ok(ChannelMessageSend {
        content: Value::Object(content).to_string(),
        mentions: mentions.iter().map(mention).collect(),
        attachments: images.iter().map(image).collect(),
        ..ChannelMessageSend::default()
    })
}

/// What is written to a member of a clan.
#[derive(Deserialize)]
struct Letter {
    content: String,
    #[serde(default)]
    attachments: Vec<Value>,
}

fn of_clan(body: &Bytes) -> Result<ChannelMessageSend, Failure> {
    let letter: Letter =
        serde_json::from_slice(body).map_err(|_| Failure::invalid("the body is no message of a webhook"))?;
    if serde_json::from_str::<Map<String, Value>>(&letter.content).is_err() {
        return Err(Failure::invalid("content is no JSON text"));
    }
    let file = |file: &Value| api::MessageAttachment {
        url: text(file, "url"),
        filetype: text(file, "filetype"),
        ..api::MessageAttachment::default()
    };
    Ok(ChannelMessageSend {
        content: letter.content,
        attachments: letter.attachments.iter().map(file).collect(),
        ..ChannelMessageSend::default()
    })
}

fn mention(of: &Value) -> api::MessageMention {
    api::MessageMention {
        user_id: integer(of.get("user_id")).unwrap_or_default(),
        username: text(of, "username"),
        s: number(of, "s"),
        e: number(of, "e"),
        ..api::MessageMention::default()
    }
}

fn image(of: &Value) -> api::MessageAttachment {
    api::MessageAttachment {
        filename: text(of, "fn"),
        size: number(of, "sz"),
        url: text(of, "url"),
        filetype: text(of, "ft"),
        width: number(of, "w"),
        height: number(of, "h"),
        ..api::MessageAttachment::default()
    }
}

fn text(of: &Value, key: &str) -> String {
    of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(of: &Value, key: &str) -> i32 {
    of.get(key).and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok()).unwrap_or_default()
}
