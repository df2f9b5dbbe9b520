//! Uploads in parts: begun, put part by part, and made one file.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use data_encoding::HEXLOWER;
use mezon_proto::api;
use ring::digest::{SHA256, digest};

use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::snowflake::unix_ms;
use crate::store::Upload;
use crate::uploads::{BAD_SIGNATURE, EXPIRED, NO_LENGTH, Put, Refusal, refusal};

/// The most parts of one file, as S3 has it.
const MOST_PARTS: i32 = 10_000;
/// The smallest part but the last one, in bytes, as S3 has it.
const SMALLEST_PART: usize = 5 * 1024 * 1024;
/// More uploads in parts than are under way at a time in any test.
const MOST_UPLOADS: usize = 256;

const NO_SUCH_UPLOAD: Refusal = refusal(404, "NoSuchUpload", "The specified upload does not exist.");
const TOO_LARGE: Refusal = refusal(400, "EntityTooLarge", "The part is larger than the announced file.");

/// Uploads in parts that are under way, by their ids. They end with the process.
#[derive(Default)]
pub(crate) struct Multiparts(Mutex<HashMap<String, Multipart>>);

struct Multipart {
    user: i64,
    filename: String,
    upload: Upload,
    parts: Vec<Option<Part>>,
}

#[derive(Clone)]
struct Part {
    e_tag: String,
    content: Bytes,
}

/// The place of one part, in the query of its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartPlace {
    upload_id: String,
    /// From 1.
    number: usize,
}

impl PartPlace {
    /// `None`: the query is that of a whole file.
    pub(crate) fn of(query: &str) -> Option<Self> {
        let value = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        Some(Self { upload_id: value("uploadId")?.to_owned(), number: value("partNumber")?.parse().ok()? })
    }
}

impl Multiparts {
    fn open(&self) -> MutexGuard<'_, HashMap<String, Multipart>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gateway {
    /// Begins an upload in parts, and gives the address of each.
    pub(crate) fn begin_multipart(
        &self,
        caller: &Caller,
        request: api::UploadAttachmentRequest,
    ) -> Result<api::MultipartUploadAttachment, Failure> {
        if !(1..=MOST_PARTS).contains(&request.part_count) {
            return Err(Failure::invalid("part_count must be from 1 to 10000"));
        }
        let upload = self.new_upload(caller, &request)?;
        let upload_id = self.tokens.signature(&format!("multipart {}", upload.key));
        let base = format!("{}{}", self.url(&caller.host), upload.key);
        let urls = (1..=request.part_count).map(|number| format!("{base}?{}", self.query(&upload, &upload_id, number)));
        let urls = urls.collect();
        let mut multiparts = self.multiparts.open();
        if multiparts.len() >= MOST_UPLOADS {
            let now = unix_ms();
            multiparts.retain(|_, multipart| multipart.upload.expires_ms > now);
        }
        let parts = vec![None; usize::try_from(request.part_count).unwrap_or_default()];
        let filename = request.filename.clone();
        multiparts.insert(upload_id.clone(), Multipart { user: caller.user, filename, upload, parts });
        Ok(api::MultipartUploadAttachment { filename: request.filename, urls, upload_id })
    }

    /// Checks the PUT of a part before its body is read, and gives its length.
    pub(crate) fn check_part(&self, put: &Put<'_>, place: &PartPlace) -> Result<u64, Refusal> {
        let multiparts = self.multiparts.open();
        let multipart = multiparts.get(&place.upload_id).ok_or(NO_SUCH_UPLOAD)?;
        let number = i32::try_from(place.number).unwrap_or_default();
        let is_its_own = place.number >= 1 && place.number <= multipart.parts.len() && put.path == multipart.upload.key;
        if !is_its_own || put.query != self.query(&multipart.upload, &place.upload_id, number) {
            return Err(BAD_SIGNATURE);
        }
        if multipart.upload.expires_ms <= unix_ms() {
            return Err(EXPIRED);
        }
        let length = put.content_length.ok_or(NO_LENGTH)?;
        if length > multipart.upload.size { Err(TOO_LARGE) } else { Ok(length) }
    }

    /// Keeps a part, and gives the `ETag` that names it.
    pub(crate) fn keep_part(&self, place: &PartPlace, content: Bytes) -> Result<String, Refusal> {
        let hash = digest(&SHA256, &content);
        let e_tag = format!("\"{}\"", HEXLOWER.encode(hash.as_ref().get(..16).unwrap_or_default()));
        let mut multiparts = self.multiparts.open();
        let multipart = multiparts.get_mut(&place.upload_id).ok_or(NO_SUCH_UPLOAD)?;
        let kept = place.number.checked_sub(1).and_then(|at| multipart.parts.get_mut(at)).ok_or(NO_SUCH_UPLOAD)?;
        *kept = Some(Part { e_tag: e_tag.clone(), content });
        Ok(e_tag)
    }

    /// Makes the parts one file.
    pub(crate) async fn finish_multipart(
        &self,
        caller: &Caller,
        request: api::MultipartUploadAttachmentFinishRequest,
    ) -> Result<api::UploadAttachment, Failure> {
        let (upload, content, filename) = {
            let mut multiparts = self.multiparts.open();
            let multipart = multiparts.get(&request.upload_id).filter(|multipart| multipart.user == caller.user);
            let multipart = multipart.ok_or_else(|| Failure::not_found("upload not found"))?;
            let content = multipart.joined(&request.parts)?;
            let (upload, filename) = (multipart.upload.clone(), multipart.filename.clone());
            multiparts.remove(&request.upload_id);
            (upload, content, filename)
        };
        let url = format!("{}{}", self.url(&caller.host), upload.key);
        let finished = self.finish_upload(upload, content).await;
        finished.map_err(|refusal| Failure::invalid(refusal.message))?;
        Ok(api::UploadAttachment { filename, url })
    }

    fn query(&self, upload: &Upload, upload_id: &str, number: i32) -> String {
        let part = format!("partNumber={number}&uploadId={upload_id}");
        format!("{part}&{}", self.signed_query(upload, &part))
    }
}

impl Multipart {
    /// The whole file, if these are all of its parts.
    fn joined(&self, named: &[api::MultipartUploadAttachmentPart]) -> Result<Bytes, Failure> {
        if named.len() != self.parts.len() {
            return Err(Failure::invalid("parts are missing"));
        }
        let mut whole = BytesMut::new();
        for ((named, number), part) in named.iter().zip(1..).zip(&self.parts) {
            let part = part.as_ref().filter(|part| named.part_number == number && same(&named.e_tag, &part.e_tag));
            let part = part.ok_or_else(|| Failure::invalid(format!("part {number} is not the one that was put")))?;
            let is_last = self.parts.len() == usize::try_from(number).unwrap_or_default();
            if !is_last && part.content.len() < SMALLEST_PART {
                return Err(Failure::invalid(format!("part {number} is smaller than 5 MiB")));
            }
            whole.extend_from_slice(&part.content);
        }
        Ok(whole.freeze())
    }
}

/// Clients send the header of the part with its quotes or without.
fn same(one: &str, other: &str) -> bool {
    one.trim_matches('"') == other.trim_matches('"')
}
