//! Embeds: boxes with a title, fields and pictures below a text.

use serde::{Deserialize, Serialize};

use super::{Component, Keys};
use crate::lenient;

/// A box below the text of a message. Its fields may hold inputs, which makes it a form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Embed {
    /// The colour of its edge, as `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where the title leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who it is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<EmbedAuthor>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A small picture beside the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<EmbedImage>,
    /// Its fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<EmbedField>,
    /// A large picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<EmbedImage>,
    /// A time, in the form of ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// A small line at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<EmbedFooter>,
    /// What else it says.
    #[serde(flatten)]
    pub other: Keys,
}

/// Who an embed is from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EmbedAuthor {
    /// The name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon_url: Option<String>,
    /// Where the name leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A name with a value, or with something to fill in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EmbedField {
    /// The name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// The value.
    #[serde(deserialize_with = "lenient::text")]
    pub value: String,
    /// Whether it stands beside the field before it.
    #[serde(rename = "inline", deserialize_with = "lenient::flag", skip_serializing_if = "std::ops::Not::not")]
    pub is_inline: bool,
    /// What there is to fill in.
    #[serde(with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Component>,
    /// What else it says.
    #[serde(flatten)]
    pub other: Keys,
}

/// A picture of an embed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EmbedImage {
    /// Its address.
    #[serde(deserialize_with = "lenient::text")]
    pub url: String,
    /// Its width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<Length>,
    /// Its height.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<Length>,
    /// What else it says.
    #[serde(flatten)]
    pub other: Keys,
}

/// Width or height of a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Length {
    /// So many pixels.
    Pixels(u32),
    /// As the official clients write it: `auto`, `400px`.
    Text(String),
}

/// The last line of an embed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EmbedFooter {
    /// The text.
    #[serde(deserialize_with = "lenient::text")]
    pub text: String,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon_url: Option<String>,
}

impl Embed {
    /// An embed with a title.
    pub fn titled(title: &str) -> Self {
        Self { title: Some(title.to_owned()), ..Self::default() }
    }

    /// The colour of its edge, such as `0x58_65f2`.
    #[must_use]
    pub fn color(mut self, rgb: u32) -> Self {
        self.color = Some(format!("#{:06x}", rgb & 0xff_ffff));
        self
    }

    /// Where the title leads.
    #[must_use]
    pub fn url(mut self, url: &str) -> Self {
        self.url = Some(url.to_owned());
        self
    }

    /// Its text.
    #[must_use]
    pub fn description(mut self, text: &str) -> Self {
        self.description = Some(text.to_owned());
        self
    }

    /// Who it is from.
    #[must_use]
    pub fn author(mut self, name: &str) -> Self {
        self.author = Some(EmbedAuthor { name: name.to_owned(), ..EmbedAuthor::default() });
        self
    }

    /// A large picture.
    #[must_use]
    pub fn image(mut self, url: &str) -> Self {
        self.image = Some(EmbedImage { url: url.to_owned(), ..EmbedImage::default() });
        self
    }

    /// A small picture beside the text.
    #[must_use]
    pub fn thumbnail(mut self, url: &str) -> Self {
        self.thumbnail = Some(EmbedImage { url: url.to_owned(), ..EmbedImage::default() });
        self
    }

    /// A small line at its end.
    #[must_use]
    pub fn footer(mut self, text: &str) -> Self {
        self.footer = Some(EmbedFooter { text: text.to_owned(), icon_url: None });
        self
    }

    /// Adds a field: a name with a value, and `inputs` to fill in, if any.
    ///
    /// ```
    /// use mezon_model::interactive::{Embed, Input};
    ///
    /// let form = Embed::titled("Feedback").field("What went well?", "", [Input::multiline("well").required()]);
    /// let facts = Embed::titled("Build 71").field("Took", "4 min", []);
    /// assert_eq!((form.fields[0].inputs.len(), facts.fields[0].inputs.len()), (1, 0));
    /// ```
    #[must_use]
    pub fn field(mut self, name: &str, value: &str, inputs: impl IntoIterator<Item = Component>) -> Self {
        let inputs = inputs.into_iter().collect();
        self.fields.push(EmbedField {
            name: name.to_owned(),
            value: value.to_owned(),
            inputs,
            ..EmbedField::default()
        });
        self
    }

    /// Puts the last field beside the one before it.
    #[must_use]
    pub fn inline(mut self) -> Self {
        if let Some(field) = self.fields.last_mut() {
            field.is_inline = true;
        }
        self
    }
}

/// A field holds one input as an object, or several as an array.
mod one_or_many {
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Serialize, Serializer};

    use crate::interactive::Component;

    pub(super) fn serialize<S: Serializer>(inputs: &[Component], serializer: S) -> Result<S::Ok, S::Error> {
        match inputs {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Component>, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum OneOrMany {
            Many(Vec<Component>),
            One(Component),
            Nothing(()),
        }

        Ok(match OneOrMany::deserialize(deserializer)? {
            OneOrMany::Many(inputs) => inputs,
            OneOrMany::One(input) => vec![input],
            OneOrMany::Nothing(()) => Vec::new(),
        })
    }
}
