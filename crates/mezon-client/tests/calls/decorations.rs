//! What clans decorate themselves with: events, emojis, stickers, webhooks, settings of notifications.

use mezon_client::Client;
use mezon_client::calls::{EventDraft, InviteOptions, Mute, StickerDraft, WebhookChanges};
use mezon_client::mezon_api::{ListChannelsOptions, methods};
use mezon_client::mezon_model::event::{
    ClanEventAnnounced, EmojiChanged, StickerCreated, StickerDeleted, StickerUpdated,
};
use mezon_client::mezon_model::{
    Attachment, CategoryId, ChannelId, ChannelType, ClanEvent, ClanId, Emoji, EventId, MessageContent,
    NotificationLevel, Webhook,
};
use mezon_emulator::Emulator;
use mezon_emulator::proto::{api, realtime};

use crate::people::forbidden;
use crate::support::{LINH, MINH, refused};
use crate::two::{Side, Two};

/// A clan of Linh's with Minh in it, and its first channel.
struct Clan {
    _emulator: Emulator,
    id: ClanId,
    channel: ChannelId,
    category: CategoryId,
    linh: Side,
    minh: Side,
}

impl Clan {
    async fn founded() -> Self {
        let Two { emulator, linh, minh, .. } = Two::met().await;
        let clan = linh.client.clans().create("Town").await.unwrap().id;
        let invite = linh.client.clans().create_invite(clan, InviteOptions::default()).await.unwrap();
        minh.client.clans().join(invite.id).await.unwrap();
        minh.connection.join_clan(clan).await.unwrap();
        let channel = linh.client.channels().list(ListChannelsOptions::clan(clan)).all().await.unwrap().remove(0);
        Self { _emulator: emulator, id: clan, channel: channel.id(), category: channel.category_id(), linh, minh }
    }
}

async fn event(client: &Client, clan: ClanId) -> ClanEvent {
    client.events().list(clan).await.unwrap().remove(0)
}

#[tokio::test]
async fn an_event_is_planned_announced_joined_changed_and_called_off() {
    let mut clan = Clan::founded().await;
    let (linh, minh) = (clan.linh.client.events(), clan.minh.client.events());
    let draft = EventDraft::new("Party", 1_800_000_000, 1_800_010_000).at_address("the roof").description("with music");
    let planned = linh.create(clan.id, &draft).await.unwrap();
    let heard: ClanEventAnnounced = clan.minh.sees().await;
    assert_eq!((heard.event_id, heard.title.as_str(), heard.creator_id), (planned.id, "Party", LINH));

    minh.join(clan.id, planned.id).await.unwrap();
    assert_eq!(event(&clan.linh.client, clan.id).await.user_ids, [LINH, MINH]);
    minh.leave(clan.id, planned.id).await.unwrap();
    assert_eq!(event(&clan.linh.client, clan.id).await.user_ids, [LINH]);

    assert!(forbidden(minh.delete(&planned).await));
    linh.update(&planned, &EventDraft::from(&planned).title("Quiet party")).await.unwrap();
    let heard: ClanEventAnnounced = clan.minh.sees().await;
    assert_eq!((heard.title.as_str(), heard.address.as_str()), ("Quiet party", "the roof"));
    linh.delete(&planned).await.unwrap();
    clan.minh.sees::<ClanEventAnnounced>().await;
    assert!(minh.list(clan.id).await.unwrap().is_empty());

    assert_eq!(refused(linh.create(clan.id, &draft.clone().title("")).await), "the event has no title");
    assert_eq!(refused(linh.create(clan.id, &draft.clone().times(2, 1)).await), "the event ends before it begins");
    let nowhere = "direct conversations are no clan, and plan no events";
    assert_eq!(refused(linh.create(ClanId::DIRECT, &draft).await), nowhere);
    assert_eq!(refused(linh.list(ClanId::DIRECT).await), nowhere);
    assert_eq!(refused(linh.join(clan.id, EventId::default()).await), "the event id 0 is no event");
}

#[tokio::test]
async fn an_emoji_is_added_renamed_and_deleted_and_the_clan_hears() {
    let mut clan = Clan::founded().await;
    let (linh, minh) = (clan.linh.client.emojis(), clan.minh.client.emojis());
    linh.create(clan.id, ":like:", "https://cdn.mezon.ai/like.png", "Town").await.unwrap();
    let heard: EmojiChanged = clan.minh.sees().await;
    assert_eq!((heard.shortname.as_str(), heard.user_id), (":like:", LINH));
    let emoji = minh.list().await.unwrap().remove(0);
    assert_eq!((emoji.id, emoji.source.as_str()), (heard.emoji_id, "https://cdn.mezon.ai/like.png"));
    assert!(forbidden(minh.rename(clan.id, emoji.id, ":mine:").await));
    linh.rename(clan.id, emoji.id, ":yes:").await.unwrap();
    assert_eq!(clan.minh.sees::<EmojiChanged>().await.shortname, ":yes:");
    linh.delete(&emoji).await.unwrap();
    clan.minh.sees::<EmojiChanged>().await;
    assert!(minh.list().await.unwrap().is_empty());

    assert_eq!(refused(linh.create(clan.id, "like", "u", "").await), "the short name of an emoji is written as :name:");
    assert_eq!(refused(linh.create(clan.id, ":like:", "", "").await), "the emoji has no picture");
    assert_eq!(refused(linh.delete(&Emoji::default()).await), "direct conversations are no clan, and have no emojis");
}

