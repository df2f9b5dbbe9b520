//! The descriptors of the protocol: what `mez api` reads and writes messages by.

use protox::Compiler;
use protox::prost_reflect::prost::Message as _;
use protox::prost_reflect::{DescriptorPool, DynamicMessage, Value};

/// Where they are, seen from the root of the workspace: beside the code of the command, which alone links them.
pub(super) const PATH: &str = "crates/mezon-cli/src/protocol/mezon.binpb";

/// All files as a `FileDescriptorSet`, with their comments and without the places where things stand.
pub(super) fn file(compiler: &Compiler) -> Result<Vec<u8>, String> {
    let pool = DescriptorPool::global();
    let set = pool.get_message_by_name("google.protobuf.FileDescriptorSet").ok_or("no type for descriptors")?;
    let mut set = DynamicMessage::decode(set, compiler.encode_file_descriptor_set().as_slice())
        .map_err(|error| format!("cannot read the descriptors: {error}"))?;
    for file in messages(&mut set, "file") {
        // Google's own comments tell nothing about Mezon.
        if file.get_field_by_name("package").is_some_and(|package| package.as_str() == Some("google.protobuf")) {
            file.clear_field_by_name("source_code_info");
            continue;
        }
        let Some(Value::Message(info)) = file.get_field_by_name_mut("source_code_info") else { continue };
        if let Some(Value::List(locations)) = info.get_field_by_name_mut("location") {
            locations.retain_mut(|location| location.as_message_mut().is_some_and(keep_comment));
        }
    }
    Ok(set.encode_to_vec())
}

/// Takes everything from a location but its path and the comment above it. Whether there is one.
fn keep_comment(location: &mut DynamicMessage) -> bool {
    for field in ["span", "trailing_comments"] {
        location.clear_field_by_name(field);
    }
    ["leading_comments", "leading_detached_comments"].iter().any(|field| location.has_field_by_name(field))
}

fn messages<'a>(message: &'a mut DynamicMessage, field: &str) -> impl Iterator<Item = &'a mut DynamicMessage> {
    let list = message.get_field_by_name_mut(field).and_then(Value::as_list_mut);
    list.into_iter().flatten().filter_map(Value::as_message_mut)
}
