//! Places to write into, and to choose a date.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Component, ComponentKind, Keys};
use crate::lenient;

/// A place to write into.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Input {
    /// What stands in it while it is empty.
    #[serde(deserialize_with = "lenient::text")]
    pub placeholder: String,
    /// What may be written.
    #[serde(rename = "type")]
    pub kind: InputKind,
    /// What stands in it at first.
    #[serde(rename = "defaultValue", deserialize_with = "lenient::text")]
    pub default_value: String,
    /// Whether it has several lines.
    #[serde(rename = "textarea", deserialize_with = "lenient::flag")]
    pub is_multiline: bool,
    /// Whether it may not be left empty.
    #[serde(rename = "required", deserialize_with = "lenient::flag", skip_serializing_if = "std::ops::Not::not")]
    pub is_required: bool,
    /// Whether it cannot be used.
    #[serde(rename = "disabled", deserialize_with = "lenient::flag", skip_serializing_if = "std::ops::Not::not")]
    pub is_disabled: bool,
    /// What else it says.
    #[serde(flatten)]
    pub other: Keys,
}

/// What may be written into an [`Input`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum InputKind {
    /// Any text.
    #[default]
    Text,
    /// A number.
    Number,
    /// Something that this crate does not know.
    #[serde(untagged)]
    Other(String),
}

impl Input {
    /// A place for a line of text.
    #[must_use = "a component does nothing until it is in a row"]
    pub fn text(id: &str) -> Component {
        Component::new(id, ComponentKind::Input(Self::default()))
    }

    /// A place for text of several lines.
    #[must_use = "a component does nothing until it is in a row"]
    pub fn multiline(id: &str) -> Component {
        Component::new(id, ComponentKind::Input(Self { is_multiline: true, ..Self::default() }))
    }

    /// A place for a number.
    #[must_use = "a component does nothing until it is in a row"]
    pub fn number(id: &str) -> Component {
        Component::new(id, ComponentKind::Input(Self { kind: InputKind::Number, ..Self::default() }))
    }

    /// The object to write. The official clients look for an id inside too.
    pub(super) fn value(&self, id: &str) -> Result<Value, serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        if let Value::Object(object) = &mut value {
            object.entry("id").or_insert_with(|| format!("{id}-component").into());
        }
        Ok(value)
    }
}

/// A place to choose a date.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DatePicker {
    /// The date that is chosen at first, as the official clients write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// What else it says.
    #[serde(flatten)]
    pub other: Keys,
}

impl DatePicker {
    /// A place to choose a date.
    #[must_use = "a component does nothing until it is in a row"]
    pub fn any_date(id: &str) -> Component {
        Component::new(id, ComponentKind::DatePicker(Self::default()))
    }
}

impl Component {
    /// An input that may not be left empty. Other components stay as they are.
    #[must_use]
    pub fn required(mut self) -> Self {
        if let ComponentKind::Input(input) = &mut self.kind {
            input.is_required = true;
        }
        self
    }

    /// What stands in an input at first. Other components stay as they are.
    #[must_use]
    pub fn default_value(mut self, text: &str) -> Self {
        if let ComponentKind::Input(input) = &mut self.kind {
            text.clone_into(&mut input.default_value);
        }
        self
    }
}
