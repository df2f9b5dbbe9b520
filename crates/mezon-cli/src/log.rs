//! Logging to stderr, without the secrets that other crates log.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::exit::Failure;
use crate::text::setting;

/// How many lines wait while nobody reads stderr. Later ones are dropped and counted.
const WAITING: usize = 8_192;

/// How long the end of the command waits for the last lines.
const LAST_LINES: Duration = Duration::from_millis(500);

static LINES: OnceLock<Lines> = OnceLock::new();

/// Starts logging what `filter` asks for; without one, what `RUST_LOG` asks for, and errors otherwise.
///
/// Only our own crates are heard below warnings. Others write what goes over the wire at `TRACE`: tungstenite every frame,
/// and credentials that the server pushes are in one.
pub(crate) fn init(filter: Option<&str>) -> Result<(), Failure> {
    let wanted = filter.map(str::to_owned).filter(|wanted| !wanted.is_empty()).or_else(|| setting("RUST_LOG"));
    let wanted = wanted.unwrap_or_else(|| "error".to_owned());
    let filter = EnvFilter::builder().parse(&wanted).map_err(|error| {
        Failure::usage(format!("{wanted:?} is no log filter"))
            .because(&error)
            .hint("use error, warn, info, debug, trace or a filter such as mezon_realtime=debug")
    })?;
    let lines = Lines::start().map_err(|error| Failure::other("cannot start logging").because(&error))?;
    let writer = LINES.get_or_init(|| lines);
    let layer =
        fmt::layer().with_writer(|| writer.clone()).with_ansi(false).with_filter(filter.and(filter_fn(may_be_heard)));
    // A second call can only come from a test in this process.
    let _ = tracing_subscriber::registry().with(layer).try_init();
    Ok(())
}

/// Waits until what was logged so far is written, or nobody seems to read it.
pub(crate) fn flush() {
    let Some(lines) = LINES.get() else { return };
    let (written, done) = sync_channel(1);
    if lines.queue.try_send(Line::Flush(written)).is_ok() {
        let _ = done.recv_timeout(LAST_LINES);
    }
}

fn may_be_heard(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let ours = target == "mez" || target.starts_with("mezon_") || target.starts_with("mez::");
    // More verbose levels are greater.
    ours || *metadata.level() <= Level::WARN
}

enum Line {
    Text(Vec<u8>),
    Flush(SyncSender<()>),
}

/// Writes to stderr on a thread of its own: a task that logs must not wait for whoever reads stderr.
#[derive(Clone)]
struct Lines {
    queue: SyncSender<Line>,
    dropped: Arc<AtomicU64>,
}

impl Lines {
    fn start() -> io::Result<Self> {
        let (queue, waiting) = sync_channel(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&dropped);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || write(&waiting, &count))?;
        Ok(Self { queue, dropped })
    }
}

/// The subscriber hands over one event, which is one line, with each call.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(Line::Text(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(waiting: &Receiver<Line>, dropped: &AtomicU64) {
    for line in waiting {
        // When writing fails there is nobody left to tell.
        match line {
            Line::Text(text) => drop(io::stderr().write_all(&text)),
            Line::Flush(written) => drop(written.try_send(())),
        }
        let missing = dropped.swap(0, Ordering::Relaxed);
        if missing > 0 {
            let _ = writeln!(io::stderr(), "({missing} lines of the log were dropped: nobody read them)");
        }
    }
}
