//! Finding bare web addresses in a text.

use super::Span;

/// Whether a search of `text` can find anything. Most texts hold no address, and this is quick to see.
pub(super) fn may_hold(text: &str) -> bool {
    text.contains("://")
}

/// The addresses in `text` that do not touch one of the `taken` ranges.
pub(super) fn find(text: &str, mut taken: Vec<Span>) -> Vec<Span> {
    taken.retain(|span| !span.is_empty());
    taken.sort_unstable();
    // `reach[i]` is how far the first `i + 1` ranges go, so one look tells whether any of them overlaps.
    let reach: Vec<u32> = taken
        .iter()
        .scan(0, |furthest, span| {
            *furthest = span.end.max(*furthest);
            Some(*furthest)
        })
        .collect();
    let is_free = |url: &Span| {
        let before = taken.partition_point(|span| span.start < url.end);
        before.checked_sub(1).and_then(|last| reach.get(last)).is_none_or(|end| *end <= url.start)
    };
    Urls { text, at: 0, units: 0 }.filter(is_free).collect()
}

/// All addresses in a text, in order.
struct Urls<'a> {
    text: &'a str,
    /// How far the search has come, in bytes ...
    at: usize,
    /// ... and in UTF-16 units.
    units: usize,
}

impl Iterator for Urls<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        loop {
            let rest = self.text.get(self.at..)?;
            let offset = rest.find(['h', 'H'])?;
            let in_word = self.text.get(..self.at + offset)?.ends_with(|ch: char| ch.is_ascii_alphanumeric());
            self.skip(offset)?;
            let rest = self.text.get(self.at..)?;
            let length = if in_word { None } else { url_length(rest) };
            let Some(length) = length else {
                self.skip(1)?;
                continue;
            };
            let start = u32::try_from(self.units).ok()?;
            self.skip(length)?;
            return Some(Span::new(start, u32::try_from(self.units).ok()?));
        }
    }
}

impl Urls<'_> {
    fn skip(&mut self, bytes: usize) -> Option<()> {
        let skipped = self.text.get(self.at..self.at + bytes)?;
        self.units += skipped.chars().map(char::len_utf16).sum::<usize>();
        self.at += bytes;
        Some(())
    }
}

/// How many bytes of `text` are an address that starts right here.
fn url_length(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    let rest = text.get(scheme.len()..)?;
    if !rest.starts_with(|first: char| first.is_alphanumeric() || first == '[') {
        return None;
    }
    let end = rest.find(ends_url).unwrap_or(rest.len());
    Some(scheme.len() + without_trailing_punctuation(rest.get(..end)?).len())
}

/// Characters that no address contains unescaped. Quotation marks and full-width brackets and stops
/// surround addresses in running text.
fn ends_url(ch: char) -> bool {
    ch.is_whitespace()
        || ch.is_control()
        || matches!(ch, '<' | '>' | '"' | '`' | '\\' | '^' | '{' | '}' | '|')
        || matches!(ch, '“' | '”' | '‘' | '’' | '«' | '»' | '…')
        || matches!(ch, '、' | '。' | '「' | '」' | '『' | '』' | '《' | '》' | '【' | '】')
        || matches!(ch, '，' | '！' | '？' | '；' | '：' | '（' | '）')
}

/// Cuts the punctuation of the sentence off: stops, and brackets that were opened before the address.
fn without_trailing_punctuation(url: &str) -> &str {
    let count = |wanted: char| url.chars().filter(|ch| *ch == wanted).count();
    let mut unopened_round = count(')').saturating_sub(count('('));
    let mut unopened_square = count(']').saturating_sub(count('['));
    url.trim_end_matches(|ch: char| match ch {
        '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' => true,
        ')' if unopened_round > 0 => {
            unopened_round -= 1;
            true
        }
        ']' if unopened_square > 0 => {
            unopened_square -= 1;
            true
        }
        _ => false,
    })
}
