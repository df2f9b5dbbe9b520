//! Raw replies to API calls made over the socket.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

use super::error::{WireError, WireErrorKind};

/// A part of the reply to an `api_request_event` (field 92 of the envelope).
///
/// On the wire: `0xff`, the correlation id as a big-endian `u16`, a big-endian `u32` code, then the payload up
/// to the end of the frame. The low half of the code is `0x00ff` in the last part, the high half is the status.
///
/// A reply may come in several parts with the same `cid`: join the payloads up to the part with
/// [`last`](Self::last), whose status counts, and decode then. Bound what you join, and drop half a reply
/// when its socket closes.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiReply {
    /// The correlation id of the request.
    pub cid: u16,
    /// 0 is success; anything else is a gRPC status code (1 to 16), and the payload is a text.
    pub status: u16,
    /// This is the last part of the reply.
    pub last: bool,
    /// The response message, or a part of it; the error text when the status is not 0.
    pub payload: Bytes,
}

impl ApiReply {
    /// The first byte of every such frame. As a protobuf key it would have the wire type 7, which does not exist.
    pub const MARK: u8 = 0xff;

    /// Mark, correlation id and code, in bytes.
    const HEADER: usize = 7;

    /// The low half of the code in the last part. Servers write 0 in the others.
    const LAST: u16 = 0x00ff;

    /// Reads a frame that starts with [`MARK`](Self::MARK).
    ///
    /// # Errors
    ///
    /// [`WireError`] when it ends inside its header.
    pub fn decode(frame: &[u8]) -> Result<Self, WireError> {
        let Some((&[_, cid_high, cid_low, status_high, status_low, mark_high, mark_low], payload)) =
            frame.split_first_chunk::<{ Self::HEADER }>()
        else {
            return Err(WireError::new(WireErrorKind::Truncated, 0));
        };
        Ok(Self {
            cid: u16::from_be_bytes([cid_high, cid_low]),
            status: u16::from_be_bytes([status_high, status_low]),
            last: u16::from_be_bytes([mark_high, mark_low]) == Self::LAST,
            payload: Bytes::copy_from_slice(payload),
        })
    }

    /// Writes the frame, as a server does.
    pub fn encode(&self) -> Bytes {
        let mut frame = BytesMut::with_capacity(Self::HEADER + self.payload.len());
        frame.put_u8(Self::MARK);
        frame.put_u16(self.cid);
        frame.put_u16(self.status);
        frame.put_u16(if self.last { Self::LAST } else { 0 });
        frame.put_slice(&self.payload);
        frame.freeze()
    }
}

/// Shows the length of the payload in place of its bytes: they can hold tokens.
impl fmt::Debug for ApiReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiReply")
            .field("cid", &self.cid)
            .field("status", &self.status)
            .field("last", &self.last)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .finish()
    }
}
