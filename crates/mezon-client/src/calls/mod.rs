//! Friendly calls, by subject: typed ids, sensible defaults, lists as pages.
//!
//! [`Client`](crate::Client) gives a handle for each subject. A handle is cheap, can be cloned, and holds nothing but the
//! HTTP client. What one cannot do, [`ApiClient::call`](mezon_api::ApiClient::call) does with any method of the protocol.

mod channels;
mod clans;
pub mod names;
mod page;

pub use channels::Channels;
pub use clans::Clans;
pub use page::{Cursor, Page, Pages};

use crate::ClientError;

/// Declares the handle of a subject, and the method of [`Client`] that gives it.
macro_rules! subject {
    ($(#[$doc:meta])* $name:ident, $(#[$method_doc:meta])* $method:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            api: mezon_api::ApiClient,
        }

        impl $crate::Client {
            $(#[$method_doc])*
            pub fn $method(&self) -> $name {
                $name { api: self.api().clone() }
            }
        }
    };
}

use subject;

/// Refuses arguments before anything is sent.
fn check(holds: bool, problem: &'static str) -> Result<(), ClientError> {
    if holds { Ok(()) } else { Err(ClientError::InvalidInput { problem: problem.into() }) }
}
