//! Reading the content of a message in all the forms that clients write.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::object::{ObjectWriter, Text, needs_escapes};
use super::{MAX_DEPTH, MessageContent, TEXT, TEXT_PREFIX, compact, to_json};

/// See [`MessageContent::parse`].
pub(super) fn parse(raw: &str) -> MessageContent {
    if let Some(text) = plain_text(raw) {
        return MessageContent::from(text);
    }
    object_or_string(raw)
        .or_else(|| object_or_string(&escape_controls(raw)?))
        .unwrap_or_else(|| MessageContent::from(raw))
}

/// The text that [`parse`] finds, without the rest: mostly a slice of `raw`.
pub(crate) fn text_in(raw: &str) -> Cow<'_, str> {
    if let Some(text) = plain_text(raw).or_else(|| compact_text(raw)).map(Cow::Borrowed).or_else(|| text_in_json(raw)) {
        return text;
    }
    match escape_controls(raw) {
        Some(mended) => text_in_json(&mended).map(|text| Cow::Owned(text.into_owned())),
        None => None,
    }
    .unwrap_or(Cow::Borrowed(raw))
}

/// The text that the JSON value of `t` stands for; where it stands counts from the start of the value.
pub(super) fn text_of(value: &str) -> Text {
    if let Some(text) = unescaped(value) {
        return Text::At(1..1 + text.len());
    }
    match value.as_bytes().first() {
        Some(b'"') => lossy_string(value).map(Text::Decoded),
        Some(b'n') => Some(Text::At(0..0)),
        _ => None,
    }
    .unwrap_or(Text::At(0..value.len()))
}

/// The text of exactly `{"t":"…"}` without escapes: what most messages are. No JSON needs parsing then.
fn plain_text(raw: &str) -> Option<&str> {
    unescaped(raw.strip_prefix(TEXT_PREFIX)?.strip_suffix('}')?)
}

/// What is between the quotation marks of a JSON string that holds no escape.
fn unescaped(json: &str) -> Option<&str> {
    let text = json.strip_prefix('"')?.strip_suffix('"')?;
    (!needs_escapes(text)).then_some(text)
}

/// The text of an object that [`compact`] understands. Its strings hold no escapes.
fn compact_text(raw: &str) -> Option<&str> {
    let mut last = None;
    compact::each_member(raw, |key, value| {
        if key == TEXT {
            last = Some(value);
        }
    })?;
    last?.strip_prefix('"')?.strip_suffix('"')
}

/// An object, or a string as its text. Arrays, numbers and words are text that happens to be JSON.
fn object_or_string(json: &str) -> Option<MessageContent> {
    let start = || ObjectWriter::with_capacity(json.len() + r#"{"t":}"#.len());
    let mut object = start();
    if compact::each_member(json, |key, value| object.push(key, value)).is_none() {
        object = start();
        each_member(json, |key, value| object.push(key, &shallow(value)))?;
    }
    Some(object.finish())
}

/// A value as it is, unless it nests deeper than [`MAX_DEPTH`]: then the JSON string of its text. Parsers that recurse
/// refuse deeper values or overflow their stack, and a content goes through many.
fn shallow(value: &str) -> Cow<'_, str> {
    if depth(value) > MAX_DEPTH { Cow::Owned(to_json(value)) } else { Cow::Borrowed(value) }
}

/// How deep the arrays and objects of a JSON value nest.
pub(super) fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = json.as_bytes().iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(byte) = rest.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => _ = rest.next(),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    deepest
}

/// The text of an object or a string.
fn text_in_json(json: &str) -> Option<Cow<'_, str>> {
    let mut last = None;
    each_member(json, |key, value| {
        if key == TEXT {
            last = Some(value);
        }
    })?;
    let Some(value) = last else { return Some(Cow::Borrowed("")) };
    Some(match text_of(value) {
        Text::At(range) => Cow::Borrowed(value.get(range)?),
        Text::Decoded(text) => Cow::Owned(text),
    })
}

