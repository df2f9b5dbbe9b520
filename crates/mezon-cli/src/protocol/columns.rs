//! Bytes that hold a message of their own: columns of the server's database that go out as they are.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// Which message lies in which field. Older senders put JSON in its place.
const COLUMNS: &[(&str, &str)] = &[
    ("mezon.api.ChannelMessage.reactions", "mezon.api.MessageReactionList"),
    ("mezon.api.ChannelMessage.mentions", "mezon.api.MessageMentionList"),
    ("mezon.api.ChannelMessage.attachments", "mezon.api.MessageAttachmentList"),
    ("mezon.api.ChannelMessage.references", "mezon.api.MessageRefList"),
    ("mezon.api.PinMessage.attachment", "mezon.api.MessageAttachmentList"),
    ("mezon.api.Notification.content", "mezon.api.DirectFcmProto"),
    ("mezon.api.ChannelTimeline.attachments", "mezon.api.ListChannelTimelineAttachment"),
    ("mezon.realtime.ChannelMessageRemove.mentions", "mezon.api.MessageMentionList"),
    ("mezon.realtime.ChannelMessageRemove.references", "mezon.api.MessageRefList"),
];

/// The message in the bytes of `field`, if it is one of the known columns.
pub(super) fn column(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    let (_, message) = COLUMNS.iter().find(|(name, _)| *name == field.full_name())?;
    field.parent_pool().get_message_by_name(message)
}

/// The one field of a message that is nothing but a list. In JSON such a column is the list itself.
pub(super) fn only_list(message: &MessageDescriptor) -> Option<FieldDescriptor> {
    let mut fields = message.fields();
    let field = fields.next().filter(|field| field.is_list() && matches!(field.kind(), Kind::Message(_)))?;
    fields.next().is_none().then_some(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Protocol;

    #[test]
    fn every_column_and_its_message_exist() {
        let pool = Protocol::load().unwrap().service.parent_pool().clone();
        for (field, message) in COLUMNS {
            let (parent, name) = field.rsplit_once('.').unwrap();
            let field = pool.get_message_by_name(parent).unwrap().get_field_by_name(name).unwrap();
            assert_eq!(field.kind(), Kind::Bytes, "{field:?}");
            let message = column(&field).unwrap_or_else(|| panic!("no {message}"));
            assert!(only_list(&message).is_some() || message.name() == "DirectFcmProto", "{message:?}");
        }
    }
}
