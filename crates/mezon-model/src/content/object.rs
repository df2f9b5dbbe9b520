//! The JSON object of a content, and where its parts stand in it.

use std::ops::Range;

use super::compact::text_length;
use super::{MessageContent, TEXT, parse, to_json};

/// A decoded JSON string.
#[derive(Clone)]
pub(super) enum Text {
    /// It stands in the JSON as it is, without escapes.
    At(Range<usize>),
    /// It stands there with escapes, or another JSON value stands for it.
    Decoded(String),
}

impl Text {
    /// Writes `text` as a JSON string, and says where it stands.
    pub(super) fn write(text: &str, json: &mut String) -> Self {
        if needs_escapes(text) {
            json.push_str(&to_json(text));
            return Self::Decoded(text.to_owned());
        }
        json.push('"');
        let start = json.len();
        json.push_str(text);
        let end = json.len();
        json.push('"');
        Self::At(start..end)
    }

    /// The text itself, out of the JSON that it was made for.
    pub(super) fn of<'a>(&'a self, json: &'a str) -> &'a str {
        match self {
            Self::At(range) => slice(json, range),
            Self::Decoded(text) => text,
        }
    }

    /// The same text after its JSON was put behind `bytes` others.
    fn behind(self, bytes: usize) -> Self {
        match self {
            Self::At(range) => Self::At(range.start + bytes..range.end + bytes),
            decoded @ Self::Decoded(_) => decoded,
        }
    }
}

/// A key of the object and its value.
#[derive(Clone)]
pub(super) struct Member {
    key: Text,
    value: Range<usize>,
}

impl Member {
    pub(super) fn key<'a>(&'a self, json: &'a str) -> &'a str {
        self.key.of(json)
    }

    /// The JSON text of the value.
    pub(super) fn value<'a>(&self, json: &'a str) -> &'a str {
        slice(json, &self.value)
    }
}

/// Writes the object member by member.
pub(super) struct ObjectWriter {
    json: String,
    text: Text,
    members: Vec<Member>,
}

impl ObjectWriter {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut json = String::with_capacity(bytes);
        json.push('{');
        Self { json, text: Text::At(0..0), members: Vec::new() }
    }

    /// Adds a member; `value` is its JSON text.
    pub(super) fn push(&mut self, key: &str, value: &str) {
        if !self.members.is_empty() {
            self.json.push(',');
        }
        let written = Text::write(key, &mut self.json);
        self.json.push(':');
        let start = self.json.len();
        self.json.push_str(value);
        if key == TEXT {
            self.text = parse::text_of(value).behind(start);
        }
        self.members.push(Member { key: written, value: start..self.json.len() });
    }

    pub(super) fn finish(mut self) -> MessageContent {
        self.json.push('}');
        let only_text = matches!(self.members.as_slice(), [member] if member.key(&self.json) == TEXT);
        let members = (!only_text).then_some(self.members);
        MessageContent { json: self.json, text: self.text, members }
    }
}

/// Whether a JSON string cannot hold `text` as it is.
pub(super) fn needs_escapes(text: &str) -> bool {
    text_length(text.as_bytes()) < text.len()
}

/// Ranges are of this very JSON, so they fit.
fn slice<'a>(json: &'a str, range: &Range<usize>) -> &'a str {
    json.get(range.clone()).unwrap_or_default()
}
