//! A quick walk over JSON in the form that most programs write it: no blanks, no escapes, whole numbers.
//!
//! It takes a part of what JSON allows and leaves the rest to a JSON parser.

/// How deep values may lie in each other.
const MAX_DEPTH: u32 = 16;

/// Gives the keys of an object in order, with their values as JSON text. `None` when `json` is no object
/// of this form; what was given until then does not count.
pub(super) fn each_member<'a>(json: &'a str, mut take: impl FnMut(&'a str, &'a str)) -> Option<()> {
    let between = |from: &[u8], to: &[u8]| json.get(json.len() - from.len()..json.len() - to.len()).unwrap_or_default();
    let rest = members(json.as_bytes().strip_prefix(b"{")?, MAX_DEPTH, |key, value, end| {
        let key = between(key, value);
        take(key.strip_suffix("\":").unwrap_or(key), between(value, end));
    })?;
    rest.is_empty().then_some(())
}

/// The length of the text at the start of `json` up to the first byte that a JSON string cannot hold as
/// it is: its end, an escape or a control character.
pub(super) fn text_length(json: &[u8]) -> usize {
    /// What most keys and short texts end within.
    const SHORT: usize = 32;
    /// So large that the compiler makes a loop over vectors of it.
    const BLOCK: usize = 128;

    let (start, rest) = json.split_at(json.len().min(SHORT));
    let length = text_length_by_words(start);
    if length < start.len() {
        return length;
    }
    let is_text = |block: &&[u8]| block.iter().fold(0, |found, byte| found | special(*byte)) == 0;
    let blocks = rest.chunks_exact(BLOCK).take_while(is_text).count() * BLOCK;
    length + blocks + text_length_by_words(rest.get(blocks..).unwrap_or_default())
}

/// Walks over what follows the brace of an object. Every walk gives what comes behind. `seen` gets the
/// JSON from inside a key on, from its value on, and from behind that on.
fn members<'a>(json: &'a [u8], depth: u32, mut seen: impl FnMut(&'a [u8], &'a [u8], &'a [u8])) -> Option<&'a [u8]> {
    let mut next = json;
    if let [b'}', rest @ ..] = json {
        return Some(rest);
    }
    loop {
        let [b'"', key @ ..] = next else { return None };
        let [b':', value @ ..] = string(key)? else { return None };
        let end = value_end(value, depth)?;
        seen(key, value, end);
        match end {
            [b'}', rest @ ..] => return Some(rest),
            [b',', rest @ ..] => next = rest,
            _ => return None,
        }
    }
}

fn value_end(json: &[u8], depth: u32) -> Option<&[u8]> {
    match json {
        [b'"', rest @ ..] => string(rest),
        [b'{', rest @ ..] => members(rest, depth.checked_sub(1)?, |_, _, _| {}),
        [b'[', rest @ ..] => items(rest, depth.checked_sub(1)?),
        [b't', b'r', b'u', b'e', rest @ ..]
        | [b'f', b'a', b'l', b's', b'e', rest @ ..]
        | [b'n', b'u', b'l', b'l', rest @ ..]
        // No other digit may follow a zero. A fraction or an exponent ends the walk as well.
        | [b'0', rest @ ..]
        | [b'-', b'0', rest @ ..] => Some(rest),
        [b'-', rest @ ..] | rest => match rest.iter().position(|byte| !byte.is_ascii_digit())? {
            0 => None,
            digits => rest.get(digits..),
        },
    }
}

/// Walks over what follows the bracket of an array.
fn items(json: &[u8], depth: u32) -> Option<&[u8]> {
    let mut next = json;
    if let [b']', rest @ ..] = json {
        return Some(rest);
    }
    loop {
        match value_end(next, depth)? {
            [b']', rest @ ..] => return Some(rest),
            [b',', rest @ ..] => next = rest,
            _ => return None,
        }
    }
}

/// Walks over what follows the opening quotation mark of a string.
fn string(json: &[u8]) -> Option<&[u8]> {
    json.get(text_length(json)..)?.strip_prefix(b"\"")
}

fn text_length_by_words(json: &[u8]) -> usize {
    let (words, rest) = json.as_chunks::<8>();
    for (word, before) in words.iter().zip((0..).step_by(8)) {
        let special = special_in_word(u64::from_le_bytes(*word));
        if special != 0 {
            return before + special.trailing_zeros() as usize / 8;
        }
    }
    let last = rest.iter().position(|byte| special(*byte) != 0).unwrap_or(rest.len());
    json.len() - rest.len() + last
}

/// 1 for a byte that a JSON string cannot hold as it is, 0 for others.
fn special(byte: u8) -> u8 {
    u8::from(byte < b' ') | u8::from(byte == b'"') | u8::from(byte == b'\\')
}

/// Sets the highest bit of each such byte among eight. Those above the lowest one may be set wrongly.
fn special_in_word(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = EACH << 7;

    let below = |word: u64, limit: u8| word.wrapping_sub(EACH * u64::from(limit)) & !word;
    let is = |byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
    (below(word, b' ') | is(b'"') | is(b'\\')) & HIGHEST
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
