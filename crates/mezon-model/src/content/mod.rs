//! What a message says: its text, the marks over it, and whatever else its JSON object holds.

mod builder;
mod compact;
mod links;
mod mark;
mod object;
mod parse;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

pub use builder::ContentBuilder;
pub use mark::{EmojiMark, HashtagMark, Mark, MarkKind, Span};
use object::{Member, ObjectWriter, Text};
pub(crate) use parse::text_in;

use crate::interactive::{self, ActionRow, Embed};

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
#[derive(Clone)]
pub struct MessageContent {
    /// The object: all keys in the order they came, no blanks around them, values as they came. A key
    /// may come twice, as JSON allows: the last one counts.
    json: String,
    /// What the value of `t` stands for.
    text: Text,
    /// Where the keys and values are. `None` when there is nothing but `t`, so that a plain text costs
    /// no list.
    members: Option<Vec<Member>>,
}

/// How deep the value of a key may nest. Components and embeds nest less than ten levels deep; parsers that recurse stop at
/// 128 as a rule, and a content stands a few levels deep in what they read.
const MAX_DEPTH: usize = 64;

/// The key of the text.
const TEXT: &str = "t";
/// How the object of a plain text starts.
const TEXT_PREFIX: &str = r#"{"t":"#;
/// The keys of the lists of marks.
const HASHTAGS: &str = "hg";
const EMOJIS: &str = "ej";
const LINKS: &str = "lk";
const MARKS: &str = "mk";
const VOICE_LINKS: &str = "vk";
/// The keys of what can be used.
const EMBEDS: &str = "embed";
const COMPONENTS: &str = "components";
/// The key of the list of files that have arrived.
const ARRIVED_FILES: &str = "presign_finish";

impl MessageContent {
    /// Plain text without marks: `{"t":"…"}`.
    pub fn text(text: impl Into<String>) -> Self {
        Self::plain(Cow::Owned(text.into()))
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
    /// - a `t` that is no string is shown as its JSON text, and `null` as nothing;
    /// - a value that nests more than 64 levels deep becomes a JSON string that holds its text, so that no parser behind
    ///   this one overflows its stack.
    ///
    /// Half of a surrogate pair, which Rust text cannot hold, becomes one U+FFFD so that the offsets of
    /// the marks stay right.
    pub fn parse(raw: &str) -> Self {
        parse::parse(raw)
    }

    /// The text without its marks; empty when there is none.
    pub fn as_text(&self) -> &str {
        self.text.of(&self.json)
    }

    /// Replaces the text. Marks stay as they are, and their offsets may no longer fit.
    pub fn set_text(&mut self, text: impl Into<String>) {
        self.put(TEXT, &to_json(&text.into()));
    }

    /// The JSON object to send.
    pub fn to_json(&self) -> String {
        self.json.clone()
    }

    /// The keys of the object, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.members().map(|(key, _)| key)
    }

    /// The JSON text under a key.
    pub fn raw(&self, key: &str) -> Option<&str> {
        self.members().rfind(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// The value under a key; `None` when it is not there or does not fit `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        serde_json::from_str(self.raw(key)?).ok()
    }

    /// Puts a value under a key, such as `embed` or `components`, in place of the one that is there.
    ///
    /// # Errors
    ///
    /// [`ContentError`] when the value cannot be written as JSON, or nests more than 64 levels deep.
    pub fn set<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), ContentError> {
        let value = serde_json::to_string(value)
            .map_err(|source| ContentError { key: key.to_owned(), source: Some(Box::new(source)) })?;
        if parse::depth(&value) > MAX_DEPTH {
            return Err(ContentError { key: key.to_owned(), source: None });
        }
        self.put(key, &value);
        Ok(())
    }

    /// The files that have arrived since the message was posted (`presign_finish`), each by its
    /// [`key`](crate::Attachment::key). `None`: the message was posted with its files, all are there.
    pub fn arrived_files(&self) -> Option<Vec<String>> {
        let list = self.raw(ARRIVED_FILES)?;
        // Who writes something else under the key means no list.
        let keys: Vec<&RawValue> = serde_json::from_str(list).ok()?;
        Some(keys.iter().filter_map(|key| serde_json::from_str(key.get()).ok()).collect())
    }

