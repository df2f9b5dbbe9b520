//! `mez listen`: prints what arrives.

mod join;

use std::collections::HashMap;

use clap::Args;
use mezon_light::{
    CallError, Channel, ChannelId, ChannelMessage, CloseReason, Event, EventStream, LightClient, LightError,
    LightSocket, SocketConnectOptions, StreamMode, UserId,
};
use serde::Serialize;

use super::message::{MessageObject, line};
use crate::client::Account;
use crate::commands::session;
use crate::exit::Failure;
use crate::interrupt::interrupted;
use crate::output::{Output, printable};
use crate::place::{self, Finder, Place};

#[derive(Debug, Args)]
#[command(after_help = "\
A lost connection comes back by itself, and what was missed is fetched and printed once.

Examples:
  mez listen                        # everything, until Ctrl-C
  mez listen 1804 --count 1 --json  # the next message of one channel")]
pub(crate) struct Arguments {
    /// The channels: ids, names, @peer, #name, clan/#name [default: all, later ones too]
    #[arg(value_name = "CHANNEL")]
    channels: Vec<Place>,
    /// Stop after this many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Show the ids of the messages
    #[arg(long)]
    ids: bool,
    /// Speak as before April 2026: correlation ids are text
    #[arg(long)]
    string_cid: bool,
}

/// What happened, in JSON.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum News<'a> {
    Ready { user_id: UserId, channels: &'a [ChannelId] },
    Message { message: MessageObject<'a> },
    Disconnected { reason: String, retry_in_seconds: f64 },
    Reconnected,
    Gap { channels: Vec<ChannelId> },
    Undecodable { field: u32, reason: &'a str },
    Lagged { dropped: u64 },
}

pub(crate) async fn run(arguments: &Arguments, account: Account, output: Output) -> Result<(), Failure> {
    let client = account.string_cid(arguments.string_cid).resume()?;
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
    let mut events = socket.events();
    let channels = if arguments.channels.is_empty() {
        // What is opened later is joined by itself. So the list comes second: nothing falls between the two.
        socket.connect(SocketConnectOptions::new().join_added(true)).await?;
        place::conversations(client.client()).await?
    } else {
        // An unknown channel is told before anything is opened.
        let mut finder = Finder::new(client.client());
        let mut chosen = Vec::new();
        for place in &arguments.channels {
            chosen.push(finder.find(place).await?);
        }
        socket.connect(SocketConnectOptions::new()).await?;
        chosen
    };
    let ids = join::heard(socket.join_all(channels.iter().map(Channel::target)).await, output).await?;
    let who = session::who(&client.session());
    let plural = if ids.len() == 1 { "" } else { "s" };
    let text = format!("listening as {who} to {} channel{plural}, Ctrl-C ends", ids.len());
    output.event(&News::Ready { user_id: client.user_id(), channels: &ids }, text).await?;
    let titles = channels.iter().map(|channel| (channel.id(), place::title(channel))).collect();
    // Without a choice, whatever comes in is wanted.
    let wanted = if arguments.channels.is_empty() { None } else { Some(ids) };
    Listener { wanted, titles, left: arguments.count, ids: arguments.ids, output }.print(&mut events).await
}

/// Prints events.
struct Listener {
    /// The channels that the user chose. `None`: all.
    wanted: Option<Vec<ChannelId>>,
    /// What the channels are called that were open at the start.
    titles: HashMap<ChannelId, String>,
    /// How many messages are still to be printed. `None`: any number.
    left: Option<u64>,
    /// Whether people see the messages' ids.
    ids: bool,
    output: Output,
}

impl Listener {
    async fn print(mut self, events: &mut EventStream) -> Result<(), Failure> {
        // The first connection is told by "ready"; only what happens to it later is news.
        let mut lost = false;
        while let Some(event) = events.next().await {
            match event {
                Event::Message(message) if self.wants(message.channel_id()) => {
                    self.message(&message).await?;
                    self.left = self.left.map(|left| left.saturating_sub(1));
                    if self.left == Some(0) {
                        return Ok(());
                    }
                }
                Event::Disconnected { reason, retry_in, .. } => {
                    lost = true;
                    let seconds = retry_in.as_secs_f64();
                    let news = News::Disconnected { reason: reason.to_string(), retry_in_seconds: seconds };
                    self.output.event(&news, format_args!("- {reason}, next attempt in {seconds:.1} s")).await?;
                }
                Event::Ready { .. } if lost => {
                    lost = false;
                    self.output.event(&News::Reconnected, "- connected again").await?;
                }
                Event::Gap { channels, .. } => self.gap(channels.iter().map(|gap| gap.channel_id).collect()).await?,
                Event::RejoinFailed { channel_id, error, .. } if self.wants(channel_id) => {
                    let error = LightError::Call(CallError::new(error));
                    join::failed(channel_id, error.into()).report(self.output).await;
                }
                Event::Undecodable { raw, reason, .. } => {
                    let text = format!("- something came that cannot be read: {}", printable(&reason));
                    self.output.event(&News::Undecodable { field: raw.field, reason: &reason }, text).await?;
                }
                Event::Lagged { dropped, .. } => {
                    let text = format!("- {dropped} events were dropped: `mez history` shows the messages among them");
                    self.output.event(&News::Lagged { dropped }, text).await?;
                }
                Event::Closed { reason, .. } => return Err(Failure::closed(&reason)),
                _ => {}
            }
        }
        Err(Failure::closed(&CloseReason::Aborted))
    }

    fn wants(&self, id: ChannelId) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.contains(&id))
    }

    async fn message(&self, message: &ChannelMessage) -> Result<(), Failure> {
        let one = self.wanted.as_ref().is_some_and(|wanted| wanted.len() == 1);
        // A direct conversation that was opened later is called as the one who wrote.
        let peer = if message.mode() == StreamMode::Direct { message.username() } else { "" };
        let label = if message.channel_label().is_empty() { peer } else { message.channel_label() };
        let channel = (!one).then(|| self.title(message.channel_id(), label));
        let text = line(message, channel.as_deref(), self.ids);
        self.output.print(&News::Message { message: MessageObject::new(message) }, text).await
    }

    async fn gap(&self, channels: Vec<ChannelId>) -> Result<(), Failure> {
        let titles: Vec<String> = channels.iter().map(|id| self.title(*id, "")).collect();
        let place = if titles.is_empty() { "channels that are not known".to_owned() } else { titles.join(", ") };
        let text = format!("- messages may be missing in {place}: `mez history` shows them");
        self.output.event(&News::Gap { channels }, text).await
    }

    /// What the channel is called; its id when nobody knows.
    fn title(&self, id: ChannelId, label: &str) -> String {
        match self.titles.get(&id) {
            Some(title) => title.clone(),
            None if label.is_empty() => id.to_string(),
            None => printable(label).to_string(),
        }
    }
}
