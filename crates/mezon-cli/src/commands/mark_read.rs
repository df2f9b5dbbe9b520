//! `mez mark-read`: everything in a channel or a clan counts as read.

use clap::Args;
use mezon_light::{ChannelId, ClanId};
use serde::Serialize;

use crate::client::Account;
use crate::exit::Failure;
use crate::output::{Output, printable};
use crate::place::{self, Place};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  mez mark-read binh\n  mez mark-read komu/#general\n  mez mark-read --clan komu")]
pub(crate) struct Arguments {
    /// The channel: an id, a name, @peer, #name or clan/#name
    #[arg(required_unless_present = "clan")]
    channel: Option<Place>,
    /// All channels of this clan, by name or id
    #[arg(long, value_name = "CLAN", conflicts_with = "channel")]
    clan: Option<String>,
}

#[derive(Serialize)]
struct MarkedRead {
    event: &'static str,
    clan_id: ClanId,
    /// Nothing: all channels of the clan.
    channel_id: Option<ChannelId>,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let client = client.client();
    let (clan_id, channel_id, title) = match (&arguments.channel, &arguments.clan) {
        (Some(place), _) => {
            let channel = place::find(client, place).await?;
            client.messages().mark_read(&channel.target()).await?;
            (channel.clan_id(), Some(channel.id()), place::title(&channel))
        }
        (None, clan) => {
            let clan = place::clan(client, clan.as_deref().unwrap_or_default()).await?;
            client.messages().mark_clan_read(clan.id).await?;
            (clan.id, None, printable(&clan.name).to_string())
        }
    };
    output.print(&MarkedRead { event: "marked_read", clan_id, channel_id }, format!("{title} is read")).await
}
