//! Sessions as they change.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use mezon_session::Session;
use tokio::sync::watch;

use crate::keeper::Current;

type Receiver = watch::Receiver<Arc<Current>>;
type Waiting = Pin<Box<dyn Future<Output = Option<Receiver>> + Send + Sync>>;

/// Each session of a client from the moment this was made: after a refresh, and after the server pushed new credentials.
/// Ends when the last clone of the client is dropped.
///
/// A session is in the store already when it comes out here, unless it could not be stored. Who is slow gets the newest
/// session and misses the ones between.
pub struct SessionChanges(State);

enum State {
    Idle(Receiver),
    Waiting(Waiting),
    Ended,
}

impl SessionChanges {
    pub(crate) fn new(receiver: Receiver) -> Self {
        Self(State::Idle(receiver))
    }

    /// The next session. `None`: there will be none, the client is gone.
    ///
    /// # Cancel safety
    /// Cancel safe: no session is lost.
    pub async fn next(&mut self) -> Option<Arc<Session>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Arc<Session>>> {
        loop {
            self.0 = match std::mem::replace(&mut self.0, State::Ended) {
                State::Ended => return Poll::Ready(None),
                State::Idle(receiver) => State::Waiting(Box::pin(changed(receiver))),
                State::Waiting(mut waiting) => match waiting.as_mut().poll(cx) {
                    Poll::Pending => {
                        self.0 = State::Waiting(waiting);
                        return Poll::Pending;
                    }
                    Poll::Ready(None) => State::Ended,
                    Poll::Ready(Some(mut receiver)) => {
                        let session = Arc::clone(&receiver.borrow_and_update().session);
                        self.0 = State::Idle(receiver);
                        return Poll::Ready(Some(session));
                    }
                },
            };
        }
    }
}

async fn changed(mut receiver: Receiver) -> Option<Receiver> {
    receiver.changed().await.is_ok().then_some(receiver)
}

impl Stream for SessionChanges {
    type Item = Arc<Session>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(ready!(self.poll(cx)))
    }
}

impl fmt::Debug for SessionChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionChanges").finish_non_exhaustive()
    }
}
