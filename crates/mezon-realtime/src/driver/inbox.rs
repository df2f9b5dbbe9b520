//! What the handles of a connection want from it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use super::command::Command;
use super::wake;
use crate::NotSent;
use crate::machine::CallId;

/// How many commands wait for the driver. Leaves go beyond it, so that none is forgotten; each has a caller who waits.
const LIMIT: usize = 1_024;

/// The queue from the handles to the driver. Two channels would do the same, and cost an idle connection 2 KiB.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    inner: Mutex<Pending>,
}

#[derive(Debug, Default)]
struct Pending {
    commands: VecDeque<Command>,
    wishes: Wishes,
    /// The driver, when it has taken everything.
    waker: Option<Waker>,
    /// The driver has ended.
    ended: bool,
}

/// What is wanted besides commands.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// Calls that nobody waits for any more. At most one for each call.
    pub(super) cancelled: Vec<CallId>,
    /// The connection is to be closed.
    pub(super) close: bool,
    /// The event stream was dropped.
    pub(super) unheard: bool,
    /// The last handle was dropped: there will be no more commands.
    pub(super) silent: bool,
}

impl Inbox {
    /// Queues a command. It comes back when it cannot be taken.
    pub(super) fn push(&self, command: Command) -> Result<(), (Command, NotSent)> {
        let mut inner = self.lock();
        if inner.ended {
            return Err((command, NotSent::Closed));
        }
        if inner.commands.len() >= LIMIT && !command.is_leave() {
            return Err((command, NotSent::QueueFull));
        }
        inner.commands.push_back(command);
        let sleeper = inner.waker.take();
        wake(inner, sleeper);
        Ok(())
    }

    /// Says what else is wanted.
    pub(super) fn wish(&self, wish: impl FnOnce(&mut Wishes)) {
        let mut inner = self.lock();
        if !inner.ended {
            wish(&mut inner.wishes);
            let sleeper = inner.waker.take();
            wake(inner, sleeper);
        }
    }

    /// Takes the wishes, and at most `limit` commands. When there is nothing to take, the driver is woken by the next.
    pub(super) fn take(&self, context: &Context<'_>, limit: usize, commands: &mut Vec<Command>) -> Option<Wishes> {
        let mut inner = self.lock();
        if inner.commands.is_empty() && inner.wishes.is_empty() {
            if !inner.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                inner.waker = Some(context.waker().clone());
            }
            return None;
        }
        let taken = inner.commands.len().min(limit);
        commands.extend(inner.commands.drain(..taken));
        Some(std::mem::take(&mut inner.wishes))
    }

    /// There was nothing to take for a while.
    pub(super) fn give_room_back(&self) {
        self.lock().commands.shrink_to_fit();
    }

    /// The driver ends. Gives back the commands that came too late.
    pub(super) fn end(&self) -> VecDeque<Command> {
        let mut inner = self.lock();
        inner.ended = true;
        inner.waker = None;
        std::mem::take(&mut inner.commands)
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wishes {
    fn is_empty(&self) -> bool {
        self.cancelled.is_empty() && !self.close && !self.unheard && !self.silent
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_driver_is_woken_once_and_takes_a_part_at_a_time() {
        let (inbox, counter) = (Inbox::default(), Arc::new(Counter::default()));
        let waker = Waker::from(Arc::clone(&counter));
        let context = Context::from_waker(&waker);
        let mut commands = Vec::new();
        assert!(inbox.take(&context, 64, &mut commands).is_none());
        for _ in 0..100 {
            inbox.push(Command::NetworkChanged).unwrap();
        }
        inbox.wish(|wishes| wishes.cancelled.push(CallId(7)));
        assert_eq!(counter.0.load(Ordering::Relaxed), 1);

        assert_eq!(inbox.take(&context, 64, &mut commands).unwrap().cancelled, [CallId(7)]);
        assert_eq!(commands.len(), 64);
        assert!(inbox.take(&context, 64, &mut commands).unwrap().is_empty());
        assert_eq!(commands.len(), 100);
        assert!(inbox.take(&context, 64, &mut commands).is_none());
    }

    #[test]
    fn what_cannot_be_taken_comes_back() {
        let inbox = Inbox::default();
        for _ in 0..LIMIT {
            inbox.push(Command::NetworkChanged).unwrap();
        }
        assert_eq!(inbox.push(Command::NetworkChanged).unwrap_err().1, NotSent::QueueFull);
        assert_eq!(inbox.end().len(), LIMIT);
        assert_eq!(inbox.push(Command::NetworkChanged).unwrap_err().1, NotSent::Closed);
    }
}
