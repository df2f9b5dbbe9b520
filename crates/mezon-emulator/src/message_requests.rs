//! What a client asks about messages over its socket.

use mezon_proto::realtime::LastPinMessageEvent;
use mezon_proto::realtime::envelope::Message;

use crate::failure::{Failure, FailureKind};
use crate::gateway::Gateway;
use crate::requests::Origin;
use crate::town::{clicks, messages, quick_menus, reading, whispers};

/// Does what the client asks; gives the reply.
pub(crate) async fn handle(gateway: &Gateway, origin: &Origin, message: Message) -> Result<Message, Failure> {
    let by = origin.caller.user;
    Ok(match message {
        Message::ChannelMessageUpdate(request) => {
            let message = (request.channel_id, request.message_id);
            Message::ChannelMessageAck(gateway.change_message(by, message, messages::edit, request).await?)
        }
        Message::ChannelMessageRemove(request) => {
            let message = (request.channel_id, request.message_id);
            Message::ChannelMessageAck(gateway.change_message(by, message, messages::remove, request).await?)
        }
        Message::MessageReactionEvent(request) => {
            let message = (request.channel_id, request.message_id);
            Message::MessageReactionEvent(gateway.change_message(by, message, messages::react, request).await?)
        }
        Message::EphemeralMessageSend(request) => {
            let sent = gateway.change(by, whispers::send, request).await?;
            Message::ChannelMessage(gateway.on_the_wire(sent))
        }
        Message::LastSeenMessageEvent(request) => {
            gateway.change(by, reading::seen, request).await?;
            Message::LastSeenMessageEvent(request)
        }
        Message::LastPinMessageEvent(request) => pin_told(gateway, origin, request)?,
        Message::MessageButtonClicked(request) => {
            let message = (request.channel_id, request.message_id);
            gateway.change_message(by, message, clicks::press, request.clone()).await?;
            Message::MessageButtonClicked(request)
        }
        Message::DropdownBoxSelected(request) => {
            let message = (request.channel_id, request.message_id);
            gateway.change_message(by, message, clicks::select, request.clone()).await?;
            Message::DropdownBoxSelected(request)
        }
        Message::QuickMenuEvent(request) => {
            gateway.change(by, quick_menus::choose, request.clone()).await?;
            Message::QuickMenuEvent(request)
        }
        _ => return Err(Failure::new(FailureKind::Unimplemented, "")),
    })
}

/// The official clients pin over HTTP, and tell the others themselves.
fn pin_told(gateway: &Gateway, origin: &Origin, request: LastPinMessageEvent) -> Result<Message, Failure> {
    let channel = gateway.town().channel_for(origin.caller.user, request.channel_id)?.id;
    let event = Message::LastPinMessageEvent(LastPinMessageEvent { user_id: origin.caller.user, ..request });
    gateway.tell_others(channel, event.clone(), origin.socket);
    Ok(event)
}
