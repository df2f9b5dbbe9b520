//! `mez members`: who is in a conversation, a channel or a clan.

use std::collections::HashSet;

use clap::Args;
use mezon_client::Client;
use mezon_light::{Channel, ClanId, RoleId, UserId};
use serde::Serialize;

use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;
use crate::place::{self, Place};
use crate::table::{Column, Table};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mez members weekend\n  mez members komu/#general\n  mez members --clan komu --json"
)]
pub(crate) struct Arguments {
    /// The channel: an id, a name, @peer, #name or clan/#name
    #[arg(required_unless_present = "clan")]
    channel: Option<Place>,
    /// Everybody in this clan, by name or id
    #[arg(long, value_name = "CLAN", conflicts_with = "channel")]
    clan: Option<String>,
}

#[derive(Serialize)]
struct Person {
    user_id: UserId,
    username: String,
    display_name: String,
    /// What the clan calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    nick: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_ids: Option<Vec<RoleId>>,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let client = client.client();
    let people = match (&arguments.channel, &arguments.clan) {
        (Some(place), _) => {
            let channel = place::find(client, place).await?;
            if channel.clan_id() == ClanId::DIRECT {
                in_conversation(&channel)
            } else {
                in_channel(client, &channel).await?
            }
        }
        (None, clan) => of_clan(client, place::clan(client, clan.as_deref().unwrap_or_default()).await?.id).await?,
    };
    let mut table = Table::new([Column::whole("ID"), Column::text("USER"), Column::text("NAME")]);
    for Person { user_id, username, display_name, nick, .. } in &people {
        let name = nick.as_ref().filter(|nick| !nick.is_empty()).unwrap_or(display_name);
        table.row([user_id.to_string(), username.clone(), name.clone()]);
    }
    output.list(&people, &table).await
}

/// A conversation tells who is in it.
fn in_conversation(channel: &Channel) -> Vec<Person> {
    // The server may leave names out.
    let name = |names: &[String], place: usize| names.get(place).cloned().unwrap_or_default();
    let people = channel.user_ids().iter().enumerate().map(|(place, user_id)| Person {
        user_id: *user_id,
        username: name(channel.usernames(), place),
        display_name: name(channel.display_names(), place),
        nick: None,
        role_ids: None,
    });
    people.collect()
}

/// A channel of a clan knows the ids, and its clan the names.
async fn in_channel(client: &Client, channel: &Channel) -> Result<Vec<Person>, Failure> {
    let members = client.channels().members(&channel.target()).all().await?;
    let ids: HashSet<UserId> = members.iter().map(|member| member.user_id).collect();
    let clan = of_clan(client, channel.clan_id()).await?;
    let mut people: Vec<Person> = clan.into_iter().filter(|person| ids.contains(&person.user_id)).collect();
    let named: HashSet<UserId> = people.iter().map(|person| person.user_id).collect();
    people.extend(members.into_iter().filter(|member| !named.contains(&member.user_id)).map(|member| Person {
        user_id: member.user_id,
        username: String::new(),
        display_name: String::new(),
        nick: Some(member.nick),
        role_ids: Some(member.role_ids),
    }));
    Ok(people)
}

async fn of_clan(client: &Client, clan: ClanId) -> Result<Vec<Person>, Failure> {
    let people = client.clans().members(clan).await?.into_iter().map(|member| {
        let user = member.user.unwrap_or_default();
        Person {
            user_id: user.id,
            username: user.username,
            display_name: user.display_name,
            nick: Some(member.nick),
            role_ids: Some(member.role_ids),
        }
    });
    Ok(people.collect())
}
