//! The fields of an encoded message, found without decoding them.

use std::fmt;

/// Walks over the fields of one encoded message, in the order they stand in it. Nothing is copied and nothing is
/// decoded: what a field holds is a number or a slice of the input.
///
/// For readers that want a few fields of a large message, or all of them without an allocation each. After the first
/// error it ends.
///
/// ```
/// use mezon_proto::wire::{Fields, Value};
///
/// // Field 1 is the number 150, field 2 the text "hi".
/// let message = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i'];
/// let fields: Vec<_> = Fields::new(&message).collect::<Result<_, _>>()?;
/// assert_eq!((fields[0].number, fields[0].value), (1, Value::Varint(150)));
/// assert_eq!((fields[1].number, fields[1].value), (2, Value::LengthDelimited(b"hi")));
/// # Ok::<(), mezon_proto::wire::FieldError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

/// One field: its number, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its number in the message, from 1 on.
    pub number: u32,
    /// What it holds.
    pub value: Value<'a>,
}

/// What a field holds, as far as the encoding tells. Which type it is depends on the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number of variable length: `int32`, `int64`, `uint32`, `uint64`, `bool` and enums. A negative `int32` has all
    /// upper bits set; cut it with `as i32`.
    Varint(u64),
    /// Eight bytes.
    SixtyFourBit([u8; 8]),
    /// A text, bytes, a message or a packed list.
    LengthDelimited(&'a [u8]),
    /// Four bytes.
    ThirtyTwoBit([u8; 4]),
}

/// The bytes are no sequence of fields, or hold a group, which no message of this protocol has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldError;

impl<'a> Fields<'a> {
    /// The fields of `message`, which is encoded and has no length in front.
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    fn read(&mut self) -> Option<Field<'a>> {
        let key = u32::try_from(self.varint()?).ok()?;
        let number = key >> 3;
        if number == 0 {
            return None;
        }
        let value = match key & 0b111 {
            0 => Value::Varint(self.varint()?),
            1 => Value::SixtyFourBit(self.chunk()?),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                let (content, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                Value::LengthDelimited(content)
            }
            5 => Value::ThirtyTwoBit(self.chunk()?),
            _ => return None,
        };
        Some(Field { number, value })
    }

    #[inline]
    fn varint(&mut self) -> Option<u64> {
        // Most keys and lengths are one byte long.
        let (&first, rest) = self.rest.split_first()?;
        if first < CONTINUES {
            self.rest = rest;
            return Some(first.into());
        }
        // Two bytes: keys from field 16 on, lengths from 128 on.
        if let [second @ ..CONTINUES, rest @ ..] = rest {
            self.rest = rest;
            return Some(u64::from(first & !CONTINUES) | u64::from(*second) << 7);
        }
        self.long_varint()
    }

    /// A number of several bytes, eight of them at a time: the ids of this protocol take nine.
    fn long_varint(&mut self) -> Option<u64> {
        let Some((eight, behind)) = self.rest.split_first_chunk::<8>() else { return self.last_varint() };
        let word = u64::from_le_bytes(*eight);
        let ends = !word & u64::from_le_bytes([CONTINUES; 8]);
        if ends != 0 {
            let length = ends.trailing_zeros() / 8 + 1;
            self.rest = self.rest.get(length as usize..)?;
            return Some(joined(word & (u64::MAX >> (64 - 8 * length))));
        }
        let (value, (&ninth, behind)) = (joined(word), behind.split_first()?);
        let value = value | u64::from(ninth & !CONTINUES) << 56;
        if ninth < CONTINUES {
            self.rest = behind;
            return Some(value);
        }
        // Of the tenth byte only the lowest bit has room.
        let (&tenth, behind) = behind.split_first().filter(|(tenth, _)| **tenth <= 1)?;
        self.rest = behind;
        Some(value | u64::from(tenth) << 63)
    }

    /// A number in the last bytes of a message.
    fn last_varint(&mut self) -> Option<u64> {
        let last = self.rest.iter().position(|&byte| byte < CONTINUES)?;
        let (bytes, rest) = self.rest.split_at_checked(last + 1)?;
        self.rest = rest;
        Some(bytes.iter().rev().fold(0, |value, &byte| value << 7 | u64::from(byte & !CONTINUES)))
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*chunk)
    }
}

/// Set in every byte of a number but its last.
const CONTINUES: u8 = 0x80;

/// The value of eight bytes with seven bits each, the lowest first: pairs, then pairs of pairs.
fn joined(bytes: u64) -> u64 {
    let pairs = bytes & 0x007f_007f_007f_007f | (bytes & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = pairs & 0x0000_3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    fours & 0x0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, FieldError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_none() {
            self.rest = &[];
        }
        Some(field.ok_or(FieldError))
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are no sequence of protobuf fields")
    }
}

impl std::error::Error for FieldError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::encoding::{WireType, encode_key, encode_varint};

    use super::*;

    #[test]
    fn damaged_messages_end_in_one_error() {
        let cases: [&[u8]; 9] = [
            &[0x08],                                                                         // no value
            &[0x0a, 0x02, b'a'],                                                             // text cut off
            &[0x00, 0x01],                                                                   // field number 0
            &[0x0b, 0x0c],                                                                   // a group
            &[0x0f],                                                                         // no such wire type
            &[0x0d, 1, 2, 3],                                                                // four bytes cut off
            &[0x09, 1, 2, 3, 4],                                                             // eight bytes cut off
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],             // over 64 bits
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], // too long
        ];
        for case in cases {
            let fields: Vec<_> = Fields::new(case).collect();
            assert_eq!(fields, [Err(FieldError)], "{case:02x?}");
        }
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_written(number in 1..(1u32 << 29), value: u64, bits in 0..64, behind: bool) {
            let value = value >> bits;
            let mut message = Vec::new();
            encode_key(number, WireType::Varint, &mut message);
            encode_varint(value, &mut message);
            let field = Ok(Field { number, value: Value::Varint(value) });
            let mut expected = vec![field];
            if behind {
                message.extend_from_slice(&[0x0a, 0x08, 1, 2, 3, 4, 5, 6, 7, 8]);
                expected.push(Ok(Field { number: 1, value: Value::LengthDelimited(&[1, 2, 3, 4, 5, 6, 7, 8]) }));
            }
            prop_assert_eq!(Fields::new(&message).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn any_bytes_are_read_to_their_end(bytes: Vec<u8>) {
            let fields: Vec<_> = Fields::new(&bytes).collect();
            prop_assert!(fields.len() <= bytes.len());
            let errors = fields.iter().filter(|field| field.is_err()).count();
            prop_assert!(errors == 0 || (errors == 1 && fields.last().is_some_and(Result::is_err)));
        }
    }
}
