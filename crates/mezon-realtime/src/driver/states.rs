//! The state of a connection, as a value that changes.

use tokio::sync::watch;

use crate::ConnectionState;

/// Follows the state of a connection. It keeps only the newest state: one that is passed through quickly may be
/// skipped. The [`Events`](crate::Events) tell every step.
#[derive(Clone, Debug)]
pub struct States(watch::Receiver<ConnectionState>);

impl States {
    pub(super) fn new(mut receiver: watch::Receiver<ConnectionState>) -> Self {
        receiver.mark_unchanged();
        Self(receiver)
    }

    /// The state now.
    pub fn current(&self) -> ConnectionState {
        self.0.borrow().clone()
    }

    /// The next state. `None`: the connection is over, and the state will not change any more.
    ///
    /// # Cancel safety
    /// Cancel safe: a change is not lost when the future is dropped.
    pub async fn next(&mut self) -> Option<ConnectionState> {
        self.0.changed().await.ok()?;
        Some(self.0.borrow_and_update().clone())
    }

    /// Waits until the state is as wanted; it may be so already. `None`: the connection is over, and it never was.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn wait_for(&mut self, wanted: impl FnMut(&ConnectionState) -> bool) -> Option<ConnectionState> {
        self.0.wait_for(wanted).await.ok().map(|state| state.clone())
    }
}
