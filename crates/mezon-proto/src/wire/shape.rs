//! What a message looks like when it is decoded: which fields it has, and what they take.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::fields::{FieldError, Fields, Value};

/// A message type whose fields are known without decoding anything. Every type of this crate is one.
///
/// It is what [`decode_within`](super::decode_within) needs to bound a message before it is decoded, and to read the rest of
/// one that holds a field it cannot read. The description of one type brings those of its fields into a program and no
/// others.
pub trait Described: prost::Message + Default {
    /// The fields.
    const SHAPE: &'static Shape;
}

/// The fields of a message type. Opaque: it is generated with the types.
#[derive(Debug)]
pub struct Shape {
    /// Sorted by number.
    parts: &'static [Part],
}

/// One field of a message type.
#[derive(Debug)]
pub(crate) struct Part {
    number: u32,
    pub(super) kind: Kind,
    /// For a field that is a list: what one element takes in it, in bytes, and which of the message's lists it is.
    list: Option<(usize, usize)>,
}

/// How a field is written. The protocol has no numbers of fixed length.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Varint,
    /// As a field whose type has changed.
    VarintOrText,
    Text,
    Bytes,
    Message(&'static Shape),
}

/// Why [`Shape::spend`] ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    OverBudget,
    Malformed,
}

/// No message allocates more than so many bytes for each of its encoded bytes: an empty element is two bytes long and may be
/// the first of its list, for which room for four is made. A test computes it.
pub(super) const MOST_PER_BYTE: usize = 2_200;

/// No message has more lists.
const MOST_LISTS: usize = 12;

/// A text or a list of bytes allocates at least so many bytes.
const SMALLEST_TEXT: usize = 8;

impl Shape {
    /// Of a message with these fields, which are sorted by number.
    pub(crate) const fn new(parts: &'static [Part]) -> Self {
        Self { parts }
    }

    /// The field with this number.
    pub(super) fn part(&self, number: u32) -> Option<&'static Part> {
        // Most messages number their fields from 1 on without a hole.
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        match self.parts.get(place) {
            Some(part) if part.number == number => Some(part),
            _ => self.parts.get(self.parts.binary_search_by_key(&number, |part| part.number).ok()?),
        }
    }

    /// Takes from `budget` what decoding `message` allocates, and stops when that is not enough.
    pub(super) fn spend(&self, message: &[u8], budget: &mut usize) -> Result<(), Stop> {
        let mut lengths = [0; MOST_LISTS];
        for field in Fields::new(message) {
            let field = field.map_err(|FieldError| Stop::Malformed)?;
            let Some(part) = self.part(field.number) else { continue };
            let mut cost = 0;
            if let Some((each, list)) = part.list
                && let Some(length) = lengths.get_mut(list)
            {
                let before = room(*length);
                *length += part.elements(&field.value);
                cost = each.saturating_mul(room(*length) - before);
            }
            if let (Kind::Text | Kind::VarintOrText | Kind::Bytes, Value::LengthDelimited(text)) =
                (part.kind, field.value)
                && !text.is_empty()
            {
                cost = cost.saturating_add(text.len().max(SMALLEST_TEXT));
            }
            *budget = budget.checked_sub(cost).ok_or(Stop::OverBudget)?;
            if let (Kind::Message(shape), Value::LengthDelimited(body)) = (part.kind, field.value) {
                shape.spend(body, budget)?;
            }
        }
        Ok(())
    }
}

/// For how many elements a list of this length has had room at its peak: it begins with room for four and doubles, and both
/// rooms are there while the elements move.
fn room(length: usize) -> usize {
    match length {
        0 => 0,
        1..=4 => 4,
        _ => length.next_power_of_two() / 2 * 3,
    }
}

impl Part {
    pub(crate) const fn varint(number: u32) -> Self {
        Self { number, kind: Kind::Varint, list: None }
    }

    pub(crate) const fn varint_or_text(number: u32) -> Self {
        Self { number, kind: Kind::VarintOrText, list: None }
    }

    pub(crate) const fn text(number: u32) -> Self {
        Self { number, kind: Kind::Text, list: None }
    }

    pub(crate) const fn bytes(number: u32) -> Self {
        Self { number, kind: Kind::Bytes, list: None }
    }

    pub(crate) const fn message<M: Described>(number: u32) -> Self {
        Self { number, kind: Kind::Message(M::SHAPE), list: None }
    }

    /// The same field as a list whose elements are `T` in Rust, the message's list of this number from 0 on.
    pub(crate) const fn list<T>(self, list: usize) -> Self {
        assert!(list < MOST_LISTS);
        Self { list: Some((size_of::<T>(), list)), ..self }
    }

