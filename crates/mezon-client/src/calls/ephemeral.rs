//! Messages that only chosen people see. They exist on the socket alone.

use mezon_model::{ChannelMessage, Draft, MessageCode, MessageId, Target, UserId};
use mezon_proto::realtime::{self, envelope};
use mezon_realtime::{CallErrorKind, MaybeSent, Reply};

use super::messages::{NO_MESSAGE, unusable};
use super::{MessageRef, check};
use crate::{ClientError, Connection};

impl Connection {
    /// Sends a message that only `receivers` see, and that is not stored. The id is what
    /// [`Connection::edit_ephemeral`] and [`Connection::delete_ephemeral`] need; it is none from servers that do not tell it.
    ///
    /// # Errors
    /// Before anything is sent [`ClientError::InvalidInput`]: there is no receiver, or [`Draft::check`] finds something.
    /// [`ClientError::Call`], whose kind tells what became of the message; [`ClientError::NotConnected`].
    ///
    /// # Cancel safety
    /// A dropped send may have been sent.
    pub async fn send_ephemeral(
        &self,
        place: &Target,
        receivers: &[UserId],
        draft: impl Into<Draft>,
    ) -> Result<MessageId, ClientError> {
        self.whisper(place, receivers, draft.into(), MessageCode::Ephemeral, MessageId::default()).await
    }

    /// Gives an ephemeral message a new text.
    ///
    /// # Errors
    /// As [`Connection::send_ephemeral`], and [`ClientError::InvalidInput`] for the id 0.
    ///
    /// # Cancel safety
    /// A dropped call may have changed it.
    pub async fn edit_ephemeral(
        &self,
        message: impl Into<MessageRef>,
        receivers: &[UserId],
        draft: impl Into<Draft>,
    ) -> Result<(), ClientError> {
        let MessageRef { target, id, .. } = message.into();
        check(!id.is_none(), NO_MESSAGE)?;
        self.whisper(&target, receivers, draft.into(), MessageCode::UpdateEphemeral, id).await.map(drop)
    }

    /// Removes an ephemeral message.
    ///
    /// # Errors
    /// As [`Connection::edit_ephemeral`].
    ///
    /// # Cancel safety
    /// A dropped call may have removed it.
    pub async fn delete_ephemeral(
        &self,
        message: impl Into<MessageRef>,
        receivers: &[UserId],
    ) -> Result<(), ClientError> {
        let MessageRef { target, id, .. } = message.into();
        check(!id.is_none(), NO_MESSAGE)?;
        // What the official SDK says in place of nothing.
        let draft = Draft::from("deleteEphemeral");
        self.whisper(&target, receivers, draft, MessageCode::DeleteEphemeral, id).await.map(drop)
    }

    async fn whisper(
        &self,
        place: &Target,
        receivers: &[UserId],
        draft: Draft,
        code: MessageCode,
        id: MessageId,
    ) -> Result<MessageId, ClientError> {
        let named = !receivers.is_empty() && receivers.iter().all(|receiver| !receiver.is_none());
        check(named, "an ephemeral message needs receivers, and the id 0 is none")?;
        let mut draft = draft;
        draft.code = code;
        let message = draft.to_send(place).map_err(|error| unusable(&error))?;
        let message = realtime::ChannelMessageSend { id: id.get(), ..message };
        let receiver_ids = receivers.iter().map(|receiver| receiver.get()).collect();
        let send = realtime::EphemeralMessageSend { message: Some(message), receiver_ids };
        // The answer is the message itself from some servers and a receipt from others.
        match self.socket()?.call(envelope::Message::EphemeralMessageSend(send)).await? {
            Reply::Acknowledged(ack) => Ok(ack.message_id),
            Reply::Message(raw) => {
                let message = raw.read::<ChannelMessage>().ok().flatten().map(|message| message.id());
                let ack = || raw.read::<realtime::ChannelMessageAck>().ok().flatten().map(|ack| ack.message_id.into());
                Ok(message.or_else(ack).unwrap_or_default())
            }
            _ => Err(ClientError::Call(CallErrorKind::MaybeSent { reason: MaybeSent::Unreadable }.into())),
        }
    }
}
