//! Each message once: what was missed while the connection was down comes from the history.

mod baselines;
mod dispatch;
mod history;
mod invitation;
mod ledger;
mod machine;
mod reading;
mod requests;
mod settings;

pub(crate) use baselines::Joined;
pub(crate) use dispatch::{CatchUp, run};
pub(crate) use history::History;
pub(crate) use machine::{Input, Listed};
pub(crate) use requests::Requests;
pub(crate) use settings::{CHANNEL_PAGES, PAGE, Settings};
