//! Hands the events of a connection to handlers and streams, and fills the holes that a lost connection leaves.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use mezon_model::{ChannelId, MessageId};
use mezon_realtime::{ChannelGap, Event, Events};
use tokio::task::yield_now;

use crate::catch_up::Ledger;
use crate::handlers::{Caller, Registry, Subscription};
use crate::stream::Subscriber;
use crate::{LightClient, LightError};

/// How many messages of a history are handed on at a time.
const PART: usize = 256;

/// Everybody who listens to a socket. It outlives single connections.
#[derive(Default)]
pub(crate) struct Audience {
    pub(crate) handlers: Arc<Registry>,
    subscribers: Mutex<Vec<Subscriber>>,
    /// The newest message of a channel at the time it was joined: where to read on from when nothing was seen since.
    baselines: Mutex<HashMap<ChannelId, MessageId>>,
}

impl Audience {
    pub(crate) fn subscribe(&self, subscriber: Subscriber) {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(subscriber);
    }

    /// The connection is over for good: every stream ends once it has been read.
    fn dismiss(&self) {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn set_baseline(&self, channel: ChannelId, newest: MessageId) {
        self.baselines.lock().unwrap_or_else(PoisonError::into_inner).insert(channel, newest);
    }

    pub(crate) fn forget_baseline(&self, channel: ChannelId) {
        self.baselines.lock().unwrap_or_else(PoisonError::into_inner).remove(&channel);
    }

    fn baseline(&self, channel: ChannelId) -> Option<MessageId> {
        self.baselines.lock().unwrap_or_else(PoisonError::into_inner).get(&channel).copied()
    }

    /// Whether a reader is far behind.
    fn is_crowded(&self) -> bool {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner).iter().any(Subscriber::is_crowded)
    }

    /// Queues `events` for every stream that wants them. The last one gets them without a copy.
    fn publish(&self, events: VecDeque<Event>) {
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(Subscriber::is_alive);
        if let Some((last, others)) = subscribers.split_last() {
            for subscriber in others {
                subscriber.send_all(events.iter().cloned());
            }
            last.send_batch(events);
        }
    }
}

/// Hands events on: to the handlers first, then to the streams.
struct Delivery {
    audience: Arc<Audience>,
    caller: Caller,
    ready: VecDeque<Event>,
}

impl Delivery {
    fn deliver(&mut self, event: Event) {
        let called = self.caller.call(&event);
        self.ready.push_back(event);
        // A handler may take its time: the streams do not wait for those of later events. Without handlers they get a
        // whole batch at once.
        if called {
            self.publish();
        }
    }

    /// Whether no handler would be called for a message.
    fn is_unheard(&mut self) -> bool {
        self.caller.is_idle()
    }

    /// Publishes what is ready. Readers on the same thread get their turn before their queues are full.
    async fn flush(&mut self) {
        self.publish();
        if self.audience.is_crowded() {
            yield_now().await;
        }
    }

    fn publish(&mut self) {
        // Taken out, so that an idle connection keeps no room for what is to come.
        let events = std::mem::take(&mut self.ready);
        if !events.is_empty() {
            self.audience.publish(events);
        }
    }
}

/// Runs until the connection is over for good. With `catch_up`, what was missed while the connection was down is read
/// from the history and delivered as if it had come in, each message once; only what could not be read is left as an
/// [`Event::Gap`]. `callbacks` are taken off at the end.
pub(crate) async fn run(
    mut events: Events,
    audience: Arc<Audience>,
    catch_up: Option<LightClient>,
    callbacks: Vec<Subscription>,
) {
    let mut ledger = Ledger::default();
    let caller = Caller::new(Arc::clone(&audience.handlers));
    let mut delivery = Delivery { audience: Arc::clone(&audience), caller, ready: VecDeque::new() };
    while let Some(batch) = events.next_batch().await {
        if ledger.is_idle() && batch.iter().all(|event| matches!(event, Event::Message(_))) && delivery.is_unheard() {
            // Nobody looks at single messages: the streams get the batch as it is.
            delivery.ready = batch;
            delivery.flush().await;
            continue;
        }
        for event in batch {
            match (event, &catch_up) {
                (Event::Message(message), Some(_)) => {
                    if ledger.is_new(&message) {
                        delivery.deliver(Event::Message(message));
                    }
                }
                (Event::Gap { channels, complete }, Some(client)) => {
                    // What came before is not held up by the history.
                    delivery.flush().await;
                    let unread = Box::pin(read_missed(client, &mut delivery, &mut ledger, channels)).await;
                    if !unread.is_empty() || !complete {
                        delivery.deliver(Event::Gap { channels: unread, complete });
                    }
                }
                (event, _) => {
                    if matches!(event, Event::Disconnected { .. }) {
                        ledger.lost();
                    }
                    delivery.deliver(event);
                }
            }
        }
        delivery.flush().await;
    }
    audience.dismiss();
    drop(callbacks);
}

/// Delivers what was missed in `channels`; gives back those that could not be read.
async fn read_missed(
    client: &LightClient,
    delivery: &mut Delivery,
    ledger: &mut Ledger,
    channels: Vec<ChannelGap>,
) -> Vec<ChannelGap> {
    let mut unread = Vec::new();
    for gap in channels {
        let Some(after) = gap.last_seen.or_else(|| delivery.audience.baseline(gap.channel_id)) else {
            unread.push(gap);
            continue;
        };
        match client.missed(&gap, after).await {
            Ok(missed) => {
                for (at, message) in missed.into_iter().enumerate() {
                    if ledger.is_new(&message) {
                        delivery.deliver(Event::Message(message));
                    }
                    if at % PART == PART - 1 {
                        delivery.flush().await;
                    }
                }
                delivery.flush().await;
            }
            Err(error) => {
                delivery
                    .audience
                    .handlers
                    .report(&LightError::CatchUp { channel_id: gap.channel_id, source: Box::new(error) });
                unread.push(gap);
            }
        }
    }
    ledger.settled();
    unread
}
