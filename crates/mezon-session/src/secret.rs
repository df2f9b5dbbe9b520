//! A text that is printed nowhere.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A token, a key or a password. It has no `Display`, its `Debug` is `<redacted>`, and its memory is cleared when it is
/// dropped. Serializing writes the text: only exports and requests that carry credentials contain one.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Use it where it goes on the wire or into a store, and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `None` for an empty text: how absent credentials look on the wire.
    pub fn non_empty(text: impl Into<String>) -> Option<Self> {
        Some(Self::new(text)).filter(|secret| !secret.is_empty())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That memory is cleared cannot be seen without `unsafe`. That its type clears it can.
    #[test]
    fn the_memory_of_a_secret_is_cleared_when_it_is_dropped() {
        fn is_cleared(_: &impl zeroize::ZeroizeOnDrop) {}
        is_cleared(&Secret::new("canary").0);
    }

    #[test]
    fn a_secret_shows_itself_only_where_it_is_asked_to() {
        let secret = Secret::new("canary");
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)).matches("canary").count(), 0);
        assert_eq!(secret.expose(), "canary");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"canary\"");
        assert_eq!(serde_json::from_str::<Secret>("\"canary\"").unwrap(), secret);
        assert_eq!(Secret::non_empty(""), None);
        assert_eq!(Secret::non_empty("canary"), Some(secret));
    }
}