#[tokio::test]
async fn a_sticker_is_added_changed_and_deleted_and_the_clan_hears() {
    let mut clan = Clan::founded().await;
    let linh = clan.linh.client.stickers();
    let draft = StickerDraft::new("wave", "https://cdn.mezon.ai/wave.png").category("Town");
    linh.create(clan.id, &draft).await.unwrap();
    let heard: StickerCreated = clan.minh.sees().await;
    assert_eq!((heard.shortname.as_str(), heard.clan_id), ("wave", clan.id));
    let sticker = clan.minh.client.stickers().list().await.unwrap().remove(0);
    linh.update(&sticker, &StickerDraft::from(&sticker).shortname("hello")).await.unwrap();
    assert_eq!(clan.minh.sees::<StickerUpdated>().await.shortname, "hello");
    assert!(forbidden(clan.minh.client.stickers().delete(&sticker).await));
    linh.delete(&sticker).await.unwrap();
    assert_eq!(clan.minh.sees::<StickerDeleted>().await.sticker_id, sticker.id);
    assert!(linh.list().await.unwrap().is_empty());
    assert_eq!(refused(linh.create(clan.id, &StickerDraft::new("", "u")).await), "the sticker has no name");
}

#[tokio::test]
async fn a_webhook_posts_into_its_channel_until_it_is_deleted() {
    let mut clan = Clan::founded().await;
    let linh = clan.linh.client.webhooks();
    let made = linh.create(clan.id, clan.channel, "builds", "").await.unwrap();
    let heard: Webhook = clan.minh.sees().await;
    assert_eq!(
        (heard.name.as_str(), heard.channel_id, heard.url.reveal()),
        ("builds", clan.channel, made.url.reveal())
    );
    let picture =
        Attachment { filename: "a.png".into(), filetype: "image".into(), url: "u".into(), ..Default::default() };
    let draft = MessageContent::builder().text("green, ").mention_user(MINH, "minh").build().attach(picture);
    clan.minh.client.webhooks().post(made.url.reveal(), &draft).await.unwrap();
    let posted = clan.minh.hears().await;
    assert_eq!((posted.text(), posted.display_name()), ("green, @minh", "builds"));
    assert_eq!((posted.mentions()[0].user_id, posted.attachments()[0].filename.as_str()), (MINH, "a.png"));

    let webhook = linh.list(clan.id, clan.channel).await.unwrap().remove(0);
    assert!(forbidden(clan.minh.client.webhooks().delete(&webhook).await));
    linh.update(&webhook, WebhookChanges::new().name("tests")).await.unwrap();
    assert_eq!(clan.minh.sees::<Webhook>().await.name, "tests");
    linh.post(made.url.reveal(), &"still here".into()).await.unwrap();
    assert_eq!(clan.minh.hears().await.display_name(), "tests");
    linh.delete(&webhook).await.unwrap();
    let gone = linh.post(made.url.reveal(), &"anybody?".into()).await.unwrap_err();
    assert_eq!(gone.status().map(|status| status.as_u16()), Some(404));

    let renewed = WebhookChanges::new().new_address();
    let problem = "the address of a channel's webhook cannot be changed: make another one";
    assert_eq!(refused(linh.update(&webhook, renewed).await), problem);
    assert_eq!(refused(linh.create(clan.id, clan.channel, " ", "").await), "the webhook has no name");
}

#[tokio::test]
async fn a_webhook_of_a_clan_writes_to_members_until_its_address_is_replaced() {
    let clan = Clan::founded().await;
    let linh = clan.linh.client.webhooks();
    let made = linh.create_for_clan(clan.id, "news", "").await.unwrap();
    let webhook = linh.list_of_clan(clan.id).await.unwrap().remove(0);
    assert_eq!((webhook.name.as_str(), webhook.url.reveal()), ("news", made.url.reveal()));
    linh.post_to(made.url.reveal(), "minh", &"good morning".into()).await.unwrap();
    let mut letters = clan.minh.client.channels().list(ListChannelsOptions::default());
    let mut names = Vec::new();
    while let Some(channel) = letters.next().await {
        let channel = channel.unwrap();
        names.extend(channel.display_names().first().cloned());
    }
    assert!(names.iter().any(|name| name == "news"), "{names:?}");

    linh.update_of_clan(&webhook, WebhookChanges::new().new_address()).await.unwrap();
    let old = linh.post_to(made.url.reveal(), "minh", &"again".into()).await.unwrap_err();
    assert_eq!(old.status().map(|status| status.as_u16()), Some(404));
    let webhook = linh.list_of_clan(clan.id).await.unwrap().remove(0);
    linh.post_to(webhook.url.reveal(), &MINH.to_string(), &"again".into()).await.unwrap();
    assert!(linh.post_to(webhook.url.reveal(), "stranger", &"hi".into()).await.is_err());
    linh.delete_of_clan(&webhook).await.unwrap();
    assert!(linh.list_of_clan(clan.id).await.unwrap().is_empty());
    let into_a_channel = WebhookChanges::new().channel(clan.channel);
    assert_eq!(
        refused(linh.update_of_clan(&webhook, into_a_channel).await),
        "a webhook of a clan posts into no channel"
    );
}

