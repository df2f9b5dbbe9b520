//! An application that has `mezon-light` and no other crate. It uses every item of the facade, so that whatever an
//! application has to name is there: a tidy test of `xtask` looks for each one here. Nothing of it is ever run but the tests
//! of its own session store.

pub mod account;
pub mod content;
pub mod failures;
pub mod files;
pub mod live;
pub mod store;
pub mod subjects;
