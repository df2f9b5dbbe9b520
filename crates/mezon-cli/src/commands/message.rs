//! How one message is printed: as a line of JSON, or for people.

use std::fmt::Write as _;

use mezon_client::Client;
use mezon_client::calls::MessageRef;
use mezon_light::{Channel, ChannelMessage, MessageCode, MessageId};
use serde::Serialize;

use crate::exit::Failure;
use crate::output::printable;
use crate::place;
use crate::time::{Moment, clock};

/// A message in JSON: as the SDK writes it, and when it was written in a form that needs no arithmetic.
#[derive(Serialize)]
pub(crate) struct MessageObject<'a> {
    #[serde(flatten)]
    message: &'a ChannelMessage,
    created_at: Moment,
}

impl<'a> MessageObject<'a> {
    pub(crate) fn new(message: &'a ChannelMessage) -> Self {
        Self { message, created_at: Moment(message.created_at()) }
    }
}

/// One message for people: when, where if `channel` is given, which if `with_id`, who, what, and its files.
pub(crate) fn line(message: &ChannelMessage, channel: Option<&str>, with_id: bool) -> String {
    let mut line = format!("{}  ", clock(message.created_at()));
    // Writing to a string cannot fail.
    if let Some(channel) = channel {
        let _ = write!(line, "[{channel}] ");
    }
    if with_id {
        let _ = write!(line, "#{} ", message.id());
    }
    let what = match message.code() {
        MessageCode::Update => " (edited)",
        MessageCode::Remove => " (removed)",
        MessageCode::Buzz => " (buzz!)",
        _ => "",
    };
    let name = [message.display_name(), message.username()].into_iter().find(|name| !name.is_empty());
    let name = name.map_or_else(|| message.sender_id().to_string(), |name| printable(name).to_string());
    let _ = write!(line, "{name}{what}: {}", printable(message.text()));
    for file in message.attachments() {
        let (name, url) = (printable(&file.filename), printable(&file.url));
        let _ = write!(line, "\n    📎 {name} ({} bytes) {url}", file.size);
    }
    line
}

/// The message `id` of a channel.
pub(crate) async fn find(client: &Client, channel: &Channel, id: MessageId) -> Result<ChannelMessage, Failure> {
    let around = client.messages().around(MessageRef::new(&channel.target(), id)).await?;
    around.into_iter().find(|message| message.id() == id).ok_or_else(|| {
        Failure::input("unknown_message", format!("there is no message {id} in {}", place::title(channel)))
            .hint("nothing was sent; `mez history CHANNEL --ids` shows the ids")
    })
}

/// Reads the id of a message. Message 0 is none: nothing is before it, and all after it.
pub(crate) fn message_id(text: &str) -> Result<MessageId, String> {
    let id = text.parse::<MessageId>().map_err(|error| error.to_string())?;
    if id == MessageId::default() { Err("0 is no message".to_owned()) } else { Ok(id) }
}
