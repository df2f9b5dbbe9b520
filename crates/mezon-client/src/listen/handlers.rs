//! Callbacks on top of the event stream, each with a guard that takes it off again.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use mezon_model::{ChannelId, ChannelMessage};
use mezon_proto::wire::{CHANNEL_MESSAGE_FIELD, WireError};
use mezon_realtime::Event;

use super::from_event::FromEvent;
use crate::ClientError;

pub(crate) type MessageHandler = Arc<dyn Fn(&ChannelMessage) + Send + Sync>;
pub(crate) type EventHandler = Arc<dyn Fn(&Event) + Send + Sync>;
/// It decodes the event that it wants.
pub(crate) type ArmHandler = Arc<dyn Fn(&Event) -> Result<(), WireError> + Send + Sync>;
pub(crate) type ErrorHandler = Arc<dyn Fn(&ClientError) + Send + Sync>;

/// Takes a handler off when it is dropped.
#[must_use = "the handler is taken off as soon as this guard is dropped; call `detach` to keep it for good"]
pub struct Subscription {
    registry: Weak<Registry>,
    place: Place,
    id: u64,
}

/// Which list a handler is in.
#[derive(Clone, Copy)]
enum Place {
    Messages,
    MessagesIn(ChannelId),
    Arms(&'static [u32], Option<ChannelId>),
    Events,
    Errors,
}

/// All handlers of a socket. They are called outside the socket's task, one after the other, for one event after the
/// other.
#[derive(Default)]
pub(crate) struct Registry {
    /// Counts the changes: each handler that comes or goes. A handler's id is the change with which it came.
    changes: AtomicU64,
    handlers: Mutex<Handlers>,
}

/// Handlers by what they want, so that those who do not want an event cost nothing. Each list is sorted by id.
#[derive(Clone, Default)]
struct Handlers {
    messages: List<MessageHandler>,
    messages_in: HashMap<ChannelId, List<MessageHandler>>,
    /// By the number of the message of the socket.
    arms: HashMap<u32, OfArm>,
    events: List<EventHandler>,
    errors: List<ErrorHandler>,
}

type List<H> = Vec<(u64, H)>;

/// The handlers for one kind of message of the socket.
#[derive(Clone, Default)]
struct OfArm {
    all: List<ArmHandler>,
    in_channel: HashMap<ChannelId, List<ArmHandler>>,
}

/// Calls handlers. It looks for changed ones before each event, which takes no lock while there are none.
pub(crate) struct Caller {
    registry: Arc<Registry>,
    seen: u64,
    /// The handlers as they were then. A copy, so that a handler may take itself off.
    handlers: Handlers,
}

impl Subscription {
    /// Keeps the handler for as long as the socket lives.
    pub fn detach(mut self) {
        self.registry = Weak::new();
    }

