//! `mez emulator`: an emulated gateway for development and tests.

mod timed;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use mezon_emulator::{Emulator, EmulatorBuilder, EmulatorError, EmulatorErrorKind, Fault, WsUrlForm};
use mezon_light::Revision;
use serde::Serialize;

use self::timed::Timed;
use crate::cli::Global;
use crate::client::server_key;
use crate::exit::Failure;
use crate::interrupt::{interrupted, last_words, unless_interrupted};
use crate::output::Output;
use crate::secret_input::SecretInput;
use crate::time::parse_duration;

#[derive(Debug, Args)]
#[command(after_help = "Faults, actions and examples: mez help emulator", after_long_help = HELP)]
pub(crate) struct Arguments {
    /// Where to listen [127.0.0.1:7350]
    ///
    /// Port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7350", hide_default_value = true)]
    listen: SocketAddr,
    /// Speak TLS, with certificates made now
    #[arg(long)]
    tls: bool,
    /// Write the CA certificate into this file
    ///
    /// It is the certificate of --tls, for the --ca of clients.
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_out: Option<PathBuf>,
    /// Keep all in this SQLite file [in memory]
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    /// Life of access tokens
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = parse_duration)]
    token_lifetime: Duration,
    /// Life of refresh tokens
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = parse_duration)]
    refresh_token_lifetime: Duration,
    /// Speak as before April 2026: cids are text
    #[arg(long)]
    string_cid: bool,
    /// Form of `ws_url`
    ///
    /// How sessions name the address of the socket: full, host-port or host.
    #[arg(long, value_name = "FORM", default_value_t)]
    ws_url: WsUrlForm,
    /// Let this app's bot sign in
    ///
    /// Its key comes from the environment variable `MEZON_APP_KEY`.
    #[arg(long, value_name = "ID")]
    app: Option<i64>,
    /// Break something from the start
    ///
    /// See below. May be repeated.
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,
    /// Do something later, such as 10s=cut
    ///
    /// See below. May be repeated.
    #[arg(long, value_name = "TIME=ACTION", value_parser = timed::parse)]
    at: Vec<Timed>,
}

const HELP: &str = "\
Faults for --fault:
  drop-after=N                  cut each connection after N frames
  close-code=CODE@N             close each socket with a code after N frames
  mute-pongs                    answer no ping
  half-open                     take everything and answer nothing
  delay=TIME[@ROUTE]            answer late, such as 200ms
  duplicate                     send every frame twice
  garbage-every=N               send an unreadable frame after every N frames
  fail-next=N:STATUS[:TIME][@METHOD]
                                fail the next N calls with 401, 429, 503, ..., with Retry-After, of one method
  answer=TIMES:STATUS:PAGE[@ROUTE]
                                answer the next N calls, those of a TIME or always, as something in between would:
                                empty, gateway, grpc, html, basic or gzip
  refuse-upgrades=N:STATUS      refuse the next N sockets
  upgrade-header=NAME:VALUE     open sockets with this header
  drop-acks=N                   store and deliver the next N messages without acknowledging them
  repeat-messages=N             deliver the next N messages twice
  drop-message-ids=N            deliver the next N messages without an id, and keep none
  refuse-uploads=STATUS         refuse uploads

A ROUTE is calls, uploads, downloads, sockets, or the name of a call.

Actions for --at, beside the faults:
  cut, close=CODE, garbage, expire-tokens, expire-refresh-tokens, forget-joins, clear

Examples:
  mez emulator
  mez emulator --tls --ca-out ca.pem --database chat.sqlite
  mez emulator --token-lifetime 2m --fault delay=100ms --at 10s=cut --at 20s=expire-tokens
  MEZON_APP_KEY=... mez emulator --app 2001";

pub(crate) async fn run(arguments: &Arguments, global: &Global, output: Output) -> Result<(), Failure> {
    let emulator = unless_interrupted(builder(arguments, global)).await?.start().await?;
    if let Some(path) = &arguments.ca_out {
        emulator.write_ca(path)?;
    }
    let served = tokio::select! {
        announced = announce(arguments, &emulator, output) => announced,
        () = interrupted() => Ok(()),
    };
    if served.is_ok() {
        tokio::select! {
            () = timed::run(&arguments.at, emulator.faults()) => {}
            () = interrupted() => {}
        }
    }
    emulator.shutdown().await;
    served?;
    last_words(output.event(&Stopped { event: "stopped" }, "stopped")).await.unwrap_or(Ok(()))
}

#[derive(Serialize)]
struct Stopped {
    event: &'static str,
}

/// Where the emulator listens, in JSON.
#[derive(Serialize)]
pub(crate) struct Listening<'a> {
    event: &'static str,
    url: &'a str,
    ca: Option<&'a Path>,
    ca_pem: Option<&'a str>,
}

impl<'a> Listening<'a> {
    pub(crate) fn new(url: &'a str, ca: Option<&'a Path>, ca_pem: Option<&'a str>) -> Self {
        Self { event: "listening", url, ca, ca_pem }
    }
}

async fn builder(arguments: &Arguments, global: &Global) -> Result<EmulatorBuilder, Failure> {
    let mut builder = Emulator::builder()
        .listen(arguments.listen)
        .tls(arguments.tls)
        .ws_url(arguments.ws_url)
        .token_lifetime(arguments.token_lifetime)
        .refresh_token_lifetime(arguments.refresh_token_lifetime);
    if arguments.string_cid {
        builder = builder.revision(Revision::StringCid);
    }
    if let Some(path) = &arguments.database {
        builder = builder.database(path);
    }
    if let Some(key) = server_key(global).await? {
        builder = builder.server_key(key.expose());
    }
    if let Some(app) = arguments.app {
        let input = SecretInput { name: "bot's API key", file: None, file_flag: "", variable: "MEZON_APP_KEY" };
        let key =
            input.optional().await?.ok_or_else(|| Failure::usage("--app needs the bot's key in MEZON_APP_KEY"))?;
        builder = builder.app(app, key.expose(), &format!("app-{app}"));
    }
    Ok(arguments.fault.iter().cloned().fold(builder, EmulatorBuilder::fault))
}

/// Says where the emulator listens, in the first line, and how to use it.
async fn announce(arguments: &Arguments, emulator: &Emulator, output: Output) -> Result<(), Failure> {
    let (url, ca) = (emulator.url(), emulator.ca_pem());
    let mut text = format!("emulated gateway on {url} (Ctrl-C ends it)\n\nexport MEZON_GATEWAY_URL={url}\n");
    // Writing to a string cannot fail.
    match (&arguments.ca_out, ca) {
        (Some(path), _) => {
            let _ = writeln!(text, "export MEZON_CA={}", path.display());
        }
        (None, Some(pem)) => {
            let _ = writeln!(text, "\nthe CA certificate for --ca (--ca-out writes it):\n{pem}");
        }
        (None, None) => {}
    }
    text.push_str("MEZON_ID_TOKEN=any-token mez login --user-id 1001 --username an");
    output.print(&Listening::new(&url, arguments.ca_out.as_deref(), ca), text).await
}

impl From<EmulatorError> for Failure {
    fn from(error: EmulatorError) -> Self {
        let kind = match error.kind() {
            EmulatorErrorKind::Listen(_) => "listen",
            EmulatorErrorKind::Database(_) => "database",
            EmulatorErrorKind::WriteCa(_) => "ca_file",
            _ => return Self::other(error.to_string()).caused_by(&error),
        };
        Self::input(kind, error.to_string()).caused_by(&error)
    }
}
