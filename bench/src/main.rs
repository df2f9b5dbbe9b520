//! Measures the SDK beside its peers and beside bare loops without an SDK. Started by `cargo xtask bench`, which builds
//! it and installs the JavaScript peer.
//!
//! Every client runs in a process of its own and takes turns with the others; what counts are ratios.

// Figures are rounded in the end anyway.
#![allow(clippy::cast_precision_loss)]

mod calls;
mod child;
mod clients;
mod codec;
mod idle;
mod message;
mod process;
mod receive;
mod report;
mod sends;
mod server;
mod start;
mod targets;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use targets::Measured;

const USAGE: &str = "usage: bench [--javascript FOLDER] [--page FILE] [--quick]

  --javascript FOLDER  where peer.mjs and the installed mezon-light-sdk are; without it, Rust alone is measured
  --page FILE          the page to put the tables in, between its two markers
  --quick              one short round: shows that everything runs, its figures mean nothing
";

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Error> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["child", work, client, server, count, at_once] => run_child(work, client, server, count, at_once),
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
    let (mut quick, mut javascript, mut page) = (false, None, None);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--quick" => quick = true,
            "--javascript" => javascript = Some(PathBuf::from(options.next().ok_or(USAGE)?)),
            "--page" => page = Some(PathBuf::from(options.next().ok_or(USAGE)?)),
            _ => return Err(USAGE.into()),
        }
    }
    let measured = work(javascript.as_deref(), quick)?;
    let tables: Vec<String> = measured.groups().into_iter().map(report::Group::table).collect();
    let versions = std::env::var("BENCH_VERSIONS").unwrap_or_default();
    let text = format!("{versions}\n\n{}\n{}", report::verdicts(&measured.targets()), tables.join("\n"));
    say(&text);
    match page {
        Some(page) => report::write(&page, &text),
        None => Ok(()),
    }
}

fn work(javascript: Option<&Path>, quick: bool) -> Result<Measured> {
    // Enough that each run takes about a second, so that starting and warming up do not count.
    let (rounds, share) = if quick { (1, 20) } else { (5, 1) };
    let [small, large, encode] = codec::measure()?;
    Ok(Measured {
        decode: [small, large],
        encode,
        receive: receive::measure(200_000 / share, rounds, javascript)?,
        one_send: sends::measure("Send to acknowledgement, 1 in flight", 20_000 / share, 1, rounds, javascript)?,
        many_sends: sends::measure("Send to acknowledgement, 64 in flight", 100_000 / share, 64, rounds, javascript)?,
        one_call: calls::measure("Unary HTTP, 1 in flight", 10_000 / share, 1, rounds)?,
        many_calls: calls::measure("Unary HTTP, 16 in flight", 32_000 / share, 16, rounds)?,
        start: start::measure(rounds * 4, javascript)?,
        idle: idle::measure(2_000 / share, rounds)?,
    })
}

fn run_child(work: &str, client: &str, server: &str, count: &str, at_once: &str) -> Result<()> {
    let (server, count, at_once) = (server.parse()?, count.parse()?, at_once.parse()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let figures = runtime.block_on(async {
        match work {
            receive::WORK => receive::child(client, server, count).await,
            sends::WORK => sends::child(client, server, count, at_once).await,
            calls::WORK => calls::child(client, server, count, at_once).await,
            idle::WORK => idle::child(client, server, count).await,
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
