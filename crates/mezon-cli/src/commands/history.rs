//! `mez history`: the latest messages of a channel.

use clap::Args;
use mezon_light::{ChannelId, MessageId, MessageQuery};

use super::message::{MessageObject, line};
use crate::channel;
use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;

#[derive(Debug, Args)]
#[command(after_help = "The oldest message comes first.\n\n\
                        Examples:\n  mez history 1804\n  mez history 1804 --limit 5 --json\n  \
                        mez history 1804 --ids\n  mez history 1804 --before 1990       # further back")]
pub(crate) struct Arguments {
    /// The channel's id, as `mez channels` shows it
    channel: ChannelId,
    /// How many messages
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=100))]
    limit: u8,
    /// Only messages older than this one
    #[arg(long, value_name = "MESSAGE")]
    before: Option<MessageId>,
    /// Show the ids of the messages
    #[arg(long)]
    ids: bool,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let channel = channel::find(&client, arguments.channel).await?;
    let query = arguments.before.map_or_else(MessageQuery::latest, MessageQuery::before).limit(arguments.limit);
    let messages = client.list_messages(channel.id(), &query).await?;
    if messages.is_empty() {
        output.status("no messages").await?;
    }
    for message in &messages {
        output.print(&MessageObject::new(message), line(message, None, arguments.ids)).await?;
    }
    Ok(())
}
