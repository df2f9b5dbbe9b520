//! `mez send`: one message, with files if wanted.

use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use mezon_light::{
    Channel, ChannelId, ChannelMessage, Draft, LightClient, LightSocket, ListMessagesOptions, MessageAck, MessageId,
    SendMessagePayload, SocketConnectOptions,
};
use serde::Serialize;

use crate::channel::{self, Named};
use crate::client::Account;
use crate::commands::history::message_id;
use crate::exit::Failure;
use crate::interrupt::{last_words, unless_interrupted};
use crate::output::Output;
use crate::progress;
use crate::text::without_mark;
use crate::time::Moment;

/// Far more than a message may have: a longer text is refused by the content limit.
const STDIN_LIMIT: u64 = 1024 * 1024;

#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is sent twice. After exit code 7 look with `mez history` first.

Examples:
  mez send 1804 'xin chào'
  mez send 1804 --attach plan.pdf --attach budget.ods 'the plan'
  git log -1 | mez send binh -
  mez send 1804 --reply-to 1990 'me too'")]
pub(crate) struct Arguments {
    /// The channel: its id, its name, or the name of the peer
    channel: Named<ChannelId>,
    /// What to say; - reads it from stdin. Files need no text
    #[arg(allow_hyphen_values = true, required_unless_present = "attach")]
    text: Option<String>,
    /// A file to upload and send along. May be repeated
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// Answer this message of the channel
    #[arg(long, value_name = "MESSAGE", value_parser = message_id)]
    reply_to: Option<MessageId>,
    /// Do not mark web addresses in the text as links
    #[arg(long)]
    hide_link: bool,
    /// Ask for attention at once
    #[arg(long)]
    buzz: bool,
    /// Speak as before April 2026: correlation ids are text
    #[arg(long)]
    string_cid: bool,
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
    let draft = unless_interrupted(draft(arguments)).await?;
    for file in &arguments.attach {
        progress::check_file(file)?;
    }
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
    let text = format!("sent to {} as {}", channel::title(&channel), ack.message_id);
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
    let channel = channel::find(client, &arguments.channel).await?;
    if let Some(id) = arguments.reply_to {
        draft = draft.reply_to(&find_message(client, &channel, id).await?);
    }
    for file in &arguments.attach {
        draft = draft.attach(progress::upload(client, file, output).await?);
    }
    let target = channel.target();
    socket.connect(SocketConnectOptions::new()).await?;
    socket.join(&target).await?;
    let ack = socket.send(&target, draft).await?;
    Ok((channel, ack))
}

/// The message that is answered: an answer quotes it.
async fn find_message(client: &LightClient, channel: &Channel, id: MessageId) -> Result<ChannelMessage, Failure> {
    let around = client.list_messages(channel.id(), &ListMessagesOptions::around(id)).await?;
    around.into_iter().find(|message| message.id() == id).ok_or_else(|| {
        Failure::input("unknown_message", format!("there is no message {id} in {}", channel::title(channel)))
            .hint("nothing was sent; `mez history CHANNEL --ids` shows the ids")
    })
}

async fn draft(arguments: &Arguments) -> Result<Draft, Failure> {
    let text = match arguments.text.as_deref() {
        Some("-") => stdin().await?,
        text => text.unwrap_or_default().to_owned(),
    };
    if text.is_empty() && arguments.attach.is_empty() {
        return Err(Failure::usage("the message is empty").hint("give a text, or files with --attach"));
    }
    // Where it goes is said when it is sent.
    let payload = SendMessagePayload::new(ChannelId::default(), text).hide_link(arguments.hide_link);
    let mut draft = payload.into_draft();
    if arguments.buzz {
        draft = draft.buzz();
    }
    draft.check().map_err(|error| Failure::input("content_too_long", error.to_string()).hint("nothing was sent"))?;
    Ok(draft)
}

/// The text on stdin, without the mark and the ends of lines that editors and shells add.
async fn stdin() -> Result<String, Failure> {
    let unreadable = || Failure::input("stdin", "cannot read the message from stdin");
    let read = tokio::task::spawn_blocking(|| {
        let mut text = String::new();
        std::io::stdin().lock().take(STDIN_LIMIT).read_to_string(&mut text).map(|_| text)
    });
    let text = read.await.map_err(|error| unreadable().because(&error))?;
    let text = text.map_err(|error| unreadable().because(&error))?;
    Ok(without_mark(&text).trim_end().replace("\r\n", "\n"))
}
