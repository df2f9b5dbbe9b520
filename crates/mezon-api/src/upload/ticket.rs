//! The permission to upload one file, and what it is asked for with.

use std::fmt;

use http::{HeaderValue, Uri};
use mezon_model::{Attachment, FileCategory};
use mezon_proto::api;
use mezon_session::{Endpoint, EndpointPolicy, Secret};

use super::media_type;
use super::name::{display_name, last_part, stored_name};
use crate::address::{self, Address};
use crate::error::untrusted;
use crate::{ApiError, ApiErrorKind};

/// The file that a place is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadRequest {
    /// The name to show and to save under. Of a path only the last part is sent.
    pub filename: String,
    /// The media type, such as `image/png`, with which the bytes are sent.
    pub media_type: String,
    /// What kind of file it is, if not what the media type says.
    pub category: Option<FileCategory>,
    /// The length in bytes, at most [`Attachment::MAX_SIZE`].
    pub size: u64,
    /// The width in pixels of an image or a video, else 0.
    pub width: u32,
    /// The height in pixels of an image or a video, else 0.
    pub height: u32,
}

impl UploadRequest {
    /// A file called `filename` of `size` bytes. Its media type is guessed from its name.
    pub fn new(filename: &str, size: u64) -> Self {
        let media_type = media_type::guess(last_part(filename)).to_owned();
        Self { filename: display_name(filename), media_type, category: None, size, width: 0, height: 0 }
    }

    /// With this media type.
    #[must_use]
    pub fn media_type(mut self, media_type: &str) -> Self {
        media_type.clone_into(&mut self.media_type);
        self
    }

    /// As a file of this category, whatever its media type says: a recording in `video/webm` without a picture is audio.
    #[must_use]
    pub fn category(self, category: FileCategory) -> Self {
        Self { category: Some(category), ..self }
    }

    /// With this width and height in pixels.
    #[must_use]
    pub fn dimensions(self, width: u32, height: u32) -> Self {
        Self { width, height, ..self }
    }

    pub(crate) fn to_wire(&self) -> Result<api::UploadAttachmentRequest, ApiError> {
        let too_large = "the file is larger than the 2 GiB - 1 byte that a message can carry";
        let size = i32::try_from(self.size).map_err(|_| ApiErrorKind::InvalidInput { problem: too_large })?;
        self.content_type()?;
        Ok(api::UploadAttachmentRequest {
            filename: stored_name(&display_name(&self.filename)),
            filetype: self.category_or_guess().as_str().to_owned(),
            size,
            width: pixels(self.width),
            height: pixels(self.height),
            ..api::UploadAttachmentRequest::default()
        })
    }

    /// What a message says about the file, which is at this address.
    pub(super) fn attachment(&self, address: &str) -> Attachment {
        Attachment {
            filename: display_name(&self.filename),
            size: i64::try_from(self.size).unwrap_or(i64::MAX),
            url: clean(address).to_owned(),
            filetype: self.category_or_guess().as_str().to_owned(),
            width: pixels(self.width),
            height: pixels(self.height),
            ..Attachment::default()
        }
    }

    fn category_or_guess(&self) -> FileCategory {
        self.category.unwrap_or_else(|| FileCategory::of(&self.media_type))
    }

    fn content_type(&self) -> Result<HeaderValue, ApiError> {
        let bad = ApiErrorKind::InvalidInput { problem: "the file's type is no media type such as image/png" };
        if !self.media_type.contains('/') || !self.media_type.is_ascii() {
            return Err(bad.into());
        }
        HeaderValue::try_from(self.media_type.as_str()).map_err(|_| bad.into())
    }
}

/// Reads an address to upload to, and checks that files may go there.
pub(super) fn place(url: &str, policy: &EndpointPolicy) -> Result<Address, ApiError> {
    let unreadable = || ApiErrorKind::Decode { what: "the address to upload to" };
    let address = address::read(url).ok_or_else(unreadable)?;
    let endpoint = Endpoint::parse(&address.text, true).map_err(untrusted)?;
    policy.check_upload(&endpoint).map_err(untrusted)?;
    Ok(address)
}

