//! The session in an answer: JSON in two spellings, or protobuf.

use bytes::Bytes;
use mezon_model::UserId;
use mezon_proto::api;
use mezon_session::{Secret, SessionUpdate};
use prost::Message as _;
use serde::Deserialize;
use serde_json::Value;

use crate::{ApiError, ApiErrorKind};

/// Reads the session in an answer, whatever its `Content-Type` says: a JSON object starts with `{`, which no protobuf
/// session does (it would be field 15 with a wire type that is not in use).
pub(crate) fn read(body: Bytes) -> Result<SessionUpdate, ApiError> {
    const WHAT: &str = "the session that the sign-in or refresh brought";
    if body.trim_ascii_start().first() == Some(&b'{') {
        let answer: JsonSession = serde_json::from_slice(&body).map_err(|error| {
            // The error's own text may repeat a value, so only its position is kept.
            let position = format!("the JSON breaks at line {} column {}", error.line(), error.column());
            ApiError::with_source(ApiErrorKind::Decode { what: WHAT }, position)
        })?;
        return Ok(answer.into());
    }
    match api::Session::decode(body) {
        Ok(answer) => Ok(from_proto(answer)),
        Err(error) => Err(ApiError::with_source(ApiErrorKind::Decode { what: WHAT }, error)),
    }
}

fn from_proto(answer: api::Session) -> SessionUpdate {
    SessionUpdate {
        token: Secret::non_empty(answer.token),
        refresh_token: Secret::non_empty(answer.refresh_token),
        id_token: Secret::non_empty(answer.id_token),
        session_id: Secret::non_empty(answer.session_id),
        api_url: non_empty(answer.api_url),
        ws_url: non_empty(answer.ws_url),
        tcp_url: non_empty(answer.tcp_url),
        user_id: Some(UserId::new(answer.user_id)).filter(|id| !id.is_none()),
        // In protobuf, "no" and "not said" look the same.
        is_remember: answer.is_remember.then_some(true),
    }
}

#[derive(Deserialize)]
struct JsonSession {
    #[serde(default)]
    token: Option<Secret>,
    #[serde(default, alias = "refreshToken")]
    refresh_token: Option<Secret>,
    #[serde(default, alias = "idToken")]
    id_token: Option<Secret>,
    #[serde(default, alias = "sessionId")]
    session_id: Option<Secret>,
    #[serde(default, alias = "apiUrl")]
    api_url: Option<String>,
    #[serde(default, alias = "wsUrl")]
    ws_url: Option<String>,
    #[serde(default, alias = "tcpUrl")]
    tcp_url: Option<String>,
    #[serde(default, alias = "userId")]
    user_id: Option<Value>,
    #[serde(default, alias = "isRemember")]
    is_remember: Option<bool>,
}

impl From<JsonSession> for SessionUpdate {
    fn from(answer: JsonSession) -> Self {
        Self {
            token: answer.token,
            refresh_token: answer.refresh_token,
            id_token: answer.id_token,
            session_id: answer.session_id,
            api_url: answer.api_url,
            ws_url: answer.ws_url,
            tcp_url: answer.tcp_url,
            user_id: answer.user_id.as_ref().and_then(id),
            is_remember: answer.is_remember,
        }
    }
}

/// An id as text or number, of 63 bits: never through a float.
fn id(value: &Value) -> Option<UserId> {
    let id = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    Some(UserId::new(id)).filter(|id| !id.is_none())
}

fn non_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: i64 = 1_840_651_202_342_719_488;

    fn expected() -> SessionUpdate {
        SessionUpdate {
            token: Some("t".into()),
            refresh_token: Some("r".into()),
            api_url: Some("https://api.example.org".into()),
            ws_url: Some("ws.example.org".into()),
            user_id: Some(UserId::new(ID)),
            ..SessionUpdate::default()
        }
    }

    #[test]
    fn json_is_read_in_both_spellings_with_exact_ids() {
        for text in [
            r#"{"token":"t","refresh_token":"r","api_url":"https://api.example.org","ws_url":"ws.example.org",
                "user_id":"1840651202342719488","created":true}"#,
            r#" {"token":"t","refreshToken":"r","apiUrl":"https://api.example.org","wsUrl":"ws.example.org",
                "userId":1840651202342719488}"#,
        ] {
            assert_eq!(read(Bytes::from_static(text.as_bytes())).unwrap(), expected());
        }
    }

    #[test]
    fn protobuf_is_read_and_empty_fields_say_nothing() {
        let answer = api::Session {
            token: "t".into(),
            refresh_token: "r".into(),
            api_url: "https://api.example.org".into(),
            ws_url: "ws.example.org".into(),
            user_id: ID,
            ..api::Session::default()
        };
        assert_eq!(read(answer.encode_to_vec().into()).unwrap(), expected());
        assert_eq!(read(Bytes::new()).unwrap(), SessionUpdate::default());
    }

    #[test]
    fn a_broken_answer_is_an_error_that_repeats_nothing_of_it() {
        for body in [&b"{\"token\":\"s3cret\""[..], b"{\"token\":{\"s3cret\":1}}", b"s3cret<html>", b"\xff\xff"] {
            let error = read(Bytes::from_static(body)).unwrap_err();
            assert!(matches!(error.kind(), ApiErrorKind::Decode { .. }));
            assert!(!format!("{error:#} {error:?}").contains("s3cret"));
        }
    }

    #[test]
    fn ids_that_are_none_are_not_made_up() {
        for value in [Value::from(1.5), Value::from(""), Value::from("x"), Value::from(0), Value::Null] {
            assert_eq!(id(&value), None, "{value}");
        }
    }
}
