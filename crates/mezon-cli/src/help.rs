//! Help texts, the manual page and completions: what needs no account and no gateway.

use std::fmt::Write as _;
use std::io;

use clap::{Arg, Command, CommandFactory, FromArgMatches};

use crate::cli::{Cli, NAME};
use crate::exit::{Exit, Failure};
use crate::output::{Output, Stream, write_line};

/// Settings that a person may look for: flag, variable, what it does.
const ENVIRONMENT: &str = "\
A flag goes before its variable. An empty variable counts as unset.

  --gateway-url URL       MEZON_GATEWAY_URL
      The gateway to sign in at [https://gw.mezon.ai]. Later commands go where
      the sign-in went, unless this names another gateway.
  --session FILE          MEZON_SESSION
      The file that keeps the login [mezon/session.json in the configuration
      folder: $XDG_CONFIG_HOME or ~/.config].
  --ca FILE               MEZON_CA
      A PEM file whose certificates are trusted besides the system's, such as
      the one that `mez emulator --tls --ca-out FILE` writes.
  --server-key-file FILE  MEZON_SERVER_KEY
      The server key: in the file, or in the variable itself [the public key].
  --json
      One JSON object a line on stdout, and errors as JSON on stderr. Lists are
      that to all but a terminal; --no-json makes them tables everywhere.
  --log LEVEL             RUST_LOG
      What to log on stderr: error, warn, info, debug, trace, or a filter such
      as mezon_realtime=debug [error].
  TZ                      the time zone of the times that are shown

Secrets come from a variable, from a file (- is stdin) or from a hidden prompt,
never from arguments:

  ID token                MEZON_ID_TOKEN, --id-token-file FILE
  API key of a bot        MEZON_API_KEY, --api-key-file FILE
  bot's key, emulator     MEZON_APP_KEY";

/// Reads the command line.
pub(crate) fn parse() -> Result<Cli, clap::Error> {
    let matches = command().try_get_matches_from(std::env::args_os())?;
    Cli::from_arg_matches(&matches)
}

/// `mez help`: on a topic, on a command, or on all.
pub(crate) fn help(topic: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = topic.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["commands"] => print(&commands()),
        ["environment"] => print(ENVIRONMENT),
        ["exit-codes"] => print(&exit_codes()),
        path => print(&find(path)?.render_long_help().to_string()),
    }
}

/// `mez man`.
pub(crate) fn man(path: &[String]) -> Result<(), Failure> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let mut page = Vec::new();
    clap_mangen::Man::new(find(&path)?)
        .render(&mut page)
        .map_err(|error| Failure::other("cannot write the manual page").because(&error))?;
    print(&String::from_utf8_lossy(&page))
}

/// `mez completions`.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// `mez version`.
pub(crate) fn version(output: Output) -> Result<(), Failure> {
    #[derive(serde::Serialize)]
    struct Version {
        event: &'static str,
        version: &'static str,
    }
    let version = env!("CARGO_PKG_VERSION");
    if output.is_json() {
        print(&Output::line(&Version { event: "version", version })?)
    } else {
        print(&format!("{NAME} {version}"))
    }
}

/// Nothing waits for a signal here, so writing may block.
fn print(text: &str) -> Result<(), Failure> {
    write_line(Stream::Stdout, text.trim_end()).map_err(|error| Failure::output(&error))
}

fn commands() -> String {
    let mut text = "What each command does:\n".to_owned();
    for command in Cli::command().get_subcommands() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {:<13}{about}", command.get_name());
    }
    text
}

fn exit_codes() -> String {
    let mut text = "How a command ended:\n".to_owned();
    for exit in Exit::ALL {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{:>5}  {}", exit as u8, exit.meaning());
    }
    text
}

/// The command that `path` names, from the top.
fn find(path: &[&str]) -> Result<Command, Failure> {
    let mut command = command();
    command.build();
    for name in path {
        let found = command.find_subcommand(name).cloned();
        command = found.ok_or_else(|| {
            Failure::usage(format!("there is no help on {:?}", path.join(" ")))
                .hint("`mez help` lists the commands; the topics are commands, environment and exit-codes")
        })?;
    }
    Ok(command)
}

/// The whole command. Below the top, help leaves the options out that all commands have.
fn command() -> Command {
    let command = Cli::command();
    let global: Vec<Arg> = command.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    command.mut_subcommands(|subcommand| hiding(subcommand, &global))
}

/// clap hands down the options of the top to all below, except where they are already.
fn hiding(command: Command, global: &[Arg]) -> Command {
    let command = command.args(global.iter().map(|arg| arg.clone().hide(true)));
    command.mut_subcommands(|subcommand| hiding(subcommand, global))
}

/// What clap has to say: a help text, or why the arguments are wrong.
pub(crate) fn reject(error: &clap::Error) -> Exit {
    use clap::error::ErrorKind;
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return match error.print() {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Exit::Other,
            _ => Exit::Ok,
        };
    }
    // The flags could not be read, so look for this one by hand: a program that asked for JSON gets JSON.
    if std::env::args_os().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let reason = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Failure::usage(reason).complain(Output::new(true));
    } else {
        let _ = error.print();
    }
    Exit::Usage
}
