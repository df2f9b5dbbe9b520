//! Events as streams: any number of readers, each with a bounded queue of its own.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use mezon_model::{ChannelId, ChannelMessage};
use mezon_proto::wire::WireError;
use mezon_realtime::{Event, EventSender, Events};

use super::audience::Audience;
use super::from_event::FromEvent;

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

/// The events of one type, in the order of [`EventStream`]. Ends when the connection is over for good.
///
/// An event is decoded when it is taken out, so what nobody takes out is not decoded.
pub struct EventsOf<T> {
    events: Events,
    _seat: Seat,
    of: PhantomData<fn() -> T>,
}

/// What a reader of one type of events does not get.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missed {
    /// Events of any type were dropped here, because this reader or the whole application was too slow.
    Lagged(Lagged),
    /// An event of the type cannot be decoded.
    Undecodable(WireError),
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
    wanted: Wanted,
    number: u64,
}

/// What one stream is for. Every one is told of lags.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    All,
    Messages,
    /// Messages of the socket with one of these numbers, of one channel or of all.
    Arms(&'static [u32], Option<ChannelId>),
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

impl<T: FromEvent> EventsOf<T> {
    /// The next event, or what stands in its place; `None` when the connection is over for good.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Result<T, Missed>> {
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

impl<T: FromEvent> Stream for EventsOf<T> {
    type Item = Result<T, Missed>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(event) = ready!(Pin::new(&mut self.events).poll_next(context)) else { return Poll::Ready(None) };
            if let Event::Lagged { dropped } = event {
                return Poll::Ready(Some(Err(Missed::Lagged(Lagged { dropped }))));
            }
            match T::from_event(&event) {
                Ok(Some(event)) => return Poll::Ready(Some(Ok(event))),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Some(Err(Missed::Undecodable(error)))),
            }
        }
    }
}

impl<T> fmt::Debug for EventsOf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventsOf").field("events", &self.events).finish_non_exhaustive()
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lagged(lagged) => lagged.fmt(f),
            Self::Undecodable(error) => write!(f, "the event could not be decoded: {error}"),
        }
    }
}

impl std::error::Error for Missed {}

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the reader was too slow and {} events were dropped, read the history to fill the hole", self.dropped)
    }
}

impl std::error::Error for Lagged {}

impl EventStream {
    pub(super) fn new(seat: Seat) -> (Subscriber, Self) {
        let (queue, events) = Events::channel(QUEUE);
        (Subscriber { queue, wanted: Wanted::All, number: seat.number }, Self { events, _seat: seat })
    }
}

impl<T> EventsOf<T> {
    pub(super) fn new(seat: Seat, wanted: Wanted) -> (Subscriber, Self) {
        let (queue, events) = Events::channel(QUEUE);
        (Subscriber { queue, wanted, number: seat.number }, Self { events, _seat: seat, of: PhantomData })
    }
}

