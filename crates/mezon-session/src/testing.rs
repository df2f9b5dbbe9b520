//! Tokens and sessions made up for tests.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::{Secret, Session, SessionUpdate};

/// A JWT with these claims and a signature of nonsense.
pub(crate) fn jwt(claims: &Value) -> Secret {
    jwt_of(claims.to_string().as_bytes())
}

/// A JWT with any payload.
pub(crate) fn jwt_of(payload: &[u8]) -> Secret {
    let header = BASE64URL_NOPAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    Secret::new(format!("{header}.{}.c2lnbmF0dXJl", BASE64URL_NOPAD.encode(payload)))
}

/// User 7, with a token that lives from `iat` (if given) to `exp`.
pub(crate) fn session(iat: Option<u64>, exp: u64) -> Session {
    let mut claims = json!({"uid": "7", "usn": "linh", "exp": exp});
    if let Some(iat) = iat {
        claims["iat"] = iat.into();
    }
    Session::new(SessionUpdate {
        token: Some(jwt(&claims)),
        refresh_token: Some("opaque-refresh-token".into()),
        api_url: Some("https://gw.mezon.ai".into()),
        ws_url: Some("sock.mezon.ai".into()),
        ..SessionUpdate::default()
    })
    .unwrap()
}