    /// Says which of the files have arrived. With none of them the message is posted before its files.
    pub fn set_arrived_files<'a>(&mut self, keys: impl IntoIterator<Item = &'a str>) {
        let keys: Vec<&str> = keys.into_iter().collect();
        self.put(ARRIVED_FILES, &to_json(&keys));
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

    /// The boxes below the text (`embed`).
    pub fn embeds(&self) -> Vec<Embed> {
        self.items(EMBEDS)
    }

    /// The components below the text (`components`), row by row.
    pub fn rows(&self) -> Vec<ActionRow> {
        interactive::rows(self.items(COMPONENTS))
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
        if !links::may_hold(self.as_text()) {
            return;
        }
        let mut taken = taken.to_vec();
        taken.extend(self.items::<Span>(LINKS));
        taken.extend(self.marks().into_iter().map(|mark| mark.span));
        taken.extend(self.hashtags().into_iter().map(|hashtag| hashtag.span));
        taken.extend(self.emojis().into_iter().map(|emoji| emoji.span));
        taken.extend(self.voice_links());

        let found = links::find(self.as_text(), taken);
        if found.is_empty() {
            return;
        }
        // The items that are there are copied as they are, with keys that are unknown here.
        let mut items: Vec<Box<RawValue>> = self.get(LINKS).unwrap_or_default();
        items.extend(found.iter().filter_map(|span| to_raw_value(span).ok()));
        self.put(LINKS, &to_json(&items));
    }

    fn plain(text: Cow<'_, str>) -> Self {
        #[derive(serde::Serialize)]
        struct Plain<'a> {
            t: &'a str,
        }

        if object::needs_escapes(&text) {
            let json = to_json(&Plain { t: &text });
            return Self { json, text: Text::Decoded(text.into_owned()), members: None };
        }
        let mut json = String::with_capacity(TEXT_PREFIX.len() + text.len() + "\"\"}".len());
        json.push_str(TEXT_PREFIX);
        json.push('"');
        let start = json.len();
        json.push_str(&text);
        let end = json.len();
        json.push_str("\"}");
        Self { json, text: Text::At(start..end), members: None }
    }

    /// The readable items of the list under a key. A wrong item costs itself, a wrong list only itself.
    fn items<T: DeserializeOwned>(&self, key: &str) -> Vec<T> {
        let Some(list) = self.raw(key) else { return Vec::new() };
        let items: Vec<&RawValue> = serde_json::from_str(list).unwrap_or_default();
        items.iter().filter_map(|item| serde_json::from_str(item.get()).ok()).collect()
    }

    /// The keys and the JSON text of their values, in order.
    fn members(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        let text = match self.members {
            Some(_) => None,
            None => self.json.strip_prefix(TEXT_PREFIX).and_then(|rest| rest.strip_suffix('}')),
        };
        let members = self.members.as_deref().unwrap_or_default();
        let members = members.iter().map(|member| (member.key(&self.json), member.value(&self.json)));
        text.map(|value| (TEXT, value)).into_iter().chain(members)
    }

    fn put(&mut self, key: &str, value: &str) {
        let replaced = self.keys().enumerate().filter(|(_, known)| *known == key).last().map(|(at, _)| at);
        // Quotation marks, a colon and a comma.
        let mut object = ObjectWriter::with_capacity(self.json.len() + key.len() + value.len() + 4);
        for (at, (known, old)) in self.members().enumerate() {
            object.push(known, if replaced == Some(at) { value } else { old });
        }
        if replaced.is_none() {
            object.push(key, value);
        }
        *self = object.finish();
    }
}

impl Default for MessageContent {
    /// No keys at all.
    fn default() -> Self {
        ObjectWriter::with_capacity("{}".len()).finish()
    }
}

impl PartialEq for MessageContent {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl Eq for MessageContent {}

impl fmt::Debug for MessageContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageContent({})", self.json)
    }
}

impl From<&str> for MessageContent {
    fn from(text: &str) -> Self {
        Self::plain(Cow::Borrowed(text))
    }
}

impl From<String> for MessageContent {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl Serialize for MessageContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members().count()))?;
        for (key, value) in self.members() {
            let value: &RawValue = serde_json::from_str(value).map_err(S::Error::custom)?;
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// A value cannot be part of a content: it has no form in JSON, as a map whose keys are no text, or nests too deep.
#[derive(Debug)]
pub struct ContentError {
    key: String,
    /// `None`: it nests too deep.
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value for the key {:?} of a message ", self.key)?;
        match self.source {
            Some(_) => f.write_str("cannot be written as JSON"),
            None => write!(f, "nests more than {MAX_DEPTH} levels deep, flatten it"),
        }
    }
}

impl std::error::Error for ContentError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}

/// The JSON text of our own types. Text, numbers and lists of them always have one.
fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
