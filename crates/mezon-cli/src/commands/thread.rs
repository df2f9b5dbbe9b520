//! `mez thread`: lists the threads of a channel, or begins one.

use clap::Args;
use mezon_client::calls::ChannelDraft;
use mezon_light::{ChannelType, ClanId};

use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;
use crate::person::{Person, people};
use crate::place::{self, Place};
use crate::table::{Column, Table};

#[derive(Debug, Args)]
#[command(after_help = "A thread is a channel: `mez send` and `mez history` take it by its id or name.\n\n\
                        Examples:\n  mez thread komu/#general\n  mez thread komu/#general 'release 1.4'\n  \
                        mez thread komu/#general surprise --private linh")]
pub(crate) struct Arguments {
    /// The channel of a clan: an id, #name or clan/#name
    channel: Place,
    /// Begin a thread of this name [default: list them]
    name: Option<String>,
    /// Only for this person and you. May be repeated
    #[arg(long, value_name = "USER", requires = "name")]
    private: Vec<Person>,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let client = client.client();
    let channel = place::find(client, &arguments.channel).await?;
    let title = place::title(&channel);
    if channel.kind() == ChannelType::Thread {
        return Err(Failure::input(
            "thread_in_thread",
            format!("{title} is a thread, and threads have none of their own"),
        )
        .hint("name the channel that it is in"));
    }
    if channel.clan_id() == ClanId::DIRECT {
        return Err(Failure::input(
            "no_threads",
            format!("{title} is a conversation, and only channels of clans have threads"),
        )
        .hint("`mez channels --clan CLAN` lists them"));
    }
    if let Some(name) = &arguments.name {
        let mut thread = ChannelDraft::thread(&channel, name);
        if !arguments.private.is_empty() {
            thread = thread.private(people(client, &arguments.private).await?);
        }
        let thread = client.channels().create(thread).await?;
        return output.print(&thread, format!("{}  {}", thread.id(), place::title(&thread))).await;
    }
    let threads = client.channels().threads(channel.clan_id(), channel.id()).all().await?;
    if threads.is_empty() {
        output.status("no threads").await?;
    }
    let mut table = Table::new([Column::whole("ID"), Column::text("NAME")]);
    for thread in &threads {
        table.row([thread.id().to_string(), place::title(thread)]);
    }
    output.list(&threads, &table).await
}
