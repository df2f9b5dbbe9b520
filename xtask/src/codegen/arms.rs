//! The arm table: what each message of the envelope is called and numbered.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use protox::prost_reflect::{DescriptorPool, Kind, MessageDescriptor};

use super::names::rust_type;

/// One message of the envelope.
pub(crate) struct Arm {
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) message: MessageDescriptor,
}

/// All arms, by number.
pub(crate) fn arms(pool: &DescriptorPool) -> Result<Vec<Arm>, String> {
    let envelope = pool.get_message_by_name("mezon.realtime.Envelope").ok_or("proto/ has no Envelope")?;
    let oneof = envelope.oneofs().find(|oneof| oneof.name() == "message").ok_or("the envelope has no oneof")?;
    let mut arms = Vec::new();
    let mut types = BTreeMap::new();
    for field in oneof.fields() {
        let Kind::Message(message) = field.kind() else { return Err(format!("{}: not a message", field.full_name())) };
        if let Some(other) = types.insert(message.full_name().to_owned(), field.name().to_owned()) {
            return Err(format!("{other} and {} share a type, which can then not tell its arm", field.name()));
        }
        arms.push(Arm { number: field.number(), name: field.name().to_owned(), message });
    }
    arms.sort_by_key(|arm| arm.number);
    Ok(arms)
}

/// The file with the whole table.
pub(super) fn file(arms: &[Arm]) -> Result<String, String> {
    let (Some(first), Some(last)) = (arms.first(), arms.last()) else { return Err("the envelope is empty".to_owned()) };
    let mut code = String::from("use crate::wire::Arm;\n");
    let mut names = String::new();
    for Arm { number, name, message } in arms {
        let rust = rust_type(message);
        _ = writeln!(code, "\nimpl Arm for {rust} {{");
        _ = writeln!(code, "    const NUMBER: u32 = {number};\n    const NAME: &'static str = \"{name}\";\n}}");
        _ = writeln!(code, "\n/// The number of `Envelope.{name}`.");
        _ = writeln!(code, "pub const {}_FIELD: u32 = {number};", name.to_ascii_uppercase());
        _ = writeln!(names, "        {number} => \"{name}\",");
    }
    if usize::try_from(last.number - first.number + 1) != Ok(arms.len()) {
        return Err("the numbers of the arms have a hole: `KNOWN` has to become a list".to_owned());
    }
    _ = write!(
        code,
        "\n/// The numbers of all of them.\npub(crate) const KNOWN: std::ops::RangeInclusive<u32> = {}..={};\n\
         \n/// The name of the arm with this number.\npub(crate) fn name(number: u32) -> Option<&'static str> {{\n    \
         Some(match number {{\n{names}        _ => return None,\n    }})\n}}\n",
        first.number, last.number
    );
    Ok(code)
}
