//! `mez edit`, `delete`, `react`, `pin` and `unpin`: what is done to a message that is there.

use clap::Args;
use mezon_client::Client;
use mezon_client::calls::EmojiRef;
use mezon_light::{Channel, ChannelId, ChannelMessage, Draft, MessageContent, MessageId};
use serde::Serialize;

use super::message::{self, message_id};
use super::words;
use crate::client::Account;
use crate::exit::Failure;
use crate::output::{Output, printable};
use crate::place::{self, Place};
use crate::table::{Column, Table};

/// The keys of a content that belong to its text: the text itself, hashtags, emojis, links, marks, voice links.
const OF_A_TEXT: [&str; 6] = ["t", "hg", "ej", "lk", "mk", "vk"];

/// Which message.
#[derive(Debug, Args)]
struct Which {
    /// The channel: an id, a name, @peer, #name or clan/#name
    channel: Place,
    /// The id of the message; `mez history CHANNEL --ids` shows it
    #[arg(value_parser = message_id)]
    message: MessageId,
}

#[derive(Debug, Args)]
#[command(after_help = "Only your own messages can be edited. Files, embeds and buttons stay.\n\n\
                        Examples:\n  mez edit binh 1990 'at nine, not at eight'\n  mez edit binh 1990 - < text")]
pub(crate) struct EditArguments {
    #[command(flatten)]
    which: Which,
    /// What it says from now on; - reads it from stdin
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// Do not mark web addresses in the text as links
    #[arg(long)]
    hide_link: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "A message of somebody else takes a permission in its clan.\n\n\
                        Examples:\n  mez delete binh 1990\n  mez delete komu/#general 1990 --json")]
pub(crate) struct DeleteArguments {
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  mez react binh 1990 👍\n  mez react binh 1990 :like: --remove")]
pub(crate) struct ReactArguments {
    #[command(flatten)]
    which: Which,
    /// The emoji: itself, or the short name of one of a clan's, such as :like:
    emoji: String,
    /// Take your reaction back
    #[arg(long)]
    remove: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mez pin komu/#general            # what is pinned there\n  mez pin komu/#general 1990"
)]
pub(crate) struct PinArguments {
    /// The channel: an id, a name, @peer, #name or clan/#name
    channel: Place,
    /// The message to pin [default: list the pinned ones]
    #[arg(value_parser = message_id)]
    message: Option<MessageId>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  mez unpin komu/#general 1990\n  mez unpin binh 1990 --json")]
pub(crate) struct UnpinArguments {
    #[command(flatten)]
    which: Which,
}

/// What was done, in JSON.
#[derive(Serialize)]
struct Done<'a> {
    event: &'static str,
    channel_id: ChannelId,
    message_id: MessageId,
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<&'a str>,
}

impl Done<'_> {
    fn new(event: &'static str, channel: &Channel, message_id: MessageId) -> Self {
        Self { event, channel_id: channel.id(), message_id, emoji: None }
    }
}

impl Which {
    async fn find(&self, client: &Client) -> Result<(Channel, ChannelMessage), Failure> {
        let channel = place::find(client, &self.channel).await?;
        let message = message::find(client, &channel, self.message).await?;
        Ok((channel, message))
    }
}

pub(crate) async fn edit(arguments: &EditArguments, account: &Account, output: Output) -> Result<(), Failure> {
    let text = words::said(&arguments.text).await?;
    if text.is_empty() {
        return Err(Failure::usage("the message would be empty").hint("`mez delete` removes it"));
    }
    let draft = |content: MessageContent| {
        let mut draft = Draft::new(content);
        if !arguments.hide_link {
            draft.mark_links();
        }
        words::check(&draft).map(|()| draft)
    };
    // A text that is too long by itself is told before anything is asked for.
    draft(MessageContent::text(&text))?;
    let client = account.resume()?;
    let (channel, message) = arguments.which.find(client.client()).await?;
    let mut draft = draft(with_text(message.content(), &text)?)?;
    for file in message.attachments() {
        draft = draft.attach(file.clone());
    }
    client.client().messages().edit(&message, draft).await?;
    let text = format!("edited {} in {}", message.id(), place::title(&channel));
    output.print(&Done::new("edited", &channel, message.id()), text).await
}

