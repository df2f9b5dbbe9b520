//! A session that is used at another gateway than the one that it came from.

use std::sync::Arc;

use mezon_light::{FileStore, Session, SessionStore, StagedSave, StoreError, StoreLock};
use serde_json::Value;

/// A session file whose session goes to another gateway for as long as this command runs. In the file it keeps its
/// addresses.
pub(super) struct Redirect {
    file: Arc<FileStore>,
    gateway: String,
}

impl Redirect {
    pub(super) fn new(file: Arc<FileStore>, gateway: &str) -> Self {
        Self { file, gateway: gateway.to_owned() }
    }

    /// `session`, with its calls and its socket at the gateway.
    pub(super) fn there(&self, session: &Session) -> Session {
        with_addresses(session, [("api_url", Some(&self.gateway)), ("ws_url", None), ("tcp_url", None)])
    }
}

impl SessionStore for Redirect {
    fn load(&self) -> Result<Option<Session>, StoreError> {
        Ok(self.file.load()?.map(|session| self.there(&session)))
    }

    fn save(&self, session: &Session) -> Result<(), StoreError> {
        self.file.save(&back(session, self.file.load()?.as_ref()))
    }

    fn stage(&self) -> Result<StagedSave, StoreError> {
        let (staged, before) = (self.file.stage()?, self.file.load()?);
        let file = Arc::clone(&self.file);
        Ok(StagedSave::new(move |session| staged.commit(&*file, &back(session, before.as_ref()))))
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.file.clear()
    }

    fn lock(&self) -> Result<StoreLock, StoreError> {
        self.file.lock()
    }
}

/// `session`, with the addresses that the stored one has.
fn back(session: &Session, stored: Option<&Session>) -> Session {
    let Some(stored) = stored else { return session.clone() };
    let addresses = [("api_url", stored.api_url()), ("ws_url", stored.ws_url()), ("tcp_url", stored.tcp_url())];
    with_addresses(session, addresses)
}

/// Whether `gateway` is on the session's host, but at another port: that of an emulator that was started again.
pub(super) fn is_other_port(session: &Session, gateway: &str) -> bool {
    let Some((session, gateway)) = session.api_url().and_then(authority).zip(authority(gateway)) else { return false };
    let host = |authority: &str| authority.rsplit_once(':').map_or(authority.to_owned(), |(host, _)| host.to_owned());
    host(&session) == host(&gateway) && session != gateway
}

/// The host and port of an address.
fn authority(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let port = if matches!(scheme, "https" | "wss") { 443 } else { 80 };
    Some(if has_port { authority } else { format!("{authority}:{port}") })
}

/// `session` with these addresses instead of its own, by way of the form in which sessions are exported.
fn with_addresses<S: AsRef<str>>(session: &Session, addresses: [(&str, Option<S>); 3]) -> Session {
    let Ok(Value::Object(mut export)) = serde_json::from_str(&session.export()) else { return session.clone() };
    for (key, address) in addresses {
        match address {
            Some(address) => export.insert(key.to_owned(), address.as_ref().into()),
            // This key is always there.
            None if key == "api_url" => export.insert(key.to_owned(), "".into()),
            None => export.remove(key),
        };
    }
    Session::restore(&Value::Object(export).to_string()).unwrap_or_else(|_| session.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(api_url: &str, ws_url: &str) -> Session {
        let text = format!(
            r#"{{"token":"t","refresh_token":"r","api_url":"{api_url}","ws_url":"{ws_url}","user_id":"1001"}}"#
        );
        Session::restore(&text).unwrap()
    }

    #[test]
    fn the_file_keeps_the_addresses_that_the_session_came_with() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = Arc::new(FileStore::new(folder.path().join("s.json")));
        file.save(&session("https://dc1.mezon.ai", "wss://ws1.mezon.ai")).unwrap();
        let redirect = Redirect::new(Arc::clone(&file), "http://127.0.0.1:7350");
        let there = redirect.load().unwrap().unwrap();
        assert_eq!((there.api_url(), there.ws_url()), (Some("http://127.0.0.1:7350"), None));
        assert_eq!(there.token().expose(), "t");

        redirect.save(&there).unwrap();
        redirect.stage().unwrap().commit(&redirect, &there).unwrap();
        let kept = file.load().unwrap().unwrap();
        assert_eq!((kept.api_url(), kept.ws_url()), (Some("https://dc1.mezon.ai"), Some("wss://ws1.mezon.ai")));
        assert_eq!(kept.refresh_token().unwrap().expose(), "r");
    }

    #[test]
    fn another_port_of_the_same_host_is_another_gateway() {
        for (api_url, gateway, other) in [
            ("http://127.0.0.1:7350", "http://127.0.0.1:7351", true),
            ("http://127.0.0.1:7350", "http://127.0.0.1:7350/", false),
            ("https://gw.mezon.ai", "https://GW.mezon.ai:443", false),
            ("https://gw.mezon.ai", "https://gw.mezon.ai:8443", true),
            ("https://dc1.mezon.ai", "https://gw.mezon.ai", false),
            ("http://[::1]:7350", "http://[::1]:7351", true),
        ] {
            assert_eq!(is_other_port(&session(api_url, ""), gateway), other, "{api_url} {gateway}");
        }
    }
}
