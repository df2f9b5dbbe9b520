//! The request of `mez api`, out of an argument, a file or stdin, and single fields.

use std::path::PathBuf;

use prost_reflect::MessageDescriptor;
use serde_json::{Map, Value};

use super::Arguments;
use crate::exit::Failure;
use crate::protocol::assign;
use crate::text_input::read_text;

/// More than the server takes.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Reads `clan_id=7`.
pub(super) fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((field, value)) if !field.is_empty() => Ok((field.to_owned(), value.to_owned())),
        _ => Err("write it as FIELD=VALUE".to_owned()),
    }
}

/// The request: the whole of it, and over that the single fields.
pub(super) async fn request(arguments: &Arguments, descriptor: &MessageDescriptor) -> Result<Value, Failure> {
    let whole = match (&arguments.input, arguments.request.as_deref()) {
        (Some(path), _) => Some(file(path.clone()).await?),
        (None, Some("-")) => Some(file(PathBuf::from("-")).await?),
        (None, json) => json.map(str::to_owned),
    };
    let mut json = match whole {
        Some(text) => serde_json::from_str(&text)
            .map_err(|error| Failure::input("invalid_json", "the request is no JSON").because(&error))?,
        None => Value::Object(Map::new()),
    };
    if let Value::Object(request) = &mut json {
        for (field, value) in &arguments.field {
            assign(descriptor, request, field, value)?;
        }
    }
    Ok(json)
}

async fn file(path: PathBuf) -> Result<String, Failure> {
    let name = path.display().to_string();
    let text = read_text(path, LIMIT).await;
    text.map_err(|error| Failure::input("file", format!("cannot read the request from {name}")).because(&error))
}
