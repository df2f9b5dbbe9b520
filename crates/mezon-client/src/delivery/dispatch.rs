//! Hands the events of a connection to handlers and streams, and fills the holes that a lost connection leaves.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use mezon_model::{ChannelId, ChannelMessage};
use mezon_realtime::{ChannelGap, Event, Events};
use mezon_session::BoxFuture;
use tokio::time::{Instant, timeout_at};

use super::baselines::Baselines;
use super::history::History;
use super::ledger::Ledger;
use crate::ClientError;
use crate::listen::{Audience, Delivery};

/// How many messages of a history are handed on at a time.
const PART: usize = 256;

/// So long in all histories are waited for that do not come in the end. Nothing else is delivered meanwhile, so the other
/// channels are left as a gap then.
const IN_VAIN: Duration = Duration::from_secs(30);

/// Fills gaps from the history.
pub(crate) struct CatchUp {
    ledger: Ledger,
    history: Arc<dyn History>,
    baselines: Arc<Baselines>,
    over: Box<dyn Fn() -> BoxFuture<'static, ()> + Send>,
}

impl CatchUp {
    /// Reads `history` until the connection is closing or over for good, which `over` waits for, and begins at the
    /// `baselines` where no message was seen.
    pub(crate) fn new(
        history: Arc<dyn History>,
        baselines: Arc<Baselines>,
        over: impl Fn() -> BoxFuture<'static, ()> + Send + 'static,
    ) -> Self {
        Self { ledger: Ledger::default(), history, baselines, over: Box::new(over) }
    }

    /// Delivers the events that come before the next gap, which is given back, with whether it is complete.
    fn deliver_up_to_gap(
        &mut self,
        delivery: &mut Delivery,
        events: &mut VecDeque<Event>,
    ) -> Option<(Vec<ChannelGap>, bool)> {
        while let Some(event) = events.pop_front() {
            match event {
                Event::Gap { channels, complete } => return Some((channels, complete)),
                Event::Message(message) if !self.ledger.is_new(&message) => {}
                event => {
                    self.follow(&event);
                    delivery.deliver(event);
                }
            }
        }
        None
    }

    fn follow(&mut self, event: &Event) {
        match event {
            Event::Disconnected { .. } => {
                self.ledger.lost();
                self.baselines.connection_lost();
            }
            Event::Ready { generation } => {
                self.ledger.settled(Instant::now());
                self.baselines.connection_ready(*generation);
            }
            _ => {}
        }
    }

    /// The next events; time may end what the ledger holds before they come.
    async fn next_batch(&mut self, events: &mut Events) -> Option<VecDeque<Event>> {
        if let Some(forget_at) = self.ledger.forget_at() {
            match timeout_at(forget_at, events.next_batch()).await {
                Ok(batch) => return batch,
                Err(_) => self.ledger.went_through(forget_at),
            }
        }
        events.next_batch().await
    }

    /// Delivers what was missed in `channels`; gives back those that could not be read, with the message to read on from
    /// where it is known.
    async fn read(&mut self, delivery: &mut Delivery, channels: Vec<ChannelGap>) -> Vec<ChannelGap> {
        let mut unread = Vec::new();
        let mut over = Some((self.over)());
        let mut in_vain = Duration::ZERO;
        for mut gap in channels {
            let after = self.ledger.start_of(&gap, self.baselines.of(gap.channel_id));
            gap.last_seen = after;
            let Some(after) = after.filter(|_| in_vain < IN_VAIN) else {
                unread.push(gap);
                continue;
            };
            let asked = Instant::now();
            match unless(&mut over, self.history.missed(&gap, after)).await {
                Some(Ok(missed)) => self.deliver(delivery, gap.channel_id, missed).await,
                Some(Err(error)) => {
                    in_vain += asked.elapsed();
                    let error = ClientError::CatchUp { channel_id: gap.channel_id, source: Box::new(error) };
                    delivery.audience().handlers.report(&error);
                    unread.push(gap);
                }
                None => unread.push(gap),
            }
        }
        unread
    }

    async fn deliver(&mut self, delivery: &mut Delivery, channel: ChannelId, missed: Vec<ChannelMessage>) {
        if let Some(newest) = missed.last() {
            self.ledger.has_read(channel, newest.id());
        }
        for (at, message) in missed.into_iter().enumerate() {
            if self.ledger.is_new(&message) {
                delivery.deliver(Event::Message(message));
            }
            if at % PART == PART - 1 {
                delivery.flush().await;
            }
        }
        delivery.flush().await;
    }
}

/// What `work` comes to, or nothing as soon as `over` is ready, and from then on.
async fn unless<T>(over: &mut Option<BoxFuture<'static, ()>>, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| {
        if over.as_mut().is_none_or(|over| over.as_mut().poll(context).is_ready()) {
            *over = None;
            return Poll::Ready(None);
        }
        work.as_mut().poll(context).map(Some)
    })
    .await
}

/// Runs until the connection is over for good. With `catch_up`, what was missed while the connection was down is read
/// from the history and delivered as if it had come in, each message once; only what could not be read is left as an
/// [`Event::Gap`]. `guards` are dropped at the end.
///
/// No `async fn`: the future of one keeps room for its arguments twice, in each idle connection.
pub(crate) fn run(
    mut events: Events,
    audience: Arc<Audience>,
    mut catch_up: Option<CatchUp>,
    guards: impl Send,
) -> impl Future<Output = ()> + Send {
    let mut delivery = Delivery::to(audience);
    async move {
        loop {
            let busy = catch_up.as_mut().filter(|catch_up| !catch_up.ledger.is_idle());
            let is_idle = busy.is_none();
            let batch = match busy {
                // Boxed, as reading is below.
                Some(catch_up) => Box::pin(catch_up.next_batch(&mut events)).await,
                None => events.next_batch().await,
            };
            let Some(mut batch) = batch else { break };
            if is_idle && batch.iter().all(|event| matches!(event, Event::Message(_))) && delivery.is_unheard() {
                // Nobody looks at single messages: the streams get the batch as it is.
                delivery.deliver_batch(batch).await;
                continue;
            }
            let Some(catch_up) = &mut catch_up else {
                for event in batch {
                    delivery.deliver(event);
                }
                delivery.flush().await;
                continue;
            };
            let taken = (!is_idle).then(Instant::now);
            while let Some((channels, complete)) = catch_up.deliver_up_to_gap(&mut delivery, &mut batch) {
                // What came before is not held up by the history.
                delivery.flush().await;
                // Boxed, so that a healthy connection keeps no room for it.
                let unread = Box::pin(catch_up.read(&mut delivery, channels)).await;
                if !unread.is_empty() || !complete {
                    delivery.deliver(Event::Gap { channels: unread, complete });
                }
            }
            if let Some(taken) = taken {
                catch_up.ledger.went_through(taken);
            }
            delivery.flush().await;
        }
        drop(guards);
    }
}

#[cfg(test)]
mod tests;
