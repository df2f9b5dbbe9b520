//! A value that tasks wait for.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// A value that tasks wait for.
///
/// A watch channel of tokio does the same and more. It takes 340 bytes, and an idle connection would pay for three.
#[derive(Debug, Default)]
pub(crate) struct Watched<T> {
    value: Mutex<T>,
    changed: Notify,
}

impl<T: Copy> Watched<T> {
    pub(crate) fn get(&self) -> T {
        *self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, value: T) {
        *self.value.lock().unwrap_or_else(PoisonError::into_inner) = value;
        self.changed.notify_waiters();
    }

    /// Waits until the value is as wanted; it may be so already. Values that pass quickly may be missed.
    pub(crate) async fn wait_for(&self, wanted: impl Fn(T) -> bool) -> T {
        loop {
            // Made before the value is looked at: from here on no change is missed.
            let changed = self.changed.notified();
            let value = self.get();
            if wanted(value) {
                return value;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn all_who_wait_are_told() {
        let watched = Arc::new(Watched::<u8>::default());
        assert_eq!(watched.wait_for(|value| value == 0).await, 0, "it is so already");
        let waiting = [1, 2, 2].map(|wanted| {
            let watched = Arc::clone(&watched);
            tokio::spawn(async move { watched.wait_for(|value| value >= wanted).await })
        });
        yield_now().await;
        watched.set(1);
        yield_now().await;
        assert_eq!(waiting.each_ref().map(tokio::task::JoinHandle::is_finished), [true, false, false]);
        watched.set(2);
        for task in waiting {
            assert!(task.await.unwrap() >= 1);
        }
    }
}
