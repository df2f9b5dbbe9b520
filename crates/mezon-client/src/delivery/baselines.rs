//! Where the history of a channel begins that was joined and in which no message was seen yet.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mezon_model::{ChannelId, MessageId, Target};
use tokio::sync::Semaphore;

use super::history::History;
use crate::watched::Watched;

/// So many newest messages are asked for at a time, however many channels are joined at once.
const AT_A_TIME: usize = 4;

/// The newest message of each channel when it was joined, on one connection: where to read on from when the connection is
/// lost before any message was seen.
///
/// A baseline that is too new hides what was lost, so one is noted only on a connection that stays ready meanwhile, whose
/// gaps are all filled, and that is proved to be alive afterwards: what was sent on it until then has come in. Without a
/// baseline a gap stays a gap, and the application is told.
#[derive(Debug)]
pub(crate) struct Baselines {
    /// `None`: wanted, not known yet.
    channels: Mutex<HashMap<ChannelId, Option<MessageId>>>,
    /// The connection that is ready, as the dispatcher knows it: it has dealt with every gap before.
    ready: Watched<Option<u64>>,
    turns: Semaphore,
}

impl Default for Baselines {
    fn default() -> Self {
        Self { channels: Mutex::default(), ready: Watched::default(), turns: Semaphore::new(AT_A_TIME) }
    }
}

impl Baselines {
    pub(crate) fn connection_ready(&self, generation: u64) {
        self.ready.set(Some(generation));
    }

    pub(crate) fn connection_lost(&self) {
        self.ready.set(None);
    }

    /// A channel was joined. False: it was before, and keeps its baseline.
    pub(crate) fn want(&self, channel: ChannelId) -> bool {
        let mut new = false;
        self.channels().entry(channel).or_insert_with(|| {
            new = true;
            None
        });
        new
    }

    pub(crate) fn forget(&self, channel: ChannelId) {
        self.channels().remove(&channel);
    }

    pub(crate) fn of(&self, channel: ChannelId) -> Option<MessageId> {
        self.channels().get(&channel).copied().flatten()
    }

