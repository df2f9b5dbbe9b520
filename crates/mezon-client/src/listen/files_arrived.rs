//! Files that come after their messages.

use mezon_model::ChannelMessage;
use mezon_proto::wire::{CHANNEL_MESSAGE_FIELD, WireError};
use mezon_realtime::Event;

use super::{FromChannelEvent, FromEvent};

/// Files of a message have arrived that was posted before them. On the wire that is an update of the message, as an edit is;
/// nobody has edited it.
///
/// Those of its [`attachments`](ChannelMessage::attachments) are there whose
/// [`file_state`](ChannelMessage::file_state) says so.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FilesArrived {
    /// The message as it is now.
    pub message: ChannelMessage,
}

impl FromEvent for FilesArrived {
    const ARMS: &'static [u32] = &[CHANNEL_MESSAGE_FIELD];

    fn from_event(event: &Event) -> Result<Option<Self>, WireError> {
        Ok(match event {
            Event::Message(message) if message.is_arrival() => Some(Self { message: message.clone() }),
            _ => None,
        })
    }
}

impl FromChannelEvent for FilesArrived {}
