//! `mez dm`: opens a direct conversation or a group.

use clap::Args;

use crate::client::Account;
use crate::exit::Failure;
use crate::output::Output;
use crate::person::{Person, people};
use crate::place;

#[derive(Debug, Args)]
#[command(after_help = "Opening the direct conversation with a user again gives the same channel.\n\n\
                        Examples:\n  mez dm 1002\n  mez dm 1002 1003      # a group of three\n  mez dm 1002 --json")]
pub(crate) struct Arguments {
    /// The users' ids, or names of people in your conversations: one user, or several for a group
    #[arg(required = true, value_name = "USER")]
    users: Vec<Person>,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let users = people(client.client(), &arguments.users).await?;
    let channel = match users.as_slice() {
        [user] => client.create_dm(*user).await?,
        users => client.create_group_dm(users).await?,
    };
    let users: Vec<String> = users.iter().map(ToString::to_string).collect();
    let text = format!("{}  {} with {}", channel.id(), place::kind(&channel), users.join(", "));
    output.print(&channel, text).await
}
