//! A quick walk over JSON in the form that most programs write it: no blanks, no escapes, whole numbers.
//!
//! It takes a part of what JSON allows and leaves the rest to a JSON parser.

/// Gives the keys of an object in order, with their values as JSON text. `None` when `json` is no object
/// of this form; what was given until then does not count.
pub(super) fn each_member<'a>(json: &'a str, mut take: impl FnMut(&'a str, &'a str)) -> Option<()> {
    let between = |from: &[u8], to: &[u8]| json.get(json.len() - from.len()..json.len() - to.len()).unwrap_or_default();
    if json == "{}" {
        return Some(());
    }
    let mut start = json.as_bytes().strip_prefix(b"{\"")?;
    loop {
        let value = key(start)?;
        let end = value_end(value)?;
        take(between(start, value).strip_suffix("\":").unwrap_or_default(), between(value, end));
        match end {
            [b'}'] => return Some(()),
            [b',', b'"', rest @ ..] => start = rest,
            _ => return None,
        }
    }
}

/// The length of the text at the start of `json` up to the first byte that a JSON string cannot hold as
/// it is: its end, an escape or a control character.
#[inline]
pub(super) fn text_length(json: &[u8]) -> usize {
    // Most keys and many values end within a word.
    match json.first_chunk().and_then(|word| first_special(*word)) {
        Some(length) => length,
        None => long_text_length(json),
    }
}

fn long_text_length(json: &[u8]) -> usize {
    /// What most short texts end within.
    const SHORT: usize = 32;
    /// So large that the compiler makes a loop over vectors of it.
    const BLOCK: usize = 128;

    let (start, rest) = json.split_at(json.len().min(SHORT));
    let length = text_length_by_words(start);
    if length < start.len() {
        return length;
    }
    let blocks = plain_blocks::<BLOCK>(rest);
    let rest = rest.get(blocks..).unwrap_or_default();
    let short_blocks = plain_blocks::<SHORT>(rest);
    length + blocks + short_blocks + text_length_by_words(rest.get(short_blocks..).unwrap_or_default())
}

/// The length of the blocks at the start that are nothing but text.
fn plain_blocks<const BLOCK: usize>(json: &[u8]) -> usize {
    let is_text = |block: &&[u8; BLOCK]| block.iter().fold(0, |found, byte| found | special(*byte)) == 0;
    json.as_chunks::<BLOCK>().0.iter().take_while(is_text).count() * BLOCK
}

fn text_length_by_words(json: &[u8]) -> usize {
    let (words, rest) = json.as_chunks::<8>();
    for (word, before) in words.iter().zip((0..).step_by(8)) {
        if let Some(length) = first_special(*word) {
            return before + length;
        }
    }
    let last = rest.iter().position(|byte| special(*byte) != 0).unwrap_or(rest.len());
    json.len() - rest.len() + last
}

/// What follows the value at the start of `json`.
fn value_end(json: &[u8]) -> Option<&[u8]> {
    /// Above the bits of the objects and arrays that are open.
    const NONE_OPEN: u64 = 1;

    let mut next = json;
    // A bit for each, the innermost the lowest: whether it is an object.
    let mut open = NONE_OPEN;
    loop {
        next = match next {
            [b'"', rest @ ..] => string(rest)?,
            [b'1'..=b'9', rest @ ..] => digits(rest),
            [b'{', b'"', rest @ ..] => {
                open = deeper(open)? | 1;
                next = key(rest)?;
                continue;
            }
            [b'{', b'}', rest @ ..] | [b'[', b']', rest @ ..] => rest,
            [b'[', rest @ ..] => {
                open = deeper(open)?;
                next = rest;
                continue;
            }
            _ => word_or_number(next)?,
        };
        loop {
            if open == NONE_OPEN {
                return Some(next);
            }
            let is_object = open & 1 == 1;
            match next {
                [b',', b'"', rest @ ..] if is_object => {
                    next = key(rest)?;
                    break;
                }
                [b',', rest @ ..] if !is_object => {
                    next = rest;
                    break;
                }
                [b'}', rest @ ..] if is_object => next = rest,
                [b']', rest @ ..] if !is_object => next = rest,
                _ => return None,
            }
            open >>= 1;
        }
    }
}

/// Room for one more bit. `None`: values lie too deep in each other.
fn deeper(open: u64) -> Option<u64> {
    (open.leading_zeros() > 0).then_some(open << 1)
}

