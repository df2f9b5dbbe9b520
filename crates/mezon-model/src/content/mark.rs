//! Marks: ranges of the text that mean something.

use std::fmt;

use serde::de::{Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, EmojiId};
use crate::lenient;

/// A range of the text, in UTF-16 units. Other counts (bytes, characters) are wrong after an emoji.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Where it starts. `s` in JSON; absent means 0.
    #[serde(rename = "s", default)]
    pub start: u32,
    /// Where it ends, exclusive. `e` in JSON.
    #[serde(rename = "e")]
    pub end: u32,
}

impl Span {
    /// The range from `start` up to, but without, `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// Whether it covers nothing.
    pub const fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// The part of `text` that it covers.
    ///
    /// `None` when it does not lie within the text, or cuts a character in two. Marks come from other
    /// programs and need not fit.
    pub fn slice(self, text: &str) -> Option<&str> {
        let mut units: u32 = 0;
        let mut from = None;
        let boundaries = text.char_indices().map(|(at, ch)| (at, ch.len_utf16())).chain([(text.len(), 0)]);
        for (at, width) in boundaries {
            if units == self.start {
                from = Some(at);
            }
            if units >= self.end {
                return if units == self.end { text.get(from?..at) } else { None };
            }
            units = units.checked_add(u32::try_from(width).ok()?)?;
        }
        None
    }
}

/// A range with a look: an item of `mk`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mark {
    /// What it looks like.
    #[serde(rename = "type")]
    pub kind: MarkKind,
    /// Where it is.
    #[serde(flatten)]
    pub span: Span,
    /// The address behind it, when it is not the text itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The language of a code block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

impl Mark {
    pub(super) fn new(kind: MarkKind, span: Span) -> Self {
        Self { kind, span, url: None, language: None }
    }
}

/// A channel named in the text: an item of `hg`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "HashtagForm")]
#[non_exhaustive]
pub struct HashtagMark {
    /// The channel.
    #[serde(rename = "channelId")]
    pub channel_id: ChannelId,
    /// Where its name is.
    #[serde(flatten)]
    pub span: Span,
}

/// A [`HashtagMark`] with its id in each of the spellings that senders have used, one of them or several.
#[derive(Deserialize)]
struct HashtagForm {
    #[serde(rename = "channelId", default, deserialize_with = "lenient::maybe_id")]
    channel_id: Option<ChannelId>,
    #[serde(rename = "channelid", default, deserialize_with = "lenient::maybe_id")]
    flat: Option<ChannelId>,
    #[serde(rename = "channel_id", default, deserialize_with = "lenient::maybe_id")]
    snake: Option<ChannelId>,
    #[serde(flatten)]
    span: Span,
}

impl TryFrom<HashtagForm> for HashtagMark {
    type Error = &'static str;

    fn try_from(form: HashtagForm) -> Result<Self, Self::Error> {
        let channel_id = lenient::first_id([form.channel_id, form.flat, form.snake])?;
        Ok(Self { channel_id, span: form.span })
    }
}

/// A custom emoji in the text: an item of `ej`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "EmojiForm")]
#[non_exhaustive]
pub struct EmojiMark {
    /// The emoji.
    #[serde(rename = "emojiid")]
    pub emoji_id: EmojiId,
    /// Where its short name is.
    #[serde(flatten)]
    pub span: Span,
}

/// A [`EmojiMark`] with its id in each of the spellings that senders have used, one of them or several.
#[derive(Deserialize)]
struct EmojiForm {
    #[serde(rename = "emojiid", default, deserialize_with = "lenient::maybe_id")]
    emoji_id: Option<EmojiId>,
    #[serde(rename = "emojiId", default, deserialize_with = "lenient::maybe_id")]
    camel: Option<EmojiId>,
    #[serde(rename = "emoji_id", default, deserialize_with = "lenient::maybe_id")]
    snake: Option<EmojiId>,
    #[serde(flatten)]
    span: Span,
}

impl TryFrom<EmojiForm> for EmojiMark {
    type Error = &'static str;

    fn try_from(form: EmojiForm) -> Result<Self, Self::Error> {
        let emoji_id = lenient::first_id([form.emoji_id, form.camel, form.snake])?;
        Ok(Self { emoji_id, span: form.span })
    }
}

/// What a [`Mark`] looks like.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MarkKind {
    /// A code block without fences in the text (`pre`).
    CodeBlock,
    /// Code in a line, without back-ticks in the text (`c`).
    Code,
    /// A code block whose fences are part of the text (`t`).
    FencedCodeBlock,
    /// Code in a line whose back-ticks are part of the text (`s`).
    FencedCode,
    /// Bold (`b`).
    Bold,
    /// A link (`lk`).
    Link,
    /// A link to a voice room (`vk`).
    VoiceLink,
    /// A link to a video on `YouTube` (`lk_yt`).
    YouTubeLink,
    /// A link to Facebook (`lk_fb`).
    FacebookLink,
    /// A link to `TikTok` (`lk_tt`).
    TikTokLink,
    /// The preview of a linked page (`lk_ogp`).
    LinkPreview,
    /// A kind that has no name here.
    Other(String),
}

impl MarkKind {
    /// The kind for a name on the wire.
    pub fn from_name(name: &str) -> Self {
        match name {
            "pre" => Self::CodeBlock,
            "c" => Self::Code,
            "t" => Self::FencedCodeBlock,
            "s" => Self::FencedCode,
            "b" => Self::Bold,
            "lk" => Self::Link,
            "vk" => Self::VoiceLink,
            "lk_yt" => Self::YouTubeLink,
            "lk_fb" => Self::FacebookLink,
            "lk_tt" => Self::TikTokLink,
            "lk_ogp" => Self::LinkPreview,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The name on the wire.
    pub fn name(&self) -> &str {
        match self {
            Self::CodeBlock => "pre",
            Self::Code => "c",
            Self::FencedCodeBlock => "t",
            Self::FencedCode => "s",
            Self::Bold => "b",
            Self::Link => "lk",
            Self::VoiceLink => "vk",
            Self::YouTubeLink => "lk_yt",
            Self::FacebookLink => "lk_fb",
            Self::TikTokLink => "lk_tt",
            Self::LinkPreview => "lk_ogp",
            Self::Other(name) => name,
        }
    }

    /// Whether the text under it is the address of a page. A preview is not: it stands after the text.
    pub fn is_link(&self) -> bool {
        matches!(self, Self::Link | Self::YouTubeLink | Self::FacebookLink | Self::TikTokLink)
    }
}

impl Serialize for MarkKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for MarkKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = MarkKind;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a mark")
            }

            fn visit_str<E>(self, name: &str) -> Result<MarkKind, E> {
                Ok(MarkKind::from_name(name))
            }
        }

        deserializer.deserialize_str(Name)
    }
}
