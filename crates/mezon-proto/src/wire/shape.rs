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
    /// What one element takes in its list, in bytes; 0 for a field that is no list.
    each: usize,
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
    ///
    /// A list doubles as it grows, and is there twice while it does. So an element counts three times, and the first one of a
    /// run four times, as a list begins with room for four.
    pub(super) fn spend(&self, message: &[u8], budget: &mut usize) -> Result<(), Stop> {
        let mut run = 0;
        for field in Fields::new(message) {
            let field = field.map_err(|FieldError| Stop::Malformed)?;
            let before = std::mem::replace(&mut run, field.number);
            let Some(part) = self.part(field.number) else { continue };
            let elements = part.elements(&field.value);
            let room = usize::from(elements > 0 && before != field.number);
            let mut cost = part.each.saturating_mul(elements.saturating_mul(3).saturating_add(room));
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

impl Part {
    pub(crate) const fn varint(number: u32) -> Self {
        Self { number, kind: Kind::Varint, each: 0 }
    }

    pub(crate) const fn varint_or_text(number: u32) -> Self {
        Self { number, kind: Kind::VarintOrText, each: 0 }
    }

    pub(crate) const fn text(number: u32) -> Self {
        Self { number, kind: Kind::Text, each: 0 }
    }

    pub(crate) const fn bytes(number: u32) -> Self {
        Self { number, kind: Kind::Bytes, each: 0 }
    }

    pub(crate) const fn message<M: Described>(number: u32) -> Self {
        Self { number, kind: Kind::Message(M::SHAPE), each: 0 }
    }

    /// The same field as a list whose elements are `T` in Rust.
    pub(crate) const fn list<T>(self) -> Self {
        Self { each: size_of::<T>(), ..self }
    }

    /// A map. Its entries are messages, `entry`; a tree allocates room for eleven at once and keeps five of them filled.
    pub(crate) const fn map<K, V>(number: u32, entry: &'static Shape) -> Self {
        let each = size_of::<BTreeMap<K, V>>() + 3 * (size_of::<K>() + size_of::<V>());
        Self { number, kind: Kind::Message(entry), each }
    }

    /// How many elements of its list the value is; 0 for a field that is no list, and for what does not fit.
    fn elements(&self, value: &Value<'_>) -> usize {
        match (self.kind, value) {
            _ if self.each == 0 => 0,
            (Kind::Varint, Value::LengthDelimited(packed)) => packed.iter().filter(|byte| **byte < 0x80).count(),
            _ => 1,
        }
    }

    /// Whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        self.each > 0
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
    use crate::shapes::ALL;

    #[test]
    fn no_message_allocates_more_than_the_most() {
        let most = |part: &Part| match part.kind {
            // One byte for each number, behind two of key and length.
            Kind::Varint => 4 * part.each,
            _ => (4 * part.each + SMALLEST_TEXT).div_ceil(2),
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
}
