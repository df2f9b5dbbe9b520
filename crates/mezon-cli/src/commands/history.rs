//! `mezon history`: the latest messages of a channel.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use mezon_light::{ChannelId, ChannelMessage, MessageCode, MessageId, MessageQuery};

use crate::channel;
use crate::client::Account;
use crate::exit::Failure;
use crate::output::{Output, printable};

#[derive(Debug, Args)]
#[command(after_help = "The oldest message comes first.\n\n\
                        Examples:\n  mezon history 1804\n  mezon history 1804 --limit 5 --json\n  \
                        mezon history 1804 --before 1990       # further back")]
pub(crate) struct Arguments {
    /// The channel's id, as `mezon channels` shows it
    channel: ChannelId,
    /// How many messages
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=100))]
    limit: u8,
    /// Only messages older than this one
    #[arg(long, value_name = "MESSAGE")]
    before: Option<MessageId>,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account<'_>, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let channel = channel::find(&client, arguments.channel).await?;
    let query = arguments.before.map_or_else(MessageQuery::latest, MessageQuery::before).limit(arguments.limit);
    let messages = client.list_messages(channel.id(), &query).await?;
    if messages.is_empty() {
        output.text("no messages")?;
    }
    for message in &messages {
        print(message, output)?;
    }
    Ok(())
}

/// One message as a line of JSON, or for people.
fn print(message: &ChannelMessage, output: Output) -> Result<(), Failure> {
    output.print(message, line(message))
}

/// One message for people: when, who, what, and its files.
pub(crate) fn line(message: &ChannelMessage) -> String {
    let what = match message.code() {
        MessageCode::Update => " (edited)",
        MessageCode::Remove => " (removed)",
        MessageCode::Buzz => " (buzz!)",
        _ => "",
    };
    let name = [message.display_name(), message.username()].into_iter().find(|name| !name.is_empty());
    let name = name.map_or_else(|| message.sender_id().to_string(), |name| printable(name).to_string());
    let mut line = format!("{}  {name}{what}: {}", clock(message.created_at()), printable(message.text()));
    for file in message.attachments() {
        let (name, url) = (printable(&file.filename), printable(&file.url));
        // Writing to a string cannot fail.
        let _ = write!(line, "\n    📎 {name} ({} bytes) {url}", file.size);
    }
    line
}

/// The time of day in UTC, which needs no time zone database.
fn clock(time: Option<SystemTime>) -> String {
    let Some(since) = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()) else { return "--:--:--".to_owned() };
    let seconds = since.as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
