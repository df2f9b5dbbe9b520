//! The arm table: what each message of the envelope is called and numbered.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};

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
    let mut code = String::from("use crate::wire::{Arm, InChannel};\n");
    let (mut names, mut channels) = (String::new(), BTreeMap::<_, Vec<_>>::new());
    for Arm { number, name, message } in arms {
        let rust = rust_type(message);
        _ = writeln!(code, "\nimpl Arm for {rust} {{");
        _ = writeln!(code, "    const NUMBER: u32 = {number};\n    const NAME: &'static str = \"{name}\";\n}}");
        _ = writeln!(code, "\n/// The number of `Envelope.{name}`.");
        _ = writeln!(code, "pub const {}_FIELD: u32 = {number};", name.to_ascii_uppercase());
        _ = writeln!(names, "        {number} => \"{name}\",");
        let path = channel_path(message);
        if !path.is_empty() {
            _ = writeln!(code, "\nimpl InChannel for {rust} {{}}");
            channels.entry(path).or_default().push(number.to_string());
        }
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
    code.push_str(
        "\n/// Where a message with this number names its channel: the fields on the way there. Empty when it names none.\n\
         pub(crate) fn channel_path(number: u32) -> &'static [u32] {\n    match number {\n",
    );
    for (path, numbers) in channels {
        _ = writeln!(code, "        {} => &{path:?},", numbers.join(" | "));
    }
    code.push_str("        _ => &[],\n    }\n}\n");
    Ok(code)
}

/// What a message calls the channel that it is about.
const CHANNEL: [&str; 3] = ["channel_id", "voice_channel_id", "streaming_channel_id"];

/// What it calls the part that names the channel, if it does not do so itself.
const PARTS: [&str; 2] = ["channel_desc", "message"];

/// Where a message names its channel: the numbers of the fields on the way there. Empty when it names none.
fn channel_path(message: &MessageDescriptor) -> Vec<u32> {
    let single = |message: &MessageDescriptor, name: &str| message.get_field_by_name(name).filter(|it| !it.is_list());
    let own = |message: &MessageDescriptor| CHANNEL.iter().find_map(|name| single(message, name));
    if let Some(field) = own(message) {
        return vec![field.number()];
    }
    let within = |part: FieldDescriptor| Some(vec![part.number(), own(part.kind().as_message()?)?.number()]);
    PARTS.iter().find_map(|name| single(message, name).and_then(within)).unwrap_or_default()
}