impl MessageStream {
    pub(super) fn new(seat: Seat) -> (Subscriber, Self) {
        let (queue, events) = Events::channel(QUEUE);
        (Subscriber { queue, wanted: Wanted::Messages, number: seat.number }, Self { events, _seat: seat })
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
    /// Queues copies of what the reader asked for. What finds no room is counted, and told at its place.
    pub(crate) fn send_copies(&self, events: &VecDeque<Event>) {
        let mut wanted = events.iter().filter(|event| self.wanted.includes(event)).cloned().peekable();
        // A reader is not woken for nothing.
        if wanted.peek().is_some() {
            self.queue.send_all(wanted);
        }
    }

    /// As `send_copies`, for a whole batch, which is empty afterwards.
    pub(crate) fn send_batch(&self, events: &mut VecDeque<Event>) {
        events.retain(|event| self.wanted.includes(event));
        if !events.is_empty() {
            self.queue.send_batch(events);
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
}

impl Wanted {
    fn includes(self, event: &Event) -> bool {
        match self {
            Self::All => true,
            Self::Messages => matches!(event, Event::Message(_) | Event::Lagged { .. }),
            Self::Arms(arms, channel) => match event.arm() {
                Some(arm) => arms.contains(&arm) && (channel.is_none() || event.channel_id() == channel),
                None => matches!(event, Event::Lagged { .. }),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Wake;

    use mezon_model::MessageParts;
    use mezon_model::event::Typing;
    use mezon_proto::realtime::{ChannelDeletedEvent, MessageTypingEvent};
    use mezon_proto::wire::{Arm as _, RawMessage};

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// A stream in an audience that is gone.
    fn messages() -> (Subscriber, MessageStream) {
        MessageStream::new(Seat { audience: Weak::new(), number: 0 })
    }

    fn send(subscriber: &Subscriber, events: impl IntoIterator<Item = Event>) {
        subscriber.send_copies(&events.into_iter().collect());
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
        send(&subscriber, (0..flood).map(|_| message()));
        assert!(subscriber.is_crowded());
        assert!(stream.next().await.unwrap().is_ok());
        send(&subscriber, [message()]);
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
        send(&subscriber, (0..10_000).map(ready));
        assert!(!subscriber.is_crowded());
    }

    #[tokio::test]
    async fn a_stream_of_one_type_has_what_it_is_of_and_decodes_no_more() {
        let typing = |channel_id| MessageTypingEvent { channel_id, ..Default::default() };
        let push = |channel_id| Event::Push(RawMessage::of(&typing(channel_id)));
        let other = Event::Push(RawMessage::of(&ChannelDeletedEvent::default()));
        let damaged = Event::Push(RawMessage::new(MessageTypingEvent::NUMBER, vec![0x10, 7, 0x0a]));
        let events: VecDeque<_> = [message(), other, push(7), damaged, push(8), ready(1)].into();

        let seat = Seat { audience: Weak::new(), number: 0 };
        let (all, mut typed) = EventsOf::<Typing>::new(seat, Wanted::Arms(Typing::ARMS, None));
        let seat = Seat { audience: Weak::new(), number: 1 };
        let seven = Wanted::Arms(MessageTypingEvent::ARMS, Some(ChannelId::new(7)));
        let (of_seven, mut of_channel) = EventsOf::<MessageTypingEvent>::new(seat, seven);
        all.send_copies(&events);
        of_seven.send_batch(&mut events.clone());
        assert_eq!((all.queue.waiting(), of_seven.queue.waiting()), (3, 2), "no other event takes room");
        drop((all, of_seven));

        assert_eq!(typed.next().await.unwrap().unwrap().channel_id, ChannelId::new(7));
        assert!(matches!(typed.next().await, Some(Err(Missed::Undecodable(_)))));
        assert_eq!(typed.next().await.unwrap().unwrap().channel_id, ChannelId::new(8));
        assert!(typed.next().await.is_none());
        assert_eq!(of_channel.next().await, Some(Ok(typing(7))));
        assert!(matches!(of_channel.next().await, Some(Err(Missed::Undecodable(_)))));
        assert!(of_channel.next().await.is_none());
    }

    /// Each stream was woken by each batch, whatever was in it.
    #[tokio::test]
    async fn a_reader_is_not_woken_for_events_that_it_does_not_want() {
        let (subscriber, mut stream) = messages();
        let woken = Arc::new(Woken::default());
        let waker = Arc::clone(&woken).into();
        assert!(Pin::new(&mut stream).poll_next(&mut Context::from_waker(&waker)).is_pending());
        send(&subscriber, [ready(1)]);
        subscriber.send_batch(&mut [ready(2)].into());
        assert!(!woken.0.load(Ordering::Relaxed));
        send(&subscriber, [message()]);
        assert!(woken.0.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn a_hole_that_finds_no_room_counts_in_full() {
        let (subscriber, mut stream) = messages();
        send(&subscriber, (0..QUEUE).map(|_| message()));
        send(&subscriber, [Event::Lagged { dropped: 500 }, message()]);
        for _ in 0..QUEUE {
            assert!(stream.next().await.unwrap().is_ok());
        }
        assert_eq!(stream.next().await.unwrap(), Err(Lagged { dropped: 501 }));
    }
}
