//! The session in an answer: JSON in two spellings, or protobuf.

use bytes::Bytes;
use mezon_model::UserId;
use mezon_proto::api;
use mezon_session::{Secret, SessionUpdate};
use prost::Message as _;
use serde::Deserialize;
use serde_json::Value;

use crate::{ApiError, ApiErrorKind};

/// More than any session takes. JSON becomes many times as large when it is read.
const LIMIT: usize = 1024 * 1024;

/// Reads the session in an answer, whatever its `Content-Type` says: a JSON object starts with `{`, which no protobuf
/// session does (it would be field 15 with a wire type that is not in use).
pub(crate) fn read(body: Bytes) -> Result<SessionUpdate, ApiError> {
    const WHAT: &str = "the session that the sign-in or refresh brought";
    if body.len() > LIMIT {
        return Err(ApiErrorKind::BodyTooLarge { limit: LIMIT }.into());
    }
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
        previous_refresh_token: None,
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

/// The fields of a JSON session, each in both spellings: a server that is changing from one to the other may send both.
#[derive(Default, Deserialize)]
#[serde(default)]
struct JsonSession {
    token: Option<Secret>,
    refresh_token: Option<Secret>,
    #[serde(rename = "refreshToken")]
    refresh_token_camel: Option<Secret>,
    id_token: Option<Secret>,
    #[serde(rename = "idToken")]
    id_token_camel: Option<Secret>,
    session_id: Option<Secret>,
    #[serde(rename = "sessionId")]
    session_id_camel: Option<Secret>,
    api_url: Option<String>,
    #[serde(rename = "apiUrl")]
    api_url_camel: Option<String>,
    ws_url: Option<String>,
    #[serde(rename = "wsUrl")]
    ws_url_camel: Option<String>,
    tcp_url: Option<String>,
    #[serde(rename = "tcpUrl")]
    tcp_url_camel: Option<String>,
    user_id: Option<Value>,
    #[serde(rename = "userId")]
    user_id_camel: Option<Value>,
    is_remember: Option<bool>,
    #[serde(rename = "isRemember")]
    is_remember_camel: Option<bool>,
}

impl From<JsonSession> for SessionUpdate {
    fn from(answer: JsonSession) -> Self {
        let secret = |one: Option<Secret>, other| one.filter(|secret| !secret.is_empty()).or(other);
        let text = |one: Option<String>, other| one.filter(|text| !text.is_empty()).or(other);
        let id = |value: Option<Value>| value.as_ref().and_then(id);
        Self {
            token: answer.token,
            refresh_token: secret(answer.refresh_token, answer.refresh_token_camel),
            previous_refresh_token: None,
            id_token: secret(answer.id_token, answer.id_token_camel),
            session_id: secret(answer.session_id, answer.session_id_camel),
            api_url: text(answer.api_url, answer.api_url_camel),
            ws_url: text(answer.ws_url, answer.ws_url_camel),
            tcp_url: text(answer.tcp_url, answer.tcp_url_camel),
            user_id: id(answer.user_id).or(id(answer.user_id_camel)),
            is_remember: answer.is_remember.or(answer.is_remember_camel),
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
            r#"{"token":"t","refresh_token":"","refreshToken":"r","api_url":"https://api.example.org","apiUrl":"x",
                "ws_url":null,"wsUrl":"ws.example.org","user_id":"","userId":"1840651202342719488"}"#,
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
    fn a_session_of_megabytes_is_none() {
        let list = ["{\"token\":\"t\",\"user_id\":[", &"0,".repeat(LIMIT / 2), "0]}"].concat();
        assert_eq!(read(list.into()).unwrap_err().kind(), &ApiErrorKind::BodyTooLarge { limit: LIMIT });
    }

    #[test]
    fn ids_that_are_none_are_not_made_up() {
        for value in [Value::from(1.5), Value::from(""), Value::from("x"), Value::from(0), Value::Null] {
            assert_eq!(id(&value), None, "{value}");
        }
    }
}
