//! Choosing from options: select boxes and radio buttons.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Component, ComponentKind, Keys};
use crate::kind::open_enum;
use crate::lenient;

/// A box with options to choose from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Select {
    /// What there is to choose.
    #[serde(rename = "type")]
    pub kind: SelectKind,
    /// The options of a [`SelectKind::Text`]. The others offer what the channel has.
    pub options: Vec<Choice>,
    /// The option that is chosen at first.
    #[serde(rename = "valueSelected", skip_serializing_if = "Option::is_none")]
    pub selected: Option<Value>,
    /// What stands in the box before something is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
    /// How many options have to be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_options: Option<u32>,
    /// How many options may be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_options: Option<u32>,
    /// Whether it cannot be used.
    #[serde(rename = "disabled", deserialize_with = "lenient::flag", skip_serializing_if = "std::ops::Not::not")]
    pub is_disabled: bool,
    /// What else it says.
    #[serde(flatten)]
    pub other: Keys,
}

open_enum! {
    /// What a select box offers.
    SelectKind {
        /// Options of its own.
        Text = 1,
        /// People.
        User = 2,
        /// Roles.
        Role = 3,
        /// Channels.
        Channel = 4,
    }
}

/// One thing to choose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Choice {
    /// What people read.
    #[serde(deserialize_with = "lenient::text")]
    pub label: String,
    /// What the author gets.
    #[serde(deserialize_with = "lenient::text")]
    pub value: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is chosen at first.
    #[serde(rename = "default", deserialize_with = "lenient::flag", skip_serializing_if = "std::ops::Not::not")]
    pub is_default: bool,
    /// Whether it cannot be chosen.
    #[serde(rename = "disabled", deserialize_with = "lenient::flag", skip_serializing_if = "std::ops::Not::not")]
    pub is_disabled: bool,
    /// What else it says.
    #[serde(flatten)]
    pub other: Keys,
}

impl Choice {
    /// An option that people read as `label`, and its author gets as `value`.
    pub fn new(value: &str, label: &str) -> Self {
        Self { label: label.to_owned(), value: value.to_owned(), ..Self::default() }
    }

    /// Says more about it.
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        self.description = Some(description.to_owned());
        self
    }

    /// Chooses it at first.
    #[must_use]
    pub fn preselected(mut self) -> Self {
        self.is_default = true;
        self
    }
}

impl From<(&str, &str)> for Choice {
    /// A value and its label.
    fn from((value, label): (&str, &str)) -> Self {
        Self::new(value, label)
    }
}

impl Select {
    /// A box with options of its own.
    #[must_use = "a component does nothing until it is in a row"]
    pub fn text(id: &str, options: impl IntoIterator<Item = impl Into<Choice>>) -> Component {
        let options = options.into_iter().map(Into::into).collect();
        Component::new(id, ComponentKind::Select(Self { kind: SelectKind::Text, options, ..Self::default() }))
    }

    /// A box that offers people, roles or channels.
    #[must_use = "a component does nothing until it is in a row"]
    pub fn of(id: &str, kind: SelectKind) -> Component {
        Component::new(id, ComponentKind::Select(Self { kind, ..Self::default() }))
    }
}

/// Options that are all seen at once.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Radio {
    /// The options.
    pub options: Vec<Choice>,
    /// How many may be chosen; one unless it says more.
    pub max_options: Option<u32>,
}

impl Radio {
    /// Options of which one can be chosen.
    #[must_use = "a component does nothing until it is in a row"]
    pub fn one_of(id: &str, options: impl IntoIterator<Item = impl Into<Choice>>) -> Component {
        let options = options.into_iter().map(Into::into).collect();
        Component::new(id, ComponentKind::Radio(Self { options, max_options: None }))
    }

    /// Options of which `most` can be chosen.
    #[must_use = "a component does nothing until it is in a row"]
    pub fn up_to(id: &str, most: u32, options: impl IntoIterator<Item = impl Into<Choice>>) -> Component {
        let options = options.into_iter().map(Into::into).collect();
        Component::new(id, ComponentKind::Radio(Self { options, max_options: Some(most) }))
    }

    /// The component of a radio is the list of options; the number stands beside it.
    pub(super) fn read(component: Value, max_options: Option<&Value>) -> Option<Self> {
        let options = if component.is_null() { Vec::new() } else { serde_json::from_value(component).ok()? };
        let max_options = max_options.and_then(Value::as_u64).and_then(|most| u32::try_from(most).ok());
        Some(Self { options, max_options })
    }
}

impl Component {
    /// What a select box or an input shows while it is empty. Other components stay as they are.
    #[must_use]
    pub fn placeholder(mut self, text: &str) -> Self {
        match &mut self.kind {
            ComponentKind::Select(select) => select.placeholder = Some(text.to_owned()),
            ComponentKind::Input(input) => text.clone_into(&mut input.placeholder),
            _ => {}
        }
        self
    }

    /// How many options of a select box have to be chosen, and how many may be. Other components stay as they are.
    #[must_use]
    pub fn options(mut self, least: u32, most: u32) -> Self {
        if let ComponentKind::Select(select) = &mut self.kind {
            (select.min_options, select.max_options) = (Some(least), Some(most));
        }
        self
    }
}
