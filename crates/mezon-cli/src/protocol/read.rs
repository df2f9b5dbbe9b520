//! A message out of JSON: fields under the names of the protocol, numbers as numbers or as text. An error says which field
//! is wrong.

use data_encoding::BASE64;
use mezon_client::calls::names::nearest;
use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};
use serde_json::{Map, Value as Json};

use super::columns::{column, only_list};
use super::write::is_wrapper;
use super::{short_name, wrong};
use crate::exit::Failure;

/// The message that `json` is.
pub(crate) fn read(descriptor: &MessageDescriptor, json: &Json) -> Result<DynamicMessage, Failure> {
    message(descriptor, json, &mut Place::default())
}

/// Sets one field of a request that is still JSON: `path` names it with dots between the steps, `text` is its value. A list
/// gets one more element.
pub(crate) fn assign(
    descriptor: &MessageDescriptor,
    request: &mut Map<String, Json>,
    path: &str,
    text: &str,
) -> Result<(), Failure> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let field = named(descriptor, name)?;
    let entry = request.entry(field.name()).or_insert(Json::Null);
    if let Some(rest) = rest {
        return match (field.kind(), entry) {
            (Kind::Message(inner), entry) if !field.is_list() && !field.is_map() => {
                if !entry.is_object() {
                    *entry = Json::Object(Map::new());
                }
                entry.as_object_mut().map_or(Ok(()), |entry| assign(&inner, entry, rest, text))
            }
            (_, entry) if field.is_map() => {
                if !entry.is_object() {
                    *entry = Json::Object(Map::new());
                }
                if let Some(entry) = entry.as_object_mut() {
                    entry.insert(rest.to_owned(), Json::String(text.to_owned()));
                }
                Ok(())
            }
            _ => Err(wrong("invalid_value", name, "has no fields of its own")),
        };
    }
    // JSON where only JSON can be meant; a text that begins like it stays a text.
    let structured = match field.kind() {
        Kind::Message(inner) => !is_wrapper(&inner),
        kind => kind == Kind::Bytes || field.is_list(),
    };
    let value = if structured && text.starts_with(['[', '{']) {
        let parsed = serde_json::from_str(text);
        parsed.map_err(|error| wrong("invalid_json", path, "is no JSON").because(&error))?
    } else {
        Json::String(text.to_owned())
    };
    match (field.is_list(), entry, value) {
        (true, Json::Array(list), Json::Array(more)) => list.extend(more),
        (true, Json::Array(list), value) => list.push(value),
        (true, entry, value) if !value.is_array() => *entry = Json::Array(vec![value]),
        (_, entry, value) => *entry = value,
    }
    Ok(())
}

/// The field called `name`, as the protocol writes it or as JavaScript would.
fn named(descriptor: &MessageDescriptor, name: &str) -> Result<FieldDescriptor, Failure> {
    let found = descriptor.get_field_by_name(name).or_else(|| descriptor.get_field_by_json_name(name));
    found.ok_or_else(|| {
        let names: Vec<String> = descriptor.fields().map(|field| field.name().to_owned()).collect();
        let what = match short_name(descriptor) {
            "(empty)" => "the request, which has none".to_owned(),
            name => name.to_owned(),
        };
        let failure = Failure::input("unknown_field", format!("there is no field {name:?} in {what}"));
        match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint("`mez api METHOD --schema` lists the fields"),
        }
    })
}

/// Where in a request something stands: `mentions[0].user_id`.
#[derive(Default)]
struct Place(String);

impl Place {
    /// Runs `read` one step further in.
    fn within<T>(&mut self, step: &str, read: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        let length = self.0.len();
        if !step.starts_with('[') && length > 0 {
            self.0.push('.');
        }
        self.0.push_str(step);
        let done = read(self);
        self.0.truncate(length);
        done
    }

    fn wrong(&self, problem: &str) -> Failure {
        let place = if self.0.is_empty() { "the request" } else { &self.0 };
        wrong("invalid_value", place, problem)
    }
}

