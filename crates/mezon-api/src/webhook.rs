//! Posting through webhooks: plain HTTP to an address that is its own permission.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use mezon_model::{Attachment, Draft, FileCategory, Mention};
use mezon_session::{BoxFuture, Endpoint};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::address;
use crate::body::Body;
use crate::request::{AGENT, JSON};
use crate::retry::{FailedAttempt, Fate};
use crate::{ApiClient, ApiError, ApiErrorKind};

/// What logs and errors call such a request: the address itself is a secret.
const NAME: &str = "POST webhook";

impl ApiClient {
    /// Posts into the channel of a webhook. `url` is its address, from
    /// [`Webhook::url`](mezon_model::Webhook::url) or from the settings of a channel. No credentials are sent: whoever knows
    /// the address can post.
    ///
    /// Webhooks carry the content, the mentions and the pictures of `draft`, and nothing else.
    ///
    /// # Errors
    /// - [`ApiErrorKind::InvalidInput`]: `url` is no https address (or http one of this machine), the draft is too long, or
    ///   it has a file that is no picture. Nothing was sent.
    /// - [`ApiErrorKind::Webhook`]: it was refused; 404 when the webhook was deleted.
    /// - [`ApiErrorKind::MaybeSent`]: the answer was lost. Posting again may show the message twice.
    /// - [`ApiErrorKind::Connect`], [`ApiErrorKind::Tls`], [`ApiErrorKind::Redirected`]: it was not sent.
    ///
    /// # Cancel safety
    /// A call that is given up may have posted.
    pub async fn post_webhook(&self, url: &str, draft: &Draft) -> Result<(), ApiError> {
        let mut message = content(draft)?;
        if draft.attachments.iter().any(|file| file.category() != FileCategory::Image) {
            return Err(ApiErrorKind::InvalidInput {
                problem: "a webhook of a channel takes pictures and no other files",
            }
            .into());
        }
        if !draft.mentions.is_empty() {
            message.insert("mentions".to_owned(), draft.mentions.iter().map(mention).collect());
        }
        if !draft.attachments.is_empty() {
            message.insert("images".to_owned(), draft.attachments.iter().map(picture).collect());
        }
        self.post(address_of(url)?, json!({ "type": "hook", "message": message })).await
    }

    /// Writes to `user`, a member of the clan of a webhook, in a direct conversation. `user` is the user name or the id as
    /// text. `url` is the address of the webhook, from [`ClanWebhook::url`](mezon_model::ClanWebhook::url).
    ///
    /// Such webhooks carry the content and the files of `draft`, and nothing else.
    ///
    /// # Errors
    /// As [`ApiClient::post_webhook`], but for the files, of which there may be any; [`ApiErrorKind::InvalidInput`] also
    /// when `user` is empty.
    ///
    /// # Cancel safety
    /// As [`ApiClient::post_webhook`].
    pub async fn post_clan_webhook(&self, url: &str, user: &str, draft: &Draft) -> Result<(), ApiError> {
        if user.is_empty() || user.contains(['/', '?', '#', '%']) {
            return Err(ApiErrorKind::InvalidInput { problem: "the receiver is neither a user name nor an id" }.into());
        }
        let content = Value::Object(content(draft)?).to_string();
        let files: Vec<Value> =
            draft.attachments.iter().map(|file| json!({ "url": file.url, "filetype": file.filetype })).collect();
        let address = address_of(&format!("{}/{user}", url.trim_end_matches('/')))?;
        self.post(address, json!({ "content": content, "attachments": files })).await
    }

    /// In a box, like everything that programs can begin: see `SessionKeeper::refresh_now` for the reason.
    fn post(&self, uri: Uri, body: Value) -> BoxFuture<'_, Result<(), ApiError>> {
        Box::pin(async move {
            let gateway = &self.gateway().0;
            let deadline = gateway.deadline();
            let body = Bytes::from(body.to_string());
            let mut attempts = gateway.attempts(NAME, false, Some(deadline));
            loop {
                match self.post_once(&uri, body.clone(), deadline).await {
                    Ok(taken) => {
                        attempts.succeeded(taken);
                        return Ok(());
                    }
                    Err(failure) => attempts.again(failure).await.map_err(settle)?,
                }
            }
        })
    }

    async fn post_once(&self, uri: &Uri, body: Bytes, deadline: Instant) -> Result<Response<Incoming>, FailedAttempt> {
        let gateway = &self.gateway().0;
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(USER_AGENT, AGENT);
        let answer = gateway.transport.head(request, deadline).await?;
        let refused = |status, _, retry_after| ApiErrorKind::Webhook { status, retry_after };
        gateway.stored(answer, deadline, refused).await
    }
}

/// The address of a webhook. It holds a secret, so it goes over TLS, unless it stays on this machine.
fn address_of(url: &str) -> Result<Uri, ApiError> {
    let problem = "the address of the webhook is no https URL";
    let address = address::read(url).ok_or(ApiErrorKind::InvalidInput { problem })?;
    match Endpoint::parse(&address.text, true) {
        Ok(endpoint) if endpoint.is_secure() || endpoint.is_loopback() => Ok(address.uri),
        _ => Err(ApiErrorKind::InvalidInput { problem }.into()),
    }
}

/// The content of a draft that can be sent, as an object.
fn content(draft: &Draft) -> Result<Map<String, Value>, ApiError> {
    let refused = ApiErrorKind::InvalidInput { problem: "the message cannot be sent" };
    let checked = draft.check().map_err(|error| ApiError::with_source(refused.clone(), error))?;
    serde_json::from_str(&checked).map_err(|error| ApiError::with_source(refused, error))
}

fn mention(mention: &Mention) -> Value {
    json!({ "user_id": mention.user_id, "username": mention.username, "s": mention.start, "e": mention.end })
}

fn picture(file: &Attachment) -> Value {
    json!({
        "fn": file.filename, "sz": file.size, "url": file.url, "ft": file.filetype, "w": file.width, "h": file.height,
    })
}

/// The error to report for a post that is not sent again.
fn settle(failure: FailedAttempt) -> ApiError {
    if failure.fate == Fate::Unknown {
        return ApiError::with_source(ApiErrorKind::MaybeSent { method: NAME }, failure.error);
    }
    failure.error
}
