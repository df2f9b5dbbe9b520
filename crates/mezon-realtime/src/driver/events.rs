//! The queue between a connection and the application.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use futures_core::Stream;

use super::inbox::Inbox;
use super::memory::memory;
use super::wake;
use crate::Event;

/// How many bytes of events wait in a queue by default: 1,024 ordinary events take less than a tenth of it.
pub(crate) const EVENT_MEMORY: usize = 8 << 20;

/// So many events about the connection itself are kept beyond the limit: they are rare and matter most. The current
/// state is always in [`Socket::state`](crate::Socket::state).
const STATES_BEYOND_LIMIT: usize = 64;

/// Everything that happens on a connection, in order. Ends after [`Event::Closed`].
///
/// The connection never waits for its application: when the queue is full, events are dropped and [`Event::Lagged`]
/// marks the place with their number. At most 1,024 events that take 8 MiB of memory wait in the queue (two settings), and
/// as many in the batch that the stream took last; ordinary ones are under 1 KiB. Dropping the stream is allowed: calls
/// still work, and nothing is queued any more.
#[derive(Debug)]
pub struct Events {
    queue: Arc<Queue>,
    /// Taken from the queue in one go, so that the lock is touched once a batch.
    batch: VecDeque<Event>,
    /// The connection to be told when nobody listens any more.
    connection: Option<Arc<Inbox>>,
}

/// Fills an event stream: for programs that hand events on to readers of their own. The stream ends when this is
/// dropped.
#[derive(Debug)]
pub struct EventSender {
    queue: Arc<Queue>,
}

#[derive(Debug)]
struct Queue {
    limits: Limits,
    inner: Mutex<Waiting>,
}

/// How much waits at most.
#[derive(Clone, Copy, Debug)]
struct Limits {
    events: usize,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Event>,
    /// What they take in memory.
    bytes: usize,
    waker: Option<Waker>,
    /// Nothing comes any more.
    ended: bool,
    /// Nobody listens any more.
    unheard: bool,
}

impl Events {
    /// A stream of its own, in which at most `limit` events wait, and at most 8 MiB of them. It behaves as that of a
    /// connection: a reader who is slower than the sender loses events, and finds an [`Event::Lagged`] in their place.
    pub fn channel(limit: usize) -> (EventSender, Self) {
        Self::channel_within(limit, EVENT_MEMORY)
    }

    /// As [`Events::channel`], with another limit for the bytes that the waiting events take in memory.
    pub fn channel_within(events: usize, bytes: usize) -> (EventSender, Self) {
        let queue = Arc::new(Queue { limits: Limits { events, bytes }, inner: Mutex::default() });
        (EventSender { queue: Arc::clone(&queue) }, Self { queue, batch: VecDeque::new(), connection: None })
    }

    /// Tells the driver when the stream is dropped: the connection may have been kept up for it alone.
    pub(super) fn of_connection(mut self, inbox: Arc<Inbox>) -> Self {
        self.connection = Some(inbox);
        self
    }

    /// The next event; `None` after [`Event::Closed`].
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|context| self.poll_event(context)).await
    }

    /// All events that wait, at least one; `None` after [`Event::Closed`]. For those who hand many on: a whole batch costs
    /// little more than one event.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost when the future is dropped.
    pub async fn next_batch(&mut self) -> Option<VecDeque<Event>> {
        std::future::poll_fn(|context| {
            let some = ready!(self.poll_batch(context));
            Poll::Ready(some.then(|| std::mem::take(&mut self.batch)))
        })
        .await
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        if self.batch.is_empty() {
            ready!(self.poll_batch(context));
        }
        Poll::Ready(self.batch.pop_front())
    }

    /// Fills the batch, unless there is something in it. False: nothing comes any more.
    fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        if !self.batch.is_empty() {
            return Poll::Ready(true);
        }
        let mut inner = self.queue.lock();
        if inner.events.is_empty() {
            if inner.ended {
                return Poll::Ready(false);
            }
            if !inner.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                inner.waker = Some(context.waker().clone());
            }
            // An idle stream keeps no room for what is to come.
            (self.batch, inner.events) = (VecDeque::new(), VecDeque::new());
            return Poll::Pending;
        }
        std::mem::swap(&mut inner.events, &mut self.batch);
        inner.bytes = 0;
        Poll::Ready(true)
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_event(context)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let mut inner = self.queue.lock();
        inner.unheard = true;
        inner.events = VecDeque::new();
        drop(inner);
        if let Some(connection) = &self.connection {
            connection.wish(|wishes| wishes.unheard = true);
        }
    }
}

impl EventSender {
    /// Queues `events`, in order, and wakes the reader once. What finds no room is dropped, and counted in an
    /// [`Event::Lagged`] at its place.
    pub fn send_all(&self, events: impl IntoIterator<Item = Event>) {
        let mut inner = self.queue.lock();
        if inner.unheard {
            return;
        }
        let events = events.into_iter();
        inner.events.reserve(events.size_hint().0);
        for event in events {
            inner.push(event, self.queue.limits);
        }
        let sleeper = inner.waker.take();
        wake(inner, sleeper);
    }

