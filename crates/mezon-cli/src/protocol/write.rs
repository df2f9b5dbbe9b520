//! A message as JSON: fields under the names of the protocol and in its order, 64-bit numbers as text, no credentials.

use data_encoding::BASE64;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage as _, Value};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::columns::{column, only_list};

/// In place of what opens a door.
const REDACTED: &str = "<redacted>";

/// A message to be written as JSON.
pub(crate) struct Shown<'a> {
    message: &'a DynamicMessage,
    all: bool,
}

impl<'a> Shown<'a> {
    /// With all fields, so that a reader finds the same keys each time. A message inside that is not there stays out.
    pub(crate) fn all(message: &'a DynamicMessage) -> Self {
        Self { message, all: true }
    }

    /// With the fields that are set.
    pub(crate) fn set(message: &'a DynamicMessage) -> Self {
        Self { message, all: false }
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let descriptor = self.message.descriptor();
        if is_wrapper(&descriptor)
            && let Some(field) = descriptor.get_field(1)
        {
            return ShownValue { value: &self.message.get_field(&field), field: &field, all: self.all }
                .serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        for field in descriptor.fields() {
            let there = self.message.has_field(&field);
            if there || self.all && !field.supports_presence() {
                let value = self.message.get_field(&field);
                map.serialize_entry(field.name(), &ShownField { value: &value, field: &field, all: self.all, there })?;
            }
        }
        map.end()
    }
}

/// Whether a message stands for the value in it, as `google.protobuf.StringValue` does.
pub(super) fn is_wrapper(message: &MessageDescriptor) -> bool {
    message.package_name() == "google.protobuf" && message.name().ends_with("Value") && message.fields().len() == 1
}

/// Whether the field holds a credential.
pub(super) fn is_secret(field: &FieldDescriptor) -> bool {
    field.options().get_field_by_name("debug_redact").and_then(|value| value.as_bool()).unwrap_or_default()
}

/// A field: one value, a list or a map.
struct ShownField<'a> {
    value: &'a Value,
    field: &'a FieldDescriptor,
    all: bool,
    there: bool,
}

impl Serialize for ShownField<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { value, field, all, there } = *self;
        if there && is_secret(field) && !matches!(value, Value::List(_)) {
            return serializer.serialize_str(REDACTED);
        }
        match value {
            Value::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for value in items {
                    if is_secret(field) {
                        list.serialize_element(REDACTED)?;
                    } else {
                        list.serialize_element(&ShownValue { value, field, all })?;
                    }
                }
                list.end()
            }
            Value::Map(entries) => {
                let Kind::Message(entry) = field.kind() else { return serializer.serialize_none() };
                let field = entry.map_entry_value_field();
                let mut entries: Vec<(String, &Value)> =
                    entries.iter().map(|(key, value)| (key_text(key), value)).collect();
                entries.sort_by(|(one, _), (other, _)| one.cmp(other));
                let entries = entries.iter().map(|(key, value)| (key, ShownValue { value, field: &field, all }));
                serializer.collect_map(entries)
            }
            value => ShownValue { value, field, all }.serialize(serializer),
        }
    }
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

/// One value of a field.
struct ShownValue<'a> {
    value: &'a Value,
    field: &'a FieldDescriptor,
    all: bool,
}

impl Serialize for ShownValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::I32(value) => serializer.serialize_i32(*value),
            Value::U32(value) => serializer.serialize_u32(*value),
            Value::I64(value) => serializer.collect_str(value),
            Value::U64(value) => serializer.collect_str(value),
            Value::F32(value) => serializer.serialize_f32(*value),
            Value::F64(value) => serializer.serialize_f64(*value),
            Value::String(text) => serializer.serialize_str(text),
            Value::Bytes(bytes) => self.bytes(bytes, serializer),
            Value::EnumNumber(number) => match self.field.kind() {
                Kind::Enum(kind) if let Some(value) = kind.get_value(*number) => serializer.serialize_str(value.name()),
                _ => serializer.serialize_i32(*number),
            },
            Value::Message(message) => Shown { message, all: self.all }.serialize(serializer),
            Value::List(_) | Value::Map(_) => serializer.serialize_none(),
        }
    }
}