    /// The map, the message's list of this number, whose entries are messages. A tree allocates room for eleven at once and
    /// keeps five of them filled.
    pub(crate) const fn map<K, V>(number: u32, entry: &'static Shape, list: usize) -> Self {
        assert!(list < MOST_LISTS);
        let each = size_of::<BTreeMap<K, V>>() + 3 * (size_of::<K>() + size_of::<V>());
        Self { number, kind: Kind::Message(entry), list: Some((each, list)) }
    }

    /// How many elements of its list the value is.
    fn elements(&self, value: &Value<'_>) -> usize {
        match (self.kind, value) {
            (Kind::Varint, Value::LengthDelimited(packed)) => packed.iter().filter(|byte| **byte < 0x80).count(),
            _ => 1,
        }
    }

    /// Whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        self.list.is_some()
    }
}

/// The well-known types that the protocol uses.
macro_rules! described {
    ($($type:ty: $part:expr;)*) => {
        $(impl Described for $type {
            const SHAPE: &'static Shape = &Shape::new(&[$part]);
        })*
    };
}

described! {
    String: Part::text(1);
    bool: Part::varint(1);
    i32: Part::varint(1);
    Bytes: Part::bytes(1);
}

/// The message without fields.
impl Described for () {
    const SHAPE: &'static Shape = &Shape::new(&[]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{
        ChannelMessage, CreateChannelDescRequest, EmojiRecent, EmojiRecentList, Permission, PermissionList, Role,
        RoleList,
    };
    use crate::realtime::Error;
    use crate::shapes::ALL;

    #[test]
    fn no_message_allocates_more_than_the_most() {
        let most = |part: &Part| {
            let first = 4 * part.list.map_or(0, |(each, _)| each);
            match part.kind {
                // One byte for each number, behind two of key and length.
                Kind::Varint => first,
                _ => (first + SMALLEST_TEXT).div_ceil(2),
            }
        };
        let most = ALL.iter().flat_map(|(_, shape)| shape.parts).map(most).max().unwrap();
        assert!((MOST_PER_BYTE / 2..=MOST_PER_BYTE).contains(&most), "{most}");
    }

    #[test]
    fn every_field_is_found_by_its_number() {
        for (name, shape) in ALL {
            assert!(shape.parts.is_sorted_by_key(|part| part.number), "{name}");
            for part in shape.parts {
                assert!(std::ptr::eq(shape.part(part.number).unwrap(), part), "{name} {}", part.number);
            }
            assert!(shape.part(0).is_none() && shape.part(50_000).is_none());
        }
    }

    /// Holds what is computed for a message to what decoding it allocates at its peak: not less, and not more than `factor`
    /// times as much.
    fn assert_bounded<M: Described>(message: &M, factor: usize) {
        let (encoded, mut budget) = (message.encode_to_vec(), usize::MAX);
        M::SHAPE.spend(&encoded, &mut budget).unwrap();
        let (computed, counted) = (usize::MAX - budget, allocation_counter::measure(|| drop(M::decode(&*encoded))));
        let peak = usize::try_from(counted.bytes_max).unwrap();
        assert!((peak..=factor * peak + SMALLEST_TEXT).contains(&computed), "{computed} computed, {peak} counted");
    }

    #[test]
    fn what_is_computed_is_what_decoding_allocates() {
        for length in (1..70).chain([127, 128, 129, 1_000]) {
            let text = || "x".repeat(length);
            assert_bounded(&Role { title: text(), ..Default::default() }, 2);
            assert_bounded(&ChannelMessage { mentions: text().into(), ..Default::default() }, 2);
            assert_bounded(&RoleList { roles: vec![Role::default(); length], ..Default::default() }, 2);
            assert_bounded(&CreateChannelDescRequest { user_ids: vec![1; length], ..Default::default() }, 2);
            assert_bounded(&CreateChannelDescRequest { user_ids: vec![-1; length], ..Default::default() }, 2);
            assert_bounded(&EmojiRecentList { emoji_recents: vec![EmojiRecent::default(); length] }, 2);
            let context = (0..length).map(|entry| (format!("{entry:09}"), text())).collect();
            // The nodes of a tree are counted as if they were filled as badly as they can be.
            assert_bounded(&Error { context, ..Default::default() }, 8);
            let nested = PermissionList {
                permissions: vec![Permission { title: text(), ..Default::default() }; length],
                ..Default::default()
            };
            assert_bounded(
                &RoleList {
                    roles: vec![Role { permission_list: Some(nested), ..Default::default() }; 5],
                    ..Default::default()
                },
                2,
            );
        }
    }
}
