//! `mezon send`: one message, with files if wanted.

use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use mezon_light::{
    Channel, ChannelId, Draft, LightClient, LightSocket, MessageAck, SendMessagePayload, SocketConnectOptions,
};
use serde_json::json;

use crate::channel;
use crate::client::Account;
use crate::exit::Failure;
use crate::interrupt::unless_interrupted;
use crate::output::Output;
use crate::progress;

/// Far more than a message may have: a longer text is refused by the content limit.
const STDIN_LIMIT: u64 = 1024 * 1024;

#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is sent twice: when the outcome is unknown the exit code is 7, and `mezon history` tells.

Examples:
  mezon send 1804 'xin chào'
  mezon send 1804 'the plan' --attach plan.pdf budget.ods
  git log -1 | mezon send 1804 -
  mezon send 1804 'wake up' --buzz")]
pub(crate) struct Arguments {
    /// The channel's id, as `mezon channels` shows it
    channel: ChannelId,
    /// What to say; - reads it from stdin
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// Files to upload and send along
    #[arg(long, value_name = "FILE", num_args = 1..)]
    attach: Vec<PathBuf>,
    /// Leave web addresses in the text unmarked, so that clients do not render them as links
    #[arg(long)]
    hide_link: bool,
    /// Ask for attention at once
    #[arg(long)]
    buzz: bool,
}

pub(crate) async fn run(arguments: &Arguments, account: &Account<'_>, output: Output) -> Result<(), Failure> {
    // All that can be wrong here is found before anything leaves this machine.
    let draft = draft(arguments)?;
    for file in &arguments.attach {
        progress::check_file(file)?;
    }
    let client = account.resume()?;
    let socket = LightSocket::new(&client);
    let sent = unless_interrupted(send(arguments, draft, &client, &socket, output)).await;
    socket.disconnect().await;
    let (channel, ack) = sent?;
    output.print(
        &json!({
            "event": "sent",
            "channel_id": ack.channel_id,
            "message_id": ack.message_id,
            "create_time_seconds": ack.create_time_seconds,
        }),
        format_args!("sent to {} as {}", channel::title(&channel), ack.message_id),
    )
}

async fn send(
    arguments: &Arguments,
    mut draft: Draft,
    client: &LightClient,
    socket: &LightSocket,
    output: Output,
) -> Result<(Channel, MessageAck), Failure> {
    let channel = channel::find(client, arguments.channel).await?;
    for file in &arguments.attach {
        draft = draft.attach(progress::upload(client, file, output).await?);
    }
    let target = channel.target();
    socket.connect(SocketConnectOptions::new()).await?;
    socket.join(&target).await?;
    let ack = socket.send(&target, draft).await?;
    Ok((channel, ack))
}

fn draft(arguments: &Arguments) -> Result<Draft, Failure> {
    let mut text = arguments.text.clone();
    if text == "-" {
        text.clear();
        let read = std::io::stdin().lock().take(STDIN_LIMIT).read_to_string(&mut text);
        read.map_err(|error| Failure::input("stdin", "cannot read the message from stdin").because(&error))?;
        text.truncate(text.trim_end().len());
    }
    if text.is_empty() && arguments.attach.is_empty() {
        return Err(Failure::usage("the message is empty").hint("give a text, or files with --attach"));
    }
    let payload = SendMessagePayload::new(arguments.channel, text).hide_link(arguments.hide_link);
    let mut draft = payload.into_draft();
    if arguments.buzz {
        draft = draft.buzz();
    }
    draft.check().map_err(|error| Failure::input("content_too_long", error.to_string()).hint("nothing was sent"))?;
    Ok(draft)
}
