//! The `mezon` command: Mezon chat at a terminal, and its emulated gateway.
//!
//! Everything that concerns Mezon itself is done by `mezon-light`. Here are flags, output and exit codes.

mod channel;
mod cli;
mod client;
mod commands;
mod duration;
mod exit;
mod interrupt;
mod log;
mod output;
mod progress;
mod secret_input;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::cli::Cli;
use crate::exit::{Exit, Failure};
use crate::output::Output;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return reject(&error).into(),
    };
    let output = Output::new(cli.global.json);
    match run(cli, output) {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => {
            failure.report(output);
            failure.exit().into()
        }
    }
}

fn run(cli: Cli, output: Output) -> Result<(), Failure> {
    log::init(cli.global.log.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::other("cannot start the runtime").because(&error))?;
    let result = runtime.block_on(commands::run(cli, output));
    // A prompt that waits for a key blocks its thread for ever: leave it behind.
    runtime.shutdown_background();
    result
}

/// Prints what clap has to say: a help text, or why the arguments are wrong.
fn reject(error: &clap::Error) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let shown = error.print();
        return if shown.is_ok() { Exit::Ok } else { Exit::Other };
    }
    // The flags could not be read, so look for this one by hand: a program that asked for JSON gets JSON.
    if std::env::args_os().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let reason = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Failure::usage(reason).report(Output::new(true));
    } else {
        let _ = error.print();
    }
    Exit::Usage
}
