//! Answers.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::faults::Answer;
use crate::uploads::Refusal;

pub(crate) type Reply = Response<Full<Bytes>>;

pub(super) fn failure(failure: &Failure) -> Reply {
    error(failure.http_status(), failure.grpc_code(), &failure.message)
}

pub(super) fn error(status: StatusCode, code: u16, message: &str) -> Reply {
    json(status, &json!({ "code": code, "message": message }))
}

/// An answer that a fault asks for.
pub(super) fn injected(answer: Answer) -> Reply {
    let mut reply = Reply::new(Full::new(answer.body));
    *reply.status_mut() = answer.status;
    *reply.headers_mut() = answer.headers;
    reply
}

pub(super) fn json(status: StatusCode, value: &Value) -> Reply {
    bytes(status, "application/json", value.to_string())
}

/// A response message of a method, or a session.
pub(super) fn protobuf(message: Bytes) -> Reply {
    bytes(StatusCode::OK, "application/proto", message)
}

/// A refusal of the object store.
pub(super) fn refusal(refusal: Refusal) -> Reply {
    let Refusal { status, code, message } = refusal;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let text = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"#
    );
    bytes(status, "application/xml", text)
}

pub(super) fn bytes(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Reply::new(Full::new(body.into()));
    *reply.status_mut() = status;
    // A type that cannot be a header is left out.
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        reply.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    reply
}
