//! The JSON form of a session, shared with the JavaScript SDK.

use std::io;

use mezon_model::UserId;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use zeroize::{Zeroize as _, Zeroizing};

use crate::{Secret, Session, SessionError, SessionErrorKind, SessionUpdate};

impl Session {
    /// The session as one line of JSON, in the shape the JavaScript SDK exports and imports: `token`,
    /// `refresh_token`, `api_url` and `user_id` (a string), empty when there is none; `ws_url` when it is known; and,
    /// beyond that shape, `previous_refresh_token`, `session_id`, `id_token`, `tcp_url` and `is_remember` when they are.
    ///
    /// The text holds credentials: keep it where only the user reads it, for example in a [`FileStore`].
    ///
    /// [`FileStore`]: crate::FileStore
    pub fn export(&self) -> String {
        std::mem::take(&mut *self.exported())
    }

    /// As [`Session::export`], in memory that is cleared when it is dropped. There is no other copy of it.
    pub(crate) fn exported(&self) -> Zeroizing<String> {
        let form = self.form();
        // Growing would leave copies behind: the room is counted first.
        let mut room = Count(0);
        let mut text = Zeroizing::new(Vec::new());
        // Texts and flags can always be written as JSON, and memory takes them.
        let written = serde_json::to_writer(&mut room, &form).and_then(|()| {
            text.reserve_exact(room.0);
            serde_json::to_writer(&mut *text, &form)
        });
        debug_assert!(written.is_ok(), "{written:?}");
        Zeroizing::new(String::from_utf8(std::mem::take(&mut *text)).unwrap_or_default())
    }

    /// Reads what [`Session::export`] or the JavaScript SDK wrote, with `ws_url` or (older versions) without it.
    /// Unknown keys are ignored; `user_id` may be a string or a number; a byte order mark before the text is skipped.
    ///
    /// # Errors
    /// [`SessionErrorKind::MalformedExport`] when the text is no JSON object, with the position where reading stopped
    /// as its source; [`SessionErrorKind::MissingField`] when one of the four keys is absent (a login without refresh
    /// token has the key with an empty value); [`SessionErrorKind::WrongType`]; and as [`Session::new`]. No error
    /// repeats any of the text.
    pub fn restore(text: &str) -> Result<Self, SessionError> {
        // Editors may put a byte order mark before a text, and JSON knows none.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let value = serde_json::from_str(text).map_err(|error| {
            let position = format!("the JSON breaks at line {} column {}", error.line(), error.column());
            SessionError::with_source(SessionErrorKind::MalformedExport, position)
        })?;
        Self::from_value(value)
    }

    fn form(&self) -> Form<'_> {
        Form {
            api_url: self.api_url().unwrap_or_default(),
            id_token: self.id_token(),
            is_remember: self.is_remember(),
            previous_refresh_token: self.previous_refresh_token(),
            refresh_token: self.refresh_token().map(Secret::expose).unwrap_or_default(),
            session_id: self.session_id(),
            tcp_url: self.tcp_url(),
            token: self.token(),
            user_id: self.user_id().to_string(),
            ws_url: self.ws_url(),
        }
    }

    fn from_value(value: Value) -> Result<Self, SessionError> {
        let Value::Object(map) = value else {
            return Err(SessionErrorKind::MalformedExport.into());
        };
        let mut map = Keys(map);
        if let Some(field) = REQUIRED.into_iter().find(|&field| !map.0.contains_key(field)) {
            return Err(SessionErrorKind::MissingField { field }.into());
        }
        Self::new(SessionUpdate {
            token: map.text("token")?.map(Secret::from),
            refresh_token: map.text("refresh_token")?.map(Secret::from),
            previous_refresh_token: map.text("previous_refresh_token")?.map(Secret::from),
            id_token: map.text("id_token")?.map(Secret::from),
            session_id: map.text("session_id")?.map(Secret::from),
            api_url: map.text("api_url")?,
            ws_url: map.text("ws_url")?,
            tcp_url: map.text("tcp_url")?,
            user_id: map.user_id()?,
            is_remember: map.flag("is_remember")?,
        })
    }
}

/// The keys that every version of the JavaScript SDK writes.
const REQUIRED: [&str; 4] = ["token", "refresh_token", "api_url", "user_id"];

/// What is written. The keys are in the order of the alphabet.
#[derive(Serialize)]
struct Form<'a> {
    api_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a Secret>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_remember: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_refresh_token: Option<&'a Secret>,
    refresh_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp_url: Option<&'a str>,
    token: &'a Secret,
    user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ws_url: Option<&'a str>,
}

/// Counts the bytes that are written to it.
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The shape of [`Session::export`].
impl Serialize for Session {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.form().serialize(serializer)
    }
}

/// As [`Session::restore`]. Errors repeat nothing of the input.
impl<'de> Deserialize<'de> for Session {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By way of `Value`, which takes any type: the messages of a derived implementation quote what they refuse.
        Self::from_value(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// What was read. The texts that are still in it when it is dropped are cleared.
struct Keys(Map<String, Value>);

impl Keys {
    fn text(&mut self, field: &'static str) -> Result<Option<String>, SessionError> {
        match self.0.get_mut(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(std::mem::take(text))),
            Some(_) => Err(SessionErrorKind::WrongType { field }.into()),
        }
    }

    fn flag(&self, field: &'static str) -> Result<Option<bool>, SessionError> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(SessionErrorKind::WrongType { field }.into()),
        }
    }

    /// An empty text says nothing, as everywhere in a session; anything else must be a whole number, which never passes
    /// through a float.
    fn user_id(&self) -> Result<Option<UserId>, SessionError> {
        let id = match self.0.get("user_id") {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_i64(),
        };
        id.map(|id| Some(UserId::new(id))).ok_or_else(|| SessionErrorKind::WrongType { field: "user_id" }.into())
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        for value in self.0.values_mut() {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
}

#[cfg(test)]
mod tests;