#[tokio::test]
async fn what_a_member_is_told_of_a_clan_is_a_setting_for_it_its_categories_and_its_channels() {
    let clan = Clan::founded().await;
    let minh = clan.minh.client.notifications();
    assert_eq!(minh.of_clan(clan.id).await.unwrap(), NotificationLevel::Everything);
    minh.set_clan(clan.id, NotificationLevel::Mentions).await.unwrap();
    assert_eq!(minh.of_clan(clan.id).await.unwrap(), NotificationLevel::Mentions);
    assert_eq!(minh.of_category(clan.category).await.unwrap().level, NotificationLevel::Inherited);
    minh.set_category(clan.id, clan.category, NotificationLevel::Nothing).await.unwrap();
    minh.set_channel(clan.id, clan.channel, NotificationLevel::Everything).await.unwrap();
    assert_eq!(minh.of_category(clan.category).await.unwrap().level, NotificationLevel::Nothing);
    let mut overrides = minh.overrides(clan.id).await.unwrap();
    overrides.sort_by_key(|setting| setting.level.to_raw());
    let listed: Vec<_> = overrides.iter().map(|setting| (setting.id, setting.level)).collect();
    let expected =
        [(clan.channel.get(), NotificationLevel::Everything), (clan.category.get(), NotificationLevel::Nothing)];
    assert_eq!(listed, expected);
    minh.mute_category(clan.id, clan.category, Mute::UntilUnmuted).await.unwrap();
    assert_eq!(minh.of_category(clan.category).await.unwrap().mute_time, -1);
    minh.unmute_category(clan.id, clan.category).await.unwrap();
    minh.set_category(clan.id, clan.category, NotificationLevel::Inherited).await.unwrap();
    minh.set_channel(clan.id, clan.channel, NotificationLevel::Inherited).await.unwrap();
    assert!(minh.overrides(clan.id).await.unwrap().is_empty());

    assert_eq!(
        refused(minh.set_category(clan.id, 0.into(), NotificationLevel::Nothing).await),
        "the category id 0 is no category"
    );
    assert_eq!(refused(minh.of_channel(0.into()).await), "the channel id 0 is no channel");
    let none = "direct conversations are no clan, and have settings of their own each";
    assert_eq!(refused(minh.of_clan(ClanId::DIRECT).await), none);
}

#[tokio::test]
async fn members_of_a_clan_find_each_other_and_who_is_online() {
    let clan = Clan::founded().await;
    let linh = clan.linh.client.users();
    let mut online: Vec<_> = linh.online(clan.id).all().await.unwrap().into_iter().map(|user| user.id).collect();
    online.sort_unstable();
    assert_eq!(online, [MINH, LINH]);
    assert_eq!(linh.get(MINH).await.unwrap().unwrap().username, "minh");
    clan.minh.client.account().set_custom_status("at lunch").await.unwrap();
    let statuses = linh.statuses(clan.id).await.unwrap();
    let minh = statuses.iter().find(|status| status.user_id == MINH).unwrap();
    assert_eq!(minh.user_status, "at lunch");
}

#[tokio::test]
async fn who_is_in_a_voice_room_is_told() {
    let clan = Clan::founded().await;
    let made = api::CreateChannelDescRequest {
        clan_id: clan.id.get(),
        r#type: ChannelType::Voice.to_raw(),
        channel_label: "lounge".to_owned(),
        ..Default::default()
    };
    let lounge = clan.linh.client.api().call(methods::CREATE_CHANNEL_DESC, &made).await.unwrap();
    let channel = ChannelId::new(lounge.channel_id);
    let linh = clan.linh.client.voice();
    assert!(linh.rooms(clan.id).await.unwrap().is_empty());
    assert!(linh.room(clan.id, channel).await.unwrap().user_ids.is_empty());
    let enter = realtime::HandleParticipantMeetStateEvent {
        clan_id: clan.id.get(),
        channel_id: channel.get(),
        ..Default::default()
    };
    clan.minh.client.api().call(methods::UPDATE_MEZON_VOICE_STATE, &enter).await.unwrap();
    let rooms = linh.rooms(clan.id).await.unwrap();
    assert_eq!((rooms[0].channel_id, rooms[0].user_ids.as_slice()), (channel, &[MINH][..]));
    assert_eq!(linh.room(clan.id, channel).await.unwrap(), rooms[0]);
    assert!(!linh.token(channel, "lounge").await.unwrap().is_empty());
    assert_eq!(refused(linh.token(channel, "").await), "the name of the room is empty");
    let none = "direct conversations are no clan, and have no voice channels";
    assert_eq!(refused(linh.rooms(ClanId::DIRECT).await), none);
}
