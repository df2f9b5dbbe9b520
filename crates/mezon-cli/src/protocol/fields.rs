//! The fields of a message as a list, those of the messages in it included.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde::Serialize;

use super::columns::{column, only_list};
use super::write::is_wrapper;
use super::{Comments, short_name};

/// One field.
#[derive(Debug, Serialize)]
pub(crate) struct Field {
    /// How to get to it: `mentions[].user_id`.
    #[serde(rename = "field")]
    pub(crate) path: String,
    /// Its type in the protocol.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// What its author says about it.
    pub(crate) about: String,
}

/// All fields of `message`, in its order. A message that holds its own kind is not taken apart again.
pub(crate) fn fields(message: &MessageDescriptor) -> Vec<Field> {
    let mut found = Vec::new();
    collect(message, "", &mut vec![message.full_name().to_owned()], &mut found);
    found
}

fn collect(message: &MessageDescriptor, prefix: &str, above: &mut Vec<String>, found: &mut Vec<Field>) {
    for field in message.fields() {
        let inner = inner(&field);
        let list = field.is_list() || inner.as_ref().is_some_and(|(_, list)| *list);
        let path = format!("{prefix}{}{}", field.name(), if list { "[]" } else { "" });
        let about = Comments::of(&field.parent_file(), field.path()).about;
        found.push(Field { path: path.clone(), kind: kind(&field), about });
        let Some((inner, _)) = inner.filter(|(inner, _)| !above.iter().any(|name| name == inner.full_name())) else {
            continue;
        };
        above.push(inner.full_name().to_owned());
        collect(&inner, &format!("{path}."), above, found);
        above.pop();
    }
}

/// The message that a field holds, and whether it is a list in bytes.
fn inner(field: &FieldDescriptor) -> Option<(MessageDescriptor, bool)> {
    match field.kind() {
        Kind::Message(inner) if !field.is_map() && !is_wrapper(&inner) => Some((inner, false)),
        Kind::Bytes => {
            let inner = column(field)?;
            match only_list(&inner).map(|list| list.kind()) {
                Some(Kind::Message(element)) => Some((element, true)),
                _ => Some((inner, false)),
            }
        }
        _ => None,
    }
}

fn kind(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            format!("map of {} to {}", kind(&entry.map_entry_key_field()), kind(&entry.map_entry_value_field()))
        }
        Kind::Message(wrapper) if is_wrapper(&wrapper) => {
            let value = wrapper.get_field(1).map(|field| kind(&field)).unwrap_or_default();
            format!("{value} or nothing")
        }
        Kind::Message(inner) => short_name(&inner).to_owned(),
        Kind::Enum(names) => names.values().map(|value| value.name().to_owned()).collect::<Vec<_>>().join(" | "),
        Kind::Bytes => inner(field).map_or("bytes".to_owned(), |(inner, _)| short_name(&inner).to_owned()),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Protocol;

    #[test]
    fn fields_are_listed_with_those_inside() {
        let protocol = Protocol::load().unwrap();
        let listed = |method: &str| -> Vec<String> {
            let listed = fields(&protocol.find(method).unwrap().request());
            listed.iter().map(|field| format!("{}: {}", field.path, field.kind)).collect()
        };
        assert!(listed("ListRoles").contains(&"clan_id: int64".to_owned()));
        assert!(listed("AddFriends").contains(&"ids[]: int64".to_owned()));
        assert!(listed("DeleteChannelMessage").contains(&"mentions[].user_id: int64".to_owned()));
        assert!(listed("UpdateAccount").contains(&"about_me: string or nothing".to_owned()));
        assert!(listed("GetAccount").is_empty());
        // None is endless.
        for rpc in protocol.methods() {
            assert!(fields(&rpc.request()).len() + fields(&rpc.response()).len() < 2_000, "{}", rpc.name());
        }
    }
}
