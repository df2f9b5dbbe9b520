//! Percent-encoding of URL paths and queries.

use std::fmt::Write as _;

/// Encodes everything but unreserved characters (RFC 3986).
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Decodes `%XX`; what is no such escape stays as it is, and so does what is not UTF-8.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%'
            && let Some((digits, after)) = tail.split_at_checked(2)
            && let Some(value) = std::str::from_utf8(digits).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            bytes.push(value);
            rest = after;
        } else {
            bytes.push(byte);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
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
