//! A file that has its place at the store, and how its bytes get there.

use mezon_model::Attachment;
use mezon_session::BoxFuture;

use super::parts::{IN_PARTS_FROM, PartTickets};
use super::put::Put;
use super::source::{UploadSource, Version};
use super::ticket::UploadTicket;
use crate::{ApiClient, ApiError};

/// A file that has its place at the store.
pub(super) struct Announced {
    source: UploadSource,
    version: Version,
    way: Way,
}

/// How the bytes get to their place.
enum Way {
    Whole(UploadTicket),
    InParts(PartTickets),
}

impl Announced {
    /// In bytes.
    pub(super) fn size(&self) -> u64 {
        self.version.size
    }

    /// What a message says about the file.
    pub(super) fn attachment(&self) -> Attachment {
        match &self.way {
            Way::Whole(ticket) => ticket.attachment(),
            Way::InParts(tickets) => tickets.attachment().clone(),
        }
    }
}

impl ApiClient {
    /// Looks at a file and asks for a place for it. In a box: see `SessionKeeper::refresh_now` for the reason.
    pub(super) fn announce<'a>(&'a self, source: &'a UploadSource) -> BoxFuture<'a, Result<Announced, ApiError>> {
        Box::pin(async move {
            let (request, version) = source.look().await?;
            let way = if version.size < IN_PARTS_FROM {
                Way::Whole(self.request_upload(&request).await?)
            } else {
                Way::InParts(self.request_parts(&request).await?)
            };
            Ok(Announced { source: source.clone(), version, way })
        })
    }

    /// Sends the bytes to their place.
    pub(super) fn bring<'a>(
        &'a self,
        file: &'a Announced,
        progress: &'a mut (dyn FnMut(u64, u64) + Send),
    ) -> BoxFuture<'a, Result<Attachment, ApiError>> {
        Box::pin(async move {
            let Announced { source, version, way } = file;
            match way {
                Way::Whole(ticket) => {
                    self.put_whole(ticket, source, *version, progress).await?;
                    Ok(ticket.attachment())
                }
                Way::InParts(tickets) => self.put_parts(tickets, source, *version, progress).await,
            }
        })
    }

    /// Sends all the bytes at once.
    pub(super) async fn put_whole(
        &self,
        ticket: &UploadTicket,
        source: &UploadSource,
        version: Version,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<(), ApiError> {
        let size = ticket.size();
        let put = Put { uri: ticket.uri(), content_type: Some(ticket.content_type()), source, version, part: 0..size };
        self.gateway().0.put(&put, &mut |sent| progress(sent, size)).await.map(drop)
    }
}
