//! Handlers that take their time and answer: in order within a channel, channels side by side, bounded.

use std::collections::{HashMap, VecDeque};
use std::future::{poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;

use mezon_model::{ChannelId, ChannelMessage, UserId};
use mezon_realtime::Event;
use mezon_session::BoxFuture;

use super::from_event::FromEvent;
use super::handlers::{ArmHandler, MessageHandler, Registry, undecodable_event};
use crate::ClientError;

/// How many events one handler may have before it, those that it is answering included.
const WAITING: usize = 1_024;

/// What a handler makes of an event.
pub(crate) type Response = BoxFuture<'static, Result<(), ClientError>>;

struct Responder {
    respond: Box<dyn Fn(Event) -> Response + Send + Sync>,
    registry: Weak<Registry>,
    queues: Mutex<Queues>,
}

#[derive(Default)]
struct Queues {
    /// What waits in each channel where an event is being answered. Events without a channel share one.
    waiting: HashMap<ChannelId, VecDeque<Event>>,
    count: usize,
}

/// A handler that begins `respond` for each new message of somebody else than `own`. What it comes to is told to the error
/// handlers of `registry`.
pub(crate) fn to_messages(
    own: UserId,
    registry: &Arc<Registry>,
    respond: impl Fn(ChannelMessage) -> Response + Send + Sync + 'static,
) -> MessageHandler {
    let to_events = to_events(registry, respond);
    Arc::new(move |message| {
        if message.sender_id() != own && !message.code().is_change() {
            _ = to_events(&Event::Message(message.clone()));
        }
    })
}

/// A handler that begins `respond` for each event of one type, which is decoded when its turn comes.
pub(crate) fn to_events<T: FromEvent>(
    registry: &Arc<Registry>,
    respond: impl Fn(T) -> Response + Send + Sync + 'static,
) -> ArmHandler {
    let respond = move |event: Event| -> Response {
        match T::from_event(&event) {
            Ok(Some(event)) => respond(event),
            Ok(None) => Box::pin(ready(Ok(()))),
            Err(error) => Box::pin(ready(Err(undecodable_event(&event, error)))),
        }
    };
    let responder = Arc::new(Responder {
        respond: Box::new(respond),
        registry: Arc::downgrade(registry),
        queues: Mutex::default(),
    });
    Arc::new(move |event| {
        take(&responder, event.clone());
        Ok(())
    })
}

fn take(responder: &Arc<Responder>, event: Event) {
    let channel = event.channel_id().unwrap_or_default();
    let mut queues = responder.queues();
    if queues.count == WAITING {
        drop(queues);
        return responder.report(&ClientError::HandlerBehind { channel_id: channel });
    }
    queues.count += 1;
    if let Some(waiting) = queues.waiting.get_mut(&channel) {
        return waiting.push_back(event);
    }
    queues.waiting.insert(channel, VecDeque::new());
    drop(queues);
    // Held weakly, so that a handler that is taken off answers nothing more.
    let work: BoxFuture<'static, ()> = Box::pin(work_off(Arc::downgrade(responder), channel, event));
    tokio::spawn(work);
}

/// Answers the events of one channel until none waits.
async fn work_off(responder: Weak<Responder>, channel: ChannelId, first: Event) {
    let mut next = Some(first);
    while let Some(event) = next.take() {
        let Some(answering) = responder.upgrade() else { return };
        let outcome = contained(|| (answering.respond)(event)).await;
        if let Err(error) = outcome {
            answering.report(&error);
        }
        let mut queues = answering.queues();
        queues.count -= 1;
        next = queues.waiting.get_mut(&channel).and_then(VecDeque::pop_front);
        if next.is_none() {
            queues.waiting.remove(&channel);
        }
    }
}

/// What a handler comes to; a panic in it is an error.
async fn contained(begin: impl FnOnce() -> Response) -> Result<(), ClientError> {
    let panicked = |_| ClientError::HandlerPanicked;
    let mut response = catch_unwind(AssertUnwindSafe(begin)).map_err(panicked)?;
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| response.as_mut().poll(context)));
        polled.unwrap_or_else(|panic| Poll::Ready(Err(panicked(panic))))
    })
    .await
}

