//! Percent-encoding of URL paths and queries.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but the unreserved characters of RFC 3986 section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Decodes `%XX`; what is no such escape stays as it is, and so does what is not UTF-8.
pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), Into::into)
}

/// The value of the first parameter with this name in a query.
pub(crate) fn query_value(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then(|| decode(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_both_ways() {
        for text in ["plain.png", "ảnh của tôi.png", "100% + a/b?c=d&e", ""] {
            assert_eq!(decode(&encode(text)), text);
        }
        assert_eq!(encode("a b/ü"), "a%20b%2F%C3%BC");
    }

    #[test]
    fn broken_escapes_are_kept() {
        for text in ["%", "%4", "%zz", "100%", "%ff"] {
            assert_eq!(decode(text), text);
        }
    }

    #[test]
    fn a_query_is_searched_by_name() {
        assert_eq!(query_value("lang=en&token=a%2Eb&token=c", "token").as_deref(), Some("a.b"));
        assert_eq!(query_value("lang=en", "token"), None);
    }
}
