//! `mez search`: messages by their words.

use clap::Args;
use mezon_client::calls::MessageSearch;
use mezon_light::{ChannelMessage, ClanId};

use super::message::MessageObject;
use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;
use crate::place::{self, Place};
use crate::table::{Column, Table};
use crate::time::clock;

/// The most that the server gives at once.
const PAGE: u8 = 100;

#[derive(Debug, Args)]
#[command(after_help = "Without --in and --clan, your direct and group conversations are searched.\n\n\
                        Examples:\n  mez search 'cà phê'\n  mez search deploy --in komu/#general --from linh\n  \
                        mez search deploy --clan komu --limit 100 --json")]
pub(crate) struct Arguments {
    /// Words of the message
    #[arg(required_unless_present = "from")]
    text: Option<String>,
    /// Only in this channel: an id, a name, @peer, #name or clan/#name
    #[arg(long = "in", value_name = "CHANNEL")]
    channel: Option<Place>,
    /// In this clan, by name or id
    #[arg(long, value_name = "CLAN", conflicts_with = "channel")]
    clan: Option<String>,
    /// Only messages of the person with this user name
    #[arg(long, value_name = "USER")]
    from: Option<String>,
    /// How many messages
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let client = client.client();
    let mut search = match (&arguments.channel, &arguments.clan) {
        (Some(place), _) => {
            let channel = place::find(client, place).await?;
            MessageSearch::new(channel.clan_id()).channel(channel.id())
        }
        (None, Some(clan)) => MessageSearch::new(place::clan(client, clan).await?.id),
        (None, None) => MessageSearch::new(ClanId::DIRECT),
    };
    search = search.text(arguments.text.as_deref().unwrap_or_default());
    if let Some(name) = &arguments.from {
        search = search.author(name.strip_prefix('@').unwrap_or(name));
    }
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let mut pages = client.messages().search(search.limit(u8::try_from(limit).unwrap_or(PAGE).min(PAGE)));
    let mut found: Vec<ChannelMessage> = Vec::new();
    while found.len() < limit {
        let Some(message) = pages.next().await else { break };
        found.push(message?);
    }
    if found.is_empty() {
        output.status("nothing was found").await?;
    }
    let columns = ["TIME", "CHANNEL", "USER", "TEXT"].map(|name| match name {
        "TIME" => Column::whole(name),
        _ => Column::text(name),
    });
    let mut table = Table::new([Column::whole("MESSAGE")].into_iter().chain(columns));
    for message in &found {
        let channel = match message.channel_label() {
            "" => message.channel_id().to_string(),
            label => label.to_owned(),
        };
        let (who, text) = (message.username().to_owned(), message.text().to_owned());
        table.row([message.id().to_string(), clock(message.created_at()), channel, who, text]);
    }
    let objects: Vec<MessageObject<'_>> = found.iter().map(MessageObject::new).collect();
    output.list(&objects, &table).await
}
