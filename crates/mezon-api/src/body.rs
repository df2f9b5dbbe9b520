//! What requests carry.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::Full;

/// The body of a request.
#[derive(Debug)]
pub(crate) enum Body {
    /// Of a call: small and in memory.
    Whole(Full<Bytes>),
    /// A file, read while it is sent. In a box, because requests are moved about and most are calls.
    Streamed(Pin<Box<dyn Stream>>),
}

/// What a file is read from.
pub(crate) trait Stream: http_body::Body<Data = Bytes, Error = io::Error> + fmt::Debug + Send + Sync {}

impl<B: http_body::Body<Data = Bytes, Error = io::Error> + fmt::Debug + Send + Sync> Stream for B {}

impl Body {
    pub(crate) fn streamed(body: impl Stream + 'static) -> Self {
        Self::Streamed(Box::pin(body))
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(Full::new(bytes))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(context).map_err(|never| match never {}),
            Self::Streamed(body) => body.as_mut().poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Streamed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Streamed(body) => body.size_hint(),
        }
    }
}
