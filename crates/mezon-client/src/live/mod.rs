//! One connection after the other.

mod joining;
mod lifecycle;
mod upstream;

pub(crate) use joining::paced;
pub(crate) use lifecycle::{Lifecycle, Opened, closed};
pub(crate) use upstream::Upstream;
