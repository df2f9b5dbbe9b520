//! Joining many channels.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use mezon_model::Target;
use tokio::time::{MissedTickBehavior, interval};

/// The time between two joins. Joins do not wait for each other, because a server may leave some of them unanswered, and
/// then each takes 3 s; but a burst of them makes the gateway close the connection.
const SPACING: Duration = Duration::from_micros(12_500);

/// Joins the channels with `join`, one every [`SPACING`], and tells how each went, in the order of `targets`.
pub(crate) async fn paced<E, F>(targets: Vec<Target>, join: impl Fn(Target) -> F) -> Vec<(Target, Result<(), E>)>
where
    F: Future<Output = Result<(), E>>,
{
    let mut pace = interval(SPACING);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut begun, mut ended) = (FuturesUnordered::new(), Vec::with_capacity(targets.len()));
    for (place, target) in targets.into_iter().enumerate() {
        loop {
            tokio::select! {
                biased;
                _ = pace.tick() => break,
                Some(joined) = begun.next() => ended.push(joined),
            }
        }
        let joining = join(target);
        begun.push(async move { (place, target, joining.await) });
    }
    while let Some(joined) = begun.next().await {
        ended.push(joined);
    }
    ended.sort_unstable_by_key(|(place, ..)| *place);
    ended.into_iter().map(|(_, target, joined)| (target, joined)).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use mezon_model::ChannelId;
    use tokio::time::{Instant, sleep};

    use super::*;

    fn hundred() -> Vec<Target> {
        (1..=100).map(|id| Target::direct(ChannelId::new(id))).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn joins_that_are_left_unanswered_do_not_wait_for_each_other() {
        let start = Instant::now();
        // The first ones take longest, and are told first all the same.
        let joined = paced(hundred(), async |target: Target| {
            sleep(Duration::from_secs(3) / u32::try_from(target.channel_id.get()).unwrap()).await;
            if target.channel_id == ChannelId::new(7) { Err("refused") } else { Ok(()) }
        })
        .await;
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert!(joined.iter().map(|(target, _)| *target).eq(hundred()));
        assert_eq!(joined.iter().filter(|(_, joined)| joined.is_err()).count(), 1);
        assert_eq!(joined[6].1, Err("refused"));
    }

    #[tokio::test(start_paused = true)]
    async fn joins_come_in_no_burst() {
        let begun = RefCell::new(Vec::new());
        paced(hundred(), async |_| {
            begun.borrow_mut().push(Instant::now());
            Ok::<_, ()>(())
        })
        .await;
        let begun = begun.into_inner();
        assert!(begun.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(12)), "{begun:?}");
    }
}
