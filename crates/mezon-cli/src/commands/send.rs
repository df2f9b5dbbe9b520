//! `mez send` and `mez reply`: one message, with files if wanted.

use clap::Args;
use mezon_light::{Channel, ChannelId, Draft, LightClient, LightSocket, MessageAck, MessageId, SocketConnectOptions};
use serde::Serialize;

use super::message::{self, message_id};
use super::words::Words;
use crate::client::Account;
use crate::exit::Failure;
use crate::interrupt::{last_words, unless_interrupted};
use crate::output::Output;
use crate::place::{self, Place};
use crate::time::Moment;

#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is sent twice. After exit code 7 look with `mez history` first.

Examples:
  mez send 1804 --attach plan.pdf --attach budget.ods 'the plan'
  git log -1 | mez send komu/#general -")]
pub(crate) struct Arguments {
    /// The channel: an id, a name, @peer, #name or clan/#name
    channel: Place,
    #[command(flatten)]
    words: Words,
    /// Answer this message of the channel
    #[arg(long, value_name = "MESSAGE", value_parser = message_id)]
    reply_to: Option<MessageId>,
    /// Speak as before April 2026: correlation ids are text
    #[arg(long)]
    string_cid: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The same as `mez send CHANNEL TEXT --reply-to MESSAGE`.

Examples:
  mez history binh --ids
  mez reply binh 1990 'me too'")]
pub(crate) struct ReplyArguments {
    /// The channel: an id, a name, @peer, #name or clan/#name
    channel: Place,
    /// The id of the message that is answered
    #[arg(value_parser = message_id)]
    message: MessageId,
    #[command(flatten)]
    words: Words,
    /// Speak as before April 2026: correlation ids are text
    #[arg(long)]
    string_cid: bool,
}

impl From<ReplyArguments> for Arguments {
    fn from(ReplyArguments { channel, message, words, string_cid }: ReplyArguments) -> Self {
        Self { channel, words, reply_to: Some(message), string_cid }
    }
}

#[derive(Serialize)]
struct Sent {
    event: &'static str,
    channel_id: ChannelId,
    message_id: MessageId,
    create_time_seconds: u32,
    created_at: Moment,
}

pub(crate) async fn run(arguments: &Arguments, account: Account, output: Output) -> Result<(), Failure> {
    // All that can be wrong here is found before anything leaves this machine.
    let draft = unless_interrupted(arguments.words.draft()).await?;
    let client = account.string_cid(arguments.string_cid).resume()?;
    let socket = LightSocket::new(&client);
    let sent = unless_interrupted(send(arguments, draft, &client, &socket, output)).await;
    socket.disconnect().await;
    let (channel, ack) = sent?;
    let object = Sent {
        event: "sent",
        channel_id: ack.channel_id,
        message_id: ack.message_id,
        create_time_seconds: ack.create_time_seconds,
        created_at: Moment::seconds(ack.create_time_seconds),
    };
    let text = format!("sent to {} as {}", place::title(&channel), ack.message_id);
    // It is sent, whoever hears of it.
    last_words(output.print(&object, text)).await.unwrap_or_else(|| Err(Failure::interrupted()))
}

async fn send(
    arguments: &Arguments,
    mut draft: Draft,
    client: &LightClient,
    socket: &LightSocket,
    output: Output,
) -> Result<(Channel, MessageAck), Failure> {
    let channel = place::find(client.client(), &arguments.channel).await?;
    if let Some(id) = arguments.reply_to {
        draft = draft.reply_to(&message::find(client.client(), &channel, id).await?);
    }
    draft = arguments.words.attach(draft, client, output).await?;
    let target = channel.target();
    socket.connect(SocketConnectOptions::new()).await?;
    socket.join(&target).await?;
    let ack = socket.send(&target, draft).await?;
    Ok((channel, ack))
}
