//! The `mez` command: Mezon chat at a terminal, and its emulated gateway.
//!
//! Everything that concerns Mezon itself is done by `mezon-light` and `mezon-client`. Here are flags, output and exit codes.

mod cli;
mod client;
mod commands;
mod exit;
mod help;
mod interrupt;
mod log;
mod output;
mod person;
mod place;
mod progress;
mod protocol;
mod secret_input;
mod table;
mod text;
mod text_input;
mod time;

use std::process::ExitCode;

use crate::cli::{Cli, Command, Global};
use crate::exit::{Exit, Failure};
use crate::output::Output;

fn main() -> ExitCode {
    let Cli { global, command } = match help::parse() {
        Ok(cli) => cli,
        Err(error) => return help::reject(&error).into(),
    };
    let output = Output::new(global.json).tables(global.no_json);
    let ended = match command {
        None => help::help(&[]),
        Some(Command::Help { topic }) => help::help(&topic),
        Some(Command::Man { command }) => help::man(&command),
        Some(Command::Completions { shell }) => help::completions(shell),
        Some(Command::Version) => help::version(output),
        Some(command) => return run(global.with_environment(), command, output).into(),
    };
    match ended {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => {
            failure.complain(output);
            failure.exit().into()
        }
    }
}

/// Runs what takes its time, and says how it ended.
fn run(global: Global, command: Command, output: Output) -> Exit {
    match start(&global) {
        Ok(runtime) => {
            let exit = runtime.block_on(async {
                let ended = commands::run(global, command, output).await;
                log::flush();
                let Err(failure) = ended else { return Exit::Ok };
                interrupt::last_words(failure.report(output)).await;
                failure.exit()
            });
            // A prompt that waits for a key, or a line that nobody reads, blocks its thread for ever: leave it behind.
            runtime.shutdown_background();
            exit
        }
        Err(failure) => {
            failure.complain(output);
            failure.exit()
        }
    }
}

fn start(global: &Global) -> Result<tokio::runtime::Runtime, Failure> {
    log::init(global.log.as_deref())?;
    interrupt::watch()?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::other("cannot start the runtime").because(&error))
}
