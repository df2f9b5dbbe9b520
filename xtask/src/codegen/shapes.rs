//! The fields of every message as data, for what has to be known before a message is decoded.

use std::fmt::Write as _;
use std::ops::RangeFrom;

use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind};

use super::names::rust_type;

/// The file with the shapes of all messages of ours.
pub(super) fn file(pool: &DescriptorPool) -> Result<String, String> {
    let mut messages: Vec<_> = super::messages(pool).collect();
    messages.sort_by(|left, right| left.full_name().cmp(right.full_name()));
    let mut code = String::from("use crate::wire::{Described, Part, Shape};\n");
    let mut all = String::new();
    for message in messages {
        let rust = rust_type(&message);
        _ = writeln!(all, "    (\"{}\", <{rust} as Described>::SHAPE),", message.full_name());
        // Written by hand beside its type.
        if message.full_name() == "mezon.realtime.UserPresence" {
            continue;
        }
        let mut fields: Vec<_> = message.fields().collect();
        fields.sort_by_key(FieldDescriptor::number);
        _ = writeln!(code, "\nimpl Described for {rust} {{");
        _ = writeln!(code, "    const SHAPE: &'static Shape = &Shape::new(&[");
        let mut lists = 0..;
        for field in fields {
            _ = writeln!(code, "        {},", part(&field, &mut lists)?);
        }
        _ = writeln!(code, "    ]);\n}}");
    }
    _ = write!(
        code,
        "\n/// All of them, by name.\n#[cfg(test)]\npub(crate) const ALL: &[(&str, &Shape)] = &[\n{all}];\n"
    );
    Ok(code)
}

/// The expression for one field. `lists` numbers the lists of its message.
fn part(field: &FieldDescriptor, lists: &mut RangeFrom<usize>) -> Result<String, String> {
    let number = field.number();
    let list = if field.is_list() || field.is_map() { lists.next().unwrap_or_default() } else { 0 };
    if let Kind::Message(entry) = field.kind()
        && field.is_map()
    {
        let [key, value] = [entry.map_entry_key_field(), entry.map_entry_value_field()];
        let types = [scalar_type(&key)?, scalar_type(&value)?].join(", ");
        let entry = [part(&key, lists)?, part(&value, lists)?].join(", ");
        return Ok(format!("Part::map::<{types}>({number}, &Shape::new(&[{entry}]), {list})"));
    }
    let part = match field.kind() {
        Kind::Message(message) => format!("Part::message::<{}>({number})", rust_type(&message)),
        Kind::String => format!("Part::text({number})"),
        Kind::Bytes => format!("Part::bytes({number})"),
        Kind::Bool | Kind::Int32 | Kind::Uint32 | Kind::Int64 | Kind::Uint64 | Kind::Enum(_) => {
            format!("Part::varint({number})")
        }
        other => return Err(format!("{}: no field of the protocol was ever a {other:?}", field.full_name())),
    };
    if field.is_list() { Ok(format!("{part}.list::<{}>({list})", scalar_type(field)?)) } else { Ok(part) }
}

/// The Rust type of one element of a field.
fn scalar_type(field: &FieldDescriptor) -> Result<String, String> {
    Ok(match field.kind() {
        Kind::Message(message) => rust_type(&message),
        Kind::String => "String".to_owned(),
        Kind::Bytes => "bytes::Bytes".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Int32 | Kind::Enum(_) => "i32".to_owned(),
        Kind::Uint32 => "u32".to_owned(),
        Kind::Int64 => "i64".to_owned(),
        Kind::Uint64 => "u64".to_owned(),
        other => return Err(format!("{}: no field of the protocol was ever a {other:?}", field.full_name())),
    })
}
