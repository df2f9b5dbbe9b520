//! Large files, which go to the object store in parts.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use http::header::ETAG;
use http::{HeaderMap, Uri};
use mezon_model::Attachment;
use mezon_proto::api;
use mezon_session::{EndpointPolicy, Secret};

use super::progress::Total;
use super::put::Put;
use super::source::{UploadSource, Version};
use super::ticket::{UploadRequest, clean, place};
use crate::error::undone;
use crate::{ApiClient, ApiError, ApiErrorKind, address, methods};

/// From this size on a file goes in parts, in bytes. This, the size of a part and how many go at a time are those of the
/// official clients.
pub(super) const IN_PARTS_FROM: u64 = 16 * 1024 * 1024;

/// The size of a part in bytes; the last one is what is left.
const PART: u64 = 10 * 1024 * 1024;

/// The permission to upload one file in parts.
pub(super) struct PartTickets {
    upload_id: Secret,
    /// What the server calls the file.
    filename: String,
    /// One place for each part.
    places: Vec<Uri>,
    attachment: Attachment,
}

impl PartTickets {
    fn new(
        request: &UploadRequest,
        answer: api::MultipartUploadAttachment,
        policy: &EndpointPolicy,
    ) -> Result<Self, ApiError> {
        let addresses: Vec<_> = answer.urls.iter().map(|url| place(url, policy)).collect::<Result<_, _>>()?;
        let first = addresses.first().filter(|_| addresses.len() as u64 == request.size.div_ceil(PART));
        let first = first.ok_or(ApiErrorKind::Decode { what: "the addresses of the parts, one for each" })?;
        Ok(Self {
            attachment: request.attachment(&first.text),
            upload_id: answer.upload_id.into(),
            filename: answer.filename,
            places: addresses.into_iter().map(|address| address.uri).collect(),
        })
    }

    /// What a message says about the file, once it is uploaded.
    pub(super) fn attachment(&self) -> &Attachment {
        &self.attachment
    }
}

impl ApiClient {
    /// Asks for places to upload the parts of a file to.
    pub(super) async fn request_parts(&self, request: &UploadRequest) -> Result<PartTickets, ApiError> {
        let part_count = i32::try_from(request.size.div_ceil(PART)).unwrap_or(i32::MAX);
        let message = api::UploadAttachmentRequest { part_count, ..request.to_wire()? };
        let answer = self.call(methods::MULTIPART_UPLOAD_ATTACHMENT_FILE_START, &message).await;
        // An upload that nobody goes on with is none.
        let answer = answer.map_err(undone)?;
        PartTickets::new(request, answer, &self.gateway().0.policy)
    }

    /// Sends the parts, two at a time and each again by itself if it fails, and has them made one file.
    pub(super) async fn put_parts(
        &self,
        tickets: &PartTickets,
        source: &UploadSource,
        version: Version,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<Attachment, ApiError> {
        let (size, count) = (version.size, tickets.places.len());
        let (total, next) = (Total::new(count, size, progress), AtomicUsize::new(0));
        let e_tags = Mutex::new(vec![String::new(); count]);
        let worker = async || {
            loop {
                let part = next.fetch_add(1, Ordering::Relaxed);
                let Some(uri) = tickets.places.get(part) else { return Ok::<(), ApiError>(()) };
                let put = Put { uri, content_type: None, source, version, part: range(part, size) };
                let head = self.gateway().0.put(&put, &mut |sent| total.moved(part, sent)).await?;
                let e_tag = e_tag(&head)?;
                if let Some(place) = e_tags.lock().unwrap_or_else(PoisonError::into_inner).get_mut(part) {
                    *place = e_tag;
                }
            }
        };
        tokio::try_join!(worker(), worker())?;
        let e_tags = e_tags.into_inner().unwrap_or_else(PoisonError::into_inner);
        let parts = e_tags.into_iter().zip(1..);
        let parts = parts.map(|(e_tag, part_number)| api::MultipartUploadAttachmentPart { part_number, e_tag });
        let request = api::MultipartUploadAttachmentFinishRequest {
            upload_id: tickets.upload_id.expose().to_owned(),
            parts: parts.collect(),
            filename: tickets.filename.clone(),
        };
        let answer = self.call(methods::MULTIPART_UPLOAD_ATTACHMENT_FILE_FINISH, &request).await?;
        total.done();
        let mut attachment = tickets.attachment.clone();
        if let Some(address) = address::read(&answer.url) {
            clean(&address.text).clone_into(&mut attachment.url);
        }
        Ok(attachment)
    }
}

/// Which bytes a part has.
fn range(part: usize, size: u64) -> Range<u64> {
    let start = (part as u64).saturating_mul(PART).min(size);
    start..start.saturating_add(PART).min(size)
}

/// By what the store knows a part.
fn e_tag(head: &HeaderMap) -> Result<String, ApiError> {
    let e_tag = head.get(ETAG).and_then(|value| value.to_str().ok());
    e_tag.map(str::to_owned).ok_or_else(|| ApiErrorKind::Decode { what: "the ETag of a part" }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_file() {
        for size in [1, PART - 1, PART, PART + 1, IN_PARTS_FROM, 3 * PART, 2_147_483_647] {
            let parts = usize::try_from(size.div_ceil(PART)).unwrap();
            let mut end = 0;
            for part in 0..parts {
                let range = range(part, size);
                assert!(range.start == end && range.end > end && range.end - range.start <= PART, "{size} {range:?}");
                end = range.end;
            }
            assert_eq!(end, size);
            assert!(range(parts, size).is_empty());
        }
    }
}