/// Gives the keys of an object in order, with their values as JSON text. A string is an object with
/// nothing but `t`. `None` when `json` is neither; what was given until then does not count.
fn each_member<'a>(json: &'a str, mut take: impl FnMut(&str, &'a str)) -> Option<()> {
    match json.trim_ascii_start().as_bytes().first()? {
        b'{' => {
            let mut deserializer = serde_json::Deserializer::from_str(json);
            deserializer.deserialize_map(MemberVisitor(take)).ok()?;
            deserializer.end().ok()
        }
        b'"' => {
            let value: &RawValue = serde_json::from_str(json).ok()?;
            take(TEXT, value.get());
            Some(())
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
                mended.push_str(to_json(&ch).trim_matches('"'));
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

/// A key, without a copy when it has no escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct MemberVisitor<F>(F);

impl<'de, F: FnMut(&str, &'de str)> Visitor<'de> for MemberVisitor<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((Key(key), value)) = map.next_entry::<_, &RawValue>()? {
            (self.0)(&key, value.get());
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_is_read_without_a_copy() {
        let borrowed = [
            r#"{"t":"hi"}"#,
            r#"{"t":""}"#,
            r#" {"t" : "hi", "mk":[{"type":"b","s":0,"e":1}]} "#,
            r#"{"embed":[{"t":"no"}],"t":"hi"}"#,
            r#"{"t":"a\n","t":"hi"}"#,
            r#"{"t":[1]}"#,
            r#""hi""#,
            "hi",
        ];
        for raw in borrowed {
            assert!(matches!(text_in(raw), Cow::Borrowed(_)), "{raw}");
        }
        for raw in [r#"{"t":"a\n"}"#, "{\"t\":\"a\n\"}"] {
            assert_eq!(text_in(raw), "a\n");
        }
    }

    /// JSON values as clients write them, right and wrong.
    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("-1.50e3".to_owned()),
            Just("tru".to_owned()),
            r"[a-z😀 \n\u{1}]{0,6}".prop_map(|text| format!("\"{text}\"")),
            r#"(a|é|\\n|\\"|\\/|\\u0041|\\ud83d|\\ude00|\\x|\\){0,4}"#.prop_map(|text| format!("\"{text}\"")),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            let key = prop_oneof![Just(r#""t""#), Just(r#""\u0074""#), Just(r#""mk""#), Just(r#""\ud800""#), Just("t")];
            let member =
                (key, " ?", inner.clone()).prop_map(|(key, blank, value)| format!("{blank}{key}:{blank}{value}"));
            prop_oneof![
                proptest::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                proptest::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(","))),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_text_alone_is_the_text_of_the_content(raw in json(), cut in 0_usize..200, text: String) {
            let prefix: String = raw.chars().take(cut).collect();
            let plain = format!("{{\"t\":\"{text}\"}}");
            for raw in [raw.clone(), prefix, format!("{{\"t\":{raw}}}"), format!(" {raw} x"), text, plain] {
                let content = MessageContent::parse(&raw);
                prop_assert_eq!(text_in(&raw), content.as_text(), "{:?}", raw);
            }
        }

        #[test]
        fn a_content_survives_its_json(raw in json(), value in json(), text: String) {
            let mut content = MessageContent::parse(&raw);
            let json = content.to_json();
            prop_assert_eq!(&MessageContent::parse(&json), &content);
            prop_assert_eq!(&serde_json::to_string(&content).unwrap(), &json);
            // Key by key, what it says is what a JSON parser reads.
            let object: serde_json::Map<String, serde_json::Value> = content
                .keys()
                .filter_map(|key| Some((key.to_owned(), serde_json::from_str(content.raw(key)?).ok()?)))
                .collect();
            if let Ok(read) = serde_json::from_str::<serde_json::Map<_, _>>(&json) {
                prop_assert_eq!(read, object);
            }
            content.set("mk", &value).unwrap();
            content.set_text(text.as_str());
            prop_assert_eq!(content.as_text(), text.as_str());
            prop_assert_eq!(content.get::<String>("t"), Some(text));
            prop_assert_eq!(content.get::<String>("mk"), Some(value));
            prop_assert_eq!(MessageContent::parse(&content.to_json()), content);
        }
    }
}
