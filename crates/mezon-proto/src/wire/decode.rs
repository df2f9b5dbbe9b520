//! Decoding a message within a budget, and the rest of one that holds what does not fit.

use prost::encoding::{WireType, decode_varint, encode_key, encode_varint};

use super::error::{WireError, WireErrorKind};
use super::fields::{FieldError, Fields, Value};
use super::shape::{Described, Kind, MOST_PER_BYTE, Shape, Stop};

/// A decoded message, and what had to be left out of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decoded<M> {
    /// The message.
    pub message: M,
    /// How many fields and elements of lists, anywhere in the message, did not fit this schema and are missing.
    pub dropped: usize,
}

/// Decodes `encoded` if the message takes at most `budget` bytes of memory.
///
/// What a message takes is computed before anything is allocated, from the types of its fields: an empty element of a list
/// is two bytes on the wire and some hundred in memory, so a bound on the bytes that came does not bound what they become. The
/// message itself, which the caller holds, is not counted, and neither is `encoded`. Lists are counted with the room
/// that they take while they grow, which is up to three times what they hold.
///
/// Servers of several revisions are in use, and one odd field is no reason to lose a list. A field whose type is not that
/// of this schema, a text that is no UTF-8 and a nested message that is damaged are left out and counted in
/// [`Decoded::dropped`]; everything beside them stays. A message that fits is decoded by the generated code alone, in one
/// pass; a small one is not even measured. The rest of one that does not fit is decoded from a copy.
///
/// ```
/// use mezon_proto::api::ChannelMessageList;
/// use mezon_proto::wire::{self, WireErrorKind};
///
/// // One message with the id 7 as a number, and one with an id as text.
/// let encoded = [0x0a, 0x02, 0x18, 0x07, 0x0a, 0x03, 0x1a, 0x01, b'8'];
/// let decoded = wire::decode_within::<ChannelMessageList>(encoded.as_slice(), 64 * 1024)?;
/// assert_eq!((decoded.message.messages[0].message_id, decoded.dropped), (7, 1));
///
/// let error = wire::decode_within::<ChannelMessageList>(encoded.as_slice(), 100).unwrap_err();
/// assert_eq!(error.kind(), WireErrorKind::TooLarge { budget: 100 });
/// # Ok::<(), wire::WireError>(())
/// ```
///
/// # Errors
///
/// [`WireErrorKind::TooLarge`] when the budget does not suffice; [`WireErrorKind::Malformed`] when the bytes are no message
/// at all, as half an answer is.
pub fn decode_within<M: Described>(encoded: &[u8], budget: usize) -> Result<Decoded<M>, WireError> {
    if is_whole(M::SHAPE, encoded, budget)?
        && let Ok(message) = M::decode(encoded)
    {
        return Ok(Decoded { message, dropped: 0 });
    }
    let (rest, dropped) = readable(M::SHAPE, encoded, budget)?;
    let message = M::decode(rest.as_slice()).map_err(WireError::undecodable)?;
    Ok(Decoded { message, dropped })
}

/// Whether all of a message is fields; an error when it takes more than the budget. What is too small for that is not looked at.
fn is_whole(shape: &Shape, encoded: &[u8], budget: usize) -> Result<bool, WireError> {
    if encoded.len() <= budget / MOST_PER_BYTE {
        return Ok(true);
    }
    match shape.spend(encoded, &mut { budget }) {
        Ok(()) => Ok(true),
        Err(Stop::Malformed) => Ok(false),
        Err(Stop::OverBudget) => Err(WireError::new(WireErrorKind::TooLarge { budget }, 0)),
    }
}

/// The part of a message that fits, encoded, and how many fields and elements are missing in it.
fn readable(shape: &Shape, encoded: &[u8], budget: usize) -> Result<(Vec<u8>, usize), WireError> {
    let (mut rest, mut dropped) = (Vec::with_capacity(encoded.len()), 0);
    copy_readable(shape, encoded, &mut rest, &mut dropped)
        .map_err(|offset| WireError::new(WireErrorKind::Malformed, offset))?;
    // The first look ended where the message was damaged.
    is_whole(shape, &rest, budget)?;
    Ok((rest, dropped))
}

/// Copies the fields of a message that fit. Ends with the place of the first byte that cannot be a field.
fn copy_readable(shape: &Shape, message: &[u8], copy: &mut Vec<u8>, dropped: &mut usize) -> Result<(), usize> {
    let mut fields = Fields::new(message);
    loop {
        let before = fields.rest();
        let Some(field) = fields.next() else { return Ok(()) };
        let field = field.map_err(|FieldError| message.len() - before.len())?;
        // Fields of newer servers are not copied: nobody reads them.
        let Some(part) = shape.part(field.number) else { continue };
        let fits = match (part.kind, field.value) {
            (Kind::Message(shape), Value::LengthDelimited(body)) => {
                let (mut inner, mut missing) = (Vec::new(), 0);
                let whole = copy_readable(shape, body, &mut inner, &mut missing).is_ok();
                if whole {
                    *dropped += missing;
                    encode_key(field.number, WireType::LengthDelimited, copy);
                    encode_varint(inner.len() as u64, copy);
                    copy.append(&mut inner);
                    continue;
                }
                false
            }
            (Kind::Varint | Kind::VarintOrText, Value::Varint(_)) | (Kind::Bytes, Value::LengthDelimited(_)) => true,
            (Kind::Text | Kind::VarintOrText, Value::LengthDelimited(text)) => std::str::from_utf8(text).is_ok(),
            (Kind::Varint, Value::LengthDelimited(packed)) => part.is_list() && are_varints(packed),
            _ => false,
        };
        if fits {
            copy.extend_from_slice(before.strip_suffix(fields.rest()).unwrap_or_default());
        } else {
            *dropped += 1;
        }
    }
}

