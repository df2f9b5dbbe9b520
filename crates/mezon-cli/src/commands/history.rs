//! `mez history`: the messages of a channel.

use std::time::SystemTime;

use clap::Args;
use mezon_client::Client;
use mezon_light::{Channel, ChannelMessage, ListMessagesOptions, MessageId};

use super::message::{MessageObject, line, message_id};
use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;
use crate::place::{self, Place};
use crate::time::Since;

/// How many messages are shown when nobody says how many.
const SHOWN: usize = 20;

/// The most that the server gives at once.
const PAGE: u8 = 100;

#[derive(Debug, Args)]
#[command(after_help = "The oldest message comes first.\n\n\
                        Examples:\n  mez history 1804 --limit 5 --json\n  mez history binh --since 2h\n  \
                        mez history 1804 --all --json > chat.jsonl")]
pub(crate) struct Arguments {
    /// The channel: an id, a name, @peer, #name or clan/#name
    channel: Place,
    /// How many messages [default: 20, and with --all or --since all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Only messages older than this one
    #[arg(long, value_name = "MESSAGE", value_parser = message_id)]
    before: Option<MessageId>,
    /// Only messages newer than this one, the nearest first
    #[arg(long, value_name = "MESSAGE", value_parser = message_id, conflicts_with_all = ["before", "since"])]
    after: Option<MessageId>,
    /// Only messages since then: 2h, 2026-11-28, 2026-11-28T06:30
    #[arg(long, value_name = "TIME")]
    since: Option<Since>,
    /// All messages, however many
    #[arg(long)]
    all: bool,
    /// Show the ids of the messages
    #[arg(long)]
    ids: bool,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account, output: Output) -> Result<(), Failure> {
    let since = arguments.since.map(Since::resolve).transpose().map_err(Failure::usage)?;
    let client = account.resume()?;
    let client = client.client();
    let channel = place::find(client, &arguments.channel).await?;
    let limit = match arguments.limit {
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        None if arguments.all || since.is_some() => usize::MAX,
        None => SHOWN,
    };
    let messages = match arguments.after {
        Some(after) => read(client, &channel, ListMessagesOptions::after(after), limit, |_| true).await?,
        None => older(client, &channel, arguments.before, since, limit).await?,
    };
    if messages.is_empty() {
        output.status("no messages").await?;
    }
    for message in &messages {
        output.print(&MessageObject::new(message), line(message, None, arguments.ids)).await?;
    }
    Ok(())
}

/// The last `limit` messages before `before`, not older than `since`; oldest first.
async fn older(
    client: &Client,
    channel: &Channel,
    before: Option<MessageId>,
    since: Option<SystemTime>,
    limit: usize,
) -> Result<Vec<ChannelMessage>, Failure> {
    let options = before.map_or_else(ListMessagesOptions::latest, ListMessagesOptions::before);
    // From the newest to the oldest.
    let mut found = read(client, channel, options, limit, |message| {
        since.is_none_or(|since| message.created_at().is_none_or(|at| at >= since))
    })
    .await?;
    found.reverse();
    Ok(found)
}

/// The first `limit` messages of a list that are `wanted`, up to the first that is not.
async fn read(
    client: &Client,
    channel: &Channel,
    options: ListMessagesOptions,
    limit: usize,
    wanted: impl Fn(&ChannelMessage) -> bool,
) -> Result<Vec<ChannelMessage>, Failure> {
    let mut messages = client.messages().list(channel.id(), options.clan(channel.clan_id()).limit(page(limit)));
    let mut found = Vec::new();
    while found.len() < limit {
        let Some(message) = messages.next().await else { break };
        let message = message?;
        if !wanted(&message) {
            break;
        }
        found.push(message);
    }
    Ok(found)
}

/// How many to ask for at once when `left` are wanted.
fn page(left: usize) -> u8 {
    u8::try_from(left).unwrap_or(PAGE).clamp(1, PAGE)
}
