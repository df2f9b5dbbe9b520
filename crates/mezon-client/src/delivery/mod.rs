//! Each message once: what was missed while the connection was down comes from the history.

mod baselines;
mod dispatch;
mod history;
mod ledger;

pub(crate) use baselines::Baselines;
pub(crate) use dispatch::{CatchUp, run};
pub(crate) use history::History;
