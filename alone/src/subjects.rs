//! The calls by subject.

use mezon_light::calls::names::{self, NameError};
use mezon_light::calls::{ChannelChanges, ChannelDraft, Clans, InviteOptions, Pages, RoleDraft};
use mezon_light::{
    Channel, ChannelMessage, ClanId, Emoji, Friend, InviteId, LightClient, LightError, ListChannelsOptions, Member,
    PollId, Target, User, UserId,
};

/// What is read of each subject.
///
/// # Errors
/// Whatever goes wrong first.
pub async fn read(client: &LightClient, clan: ClanId, place: &Target) -> Result<Vec<User>, LightError> {
    let own = client.account().get().await?;
    let clans: Clans = client.clans();
    let members: Vec<Member> = clans.members(clan).await?;
    client.categories().list(clan).await?;
    client.roles().list(clan).all().await?;
    let friends: Pages<Friend> = client.friends().list();
    let messages: Pages<ChannelMessage> = client.messages().history(place);
    let emojis: Vec<Emoji> = client.emojis().list().await?;
    client.stickers().list().await?;
    client.events().list(clan).await?;
    client.voice().rooms(clan).await?;
    drop((own, friends, messages, emojis));
    client
        .users()
        .known()
        .await
        .map(|known| known.into_iter().chain(members.into_iter().filter_map(|it| it.user)).collect())
}

/// A clan with a channel and a role, and somebody who enters it.
///
/// # Errors
/// Whatever goes wrong first.
pub async fn found(owner: &LightClient, guest: &LightClient) -> Result<Channel, LightError> {
    let clan = owner.clans().create("Rust Hanoi").await?;
    let channel = owner.channels().create(ChannelDraft::text(clan.id, "parser")).await?;
    owner.channels().update(channel.id(), ChannelChanges::new().topic("errors")).await?;
    let invite = owner.clans().create_invite(clan.id, InviteOptions::new()).await?;
    guest.clans().join(InviteId::in_link(&invite.link)?).await?;
    owner.roles().create(clan.id, RoleDraft::new("Maintainer").members([guest.user_id()])).await?;
    owner.channels().find("#parser").await
}

/// The one of the user's conversations that is called so.
///
/// # Errors
/// When none is, or more than one.
pub fn conversation<'a>(name: &str, conversations: &'a [Channel]) -> Result<&'a Channel, NameError> {
    names::find(name, conversations)
}

/// Every conversation.
pub fn conversations(client: &LightClient) -> Pages<Channel> {
    client.channels().list(ListChannelsOptions::default())
}

/// Handles of the subjects that are used least.
pub fn handles(client: &LightClient) -> String {
    let rest = (client.notifications(), client.webhooks(), client.polls(), client.quick_menus(), client.topics());
    format!("{rest:?} {:?} {:?}", PollId::default(), UserId::HERE)
}
