//! Files: a ticket from the server, then the bytes straight to the object store.

mod announced;
mod body;
mod media_type;
mod message_first;
mod name;
mod parts;
mod progress;
mod put;
mod source;
mod ticket;

use std::path::Path;

use bytes::Bytes;
use mezon_model::Attachment;
use tracing::debug;

pub use message_first::AnnouncedFiles;
pub use source::UploadSource;
pub use ticket::{UploadRequest, UploadTicket};

#[cfg(doc)]
use crate::ApiErrorKind;
use crate::{ApiClient, ApiError, methods};
use put::is_expired;
use source::Version;

impl ApiClient {
    /// Uploads a file and gives the attachment for a message. `progress` hears the bytes handed to the network so far and
    /// the bytes in all; it is called on the caller's task, and with both equal at last.
    ///
    /// The file is read while it is sent, 64 KiB at a time. If the store fails in a way that passes (503, a lost connection),
    /// the same bytes are sent to the same address again, with the attempts and delays of the
    /// [`RetryPolicy`](crate::RetryPolicy); `progress` starts over then. If the store says that the ticket is no longer good
    /// (403), it is tried once more with a new one.
    ///
    /// From 16 MiB on the file goes in parts of 10 MiB, two at a time; a part that fails is sent again by itself. If it is given
    /// up, there is no file: the store makes one of the parts only when all of them are there.
    ///
    /// # Errors
    /// - [`ApiErrorKind::File`]: the file is missing, unreadable, or a directory. [`ApiErrorKind::FileChanged`]: it
    ///   became longer or shorter meanwhile.
    /// - [`ApiErrorKind::InvalidInput`]: it is larger than [`Attachment::MAX_SIZE`], or its type is no media type.
    /// - [`ApiErrorKind::UntrustedEndpoint`]: the server sent us elsewhere. See
    ///   [`trust_upload_suffix`](crate::GatewayBuilder::trust_upload_suffix).
    /// - [`ApiErrorKind::Upload`]: the object store refused it.
    /// - Those of [`ApiClient::call`].
    ///
    /// # Cancel safety
    /// Cancel safe: the connection is closed, and half an upload is never part of a message.
    pub async fn upload(
        &self,
        source: UploadSource,
        mut progress: impl FnMut(u64, u64) + Send,
    ) -> Result<Attachment, ApiError> {
        let file = self.announce(&source).await?;
        match self.bring(&file, &mut progress).await {
            Err(error) if is_expired(&error) => {
                debug!("upload refused, trying once more with a new ticket");
                let file = self.announce(&source).await?;
                self.bring(&file, &mut progress).await
            }
            brought => brought,
        }
    }

    /// Uploads the file at `path`. As [`ApiClient::upload`] with [`UploadSource::file`].
    ///
    /// # Errors
    /// As [`ApiClient::upload`].
    ///
    /// # Cancel safety
    /// As [`ApiClient::upload`].
    pub async fn upload_file(
        &self,
        path: impl AsRef<Path>,
        progress: impl FnMut(u64, u64) + Send,
    ) -> Result<Attachment, ApiError> {
        self.upload(UploadSource::file(path.as_ref()), progress).await
    }

    /// Uploads `bytes` as a file called `filename`. An empty `media_type` is guessed from the name. As
    /// [`ApiClient::upload`] with [`UploadSource::bytes`].
    ///
    /// # Errors
    /// As [`ApiClient::upload`].
    ///
    /// # Cancel safety
    /// As [`ApiClient::upload`].
    pub async fn upload_bytes(
        &self,
        filename: &str,
        media_type: &str,
        bytes: impl Into<Bytes>,
        progress: impl FnMut(u64, u64) + Send,
    ) -> Result<Attachment, ApiError> {
        self.upload(UploadSource::bytes(filename, bytes).media_type(media_type), progress).await
    }

    /// Asks for a place to upload a file to. [`ApiClient::upload`] does the whole job; this is for programs that send the
    /// bytes themselves.
    ///
    /// # Errors
    /// [`ApiErrorKind::InvalidInput`] for a size over [`Attachment::MAX_SIZE`] or a type that is no media type, before
    /// any request; [`ApiErrorKind::UntrustedEndpoint`] and [`ApiErrorKind::Decode`] for an address that cannot be used;
    /// and those of [`ApiClient::call`].
    ///
    /// # Cancel safety
    /// Cancel safe: an unused ticket expires.
    pub async fn request_upload(&self, request: &UploadRequest) -> Result<UploadTicket, ApiError> {
        let message = request.to_wire()?;
        let answer = self.call(methods::UPLOAD_ATTACHMENT_FILE, &message).await?;
        UploadTicket::new(request, &answer, &self.gateway().0.policy)
    }

    /// Sends the bytes to the place that a ticket names. The store stops taking them some 10 to 60 seconds after the
    /// ticket was made.
    ///
    /// # Errors
    /// As [`ApiClient::upload`]. [`ApiErrorKind::FileChanged`] or [`ApiErrorKind::InvalidInput`] also when the source is
    /// not as long as the ticket says.
    ///
    /// # Cancel safety
    /// As [`ApiClient::upload`].
    pub async fn put_upload(
        &self,
        ticket: &UploadTicket,
        source: &UploadSource,
        mut progress: impl FnMut(u64, u64) + Send,
    ) -> Result<(), ApiError> {
        self.put_whole(ticket, source, Version::of_size(ticket.size()), &mut progress).await
    }
}
