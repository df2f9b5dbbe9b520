//! One refresh at a time, in a task of its own, for all who wait for it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex as SyncMutex};

use tokio::sync::watch;
use tracing::{debug, warn};

use super::{Current, SessionKeeper, locked};
use crate::{ApiError, ApiErrorKind, spawn};

/// The refresh that is under way, if any.
#[derive(Default)]
pub(super) struct Flights(SyncMutex<Option<Flight>>);

type Flight = watch::Receiver<Option<Landing>>;

/// How a refresh ended, for all who waited.
#[derive(Clone)]
enum Landing {
    /// There is a new session, here or from another process.
    Fresh,
    /// There is a new session, and it could not be stored.
    NotStored(Arc<ApiError>),
    /// There is no new session.
    Failed(Arc<ApiError>),
}

impl SessionKeeper {
    /// Sees to credentials newer than `seen`. `Some`: there are, and they could not be stored.
    pub(super) async fn refresh(self: &Arc<Self>, seen: &Arc<Current>) -> Result<Option<ApiError>, ApiError> {
        if self.is_over() {
            return Err(ApiErrorKind::LoginOver.into());
        }
        let Some(mut flight) = self.join_flight(seen) else { return Ok(None) };
        // The sender is gone without a word only when the runtime is.
        let outcome = flight.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        match outcome.ok_or(ApiErrorKind::Interrupted)? {
            Landing::Fresh => Ok(None),
            Landing::NotStored(error) => Ok(Some(share(&error))),
            Landing::Failed(error) => Err(share(&error)),
        }
    }

    /// Sees to credentials newer than `seen`, without anybody who waits for them.
    pub(super) fn refresh_behind(self: &Arc<Self>, seen: &Arc<Current>) {
        self.join_flight(seen);
    }

    /// Joins the refresh that is under way, or begins one. `None`: `seen` has been replaced already.
    fn join_flight(self: &Arc<Self>, seen: &Arc<Current>) -> Option<Flight> {
        let mut running = locked(&self.flights.0);
        // A flight whose sender is gone was ended with its runtime.
        if let Some(flight) = running.as_ref().filter(|flight| flight.has_changed().is_ok()) {
            return Some(flight.clone());
        }
        if self.current().session.token() != seen.session.token() {
            return None;
        }
        let (sender, flight) = watch::channel(None);
        *running = Some(flight.clone());
        let keeper = Arc::clone(self);
        let seen = Arc::clone(seen);
        // A task of its own: whoever gives up waiting must not stop it between spending the old token and storing the
        // new one.
        spawn(Box::pin(async move {
            let outcome = keeper.fly(&seen).await;
            *locked(&keeper.flights.0) = None;
            sender.send_replace(Some(outcome));
        }));
        Some(flight)
    }

    async fn fly(&self, seen: &Current) -> Landing {
        match self.exchange(seen).await {
            Ok(None) => Landing::Fresh,
            Ok(Some(error)) => {
                warn!(error = %error, "the refreshed session is in use but could not be stored");
                Landing::NotStored(Arc::new(error))
            }
            Err(error) => {
                debug!(error = %error, "session not refreshed");
                Landing::Failed(Arc::new(error))
            }
        }
    }
}

/// One error for each of many who waited.
fn share(error: &Arc<ApiError>) -> ApiError {
    match error.source() {
        None => error.kind().clone().into(),
        Some(_) => ApiError::with_source(error.kind().clone(), SharedSource(Arc::clone(error))),
    }
}

/// The source of a shared error.
#[derive(Debug)]
struct SharedSource(Arc<ApiError>);

impl fmt::Display for SharedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.source().map_or(Ok(()), |source| write!(f, "{source}"))
    }
}

impl StdError for SharedSource {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source().and_then(StdError::source)
    }
}
