//! The lists inside a message, as JSON in place of protobuf: some servers write them so, and clients must read both.

use bytes::Bytes;
use mezon_proto::api;
use prost::Message;
use serde_json::{Value, json};

/// The same message with its mentions, attachments, references and reactions as JSON arrays.
///
/// Ids are texts, as in all of Mezon's JSON.
pub(crate) fn as_json(mut message: api::ChannelMessage) -> api::ChannelMessage {
    message.reactions =
        rewrite(&message.reactions, |list: api::MessageReactionList| list.reactions.iter().map(reaction).collect());
    message.mentions =
        rewrite(&message.mentions, |list: api::MessageMentionList| list.mentions.iter().map(mention).collect());
    message.attachments = rewrite(&message.attachments, |list: api::MessageAttachmentList| {
        list.attachments.iter().map(attachment).collect()
    });
    message.references =
        rewrite(&message.references, |list: api::MessageRefList| list.refs.iter().map(reference).collect());
    message
}

fn rewrite<L: Message + Default>(list: &Bytes, items: impl FnOnce(L) -> Vec<Value>) -> Bytes {
    match L::decode(list.clone()) {
        Ok(decoded) if !list.is_empty() => Value::Array(items(decoded)).to_string().into(),
        _ => list.clone(),
    }
}

fn reaction(of: &api::MessageReaction) -> Value {
    json!({
        "id": of.id.to_string(), "emoji_id": of.emoji_id.to_string(), "emoji": of.emoji,
        "sender_id": of.sender_id.to_string(), "sender_name": of.sender_name, "sender_avatar": of.sender_avatar,
        "action": of.action, "count": of.count, "channel_id": of.channel_id.to_string(),
        "message_id": of.message_id.to_string(), "clan_id": of.clan_id.to_string(), "mode": of.mode,
        "message_sender_id": of.message_sender_id.to_string(), "is_public": of.is_public,
    })
}

fn mention(of: &api::MessageMention) -> Value {
    json!({
        "id": of.id.to_string(), "user_id": of.user_id.to_string(), "username": of.username,
        "role_id": of.role_id.to_string(), "rolename": of.rolename, "s": of.s, "e": of.e,
    })
}

fn attachment(of: &api::MessageAttachment) -> Value {
    json!({
        "filename": of.filename, "size": of.size, "url": of.url, "filetype": of.filetype, "width": of.width,
        "height": of.height, "thumbnail": of.thumbnail, "duration": of.duration,
    })
}

fn reference(of: &api::MessageRef) -> Value {
    json!({
        "message_id": of.message_id.to_string(), "message_ref_id": of.message_ref_id.to_string(),
        "content": of.content, "has_attachment": of.has_attachment, "ref_type": of.ref_type,
        "message_sender_id": of.message_sender_id.to_string(), "message_sender_username": of.message_sender_username,
        "message_sender_avatar": of.message_sender_avatar, "message_sender_clan_nick": of.message_sender_clan_nick,
        "message_sender_display_name": of.message_sender_display_name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_become_arrays_and_empty_ones_stay_empty() {
        let mention = api::MessageMention { user_id: i64::MAX, username: "an".to_owned(), e: 3, ..Default::default() };
        let mentions = api::MessageMentionList { mentions: vec![mention] }.encode_to_vec().into();
        let message = as_json(api::ChannelMessage { mentions, ..Default::default() });
        let value: Value = serde_json::from_slice(&message.mentions).unwrap();
        assert_eq!(value[0]["user_id"], "9223372036854775807");
        assert_eq!(value[0]["e"], 3);
        assert!(message.attachments.is_empty());
    }
}
