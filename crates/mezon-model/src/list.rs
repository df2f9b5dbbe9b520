//! The lists that travel beside a message: attachments, mentions, references, reactions.
//!
//! A received message carries each of them as bytes, which hold either a protobuf list or JSON: an
//! array, or an object that wraps the array. Which one depends on the age of the sender, so the bytes
//! tell: nothing is an empty list, `[` or `{` starts JSON, anything else is protobuf, and what is
//! no protobuf is tried as JSON once more.
//!
//! Without the feature `proto` only JSON is read, and a protobuf list is [`MalformedList`].

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::attachment::Attachment;
use crate::mention::Mention;
use crate::reaction::Reaction;
use crate::reference::Reference;
#[cfg(feature = "proto")]
use crate::wire;

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

/// Reads the attachments of a message.
///
/// # Errors
///
/// [`MalformedList`] when the bytes are no list of attachments.
pub fn decode_attachments(raw: &[u8]) -> Result<Vec<Attachment>, MalformedList> {
    #[cfg(feature = "proto")]
    let protobuf = wire::attachments;
    #[cfg(not(feature = "proto"))]
    let protobuf = no_protobuf;
    decode(raw, "attachments", &["attachments"], protobuf)
}

/// Reads the mentions of a message.
///
/// # Errors
///
/// [`MalformedList`] when the bytes are no list of mentions.
pub fn decode_mentions(raw: &[u8]) -> Result<Vec<Mention>, MalformedList> {
    #[cfg(feature = "proto")]
    let protobuf = wire::mentions;
    #[cfg(not(feature = "proto"))]
    let protobuf = no_protobuf;
    decode(raw, "mentions", &["mentions"], protobuf)
}

/// Reads the references of a message. The wrapping object calls them `refs`; `references` is read too.
///
/// # Errors
///
/// [`MalformedList`] when the bytes are no list of references.
pub fn decode_references(raw: &[u8]) -> Result<Vec<Reference>, MalformedList> {
    #[cfg(feature = "proto")]
    let protobuf = wire::references;
    #[cfg(not(feature = "proto"))]
    let protobuf = no_protobuf;
    decode(raw, "references", &["refs", "references"], protobuf)
}

/// Reads the reactions of a message.
///
/// # Errors
///
/// [`MalformedList`] when the bytes are no list of reactions.
pub fn decode_reactions(raw: &[u8]) -> Result<Vec<Reaction>, MalformedList> {
    #[cfg(feature = "proto")]
    let protobuf = wire::reactions;
    #[cfg(not(feature = "proto"))]
    let protobuf = no_protobuf;
    decode(raw, "reactions", &["reactions"], protobuf)
}

#[cfg(not(feature = "proto"))]
fn no_protobuf<T>(_raw: &[u8]) -> Option<Vec<T>> {
    None
}

fn decode<T: DeserializeOwned>(
    raw: &[u8],
    list: &'static str,
    keys: &[&str],
    protobuf: fn(&[u8]) -> Option<Vec<T>>,
) -> Result<Vec<T>, MalformedList> {
    /// The tag of field 1 with a length: how every protobuf list starts. It is also a line feed.
    const LIST_TAG: u8 = 0x0a;

    let trimmed = raw.trim_ascii();
    let Some(first) = raw.first() else { return Ok(Vec::new()) };
    let looks_like_json = *first != LIST_TAG && matches!(trimmed.first(), None | Some(b'[' | b'{'));
    let decoded = if looks_like_json {
        json(trimmed, keys).or_else(|| protobuf(raw))
    } else {
        protobuf(raw).or_else(|| json(trimmed, keys))
    };
    decoded.ok_or(MalformedList { list })
}

/// Reads an array, or an object that holds the array under one of `keys`. Blank and null are empty.
fn json<T: DeserializeOwned>(trimmed: &[u8], keys: &[&str]) -> Option<Vec<T>> {
    if trimmed.is_empty() {
        return Some(Vec::new());
    }
    let items = match serde_json::from_slice(trimmed).ok()? {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        Value::Object(map) if map.is_empty() => Vec::new(),
        Value::Object(mut map) => match keys.iter().find_map(|key| map.remove(*key))? {
            Value::Array(items) => items,
            Value::Null => Vec::new(),
            _ => return None,
        },
        _ => return None,
    };
    items.into_iter().map(|item| serde_json::from_value(item).ok()).collect()
}
