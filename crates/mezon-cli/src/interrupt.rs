//! Ctrl-C and the polite kill.

use std::future::Future;

use crate::exit::Failure;

/// Ends when somebody presses Ctrl-C or asks the process to terminate.
pub(crate) async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Runs `work` until it ends or the user interrupts it.
pub(crate) async fn unless_interrupted<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        // The work first: files are read before signals are caught, because to open a pipe may wait for its other end.
        biased;
        result = work => result,
        () = interrupted() => Err(Failure::interrupted()),
    }
}
