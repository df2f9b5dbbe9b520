//! What the application tells the dispatcher.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::machine::Input;

/// Inputs of the machine that come from the application, in their order.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    inner: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    waiting: Vec<Input>,
    waker: Option<Waker>,
}

impl Requests {
    pub(crate) fn push(&self, input: Input) {
        let mut inner = self.lock();
        inner.waiting.push(input);
        if let Some(waker) = inner.waker.take() {
            waker.wake();
        }
    }

    /// All that wait, at least one.
    pub(super) fn poll(&self, context: &mut Context<'_>) -> Poll<Vec<Input>> {
        let mut inner = self.lock();
        if !inner.waiting.is_empty() {
            return Poll::Ready(std::mem::take(&mut inner.waiting));
        }
        if !inner.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            inner.waker = Some(context.waker().clone());
        }
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::time::Duration;

    use mezon_model::ChannelId;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_the_application_tells_wakes_whoever_waits_for_it() {
        let requests = Arc::new(Requests::default());
        let waiting = Arc::clone(&requests);
        let heard = tokio::spawn(poll_fn(move |context| waiting.poll(context)));
        tokio::task::yield_now().await;
        requests.push(Input::Leaving(ChannelId::new(7)));
        let heard = tokio::time::timeout(Duration::from_secs(1), heard).await.expect("it is woken").unwrap();
        assert!(matches!(heard.as_slice(), [Input::Leaving(channel)] if channel.get() == 7));
    }
}
