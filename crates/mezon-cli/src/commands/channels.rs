//! `mez channels`: direct and group conversations, or the channels of a clan.

use clap::Args;
use mezon_client::mezon_api::ListChannelsOptions;

use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;
use crate::place;
use crate::table::{Column, Table};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  mez channels\n  mez channels --clan komu\n  mez channels | jq -r .channel_id")]
pub(crate) struct Arguments {
    /// The channels of this clan, by name or id [default: direct and group conversations]
    #[arg(long, value_name = "CLAN")]
    clan: Option<String>,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let client = client.client();
    let (channels, place) = match &arguments.clan {
        None => (place::conversations(client).await?, "TYPE"),
        Some(clan) => {
            let clan = place::clan(client, clan).await?;
            (place::list(client, ListChannelsOptions::clan(clan.id)).await?, "CATEGORY")
        }
    };
    if channels.is_empty() {
        output.status("no channels yet: `mez dm USER` opens one").await?;
    }
    let mut columns = vec![Column::whole("ID"), Column::whole("TYPE")];
    columns.extend((place == "CATEGORY").then(|| Column::text(place)));
    columns.push(Column::text("NAME"));
    let mut table = Table::new(columns);
    for channel in &channels {
        let category = (place == "CATEGORY").then(|| channel.category_name().to_owned());
        let start = [channel.id().to_string(), place::kind(channel)];
        table.row(start.into_iter().chain(category).chain([place::title(channel)]));
    }
    output.list(&channels, &table).await
}
