//! What a message says: its text, the marks over it, and whatever else its JSON object holds.

mod builder;
mod links;
mod mark;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::de::DeserializeOwned;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

pub use builder::ContentBuilder;
pub use mark::{EmojiMark, HashtagMark, Mark, MarkKind, Span};

/// What a message says: a JSON object whose key `t` is the text.
///
/// Reading is total: whatever a client wrote, [`parse`](Self::parse) gives a content with its text, and
/// keys that this crate does not know keep their place and their exact JSON.
///
/// ```
/// use mezon_model::MessageContent;
///
/// let content = MessageContent::parse(r#"{"t":"hi","poll":{"id":7.50}}"#);
/// assert_eq!(content.as_text(), "hi");
/// assert_eq!(content.raw("poll"), Some(r#"{"id":7.50}"#));
/// assert_eq!(content.to_json(), r#"{"t":"hi","poll":{"id":7.50}}"#);
///
/// assert_eq!(MessageContent::parse("no JSON at all").as_text(), "no JSON at all");
/// ```
///
/// Two contents are equal when they hold the same keys in the same order with the same JSON text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MessageContent {
    /// The decoded value of `t`, kept in step with `entries`.
    text: String,
    /// All keys in the order they came, `t` among them. Values are JSON text as it came. A key may
    /// come twice, as JSON allows: the last one counts.
    entries: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    key: String,
    value: Box<RawValue>,
}

/// The key of the text.
const TEXT: &str = "t";
/// The keys of the lists of marks.
const HASHTAGS: &str = "hg";
const EMOJIS: &str = "ej";
const LINKS: &str = "lk";
const MARKS: &str = "mk";
const VOICE_LINKS: &str = "vk";

impl MessageContent {
    /// Plain text without marks: `{"t":"…"}`.
    pub fn text(text: impl Into<String>) -> Self {
        let mut content = Self::default();
        content.set_text(text);
        content
    }

    /// Starts a text with marks.
    pub fn builder() -> ContentBuilder {
        ContentBuilder::default()
    }

    /// Reads the content of a message in any form that clients write.
    ///
    /// - an object is taken as it is, and a JSON string becomes the text;
    /// - JSON with bare line breaks inside its strings is mended first;
    /// - everything else (raw text, arrays, numbers, JSON that was cut off) is the text itself;
    /// - a `t` that is no string is shown as its JSON text, and `null` as nothing.
    ///
    /// Half of a surrogate pair, which Rust text cannot hold, becomes one U+FFFD so that the offsets of
    /// the marks stay right.
    pub fn parse(raw: &str) -> Self {
        parse::parse(raw)
    }

    /// The text without its marks; empty when there is none.
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// Replaces the text. Marks stay as they are, and their offsets may no longer fit.
    pub fn set_text(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.put(TEXT, encode(&text));
    }

    /// The JSON object to send.
    pub fn to_json(&self) -> String {
        let mut json = String::from("{");
        for entry in &self.entries {
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(encode(&entry.key).get());
            json.push(':');
            json.push_str(entry.value.get());
        }
        json.push('}');
        json
    }

