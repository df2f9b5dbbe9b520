//! One file a command.

pub(crate) mod api;
pub(crate) mod change;
pub(crate) mod channels;
pub(crate) mod clans;
pub(crate) mod demo;
pub(crate) mod dm;
pub(crate) mod download;
pub(crate) mod emulator;
pub(crate) mod friends;
pub(crate) mod history;
pub(crate) mod listen;
pub(crate) mod login;
pub(crate) mod mark_read;
pub(crate) mod members;
pub(crate) mod message;
pub(crate) mod search;
pub(crate) mod send;
pub(crate) mod session;
pub(crate) mod thread;
pub(crate) mod upload;
pub(crate) mod whoami;
mod words;

use crate::cli::{Command, Global};
use crate::client::Account;
use crate::exit::Failure;
use crate::interrupt::unless_interrupted;
use crate::output::Output;

/// Runs `command`, if it is one that takes its time.
pub(crate) async fn run(global: Global, command: Command, output: Output) -> Result<(), Failure> {
    // These need no account.
    let command = match command {
        Command::Demo(arguments) => return demo::run(&arguments, output).await,
        Command::Emulator(arguments) => return emulator::run(&arguments, &global, output).await,
        Command::Api(arguments) => {
            let Some(call) = unless_interrupted(api::tell(&arguments, output)).await? else { return Ok(()) };
            let account = unless_interrupted(Account::open(&global)).await?;
            return unless_interrupted(api::run(&call, &account, output)).await;
        }
        other => other,
    };
    let account = unless_interrupted(Account::open(&global)).await?;
    match command {
        // These hold a socket, which they close before they end, whatever ends them.
        Command::Send(arguments) => send::run(&arguments, account, output).await,
        Command::Reply(arguments) => send::run(&arguments.into(), account, output).await,
        Command::Listen(arguments) => listen::run(&arguments, account, output).await,
        Command::Login(arguments) => unless_interrupted(login::run(&arguments, &account, output)).await,
        Command::Session(command) => unless_interrupted(session::run(&command, &account, output)).await,
        Command::Whoami => unless_interrupted(whoami::run(&account, output)).await,
        Command::Dm(arguments) => unless_interrupted(dm::run(&arguments, &account, output)).await,
        Command::Clans => unless_interrupted(clans::run(&account, output)).await,
        Command::Channels(arguments) => unless_interrupted(channels::run(&arguments, &account, output)).await,
        Command::Members(arguments) => unless_interrupted(members::run(&arguments, &account, output)).await,
        Command::Friends(arguments) => unless_interrupted(friends::run(&arguments, &account, output)).await,
        Command::History(arguments) => unless_interrupted(history::run(&arguments, &account, output)).await,
        Command::Edit(arguments) => unless_interrupted(change::edit(&arguments, &account, output)).await,
        Command::Delete(arguments) => unless_interrupted(change::delete(&arguments, &account, output)).await,
        Command::React(arguments) => unless_interrupted(change::react(&arguments, &account, output)).await,
        Command::Pin(arguments) => unless_interrupted(change::pin(&arguments, &account, output)).await,
        Command::Unpin(arguments) => unless_interrupted(change::unpin(&arguments, &account, output)).await,
        Command::Thread(arguments) => unless_interrupted(thread::run(&arguments, &account, output)).await,
        Command::Search(arguments) => unless_interrupted(search::run(&arguments, &account, output)).await,
        Command::MarkRead(arguments) => unless_interrupted(mark_read::run(&arguments, &account, output)).await,
        Command::Upload(arguments) => unless_interrupted(upload::run(&arguments, &account, output)).await,
        Command::Download(arguments) => unless_interrupted(download::run(&arguments, &account, output)).await,
        _ => Ok(()),
    }
}
