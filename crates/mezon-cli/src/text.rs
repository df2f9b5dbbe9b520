//! Text that people, shells and editors have had in their hands.

use std::path::PathBuf;

/// What some editors put before a text to say that it is UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// `text` without a byte order mark before it and white space around it, such as the end of its line.
pub(crate) fn trimmed(text: &str) -> &str {
    without_mark(text.trim_start()).trim()
}

/// `text` without a byte order mark before it.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// As [`without_mark`], for bytes.
pub(crate) fn bytes_without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The environment variable `name`, trimmed. An empty one counts as unset.
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| trimmed(&value).to_owned()).filter(|value| !value.is_empty())
}

/// As [`setting`], for a path, which need not be UTF-8.
pub(crate) fn setting_path(name: &str) -> Option<PathBuf> {
    let value = std::env::var_os(name)?;
    let value = value.to_str().map_or_else(|| value.clone(), |text| trimmed(text).into());
    (!value.is_empty()).then(|| value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_editors_and_shells_add_is_taken_off() {
        for (text, plain) in [
            ("\u{feff}token\r\n", "token"),
            (" \u{feff} token \r", "token"),
            ("to\u{feff}ken", "to\u{feff}ken"),
            ("\u{feff}", ""),
            ("\r\n", ""),
        ] {
            assert_eq!(trimmed(text), plain, "{text:?}");
        }
        assert_eq!(bytes_without_mark("\u{feff}-----BEGIN".as_bytes()), b"-----BEGIN");
    }
}
