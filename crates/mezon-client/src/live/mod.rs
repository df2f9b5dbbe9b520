//! One connection after the other.

mod lifecycle;
mod upstream;

pub(crate) use lifecycle::{Lifecycle, Opened};
pub(crate) use upstream::Upstream;
