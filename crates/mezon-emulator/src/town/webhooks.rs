//! Webhooks: of channels, into which they post, and of clans, to whose members they write.

use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use serde::{Deserialize, Serialize};

use super::channels::Channel;
use super::people::User;
use super::permissions::Permission;
use super::{Act, Audience, Done, Key, Record, Town, named};
use crate::failure::Failure;

/// A webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Webhook {
    pub(crate) id: i64,
    pub(crate) clan: i64,
    /// 0: a webhook of the clan.
    pub(crate) channel: i64,
    pub(crate) name: String,
    pub(crate) avatar: String,
    pub(crate) creator: i64,
    pub(crate) created: u32,
    /// How often its address has been replaced.
    pub(crate) renewals: u32,
}

impl Record for Webhook {
    const KIND: &'static str = "webhook";

    fn key(&self) -> Key {
        self.id.into()
    }
}

/// A request about webhooks, and how the address of one is made: who knows it can post, so it is signed, and the town
/// has no key.
pub(crate) struct Signed<'a, R> {
    pub(crate) request: R,
    pub(crate) address: &'a (dyn Fn(&Webhook) -> String + Sync),
}

impl Webhook {
    fn described(&self, address: &dyn Fn(&Self) -> String) -> api::Webhook {
        api::Webhook {
            id: self.id,
            webhook_name: self.name.clone(),
            channel_id: self.channel,
            active: 1,
            url: address(self),
            creator_id: self.creator,
            create_time: self.created.to_string(),
            update_time: self.created.to_string(),
            avatar: self.avatar.clone(),
            status: 1,
            clan_id: self.clan,
        }
    }

    fn described_for_clan(&self, address: &dyn Fn(&Self) -> String) -> api::ClanWebhook {
        api::ClanWebhook {
            id: self.id,
            webhook_name: self.name.clone(),
            clan_id: self.clan,
            active: 1,
            url: address(self),
            creator_id: self.creator,
            avatar: self.avatar.clone(),
            create_time: self.created.to_string(),
            update_time: self.created.to_string(),
        }
    }

    /// As whom it posts.
    pub(crate) fn poster(&self) -> User {
        User {
            id: self.id,
            // No name that a person could have.
            username: format!("webhook-{}", self.id),
            display_name: self.name.clone(),
            avatar: self.avatar.clone(),
            bot: true,
            created: self.created,
            ..User::default()
        }
    }
}

impl Town {
    /// A channel of a clan that the user sees.
    fn channel_of(&self, user: i64, clan: i64, channel: i64) -> Result<&Channel, Failure> {
        self.clan_for(user, clan)?;
        let channel = self.channel_for(user, channel)?;
        if channel.clan == clan { Ok(channel) } else { Err(Failure::invalid("the channel is none of the clan")) }
    }

    /// A webhook that the user may change: the user's own, or any for whoever manages the clan.
    fn managed_webhook(&self, user: i64, clan: i64, id: i64, of_clan: bool) -> Result<&Webhook, Failure> {
        self.clan_for(user, clan)?;
        let webhook = self.webhooks.get(id).filter(|hook| hook.clan == clan && (hook.channel == 0) == of_clan);
        let webhook = webhook.ok_or_else(|| Failure::not_found("webhook not found"))?;
        if webhook.creator != user {
            self.clan_where(user, clan, Permission::ManageClan)?;
        }
        Ok(webhook)
    }

    fn keep_webhook(&mut self, webhook: Webhook) {
        self.users.put(webhook.poster());
        self.webhooks.put(webhook);
    }

    fn webhook_audience(&self, webhook: &Webhook) -> Audience {
        let seen = |user: &i64| self.channel_of(*user, webhook.clan, webhook.channel).is_ok();
        Audience::Users(self.members.of(webhook.clan).map(|member| member.user).filter(seen).collect())
    }
}

/// The webhooks of a channel, or of all channels that the caller sees.
pub(crate) fn list(
    town: &Town,
    act: &Act<'_>,
    Signed { request, address }: Signed<'_, api::WebhookListRequest>,
) -> Result<api::WebhookListResponse, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    if request.channel_id != 0 {
        town.channel_of(act.by, clan, request.channel_id)?;
    }
    let seen = |hook: &&Webhook| {
        hook.clan == clan
            && hook.channel != 0
            && [0, hook.channel].contains(&request.channel_id)
            && town.channel_of(act.by, clan, hook.channel).is_ok()
    };
    let webhooks = town.webhooks.iter().filter(seen).map(|hook| hook.described(address)).collect();
    Ok(api::WebhookListResponse { webhooks })
}

