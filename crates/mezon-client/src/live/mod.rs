//! One connection after the other.

mod lifecycle;

pub(crate) use lifecycle::{Lifecycle, Opened};
