//! Hands the events of a connection to handlers and streams, and fills the holes that a lost connection leaves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use mezon_model::{ChannelId, MessageId};
use mezon_realtime::{ChannelGap, Event, Events};
use tokio::task::yield_now;

use crate::catch_up::Ledger;
use crate::handlers::Registry;
use crate::stream::Subscriber;
use crate::{LightClient, LightError};

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

    /// Calls the handlers, then queues the event for every stream that wants it. The last one gets it without a copy.
    fn deliver(&self, event: Event) {
        self.handlers.dispatch(&event);
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = subscribers.iter().rposition(|subscriber| subscriber.wants(&event)) else { return };
        let mut gone = false;
        for subscriber in subscribers.iter().take(last).filter(|subscriber| subscriber.wants(&event)) {
            gone |= !subscriber.push(event.clone());
        }
        if let Some(subscriber) = subscribers.get(last) {
            gone |= !subscriber.push(event);
        }
        if gone {
            subscribers.retain(Subscriber::is_alive);
        }
    }
}

/// Runs until the connection is over for good. With `catch_up`, what was missed while the connection was down is read
/// from the history and delivered as if it had come in, each message once; only what could not be read is left as an
/// [`Event::Gap`].
pub(crate) async fn run(mut events: Events, audience: Arc<Audience>, catch_up: Option<LightClient>) {
    let mut ledger = Ledger::default();
    while let Some(event) = events.next().await {
        match (event, &catch_up) {
            (Event::Message(message), Some(_)) => {
                if ledger.is_new(&message) {
                    audience.deliver(Event::Message(message));
                }
            }
            (Event::Gap { channels, complete }, Some(client)) => {
                let unread = read_missed(client, &audience, &mut ledger, channels).await;
                if !unread.is_empty() || !complete {
                    audience.deliver(Event::Gap { channels: unread, complete });
                }
            }
            (event, _) => {
                if matches!(event, Event::Disconnected { .. }) {
                    ledger.lost();
                }
                audience.deliver(event);
            }
        }
        // Readers on the same thread get their turn before their queues are full.
        if audience.is_crowded() {
            yield_now().await;
        }
    }
    audience.dismiss();
}

/// Delivers what was missed in `channels`; gives back those that could not be read.
async fn read_missed(
    client: &LightClient,
    audience: &Audience,
    ledger: &mut Ledger,
    channels: Vec<ChannelGap>,
) -> Vec<ChannelGap> {
    let mut unread = Vec::new();
    for gap in channels {
        let Some(after) = gap.last_seen.or_else(|| audience.baseline(gap.channel_id)) else {
            unread.push(gap);
            continue;
        };
        match client.missed(&gap, after).await {
            Ok(missed) => {
                for message in missed {
                    if ledger.is_new(&message) {
                        audience.deliver(Event::Message(message));
                    }
                }
            }
            Err(error) => {
                audience.handlers.report(&LightError::CatchUp { channel_id: gap.channel_id, source: Box::new(error) });
                unread.push(gap);
            }
        }
    }
    ledger.settled();
    unread
}