    /// The keys of the object, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.key.as_str())
    }

    /// The JSON text under a key.
    pub fn raw(&self, key: &str) -> Option<&str> {
        self.entries.iter().rfind(|entry| entry.key == key).map(|entry| entry.value.get())
    }

    /// The value under a key; `None` when it is not there or does not fit `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        serde_json::from_str(self.raw(key)?).ok()
    }

    /// Puts a value under a key, such as `embed` or `components`, in place of the one that is there.
    ///
    /// # Errors
    ///
    /// [`ContentError`] when the value cannot be written as JSON.
    pub fn set<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), ContentError> {
        let value =
            to_raw_value(value).map_err(|source| ContentError { key: key.to_owned(), source: Box::new(source) })?;
        self.put(key, value);
        Ok(())
    }

    /// The links in the text: those of `lk`, then those that `mk` marks as one.
    pub fn links(&self) -> Vec<Span> {
        let marked = self.marks().into_iter().filter(|mark| mark.kind.is_link()).map(|mark| mark.span);
        self.items(LINKS).into_iter().chain(marked).collect()
    }

    /// The marks of `mk`: bold, code, links with a preview.
    pub fn marks(&self) -> Vec<Mark> {
        self.items(MARKS)
    }

    /// The channels named in the text (`hg`).
    pub fn hashtags(&self) -> Vec<HashtagMark> {
        self.items(HASHTAGS)
    }

    /// The custom emojis in the text (`ej`).
    pub fn emojis(&self) -> Vec<EmojiMark> {
        self.items(EMOJIS)
    }

    /// The links to voice rooms in the text (`vk`).
    pub fn voice_links(&self) -> Vec<Span> {
        self.items(VOICE_LINKS)
    }

    /// Marks the bare `http` and `https` addresses in the text as links (`lk`), so that clients show
    /// them as such.
    ///
    /// An address ends before punctuation that belongs to the sentence. One that touches another mark is
    /// left alone, so doing this twice changes nothing.
    ///
    /// ```
    /// use mezon_model::MessageContent;
    ///
    /// let mut content = MessageContent::text("see https://mezon.ai.");
    /// content.mark_links();
    /// assert_eq!(content.to_json(), r#"{"t":"see https://mezon.ai.","lk":[{"s":4,"e":20}]}"#);
    /// ```
    pub fn mark_links(&mut self) {
        self.mark_links_outside(&[]);
    }

    /// [`mark_links`](Self::mark_links) that also leaves `taken` alone.
    pub(crate) fn mark_links_outside(&mut self, taken: &[Span]) {
        let mut taken = taken.to_vec();
        taken.extend(self.items::<Span>(LINKS));
        taken.extend(self.marks().into_iter().map(|mark| mark.span));
        taken.extend(self.hashtags().into_iter().map(|hashtag| hashtag.span));
        taken.extend(self.emojis().into_iter().map(|emoji| emoji.span));
        taken.extend(self.voice_links());

        let found = links::find(&self.text, taken);
        if found.is_empty() {
            return;
        }
        // The items that are there are copied as they are, with keys that are unknown here.
        let mut items: Vec<Box<RawValue>> = self.get(LINKS).unwrap_or_default();
        items.extend(found.iter().map(encode));
        self.put(LINKS, encode(&items));
    }

    /// The readable items of the list under a key. A wrong item costs itself, a wrong list only itself.
    fn items<T: DeserializeOwned>(&self, key: &str) -> Vec<T> {
        let items: Vec<Box<RawValue>> = self.get(key).unwrap_or_default();
        items.iter().filter_map(|item| serde_json::from_str(item.get()).ok()).collect()
    }

    fn put(&mut self, key: &str, value: Box<RawValue>) {
        if key == TEXT {
            self.text = parse::text_of(&value);
        }
        match self.entries.iter_mut().rfind(|entry| entry.key == key) {
            Some(entry) => entry.value = value,
            None => self.entries.push(Entry { key: key.to_owned(), value }),
        }
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.value.get() == other.value.get()
    }
}

impl Eq for Entry {}

impl fmt::Debug for MessageContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageContent({})", self.to_json())
    }
}

impl From<&str> for MessageContent {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for MessageContent {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl Serialize for MessageContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.entries.len()))?;
        for entry in &self.entries {
            map.serialize_entry(&entry.key, &entry.value)?;
        }
        map.end()
    }
}

/// A value cannot be written as JSON, for example a map whose keys are no text.
#[derive(Debug)]
pub struct ContentError {
    key: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value for the key {:?} of a message cannot be written as JSON", self.key)
    }
}

impl std::error::Error for ContentError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_ref())
    }
}

/// The JSON text of our own types. Text, numbers and lists of them always have one.
fn encode<T: Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