    /// As [`EventSender::send_all`], for a batch as [`Events::next_batch`] gives it, which is empty afterwards. When no other
    /// event waits it is exchanged for the empty queue, with the room that this has.
    pub fn send_batch(&self, events: &mut VecDeque<Event>) {
        let bytes: usize = events.iter().map(memory).sum();
        let mut inner = self.queue.lock();
        let limits = self.queue.limits;
        if !inner.unheard && inner.events.is_empty() && events.len() <= limits.events && bytes <= limits.bytes {
            std::mem::swap(&mut inner.events, events);
            inner.bytes = bytes;
            let sleeper = inner.waker.take();
            return wake(inner, sleeper);
        }
        drop(inner);
        self.send_all(events.drain(..));
    }

    /// How many events wait to be taken.
    pub fn waiting(&self) -> usize {
        self.queue.lock().events.len()
    }

    /// Whether the stream was dropped.
    pub fn is_closed(&self) -> bool {
        self.queue.lock().unheard
    }
}

impl Drop for EventSender {
    fn drop(&mut self) {
        let mut inner = self.queue.lock();
        inner.ended = true;
        let sleeper = inner.waker.take();
        wake(inner, sleeper);
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn push(&mut self, event: Event, limits: Limits) {
        let missing = if let Event::Lagged { dropped } = event { dropped } else { 1 };
        let bytes = memory(&event);
        let fits = match event {
            // There is one, and it is the last.
            Event::Closed { .. } => true,
            ref event if event.is_connection_state() => {
                self.events.len() < limits.events.saturating_add(STATES_BEYOND_LIMIT)
            }
            _ => self.events.len() < limits.events && self.bytes + bytes <= limits.bytes,
        };
        if fits {
            self.bytes += bytes;
            self.events.push_back(event);
        } else if let Some(Event::Lagged { dropped }) = self.events.back_mut() {
            *dropped += missing;
        } else {
            self.events.push_back(Event::Lagged { dropped: missing });
        }
    }
}

#[cfg(test)]
mod tests {
    use mezon_proto::wire::RawMessage;

    use super::*;

    const THREE: Limits = Limits { events: 3, bytes: usize::MAX };

    fn other(field: u32) -> Event {
        Event::Push(RawMessage::new(field, bytes::Bytes::new()))
    }

    fn names(inner: &Waiting) -> Vec<&'static str> {
        inner.events.iter().map(Event::name).collect()
    }

    #[test]
    fn a_full_queue_marks_the_place_of_what_it_drops() {
        let mut inner = Waiting::default();
        for field in 0..5 {
            inner.push(other(field), THREE);
        }
        assert_eq!(names(&inner), ["push", "push", "push", "lagged"]);
        assert!(matches!(inner.events.back(), Some(Event::Lagged { dropped: 2 })));
        // What happened to the connection itself is still told, in order.
        inner.push(Event::Ready { generation: 1 }, THREE);
        inner.push(other(5), THREE);
        assert_eq!(names(&inner)[3..], ["lagged", "ready", "lagged"]);
    }

    #[tokio::test]
    async fn a_batch_is_handed_on_with_the_same_bounds() {
        let (sender, mut events) = Events::channel(3);
        sender.send_batch(&mut (0..2).map(other).collect());
        assert_eq!(sender.waiting(), 2);
        sender.send_batch(&mut (2..5).map(other).collect());
        let batch = events.next_batch().await.unwrap();
        assert_eq!(batch.iter().map(Event::name).collect::<Vec<_>>(), ["push", "push", "push", "lagged"]);
        sender.send_batch(&mut (0..4).map(other).collect());
        assert!(matches!(events.next_batch().await.unwrap().back(), Some(Event::Lagged { dropped: 1 })));
        drop(sender);
        assert!(events.next_batch().await.is_none());
    }

    #[tokio::test]
    async fn large_events_fill_a_queue_that_has_room_for_many() {
        let large = |field| Event::Push(RawMessage::new(field, vec![0; 100_000]));
        let (sender, mut events) = Events::channel_within(1_000, 1_000_000);
        // A batch is exchanged only when it fits, and what the reader has taken counts no more.
        for _ in 0..3 {
            sender.send_batch(&mut (0..20).map(large).collect());
            sender.send_all([Event::Ready { generation: 1 }, large(20)]);
            let batch = events.next_batch().await.unwrap();
            let names: Vec<_> = batch.iter().map(Event::name).collect();
            assert_eq!(names, [vec!["push"; 9], vec!["lagged", "ready", "lagged"]].concat());
            assert!(matches!(batch.get(9), Some(Event::Lagged { dropped: 11 })));
        }
        sender.send_batch(&mut (0..9).map(large).collect());
        sender.send_all((9..11).map(large));
        let batch = events.next_batch().await.unwrap();
        assert_eq!(batch.len(), 10);
        assert!(matches!(batch.back(), Some(Event::Lagged { dropped: 2 })), "a batch that was exchanged counts");
    }

    #[test]
    fn a_connection_that_flaps_unheard_fills_no_memory_and_still_ends() {
        let mut inner = Waiting::default();
        for generation in 0..100_000 {
            inner.push(Event::Ready { generation }, Limits { events: 10, ..THREE });
            inner.push(other(0), Limits { events: 10, ..THREE });
        }
        assert!(inner.events.len() <= 2 * (10 + STATES_BEYOND_LIMIT), "{}", inner.events.len());
        inner.push(Event::Closed { reason: crate::CloseReason::Requested }, Limits { events: 10, ..THREE });
        assert_eq!(names(&inner).last(), Some(&"closed"));
    }
}