/// Makes a webhook of a channel that the caller sees.
pub(crate) fn create(
    town: &mut Town,
    act: &Act<'_>,
    Signed { request, address }: Signed<'_, api::WebhookCreateRequest>,
) -> Result<Done<api::WebhookGenerateResponse>, Failure> {
    let webhook = Webhook {
        id: act.id(),
        clan: request.clan_id,
        channel: town.channel_of(act.by, request.clan_id, request.channel_id)?.id,
        name: named(&request.webhook_name, "webhook_name")?,
        avatar: request.avatar,
        creator: act.by,
        created: act.now(),
        ..Webhook::default()
    };
    let answer = api::WebhookGenerateResponse {
        url: address(&webhook),
        hook_name: webhook.name.clone(),
        channel_id: webhook.channel,
        avatar: webhook.avatar.clone(),
    };
    let done =
        Done::new(answer).push(town.webhook_audience(&webhook), Message::WebhookEvent(webhook.described(address)));
    town.keep_webhook(webhook);
    Ok(done)
}

/// Changes name, picture and channel of a webhook.
pub(crate) fn update(
    town: &mut Town,
    act: &Act<'_>,
    Signed { request, address }: Signed<'_, api::WebhookUpdateRequestById>,
) -> Result<Done<()>, Failure> {
    let mut webhook = town.managed_webhook(act.by, request.clan_id, request.id, false)?.clone();
    if request.channel_id_update != 0 {
        webhook.channel = town.channel_of(act.by, webhook.clan, request.channel_id_update)?.id;
    }
    webhook.name = named(&request.webhook_name, "webhook_name")?;
    webhook.avatar = request.avatar;
    let done = Done::new(()).push(town.webhook_audience(&webhook), Message::WebhookEvent(webhook.described(address)));
    town.keep_webhook(webhook);
    Ok(done)
}

/// Deletes a webhook of a channel.
pub(crate) fn delete(
    town: &mut Town,
    act: &Act<'_>,
    request: api::WebhookDeleteRequestById,
) -> Result<Done<()>, Failure> {
    let id = town.managed_webhook(act.by, request.clan_id, request.id, false)?.id;
    town.webhooks.remove(id);
    Ok(Done::new(()))
}

/// The webhooks of a clan as a whole.
pub(crate) fn list_of_clan(
    town: &Town,
    act: &Act<'_>,
    Signed { request, address }: Signed<'_, api::ListClanWebhookRequest>,
) -> Result<api::ListClanWebhookResponse, Failure> {
    let clan = town.clan_for(act.by, request.clan_id)?.id;
    let webhooks = town.webhooks.iter().filter(|hook| hook.clan == clan && hook.channel == 0);
    Ok(api::ListClanWebhookResponse {
        list_clan_webhooks: webhooks.map(|hook| hook.described_for_clan(address)).collect(),
    })
}

/// Makes a webhook of a clan.
pub(crate) fn create_for_clan(
    town: &mut Town,
    act: &Act<'_>,
    Signed { request, address }: Signed<'_, api::GenerateClanWebhookRequest>,
) -> Result<Done<api::GenerateClanWebhookResponse>, Failure> {
    let webhook = Webhook {
        id: act.id(),
        clan: town.clan_for(act.by, request.clan_id)?.id,
        name: named(&request.webhook_name, "webhook_name")?,
        avatar: request.avatar,
        creator: act.by,
        created: act.now(),
        ..Webhook::default()
    };
    let answer = api::GenerateClanWebhookResponse {
        clan_id: webhook.clan,
        url: address(&webhook),
        webhook_name: webhook.name.clone(),
        avatar: webhook.avatar.clone(),
    };
    town.keep_webhook(webhook);
    Ok(Done::new(answer))
}