/// Another text in the place of the one that is there. The marks of the old one go with it, and all else stays.
fn with_text(content: &MessageContent, text: &str) -> Result<MessageContent, Failure> {
    let mut changed = MessageContent::text(text);
    for key in content.keys().filter(|key| !OF_A_TEXT.contains(key)) {
        if let Some(value) = content.get::<serde_json::Value>(key) {
            let unusable = |error| Failure::input("invalid_message", "the message cannot be edited").because(&error);
            changed.set(key, &value).map_err(unusable)?;
        }
    }
    Ok(changed)
}

pub(crate) async fn delete(arguments: &DeleteArguments, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let (channel, message) = arguments.which.find(client.client()).await?;
    client.client().messages().delete(&message).await?;
    let text = format!("deleted {} in {}", message.id(), place::title(&channel));
    output.print(&Done::new("deleted", &channel, message.id()), text).await
}

pub(crate) async fn react(arguments: &ReactArguments, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let client = client.client();
    let emoji = emoji(client, &arguments.emoji).await?;
    let (channel, message) = arguments.which.find(client).await?;
    let shown = emoji.shortname.clone();
    let event = if arguments.remove {
        client.messages().unreact(&message, emoji).await?;
        "unreacted"
    } else {
        client.messages().react(&message, emoji).await?;
        "reacted"
    };
    let text = format!("{event} with {} to {} in {}", printable(&shown), message.id(), place::title(&channel));
    output.print(&Done { emoji: Some(&shown), ..Done::new(event, &channel, message.id()) }, text).await
}

/// The emoji that `name` means. One that every client knows is itself; a short name is looked for among those of the clans.
async fn emoji(client: &Client, name: &str) -> Result<EmojiRef, Failure> {
    if name.trim().is_empty() {
        return Err(Failure::usage("the emoji is empty"));
    }
    if !name.is_ascii() {
        return Ok(EmojiRef::from(name));
    }
    let bare = name.trim_matches(':');
    let emojis = client.emojis().list().await?;
    let found = emojis.iter().find(|emoji| emoji.shortname.trim_matches(':') == bare);
    // It may be one that every client knows by its short name.
    Ok(found.map_or_else(|| EmojiRef::from(format!(":{bare}:").as_str()), EmojiRef::from))
}

pub(crate) async fn pin(arguments: &PinArguments, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let client = client.client();
    let channel = place::find(client, &arguments.channel).await?;
    let Some(id) = arguments.message else { return pins(client, &channel, output).await };
    let message = message::find(client, &channel, id).await?;
    client.messages().pin(&message).await?;
    let text = format!("pinned {id} in {}", place::title(&channel));
    output.print(&Done::new("pinned", &channel, id), text).await
}

async fn pins(client: &Client, channel: &Channel, output: Output) -> Result<(), Failure> {
    let pins = client.messages().pins(&channel.target()).await?;
    if pins.is_empty() {
        output.status("nothing is pinned").await?;
    }
    let mut table = Table::new([Column::whole("MESSAGE"), Column::text("USER"), Column::text("TEXT")]);
    for pin in &pins {
        let text = MessageContent::parse(&pin.content).as_text().to_owned();
        table.row([pin.message_id.to_string(), pin.username.clone(), text]);
    }
    output.list(&pins, &table).await
}

pub(crate) async fn unpin(arguments: &UnpinArguments, account: &Account, output: Output) -> Result<(), Failure> {
    let client = account.resume()?;
    let (channel, message) = arguments.which.find(client.client()).await?;
    let id = message.id();
    if !client.client().messages().unpin(&message).await? {
        let problem = format!("message {id} is not pinned in {}", place::title(&channel));
        return Err(Failure::input("not_pinned", problem).hint("`mez pin CHANNEL` lists what is"));
    }
    output.print(&Done::new("unpinned", &channel, id), format!("unpinned {id} in {}", place::title(&channel))).await
}
