//! What a JWT says about itself.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mezon_model::UserId;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::Secret;

/// The claims of a JWT that clients read. They are read and never trusted: no signature is checked here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    user_id: Option<UserId>,
    username: Option<String>,
    expires_at: Option<u64>,
    issued_at: Option<u64>,
    vars: BTreeMap<String, String>,
}

impl Claims {
    /// Reads the claims of `token`. `None`: it is no JWT of three parts (RFC 7515 section 3.1), or its payload is no
    /// JSON object. A claim of an unexpected type counts as absent. Padding (`=`), which the RFC forbids, does no harm.
    pub fn read(token: &Secret) -> Option<Self> {
        let token = token.expose();
        if token.split('.').count() != 3 {
            return None;
        }
        let unpadded = token.contains('=').then(|| Zeroizing::new(token.replace('=', "")));
        let token = unpadded.as_ref().map_or(token, |unpadded| unpadded.as_str());
        // The header is not read: what signs the token is the server's business.
        let claims: Map<String, Value> = jsonwebtoken::dangerous::insecure_decode_claims(token).ok()?;
        Some(Self {
            user_id: claims.get("uid").and_then(id).map(UserId::new),
            username: claims.get("usn").and_then(Value::as_str).map(str::to_owned),
            expires_at: claims.get("exp").and_then(seconds),
            issued_at: claims.get("iat").and_then(seconds),
            vars: claims.get("vrs").map(vars).unwrap_or_default(),
        })
    }

    /// The user (`uid`).
    pub fn user_id(&self) -> Option<UserId> {
        self.user_id
    }

    /// The user's name (`usn`).
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// The end of the token's life (`exp`, RFC 7519 section 4.1.4).
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at.and_then(at)
    }

    /// The start of the token's life (`iat`, RFC 7519 section 4.1.6).
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.issued_at.and_then(at)
    }

    /// The variables of the session (`vrs`), which a refresh sends back.
    pub fn vars(&self) -> &BTreeMap<String, String> {
        &self.vars
    }
}

/// Ids are 63-bit numbers, as JSON number or as text: never through a float.
fn id(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// RFC 7519 allows fractions of a second.
fn seconds(value: &Value) -> Option<u64> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = |float: f64| (0.0..1e15).contains(&float).then_some(float as u64);
    value.as_u64().or_else(|| value.as_f64().and_then(whole)).or_else(|| value.as_str()?.parse().ok())
}

fn at(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn vars(value: &Value) -> BTreeMap<String, String> {
    let mut vars = BTreeMap::new();
    // One by one: to collect into a map is to sort, and brings all of the standard library's sorting along.
    for (key, value) in value.as_object().into_iter().flatten() {
        if let Some(value) = value.as_str() {
            vars.insert(key.clone(), value.to_owned());
        }
    }
    vars
}

#[cfg(test)]
mod tests;
