//! Text that must not end up in a log.

use std::fmt;

use serde::Serialize;

/// Text that opens a door, such as the address of a webhook: whoever knows it can post. `Debug` does not print it;
/// serialising does, because a program that lists webhooks wants their addresses.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct HiddenText(String);

impl HiddenText {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for HiddenText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for HiddenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "\"\"" } else { "<hidden>" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_nothing_of_it_and_json_all() {
        let address = HiddenText::from("https://webhook.example/secret".to_owned());
        assert_eq!(format!("{address:?} {:?}", HiddenText::default()), "<hidden> \"\"");
        assert_eq!(serde_json::to_string(&address).unwrap(), r#""https://webhook.example/secret""#);
    }
}