impl Responder {
    fn report(&self, error: &ClientError) {
        if let Some(registry) = self.registry.upgrade() {
            registry.report(error);
        }
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use mezon_model::{MessageCode, MessageParts};
    use mezon_proto::realtime::AddClanUserEvent;
    use mezon_proto::wire::{Arm as _, RawMessage};
    use tokio::sync::mpsc;
    use tokio::task::yield_now;

    use super::*;

    const ME: UserId = UserId::new(1);

    fn message(channel: i64, id: i64, sender: i64) -> ChannelMessage {
        let mut parts = MessageParts::default();
        (parts.channel_id, parts.message_id, parts.sender_id) = (channel.into(), id.into(), sender.into());
        parts.into()
    }

    /// A registry, and what its error handler hears.
    fn registry() -> (Arc<Registry>, mpsc::UnboundedReceiver<String>) {
        let registry = Arc::<Registry>::default();
        let (tell, told) = mpsc::unbounded_channel();
        registry.on_error(Arc::new(move |error| _ = tell.send(error.to_string()))).detach();
        (registry, told)
    }

    #[tokio::test]
    async fn messages_of_a_channel_are_answered_in_order_and_channels_side_by_side() {
        let (registry, _told) = registry();
        let (tell, mut begun) = mpsc::unbounded_channel();
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let let_through = Arc::clone(&gate);
        let handler = to_messages(ME, &registry, move |message| {
            let (tell, gate) = (tell.clone(), Arc::clone(&gate));
            Box::pin(async move {
                tell.send((message.channel_id().get(), message.id().get())).unwrap();
                gate.acquire().await.unwrap().forget();
                Ok(())
            })
        });
        for (channel, id) in [(7, 1), (7, 2), (8, 3), (7, 4)] {
            handler(&message(channel, id, 2));
        }
        assert_eq!([begun.recv().await.unwrap(), begun.recv().await.unwrap()], [(7, 1), (8, 3)]);
        yield_now().await;
        assert!(begun.try_recv().is_err(), "the next of channel 7 waits for the one before it");
        let_through.add_permits(4);
        assert_eq!([begun.recv().await.unwrap(), begun.recv().await.unwrap()], [(7, 2), (7, 4)]);
    }

    #[tokio::test]
    async fn own_messages_and_changes_are_not_answered() {
        let (registry, _told) = registry();
        let (tell, mut begun) = mpsc::unbounded_channel();
        let handler = to_messages(ME, &registry, move |message| {
            tell.send(message.id().get()).unwrap();
            Box::pin(ready(Ok(())))
        });
        handler(&message(7, 1, ME.get()));
        let mut edit = MessageParts::default();
        (edit.message_id, edit.sender_id, edit.code) = (2.into(), 2.into(), MessageCode::Update);
        handler(&edit.into());
        handler(&message(7, 3, 2));
        assert_eq!(begun.recv().await, Some(3));
    }

    #[tokio::test]
    async fn a_panic_and_an_error_are_told_and_cost_one_message() {
        let (registry, mut told) = registry();
        let (tell, mut done) = mpsc::unbounded_channel();
        let handler = to_messages(ME, &registry, move |message| {
            assert!(message.id().get() != 1, "before there is a future");
            let tell = tell.clone();
            Box::pin(async move {
                assert!(message.id().get() != 2, "in it");
                if message.id().get() == 3 {
                    return Err(ClientError::NotConnected);
                }
                tell.send(message.id().get()).unwrap();
                Ok(())
            })
        });
        (1..=4).for_each(|id| handler(&message(7, id, 2)));
        assert_eq!(done.recv().await, Some(4));
        for expected in ["panicked", "panicked", "not connected"] {
            let error = told.recv().await.unwrap();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[tokio::test]
    async fn events_are_answered_by_type_and_those_without_a_channel_one_after_the_other() {
        let (registry, mut told) = registry();
        let (tell, mut begun) = mpsc::unbounded_channel();
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let let_through = Arc::clone(&gate);
        let handler = to_events(&registry, move |joined: AddClanUserEvent| {
            let (tell, gate) = (tell.clone(), Arc::clone(&gate));
            Box::pin(async move {
                tell.send(joined.clan_id).unwrap();
                gate.acquire().await.unwrap().forget();
                Ok(())
            })
        });
        for clan_id in [1, 2] {
            let joined = AddClanUserEvent { clan_id, ..Default::default() };
            handler(&Event::Push(RawMessage::of(&joined))).unwrap();
        }
        handler(&Event::Push(RawMessage::new(AddClanUserEvent::NUMBER, vec![0x0a, 9]))).unwrap();
        assert_eq!(begun.recv().await, Some(1));
        yield_now().await;
        assert!(begun.try_recv().is_err(), "the next one waits");
        let_through.add_permits(2);
        assert_eq!(begun.recv().await, Some(2));
        let error = told.recv().await.unwrap();
        assert!(error.contains("add_clan_user_event"), "{error}");
    }

    #[tokio::test]
    async fn what_waits_is_bounded_and_what_is_over_is_told() {
        let (registry, mut told) = registry();
        let handler = to_messages(ME, &registry, |_| Box::pin(std::future::pending()));
        (0..=1_024).for_each(|id| handler(&message(id % 3, id, 2)));
        assert!(told.recv().await.unwrap().contains("too slow"));
        assert!(told.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_handler_that_is_taken_off_answers_nothing_more() {
        let (registry, _told) = registry();
        let (tell, mut begun) = mpsc::unbounded_channel();
        let gate = Arc::new(tokio::sync::Notify::new());
        let open = Arc::clone(&gate);
        let handler = to_messages(ME, &registry, move |message| {
            let (tell, gate) = (tell.clone(), Arc::clone(&gate));
            Box::pin(async move {
                tell.send(message.id().get()).unwrap();
                gate.notified().await;
                Ok(())
            })
        });
        handler(&message(7, 1, 2));
        handler(&message(7, 2, 2));
        assert_eq!(begun.recv().await, Some(1));
        drop(handler);
        open.notify_one();
        assert_eq!(begun.recv().await, None, "the second message is dropped with the handler");
    }
}
