//! Logging to stderr, without the secrets that other crates log.

use std::io;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::exit::Failure;

/// Starts logging what `filter` asks for; without one, what `RUST_LOG` asks for, and errors otherwise.
///
/// Only our own crates are heard below warnings. Others, such as tungstenite and hyper, write whole requests at `TRACE`,
/// and the socket's address contains the token.
pub(crate) fn init(filter: Option<&str>) -> Result<(), Failure> {
    let wanted = filter.map(str::to_owned).or_else(|| std::env::var("RUST_LOG").ok());
    let wanted = wanted.filter(|wanted| !wanted.is_empty()).unwrap_or_else(|| "error".to_owned());
    let filter = EnvFilter::builder().parse(&wanted).map_err(|error| {
        Failure::usage(format!("{wanted:?} is no log filter"))
            .because(&error)
            .hint("use error, warn, info, debug, trace or a filter such as mezon_realtime=debug")
    })?;
    let layer = fmt::layer().with_writer(io::stderr).with_ansi(false).with_filter(filter.and(filter_fn(may_be_heard)));
    // A second call can only come from a test in this process.
    let _ = tracing_subscriber::registry().with(layer).try_init();
    Ok(())
}

fn may_be_heard(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let ours = target == "mezon" || target.starts_with("mezon_") || target.starts_with("mezon::");
    // More verbose levels are greater.
    ours || *metadata.level() <= Level::WARN
}
