//! `Debug` of messages that carry credentials.
//!
//! A field is marked in its `.proto` file with the standard option `debug_redact`. Messages with such a field get a
//! `Debug` of their own, which prints `<redacted>` in place of the value.

use std::fmt::Write as _;

use protox::prost_reflect::{DescriptorPool, FieldDescriptor, MessageDescriptor};

use super::names::type_name;

/// All messages with a marked field, in the order of their names.
pub(crate) fn redacted_messages(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    let mut messages: Vec<_> =
        pool.all_messages().filter(|message| message.fields().any(|field| is_redacted(&field))).collect();
    messages.sort_by(|left, right| left.full_name().cmp(right.full_name()));
    messages
}

/// Whether a field is marked as one that no log may show.
pub(crate) fn is_redacted(field: &FieldDescriptor) -> bool {
    field.options().get_field_by_name("debug_redact").and_then(|value| value.as_bool()).unwrap_or_default()
}

/// The implementation for one message, as it stands behind the code that prost generates.
///
/// The message is taken apart without `..`, so that code which has fallen behind its message does not compile.
pub(crate) fn debug_impl(message: &MessageDescriptor) -> Result<String, String> {
    if message.parent_message().is_some() {
        return Err(format!("{}: debug_redact is not supported in nested messages", message.full_name()));
    }
    let name = type_name(message.name());
    let mut bindings = String::new();
    let mut entries = String::new();
    for field in message.fields() {
        if field.containing_oneof().is_some() {
            return Err(format!("{}: debug_redact is not supported beside a oneof", message.full_name()));
        }
        let label = field.name();
        let rust = if label == "type" { "r#type" } else { label };
        if is_redacted(&field) {
            _ = write!(bindings, "{rust}: _, ");
            _ = write!(entries, "\n            .field(\"{label}\", &::core::format_args!(\"<redacted>\"))");
        } else {
            _ = write!(bindings, "{rust}, ");
            _ = write!(entries, "\n            .field(\"{label}\", {rust})");
        }
    }
    let bindings = bindings.trim_end_matches(", ");
    Ok(format!(
        "
/// Prints `<redacted>` in place of credentials.
impl ::core::fmt::Debug for {name} {{
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {{
        let Self {{ {bindings} }} = self;
        f.debug_struct(\"{name}\"){entries}
            .finish()
    }}
}}
"
    ))
}
