//! Events as streams: any number of readers, each with a bounded queue of its own.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use mezon_model::ChannelMessage;
use mezon_realtime::Event;
use tokio::sync::mpsc;

/// How many events wait for one reader. The same bound as the socket's own queue (docs/reliability.md).
const QUEUE: usize = 1_024;

/// Every event of a socket, in the order the server sent them. Ends when the socket is gone for good.
///
/// A reader that falls more than 1,024 events behind loses the newest ones and is told so by [`Event::Lagged`], at the
/// place where they are missing. Other readers, handlers and the connection are not held up.
#[derive(Debug)]
pub struct EventStream {
    queue: mpsc::Receiver<Event>,
    missed: Arc<AtomicU64>,
}

/// The messages of a socket, in the order the server sent them. Ends when the socket is gone for good.
#[derive(Debug)]
pub struct MessageStream(EventStream);

/// A reader was too slow: this many events were dropped here. Read the channel's history to fill the hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagged {
    /// How many.
    pub dropped: u64,
}

/// The sending side of one [`EventStream`].
pub(crate) struct Subscriber {
    queue: mpsc::Sender<Event>,
    missed: Arc<AtomicU64>,
    messages_only: bool,
}

impl EventStream {
    /// The next event; `None` when the socket is gone for good.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|context| self.poll_event(context)).await
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        match self.queue.poll_recv(context) {
            // The queue ran empty after events were dropped: the hole is here. (A full queue can be pending too, when
            // the task has used up its turn.)
            Poll::Pending if self.queue.is_empty() => match self.missed.swap(0, Ordering::Relaxed) {
                0 => Poll::Pending,
                dropped => Poll::Ready(Some(Event::Lagged { dropped })),
            },
            event => event,
        }
    }
}

impl MessageStream {
    /// The next message, or how many were dropped because this reader was too slow; `None` when the socket is gone for
    /// good.
    ///
    /// # Cancel safety
    /// Cancel safe: no message is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<ChannelMessage, Lagged>> {
        std::future::poll_fn(|context| self.poll_message(context)).await
    }

    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<ChannelMessage, Lagged>>> {
        loop {
            return Poll::Ready(match ready!(self.0.poll_event(context)) {
                Some(Event::Message(message)) => Some(Ok(message)),
                Some(Event::Lagged { dropped }) => Some(Err(Lagged { dropped })),
                Some(_) => continue,
                None => None,
            });
        }
    }
}

impl Stream for EventStream {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_event(context)
    }
}

impl Stream for MessageStream {
    type Item = Result<ChannelMessage, Lagged>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(context)
    }
}

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the reader was too slow and {} events were dropped, read the history to fill the hole", self.dropped)
    }
}

impl std::error::Error for Lagged {}

impl Subscriber {
    pub(crate) fn events() -> (Self, EventStream) {
        Self::new(false)
    }

    pub(crate) fn messages() -> (Self, MessageStream) {
        let (subscriber, stream) = Self::new(true);
        (subscriber, MessageStream(stream))
    }

    fn new(messages_only: bool) -> (Self, EventStream) {
        let (sender, queue) = mpsc::channel(QUEUE);
        let missed = Arc::new(AtomicU64::new(0));
        (Self { queue: sender, missed: Arc::clone(&missed), messages_only }, EventStream { queue, missed })
    }

    /// Whether the reader asked for events like this one.
    pub(crate) fn wants(&self, event: &Event) -> bool {
        !self.messages_only || matches!(event, Event::Message(_) | Event::Lagged { .. })
    }

    /// Whether half of the queue is taken.
    pub(crate) fn is_crowded(&self) -> bool {
        self.queue.capacity() < QUEUE / 2
    }

    /// Whether the reader is still there.
    pub(crate) fn is_alive(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Queues `event`, or counts it as dropped. `false`: the reader is gone.
    pub(crate) fn push(&self, event: Event) -> bool {
        let dropped = self.missed.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            // The marker and the event go in together, so that the marker stands where the hole is.
            match self.queue.try_reserve_many(2) {
                Ok(mut permits) => {
                    if let (Some(marker), Some(next)) = (permits.next(), permits.next()) {
                        marker.send(Event::Lagged { dropped });
                        next.send(event);
                    }
                }
                Err(_) => {
                    self.missed.fetch_add(dropped + 1, Ordering::Relaxed);
                }
            }
        } else if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(event) {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
        !self.queue.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(generation: u64) -> Event {
        Event::Ready { generation }
    }

    fn generation(event: Option<Event>) -> u64 {
        match event {
            Some(Event::Ready { generation }) => generation,
            other => panic!("{other:?}"),
        }
    }

    fn fill(subscriber: &Subscriber) {
        for n in 0..QUEUE as u64 {
            assert!(subscriber.push(ready(n)));
        }
    }

    #[tokio::test]
    async fn a_slow_reader_finds_the_hole_where_it_is() {
        let (subscriber, mut stream) = Subscriber::events();
        fill(&subscriber);
        subscriber.push(ready(10_000));
        subscriber.push(ready(10_001));
        assert_eq!(generation(stream.next().await), 0);
        assert_eq!(generation(stream.next().await), 1);
        subscriber.push(ready(10_002));

        for n in 2..QUEUE as u64 {
            assert_eq!(generation(stream.next().await), n);
        }
        assert!(matches!(stream.next().await, Some(Event::Lagged { dropped: 2 })));
        assert_eq!(generation(stream.next().await), 10_002);
    }

    #[tokio::test]
    async fn a_hole_at_the_end_is_told_without_another_event() {
        let (subscriber, mut stream) = Subscriber::events();
        fill(&subscriber);
        subscriber.push(ready(10_000));
        for n in 0..QUEUE as u64 {
            assert_eq!(generation(stream.next().await), n);
        }
        assert!(matches!(stream.next().await, Some(Event::Lagged { dropped: 1 })));
    }

    #[tokio::test]
    async fn a_reader_of_messages_is_not_filled_with_other_events() {
        let (subscriber, _stream) = Subscriber::messages();
        assert!(!subscriber.wants(&ready(1)));
        assert!(subscriber.wants(&Event::Lagged { dropped: 1 }));
    }

    #[tokio::test]
    async fn a_reader_who_is_gone_is_noticed() {
        let (subscriber, stream) = Subscriber::events();
        drop(stream);
        assert!(!subscriber.push(ready(1)));
    }
}