/// An address without the permission in its query.
pub(super) fn clean(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

fn pixels(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The permission to upload one file, for some 10 to 60 seconds.
pub struct UploadTicket {
    presigned: Secret,
    uri: Uri,
    content_type: HeaderValue,
    size: u64,
    attachment: Attachment,
}

impl UploadTicket {
    pub(crate) fn new(
        request: &UploadRequest,
        answer: &api::UploadAttachment,
        policy: &EndpointPolicy,
    ) -> Result<Self, ApiError> {
        let Address { text: presigned, uri } = place(&answer.url, policy)?;
        Ok(Self {
            uri,
            content_type: request.content_type()?,
            size: request.size,
            attachment: request.attachment(&presigned),
            presigned: presigned.into(),
        })
    }

    /// The address to send the bytes to with PUT. Its query is the permission: whoever has it can write there.
    pub fn presigned_url(&self) -> &Secret {
        &self.presigned
    }

    /// The address without the permission: what a message says.
    pub fn clean_url(&self) -> &str {
        &self.attachment.url
    }

    /// The name of the file.
    pub fn filename(&self) -> &str {
        &self.attachment.filename
    }

    /// The media type that the bytes are to be sent with, as `Content-Type`.
    pub fn media_type(&self) -> &str {
        self.content_type.to_str().unwrap_or_default()
    }

    /// How many bytes are to be sent.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What a message says about the file, once it is uploaded.
    pub fn attachment(&self) -> Attachment {
        self.attachment.clone()
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(crate) fn content_type(&self) -> &HeaderValue {
        &self.content_type
    }
}

/// Without the permission.
impl fmt::Debug for UploadTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadTicket").field("attachment", &self.attachment).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(url: &str) -> Result<UploadTicket, ApiErrorKind> {
        let policy = EndpointPolicy::for_login(&Endpoint::parse("https://gw.mezon.ai", true).unwrap());
        let answer = api::UploadAttachment { filename: "a.png".into(), url: url.into() };
        let request = UploadRequest::new("a.png", 3).dimensions(2, 1);
        UploadTicket::new(&request, &answer, &policy).map_err(|error| error.into_parts().0)
    }

    #[test]
    fn the_clean_address_and_debug_have_no_permission() {
        let ticket = ticket("https://cdn.mezon.ai/0/1/a.png?X-Amz-Signature=s3cret#s3cret").unwrap();
        assert_eq!(ticket.clean_url(), "https://cdn.mezon.ai/0/1/a.png");
        assert!(ticket.presigned_url().expose().contains("s3cret"));
        assert!(!format!("{ticket:?} {:?}", ticket.attachment()).contains("s3cret"));
        let attachment = ticket.attachment();
        assert_eq!((attachment.filetype.as_str(), attachment.size), ("image", 3));
        assert_eq!(ticket.media_type(), "image/png");
        assert_eq!((attachment.width, attachment.height), (2, 1));
    }

    #[test]
    fn a_name_in_the_address_is_escaped() {
        let ticket = ticket("https://cdn.mezon.ai/kỳ nghỉ.png?sig=x").unwrap();
        assert_eq!(ticket.clean_url(), "https://cdn.mezon.ai/k%E1%BB%B3%20ngh%E1%BB%89.png");
    }

    #[test]
    fn addresses_that_must_not_have_the_file_are_refused() {
        for url in
            ["http://cdn.mezon.ai/a", "https://evil.example/a?x=1", "https://127.0.0.1/a", "https://u:p@cdn.mezon.ai/a"]
        {
            assert!(matches!(ticket(url), Err(ApiErrorKind::UntrustedEndpoint { .. })), "{url}");
        }
        for url in ["", "/a?x=1", "cdn.mezon.ai/a"] {
            assert!(matches!(ticket(url), Err(ApiErrorKind::Decode { .. })), "{url}");
        }
    }

    #[test]
    fn sizes_and_types_of_the_wire_are_checked() {
        let limit = u64::try_from(Attachment::MAX_SIZE).unwrap();
        assert_eq!(UploadRequest::new("a.bin", limit).to_wire().unwrap().size, i32::MAX);
        let error = UploadRequest::new("a.bin", limit + 1).to_wire().unwrap_err();
        assert!(error.to_string().contains("2 GiB"));
        for filetype in ["", "png", "image/png\r\nX: y", "bïld/png"] {
            assert!(UploadRequest::new("a.png", 1).media_type(filetype).to_wire().is_err(), "{filetype:?}");
        }
    }

    /// The server matches the category exactly: with a media type, files did not show in their channel's list.
    #[test]
    fn the_server_is_told_the_category_and_a_name_that_the_store_takes() {
        let request = UploadRequest::new("/tmp/Kỳ nghỉ.MP4", 1);
        assert_eq!((request.media_type.as_str(), request.filename.as_str()), ("video/mp4", "Kỳ nghỉ.MP4"));
        let wire = request.to_wire().unwrap();
        assert_eq!((wire.filetype.as_str(), wire.filename.as_str()), ("video", "K__ngh_.MP4"));
        assert_eq!(UploadRequest::new("a.pdf", 1).to_wire().unwrap().filetype, "doc");
        let voice = UploadRequest::new("voice.webm", 1).category(FileCategory::Audio);
        assert_eq!(voice.to_wire().unwrap().filetype, "audio");
        assert_eq!(voice.media_type, "video/webm");
    }

    #[test]
    fn the_type_is_that_of_the_whole_name() {
        let request = UploadRequest::new(&("x".repeat(300) + ".pdf"), 1);
        assert_eq!(request.media_type, "application/pdf");
        assert_eq!(request.filename.len(), 255);
        assert!(request.filename.strip_suffix(".pdf").is_some());
    }
}
