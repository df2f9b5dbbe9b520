//! Tokens: JWTs that the emulator signs and checks.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::hmac;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::snowflake::unix_ms;
use crate::town::people::User;

/// `{"alg":"HS256","typ":"JWT"}`, as it starts each token.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// How tokens are made.
#[derive(Debug, Clone)]
pub(crate) struct TokenSettings {
    pub(crate) lifetime: Duration,
    pub(crate) refresh_lifetime: Duration,
    /// A refresh token works once.
    pub(crate) rotate: bool,
    /// How long one is taken all the same after that.
    pub(crate) grace: Duration,
    /// Write the claim `uid` as a number in place of a text.
    pub(crate) numeric_uid: bool,
}

/// Signs and checks tokens and URLs.
pub(crate) struct Tokens {
    pub(crate) settings: TokenSettings,
    access: hmac::Key,
    refresh: hmac::Key,
    plain: hmac::Key,
    /// Access tokens up to this id count as expired, whatever they say.
    expired: AtomicI64,
    /// The same for refresh tokens.
    refresh_expired: AtomicI64,
    /// Ids of access tokens that were logged out.
    revoked: Mutex<HashSet<i64>>,
    /// `Session.session_id` and the access token it stands for. Not kept over a restart of the process.
    sessions: Mutex<HashMap<String, String>>,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) id: i64,
    pub(crate) user: i64,
    pub(crate) username: String,
    pub(crate) vars: BTreeMap<String, String>,
}

/// The two tokens of a session.
pub(crate) struct TokenPair {
    pub(crate) token: String,
    pub(crate) refresh_token: String,
    /// Names the refresh token in the storage.
    pub(crate) refresh_id: String,
    pub(crate) session_id: String,
}

/// A token was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenFault {
    Missing,
    Invalid,
    Expired,
}

impl Tokens {
    pub(crate) fn new(secret: &[u8; 32], settings: TokenSettings) -> Self {
        let master = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived =
            |purpose: &str| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&master, purpose.as_bytes()).as_ref());
        Self {
            settings,
            access: derived("access"),
            refresh: derived("refresh"),
            plain: derived("plain"),
            expired: AtomicI64::new(0),
            refresh_expired: AtomicI64::new(0),
            revoked: Mutex::default(),
            sessions: Mutex::default(),
        }
    }

    /// Makes the tokens of a session; `access_id` and `refresh_id` are new ids, which only grow.
    pub(crate) fn issue(
        &self,
        user: &User,
        access_id: i64,
        refresh_id: i64,
        vars: &BTreeMap<String, String>,
    ) -> TokenPair {
        let token = self.sign(&self.access, user, access_id, self.settings.lifetime, vars);
        let refresh_token = self.sign(&self.refresh, user, refresh_id, self.settings.refresh_lifetime, vars);
        let session_id = self.signature(&format!("session {access_id}"));
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, token| self.verify(token).is_ok());
        sessions.insert(session_id.clone(), token.clone());
        TokenPair { token, refresh_token, refresh_id: refresh_id.to_string(), session_id }
    }

    /// Checks an access token.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, TokenFault> {
        let claims = open(&self.access, token, self.expired.load(Ordering::Relaxed))?;
        if self.revoked.lock().unwrap_or_else(PoisonError::into_inner).contains(&claims.id) {
            return Err(TokenFault::Invalid);
        }
        Ok(claims)
    }

    /// Checks the signature and the time of a refresh token, not whether it was used.
    pub(crate) fn verify_refresh(&self, token: &str) -> Result<Claims, TokenFault> {
        open(&self.refresh, token, self.refresh_expired.load(Ordering::Relaxed))
    }

    /// Checks the token of a socket URL: an access token or a session id.
    pub(crate) fn verify_socket(&self, token: &str) -> Result<Claims, TokenFault> {
        let known = self.sessions.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned();
        self.verify(known.as_deref().unwrap_or(token))
    }

    pub(crate) fn revoke(&self, id: i64) {
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// From now on access tokens with ids up to `id` are expired.
    pub(crate) fn expire_up_to(&self, id: i64) {
        self.expired.fetch_max(id, Ordering::Relaxed);
    }

    /// From now on refresh tokens with ids up to `id` are expired.
    pub(crate) fn expire_refresh_up_to(&self, id: i64) {
        self.refresh_expired.fetch_max(id, Ordering::Relaxed);
    }

    /// A signature in hex over a text that says what it is for: of presigned URLs, and as session ids.
    pub(crate) fn signature(&self, text: &str) -> String {
        HEXLOWER.encode(hmac::sign(&self.plain, text.as_bytes()).as_ref())
    }

    fn sign(&self, key: &hmac::Key, user: &User, id: i64, life: Duration, vars: &BTreeMap<String, String>) -> String {
        let now = unix_ms();
        let expires = now.saturating_add(u64::try_from(life.as_millis()).unwrap_or(u64::MAX)) / 1000;
        let uid = if self.settings.numeric_uid { json!(user.id) } else { json!(user.id.to_string()) };
        let claims = json!({
            "tid": id.to_string(), "uid": uid, "usn": user.username, "vrs": vars, "exp": expires, "iat": now / 1000,
        });
        let signed = format!("{HEADER}.{}", BASE64URL_NOPAD.encode(claims.to_string().as_bytes()));
        let signature = hmac::sign(key, signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }
}

fn open(key: &hmac::Key, token: &str, expired_up_to: i64) -> Result<Claims, TokenFault> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Invalid)?;
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| TokenFault::Invalid)?;
    hmac::verify(key, signed.as_bytes(), &signature).map_err(|_| TokenFault::Invalid)?;
    // The signature is ours, so the payload is one that `sign` wrote.
    let payload = signed.split_once('.').map_or("", |(_, payload)| payload);
    let payload = BASE64URL_NOPAD.decode(payload.as_bytes()).map_err(|_| TokenFault::Invalid)?;
    let payload: Value = serde_json::from_slice(&payload).map_err(|_| TokenFault::Invalid)?;

    let claims = Claims {
        id: integer(payload.get("tid")).ok_or(TokenFault::Invalid)?,
        user: integer(payload.get("uid")).ok_or(TokenFault::Invalid)?,
        username: payload.get("usn").and_then(Value::as_str).unwrap_or_default().to_owned(),
        vars: payload.get("vrs").and_then(|vars| serde_json::from_value(vars.clone()).ok()).unwrap_or_default(),
    };
    let expires = payload.get("exp").and_then(Value::as_u64).unwrap_or_default();
    if expires <= unix_ms() / 1000 || claims.id <= expired_up_to {
        return Err(TokenFault::Expired);
    }
    Ok(claims)
}

