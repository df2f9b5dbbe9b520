//! Components: what all of them have in common, rows of them, and buttons.

use serde::de::Deserializer;
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Animation, DatePicker, Grid, Input, Radio, Select};
use crate::kind::open_enum;
use crate::lenient;

/// Keys of a component that this crate does not know, with their values.
pub type Keys = Map<String, Value>;

/// Components side by side below a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ActionRow {
    /// The components, from left to right.
    pub components: Vec<Component>,
}

impl ActionRow {
    /// A row of these.
    pub fn new(components: impl IntoIterator<Item = impl Into<Component>>) -> Self {
        Self { components: components.into_iter().map(Into::into).collect() }
    }
}

/// Something to use or to look at: in a row below a message, or in a field of an [`Embed`](super::Embed).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Component {
    /// The name by which its author finds it again: in [`ButtonClicked`](crate::event::ButtonClicked), in
    /// [`OptionsSelected`](crate::event::OptionsSelected), among the inputs of a form.
    pub id: String,
    /// What it is.
    pub kind: ComponentKind,
    /// What else stands beside its id.
    pub other: Keys,
}

/// What a component is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ComponentKind {
    /// Type 1: something to press.
    Button(Button),
    /// Type 2: a box with options to choose from.
    Select(Select),
    /// Type 3: a place to write into.
    Input(Input),
    /// Type 4: a place to choose a date.
    DatePicker(DatePicker),
    /// Type 5: options that are all seen at once.
    Radio(Radio),
    /// Type 6: pictures that move.
    Animation(Animation),
    /// Type 7: pictures in rows and columns.
    Grid(Grid),
    /// A component of a newer type, or one that cannot be read, as it came.
    Other(Keys),
}

/// Something to press.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Button {
    /// What stands on it.
    #[serde(deserialize_with = "lenient::text")]
    pub label: String,
    /// What it looks like.
    pub style: ButtonStyle,
    /// Whether it cannot be pressed.
    #[serde(rename = "disable", alias = "disabled", deserialize_with = "lenient::flag")]
    pub is_disabled: bool,
    /// Where a link leads; none for all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The address or the short name of an icon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// What else it says.
    #[serde(flatten)]
    pub other: Keys,
}

open_enum! {
    /// What a button looks like.
    ButtonStyle {
        /// The most likely choice.
        Primary = 1,
        /// Another choice.
        Secondary = 2,
        /// A choice that is safe and good.
        Success = 3,
        /// A choice that cannot be taken back.
        Danger = 4,
        /// A link to an address; nobody hears of a click.
        Link = 5,
    }
}

impl Button {
    /// The object of a button, with one spelling of the key that has two.
    fn in_one_spelling(mut component: Value) -> Value {
        if let Value::Object(keys) = &mut component
            && let Some(disabled) = keys.remove("disabled")
        {
            keys.entry("disable").or_insert(disabled);
        }
        component
    }

    /// A button that looks like `style`.
    #[must_use = "a component does nothing until it is in a row"]
    pub fn styled(id: &str, style: ButtonStyle, label: &str) -> Component {
        let button = Self { label: label.to_owned(), style, ..Self::default() };
        Component::new(id, ComponentKind::Button(button))
    }

    /// The most likely choice.
    pub fn primary(id: &str, label: &str) -> Component {
        Self::styled(id, ButtonStyle::Primary, label)
    }

    /// Another choice.
    pub fn secondary(id: &str, label: &str) -> Component {
        Self::styled(id, ButtonStyle::Secondary, label)
    }

    /// A choice that is safe and good.
    pub fn success(id: &str, label: &str) -> Component {
        Self::styled(id, ButtonStyle::Success, label)
    }

    /// A choice that cannot be taken back.
    pub fn danger(id: &str, label: &str) -> Component {
        Self::styled(id, ButtonStyle::Danger, label)
    }

    /// A link to `url`.
    #[must_use = "a component does nothing until it is in a row"]
    pub fn link(id: &str, label: &str, url: &str) -> Component {
        let button =
            Self { label: label.to_owned(), style: ButtonStyle::Link, url: Some(url.to_owned()), ..Self::default() };
        Component::new(id, ComponentKind::Button(button))
    }
}

impl Component {
    /// A component of any kind.
    pub fn new(id: &str, kind: ComponentKind) -> Self {
        Self { id: id.to_owned(), kind, other: Keys::new() }
    }