    /// Finds the baseline of a channel that was just joined. `is_alive` finds out whether a connection still is, and ready;
    /// it knows of a loss before the dispatcher does.
    pub(crate) async fn read<F: Future<Output = bool>>(
        &self,
        target: Target,
        history: &dyn History,
        is_alive: impl Fn(u64) -> F,
    ) {
        loop {
            let Ok(turn) = self.turns.acquire().await else { return };
            let generation = self.ready.wait_for(|ready| ready.is_some()).await;
            let Ok(newest) = history.newest(&target).await else {
                // The next join tries again.
                return self.forget(target.channel_id);
            };
            let alive = match generation {
                Some(generation) => is_alive(generation).await,
                None => false,
            };
            if alive && self.ready.get() == generation {
                if let Some(baseline @ None) = self.channels().get_mut(&target.channel_id) {
                    *baseline = Some(newest.unwrap_or_default());
                }
                return;
            }
            // Of the gap that opened meanwhile the application is told. The next connection has a baseline.
            drop(turn);
            self.ready.wait_for(|ready| ready != generation).await;
        }
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<ChannelId, Option<MessageId>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use tokio::sync::{mpsc, oneshot};
    use tokio::task::{JoinHandle, yield_now};

    use super::*;
    use crate::delivery::history::by_hand::{HistoryByHand, Question};

    /// Baselines, and what a connection says of itself.
    struct Rig {
        baselines: Arc<Baselines>,
        history: Arc<HistoryByHand>,
        asked: mpsc::UnboundedReceiver<Question>,
        ready: Arc<AtomicU64>,
    }

    impl Rig {
        fn new() -> Self {
            let (history, asked) = HistoryByHand::new();
            Self { baselines: Arc::default(), history: Arc::new(history), asked, ready: Arc::default() }
        }

        fn connection_ready(&self, generation: u64) {
            self.ready.store(generation, Ordering::SeqCst);
            self.baselines.connection_ready(generation);
        }

        fn join(&self, channel: i64) -> JoinHandle<()> {
            let (baselines, history, ready) =
                (Arc::clone(&self.baselines), Arc::clone(&self.history), Arc::clone(&self.ready));
            assert!(baselines.want(ChannelId::new(channel)));
            tokio::spawn(async move {
                let is_alive = |generation| std::future::ready(ready.load(Ordering::SeqCst) == generation);
                baselines.read(Target::direct(ChannelId::new(channel)), &*history, is_alive).await;
            })
        }

        fn of(&self, channel: i64) -> Option<i64> {
            self.baselines.of(ChannelId::new(channel)).map(MessageId::get)
        }
    }

    #[tokio::test]
    async fn a_connection_that_is_lost_meanwhile_gives_no_baseline() {
        let mut rig = Rig::new();
        rig.connection_ready(1);
        let lookup = rig.join(7);
        let question = rig.asked.recv().await.unwrap();
        // The connection is lost; the dispatcher does not know yet. The newest message came after the loss.
        rig.ready.store(0, Ordering::SeqCst);
        question.answer([5]);
        yield_now().await;
        assert_eq!(rig.of(7), None);
        rig.baselines.connection_lost();
        rig.connection_ready(2);
        rig.asked.recv().await.unwrap().answer([6]);
        lookup.await.unwrap();
        assert_eq!(rig.of(7), Some(6), "the gap before is told by now");
    }

    /// When a link dies unnoticed, the history knows what will never come on it.
    #[tokio::test]
    async fn a_baseline_counts_once_the_connection_is_proved_to_be_alive() {
        let mut rig = Rig::new();
        rig.connection_ready(1);
        let (proofs, mut wanted) = mpsc::unbounded_channel::<oneshot::Sender<bool>>();
        let (baselines, history) = (Arc::clone(&rig.baselines), Arc::clone(&rig.history));
        assert!(baselines.want(ChannelId::new(7)));
        let lookup = tokio::spawn(async move {
            let is_alive = |_| {
                let (answer, proof) = oneshot::channel();
                proofs.send(answer).unwrap();
                async { proof.await.unwrap() }
            };
            baselines.read(Target::direct(ChannelId::new(7)), &*history, is_alive).await;
        });
        let question = rig.asked.recv().await.unwrap();
        yield_now().await;
        assert!(wanted.try_recv().is_err(), "what was proved before the history was read is no proof");
        question.answer([5]);
        wanted.recv().await.unwrap().send(false).unwrap();
        yield_now().await;
        assert_eq!(rig.of(7), None);

        rig.baselines.connection_lost();
        rig.connection_ready(2);
        rig.asked.recv().await.unwrap().answer([6]);
        let proof = wanted.recv().await.unwrap();
        assert_eq!(rig.of(7), None);
        proof.send(true).unwrap();
        lookup.await.unwrap();
        assert_eq!(rig.of(7), Some(6));
    }

    #[tokio::test]
    async fn nothing_is_asked_before_the_gaps_are_dealt_with() {
        let mut rig = Rig::new();
        let lookup = rig.join(7);
        yield_now().await;
        assert!(rig.asked.try_recv().is_err());
        rig.connection_ready(1);
        rig.asked.recv().await.unwrap().answer([]);
        lookup.await.unwrap();
        assert_eq!(rig.of(7), Some(0), "an empty channel is read from its beginning");
    }

    #[tokio::test]
    async fn many_joins_ask_for_a_few_at_a_time() {
        let mut rig = Rig::new();
        rig.connection_ready(1);
        let lookups: Vec<_> = (0..200).map(|channel| rig.join(channel)).collect();
        let mut open = Vec::new();
        for _ in 0..AT_A_TIME {
            open.push(rig.asked.recv().await.unwrap());
        }
        for _ in AT_A_TIME..200 {
            yield_now().await;
            assert!(rig.asked.try_recv().is_err(), "more than {AT_A_TIME} at a time");
            open.remove(0).answer([1]);
            open.push(rig.asked.recv().await.unwrap());
        }
        for question in open {
            question.answer([1]);
        }
        for lookup in lookups {
            lookup.await.unwrap();
        }
        assert!((0..200).all(|channel| rig.of(channel) == Some(1)));
    }

    #[tokio::test]
    async fn a_baseline_is_looked_up_once_and_lasts_until_the_channel_is_left() {
        let mut rig = Rig::new();
        rig.connection_ready(1);
        let lookup = rig.join(7);
        rig.asked.recv().await.unwrap().answer([3]);
        lookup.await.unwrap();
        assert!(!rig.baselines.want(ChannelId::new(7)));
        rig.baselines.forget(ChannelId::new(7));
        assert_eq!(rig.of(7), None);

        let lookup = rig.join(8);
        drop(rig.asked.recv().await.unwrap());
        lookup.await.unwrap();
        let lookup = rig.join(8);
        let question = rig.asked.recv().await.unwrap();
        rig.baselines.forget(ChannelId::new(8));
        question.answer([3]);
        lookup.await.unwrap();
        assert_eq!(rig.of(8), None, "left before it was known");
    }
}
