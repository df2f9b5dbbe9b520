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
    let (channels, in_clan) = match &arguments.clan {
        None => (place::conversations(client).await?, false),
        Some(clan) => {
            let clan = place::clan(client, clan).await?;
            (place::list(client, ListChannelsOptions::clan(clan.id)).await?, true)
        }
    };
    if channels.is_empty() {
        let hint = if in_clan { "" } else { ": `mez dm USER` opens one" };
        output.status(format_args!("no channels yet{hint}")).await?;
    }
    let category = in_clan.then(|| Column::text("CATEGORY"));
    let columns = [Column::whole("ID"), Column::whole("TYPE")].into_iter().chain(category);
    let mut table = Table::new(columns.chain([Column::text("NAME")]));
    for channel in &channels {
        let category = in_clan.then(|| channel.category_name().to_owned());
        let cells = [channel.id().to_string(), place::kind(channel)].into_iter().chain(category);
        table.row(cells.chain([place::title(channel)]));
    }
    output.list(&channels, &table).await
}
