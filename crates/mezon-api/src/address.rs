//! Addresses of files.

use http::Uri;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// The address of a file.
pub(crate) struct Address {
    /// In ASCII.
    pub(crate) text: String,
    pub(crate) uri: Uri,
}

/// Reads an absolute address. Who may be asked for the file is not checked here.
pub(crate) fn read(url: &str) -> Option<Address> {
    let text = escape(url.trim());
    let uri = Uri::try_from(text.as_str()).ok()?;
    let over_http = matches!(uri.scheme_str(), Some("http" | "https"));
    (over_http && uri.authority().is_some()).then_some(Address { text, uri })
}

/// What an address cannot have, besides letters beyond ASCII (RFC 3986 section 2).
const NOT_IN_ADDRESSES: &AsciiSet = &CONTROLS.add(b' ');

/// Some servers put the name of the file into the address as it is; an address has ASCII only.
fn escape(url: &str) -> String {
    utf8_percent_encode(url, NOT_IN_ADDRESSES).to_string()
}
