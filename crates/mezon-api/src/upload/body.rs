//! The body of an upload: bytes from memory or from a file, in pieces, counted.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead as _, AsyncReadExt as _, ReadBuf, Take};

use crate::object_store::Sent;
use crate::{ApiError, ApiErrorKind};

/// The size of a piece: large enough that reading a file costs little, small enough for progress to be smooth.
const PIECE: usize = 64 * 1024;

/// The body of a PUT.
pub(crate) struct UploadBody {
    reader: Reader,
    size: u64,
    sent: Arc<Sent>,
}

enum Reader {
    Bytes(Bytes),
    File(FileReader),
}

struct FileReader {
    file: Take<File>,
    path: PathBuf,
    buffer: Box<[u8]>,
    read: u64,
    /// Read and not handed over: the last piece goes only when the end of the file has been seen where it should be,
    /// because a store takes the upload for complete as soon as it has the announced length.
    held: Bytes,
    ended: bool,
}

impl fmt::Debug for UploadBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadBody").field("size", &self.size).field("sent", &self.sent.bytes()).finish_non_exhaustive()
    }
}

impl UploadBody {
    pub(crate) fn from_bytes(bytes: Bytes, sent: Arc<Sent>) -> Self {
        Self { size: bytes.len() as u64, reader: Reader::Bytes(bytes), sent }
    }

    /// The next `size` bytes of `file`; if they are its last ones, no more may follow.
    pub(crate) fn from_file(file: File, path: PathBuf, size: u64, is_last: bool, sent: Arc<Sent>) -> Self {
        let buffer = vec![0; PIECE].into_boxed_slice();
        let file = file.take(size + u64::from(is_last));
        let reader = FileReader { file, path, buffer, read: 0, held: Bytes::new(), ended: false };
        Self { reader: Reader::File(reader), size, sent }
    }
}

impl FileReader {
    /// The next piece to hand over, `None` at the end.
    fn poll_piece(&mut self, cx: &mut Context<'_>, size: u64) -> Poll<Result<Option<Bytes>, ApiError>> {
        loop {
            if self.ended {
                let held = std::mem::take(&mut self.held);
                return Poll::Ready(Ok((!held.is_empty()).then_some(held)));
            }
            let mut buffer = ReadBuf::new(&mut self.buffer);
            if let Err(error) = ready!(Pin::new(&mut self.file).poll_read(cx, &mut buffer)) {
                let kind = ApiErrorKind::File { path: self.path.clone() };
                return Poll::Ready(Err(ApiError::with_source(kind, error)));
            }
            let piece = Bytes::copy_from_slice(buffer.filled());
            self.read += piece.len() as u64;
            self.ended = piece.is_empty();
            if self.read > size || self.ended && self.read < size {
                return Poll::Ready(Err(ApiErrorKind::FileChanged { path: self.path.clone() }.into()));
            }
            if self.ended {
                continue;
            }
            let before = std::mem::replace(&mut self.held, piece);
            if !before.is_empty() {
                return Poll::Ready(Ok(Some(before)));
            }
        }
    }
}

impl Body for UploadBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        let piece = match &mut this.reader {
            Reader::Bytes(rest) if rest.is_empty() => None,
            Reader::Bytes(rest) => Some(rest.split_to(rest.len().min(PIECE))),
            Reader::File(file) => match ready!(file.poll_piece(cx, this.size)) {
                Ok(piece) => piece,
                Err(error) => {
                    this.sent.fail(error);
                    return Poll::Ready(Some(Err(io::Error::other("the file to upload failed"))));
                }
            },
        };
        let Some(piece) = piece else { return Poll::Ready(None) };
        this.sent.add(piece.len());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.size - self.sent.bytes().min(self.size))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use http_body_util::BodyExt as _;

    use super::*;

    async fn read(content: &[u8], announced: u64, is_last: bool) -> Result<(Vec<u8>, usize), ApiErrorKind> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        let sent = Arc::new(Sent::default());
        let opened = File::open(file.path()).await.unwrap();
        let mut body = UploadBody::from_file(opened, file.path().to_owned(), announced, is_last, Arc::clone(&sent));
        let (mut whole, mut pieces) = (Vec::new(), 0);
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => {
                    let data = frame.into_data().unwrap();
                    assert!(data.len() <= PIECE);
                    whole.extend_from_slice(&data);
                    pieces += 1;
                }
                Err(_) => return Err(sent.take_failure().unwrap().into_parts().0),
            }
        }
        assert_eq!(sent.bytes(), whole.len() as u64);
        Ok((whole, pieces))
    }

    #[tokio::test]
    async fn a_file_is_handed_over_whole_and_in_pieces() {
        for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE + 17] {
            let content: Vec<u8> = (0..size).map(|i| u8::try_from(i % 251).unwrap()).collect();
            let (whole, pieces) = read(&content, size as u64, true).await.unwrap();
            assert!(whole == content, "{size}");
            assert!(pieces >= size.div_ceil(PIECE), "{size}");
        }
    }

    #[tokio::test]
    async fn a_part_ends_before_the_file_does() {
        let content: Vec<u8> = (0..3 * PIECE).map(|i| u8::try_from(i % 251).unwrap()).collect();
        for size in [1, PIECE, 2 * PIECE + 1] {
            assert_eq!(read(&content, size as u64, false).await.unwrap().0, content[..size], "{size}");
        }
        let missing = read(&content, 3 * PIECE as u64 + 1, false).await;
        assert!(matches!(missing, Err(ApiErrorKind::FileChanged { .. })), "{missing:?}");
    }

    #[tokio::test]
    async fn a_file_of_another_length_is_never_handed_over_whole() {
        for (size, announced) in [(10, 11), (10, 9), (0, 1), (2 * PIECE, 2 * PIECE - 1), (PIECE, 2 * PIECE)] {
            let result = read(&vec![7; size], announced as u64, true).await;
            assert!(matches!(result, Err(ApiErrorKind::FileChanged { .. })), "{size} {announced}");
        }
    }
}
