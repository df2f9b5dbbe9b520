//! The permission to upload one file, and what it is asked for with.

use std::fmt;

use http::{HeaderValue, Uri};
use mezon_model::Attachment;
use mezon_proto::api;
use mezon_session::{Endpoint, EndpointPolicy, Secret};

use super::filetype;
use crate::address::{self, Address};
use crate::error::untrusted;
use crate::{ApiError, ApiErrorKind};

/// The file that a place is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadRequest {
    /// The name to show and to save under. Of a path only the last part is sent.
    pub filename: String,
    /// The media type, such as `image/png`. The bytes must be sent with the same one.
    pub filetype: String,
    /// The length in bytes, at most [`Attachment::MAX_SIZE`].
    pub size: u64,
    /// The width in pixels of an image or a video, else 0.
    pub width: u32,
    /// The height in pixels of an image or a video, else 0.
    pub height: u32,
}

impl UploadRequest {
    /// A file called `filename` of `size` bytes. Its type is guessed from its name.
    pub fn new(filename: &str, size: u64) -> Self {
        let filename = base_name(filename);
        Self { filetype: filetype::guess(&filename).to_owned(), filename, size, width: 0, height: 0 }
    }

    /// With this media type.
    #[must_use]
    pub fn filetype(mut self, filetype: &str) -> Self {
        filetype.clone_into(&mut self.filetype);
        self
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
            filename: base_name(&self.filename),
            filetype: self.filetype.clone(),
            size,
            width: pixels(self.width),
            height: pixels(self.height),
            ..api::UploadAttachmentRequest::default()
        })
    }

    fn content_type(&self) -> Result<HeaderValue, ApiError> {
        let bad = ApiErrorKind::InvalidInput { problem: "the file's type is no media type such as image/png" };
        if !self.filetype.contains('/') || !self.filetype.is_ascii() {
            return Err(bad.into());
        }
        HeaderValue::try_from(self.filetype.as_str()).map_err(|_| bad.into())
    }
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
        let unreadable = || ApiErrorKind::Decode { what: "the address to upload to" };
        let Address { text: presigned, uri } = address::read(&answer.url).ok_or_else(unreadable)?;
        let endpoint = Endpoint::parse(&presigned, true).map_err(untrusted)?;
        policy.check_upload(&endpoint).map_err(untrusted)?;
        let clean = presigned.split(['?', '#']).next().unwrap_or_default().to_owned();
        Ok(Self {
            uri,
            content_type: request.content_type()?,
            size: request.size,
            attachment: Attachment {
                filename: base_name(&request.filename),
                size: i64::try_from(request.size).unwrap_or(i64::MAX),
                url: clean,
                filetype: request.filetype.clone(),
                width: pixels(request.width),
                height: pixels(request.height),
                ..Attachment::default()
            },
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
    pub fn filetype(&self) -> &str {
        &self.attachment.filetype
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

/// The longest name that common file systems take, in bytes.
const MAX_NAME: usize = 255;

/// The last part of a path of any system, without control characters. Never empty.
pub(crate) fn base_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name: String = name.chars().filter(|c| !c.is_control()).collect();
    while name.len() > MAX_NAME {
        name.pop();
    }
    let name = name.trim();
    if matches!(name, "" | "." | "..") { "file".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        assert_eq!((attachment.filetype.as_str(), attachment.size), ("image/png", 3));
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
            assert!(UploadRequest::new("a.png", 1).filetype(filetype).to_wire().is_err(), "{filetype:?}");
        }
    }

    #[test]
    fn only_the_last_part_of_a_path_is_a_name() {
        for (path, name) in [
            ("/home/linh/plan.pdf", "plan.pdf"),
            (r"C:\Users\linh\plan.pdf", "plan.pdf"),
            ("plan\n.pdf", "plan.pdf"),
            ("..", "file"),
            ("a/", "file"),
            ("", "file"),
        ] {
            assert_eq!(base_name(path), name);
        }
        assert_eq!(base_name(&"ä".repeat(300)).len(), 254);
    }

    proptest! {
        #[test]
        fn no_name_leads_anywhere(path in any::<String>()) {
            let name = base_name(&path);
            prop_assert!(!name.is_empty() && name.len() <= MAX_NAME);
            prop_assert!(!name.contains(['/', '\\', '\0']) && name != ".." && name != ".");
        }
    }
}
