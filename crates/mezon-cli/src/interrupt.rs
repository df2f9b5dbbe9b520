//! Ctrl-C and the polite kill. The first one lets a command close what it has open; the second one ends it at once.

use std::future::Future;
use std::time::Duration;

use tokio::sync::SetOnce;

use crate::exit::{Exit, Failure};

/// How long a command has to end by itself after the first signal.
const GRACE: Duration = Duration::from_secs(10);

/// How long the last words of an interrupted command wait for somebody to read them.
const LAST_WORDS: Duration = Duration::from_millis(500);

static INTERRUPTED: SetOnce<()> = SetOnce::const_new();

/// Begins to listen for signals, on a thread of its own: whatever blocks the others, a signal is heard.
pub(crate) fn watch() -> Result<(), Failure> {
    let cannot = |error: &std::io::Error| Failure::other("cannot listen for signals").because(error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| cannot(&error))?;
    let mut signals = {
        let _entered = runtime.enter();
        Signals::new().map_err(|error| cannot(&error))?
    };
    let watching = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            signals.next().await;
            let _ = INTERRUPTED.set(());
            let _ = tokio::time::timeout(GRACE, signals.next()).await;
            std::process::exit(Exit::Interrupted as i32);
        });
    });
    watching.map(drop).map_err(|error| cannot(&error))
}

/// Ends when somebody has pressed Ctrl-C or asked the process to terminate.
pub(crate) async fn interrupted() {
    INTERRUPTED.wait().await;
}

/// Runs `work` until it ends or the user interrupts it.
pub(crate) async fn unless_interrupted<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        biased;
        result = work => result,
        () = interrupted() => Err(Failure::interrupted()),
    }
}

/// Runs `print` to its end, however long its reader takes. After an interrupt the reader has half a second left.
pub(crate) async fn last_words<T>(print: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        printed = print => Some(printed),
        () = async { interrupted().await; tokio::time::sleep(LAST_WORDS).await } => None,
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
