//! The arguments of the command line.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand};

use crate::commands::{
    api, change, channels, demo, dm, download, emulator, friends, history, listen, login, mark_read, members, search,
    send, session, thread, upload,
};
use crate::text::{setting, setting_path, trimmed};

/// The name of the command.
pub(crate) const NAME: &str = "mez";

/// Mezon chat at a terminal, and an emulated gateway to try it on
#[derive(Debug, Parser)]
#[command(
    name = NAME,
    version,
    help_template = TOP,
    override_usage = "mez [OPTIONS] COMMAND",
    after_help = AFTER_HELP,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command understands. `mez help environment` says the same with more words.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The gateway to sign in at; later commands go where the sign-in went
    #[arg(long, global = true, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) gateway_url: Option<String>,
    /// The file that keeps the login
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) session: Option<PathBuf>,
    /// Print one JSON object a line on stdout, and errors as JSON on stderr
    #[arg(long, global = true, overrides_with = "no_json")]
    pub(crate) json: bool,
    /// Print lists as tables for people, whoever reads them
    #[arg(long, global = true, overrides_with = "json")]
    pub(crate) no_json: bool,
    /// Trust the certificates of this PEM file too
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Read the server key from this file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) server_key_file: Option<PathBuf>,
    /// What to log on stderr: error, warn, info, debug, trace or a filter
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
}

impl Global {
    /// The flags, and for those that were not given what the environment says.
    pub(crate) fn with_environment(mut self) -> Self {
        self.gateway_url = match self.gateway_url {
            Some(url) => Some(trimmed(&url).to_owned()),
            None => setting("MEZON_GATEWAY_URL"),
        };
        self.session = self.session.or_else(|| setting_path("MEZON_SESSION"));
        self.ca = self.ca.or_else(|| setting_path("MEZON_CA"));
        self
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
#[command(subcommand_value_name = "COMMAND")]
pub(crate) enum Command {
    /// Watch the whole job on an emulated gateway, each step checked
    Demo(demo::Arguments),
    /// Run an emulated gateway for development and tests
    Emulator(emulator::Arguments),
    /// Sign in and keep the session in a file
    Login(login::Arguments),
    /// Show, refresh or end the login
    #[command(subcommand)]
    Session(session::Command),
    /// Tell whose login it is
    #[command(after_help = "`mez session show` tells more.\n\nExamples:\n  mez whoami\n  mez whoami --json")]
    Whoami,
    /// Open a direct conversation (one user) or a group (several)
    Dm(dm::Arguments),
    /// List your clans
    #[command(after_help = "Examples:\n  mez clans\n  mez clans | jq -r .name")]
    Clans,
    /// List direct and group conversations, or the channels of a clan
    Channels(channels::Arguments),
    /// List who is in a conversation, a channel or a clan
    Members(members::Arguments),
    /// List friends; ask, accept, remove and block people
    Friends(friends::Arguments),
    /// Send a message, with files if wanted
    Send(send::Arguments),
    /// Answer a message
    Reply(send::ReplyArguments),
    /// Change a message of yours
    Edit(change::EditArguments),
    /// Remove a message
    Delete(change::DeleteArguments),
    /// Put an emoji under a message
    React(change::ReactArguments),
    /// Pin a message, or list the pinned ones
    Pin(change::PinArguments),
    /// Take the pin off a message
    Unpin(change::UnpinArguments),
    /// List the threads of a channel, or begin one
    Thread(thread::Arguments),
    /// Print messages as they arrive, until Ctrl-C
    Listen(listen::Arguments),
    /// Print the messages of a channel
    History(history::Arguments),
    /// Find messages by their words
    Search(search::Arguments),
    /// Mark a channel or a clan as read
    MarkRead(mark_read::Arguments),
    /// Upload a file and print its address
    Upload(upload::Arguments),
    /// Download a file of a message
    Download(download::Arguments),
    /// Call any method of the server, with JSON in and out
    Api(api::Arguments),
    /// Show help on a command or a topic
    #[command(hide = true, after_help = "Topics: commands, environment, exit-codes.")]
    Help {
        /// A command, or a topic
        topic: Vec<String>,
    },
    /// Print a completion script for a shell
    #[command(
        hide = true,
        after_help = "Example:\n  mez completions bash > ~/.local/share/bash-completion/completions/mez"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of `mez`, or of one of its commands
    #[command(hide = true, after_help = "Examples:\n  mez man | man -l -\n  mez man send > mez-send.1")]
    Man {
        /// A command
        command: Vec<String>,
    },
    /// Print the version
    #[command(hide = true)]
    Version,
}

/// Commands and global options are listed by hand in the text after it: with a line each they would not fit.
const TOP: &str = "\
{about}

Usage: {usage}{after-help}";

const AFTER_HELP: &str = "\
Commands (a line about each: mez help commands):
  try it    demo, emulator
  sign in   login, session, whoami
  look      clans, channels, members, friends, history, search, listen
  talk      dm, thread, send, reply
  change    edit, delete, react, pin, unpin, mark-read
  files     upload, download
  more      api: any method of the server, with JSON in and out
            help, completions, man, version

Options of all commands (more: mez help environment):
  --gateway-url URL  --session FILE  --ca FILE  --server-key-file FILE
  --json  --no-json  --log LEVEL  -h, --help  -V, --version
Try it without an account: mez demo.
Help: mez help COMMAND, mez help environment, mez help exit-codes";
