//! `mez history`: the messages of a channel.

use std::time::SystemTime;

use clap::Args;
use mezon_light::{Channel, ChannelMessage, LightClient, ListMessagesOptions, MessageId};

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
    let channel = place::find(client.client(), &arguments.channel).await?;
    let limit = match arguments.limit {
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        None if arguments.all || since.is_some() => usize::MAX,
        None => SHOWN,
    };
    let messages = match arguments.after {
        Some(after) => newer(&client, &channel, after, limit).await?,
        None => older(&client, &channel, arguments.before, since, limit).await?,
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
    client: &LightClient,
    channel: &Channel,
    mut before: Option<MessageId>,
    since: Option<SystemTime>,
    limit: usize,
) -> Result<Vec<ChannelMessage>, Failure> {
    // From the newest to the oldest.
    let mut found: Vec<ChannelMessage> = Vec::new();
    loop {
        let size = page(limit - found.len());
        let query = before
            .map_or_else(ListMessagesOptions::latest, ListMessagesOptions::before)
            .clan(channel.clan_id())
            .limit(size);
        let messages = client.list_messages(channel.id(), &query).await?;
        let Some(oldest) = messages.first().map(ChannelMessage::id) else { break };
        // A server that gives the same page again has no other.
        if before.is_some_and(|id| oldest >= id) {
            break;
        }
        before = Some(oldest);
        let (whole, wanted) = (messages.len() >= usize::from(size), found.len() + messages.len());
        let recent =
            |message: &ChannelMessage| since.is_none_or(|since| message.created_at().is_none_or(|at| at >= since));
        found.extend(messages.into_iter().rev().take_while(recent));
        if !whole || found.len() < wanted || found.len() >= limit {
            break;
        }
    }
    found.truncate(limit);
    found.reverse();
    Ok(found)
}

/// The first `limit` messages after `after`, oldest first.
async fn newer(
    client: &LightClient,
    channel: &Channel,
    mut after: MessageId,
    limit: usize,
) -> Result<Vec<ChannelMessage>, Failure> {
    let mut found: Vec<ChannelMessage> = Vec::new();
    loop {
        let size = page(limit - found.len());
        let query = ListMessagesOptions::after(after).clan(channel.clan_id()).limit(size);
        let messages = client.list_messages(channel.id(), &query).await?;
        let whole = messages.len() >= usize::from(size);
        let Some(newest) = messages.last().map(ChannelMessage::id).filter(|newest| *newest > after) else { break };
        after = newest;
        found.extend(messages);
        if !whole || found.len() >= limit {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// How many to ask for at once when `left` are wanted.
fn page(left: usize) -> u8 {
    u8::try_from(left).unwrap_or(PAGE).clamp(1, PAGE)
}
