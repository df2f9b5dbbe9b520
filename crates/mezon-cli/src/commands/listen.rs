//! `mezon listen`: prints what arrives.

use std::future::Future;
use std::time::Duration;

use clap::Args;
use mezon_light::{
    CallError, CallErrorKind, Channel, ChannelId, CloseReason, Event, EventStream, LightClient, LightError,
    LightSocket, SocketConnectOptions, Target,
};
use serde_json::json;
use tokio::time::MissedTickBehavior;

use crate::channel;
use crate::client::Account;
use crate::commands::{history, session};
use crate::exit::Failure;
use crate::interrupt::interrupted;
use crate::output::Output;

#[derive(Debug, Args)]
#[command(after_help = "\
A lost connection comes back by itself, and what was missed is fetched and printed once.

Examples:
  mezon listen                        # everything, until Ctrl-C
  mezon listen 1804 --count 1 --json  # the next message of one channel")]
pub(crate) struct Arguments {
    /// The channels' ids [default: all conversations that are open at the start]
    #[arg(value_name = "CHANNEL")]
    channels: Vec<ChannelId>,
    /// Stop after this many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

/// The time between two joins. Servers may leave joins unanswered, and then each takes 3 s, so they do not wait for each
/// other; but a burst of them makes the gateway close the connection.
const JOIN_SPACING: Duration = Duration::from_micros(12_500);

pub(crate) async fn run(arguments: &Arguments, account: &Account<'_>, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let socket = LightSocket::new(&client);
    let listened = tokio::select! {
        listened = listen(arguments, &client, &socket, output) => listened,
        // Whoever listens until Ctrl-C has got what they wanted.
        () = interrupted() => Ok(()),
    };
    socket.disconnect().await;
    listened
}

async fn listen(
    arguments: &Arguments,
    client: &LightClient,
    socket: &LightSocket,
    output: Output,
) -> Result<(), Failure> {
    let channels = chosen(arguments, client).await?;
    let mut events = socket.events();
    socket.connect(SocketConnectOptions::new()).await?;
    let targets: Vec<Target> = channels.iter().map(Channel::target).collect();
    let ids = join_all(targets, output, |target| {
        let socket = socket.clone();
        async move { socket.join(&target).await }
    })
    .await?;
    let who = session::who(&client.session());
    output.print(
        &json!({"event": "ready", "user_id": client.user_id(), "channels": ids}),
        format_args!(
            "listening as {who} to {} channel{}, Ctrl-C ends",
            ids.len(),
            if ids.len() == 1 { "" } else { "s" }
        ),
    )?;
    // Without a choice, whatever comes in is wanted.
    let wanted = |id: ChannelId| arguments.channels.is_empty() || ids.contains(&id);
    print_events(&mut events, wanted, arguments.count, output).await
}

/// Joins the channels, and gives those that could be joined. Others are told; when there is none but others, that is the
/// failure.
async fn join_all<F>(
    targets: Vec<Target>,
    output: Output,
    join: impl Fn(Target) -> F,
) -> Result<Vec<ChannelId>, Failure>
where
    F: Future<Output = Result<(), LightError>> + Send + 'static,
{
    let mut pace = tokio::time::interval(JOIN_SPACING);
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
            Ok(Err(error)) if is_refusal(&error) => refused.push(not_joined(id, error.into())),
            Ok(Err(error)) => return Err(not_joined(id, error.into())),
            Err(error) => return Err(not_joined(id, Failure::other("the task ended early").because(&error))),
        }
    }
    let failure = if joined.is_empty() { refused.pop() } else { None };
    for refusal in refused {
        refusal.report(output);
    }
    failure.map_or(Ok(joined), Err)
}

/// Why a channel is not heard.
fn not_joined(id: ChannelId, failure: Failure) -> Failure {
    failure.of(format_args!("channel {id} cannot be joined"))
}

fn is_refusal(error: &LightError) -> bool {
    matches!(error, LightError::Call(error) if matches!(error.kind(), CallErrorKind::Rejected { .. }))
}

async fn chosen(arguments: &Arguments, client: &LightClient) -> Result<Vec<Channel>, Failure> {
    let all = channel::all(client).await?;
    if arguments.channels.is_empty() {
        return Ok(all);
    }
    arguments.channels.iter().map(|id| channel::pick(&all, *id)).collect()
}

async fn print_events(
    events: &mut EventStream,
    wanted: impl Fn(ChannelId) -> bool,
    count: Option<u64>,
    output: Output,
) -> Result<(), Failure> {
    let mut left = count;
    // The first connection is told by "ready"; only what happens to it later is news.
    let mut lost = false;
    while let Some(event) = events.next().await {
        match event {
            Event::Message(message) if wanted(message.channel_id()) => {
                output.print(&json!({"event": "message", "message": message}), history::line(&message))?;
                left = left.map(|left| left.saturating_sub(1));
                if left == Some(0) {
                    return Ok(());
                }
            }
            Event::Disconnected { reason, retry_in, .. } => {
                lost = true;
                let seconds = retry_in.as_secs_f64();
                let object =
                    json!({"event": "disconnected", "reason": reason.to_string(), "retry_in_seconds": seconds});
                output.print(&object, format_args!("- {reason}, next attempt in {seconds:.1} s"))?;
            }
            Event::Ready { .. } if lost => {
                lost = false;
                output.print(&json!({"event": "reconnected"}), "- connected again")?;
            }
            Event::Gap { channels, .. } => {
                let ids: Vec<ChannelId> = channels.iter().map(|gap| gap.channel_id).collect();
                let text = format!("- messages may be missing in {} channels: `mezon history` shows them", ids.len());
                output.print(&json!({"event": "gap", "channels": ids}), text)?;
            }
            Event::RejoinFailed { channel_id, error, .. } if wanted(channel_id) => {
                let error = LightError::Call(CallError::new(error));
                not_joined(channel_id, error.into()).report(output);
            }
            Event::Lagged { dropped, .. } => {
                let text = format!("- {dropped} events were dropped: `mezon history` shows the messages among them");
                output.print(&json!({"event": "lagged", "dropped": dropped}), text)?;
            }
            Event::Closed { reason, .. } => return Err(Failure::closed(&reason)),
            _ => {}
        }
    }
    Err(Failure::closed(&CloseReason::Aborted))
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
        let Ok(joined) = join_all(targets, Output::new(false), unanswered).await else { panic!("a join failed") };
        assert_eq!(joined, ids);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}
