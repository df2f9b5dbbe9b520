//! Pictures: moving ones and grids of them. Both take their pieces out of one image, where a second file says which piece
//! lies where.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Component, ComponentKind, Keys};
use crate::lenient;

/// Pictures that move, such as the reels of a slot machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Animation {
    /// The address of the image that holds all pieces.
    #[serde(deserialize_with = "lenient::text")]
    pub url_image: String,
    /// The address of the file that says where each piece lies.
    #[serde(deserialize_with = "lenient::text")]
    pub url_position: String,
    /// The names of the pieces in their order: a list, or a list for each reel.
    pub pool: Value,
    /// How often it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Value>,
    /// How long it takes: seconds in the bots that are in use, milliseconds by the documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// What else it says: `vertical`, `isResult`, `jackpot`.
    #[serde(flatten)]
    pub other: Keys,
}

impl Animation {
    /// An animation of the pieces `pool` out of an image.
    #[must_use = "a component does nothing until it is in a row"]
    pub fn of_pool(id: &str, url_image: &str, url_position: &str, pool: &[&str]) -> Component {
        let animation = Self {
            url_image: url_image.to_owned(),
            url_position: url_position.to_owned(),
            pool: pool.iter().map(|piece| Value::from(*piece)).collect(),
            ..Self::default()
        };
        Component::new(id, ComponentKind::Animation(animation))
    }
}

/// Pictures in rows and columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Grid {
    /// How many columns it has.
    #[serde(skip)]
    pub columns: u32,
    /// How many rows it has.
    #[serde(skip)]
    pub rows: u32,
    /// What lies where.
    pub items: Vec<GridItem>,
    /// The address of the image that holds all pieces.
    #[serde(deserialize_with = "lenient::text")]
    pub url_image: String,
    /// The address of the file that says where each piece lies.
    #[serde(deserialize_with = "lenient::text")]
    pub url_position: String,
    /// What else it says.
    #[serde(flatten)]
    pub other: Keys,
}

/// One picture of a grid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct GridItem {
    /// How many columns it covers.
    pub width: u32,
    /// How many rows it covers.
    pub height: u32,
    /// The column where it starts.
    pub start_col: u32,
    /// The row where it starts.
    pub start_row: u32,
    /// What else it says.
    #[serde(flatten)]
    pub other: Keys,
}

impl GridItem {
    /// A picture that covers `width` by `height` places from a column and a row on.
    pub fn new(start_col: u32, start_row: u32, width: u32, height: u32) -> Self {
        Self { width, height, start_col, start_row, other: Keys::new() }
    }
}

impl Grid {
    /// An empty grid with pieces out of an image.
    pub fn new(columns: u32, rows: u32, url_image: &str, url_position: &str) -> Self {
        let (url_image, url_position) = (url_image.to_owned(), url_position.to_owned());
        Self { columns, rows, url_image, url_position, ..Self::default() }
    }

    /// Adds a picture.
    #[must_use]
    pub fn item(mut self, item: GridItem) -> Self {
        self.items.push(item);
        self
    }

    /// The component with the id `id`.
    pub fn component(self, id: &str) -> Component {
        Component::new(id, ComponentKind::Grid(self))
    }

    /// Columns and rows stand beside the component.
    pub(super) fn read(component: Value, keys: &Keys) -> Option<Self> {
        let count = |key| keys.get(key).and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok());
        let grid: Self = serde_json::from_value(component).ok()?;
        Some(Self { columns: count("columns").unwrap_or(0), rows: count("rows").unwrap_or(0), ..grid })
    }
}
