//! Reading JSON values that other programs write loosely: a number as a string, a flag as a number, a
//! null for nothing. For `#[serde(deserialize_with = "…")]`.
//!
//! Ids are the exception: a wrong id is an error, because a guessed one would point at somebody else.

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;

use crate::id::UserId;

/// Text as it is; null as nothing; anything else as its JSON text, so that it is not lost.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    })
}

/// A whole number out of a number, a numeric string or a flag; 0 for anything else.
pub(crate) fn int64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        #[allow(clippy::cast_possible_truncation)] // `as` saturates, which is what is wanted here
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)).unwrap_or(0),
        Value::String(text) => text.trim().parse().unwrap_or(0),
        Value::Bool(flag) => i64::from(flag),
        _ => 0,
    })
}

/// [`int64`], cut to the range of an `i32`.
pub(crate) fn int32<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    let wide = int64(deserializer)?;
    Ok(i32::try_from(wide).unwrap_or(if wide < 0 { i32::MIN } else { i32::MAX }))
}

/// [`int64`], cut to the range of a `u32`.
pub(crate) fn uint32<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let wide = int64(deserializer)?;
    Ok(u32::try_from(wide).unwrap_or(if wide < 0 { 0 } else { u32::MAX }))
}

/// A flag, also written as a number or as text.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(flag) => flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => matches!(text.as_str(), "true" | "1"),
        _ => false,
    })
}

/// The id of a user; the text `here`, which old drafts and some lists carry, is [`UserId::HERE`].
pub(crate) fn user_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UserId, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(UserId::default()),
        Value::String(text) if text == "here" => Ok(UserId::HERE),
        other => UserId::deserialize(other).map_err(D::Error::custom),
    }
}

/// An id where another spelling of its key may hold the right one: nothing if it is no id.
pub(crate) fn maybe_id<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'any> Deserialize<'any>,
{
    Ok(T::deserialize(Value::deserialize(deserializer)?).ok())
}

/// The id among those that [`maybe_id`] has read under several spellings of a key: the first that is one, or else that says
/// there is none.
pub(crate) fn first_id<T: Copy + Default + PartialEq>(ids: [Option<T>; 3]) -> Result<T, &'static str> {
    let ids = || ids.into_iter().flatten();
    ids().find(|id| *id != T::default()).or_else(|| ids().next()).ok_or("there is no id")
}

/// An id; null is none.
///
/// # Errors
///
/// When the value is no id: a float, a number past 64 bits, other text.
pub(crate) fn id<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: for<'any> Deserialize<'any> + Default,
{
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(T::default()),
        other => T::deserialize(other).map_err(D::Error::custom),
    }
}
