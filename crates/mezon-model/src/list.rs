//! The lists that travel beside a message: attachments, mentions, references, reactions.
//!
//! A received message carries each of them as bytes, which hold either a protobuf list or JSON: an array, or an object
//! that wraps the array. The age of the sender decides which, so the bytes tell: nothing is an empty list, `[` or `{`
//! starts JSON, anything else is protobuf, and what is no protobuf is tried as JSON once more.
//!
//! An element that cannot be read costs itself and no other, and is counted in [`List::dropped`]. A list keeps
//! [`MAX_ELEMENTS`] elements, so that a few bytes on the wire cannot become gigabytes here.
//!
//! Without the feature `proto` only JSON is read, and a protobuf list is [`MalformedList`].

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::attachment::Attachment;
use crate::mention::Mention;
use crate::reaction::Reaction;
use crate::reference::Reference;
#[cfg(feature = "proto")]
use crate::wire;

/// How many elements of one list are kept. A message may have 50 attachments; reactions, of which the busiest messages have
/// the most, stay below this by far.
pub const MAX_ELEMENTS: usize = 4_096;

/// The longest element that is read as JSON, in bytes: a quoted message of the greatest length, with every character
/// escaped, is a third of it.
const MAX_ELEMENT_JSON: usize = 256 * 1024;

/// A list as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct List<T> {
    /// The elements, in their order.
    pub items: Vec<T>,
    /// How many elements, or fields of an element, are missing: they could not be read, or came after the first
    /// [`MAX_ELEMENTS`].
    pub dropped: usize,
}

impl<T> List<T> {
    /// Adds what `read` makes of the next element.
    pub(crate) fn push_with(&mut self, read: impl FnOnce() -> Option<(T, usize)>) {
        if self.items.len() == MAX_ELEMENTS {
            self.dropped += 1;
            return;
        }
        match read() {
            Some((item, dropped)) => {
                self.items.push(item);
                self.dropped += dropped;
            }
            None => self.dropped += 1,
        }
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { items: Vec::new(), dropped: 0 }
    }
}

/// The bytes are neither a protobuf list nor JSON that fits. The message they came with is still good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedList {
    list: &'static str,
}

impl fmt::Display for MalformedList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the list of {} is neither protobuf nor JSON; look at its raw bytes", self.list)
    }
}

impl std::error::Error for MalformedList {}

/// Reads the attachments of a message, as far as they can be read.
///
/// # Errors
///
/// [`MalformedList`] when the bytes are no list of attachments.
pub fn decode_attachments(raw: &[u8]) -> Result<List<Attachment>, MalformedList> {
    #[cfg(feature = "proto")]
    let protobuf = wire::attachments;
    #[cfg(not(feature = "proto"))]
    let protobuf = no_protobuf;
    decode(raw, "attachments", &["attachments"], protobuf)
}

/// Reads the mentions of a message, as far as they can be read.
///
/// # Errors
///
/// [`MalformedList`] when the bytes are no list of mentions.
pub fn decode_mentions(raw: &[u8]) -> Result<List<Mention>, MalformedList> {
    #[cfg(feature = "proto")]
    let protobuf = wire::mentions;
    #[cfg(not(feature = "proto"))]
    let protobuf = no_protobuf;
    decode(raw, "mentions", &["mentions"], protobuf)
}

/// Reads the references of a message, as far as they can be read. The wrapping object calls them `refs`; `references` is read too.
///
/// # Errors
///
/// [`MalformedList`] when the bytes are no list of references.
pub fn decode_references(raw: &[u8]) -> Result<List<Reference>, MalformedList> {
    #[cfg(feature = "proto")]
    let protobuf = wire::references;
    #[cfg(not(feature = "proto"))]
    let protobuf = no_protobuf;
    decode(raw, "references", &["refs", "references"], protobuf)
}

