//! The arguments of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{demo, dm, download, emulator, history, listen, login, send, session, upload};

/// Mezon chat at a terminal, and an emulated gateway to try it on.
#[derive(Debug, Parser)]
#[command(name = "mezon", version, arg_required_else_help = true, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The gateway to sign in at. Later commands go where the sign-in went
    #[arg(long, global = true, value_name = "URL", env = "MEZON_GATEWAY_URL", hide_env_values = true)]
    pub(crate) gateway_url: Option<String>,
    /// The file that keeps the login [default: mezon/session.json in the configuration folder]
    #[arg(long, global = true, value_name = "FILE", env = "MEZON_SESSION", hide_env_values = true)]
    pub(crate) session: Option<PathBuf>,
    /// Print one JSON object a line on stdout, and errors as JSON on stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Trust the certificates of this PEM file too, such as the one that `mezon emulator --tls` writes
    #[arg(long, global = true, value_name = "FILE", env = "MEZON_CA", hide_env_values = true)]
    pub(crate) ca: Option<PathBuf>,
    /// Read the server key from this file [default: the environment variable `MEZON_SERVER_KEY`, else the public key]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) server_key_file: Option<PathBuf>,
    /// What to log on stderr: error, warn, info, debug, trace, or a filter such as `mezon_realtime=debug`
    /// [default: the environment variable `RUST_LOG`, else error]
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch the whole job on an emulated gateway: sign in, chat, send a file, lose the connection, recover
    Demo(demo::Arguments),
    /// Run an emulated gateway for development and tests
    Emulator(emulator::Arguments),
    /// Sign in and keep the session in a file
    Login(login::Arguments),
    /// Show, refresh or end the login
    #[command(subcommand)]
    Session(session::Command),
    /// Open a direct conversation (one user) or a group (several)
    Dm(dm::Arguments),
    /// List direct and group conversations
    #[command(after_help = "Examples:\n  mezon channels\n  mezon channels --json")]
    Channels,
    /// Send a message, with files if wanted
    Send(send::Arguments),
    /// Print messages as they arrive, until Ctrl-C
    Listen(listen::Arguments),
    /// Print the latest messages of a channel
    History(history::Arguments),
    /// Upload a file and print its address
    Upload(upload::Arguments),
    /// Download a file of a message
    Download(download::Arguments),
}

const AFTER_HELP: &str = "\
Try it without an account:
  mezon demo

Or by hand, with an emulated gateway in one terminal and a user in each of two others:
  mezon emulator
  export MEZON_GATEWAY_URL=http://127.0.0.1:7350
  MEZON_ID_TOKEN=any mezon login --session an.json --user-id 1001 --username an
  mezon dm 1002 --session an.json
  mezon send CHANNEL 'xin chào' --session an.json

Exit codes:
    0  done
    1  something else went wrong
    2  the arguments are wrong
    3  not signed in, or the login is over
    4  the network or the server failed for now: try again
    5  the server refused
    6  a setting, a file or another input is wrong
    7  the outcome is unknown: look before you repeat
  130  interrupted by Ctrl-C

Secrets come from files, the environment or a prompt, never from arguments.";
