//! Joining many channels.

use std::future::Future;
use std::time::Duration;

use mezon_light::{CallErrorKind, ChannelId, LightError, Target};
use tokio::time::MissedTickBehavior;

use crate::exit::Failure;
use crate::output::Output;

/// The time between two joins. Servers may leave joins unanswered, and then each takes 3 s, so they do not wait for each
/// other; but a burst of them makes the gateway close the connection.
const SPACING: Duration = Duration::from_micros(12_500);

/// Joins the channels, and gives those that could be joined. Others are told; when there is none but others, that is the
/// failure.
pub(super) async fn all<F>(
    targets: Vec<Target>,
    output: Output,
    join: impl Fn(Target) -> F,
) -> Result<Vec<ChannelId>, Failure>
where
    F: Future<Output = Result<(), LightError>> + Send + 'static,
{
    let mut pace = tokio::time::interval(SPACING);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut joins = Vec::with_capacity(targets.len());
    for target in targets {
        pace.tick().await;
        joins.push((target.channel_id, tokio::spawn(join(target))));
    }
    let (mut joined, mut refused) = (Vec::new(), Vec::new());
    for (id, join) in joins {
        match join.await {
            Ok(Ok(())) => joined.push(id),
            Ok(Err(error)) if is_refusal(&error) => refused.push(failed(id, error.into())),
            Ok(Err(error)) => return Err(failed(id, error.into())),
            Err(error) => return Err(failed(id, Failure::other("the task ended early").because(&error))),
        }
    }
    let failure = if joined.is_empty() { refused.pop() } else { None };
    for refusal in refused {
        refusal.report(output).await;
    }
    failure.map_or(Ok(joined), Err)
}

/// Why a channel is not heard.
pub(super) fn failed(id: ChannelId, failure: Failure) -> Failure {
    failure.of(format_args!("channel {id} cannot be joined"))
}

fn is_refusal(error: &LightError) -> bool {
    matches!(error, LightError::Call(error) if matches!(error.kind(), CallErrorKind::Rejected { .. }))
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn joins_that_are_left_unanswered_do_not_wait_for_each_other() {
        let start = Instant::now();
        let targets: Vec<Target> = (1..=100).map(|id| Target::direct(ChannelId::new(id))).collect();
        let ids: Vec<ChannelId> = targets.iter().map(|target| target.channel_id).collect();
        let unanswered = |_| async {
            sleep(Duration::from_secs(3)).await;
            Ok(())
        };
        let Ok(joined) = all(targets, Output::new(false), unanswered).await else { panic!("a join failed") };
        assert_eq!(joined, ids);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}
