//! Addresses of files.

use std::fmt::Write as _;

use http::Uri;

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

/// Some servers put the name of the file into the address as it is; an address has ASCII only (RFC 3986 section 2).
fn escape(url: &str) -> String {
    let mut escaped = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_graphic() {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
