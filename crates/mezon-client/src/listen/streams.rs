//! Events as streams: any number of readers, each with a bounded queue of its own.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use mezon_model::ChannelMessage;
use mezon_realtime::{Event, EventSender, Events};

use super::audience::Audience;

/// How many events wait for one reader. The same bound as the socket's own queue (docs/reliability.md).
const QUEUE: usize = 1_024;

/// Every event of a socket. Ends when the connection is over for good.
///
/// While a connection is up they come in the order the server sent them. After a reconnect that order has an exception:
/// what was missed is read channel by channel, and so comes behind the messages that came in live before it was read. A
/// message from the history may be older than one that was delivered before it; [`ChannelMessage::id`] tells, it grows
/// with time.
///
/// A reader that falls more than 1,024 events behind loses the newest ones and is told so by [`Event::Lagged`], at the
/// place where they are missing. Other readers, handlers and the connection are not held up.
#[derive(Debug)]
pub struct EventStream {
    events: Events,
    _seat: Seat,
}

/// The messages of a socket, each once, in the order of [`EventStream`]. Ends when the connection is over for good.
#[derive(Debug)]
pub struct MessageStream {
    events: Events,
    _seat: Seat,
}

/// A reader was too slow: this many events were dropped here. Read the channel's history to fill the hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagged {
    /// How many.
    pub dropped: u64,
}

/// The sending side of one stream.
pub(crate) struct Subscriber {
    queue: EventSender,
    messages_only: bool,
    number: u64,
}

/// A stream's place in its audience, which it gives up when it is dropped.
pub(super) struct Seat {
    audience: Weak<Audience>,
    number: u64,
}

impl EventStream {
    /// The next event; `None` when the connection is over for good.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.next().await
    }
}

impl MessageStream {
    /// The next message, or how many were dropped because this reader was too slow; `None` when the connection is over
    /// for good.
    ///
    /// # Cancel safety
    /// Cancel safe: no message is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<ChannelMessage, Lagged>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for EventStream {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        Pin::new(&mut self.events).poll_next(context)
    }
}

impl Stream for MessageStream {
    type Item = Result<ChannelMessage, Lagged>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return Poll::Ready(match ready!(Pin::new(&mut self.events).poll_next(context)) {
                Some(Event::Message(message)) => Some(Ok(message)),
                Some(Event::Lagged { dropped }) => Some(Err(Lagged { dropped })),
                Some(_) => continue,
                None => None,
            });
        }
    }
}

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the reader was too slow and {} events were dropped, read the history to fill the hole", self.dropped)
    }
}

impl std::error::Error for Lagged {}

impl EventStream {
    pub(super) fn new(seat: Seat) -> (Subscriber, Self) {
        let (queue, events) = Events::channel(QUEUE);
        (Subscriber { queue, messages_only: false, number: seat.number }, Self { events, _seat: seat })
    }
}

impl MessageStream {
    pub(super) fn new(seat: Seat) -> (Subscriber, Self) {
        let (queue, events) = Events::channel(QUEUE);
        (Subscriber { queue, messages_only: true, number: seat.number }, Self { events, _seat: seat })
    }
}

impl Seat {
    pub(super) fn new(audience: &Arc<Audience>, number: u64) -> Self {
        Self { audience: Arc::downgrade(audience), number }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(audience) = self.audience.upgrade() {
            audience.leave(self.number);
        }
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Seat").field(&self.number).finish()
    }
}

impl Subscriber {
    /// Queues what the reader asked for. What finds no room is counted, and told at its place.
    pub(crate) fn send_all(&self, events: impl IntoIterator<Item = Event>) {
        self.queue.send_all(events.into_iter().filter(|event| self.wants(event)));
    }

    /// As `send_all`, for a whole batch, which is empty afterwards.
    pub(crate) fn send_batch(&self, events: &mut VecDeque<Event>) {
        if events.iter().all(|event| self.wants(event)) {
            self.queue.send_batch(events);
        } else {
            self.send_all(events.drain(..));
        }
    }

    /// Whether half of the queue is taken.
    pub(crate) fn is_crowded(&self) -> bool {
        self.queue.waiting() > QUEUE / 2
    }

    /// Which of all streams it is.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    fn wants(&self, event: &Event) -> bool {
        !self.messages_only || matches!(event, Event::Message(_) | Event::Lagged { .. })
    }
}

#[cfg(test)]
mod tests {
    use mezon_model::MessageParts;

    use super::*;

    /// A stream in an audience that is gone.
    fn messages() -> (Subscriber, MessageStream) {
        MessageStream::new(Seat { audience: Weak::new(), number: 0 })
    }

    fn ready(generation: u64) -> Event {
        Event::Ready { generation }
    }

    fn message() -> Event {
        Event::Message(MessageParts::default().into())
    }

    #[tokio::test]
    async fn a_slow_reader_finds_the_hole_where_it_is() {
        let (subscriber, mut stream) = messages();
        let flood = QUEUE as u64 + 2;
        subscriber.send_all((0..flood).map(|_| message()));
        assert!(subscriber.is_crowded());
        assert!(stream.next().await.unwrap().is_ok());
        subscriber.send_all([message()]);
        for _ in 1..QUEUE {
            assert!(stream.next().await.unwrap().is_ok());
        }
        assert_eq!(stream.next().await.unwrap(), Err(Lagged { dropped: 2 }));
        assert!(stream.next().await.unwrap().is_ok(), "what came after the hole");
        drop(subscriber);
        assert!(stream.next().await.is_none());
    }

    #[tokio::test]
    async fn a_reader_of_messages_is_not_filled_with_other_events() {
        let (subscriber, _stream) = messages();
        subscriber.send_all((0..10_000).map(ready));
        assert!(!subscriber.is_crowded());
    }

    #[tokio::test]
    async fn a_hole_that_finds_no_room_counts_in_full() {
        let (subscriber, mut stream) = messages();
        subscriber.send_all((0..QUEUE).map(|_| message()));
        subscriber.send_all([Event::Lagged { dropped: 500 }, message()]);
        for _ in 0..QUEUE {
            assert!(stream.next().await.unwrap().is_ok());
        }
        assert_eq!(stream.next().await.unwrap(), Err(Lagged { dropped: 501 }));
    }
}
