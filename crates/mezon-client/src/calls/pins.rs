//! Pinned messages.

use mezon_api::methods;
use mezon_model::{MessageId, PinnedMessage, Target};
use mezon_proto::api;

use super::messages::NO_MESSAGE;
use super::{MessageRef, Messages, check};
use crate::ClientError;

impl Messages {
    /// Pins a message in its channel.
    ///
    /// Others hear of it as a [`MessagePinned`](mezon_model::event::MessagePinned).
    ///
    /// # Errors
    /// [`ClientError::InvalidInput`] for the message 0, before any request; [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// A dropped call may have pinned it.
    pub async fn pin(&self, message: impl Into<MessageRef>) -> Result<(), ClientError> {
        let MessageRef { target, id, .. } = message.into();
        check(!id.is_none(), NO_MESSAGE)?;
        self.api.call(methods::CREATE_PIN_MESSAGE, &request(&target, id)).await?;
        Ok(())
    }

    /// The pinned messages of a channel. The server gives them in one piece.
    ///
    /// # Errors
    /// [`ClientError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn pins(&self, place: &Target) -> Result<Vec<PinnedMessage>, ClientError> {
        let list = self.api.call(methods::GET_PIN_MESSAGES_LIST, &request(place, MessageId::default())).await?;
        Ok(list.pin_messages_list.into_iter().map(PinnedMessage::from).collect())
    }

    /// Takes the pin off a message; false when it had none. The server wants the pin to be named, so the pins of the channel
    /// are listed first.
    ///
    /// Others hear of it as a [`MessageUnpinned`](mezon_model::event::MessageUnpinned).
    ///
    /// # Errors
    /// As [`Messages::pin`].
    ///
    /// # Cancel safety
    /// A dropped call may have taken it off.
    pub async fn unpin(&self, message: impl Into<MessageRef>) -> Result<bool, ClientError> {
        let MessageRef { target, id, .. } = message.into();
        check(!id.is_none(), NO_MESSAGE)?;
        let Some(pin) = self.pins(&target).await?.into_iter().find(|pin| pin.message_id == id) else {
            return Ok(false);
        };
        let request = api::DeletePinMessage {
            id: pin.id.get(),
            message_id: id.get(),
            channel_id: target.channel_id.get(),
            clan_id: target.clan_id.get(),
        };
        self.api.call(methods::DELETE_PIN_MESSAGE, &request).await?;
        Ok(true)
    }
}

fn request(place: &Target, message: MessageId) -> api::PinMessageRequest {
    let (channel_id, clan_id) = (place.channel_id.get(), place.clan_id.get());
    api::PinMessageRequest { message_id: message.get(), channel_id, clan_id }
}
