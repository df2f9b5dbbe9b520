//! `mezon listen`: prints what arrives.

use clap::Args;
use mezon_light::{
    Channel, ChannelId, CloseReason, Event, EventStream, LightClient, LightSocket, SocketConnectOptions,
};
use serde_json::json;

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
    for channel in &channels {
        socket.join(&channel.target()).await?;
    }
    let ids: Vec<ChannelId> = channels.iter().map(Channel::id).collect();
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
