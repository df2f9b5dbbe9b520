//! Callbacks on top of the event stream, each with a guard that takes it off again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use mezon_model::ChannelMessage;
use mezon_realtime::Event;

use crate::LightError;

type MessageHandler = Arc<dyn Fn(&ChannelMessage) + Send + Sync>;
type EventHandler = Arc<dyn Fn(&Event) + Send + Sync>;
type ErrorHandler = Arc<dyn Fn(&LightError) + Send + Sync>;

/// Takes a handler off when it is dropped.
#[must_use = "the handler is taken off as soon as this guard is dropped; call `detach` to keep it for good"]
pub struct Subscription {
    registry: Weak<Registry>,
    id: u64,
}

/// All handlers of a socket. They are called outside the socket's task, one after the other, in the order they came.
#[derive(Default)]
pub(crate) struct Registry(Mutex<Registered>);

#[derive(Default)]
struct Registered {
    next_id: u64,
    /// Copied on change: a dispatch works on the list as it was when it began, so a handler may take itself off.
    handlers: Arc<Vec<(u64, Handler)>>,
}

#[derive(Clone)]
enum Handler {
    Message(MessageHandler),
    Event(EventHandler),
    Error(ErrorHandler),
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
            registry.remove(self.id);
        }
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Registry {
    pub(crate) fn on_message(
        self: &Arc<Self>,
        handler: impl Fn(&ChannelMessage) + Send + Sync + 'static,
    ) -> Subscription {
        self.add(Handler::Message(Arc::new(handler)))
    }

    pub(crate) fn on_event(self: &Arc<Self>, handler: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.add(Handler::Event(Arc::new(handler)))
    }

    pub(crate) fn on_error(self: &Arc<Self>, handler: impl Fn(&LightError) + Send + Sync + 'static) -> Subscription {
        self.add(Handler::Error(Arc::new(handler)))
    }

    /// Calls every handler that wants `event`. A panic in one is reported as an error and hurts no other.
    pub(crate) fn dispatch(&self, event: &Event) {
        let handlers = self.snapshot();
        let mut panicked = false;
        for (_, handler) in handlers.iter() {
            let called = match (handler, event) {
                (Handler::Message(handler), Event::Message(message)) => {
                    catch_unwind(AssertUnwindSafe(|| handler(message)))
                }
                (Handler::Event(handler), event) => catch_unwind(AssertUnwindSafe(|| handler(event))),
                _ => Ok(()),
            };
            panicked |= called.is_err();
        }
        if panicked {
            self.report(&LightError::HandlerPanicked);
        }
    }

    /// Hands `error` to the error handlers. With none, it is logged.
    pub(crate) fn report(&self, error: &LightError) {
        let handlers = self.snapshot();
        let mut heard = false;
        for (_, handler) in handlers.iter() {
            if let Handler::Error(handler) = handler {
                // A panicking error handler has nobody left to report it to.
                heard |= catch_unwind(AssertUnwindSafe(|| handler(error))).is_ok();
            }
        }
        if !heard {
            tracing::warn!(error = %error, "unhandled error");
        }
    }

    fn snapshot(&self) -> Arc<Vec<(u64, Handler)>> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner).handlers)
    }

    fn add(self: &Arc<Self>, handler: Handler) -> Subscription {
        let mut registered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = registered.next_id;
        registered.next_id += 1;
        Arc::make_mut(&mut registered.handlers).push((id, handler));
        Subscription { registry: Arc::downgrade(self), id }
    }

    fn remove(&self, id: u64) {
        let mut registered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut registered.handlers).retain(|(other, _)| *other != id);
    }
}
