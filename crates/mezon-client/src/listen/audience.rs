//! Hands events to everybody who listens: handlers first, then streams.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mezon_realtime::Event;
use tokio::task::yield_now;

use super::from_event::FromEvent;
use super::handlers::{Caller, Registry};
use super::streams::{EventStream, EventsOf, MessageStream, Seat, Subscriber, Wanted};

/// Everybody who listens to a socket. It outlives single connections.
#[derive(Default)]
pub(crate) struct Audience {
    pub(crate) handlers: Arc<Registry>,
    /// Sorted by number.
    subscribers: Mutex<Vec<Subscriber>>,
    /// How many streams there have been.
    seats: AtomicU64,
}

impl Audience {
    /// Every event from now on.
    pub(crate) fn events(self: &Arc<Self>) -> EventStream {
        self.seat(EventStream::new)
    }

    /// Every message from now on.
    pub(crate) fn messages(self: &Arc<Self>) -> MessageStream {
        self.seat(MessageStream::new)
    }

    /// Every event of one type from now on, as far as it is `wanted`.
    pub(crate) fn events_of<T: FromEvent>(self: &Arc<Self>, wanted: Wanted) -> EventsOf<T> {
        self.seat(|seat| EventsOf::new(seat, wanted))
    }

    fn seat<S>(self: &Arc<Self>, make: impl FnOnce(Seat) -> (Subscriber, S)) -> S {
        let mut subscribers = self.subscribers();
        let number = self.seats.fetch_add(1, Ordering::Relaxed);
        let (subscriber, stream) = make(Seat::new(self, number));
        subscribers.push(subscriber);
        stream
    }

    /// A stream is dropped.
    pub(super) fn leave(&self, number: u64) {
        let mut subscribers = self.subscribers();
        let gone = subscribers.binary_search_by_key(&number, Subscriber::number).ok();
        let gone = gone.map(|at| subscribers.remove(at));
        drop(subscribers);
        drop(gone);
    }

    /// Nothing comes any more: every stream ends once it has been read.
    pub(crate) fn dismiss(&self) {
        self.subscribers().clear();
    }

    /// Whether a reader is far behind.
    fn is_crowded(&self) -> bool {
        self.subscribers().iter().any(Subscriber::is_crowded)
    }

    /// Gives up the streams of a connection that is over. One that is made from now on waits for the next connection.
    fn part_with_streams(&self) -> Vec<Subscriber> {
        std::mem::take(&mut *self.subscribers())
    }

    fn subscribers(&self) -> MutexGuard<'_, Vec<Subscriber>> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands events on: to the handlers first, then to the streams.
pub(crate) struct Delivery {
    audience: Arc<Audience>,
    caller: Caller,
    ready: VecDeque<Event>,
}

impl Delivery {
    pub(crate) fn to(audience: Arc<Audience>) -> Self {
        let caller = Caller::new(Arc::clone(&audience.handlers));
        Self { audience, caller, ready: VecDeque::new() }
    }

    pub(crate) fn audience(&self) -> &Audience {
        &self.audience
    }

    pub(crate) fn deliver(&mut self, event: Event) {
        if matches!(event, Event::Closed { .. }) {
            return self.end(event);
        }
        let called = self.caller.call(&event);
        self.ready.push_back(event);
        // A handler may take its time: the streams do not wait for those of later events. Without handlers they get a
        // whole batch at once.
        if called {
            self.publish();
        }
    }

    /// Delivers the last event of a connection, with which its streams end. Handlers hear of it first, and may make
    /// streams for the next connection then.
    fn end(&mut self, last: Event) {
        self.publish();
        let streams = self.audience.part_with_streams();
        self.caller.call(&last);
        publish(&mut [last].into(), &streams);
    }

    /// Whether no handler would be called for a message.
    pub(crate) fn is_unheard(&mut self) -> bool {
        self.caller.is_idle()
    }

    /// Hands on a whole batch, which no handler is called for.
    pub(crate) async fn deliver_batch(&mut self, batch: VecDeque<Event>) {
        self.ready = batch;
        self.flush().await;
    }

    /// Publishes what is ready. Readers on the same thread get their turn before their queues are full.
    pub(crate) async fn flush(&mut self) {
        self.publish();
        // An idle connection keeps no room for what is to come.
        self.ready = VecDeque::new();
        if self.audience.is_crowded() {
            yield_now().await;
        }
    }

    fn publish(&mut self) {
        if !self.ready.is_empty() {
            publish(&mut self.ready, &self.audience.subscribers());
        }
    }
}

/// Moves `events` to every stream that wants them. The last one gets them without a copy.
fn publish(events: &mut VecDeque<Event>, streams: &[Subscriber]) {
    if let Some((last, others)) = streams.split_last() {
        for stream in others {
            stream.send_copies(events);
        }
        last.send_batch(events);
    }
    events.clear();
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    /// A stream made as soon as another one ended was ended by the same connection; and later one that a handler made because of
    /// the end, before the streams were told.
    #[tokio::test]
    async fn streams_end_in_the_moment_of_the_last_event() {
        let audience = Arc::<Audience>::default();
        let mut ended = audience.events();
        let (made, mut waiting) = mpsc::unbounded_channel();
        let there = Arc::clone(&audience);
        let _handler = audience.handlers.on_event(Arc::new(move |_: &Event| {
            _ = made.send(there.events());
        }));
        let mut delivery = Delivery::to(Arc::clone(&audience));
        delivery.deliver(Event::Closed { reason: mezon_realtime::CloseReason::Requested });
        assert!(matches!(ended.next().await, Some(Event::Closed { .. })));
        assert!(ended.next().await.is_none());
        let mut next = waiting.recv().await.unwrap();
        delivery.deliver(Event::Ready { generation: 2 });
        delivery.publish();
        assert!(matches!(next.next().await, Some(Event::Ready { generation: 2 })));
    }

    /// They stayed until the next event, which may never come.
    #[test]
    fn a_stream_that_is_dropped_leaves_nothing_behind() {
        let audience = Arc::<Audience>::default();
        let (first, second, third) = (audience.events(), audience.messages(), audience.events());
        drop(second);
        assert_eq!(audience.subscribers().iter().map(Subscriber::number).collect::<Vec<_>>(), [0, 2]);
        drop((first, third));
        assert!(audience.subscribers().is_empty());
        let last = audience.events();
        drop(audience.part_with_streams());
        drop(last);
    }
}
