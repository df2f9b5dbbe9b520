//! Webhooks: addresses by which other systems write into channels and to members of clans.

use mezon_api::methods;
use mezon_model::{ChannelId, ClanId, ClanWebhook, Draft, NewClanWebhook, NewWebhook, Webhook};
use mezon_proto::api;

use super::{check, subject};
use crate::ClientError;

subject! {
    /// Webhooks. From [`Client::webhooks`](crate::Client::webhooks).
    Webhooks,
    /// Webhooks of channels and of clans: list, make, change, delete, and post through one.
    webhooks
}

impl Webhooks {
    /// The webhooks of a channel; those of all channels of the clan for the channel 0. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn list(&self, clan: ClanId, channel: ChannelId) -> Result<Vec<Webhook>, ClientError> {
        check_clan(clan)?;
        let request = api::WebhookListRequest { channel_id: channel.get(), clan_id: clan.get() };
        let list = self.api.call(methods::LIST_WEBHOOK_BY_CHANNEL_ID, &request).await?;
        Ok(list.webhooks.into_iter().map(Webhook::from).collect())
    }

    /// Makes a webhook that posts into a channel under `name`. `avatar` is the address of its picture and may be empty.
    ///
    /// ```no_run
    /// # async fn example(client: mezon_client::Client) -> Result<(), mezon_client::ClientError> {
    /// use mezon_client::mezon_model::{ChannelId, ClanId};
    ///
    /// let webhook = client.webhooks().create(ClanId::new(7), ChannelId::new(8), "builds", "").await?;
    /// client.webhooks().post(webhook.url.reveal(), &"all tests pass".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan or the channel 0 and an empty name, before any request;
    /// [`ClientError::Api`], with [`MaybeSent`](mezon_api::ApiErrorKind::MaybeSent) when the answer was lost: the list tells.
    ///
    /// # Cancel safety
    /// A call that is given up may have made it.
    pub async fn create(
        &self,
        clan: ClanId,
        channel: ChannelId,
        name: &str,
        avatar: &str,
    ) -> Result<NewWebhook, ClientError> {
        check_clan(clan)?;
        check(!channel.is_none(), "the channel id 0 is no channel")?;
        check_name(name)?;
        let request = api::WebhookCreateRequest {
            webhook_name: name.to_owned(),
            channel_id: channel.get(),
            avatar: avatar.to_owned(),
            clan_id: clan.get(),
        };
        Ok(self.api.call(methods::GENERATE_WEBHOOK, &request).await?.into())
    }

    /// Changes what `changes` names of a webhook. Repeated when an answer was lost.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan or the webhook 0, an empty name and a new address, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have changed it.
    pub async fn update(&self, webhook: &Webhook, changes: WebhookChanges) -> Result<(), ClientError> {
        check_clan(webhook.clan_id)?;
        check(!webhook.id.is_none(), "the webhook id 0 is no webhook")?;
        check(!changes.new_address, "the address of a channel's webhook cannot be changed: make another one")?;
        let name = changes.name.unwrap_or_else(|| webhook.name.clone());
        check_name(&name)?;
        let request = api::WebhookUpdateRequestById {
            id: webhook.id.get(),
            webhook_name: name,
            channel_id_update: changes.channel.unwrap_or(webhook.channel_id).get(),
            avatar: changes.avatar.unwrap_or_else(|| webhook.avatar.clone()),
            channel_id: webhook.channel_id.get(),
            clan_id: webhook.clan_id.get(),
        };
        Ok(self.api.call(methods::UPDATE_WEBHOOK_BY_ID.idempotent(), &request).await?)
    }

    /// Deletes a webhook: its address is worth nothing any more.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan or the webhook 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have deleted it.
    pub async fn delete(&self, webhook: &Webhook) -> Result<(), ClientError> {
        check_clan(webhook.clan_id)?;
        check(!webhook.id.is_none(), "the webhook id 0 is no webhook")?;
        let request = api::WebhookDeleteRequestById {
            id: webhook.id.get(),
            clan_id: webhook.clan_id.get(),
            channel_id: webhook.channel_id.get(),
        };
        Ok(self.api.call(methods::DELETE_WEBHOOK_BY_ID, &request).await?)
    }

    /// Posts into the channel of a webhook. No login is needed for it: whoever knows the address can.
    ///
    /// # Errors
    /// [`ClientError::Api`], as [`ApiClient::post_webhook`](mezon_api::ApiClient::post_webhook).
    ///
    /// # Cancel safety
    /// A call that is given up may have posted.
    pub async fn post(&self, url: &str, draft: &Draft) -> Result<(), ClientError> {
        Ok(self.api.post_webhook(url, draft).await?)
    }

    /// The webhooks of a clan, which write to its members. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan of direct conversations, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn list_of_clan(&self, clan: ClanId) -> Result<Vec<ClanWebhook>, ClientError> {
        check_clan(clan)?;
        let list =
            self.api.call(methods::LIST_CLAN_WEBHOOK, &api::ListClanWebhookRequest { clan_id: clan.get() }).await?;
        Ok(list.list_clan_webhooks.into_iter().map(ClanWebhook::from).collect())
    }

    /// Makes a webhook that writes to members of a clan under `name`. `avatar` is the address of its picture and may be
    /// empty.
    ///
    /// # Errors
    /// As [`Webhooks::create`].
    ///
    /// # Cancel safety
    /// A call that is given up may have made it.
    pub async fn create_for_clan(&self, clan: ClanId, name: &str, avatar: &str) -> Result<NewClanWebhook, ClientError> {
        check_clan(clan)?;
        check_name(name)?;
        let request = api::GenerateClanWebhookRequest {
            clan_id: clan.get(),
            webhook_name: name.to_owned(),
            avatar: avatar.to_owned(),
        };
        Ok(self.api.call(methods::GENERATE_CLAN_WEBHOOK, &request).await?.into())
    }

    /// Changes what `changes` names of a webhook of a clan. Repeated when an answer was lost,
    /// unless the address is to be a new one.
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the clan or the webhook 0, an empty name and a channel, before any request;
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A call that is given up may have changed it.
    pub async fn update_of_clan(&self, webhook: &ClanWebhook, changes: WebhookChanges) -> Result<(), ClientError> {
        check_clan(webhook.clan_id)?;
        check(!webhook.id.is_none(), "the webhook id 0 is no webhook")?;
        check(changes.channel.is_none(), "a webhook of a clan posts into no channel")?;
        let name = changes.name.unwrap_or_else(|| webhook.name.clone());
        check_name(&name)?;
        let request = api::UpdateClanWebhookRequest {
            id: webhook.id.get(),
            clan_id: webhook.clan_id.get(),
            webhook_name: name,
            avatar: changes.avatar.unwrap_or_else(|| webhook.avatar.clone()),
            reset_token: changes.new_address,
        };
        let method = methods::UPDATE_CLAN_WEBHOOK_BY_ID;
        let method = if changes.new_address { method } else { method.idempotent() };
        Ok(self.api.call(method, &request).await?)
    }

    /// Deletes a webhook of a clan: its address is worth nothing any more.
    ///
    /// # Errors
    /// As [`Webhooks::delete`].
    ///
    /// # Cancel safety
    /// A call that is given up may have deleted it.
    pub async fn delete_of_clan(&self, webhook: &ClanWebhook) -> Result<(), ClientError> {
        check_clan(webhook.clan_id)?;
        check(!webhook.id.is_none(), "the webhook id 0 is no webhook")?;
        let request = api::ClanWebhookRequest { id: webhook.id.get(), clan_id: webhook.clan_id.get() };
        Ok(self.api.call(methods::DELETE_CLAN_WEBHOOK_BY_ID, &request).await?)
    }

    /// Writes to a member of the clan of a webhook. `user` is the user name, or the id as text. No login is needed for it:
    /// whoever knows the address can.
    ///
    /// # Errors
    /// [`ClientError::Api`], as [`ApiClient::post_clan_webhook`](mezon_api::ApiClient::post_clan_webhook).
    ///
    /// # Cancel safety
    /// A call that is given up may have posted.
    pub async fn post_to(&self, url: &str, user: &str, draft: &Draft) -> Result<(), ClientError> {
        Ok(self.api.post_clan_webhook(url, user, draft).await?)
    }
}

/// What to change of a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct WebhookChanges {
    name: Option<String>,
    avatar: Option<String>,
    channel: Option<ChannelId>,
    new_address: bool,
}

impl WebhookChanges {
    /// Nothing so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name under which it posts.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// The address of its picture; an empty one takes the picture away.
    pub fn avatar(self, url: impl Into<String>) -> Self {
        Self { avatar: Some(url.into()), ..self }
    }

    /// The channel it posts into. Webhooks of channels only.
    pub fn channel(self, channel: ChannelId) -> Self {
        Self { channel: Some(channel), ..self }
    }

    /// A new address; the old one is worth nothing from then on. Webhooks of clans only.
    pub fn new_address(self) -> Self {
        Self { new_address: true, ..self }
    }
}

fn check_clan(clan: ClanId) -> Result<(), ClientError> {
    check(!clan.is_none(), "direct conversations are no clan, and have no webhooks")
}

fn check_name(name: &str) -> Result<(), ClientError> {
    check(!name.trim().is_empty(), "the webhook has no name")
}
