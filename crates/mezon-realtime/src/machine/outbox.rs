//! Frames on their way to the socket: those that may leave, and those that wait for the send limit.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;
use mezon_session::{Pace, RateLimit};

use super::calls::{Caller, Slot};

/// A frame that waits for room in the socket, or for its turn.
#[derive(Debug)]
pub(super) struct Queued<W> {
    pub(super) slot: Slot,
    pub(super) frame: Bytes,
    /// Who is told when it leaves.
    pub(super) notified: Option<Caller<W>>,
}

/// Whose frame it is, which decides what the send limit has to do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// A heartbeat: before all others, and not counted.
    First,
    /// What the machine sends by itself, for the application: counted, but it waits for nothing.
    Own,
    /// What the application sends: all in their order.
    Application,
}

/// Without a limit, frames leave in the order they came.
#[derive(Debug)]
pub(super) struct Outbox<W> {
    ready: VecDeque<Queued<W>>,
    /// In a box: most connections have none.
    limiter: Option<Box<Limiter<W>>>,
}

#[derive(Debug)]
struct Limiter<W> {
    pace: Pace,
    waiting: VecDeque<Queued<W>>,
}

impl<W> Outbox<W> {
    pub(super) fn new(limit: Option<RateLimit>) -> Self {
        let limiter = |limit| Box::new(Limiter { pace: Pace::new(limit), waiting: VecDeque::new() });
        Self { ready: VecDeque::new(), limiter: limit.map(limiter) }
    }

    pub(super) fn len(&self) -> usize {
        self.ready.len() + self.limiter.as_ref().map_or(0, |limiter| limiter.waiting.len())
    }

    /// Whether the next frame of the application would wait for the limit, and finds no room there.
    pub(super) fn is_over_limit(&self, now: Instant) -> bool {
        self.limiter.as_ref().is_some_and(|limiter| {
            let waits = !limiter.waiting.is_empty() || !limiter.is_free(now);
            waits && limiter.waiting.len() >= limiter.pace.limit().waiting
        })
    }

    pub(super) fn push(&mut self, now: Instant, turn: Turn, queued: Queued<W>) {
        match (turn, &mut self.limiter) {
            (Turn::First, _) => self.ready.push_front(queued),
            (Turn::Application, Some(limiter)) if !limiter.waiting.is_empty() || !limiter.is_free(now) => {
                limiter.waiting.push_back(queued);
            }
            (_, limiter) => {
                if let Some(limiter) = limiter {
                    limiter.pace.take(now);
                }
                self.ready.push_back(queued);
            }
        }
    }

    /// Lets those leave whose time has come. What is not `wanted` any more takes no place from the others.
    pub(super) fn release(&mut self, now: Instant, wanted: impl Fn(&Queued<W>) -> bool) {
        let Some(limiter) = &mut self.limiter else { return };
        while limiter.is_free(now)
            && let Some(queued) = limiter.waiting.pop_front()
        {
            if wanted(&queued) {
                limiter.pace.take(now);
            }
            self.ready.push_back(queued);
        }
    }

    /// When the next one may leave that waits for the limit.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.limiter.as_ref().filter(|limiter| !limiter.waiting.is_empty())?.pace.free_at()
    }

    /// The next frame that may leave.
    pub(super) fn pop(&mut self) -> Option<Queued<W>> {
        self.ready.pop_front()
    }

    /// The frame of this call.
    pub(super) fn find(&mut self, slot: Slot) -> Option<&mut Queued<W>> {
        // It was queued a moment ago: it is the last one.
        if let Some(at) = self.ready.iter().rposition(|queued| queued.slot == slot) {
            return self.ready.get_mut(at);
        }
        self.waiting_mut()?.iter_mut().rfind(|queued| queued.slot == slot)
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, is_it: impl Fn(&Queued<W>) -> bool) -> Option<Queued<W>> {
        let ready = self.ready.iter().position(&is_it).and_then(|at| self.ready.remove(at));
        ready.or_else(|| {
            let waiting = self.waiting_mut()?;
            waiting.iter().position(is_it).and_then(|at| waiting.remove(at))
        })
    }

    /// Takes out all that are not wanted any more.
    pub(super) fn take_unwanted(&mut self, wanted: impl Fn(&Queued<W>) -> bool) -> Vec<Queued<W>> {
        let mut unwanted = Vec::new();
        let waiting = self.limiter.as_mut().map(|limiter| &mut limiter.waiting);
        for queue in [Some(&mut self.ready), waiting].into_iter().flatten() {
            for _ in 0..queue.len() {
                match queue.pop_front() {
                    Some(queued) if wanted(&queued) => queue.push_back(queued),
                    queued => unwanted.extend(queued),
                }
            }
        }
        unwanted
    }

    /// Takes out all. What has left before counts on: the limit is the server's, not that of a connection.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Queued<W>> + use<W> {
        let waiting = self.waiting_mut().map(std::mem::take).unwrap_or_default();
        std::mem::take(&mut self.ready).into_iter().chain(waiting)
    }

    /// Whether somebody waits to hear that a frame has left.
    pub(super) fn has_notified(&self) -> bool {
        let waiting = self.limiter.iter().flat_map(|limiter| &limiter.waiting);
        self.ready.iter().chain(waiting).any(|queued| queued.notified.is_some())
    }

    fn waiting_mut(&mut self) -> Option<&mut VecDeque<Queued<W>>> {
        self.limiter.as_mut().map(|limiter| &mut limiter.waiting)
    }
}

impl<W> Limiter<W> {
    fn is_free(&self, now: Instant) -> bool {
        self.pace.free_at().is_none_or(|at| at <= now)
    }
}