fn message(descriptor: &MessageDescriptor, json: &Json, place: &mut Place) -> Result<DynamicMessage, Failure> {
    let mut message = DynamicMessage::new(descriptor.clone());
    if is_wrapper(descriptor)
        && let Some(field) = descriptor.get_field(1)
    {
        message.set_field(&field, value(&field, json, place)?);
        return Ok(message);
    }
    let Json::Object(entries) = json else { return Err(place.wrong("has to be an object")) };
    for (name, json) in entries.iter().filter(|(_, json)| !json.is_null()) {
        let field = named(descriptor, name)?;
        let value = place.within(field.name(), |place| field_value(&field, json, place))?;
        message.set_field(&field, value);
    }
    Ok(message)
}

fn field_value(field: &FieldDescriptor, json: &Json, place: &mut Place) -> Result<Value, Failure> {
    if field.is_list() {
        let Json::Array(items) = json else { return Err(place.wrong("has to be a list")) };
        let items = items.iter().enumerate();
        let items = items.map(|(n, json)| place.within(&format!("[{n}]"), |place| value(field, json, place)));
        return items.collect::<Result<_, _>>().map(Value::List);
    }
    if let Kind::Message(entry) = field.kind()
        && field.is_map()
    {
        let Json::Object(entries) = json else { return Err(place.wrong("has to be an object")) };
        let (key_field, value_field) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        let entries = entries.iter().map(|(key, json)| {
            place.within(key, |place| Ok((map_key(&key_field, key, place)?, value(&value_field, json, place)?)))
        });
        return entries.collect::<Result<_, _>>().map(Value::Map);
    }
    value(field, json, place)
}

fn map_key(field: &FieldDescriptor, key: &str, place: &mut Place) -> Result<MapKey, Failure> {
    let value = value(field, &Json::String(key.to_owned()), place)?;
    value.into_map_key().ok_or_else(|| place.wrong("is no key"))
}

/// One value, of a field or of an element of its list.
fn value(field: &FieldDescriptor, json: &Json, place: &mut Place) -> Result<Value, Failure> {
    const WHOLE: &str = "has to be a whole number in its range";
    let text = json.as_str();
    let whole = || text.and_then(|text| text.trim().parse::<i64>().ok()).or_else(|| json.as_i64());
    let natural = || text.and_then(|text| text.trim().parse::<u64>().ok()).or_else(|| json.as_u64());
    let found = match field.kind() {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            whole().and_then(|n| n.try_into().ok()).map(Value::I32).ok_or(WHOLE)
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => whole().map(Value::I64).ok_or(WHOLE),
        Kind::Uint32 | Kind::Fixed32 => natural().and_then(|n| n.try_into().ok()).map(Value::U32).ok_or(WHOLE),
        Kind::Uint64 | Kind::Fixed64 => natural().map(Value::U64).ok_or(WHOLE),
        Kind::Float => real(json).map(Value::F32).ok_or("has to be a number"),
        Kind::Double => real(json).map(Value::F64).ok_or("has to be a number"),
        Kind::Bool => match (json, text) {
            (Json::Bool(value), _) => Ok(Value::Bool(*value)),
            (_, Some("true")) => Ok(Value::Bool(true)),
            (_, Some("false")) => Ok(Value::Bool(false)),
            _ => Err("has to be true or false"),
        },
        Kind::String => text.map(|text| Value::String(text.to_owned())).ok_or("has to be a text"),
        Kind::Bytes => return bytes(field, json, place).map(|bytes| Value::Bytes(bytes.into())),
        Kind::Enum(kind) => {
            let by_name = text.and_then(|text| kind.get_value_by_name(text)).map(|value| value.number());
            let number = by_name.or_else(|| whole().and_then(|n| n.try_into().ok()));
            number.map(Value::EnumNumber).ok_or("has to be one of the names or numbers of its kind")
        }
        Kind::Message(inner) => return message(&inner, json, place).map(Value::Message),
    };
    found.map_err(|problem| place.wrong(problem))
}