/// What follows the key at the start of `json`, behind its opening quotation mark, and its colon.
#[inline]
fn key(json: &[u8]) -> Option<&[u8]> {
    json.get(text_length(json)..)?.strip_prefix(b"\":")
}

/// What follows the string at the start of `json`, behind its opening quotation mark.
#[inline]
fn string(json: &[u8]) -> Option<&[u8]> {
    json.get(text_length(json)..)?.strip_prefix(b"\"")
}

/// What follows the digits at the start of `json`.
#[inline]
fn digits(json: &[u8]) -> &[u8] {
    let count = json.iter().take_while(|byte| byte.is_ascii_digit()).count();
    json.get(count..).unwrap_or_default()
}

/// What follows a word or a number that does not start with a digit above zero. No other digit may follow a zero, and
/// a fraction or an exponent ends the walk.
fn word_or_number(json: &[u8]) -> Option<&[u8]> {
    match json {
        [b't', b'r', b'u', b'e', rest @ ..]
        | [b'f', b'a', b'l', b's', b'e', rest @ ..]
        | [b'n', b'u', b'l', b'l', rest @ ..]
        | [b'0', rest @ ..]
        | [b'-', b'0', rest @ ..] => Some(rest),
        [b'-', b'1'..=b'9', rest @ ..] => Some(digits(rest)),
        _ => None,
    }
}

/// Swaps the quotation mark with the blank, so that one comparison finds it together with the control characters.
const SWAP: u8 = b'"' ^ b' ';

/// 1 for a byte that a JSON string cannot hold as it is, 0 for others.
fn special(byte: u8) -> u8 {
    u8::from(byte ^ SWAP <= b' ') | u8::from(byte == b'\\')
}

/// Where the first such byte among eight is.
#[inline]
fn first_special(word: [u8; 8]) -> Option<usize> {
    const HIGHEST: u64 = each(0x80);

    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }

    let word = u64::from_le_bytes(word);
    // Sets the highest bit of each byte up to `limit`. Those above the lowest one may be set wrongly.
    let up_to = |limit: u8, word: u64| word.wrapping_sub(each(limit + 1)) & !word;
    let found = (up_to(b' ', word ^ each(SWAP)) | up_to(0, word ^ each(b'\\'))) & HIGHEST;
    (found != 0).then_some(found.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_walk_takes_only_json() {
        let members = |json: &'static str| {
            let mut members = Vec::new();
            each_member(json, |key, value| members.push((key, value))).map(|()| members)
        };
        assert_eq!(members("{}"), Some(vec![]));
        assert_eq!(members(r#"{"t":"hi"}"#), Some(vec![("t", r#""hi""#)]));
        assert_eq!(
            members(r#"{"":-10,"a:":[],"é":{},"b":[0,true,{"t":null}],"b":false}"#),
            Some(vec![("", "-10"), ("a:", "[]"), ("é", "{}"), ("b", r#"[0,true,{"t":null}]"#), ("b", "false")]),
        );
        for no_json in [
            "",
            "{",
            "}",
            "[]",
            "{}x",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":[,1]}"#,
            r#"{"a":01}"#,
            r#"{"a":-}"#,
            r#"{"a":-01}"#,
            r#"{"a":1-}"#,
            r#"{"a":tru}"#,
            r#"{"a":truer}"#,
            r#"{"a":"b}"#,
            r#"{"a":1"b":2}"#,
            r#"{"a" 1}"#,
            "{a:1}",
            r#"{"a":[1}"#,
            r#"{"a":{1]}"#,
            "{\"a\":\"\n\"}",
        ] {
            assert_eq!(members(no_json), None, "{no_json}");
            assert!(serde_json::from_str::<serde_json::Map<_, _>>(no_json).is_err(), "{no_json}");
        }
        // JSON that is left to the parser.
        for json in [r#"{ "a":1}"#, r#"{"a":1.5}"#, r#"{"a":1e3}"#, r#"{"a":"\n"}"#, r#"{"a":"\""}"#] {
            assert_eq!(members(json), None, "{json}");
        }
    }

    #[test]
    fn the_end_of_a_text_is_found_wherever_it_is() {
        for length in 0..300 {
            for end in ["\"", "\\", "\n", "\0", "\u{1f}"] {
                let text = "aé !#[]\u{7f}".chars().cycle().take(length).collect::<String>();
                let (plain, more) = (text.len(), "😀 and more");
                assert_eq!(text_length(format!("{text}{end}{more}").as_bytes()), plain, "{end:?}");
                assert_eq!(text_length(text.as_bytes()), plain);
            }
        }
    }
}
