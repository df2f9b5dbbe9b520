//! Credentials that the server pushes, on their way to the token source.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use mezon_session::{BoxFuture, SessionUpdate, TokenSource};
use tokio::task::JoinHandle;

/// How many updates wait to be stored. Only a broken server sends more; the older ones go then.
const WAITING: usize = 16;

/// Stores one update after the other, each in a task of its own: rotated credentials must not be lost because a connection
/// ends, and the newest are to be the last.
pub(super) struct Storing {
    source: Arc<dyn TokenSource>,
    waiting: VecDeque<SessionUpdate>,
    task: Option<JoinHandle<bool>>,
}

impl Storing {
    pub(super) fn new(source: Arc<dyn TokenSource>) -> Self {
        Self { source, waiting: VecDeque::new(), task: None }
    }

    pub(super) fn push(&mut self, update: SessionUpdate) {
        if self.waiting.len() >= WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(update);
    }

    /// Begins what can begin. `Some`: something has moved; true when credentials have been stored.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Option<bool> {
        let mut moved = None;
        if let Some(task) = &mut self.task {
            let Poll::Ready(stored) = Pin::new(task).poll(context) else { return None };
            self.task = None;
            moved = Some(stored.unwrap_or(false));
        }
        if let Some(update) = self.waiting.pop_front() {
            self.task = Some(spawn(Box::pin(store(Arc::clone(&self.source), update))));
            moved = moved.or(Some(false));
        }
        moved
    }

    /// The connection is over. What waits needs none.
    pub(super) fn finish(&mut self) {
        let (task, waiting) = (self.task.take(), std::mem::take(&mut self.waiting));
        if waiting.is_empty() {
            return;
        }
        let source = Arc::clone(&self.source);
        spawn(Box::pin(async move {
            if let Some(task) = task {
                let _ = task.await;
            }
            let mut stored = false;
            for update in waiting {
                stored = store(Arc::clone(&source), update).await;
            }
            stored
        }));
    }
}

/// The runtime knows these tasks as one type of future: what it does for a task is compiled for each.
fn spawn(work: BoxFuture<'static, bool>) -> JoinHandle<bool> {
    tokio::spawn(work)
}

/// Whether it worked.
async fn store(source: Arc<dyn TokenSource>, update: SessionUpdate) -> bool {
    let stored = source.pushed(update).await;
    if let Err(error) = &stored {
        tracing::warn!(error = format_args!("{error:#}"), "pushed credentials could not be taken over");
    }
    stored.is_ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use mezon_session::{Session, TokenError};

    use super::*;

    /// Remembers what was pushed.
    #[derive(Default)]
    struct Kept(Mutex<Vec<String>>);

    impl TokenSource for Kept {
        fn credentials(&self) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
            unreachable!("nobody connects")
        }

        fn refused(&self, _: Arc<Session>) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
            self.credentials()
        }

        fn pushed(&self, update: SessionUpdate) -> BoxFuture<'_, Result<(), TokenError>> {
            self.0.lock().unwrap().push(update.api_url.unwrap());
            Box::pin(async { Ok(()) })
        }
    }

    #[tokio::test]
    async fn of_too_many_credentials_the_newest_are_stored_in_their_order() {
        let kept = Arc::new(Kept::default());
        let mut storing = Storing::new(Arc::clone(&kept) as _);
        for number in 0..WAITING + 5 {
            storing.push(SessionUpdate { api_url: Some(number.to_string()), ..SessionUpdate::default() });
        }
        let mut stored = 0;
        while stored < WAITING {
            let moved = std::future::poll_fn(|context| storing.poll(context).map_or(Poll::Pending, Poll::Ready));
            stored += usize::from(moved.await);
        }
        let expected: Vec<_> = (5..WAITING + 5).map(|number| number.to_string()).collect();
        assert_eq!(*kept.0.lock().unwrap(), expected);
    }
}
