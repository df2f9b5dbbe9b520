//! Presigned uploads: the addresses that are handed out, and the checks of the object store.

use bytes::Bytes;
use mezon_proto::api;

use crate::failure::Failure;
use crate::gateway::{Caller, Gateway};
use crate::percent;
use crate::snowflake::unix_ms;
use crate::store::{StoreError, Upload};

/// Where the object store lives on the emulator's port.
pub(crate) const PREFIX: &str = "/uploads/";

/// What is known of a PUT before its body comes.
#[derive(Debug)]
pub(crate) struct Put<'a> {
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) content_type: &'a str,
    /// `None` when the request does not say.
    pub(crate) content_length: Option<u64>,
}

/// A refusal of the object store, in the words of S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
}

pub(crate) const fn refusal(status: u16, code: &'static str, message: &'static str) -> Refusal {
    Refusal { status, code, message }
}

pub(crate) const NO_SUCH_KEY: Refusal = refusal(404, "NoSuchKey", "The specified key does not exist.");
pub(crate) const WITH_AUTHORIZATION: Refusal = refusal(400, "InvalidArgument", "Only one auth mechanism allowed.");
const INTERNAL: Refusal = refusal(500, "InternalError", "The storage failed.");
pub(crate) const INCOMPLETE: Refusal = refusal(400, "IncompleteBody", "The body ended early.");
pub(crate) const BAD_SIGNATURE: Refusal =
    refusal(403, "SignatureDoesNotMatch", "The signature does not match the request.");
pub(crate) const EXPIRED: Refusal = refusal(403, "AccessDenied", "Request has expired.");
pub(crate) const NO_LENGTH: Refusal = refusal(411, "MissingContentLength", "Content-Length is required.");
const WRONG_LENGTH: Refusal = refusal(400, "InvalidRequest", "Content-Length is not the announced size.");

impl Gateway {
    /// Announces a file, and gives the address it can be put to for a while.
    pub(crate) async fn announce_upload(
        &self,
        caller: &Caller,
        request: api::UploadAttachmentRequest,
    ) -> Result<api::UploadAttachment, Failure> {
        let upload = self.new_upload(caller, &request)?;
        let base = self.url(&caller.host);
        let url = format!("{base}{}?{}", upload.key, self.signed_query(&upload, ""));
        self.storage.run(move |store| store.put_upload(&upload)).await?;
        Ok(api::UploadAttachment { filename: request.filename, url })
    }

    /// A place for a file that is announced.
    pub(crate) fn new_upload(
        &self,
        caller: &Caller,
        request: &api::UploadAttachmentRequest,
    ) -> Result<Upload, Failure> {
        if request.filename.is_empty() {
            return Err(Failure::invalid("filename is required"));
        }
        let size = u64::try_from(request.size).map_err(|_| Failure::invalid("size must not be negative"))?;
        let name = percent::encode(&request.filename);
        let signed_ms = unix_ms();
        let lifetime = u64::try_from(self.settings.upload_lifetime.as_millis()).unwrap_or(u64::MAX);
        Ok(Upload {
            key: format!("{PREFIX}{}/{}/{name}", caller.user, self.ids.next()),
            media_type: String::new(),
            size,
            signed_ms,
            expires_ms: signed_ms.saturating_add(lifetime),
            content: None,
        })
    }

    /// Checks a PUT before its body is read.
    pub(crate) async fn check_put(&self, put: &Put<'_>) -> Result<Upload, Refusal> {
        let upload = self.upload(put.path).await?.ok_or(NO_SUCH_KEY)?;
        if put.query != self.signed_query(&upload, "") {
            return Err(BAD_SIGNATURE);
        }
        if upload.expires_ms <= unix_ms() {
            return Err(EXPIRED);
        }
        match put.content_length {
            None => Err(NO_LENGTH),
            Some(length) if length != upload.size => Err(WRONG_LENGTH),
            // Announced is a category, such as `image`; what is put has a media type, which nobody has signed.
            Some(_) => Ok(Upload { media_type: put.content_type.to_owned(), ..upload }),
        }
    }

    /// Keeps the bytes of an upload that was checked.
    pub(crate) async fn finish_upload(&self, upload: Upload, content: Bytes) -> Result<(), Refusal> {
        if u64::try_from(content.len()) != Ok(upload.size) {
            return Err(INCOMPLETE);
        }
        let done = Upload { content: Some(content), ..upload };
        self.storage.run(move |store| store.put_upload(&done)).await?;
        self.counters.count(|stats| stats.uploads += 1);
        Ok(())
    }

    pub(crate) async fn upload(&self, path: &str) -> Result<Option<Upload>, Refusal> {
        let key = path.to_owned();
        Ok(self.storage.run(move |store| store.upload(&key)).await?)
    }

    /// The query that allows one PUT, of the whole file or of a part: the same one gives the same query.
    pub(crate) fn signed_query(&self, upload: &Upload, part: &str) -> String {
        let date = basic_date(upload.signed_ms / 1000);
        let day = date.split('T').next().unwrap_or_default();
        let seconds = (upload.expires_ms - upload.signed_ms.min(upload.expires_ms)) / 1000;
        let Upload { key, size, .. } = upload;
        let signature = self.tokens.signature(&format!("PUT\n{key}\n{part}\n{date}\n{seconds}\n{size}"));
        format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=emulator%2F{day}%2Flocal%2Fs3%2Faws4_request\
             &X-Amz-Date={date}&X-Amz-Expires={seconds}&X-Amz-SignedHeaders=content-length%3Bhost\
             &X-Amz-Signature={signature}"
        )
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(?error, "storage failed");
        INTERNAL
    }
}

/// A time as `20260131T235959Z`, from seconds since the Unix epoch.
fn basic_date(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days are counted from 0000-03-01, so that a leap day ends a year, and in eras of 400 years.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_700_000_000, "20231114T221320Z"),
            (1_798_761_599, "20261231T235959Z"),
        ] {
            assert_eq!(basic_date(seconds), text);
        }
    }
}