/// Reads the reactions of a message, as far as they can be read.
///
/// # Errors
///
/// [`MalformedList`] when the bytes are no list of reactions.
pub fn decode_reactions(raw: &[u8]) -> Result<List<Reaction>, MalformedList> {
    #[cfg(feature = "proto")]
    let protobuf = wire::reactions;
    #[cfg(not(feature = "proto"))]
    let protobuf = no_protobuf;
    decode(raw, "reactions", &["reactions"], protobuf)
}

#[cfg(not(feature = "proto"))]
fn no_protobuf<T>(_raw: &[u8]) -> Option<List<T>> {
    None
}

fn decode<T: DeserializeOwned>(
    raw: &[u8],
    list: &'static str,
    keys: &[&str],
    protobuf: fn(&[u8]) -> Option<List<T>>,
) -> Result<List<T>, MalformedList> {
    /// The tag of field 1 with a length: how every protobuf list starts. It is also a line feed.
    const LIST_TAG: u8 = 0x0a;

    let trimmed = raw.trim_ascii();
    let Some(first) = raw.first() else { return Ok(List::default()) };
    let looks_like_json = *first != LIST_TAG && matches!(trimmed.first(), None | Some(b'[' | b'{'));
    let decoded = if looks_like_json {
        json(trimmed, keys).or_else(|| protobuf(raw))
    } else {
        protobuf(raw).or_else(|| json(trimmed, keys))
    };
    decoded.ok_or(MalformedList { list })
}

/// Reads an array, or an object that holds the array under one of `keys`. Blank and null are empty.
fn json<T: DeserializeOwned>(trimmed: &[u8], keys: &[&str]) -> Option<List<T>> {
    if trimmed.is_empty() {
        return Some(List::default());
    }
    let text = std::str::from_utf8(trimmed).ok()?;
    match text.as_bytes().first()? {
        b'{' => {
            let wrapped = visited(text, Unwrap(keys))?;
            match wrapped {
                Wrapped::Array(array) => visited(array, Elements(PhantomData)),
                Wrapped::Nothing => Some(List::default()),
                Wrapped::SomethingElse => None,
            }
        }
        _ => visited(text, Elements(PhantomData)),
    }
}

/// What `visitor` makes of all of `json`.
fn visited<'de, V: Visitor<'de>>(json: &'de str, visitor: V) -> Option<V::Value> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = deserializer.deserialize_any(visitor).ok()?;
    deserializer.end().ok()?;
    Some(value)
}

/// Reads the elements of an array one by one, so that no more than one is held in a form that may be dropped.
struct Elements<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Elements<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_unit<E>(self) -> Result<List<T>, E> {
        Ok(List::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<List<T>, A::Error> {
        let mut list = List::default();
        while let Some(element) = array.next_element::<&RawValue>()? {
            list.push_with(|| {
                let json = Some(element.get()).filter(|json| json.len() <= MAX_ELEMENT_JSON)?;
                Some((serde_json::from_str(json).ok()?, 0))
            });
        }
        Ok(list)
    }
}

/// What an object around a list holds.
enum Wrapped<'de> {
    Array(&'de str),
    Nothing,
    SomethingElse,
}

/// Finds the list in an object: the first of the keys that is there.
struct Unwrap<'a>(&'a [&'a str]);

impl<'de> Visitor<'de> for Unwrap<'_> {
    type Value = Wrapped<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Wrapped<'de>, A::Error> {
        let (mut is_empty, mut best) = (true, None);
        while let Some(key) = object.next_key::<String>()? {
            is_empty = false;
            match self.0.iter().position(|known| *known == key) {
                Some(rank) => {
                    let value = object.next_value::<&RawValue>()?;
                    if best.is_none_or(|(better, _)| rank <= better) {
                        best = Some((rank, value));
                    }
                }
                None => _ = object.next_value::<IgnoredAny>()?,
            }
        }
        Ok(match best {
            Some((_, value)) if matches!(value.get().as_bytes(), [b'[' | b'n', ..]) => Wrapped::Array(value.get()),
            None if is_empty => Wrapped::Nothing,
            _ => Wrapped::SomethingElse,
        })
    }
}
