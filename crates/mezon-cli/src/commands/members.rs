//! `mez members`: who is in a conversation.

use clap::Args;
use mezon_light::{ChannelId, UserId};
use serde::Serialize;

use crate::channel::{self, Named};
use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;
use crate::table::{Column, Table};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  mez members 1804\n  mez members weekend --json")]
pub(crate) struct Arguments {
    /// The channel: its id, its name, or the name of the peer
    channel: Named<ChannelId>,
}

#[derive(Serialize)]
struct Member<'a> {
    user_id: UserId,
    username: &'a str,
    display_name: &'a str,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let channel = channel::find(&client, &arguments.channel).await?;
    // The server may leave names out.
    let members = channel.user_ids().iter().enumerate().map(|(place, user_id)| Member {
        user_id: *user_id,
        username: channel.usernames().get(place).map_or("", String::as_str),
        display_name: channel.display_names().get(place).map_or("", String::as_str),
    });
    let members: Vec<Member<'_>> = members.collect();
    let mut table = Table::new([Column::whole("ID"), Column::text("USER"), Column::text("NAME")]);
    for Member { user_id, username, display_name } in &members {
        table.row([user_id.to_string(), (*username).to_owned(), (*display_name).to_owned()]);
    }
    output.list(&members, &table).await
}