/// A number with a fraction, or one that is written as text.
fn real<T: std::str::FromStr>(json: &Json) -> Option<T> {
    match json {
        Json::String(text) => text.trim().parse().ok(),
        Json::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

/// Bytes: base64, or what is to lie in them as JSON.
fn bytes(field: &FieldDescriptor, json: &Json, place: &mut Place) -> Result<Vec<u8>, Failure> {
    match json {
        Json::String(text) => {
            BASE64.decode(text.as_bytes()).map_err(|_| place.wrong("has to be base64, or an object or a list"))
        }
        Json::Array(_) | Json::Object(_) => {
            let Some(inner) = column(field) else { return Ok(json.to_string().into_bytes()) };
            match only_list(&inner).filter(|_| json.is_array()) {
                Some(list) => {
                    let mut message = DynamicMessage::new(inner);
                    message.set_field(&list, field_value(&list, json, place)?);
                    Ok(message.encode_to_vec())
                }
                None => Ok(message(&inner, json, place)?.encode_to_vec()),
            }
        }
        _ => Err(place.wrong("has to be base64, or an object or a list")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::{Protocol, Shown};

    fn request(method: &str) -> MessageDescriptor {
        Protocol::load().unwrap().find(method).unwrap().request()
    }

    fn round(method: &str, json: &Json) -> Result<String, String> {
        let message = read(&request(method), json).map_err(|failure| format!("{failure:?}"))?;
        Ok(serde_json::to_string(&Shown::set(&message)).unwrap())
    }

    #[test]
    fn ids_are_numbers_or_text() {
        for clan in [json!(7), json!("7")] {
            let request = json!({ "clan_id": clan, "limit": "5" });
            assert_eq!(round("ListRoles", &request).unwrap(), r#"{"clan_id":"7","limit":5}"#);
        }
        assert_eq!(round("ListRoles", &json!({"clanId": 7, "limit": null})).unwrap(), r#"{"clan_id":"7"}"#);
        assert_eq!(round("GetAccount", &json!({})).unwrap(), "{}");
        assert_eq!(round("UpdateAccount", &json!({"about_me": "hi"})).unwrap(), r#"{"about_me":"hi"}"#);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (method, json, words) in [
            ("ListRoles", json!({"clanid": 7}), ["\\\"clanid\\\"", "did you mean clan_id?"]),
            ("ListRoles", json!({"clan_id": "x"}), ["`clan_id`", "whole number"]),
            ("ListRoles", json!({"limit": 5_000_000_000_u64}), ["`limit`", "in its range"]),
            ("ListRoles", json!([]), ["`the request`", "has to be an object"]),
            ("AddFriends", json!({"ids": 7}), ["`ids`", "has to be a list"]),
            ("AddFriends", json!({"ids": [1, true]}), ["`ids[1]`", "whole number"]),
            ("GetAccount", json!({"x": 1}), ["there is no field", "which has none"]),
            (
                "DeleteChannelMessage",
                json!({"mentions": [{"user_id": "x"}]}),
                ["`mentions[0].user_id`", "whole number"],
            ),
            ("DeleteChannelMessage", json!({"mentions": "%"}), ["`mentions`", "base64"]),
        ] {
            let error = round(method, &json).unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
    }

    #[test]
    fn columns_are_read_as_they_are_shown() {
        let request = json!({"message_id": "5", "mentions": [{"user_id": "7"}]});
        let shown = round("DeleteChannelMessage", &request).unwrap();
        assert_eq!(shown, r#"{"message_id":"5","mentions":[{"user_id":"7"}]}"#);
    }

    #[test]
    fn fields_are_set_one_by_one() {
        let set = |method: &str, fields: &[(&str, &str)]| -> Result<Json, String> {
            let mut json = Map::new();
            for (path, text) in fields {
                assign(&request(method), &mut json, path, text).map_err(|failure| format!("{failure:?}"))?;
            }
            let json = Json::Object(json);
            round(method, &json).map(|shown| serde_json::from_str(&shown).unwrap())
        };
        assert_eq!(set("AddFriends", &[("ids", "1"), ("ids", "[2, 3]")]).unwrap(), json!({"ids": ["1", "2", "3"]}));
        assert_eq!(set("UpdateAccount", &[("about_me", "[a]")]).unwrap(), json!({"about_me": "[a]"}));
        assert!(set("AddFriends", &[("ids", "[1")]).unwrap_err().contains("invalid_json"));
        assert_eq!(set("SessionRefresh", &[("vars.a", "1")]).unwrap(), json!({"vars": "<redacted>"}));
        assert!(set("ListRoles", &[("clan_id.x", "1")]).unwrap_err().contains("has no fields"));
        assert!(set("ListRoles", &[("clan", "1")]).unwrap_err().contains("did you mean clan_id?"));
    }
}
