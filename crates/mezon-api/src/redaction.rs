//! A server's words, without the credentials that some servers repeat.

use data_encoding::BASE64;
use mezon_session::Secret;

/// Shorter texts are not searched for. They are no credentials that a server gave out, and would be found in the middle
/// of words.
const MIN_LENGTH: usize = 8;

/// How much of a message is kept, in characters.
const KEPT: usize = 4_096;

/// The start of `message` without control characters and without `secrets`, the credentials of the request. `None`: nothing is left.
pub(crate) fn clean(message: &str, secrets: &[&Secret]) -> Option<String> {
    let mut message = message.to_owned();
    for secret in secrets {
        let plain = secret.expose();
        // Basic credentials are a name, a colon and no password.
        let basic = BASE64.encode([plain.trim_end_matches(':'), ":"].concat().as_bytes());
        for text in [plain, &basic] {
            if text.len() >= MIN_LENGTH {
                message = message.replace(text, "<redacted>");
            }
        }
    }
    let message: String = message.chars().take(KEPT).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let message = message.trim();
    (!message.is_empty()).then(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(message: &str, secret: &str) -> Option<String> {
        clean(message, &[&Secret::from(secret)])
    }

    #[test]
    fn credentials_are_taken_out_and_words_stay_whole() {
        assert_eq!(cleaned("bad t0ken-of-an", "t0ken-of-an").as_deref(), Some("bad <redacted>"));
        assert_eq!(cleaned("Basic dDBrZW4tb2YtYW46", "t0ken-of-an").as_deref(), Some("Basic <redacted>"));
        for short in ["any", "", "a", "request"] {
            assert_eq!(cleaned("too many requests", short).as_deref(), Some("too many requests"), "{short:?}");
        }
    }

    #[test]
    fn control_characters_become_spaces() {
        assert_eq!(cleaned("no\x1b[31m\r\nhere\u{85}", "").as_deref(), Some("no [31m  here"));
        assert_eq!(cleaned(" \n", ""), None);
    }
}
