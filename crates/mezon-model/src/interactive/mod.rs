//! What people can use in a message: buttons, select boxes, inputs, and the embeds around them.
//!
//! ```
//! use mezon_model::interactive::{ActionRow, Button, Embed, Input, Select};
//! use mezon_model::{Draft, MessageContent};
//!
//! let draft = MessageContent::builder()
//!     .text("Lunch?")
//!     .embed(Embed::titled("Your order").field("Notes", "", [Input::text("notes").placeholder("no onions")]))
//!     .row([Button::primary("yes", "I am in"), Button::danger("no", "Not today")])
//!     .row([Select::text("dish", [("pho", "Phở"), ("bun", "Bún chả")])])
//!     .build();
//! assert!(draft.check().is_ok());
//! assert_eq!(draft.content.rows().len(), 2);
//! # Ok::<(), mezon_model::DraftError>(())
//! ```
//!
//! Reading is total: a component that this crate does not understand is a [`ComponentKind::Other`] with its JSON, and keys
//! that it does not know are kept and written back.

mod check;
mod choice;
mod component;
mod embed;
mod input;
mod picture;
#[cfg(test)]
mod tests;

pub(crate) use check::Checker;
pub use check::{ComponentError, ComponentProblem};
pub use choice::{Choice, Radio, Select, SelectKind};
pub(crate) use component::rows;
pub use component::{ActionRow, Button, ButtonStyle, Component, ComponentKind, Keys};
pub use embed::{Embed, EmbedAuthor, EmbedField, EmbedFooter, EmbedImage, Length};
pub use input::{DatePicker, Input, InputKind};
pub use picture::{Animation, Grid, GridItem};
