//! What requests carry.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::Full;

use crate::upload::UploadBody;

/// The body of a request.
#[derive(Debug)]
pub(crate) enum Body {
    /// Of a call: small and in memory.
    Whole(Full<Bytes>),
    /// A file. In a box, because requests are moved about and most are calls.
    Upload(Box<UploadBody>),
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(Full::new(bytes))
    }
}

impl From<UploadBody> for Body {
    fn from(upload: UploadBody) -> Self {
        Self::Upload(Box::new(upload))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(context).map_err(|never| match never {}),
            Self::Upload(upload) => Pin::new(upload).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Upload(upload) => upload.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Upload(upload) => upload.size_hint(),
        }
    }
}
