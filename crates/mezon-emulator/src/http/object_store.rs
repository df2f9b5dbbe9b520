//! The object store: presigned uploads, and downloads by the clean URL.

use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;

use super::reply::{self, Reply};
use crate::gateway::Gateway;
use crate::multipart::PartPlace;
use crate::uploads::{INCOMPLETE, NO_SUCH_KEY, Put, Refusal, WITH_AUTHORIZATION};

pub(super) async fn answer(gateway: &Gateway, request: Request<Incoming>) -> Reply {
    if request.method() == Method::PUT {
        return put(gateway, request).await.unwrap_or_else(|refused| {
            gateway.counters.count(|stats| stats.uploads_refused += 1);
            refused
        });
    }
    if request.headers().contains_key(AUTHORIZATION) {
        return reply::refusal(WITH_AUTHORIZATION);
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return reply::error(StatusCode::METHOD_NOT_ALLOWED, 12, "use PUT or GET");
    }
    match get(gateway, request.uri().path()).await {
        Ok(file) => {
            gateway.counters.count(|stats| stats.downloads += 1);
            file
        }
        Err(refusal) => reply::refusal(refusal),
    }
}

/// Stores the body; the error is the answer that refuses it.
async fn put(gateway: &Gateway, request: Request<Incoming>) -> Result<Reply, Reply> {
    let (parts, body) = request.into_parts();
    let put = Put {
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        content_type: header(&parts.headers, CONTENT_TYPE),
        content_length: header(&parts.headers, CONTENT_LENGTH).parse().ok(),
    };
    let place = PartPlace::of(put.query);
    let checked = if parts.headers.contains_key(AUTHORIZATION) {
        // A bearer token must never come here.
        Err(reply::refusal(WITH_AUTHORIZATION))
    } else if let Some(place) = &place {
        gateway.check_part(&put, place).map(|length| (length, None)).map_err(reply::refusal)
    } else {
        gateway.check_put(&put).await.map(|upload| (upload.size, Some(upload))).map_err(reply::refusal)
    };
    let (length, upload) = match checked {
        Ok(checked) => checked,
        Err(refused) => {
            drain(body).await;
            return Err(refused);
        }
    };
    let limit = usize::try_from(length).unwrap_or(usize::MAX);
    let content = Limited::new(body, limit).collect().await.map_err(|_| reply::refusal(INCOMPLETE))?.to_bytes();
    let mut done = reply::bytes(StatusCode::OK, "application/xml", "");
    if let Some(upload) = upload {
        gateway.finish_upload(upload, content).await.map_err(reply::refusal)?;
    } else if let Some(place) = &place {
        let e_tag = gateway.keep_part(place, content).map_err(reply::refusal)?;
        done.headers_mut().extend(HeaderValue::try_from(e_tag).ok().map(|e_tag| (ETAG, e_tag)));
    }
    Ok(done)
}

/// Reads what a client still sends: one that is busy writing would not see the refusal.
pub(super) async fn drain(mut body: Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}

async fn get(gateway: &Gateway, path: &str) -> Result<Reply, Refusal> {
    let upload = gateway.upload(path).await?.ok_or(NO_SUCH_KEY)?;
    let content = upload.content.ok_or(NO_SUCH_KEY)?;
    let media_type = if upload.media_type.is_empty() { "application/octet-stream" } else { &upload.media_type };
    Ok(reply::bytes(StatusCode::OK, media_type, content))
}

fn header(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