    /// Takes the handler off. A dispatch that has begun still calls it.
    pub fn unsubscribe(self) {}
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.remove(self.place, self.id);
        }
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Registry {
    pub(crate) fn on_message(self: &Arc<Self>, handler: MessageHandler) -> Subscription {
        self.add(Place::Messages, |handlers, id| handlers.messages.push((id, handler)))
    }

    pub(crate) fn on_message_in(self: &Arc<Self>, channel: ChannelId, handler: MessageHandler) -> Subscription {
        let place = Place::MessagesIn(channel);
        self.add(place, |handlers, id| handlers.messages_in.entry(channel).or_default().push((id, handler)))
    }

    /// For the messages of the socket with one of these numbers, of one channel or of all.
    pub(crate) fn on_arms(
        self: &Arc<Self>,
        arms: &'static [u32],
        channel: Option<ChannelId>,
        handler: &ArmHandler,
    ) -> Subscription {
        self.add(Place::Arms(arms, channel), |handlers, id| {
            for arm in arms {
                let list = handlers.arms.entry(*arm).or_default().list(channel);
                // A number that is given twice is one.
                if list.last().is_none_or(|(last, _)| *last != id) {
                    list.push((id, Arc::clone(handler)));
                }
            }
        })
    }

    pub(crate) fn on_event(self: &Arc<Self>, handler: EventHandler) -> Subscription {
        self.add(Place::Events, |handlers, id| handlers.events.push((id, handler)))
    }

    pub(crate) fn on_error(self: &Arc<Self>, handler: ErrorHandler) -> Subscription {
        self.add(Place::Errors, |handlers, id| handlers.errors.push((id, handler)))
    }

    /// Hands `error` to the error handlers. With none, it is logged.
    pub(crate) fn report(&self, error: &ClientError) {
        let mut heard = false;
        let handlers = self.handlers().errors.clone();
        for (_, handler) in &handlers {
            // A panicking error handler has nobody left to report it to.
            heard |= catch_unwind(AssertUnwindSafe(|| handler(error))).is_ok();
        }
        if !heard {
            tracing::warn!(error = %error, "unhandled error");
        }
    }

    fn add(self: &Arc<Self>, place: Place, add: impl FnOnce(&mut Handlers, u64)) -> Subscription {
        let mut handlers = self.handlers();
        let id = self.changes.load(Ordering::Relaxed) + 1;
        add(&mut handlers, id);
        // Inside the lock: whoever sees the number finds the change.
        self.changes.store(id, Ordering::Release);
        Subscription { registry: Arc::downgrade(self), place, id }
    }

    fn remove(&self, place: Place, id: u64) {
        let mut handlers = self.handlers();
        let mut removed = (None, None, None, Vec::new());
        match place {
            Place::Messages => removed.0 = take(&mut handlers.messages, id),
            Place::MessagesIn(channel) => {
                let list = handlers.messages_in.entry(channel).or_default();
                removed.0 = take(list, id);
                if list.is_empty() {
                    handlers.messages_in.remove(&channel);
                }
            }
            Place::Arms(arms, channel) => {
                for arm in arms {
                    let of_arm = handlers.arms.entry(*arm).or_default();
                    removed.3.extend(take(of_arm.list(channel), id));
                    of_arm.in_channel.retain(|_, list| !list.is_empty());
                    if of_arm.all.is_empty() && of_arm.in_channel.is_empty() {
                        handlers.arms.remove(arm);
                    }
                }
            }
            Place::Events => removed.1 = take(&mut handlers.events, id),
            Place::Errors => removed.2 = take(&mut handlers.errors, id),
        }
        self.changes.fetch_add(1, Ordering::Release);
        drop(handlers);
        // Outside of the lock: what a handler owns goes with it, and may be the guard of another handler.
        drop(removed);
    }

    fn handlers(&self) -> MutexGuard<'_, Handlers> {
        self.handlers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OfArm {
    fn list(&mut self, channel: Option<ChannelId>) -> &mut List<ArmHandler> {
        match channel {
            Some(channel) => self.in_channel.entry(channel).or_default(),
            None => &mut self.all,
        }
    }

    /// Those who want this event. Its channel is looked for only if somebody asks for one.
    fn of(&self, event: &Event) -> impl Iterator<Item = &ArmHandler> {
        let channel = if self.in_channel.is_empty() { None } else { event.channel_id() };
        let of_channel = channel.and_then(|channel| self.in_channel.get(&channel));
        self.all.iter().chain(of_channel.into_iter().flatten()).map(|(_, handler)| handler)
    }
}

/// A handler that reads the event as what it wants.
pub(crate) fn typed<T: FromEvent>(handler: impl Fn(T) + Send + Sync + 'static) -> ArmHandler {
    Arc::new(move |event| {
        if let Some(event) = T::from_event(event)? {
            handler(event);
        }
        Ok(())
    })
}

fn take<H>(list: &mut List<H>, id: u64) -> Option<H> {
    let at = list.binary_search_by_key(&id, |(other, _)| *other).ok()?;
    Some(list.remove(at).1)
}

impl Caller {
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        Self { seen: 0, handlers: Handlers::default(), registry }
    }

    /// Whether there is nobody to call for a message.
    pub(crate) fn is_idle(&mut self) -> bool {
        let handlers = self.handlers();
        handlers.messages.is_empty()
            && handlers.messages_in.is_empty()
            && handlers.events.is_empty()
            && !handlers.arms.contains_key(&CHANNEL_MESSAGE_FIELD)
    }

    /// Calls every handler that wants `event`; false when none does. A panic in one is reported as an error and hurts
    /// no other.
    pub(crate) fn call(&mut self, event: &Event) -> bool {
        let handlers = self.handlers();
        let (mut called, mut panicked, mut undecodable) = (false, false, None);
        let mut attempt = |call: &mut dyn FnMut()| {
            called = true;
            panicked |= catch_unwind(AssertUnwindSafe(call)).is_err();
        };
        if let Event::Message(message) = event {
            let of_channel = handlers.messages_in.get(&message.channel_id()).map(Vec::as_slice).unwrap_or_default();
            for (_, handler) in handlers.messages.iter().chain(of_channel) {
                attempt(&mut || handler(message));
            }
        }
        let of_arm = event.arm().filter(|_| !handlers.arms.is_empty()).and_then(|arm| handlers.arms.get(&arm));
        for handler in of_arm.into_iter().flat_map(|of_arm| of_arm.of(event)) {
            attempt(&mut || undecodable = handler(event).err().or(undecodable.take()));
        }
        for (_, handler) in &handlers.events {
            attempt(&mut || handler(event));
        }
        if let Some(source) = undecodable {
            self.registry.report(&undecodable_event(event, source));
        }
        if panicked {
            self.registry.report(&ClientError::HandlerPanicked);
        }
        called
    }

    fn handlers(&mut self) -> &Handlers {
        let changes = self.registry.changes.load(Ordering::Acquire);
        if changes != self.seen {
            let handlers = self.registry.handlers().clone();
            self.handlers = handlers;
            self.seen = changes;
        }
        &self.handlers
    }
}

pub(super) fn undecodable_event(event: &Event, source: WireError) -> ClientError {
    let name = if let Event::Push(raw) = event { raw.name() } else { None };
    ClientError::Undecodable { event: name.unwrap_or(event.name()), source }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mezon_model::MessageParts;
    use mezon_model::event::Typing;
    use mezon_proto::realtime::MessageTypingEvent;
    use mezon_proto::wire::{Arm as _, RawMessage};

    use super::*;

    fn message(channel: i64) -> Event {
        let mut parts = MessageParts::default();
        parts.channel_id = ChannelId::new(channel);
        Event::Message(parts.into())
    }

    fn counting(counter: &Arc<AtomicU64>) -> MessageHandler {
        let counter = Arc::clone(counter);
        Arc::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        })
    }

    #[test]
    fn a_handler_for_one_channel_hears_no_other() {
        let registry = Arc::new(Registry::default());
        let mut caller = Caller::new(Arc::clone(&registry));
        assert!(caller.is_idle());
        let heard = Arc::new(AtomicU64::new(0));
        let subscription = registry.on_message_in(ChannelId::new(7), counting(&heard));
        assert!(!caller.is_idle());
        assert!(!caller.call(&message(8)));
        assert!(caller.call(&message(7)));
        assert!(!caller.call(&Event::Ready { generation: 1 }));
        assert_eq!(heard.load(Ordering::Relaxed), 1);
        drop(subscription);
        assert!(caller.is_idle(), "taken off");
    }

    #[test]
    fn a_handler_by_type_hears_its_own_type_and_costs_others_nothing() {
        const TWICE: &[u32] = &[MessageTypingEvent::NUMBER, CHANNEL_MESSAGE_FIELD, MessageTypingEvent::NUMBER];
        let registry = Arc::new(Registry::default());
        let mut caller = Caller::new(Arc::clone(&registry));
        let (typed_heard, all) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let heard = |by: &Arc<AtomicU64>| by.load(Ordering::Relaxed);
        let (in_seven, of_all) = (Arc::clone(&typed_heard), Arc::clone(&all));
        let seven = registry.on_arms(
            Typing::ARMS,
            Some(ChannelId::new(7)),
            &typed(move |typing: Typing| {
                assert_eq!(typing.channel_id, ChannelId::new(7));
                in_seven.fetch_add(1, Ordering::Relaxed);
            }),
        );
        assert!(caller.is_idle(), "nobody wants messages");
        let count: ArmHandler = Arc::new(move |_| {
            of_all.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        let every = registry.on_arms(TWICE, None, &count);
        assert!(!caller.is_idle());
        let push = |channel_id| {
            Event::Push(RawMessage::of(&MessageTypingEvent { channel_id, ..MessageTypingEvent::default() }))
        };
        assert!(caller.call(&push(8)) && caller.call(&push(7)) && caller.call(&message(7)));
        assert_eq!((heard(&typed_heard), heard(&all)), (1, 3));
        drop(every);
        assert!(!caller.call(&message(7)) && caller.call(&push(7)) && !caller.call(&push(8)));
        drop(seven);
        assert!(!caller.call(&push(7)));
        assert!(registry.handlers().arms.is_empty(), "no list is left behind");
    }

    #[test]
    fn what_a_handler_cannot_read_is_told_with_its_name() {
        let registry = Arc::new(Registry::default());
        let told = Arc::new(Mutex::new(String::new()));
        let telling = Arc::clone(&told);
        registry.on_error(Arc::new(move |error| *telling.lock().unwrap() = error.to_string())).detach();
        registry.on_arms(Typing::ARMS, None, &typed(|_: Typing| panic!("it cannot be read"))).detach();
        let damaged = RawMessage::new(MessageTypingEvent::NUMBER, vec![0x0a, 9]);
        assert!(Caller::new(registry).call(&Event::Push(damaged)));
        assert_eq!(*told.lock().unwrap(), "the event message_typing_event could not be decoded for its handler");
    }

    #[test]
    fn a_handler_that_takes_itself_off_hears_nothing_more() {
        let registry = Arc::new(Registry::default());
        let mut caller = Caller::new(Arc::clone(&registry));
        let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
        let (guard, heard) = (Arc::clone(&own), Arc::new(AtomicU64::new(0)));
        let count = counting(&heard);
        let subscription = registry.on_message(Arc::new(move |message| {
            count(message);
            guard.lock().unwrap().take();
        }));
        *own.lock().unwrap() = Some(subscription);
        assert!(caller.call(&message(1)));
        assert!(!caller.call(&message(1)));
        assert_eq!(heard.load(Ordering::Relaxed), 1);
    }

    /// Each one that came had all others copied: 10,000 took 4.4 s.
    #[test]
    fn handlers_come_and_go_without_a_copy_of_the_others() {
        let registry = Arc::new(Registry::default());
        let witness: MessageHandler = Arc::new(|_| {});
        let of_others = registry.on_message(Arc::clone(&witness));
        let guards: Vec<_> =
            (0..100).map(|channel| registry.on_message_in(ChannelId::new(channel), Arc::new(|_| {}))).collect();
        assert_eq!(Arc::strong_count(&witness), 2, "nobody copies what nobody calls");
        let mut caller = Caller::new(Arc::clone(&registry));
        assert!(!caller.is_idle());
        assert_eq!(Arc::strong_count(&witness), 3, "one copy for who calls, however many came");
        drop((of_others, guards));
        assert!(caller.is_idle());
        assert_eq!(Arc::strong_count(&witness), 1);
    }

    #[test]
    fn a_handler_may_own_the_guard_of_another() {
        let registry = Arc::new(Registry::default());
        let inner = registry.on_message(Arc::new(|_| {}));
        let outer = registry.on_event(Arc::new(move |_| _ = &inner));
        let (done, end) = std::sync::mpsc::channel();
        let dropping = Arc::clone(&registry);
        // On a thread of its own: what locks up here is to fail the test, not to hold it.
        std::thread::spawn(move || {
            drop(outer);
            drop(dropping);
            done.send(()).unwrap();
        });
        end.recv_timeout(Duration::from_secs(20)).expect("no lock is held");
        assert!(Caller::new(registry).is_idle(), "both are taken off");
    }

    #[test]
    fn a_panic_is_told_and_hurts_no_other_handler() {
        let registry = Arc::new(Registry::default());
        let (heard, told) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let counter = Arc::clone(&told);
        registry.on_error(Arc::new(move |_| _ = counter.fetch_add(1, Ordering::Relaxed))).detach();
        registry.on_message(Arc::new(|_| panic!("a handler's own fault"))).detach();
        registry.on_message(counting(&heard)).detach();
        let mut caller = Caller::new(registry);
        assert!(caller.call(&message(1)));
        assert_eq!((heard.load(Ordering::Relaxed), told.load(Ordering::Relaxed)), (1, 1));
    }
}