/// Changes name and picture of a webhook of a clan, and gives it a new address when that is asked for.
pub(crate) fn update_of_clan(
    town: &mut Town,
    act: &Act<'_>,
    request: api::UpdateClanWebhookRequest,
) -> Result<Done<()>, Failure> {
    let mut webhook = town.managed_webhook(act.by, request.clan_id, request.id, true)?.clone();
    webhook.name = named(&request.webhook_name, "webhook_name")?;
    webhook.avatar = request.avatar;
    webhook.renewals += u32::from(request.reset_token);
    town.keep_webhook(webhook);
    Ok(Done::new(()))
}

/// Deletes a webhook of a clan.
pub(crate) fn delete_of_clan(
    town: &mut Town,
    act: &Act<'_>,
    request: api::ClanWebhookRequest,
) -> Result<Done<()>, Failure> {
    let id = town.managed_webhook(act.by, request.clan_id, request.id, true)?.id;
    town.webhooks.remove(id);
    Ok(Done::new(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::town::testing::Place;

    fn address(webhook: &Webhook) -> String {
        format!("address {} {}", webhook.id, webhook.renewals)
    }

    fn signed<R>(request: R) -> Signed<'static, R> {
        Signed { request, address: &address }
    }

    fn builds(clan: i64, channel: i64) -> Signed<'static, api::WebhookCreateRequest> {
        signed(api::WebhookCreateRequest {
            webhook_name: "builds".to_owned(),
            channel_id: channel,
            clan_id: clan,
            ..Default::default()
        })
    }

    #[test]
    fn a_webhook_of_a_channel_belongs_to_its_maker_and_to_those_who_manage_the_clan() {
        let mut place = Place::default();
        let clan = place.clan(1, &[2, 3]);
        let channel = place.town.channels.iter().find(|channel| channel.clan == clan).unwrap().id;
        let made = place.done(2, create, builds(clan, channel));
        assert_eq!(made.pushes[0].to, Audience::Users(vec![1, 2, 3]));
        let all = || signed(api::WebhookListRequest { clan_id: clan, channel_id: 0 });
        let webhook = place.seen(3, list, all()).webhooks.remove(0);
        assert_eq!((&webhook.url, webhook.channel_id), (&made.answer.url, channel));
        place.refused(4, create, builds(clan, channel), "clan permission denied");
        let foreign = place.dm(1, 2);
        place.refused(1, create, builds(clan, foreign), "the channel is none of the clan");

        let renamed = || {
            signed(api::WebhookUpdateRequestById {
                id: webhook.id,
                webhook_name: "tests".to_owned(),
                clan_id: clan,
                ..Default::default()
            })
        };
        place.refused(3, update, renamed(), "permission denied");
        place.done(1, update, renamed());
        let renamed = place.seen(3, list, all()).webhooks.remove(0);
        assert_eq!((renamed.webhook_name.as_str(), renamed.channel_id), ("tests", channel));
        let gone = api::WebhookDeleteRequestById { id: webhook.id, clan_id: clan, channel_id: channel };
        place.done(2, delete, gone);
        place.refused(2, delete, gone, "webhook not found");
    }

    #[test]
    fn the_address_of_a_clans_webhook_can_be_replaced() {
        let mut place = Place::default();
        let clan = place.clan(1, &[]);
        let request =
            api::GenerateClanWebhookRequest { clan_id: clan, webhook_name: "news".to_owned(), ..Default::default() };
        let made = place.done(1, create_for_clan, signed(request)).answer;
        let listed = |place: &Place| {
            place
                .seen(1, list_of_clan, signed(api::ListClanWebhookRequest { clan_id: clan }))
                .list_clan_webhooks
                .remove(0)
        };
        let webhook = listed(&place);
        assert_eq!(webhook.url, made.url);
        let renewed = api::UpdateClanWebhookRequest {
            id: webhook.id,
            clan_id: clan,
            webhook_name: "news".to_owned(),
            reset_token: true,
            ..Default::default()
        };
        place.done(1, update_of_clan, renewed);
        assert_ne!(listed(&place).url, made.url);
        let as_of_a_channel = api::WebhookDeleteRequestById { id: webhook.id, clan_id: clan, channel_id: 0 };
        place.refused(1, delete, as_of_a_channel, "webhook not found");
        place.done(1, delete_of_clan, api::ClanWebhookRequest { id: webhook.id, clan_id: clan });
    }
}
