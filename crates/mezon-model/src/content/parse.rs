//! Reading the content of a message in all the forms that clients write.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Entry, MessageContent, TEXT, encode};

/// See [`MessageContent::parse`].
pub(super) fn parse(raw: &str) -> MessageContent {
    object_or_string(raw)
        .or_else(|| object_or_string(&escape_controls(raw)?))
        .unwrap_or_else(|| MessageContent::text(raw))
}

/// The text that the JSON value of `t` stands for.
pub(super) fn text_of(value: &RawValue) -> String {
    let json = value.get();
    match json.as_bytes().first() {
        Some(b'"') => lossy_string(json),
        Some(b'n') => Some(String::new()),
        _ => None,
    }
    .unwrap_or_else(|| json.to_owned())
}

/// An object, or a string as its text. Arrays, numbers and words are text that happens to be JSON.
fn object_or_string(json: &str) -> Option<MessageContent> {
    match json.trim_ascii_start().as_bytes().first()? {
        b'{' => {
            let Entries(entries) = serde_json::from_str(json).ok()?;
            let text = entries.iter().rfind(|entry| entry.key == TEXT).map(|entry| text_of(&entry.value));
            Some(MessageContent { text: text.unwrap_or_default(), entries })
        }
        b'"' => {
            let value: Box<RawValue> = serde_json::from_str(json).ok()?;
            let text = text_of(&value);
            Some(MessageContent { text, entries: vec![Entry { key: TEXT.to_owned(), value }] })
        }
        _ => None,
    }
}

/// Escapes the control characters inside JSON strings, which some clients leave bare. `None` when there
/// is nothing to escape.
fn escape_controls(raw: &str) -> Option<String> {
    if !raw.contains(|ch: char| ch < ' ') {
        return None;
    }
    let mut mended = String::with_capacity(raw.len() + 16);
    let (mut in_string, mut escaped) = (false, false);
    for ch in raw.chars() {
        match ch {
            ch if in_string && ch < ' ' => {
                // After a backslash the character itself was meant, so the backslash must not eat ours.
                if escaped {
                    mended.push('\\');
                }
                mended.push_str(encode(&ch).get().trim_matches('"'));
                escaped = false;
                continue;
            }
            '"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = in_string && ch == '\\' && !escaped;
        mended.push(ch);
    }
    Some(mended)
}

/// Decodes a JSON string, half surrogate pairs included.
fn lossy_string(json: &str) -> Option<String> {
    if let Ok(text) = serde_json::from_str(json) {
        return Some(text);
    }
    // Asked for bytes, serde_json gives lone surrogates as the three bytes that UTF-8 would use for
    // them. Those are the only invalid sequences here, and each starts with 0xED.
    let bytes = serde_json::Deserializer::from_str(json).deserialize_bytes(BytesVisitor).ok()?;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if chunk.invalid().first() == Some(&0xed) {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Some(text)
}

/// The keys of an object in order, values as they came.
struct Entries(Vec<Entry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry()? {
                    entries.push(Entry { key, value });
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}