/// Whether the bytes are numbers of variable length, one behind the other.
fn are_varints(mut packed: &[u8]) -> bool {
    while !packed.is_empty() {
        if decode_varint(&mut packed).is_err() {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use prost::Message as _;
    use prost::encoding::{bytes as length_delimited, int64, string};

    use super::*;
    use crate::api::{ChannelMessage, ChannelMessageList, CreateChannelDescRequest};
    use crate::realtime::{Channel, ChannelPresenceEvent, PresenceSession};

    const ENOUGH: usize = 1 << 20;

    fn list(elements: &[Vec<u8>]) -> Vec<u8> {
        let mut list = Vec::new();
        for element in elements {
            length_delimited::encode(1, element, &mut list);
        }
        list
    }

    fn message(id: i64) -> Vec<u8> {
        ChannelMessage { message_id: id, content: "{}".into(), ..ChannelMessage::default() }.encode_to_vec()
    }

    #[test]
    fn an_element_of_an_old_revision_costs_its_odd_field_alone() {
        // The sender as text, and everything else as it is today.
        let mut old = message(2);
        string::encode(5, &"1775731111020111321".to_owned(), &mut old);
        let encoded = list(&[message(1), old, message(3)]);
        assert!(ChannelMessageList::decode(encoded.as_slice()).is_err());
        let Decoded { message, dropped } = decode_within::<ChannelMessageList>(&encoded, ENOUGH).unwrap();
        assert_eq!(message.messages.iter().map(|message| message.message_id).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(message.messages.iter().all(|message| message.content == "{}"));
        assert_eq!(dropped, 1);
    }

    #[test]
    fn a_damaged_element_costs_itself() {
        let cut = message(2)[..5].to_vec();
        let mut no_text = message(4);
        length_delimited::encode(6, &vec![0xff, 0xfe], &mut no_text);
        let encoded = list(&[message(1), cut, message(3), no_text]);
        let Decoded { message, dropped } = decode_within::<ChannelMessageList>(&encoded, ENOUGH).unwrap();
        assert_eq!(message.messages.iter().map(|message| message.message_id).collect::<Vec<_>>(), [1, 3, 4]);
        assert_eq!(dropped, 2);
    }

    #[test]
    fn a_list_that_was_one_number_is_empty_and_counted() {
        // The first field of this answer was an int32 until 2026-03-19.
        let mut encoded = Vec::new();
        int64::encode(1, &12, &mut encoded);
        let Decoded { message, dropped } =
            decode_within::<crate::api::ListClanBadgeCountResponse>(&encoded, ENOUGH).unwrap();
        assert_eq!((message, dropped), (crate::api::ListClanBadgeCountResponse::default(), 1));
    }

    #[test]
    fn both_forms_of_a_presence_session_and_of_a_list_of_numbers_stay() {
        let mut event = Vec::new();
        // user_id 7, session_id as text; and one with a username that is a number.
        length_delimited::encode(2, &b"\x08\x07\x12\x01x".to_vec(), &mut event);
        length_delimited::encode(2, &b"\x08\x08\x10\x05\x18\x01".to_vec(), &mut event);
        let Decoded { message, dropped } = decode_within::<ChannelPresenceEvent>(&event, ENOUGH).unwrap();
        let sessions: Vec<_> = message.joins.iter().map(|presence| presence.session_id.clone()).collect();
        assert_eq!((sessions, dropped), (vec![PresenceSession::Text("x".into()), PresenceSession::Number(5)], 1));

        // Numbers with a key each and as one list, and a list that ends inside a number.
        let encoded = CreateChannelDescRequest { user_ids: vec![1, 300], ..Default::default() }.encode_to_vec();
        let number = encoded[0] >> 3;
        let mut mixed = BytesMut::from(encoded.as_slice());
        int64::encode(number.into(), &5, &mut mixed);
        length_delimited::encode(number.into(), &vec![0x80], &mut mixed);
        let Decoded { message, dropped } = decode_within::<CreateChannelDescRequest>(&mixed, ENOUGH).unwrap();
        assert_eq!((message.user_ids, dropped), (vec![1, 300, 5], 1));
    }

    #[test]
    fn half_a_message_is_an_error_and_not_a_short_one() {
        let encoded = list(&[message(1), message(2)]);
        for end in 1..encoded.len() {
            let half = &encoded[..end];
            // Up to the first message it is a whole list.
            if end == encoded.len() / 2 {
                continue;
            }
            let error = decode_within::<ChannelMessageList>(half, ENOUGH).unwrap_err();
            assert_eq!(error.kind(), WireErrorKind::Malformed, "{end}");
            assert_eq!(error.offset(), if end < encoded.len() / 2 { 0 } else { encoded.len() / 2 });
        }
    }

    #[test]
    fn fields_of_newer_servers_are_no_loss() {
        let mut encoded = list(&[message(1)]);
        int64::encode(4_000, &12, &mut encoded);
        assert_eq!(decode_within::<ChannelMessageList>(&encoded, ENOUGH).unwrap().dropped, 0);
        // Neither beside an odd one.
        int64::encode(1, &12, &mut encoded);
        let Decoded { message, dropped } = decode_within::<ChannelMessageList>(&encoded, ENOUGH).unwrap();
        assert_eq!((message.messages.len(), dropped), (1, 1));
        assert_eq!(decode_within::<Channel>(&[0x12, 0x01, 0xff], ENOUGH).unwrap().dropped, 1);
    }
}