    /// The same component, which cannot be used. What has nothing to use stays as it is.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        match &mut self.kind {
            ComponentKind::Button(button) => button.is_disabled = true,
            ComponentKind::Select(select) => select.is_disabled = true,
            ComponentKind::Input(input) => input.is_disabled = true,
            ComponentKind::Radio(radio) => radio.options.iter_mut().for_each(|option| option.is_disabled = true),
            _ => {}
        }
        self
    }

    /// Reads any JSON value; one that is no component is [`ComponentKind::Other`].
    fn read(value: Value) -> Self {
        let mut keys = match value {
            Value::Object(keys) => keys,
            other => Keys::from_iter([("component".to_owned(), other)]),
        };
        let id = match keys.get("id") {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => String::new(),
        };
        match Self::known(&keys) {
            Some((kind, taken)) => {
                for key in taken.iter().chain(&["type", "id", "component"]) {
                    keys.remove(*key);
                }
                Self { id, kind, other: keys }
            }
            None => Self { id, kind: ComponentKind::Other(keys), other: Keys::new() },
        }
    }

    /// The kind of a component, and the keys beside the common ones that it has taken.
    fn known(keys: &Keys) -> Option<(ComponentKind, &'static [&'static str])> {
        let component = keys.get("component").cloned().unwrap_or_default();
        Some(match keys.get("type")?.as_i64()? {
            1 => (ComponentKind::Button(read(Button::in_one_spelling(component))?), &[]),
            2 => (ComponentKind::Select(read(component)?), &[]),
            3 => (ComponentKind::Input(read(component)?), &[]),
            4 => (ComponentKind::DatePicker(read(component)?), &[]),
            5 => (ComponentKind::Radio(Radio::read(component, keys.get("max_options"))?), &["max_options"]),
            6 => (ComponentKind::Animation(read(component)?), &[]),
            7 => (ComponentKind::Grid(Grid::read(component, keys)?), &["columns", "rows"]),
            _ => return None,
        })
    }

    /// The object to write.
    fn object(&self) -> Result<Keys, serde_json::Error> {
        let (number, component) = match &self.kind {
            ComponentKind::Button(button) => (1, serde_json::to_value(button)?),
            ComponentKind::Select(select) => (2, serde_json::to_value(select)?),
            ComponentKind::Input(input) => (3, input.value(&self.id)?),
            ComponentKind::DatePicker(picker) => (4, serde_json::to_value(picker)?),
            ComponentKind::Radio(radio) => (5, serde_json::to_value(&radio.options)?),
            ComponentKind::Animation(animation) => (6, serde_json::to_value(animation)?),
            ComponentKind::Grid(grid) => (7, serde_json::to_value(grid)?),
            ComponentKind::Other(keys) => return Ok(keys.clone()),
        };
        let mut object = self.other.clone();
        object.insert("type".to_owned(), Value::from(number));
        object.insert("id".to_owned(), Value::from(self.id.as_str()));
        object.insert("component".to_owned(), component);
        match &self.kind {
            ComponentKind::Radio(Radio { max_options: Some(most), .. }) => {
                object.insert("max_options".to_owned(), Value::from(*most));
            }
            ComponentKind::Grid(grid) => {
                object.insert("columns".to_owned(), Value::from(grid.columns));
                object.insert("rows".to_owned(), Value::from(grid.rows));
            }
            _ => {}
        }
        Ok(object)
    }
}

impl Serialize for Component {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.object().map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Component {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::read)
    }
}

/// What an inner object says; `None` when it does not fit.
fn read<T: for<'de> Deserialize<'de>>(component: Value) -> Option<T> {
    let component = if component.is_null() { Value::Object(Keys::new()) } else { component };
    serde_json::from_value(component).ok()
}

/// Rows of components in either form: action rows, or components side by side, which are one row.
pub(crate) fn rows(items: Vec<Value>) -> Vec<ActionRow> {
    let mut rows: Vec<ActionRow> = Vec::new();
    let mut open = false;
    for item in items {
        match item {
            Value::Object(mut object) if !object.contains_key("type") && object.contains_key("components") => {
                let components = match object.remove("components") {
                    Some(Value::Array(components)) => components,
                    _ => Vec::new(),
                };
                rows.push(ActionRow { components: components.into_iter().map(Component::read).collect() });
                open = false;
            }
            single => {
                let component = Component::read(single);
                match rows.last_mut().filter(|_| open) {
                    Some(row) => row.components.push(component),
                    None => rows.push(ActionRow { components: vec![component] }),
                }
                open = true;
            }
        }
    }
    rows
}
