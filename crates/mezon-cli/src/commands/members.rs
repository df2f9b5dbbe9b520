//! `mez members`: who is in a conversation.

use clap::Args;
use mezon_light::{ChannelId, UserId};
use serde::Serialize;

use crate::channel::{self, Named};
use crate::client::Account;
use crate::exit::Failure;
use crate::output::{Output, printable};

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
    for (place, user_id) in channel.user_ids().iter().enumerate() {
        // The server may leave names out.
        let username = channel.usernames().get(place).map_or("", String::as_str);
        let display_name = channel.display_names().get(place).map_or("", String::as_str);
        let text = format!("{user_id:<20}  {}  {}", printable(username), printable(display_name));
        let member = Member { user_id: *user_id, username, display_name };
        output.print(&member, text.trim_end()).await?;
    }
    Ok(())
}
