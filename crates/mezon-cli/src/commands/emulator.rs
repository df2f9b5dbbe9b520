//! `mezon emulator`: an emulated gateway for development and tests.

mod timed;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use mezon_emulator::{Emulator, EmulatorBuilder, EmulatorError, EmulatorErrorKind, Fault, WsUrlForm};
use mezon_light::Revision;
use serde_json::json;

use self::timed::Timed;
use crate::cli::Global;
use crate::client::server_key;
use crate::duration;
use crate::exit::Failure;
use crate::interrupt::interrupted;
use crate::output::Output;
use crate::secret_input::SecretInput;

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7350")]
    listen: SocketAddr,
    /// Speak TLS, with certificates made at the start
    #[arg(long)]
    tls: bool,
    /// Write the CA certificate of --tls into this file, for the --ca of clients
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_out: Option<PathBuf>,
    /// Keep everything in this SQLite file [default: in memory]
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    /// How long access tokens last
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration::parse)]
    token_lifetime: Duration,
    /// How long refresh tokens last
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = duration::parse)]
    refresh_token_lifetime: Duration,
    /// Greet in the protocol before April 2026, where correlation ids were text
    #[arg(long)]
    string_cid: bool,
    /// How sessions name the address of the socket: full, host-port or host
    #[arg(long, value_name = "FORM", default_value_t)]
    ws_url: WsUrlForm,
    /// Let the bot of this application sign in, with the key from the environment variable `MEZON_APP_KEY`
    #[arg(long, value_name = "ID")]
    app: Option<i64>,
    /// Break something from the start; see below. May be repeated
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,
    /// Do something some time after the start; see below. May be repeated
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
  mezon emulator
  mezon emulator --tls --ca-out ca.pem --database chat.sqlite
  mezon emulator --token-lifetime 2m --fault delay=100ms --at 10s=cut --at 20s=expire-tokens
  MEZON_APP_KEY=... mezon emulator --app 2001";

pub(crate) async fn run(arguments: &Arguments, global: &Global, output: Output) -> Result<(), Failure> {
    let emulator = builder(arguments, global)?.start().await?;
    if let Some(path) = &arguments.ca_out {
        emulator.write_ca(path)?;
    }
    announce(arguments, &emulator, output)?;
    tokio::select! {
        () = timed::run(&arguments.at, emulator.faults()) => {}
        () = interrupted() => {}
    }
    emulator.shutdown().await;
    output.print(&json!({"event": "stopped"}), "stopped")
}

fn builder(arguments: &Arguments, global: &Global) -> Result<EmulatorBuilder, Failure> {
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
    if let Some(key) = server_key(global)? {
        builder = builder.server_key(key.expose());
    }
    if let Some(app) = arguments.app {
        let input = SecretInput { name: "bot's API key", file: None, file_flag: "", variable: "MEZON_APP_KEY" };
        let key = input.optional()?.ok_or_else(|| Failure::usage("--app needs the bot's key in MEZON_APP_KEY"))?;
        builder = builder.app(app, key.expose(), &format!("app-{app}"));
    }
    Ok(arguments.fault.iter().cloned().fold(builder, EmulatorBuilder::fault))
}

/// Says where the emulator listens, in the first line, and how to use it.
fn announce(arguments: &Arguments, emulator: &Emulator, output: Output) -> Result<(), Failure> {
    let url = emulator.url();
    let object = json!({"event": "listening", "url": url, "ca": arguments.ca_out, "ca_pem": emulator.ca_pem()});
    output
        .print(&object, format_args!("emulated gateway on {url} (Ctrl-C ends it)\n\nexport MEZON_GATEWAY_URL={url}"))?;
    match (&arguments.ca_out, emulator.ca_pem()) {
        (Some(path), _) => output.text(format_args!("export MEZON_CA={}", path.display()))?,
        (None, Some(pem)) => output.text(format_args!("\nthe CA certificate for --ca (--ca-out writes it):\n{pem}"))?,
        (None, None) => {}
    }
    output.text("MEZON_ID_TOKEN=any mezon login --user-id 1001 --username an")
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