/// An integer of a JSON document, written as a number or as text.
pub(crate) fn integer(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "authentication required",
            Self::Invalid => "invalid authentication token",
            Self::Expired => "authentication token has expired",
        })
    }
}

impl From<TokenFault> for Failure {
    fn from(fault: TokenFault) -> Self {
        Self::unauthenticated(fault.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(lifetime: u64, numeric_uid: bool) -> Tokens {
        let settings = TokenSettings {
            lifetime: Duration::from_secs(lifetime),
            refresh_lifetime: Duration::from_secs(60),
            rotate: true,
            grace: Duration::ZERO,
            numeric_uid,
        };
        Tokens::new(&[7; 32], settings)
    }

    fn user() -> User {
        User { id: 1_785_000_000_000_000_001, username: "thảo".to_owned(), ..User::default() }
    }

    fn issue(tokens: &Tokens, id: i64) -> TokenPair {
        tokens.issue(&user(), id, id + 1, &BTreeMap::from([("k".to_owned(), "v".to_owned())]))
    }

    #[test]
    fn a_token_says_who_signed_in() {
        for numeric in [false, true] {
            let tokens = tokens(60, numeric);
            let pair = issue(&tokens, 5);
            let claims = tokens.verify(&pair.token).unwrap();
            assert_eq!((claims.id, claims.user, claims.username.as_str()), (5, user().id, "thảo"));
            assert_eq!(claims.vars.get("k").map(String::as_str), Some("v"));
            assert_eq!(tokens.verify_refresh(&pair.refresh_token).unwrap().id, 6);
            assert_eq!(tokens.verify_socket(&pair.session_id).unwrap().user, user().id);
            assert_eq!(tokens.verify_socket(&pair.token).unwrap().user, user().id);

            let payload = BASE64URL_NOPAD.decode(pair.token.split('.').nth(1).unwrap().as_bytes()).unwrap();
            let payload: Value = serde_json::from_slice(&payload).unwrap();
            assert_eq!(payload["uid"].is_number(), numeric);
            let header = BASE64URL_NOPAD.decode(HEADER.as_bytes()).unwrap();
            assert_eq!(header, br#"{"alg":"HS256","typ":"JWT"}"#);
        }
    }

    #[test]
    fn the_two_kinds_are_not_exchangeable() {
        let tokens = tokens(60, false);
        let pair = issue(&tokens, 5);
        assert_eq!(tokens.verify(&pair.refresh_token), Err(TokenFault::Invalid));
        assert_eq!(tokens.verify_refresh(&pair.token), Err(TokenFault::Invalid));
    }

    #[test]
    fn a_changed_token_is_invalid() {
        let tokens = tokens(60, false);
        let token = issue(&tokens, 5).token;
        let (head, signature) = token.rsplit_once('.').unwrap();
        for bad in [String::new(), ".".to_owned(), "a.b.c".to_owned(), format!("{head}x.{signature}"), head.to_owned()]
        {
            assert_eq!(tokens.verify(&bad), Err(TokenFault::Invalid), "{bad}");
        }
    }

    #[test]
    fn tokens_expire_by_time_by_order_and_by_logout() {
        let short = tokens(0, false);
        assert_eq!(short.verify(&issue(&short, 5).token), Err(TokenFault::Expired));

        let tokens = tokens(60, false);
        let old = issue(&tokens, 5);
        tokens.expire_up_to(6);
        let new = issue(&tokens, 7);
        assert_eq!(tokens.verify(&old.token), Err(TokenFault::Expired));
        assert_eq!(tokens.verify_socket(&old.session_id), Err(TokenFault::Invalid), "pruned when the next was made");
        assert!(tokens.verify_refresh(&old.refresh_token).is_ok());
        tokens.expire_refresh_up_to(6);
        assert_eq!(tokens.verify_refresh(&old.refresh_token), Err(TokenFault::Expired));
        assert!(tokens.verify(&new.token).is_ok());
        tokens.revoke(7);
        assert_eq!(tokens.verify(&new.token), Err(TokenFault::Invalid));
    }
}
