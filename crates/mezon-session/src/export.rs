//! The JSON form of a session, shared with the JavaScript SDK.

use mezon_model::UserId;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{Secret, Session, SessionError, SessionErrorKind, SessionUpdate};

impl Session {
    /// The session as one line of JSON, in the shape the JavaScript SDK exports and imports: `token`,
    /// `refresh_token`, `api_url` and `user_id` (a string), empty when there is none; `ws_url` when it is known; and,
    /// beyond that shape, `session_id`, `id_token`, `tcp_url` and `is_remember` when they are.
    ///
    /// The text holds credentials: keep it where only the user reads it, for example in a [`FileStore`].
    ///
    /// [`FileStore`]: crate::FileStore
    pub fn export(&self) -> String {
        Value::Object(self.to_map()).to_string()
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

    fn to_map(&self) -> Map<String, Value> {
        let secret = |secret: Option<&Secret>| secret.map(|secret| Value::from(secret.expose()));
        let mut map = Map::new();
        map.insert("token".into(), self.token().expose().into());
        map.insert("refresh_token".into(), secret(self.refresh_token()).unwrap_or_else(|| "".into()));
        map.insert("api_url".into(), self.api_url().unwrap_or_default().into());
        map.insert("user_id".into(), self.user_id().to_string().into());
        let optional = [
            ("ws_url", self.ws_url().map(Value::from)),
            ("session_id", secret(self.session_id())),
            ("id_token", secret(self.id_token())),
            ("tcp_url", self.tcp_url().map(Value::from)),
            ("is_remember", self.is_remember().then_some(true.into())),
        ];
        map.extend(optional.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        map
    }

    fn from_value(value: Value) -> Result<Self, SessionError> {
        let Value::Object(mut map) = value else {
            return Err(SessionErrorKind::MalformedExport.into());
        };
        if let Some(field) = REQUIRED.into_iter().find(|&field| !map.contains_key(field)) {
            return Err(SessionErrorKind::MissingField { field }.into());
        }
        Self::new(SessionUpdate {
            token: text(&mut map, "token")?.map(Secret::from),
            refresh_token: text(&mut map, "refresh_token")?.map(Secret::from),
            id_token: text(&mut map, "id_token")?.map(Secret::from),
            session_id: text(&mut map, "session_id")?.map(Secret::from),
            api_url: text(&mut map, "api_url")?,
            ws_url: text(&mut map, "ws_url")?,
            tcp_url: text(&mut map, "tcp_url")?,
            user_id: user_id(&map)?,
            is_remember: flag(&map, "is_remember")?,
        })
    }
}

/// The keys that every version of the JavaScript SDK writes.
const REQUIRED: [&str; 4] = ["token", "refresh_token", "api_url", "user_id"];

/// The shape of [`Session::export`].
impl Serialize for Session {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_map().serialize(serializer)
    }
}

/// As [`Session::restore`]. Errors repeat nothing of the input.
impl<'de> Deserialize<'de> for Session {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By way of `Value`, which takes any type: the messages of a derived implementation quote what they refuse.
        Self::from_value(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn text(map: &mut Map<String, Value>, field: &'static str) -> Result<Option<String>, SessionError> {
    match map.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(SessionErrorKind::WrongType { field }.into()),
    }
}

fn flag(map: &Map<String, Value>, field: &'static str) -> Result<Option<bool>, SessionError> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(SessionErrorKind::WrongType { field }.into()),
    }
}

/// An empty text says nothing, as everywhere in a session; anything else must be a whole number, which never passes
/// through a float.
fn user_id(map: &Map<String, Value>) -> Result<Option<UserId>, SessionError> {
    let id = match map.get("user_id") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_i64(),
    };
    id.map(|id| Some(UserId::new(id))).ok_or_else(|| SessionErrorKind::WrongType { field: "user_id" }.into())
}

#[cfg(test)]
mod tests;