impl ShownValue<'_> {
    /// Bytes: what is known to lie in them, the JSON that they are, or else base64.
    fn bytes<S: Serializer>(&self, bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        if bytes.first().is_some_and(|first| matches!(first, b'[' | b'{'))
            && let Ok(json) = serde_json::from_slice::<serde_json::Value>(bytes)
        {
            return json.serialize(serializer);
        }
        let Some(message) = column(self.field) else { return serializer.serialize_str(&BASE64.encode(bytes)) };
        let list = only_list(&message);
        match (DynamicMessage::decode(message, bytes), list) {
            (Ok(message), Some(list)) => {
                let value = message.get_field(&list);
                ShownField { value: &value, field: &list, all: self.all, there: true }.serialize(serializer)
            }
            (Ok(message), None) => Shown { message: &message, all: self.all }.serialize(serializer),
            (Err(_), _) => serializer.serialize_str(&BASE64.encode(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use prost_reflect::prost::Message as _;
    use prost_reflect::prost::bytes::Bytes;

    use super::*;
    use crate::protocol::Protocol;

    fn message(method: &str) -> DynamicMessage {
        DynamicMessage::new(Protocol::load().unwrap().find(method).unwrap().response())
    }

    fn pool_message(name: &str) -> DynamicMessage {
        let pool = Protocol::load().unwrap().service.parent_pool().clone();
        DynamicMessage::new(pool.get_message_by_name(name).unwrap())
    }

    fn json(shown: &Shown<'_>) -> String {
        serde_json::to_string(shown).unwrap()
    }

    #[test]
    fn ids_are_text_and_keys_stand_in_the_order_of_the_protocol() {
        let mut account = message("GetAccount");
        let mut user = pool_message("mezon.api.User");
        user.set_field_by_name("username", Value::String("an".into()));
        user.set_field_by_name("id", Value::I64(i64::MAX));
        account.set_field_by_name("user", Value::Message(user));
        assert_eq!(json(&Shown::set(&account)), r#"{"user":{"id":"9223372036854775807","username":"an"}}"#);
        let all = json(&Shown::all(&account));
        assert!(all.contains(r#""email":"""#) && all.contains(r#""password_setted":false"#), "{all}");
        assert!(json(&Shown::all(&message("GetAccount"))).starts_with(r#"{"email""#), "no message where there is none");
    }

    #[test]
    fn credentials_are_not_shown() {
        let mut session = message("SessionRefresh");
        for field in ["token", "refresh_token"] {
            session.set_field_by_name(field, Value::String("canary".into()));
        }
        let shown = json(&Shown::all(&session));
        assert!(!shown.contains("canary") && shown.contains(r#""token":"<redacted>""#), "{shown}");
        assert!(json(&Shown::all(&message("SessionRefresh"))).contains(r#""token":"""#), "an empty one tells nothing");
    }

    #[test]
    fn bytes_are_what_lies_in_them() {
        let mut shown = pool_message("mezon.api.ChannelMessage");
        let mut mentions = pool_message("mezon.api.MessageMentionList");
        let mut mention = pool_message("mezon.api.MessageMention");
        mention.set_field_by_name("user_id", Value::I64(7));
        mentions.set_field_by_name("mentions", Value::List(vec![Value::Message(mention)]));
        shown.set_field_by_name("mentions", Value::Bytes(mentions.encode_to_vec().into()));
        shown.set_field_by_name("attachments", Value::Bytes(Bytes::from_static(b"[ {\"url\": 1}\n]")));
        shown.set_field_by_name("referenced_message", Value::Bytes(Bytes::from_static(b"\xff\0")));
        assert_eq!(
            json(&Shown::set(&shown)),
            r#"{"mentions":[{"user_id":"7"}],"attachments":[{"url":1}],"referenced_message":"/wA="}"#
        );
        assert!(json(&Shown::all(&pool_message("mezon.api.ChannelMessage"))).contains(r#""mentions":[]"#));
    }
}
