//! The driver of the machine: hands events on, reads what it asks for, and keeps the time.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::stream::FuturesUnordered;
use mezon_api::{ApiErrorKind, Phase};
use mezon_model::{Target, UserId};
use mezon_realtime::{Event, Events};
use mezon_session::BoxFuture;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use super::baselines::Newest;
use super::history::History;
use super::invitation::{self, Invitation};
use super::machine::{Input, Machine, Output};
use super::requests::Requests;
use super::settings::Settings;
use crate::ClientError;
use crate::listen::{Audience, Delivery};

/// How many events of one turn are handed on at a time.
const PART: usize = 256;

/// Fills gaps from the history.
pub(crate) struct CatchUp {
    settings: Settings,
    history: Arc<dyn History>,
    requests: Arc<Requests>,
    /// Who joins what they are added to. `None`: the application does.
    joins: Option<UserId>,
    /// The connection that is ready, until there is work.
    ready: Option<u64>,
    /// Made when there is something to decide: an idle connection keeps no room for it.
    work: Option<Box<Work>>,
}

struct Work {
    machine: Machine,
    /// Requests whose answers the machine waits for.
    open: FuturesUnordered<BoxFuture<'static, Input>>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// Why the dispatcher woke up.
enum Wake {
    Events(VecDeque<Event>),
    Inputs(Vec<Input>),
    Time,
    End,
}

impl CatchUp {
    /// Asks `history`; `requests` is where the application says what it joins and leaves.
    /// What `joins` is added to is joined.
    pub(crate) fn new(
        settings: Settings,
        history: Arc<dyn History>,
        requests: Arc<Requests>,
        joins: Option<UserId>,
    ) -> Self {
        Self { settings, history, requests, joins, ready: None, work: None }
    }

    /// Whether the machine has to hear of an event while it is idle.
    fn is_turn(&self, event: &Event) -> bool {
        match event {
            Event::Disconnected { .. } | Event::Ready { .. } | Event::Gap { .. } | Event::Closed { .. } => true,
            event => self.joins.is_some() && invitation::is_one(event),
        }
    }

    /// Whether events of the server may go past the machine.
    fn is_idle(&self) -> bool {
        self.work.as_ref().is_none_or(|work| work.machine.is_idle())
    }

    fn work(&mut self) -> &mut Work {
        let (settings, ready) = (self.settings, self.ready);
        self.work.get_or_insert_with(|| {
            Box::new(Work { machine: Machine::new(settings, ready), open: FuturesUnordered::new(), timer: None })
        })
    }

    async fn wake(&mut self, events: &mut Events) -> Wake {
        let mut batch = pin!(events.next_batch());
        poll_fn(|context| {
            // A flood of events is not to hold up the few answers.
            if let Some(work) = &mut self.work
                && let Poll::Ready(Some(input)) = Pin::new(&mut work.open).poll_next(context)
            {
                return Poll::Ready(Wake::Inputs(vec![input]));
            }
            if let Poll::Ready(inputs) = self.requests.poll(context) {
                return Poll::Ready(Wake::Inputs(inputs));
            }
            if let Poll::Ready(batch) = batch.as_mut().poll(context) {
                return Poll::Ready(batch.map_or(Wake::End, Wake::Events));
            }
            self.work.as_mut().map_or(Poll::Pending, |work| work.poll_timer(context).map(|()| Wake::Time))
        })
        .await
    }

    /// Hands everything to the machine that came at once.
    async fn decide(&mut self, delivery: &mut Delivery, wake: Wake) {
        let now = Instant::now();
        match wake {
            Wake::Events(batch) => {
                for event in batch {
                    if let (Event::Ready { generation }, None) = (&event, &self.work) {
                        self.ready = Some(*generation);
                        delivery.deliver(event);
                        continue;
                    }
                    if self.is_idle() && !self.is_turn(&event) {
                        delivery.deliver(event);
                        continue;
                    }
                    let invited = self.joins.and_then(|user| invitation::of(&event, user, self.history.time()));
                    self.handle(delivery, now, Input::Event(event)).await;
                    if let Some(Invitation { target, after }) = invited {
                        self.handle(delivery, now, Input::Added { target, after }).await;
                    }
                }
            }
            Wake::Inputs(inputs) => {
                for input in inputs {
                    self.handle(delivery, now, input).await;
                }
                return delivery.flush().await;
            }
            Wake::Time | Wake::End => {}
        }
        if !self.is_idle() {
            self.handle(delivery, now, Input::Tick).await;
        }
        delivery.flush().await;
    }

