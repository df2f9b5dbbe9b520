//! Reading an envelope, leniently.

use bytes::Bytes;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::error::{WireError, WireErrorKind};
use super::outbound::{CID_FIELD, Revision};
use super::raw::RawMessage;
use crate::arms::KNOWN;

/// An envelope whose message is not decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inbound {
    /// Ties a reply to its request; 0 means a push.
    ///
    /// Requests use 1 to 65535. Other numbers are kept as the 32 bits they came in, so a negative one is large
    /// here and no request waits for it. Text that is no decimal number counts as 0.
    pub cid: u32,
    /// The revision the sender speaks, as the form of `cid` tells; `None` when the frame has no `cid`.
    pub revision: Option<Revision>,
    /// The message; `None` when there is no field besides `cid`.
    pub message: Option<RawMessage>,
}

/// Reads one envelope. The result keeps nothing of `frame`: a slice of a shared read buffer will do.
///
/// Where a field comes more than once, the last one counts; a known message counts more than an unknown field
/// beside it.
///
/// # Errors
///
/// [`WireError`] when the bytes are no sequence of protobuf fields. Such a frame can be dropped and the connection kept:
/// frames do not depend on each other.
pub fn read(frame: &[u8]) -> Result<Inbound, WireError> {
    let Top { cid, revision, message } = Top::read(frame)?;
    Ok(Inbound { cid, revision, message: message.map(|field| field.raw()) })
}

/// The top level of an envelope.
struct Top<'a> {
    cid: u32,
    revision: Option<Revision>,
    /// The field that counts, of all but `cid`.
    message: Option<TopField<'a>>,
}

impl<'a> Top<'a> {
    fn read(frame: &'a [u8]) -> Result<Self, WireError> {
        let mut top = Self { cid: 0, revision: None, message: None };
        let mut rest = frame;
        // What starts with a zero byte can be padding only: no field does.
        while !(rest.is_empty() || rest.first() == Some(&0) && rest.iter().all(|&byte| byte == 0)) {
            let offset = frame.len() - rest.len();
            let field = TopField::read(&mut rest).map_err(|kind| WireError::new(kind, offset))?;
            if field.number == CID_FIELD {
                if let Some((cid, revision)) = field.cid() {
                    top.cid = cid;
                    top.revision = Some(revision);
                }
            } else if field.is_known() || !top.message.as_ref().is_some_and(TopField::is_known) {
                top.message = Some(field);
            }
        }
        Ok(top)
    }
}

/// A field of the top level: its key is read, its extent is known, its value is not decoded.
struct TopField<'a> {
    number: u32,
    wire_type: WireType,
    /// The encoded value, without its length where there is one.
    content: &'a [u8],
}

impl<'a> TopField<'a> {
    /// Takes a field off the start of `rest`.
    fn read(rest: &mut &'a [u8]) -> Result<Self, WireErrorKind> {
        let key = *rest;
        let (number, wire_type) = decode_key(rest).map_err(|_| varint_fault(key))?;
        let value = *rest;
        let mut content = value;
        if wire_type == WireType::LengthDelimited {
            let length = decode_varint(rest).map_err(|_| varint_fault(value))?;
            content = rest;
            let split = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
            *rest = split.ok_or(WireErrorKind::Truncated)?.1;
        } else {
            skip_field(wire_type, number, rest, DecodeContext::default()).map_err(|_| match wire_type {
                WireType::Varint => varint_fault(value),
                WireType::ThirtyTwoBit | WireType::SixtyFourBit => WireErrorKind::Truncated,
                _ => WireErrorKind::Malformed,
            })?;
        }
        let behind = rest.len();
        let content = content.get(..content.len() - behind).unwrap_or_default();
        Ok(Self { number, wire_type, content })
    }

    /// The value as a correlation id, in either form; `None` for a field of any other wire type.
    fn cid(&self) -> Option<(u32, Revision)> {
        match self.wire_type {
            WireType::Varint => {
                let value = decode_varint(&mut { self.content }).unwrap_or_default();
                // An int32 keeps the low 32 bits of its varint, a negative one included.
                Some(((value & u64::from(u32::MAX)).try_into().unwrap_or_default(), Revision::Int32Cid))
            }
            WireType::LengthDelimited => {
                let text = std::str::from_utf8(self.content).unwrap_or_default();
                Some((text.parse().unwrap_or_default(), Revision::StringCid))
            }
            _ => None,
        }
    }

    /// Whether it is a message of this schema.
    fn is_known(&self) -> bool {
        KNOWN.contains(&self.number)
    }

    fn raw(&self) -> RawMessage {
        RawMessage::of_field(self.number, self.wire_type, Bytes::copy_from_slice(self.content))
    }
}

/// Why the varint at the start of `rest` could not be read: the frame ends in it, or it is none.
fn varint_fault(rest: &[u8]) -> WireErrorKind {
    const LONGEST: usize = 10;
    if rest.len() < LONGEST && rest.iter().all(|byte| byte & 0x80 != 0) {
        WireErrorKind::Truncated
    } else {
        WireErrorKind::Malformed
    }
}
