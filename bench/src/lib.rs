//! Measures the SDK beside its peers and beside bare loops without an SDK. Started by `cargo xtask bench`, which builds
//! it and installs the JavaScript peer.
//!
//! `cargo bench -p bench` looks closer at codec and state machine, with criterion, and shares what is public here.
//!
//! Every client runs in a process of its own and takes turns with the others; what counts are ratios.

// Figures are rounded in the end anyway.
#![allow(clippy::cast_precision_loss)]

mod calls;
mod catch_up;
mod certificate;
mod child;
mod clients;
pub mod codec;
mod curves;
mod hostile;
mod idle;
pub mod message;
mod place;
mod plot;
mod plots;
mod process;
mod receive;
mod reconnect;
mod report;
mod sends;
mod server;
mod start;
mod targets;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use place::Place;
use targets::Measured;

const USAGE: &str = "usage: bench [--javascript FOLDER] [--page FILE] [--quick] [--only WORK]

  --javascript FOLDER  where peer.mjs and the installed mezon-light-sdk are; without it, Rust alone is measured
  --page FILE          the page to put the tables in, between its two markers
  --quick              one short round: shows that everything runs, its figures mean nothing
  --only WORK          one kind of work: codec, receive, curve, send, call, start, idle, reconnect, catch-up, hostile
";

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Error> = std::result::Result<T, E>;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["child", work, client, server, count, extent] => run_child(work, client, server, count, extent),
        options => measure(options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[allow(clippy::print_stderr)] // a program for a terminal
            {
                eprintln!("{error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &[&str]) -> Result<()> {
    let (mut quick, mut javascript, mut page, mut only) = (false, None, None, None);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--quick" => quick = true,
            "--only" => only = Some(*options.next().ok_or(USAGE)?),
            "--javascript" => javascript = Some(PathBuf::from(options.next().ok_or(USAGE)?)),
            "--page" => page = Some(PathBuf::from(options.next().ok_or(USAGE)?)),
            _ => return Err(USAGE.into()),
        }
    }
    if page.is_some() && (quick || only.is_some()) {
        return Err(format!("only a full run is written to a page\n\n{USAGE}").into());
    }
    let measured = work(javascript.as_deref(), quick, only)?;
    let tables = measured.groups().into_iter().map(report::Group::table).filter(|table| !table.is_empty());
    let tables = tables.collect::<Vec<_>>().join("\n");
    let versions = std::env::var("BENCH_VERSIONS").unwrap_or_default();
    let verdicts = report::verdicts(&measured.targets());
    let Some(page) = page else {
        say(&format!("{versions}\n\n{verdicts}\n{tables}"));
        return Ok(());
    };
    let plots = plots::all(&measured);
    let text = format!("{versions}\n\n{verdicts}\n{}{tables}", plots::links(&page, &plots));
    say(&text);
    plots::write(&page, &plots)?;
    report::write(&page, &text)
}

/// With `only`, what is not of that name is left out.
fn work(javascript: Option<&Path>, quick: bool, only: Option<&str>) -> Result<Measured> {
    // Enough that each run takes about a second, so that starting and warming up do not count.
    let (rounds, share) = if quick { (1, 20) } else { (5, 1) };
    let wanted = |name| only.is_none_or(|only| only == name);
    let mut measured = Measured::default();
    if wanted("codec") {
        let [small, large, english, encode, read] = codec::measure(rounds * 3, javascript)?;
        (measured.decode, measured.encode, measured.read) = ([small, large, english], encode, read);
    }
    if wanted(receive::WORK) {
        measured.receive = receive::measure(200_000 / share, rounds, javascript)?;
        measured.receive_secure = receive::measure_secure(200_000 / share, rounds)?;
    }
    if wanted(curves::WORK) {
        measured.curves = curves::measure(200_000 / share, if quick { 1 } else { 9 })?;
    }
    if wanted(sends::WORK) {
        let measure = |title, count, at_once| sends::measure(title, count / share, at_once, rounds, javascript);
        measured.one_send = measure("Send to acknowledgement, 1 in flight", 20_000, 1)?;
        measured.many_sends = measure("Send to acknowledgement, 64 in flight", 100_000, 64)?;
    }
    if wanted(calls::WORK) {
        measured.one_call = calls::measure("Unary HTTP, 1 in flight", 10_000 / share, 1, rounds, javascript)?;
        measured.many_calls = calls::measure("Unary HTTP, 16 in flight", 32_000 / share, 16, rounds, javascript)?;
    }
    if wanted(start::WORK) {
        measured.start = start::measure(rounds * 4, javascript)?;
    }
    if wanted(idle::WORK) {
        measured.idle = idle::measure(2_000 / share, rounds)?;
        measured.idle_secure = idle::measure_secure(2_000 / share, rounds.min(3))?;
        measured.idle_many = idle::measure_many(10_000 / share, if quick { 1 } else { 20 })?;
    }
    if wanted(reconnect::WORK) {
        let away = Duration::from_secs(if quick { 0 } else { 3 });
        measured.reconnect = Some(reconnect::measure(1_000 / share, away)?);
    }
    if wanted(catch_up::WORK) {
        measured.catch_up = catch_up::measure(1, share)?;
    }
    if wanted(hostile::WORK) {
        measured.hostile = hostile::measure(rounds.min(3))?;
    }
    Ok(measured)
}

fn run_child(work: &str, client: &str, server: &str, count: &str, extent: &str) -> Result<()> {
    let (server, count, extent) = (&Place::from_argument(server)?, count.parse()?, extent.parse()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let figures = runtime.block_on(async {
        match work {
            receive::WORK => receive::child(client, server, count).await,
            sends::WORK => sends::child(client, server, count, extent).await,
            calls::WORK => calls::child(client, server, count, extent).await,
            curves::WORK => curves::child(client, server, count, extent).await,
            idle::WORK => idle::child(client, server, count, extent as u64).await,
            reconnect::WORK => reconnect::child(client, server, count).await,
            catch_up::WORK => catch_up::child(client, server, count).await,
            hostile::WORK => hostile::child(client, server).await,
            start::WORK => start::child(client, server).await,
            _ => Err(format!("unknown work {work}").into()),
        }
    })?;
    child::print(&figures)
}

#[allow(clippy::print_stdout)] // a program for a terminal
fn say(text: &str) {
    println!("{text}");
}