    /// Has the machine decide, and does what it says.
    async fn handle(&mut self, delivery: &mut Delivery, now: Instant, input: Input) {
        self.work().machine.handle(now.into_std(), input);
        let mut delivered = 0;
        while let Some(output) = self.work().machine.poll() {
            match output {
                Output::Deliver(event) => {
                    delivery.deliver(event);
                    delivered += 1;
                    if delivered % PART == 0 {
                        delivery.flush().await;
                    }
                }
                Output::Tell(error) => delivery.audience().handlers.report(&error),
                request => {
                    let answer = self.answer(&request);
                    self.work().open.extend(answer);
                }
            }
        }
    }

    /// Begins a request. Its answer is an input.
    fn answer(&self, output: &Output) -> Option<BoxFuture<'static, Input>> {
        let history = &*self.history;
        Some(match *output {
            Output::Read { clan_id, channel_id, after, read, until } => {
                let page = timeout_at(until.into(), history.page(clan_id, channel_id, after));
                Box::pin(async move {
                    match page.await.unwrap_or_else(|_| Err(late())) {
                        Ok(messages) => Input::Page { channel_id, read, messages },
                        Err(error) => Input::Failed { channel_id, read, error, unit: rand::random() },
                    }
                })
            }
            Output::List { clan_id, list, until } => {
                let channels = timeout_at(until.into(), history.channels(clan_id));
                Box::pin(async move {
                    let result = channels.await.unwrap_or_else(|_| Err(late()));
                    Input::Listed { clan_id, list, result, unit: rand::random() }
                })
            }
            Output::LookUp(lookup) => {
                let Target { clan_id, channel_id, .. } = lookup.target;
                let newest: BoxFuture<'_, _> = if channel_id.is_none() {
                    let channels = history.channels(clan_id);
                    Box::pin(async move { Ok(channels.await?.iter().filter_map(|channel| channel.newest).max()) })
                } else {
                    history.newest(lookup.target)
                };
                Box::pin(async move {
                    let newest = match newest.await {
                        Ok(Some(id)) => Newest::Message(id),
                        Ok(None) => Newest::Empty,
                        Err(_) => Newest::Unknown,
                    };
                    Input::Newest { lookup, newest }
                })
            }
            Output::Prove(lookup) => {
                let alive = history.is_alive(lookup.generation);
                Box::pin(async move { Input::Proved { lookup, alive: alive.await } })
            }
            Output::Join(target) => {
                let joined = history.join(target);
                Box::pin(async move { Input::Admitted { target, result: joined.await } })
            }
            Output::Deliver(_) | Output::Tell(_) => return None,
        })
    }
}

fn late() -> ClientError {
    ClientError::Api(ApiErrorKind::TimedOut { phase: Phase::Total }.into())
}

impl Work {
    fn poll_timer(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.machine.deadline().map(Instant::from_std) else {
            self.timer = None;
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(context)
    }
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
            let wake = match &mut catch_up {
                Some(catch_up) => catch_up.wake(&mut events).await,
                None => events.next_batch().await.map_or(Wake::End, Wake::Events),
            };
            let batch = match wake {
                Wake::Events(batch) => batch,
                Wake::End => break,
                Wake::Inputs(_) | Wake::Time => {
                    if let Some(catch_up) = &mut catch_up {
                        // Boxed, so that a healthy connection keeps no room for it.
                        Box::pin(catch_up.decide(&mut delivery, wake)).await;
                    }
                    continue;
                }
            };
            let is_idle = catch_up.as_ref().is_none_or(CatchUp::is_idle);
            if is_idle && batch.iter().all(|event| matches!(event, Event::Message(_))) && delivery.is_unheard() {
                // Nobody looks at single messages: the streams get the batch as it is.
                delivery.deliver_batch(batch).await;
                continue;
            }
            match &mut catch_up {
                Some(catch_up) if !is_idle || batch.iter().any(|event| catch_up.is_turn(event)) => {
                    Box::pin(catch_up.decide(&mut delivery, Wake::Events(batch))).await;
                }
                _ => {
                    for event in batch {
                        delivery.deliver(event);
                    }
                    delivery.flush().await;
                }
            }
        }
        drop(guards);
    }
}

#[cfg(test)]
mod tests;
