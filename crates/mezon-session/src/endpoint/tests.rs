use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::SessionUpdate;
use crate::testing::jwt;

fn kind(text: &str) -> EndpointErrorKind {
    Endpoint::parse(text, true).unwrap_err().into_parts().0
}

#[test]
fn addresses_in_all_known_forms_are_read() {
    // (text, HTTP origin); TLS unless the scheme says otherwise.
    let rows = [
        ("gw.mezon.ai", "https://gw.mezon.ai"),
        ("gw.mezon.ai:443", "https://gw.mezon.ai"),
        ("gw.mezon.ai:7350", "https://gw.mezon.ai:7350"),
        ("gw.mezon.ai/", "https://gw.mezon.ai"),
        ("gw.mezon.ai:", "https://gw.mezon.ai"),
        ("https://gw.mezon.ai", "https://gw.mezon.ai"),
        ("https://gw.mezon.ai:", "https://gw.mezon.ai"),
        ("https://gw.mezon.ai:/", "https://gw.mezon.ai"),
        ("https://gw.mezon.ai:80", "https://gw.mezon.ai:80"),
        ("http://gw.mezon.ai", "http://gw.mezon.ai"),
        ("http://gw.mezon.ai:443", "http://gw.mezon.ai:443"),
        ("http://gw.mezon.ai:080", "http://gw.mezon.ai"),
        ("wss://sock.mezon.ai/ws?token=x", "https://sock.mezon.ai"),
        ("ws://sock.mezon.ai:7350", "http://sock.mezon.ai:7350"),
        ("WSS://SOCK.Mezon.AI", "https://sock.mezon.ai"),
        ("gw.mezon.ai.", "https://gw.mezon.ai"),
        ("https://cdn.mezon.ai/a/b?X-Amz-Signature=s#f", "https://cdn.mezon.ai"),
        ("https://cdn.mezon.ai?u=http://x@y", "https://cdn.mezon.ai"),
        ("cdn.mezon.ai/?u=http://evil.example", "https://cdn.mezon.ai"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://my_gateway:8080", "https://my_gateway:8080"),
        ("localhost:7350", "https://localhost:7350"),
        ("http://127.0.0.1:7350", "http://127.0.0.1:7350"),
        ("http://[::1]:7350", "http://[::1]:7350"),
        ("[::1]", "https://[::1]"),
        ("https://[2001:DB8:0:0::1]:", "https://[2001:db8::1]"),
        ("https://1.example.org", "https://1.example.org"),
    ];
    for (text, origin) in rows {
        let endpoint = Endpoint::parse(text, true).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(endpoint.http_origin(), origin, "{text}");
        assert_eq!(endpoint.to_string(), origin, "{text}");
        assert_eq!(endpoint.ws_origin(), origin.replacen("http", "ws", 1), "{text}");
    }
}

#[test]
fn an_address_without_scheme_takes_the_default() {
    let plain = Endpoint::parse("127.0.0.1", false).unwrap();
    assert_eq!((plain.is_secure(), plain.port(), plain.host()), (false, 80, "127.0.0.1"));
    assert!(Endpoint::parse("wss://127.0.0.1", false).unwrap().is_secure());
}

#[test]
fn what_is_no_address_is_refused_by_kind() {
    use EndpointErrorKind::{InvalidHost, InvalidPort, UnknownScheme, UserInfo};
    let label = "a".repeat(64);
    let long = format!("{}a", "a.".repeat(127));
    let rows = [
        ("", InvalidHost),
        ("https://", InvalidHost),
        ("https:///path", InvalidHost),
        ("https://:443", InvalidHost),
        (".", InvalidHost),
        ("https://.mezon.ai", InvalidHost),
        ("https://gw..mezon.ai", InvalidHost),
        ("https://gw.mezon.ai..", InvalidHost),
        (" https://gw.mezon.ai", UnknownScheme),
        ("https:// gw.mezon.ai", InvalidHost),
        ("gw.mezon.ai ", InvalidHost),
        ("gw.mezon.ai\n", InvalidHost),
        ("https://gw.mezon.ai\r\nHost: evil.example", InvalidHost),
        ("https://gw.mezon.ai\t", InvalidHost),
        ("https://gw.mezon.ai\0", InvalidHost),
        ("https://gw.mezon.ai%2eevil.example", InvalidHost),
        ("https://evil.example\\.mezon.ai", InvalidHost),
        ("https://bücher.example", InvalidHost),
        ("https://gw。mezon。ai", InvalidHost),
        ("https://gw.mezon.ai\u{200b}", InvalidHost),
        ("https://2130706433", InvalidHost),
        ("https://0x7f000001", InvalidHost),
        ("https://0x7f.0.0.1", InvalidHost),
        ("https://0177.0.0.1", InvalidHost),
        ("https://127.1", InvalidHost),
        ("https://127.0.0.0x1", InvalidHost),
        ("https://1.2.3.4.5", InvalidHost),
        ("https://256.0.0.1", InvalidHost),
        ("https://::1", InvalidHost),
        ("https://[::1", InvalidHost),
        ("https://[::1]x", InvalidHost),
        ("https://[fe80::1%25eth0]", InvalidHost),
        ("https://[127.0.0.1]", InvalidHost),
        ("https://[]", InvalidHost),
        (label.as_str(), InvalidHost),
        (long.as_str(), InvalidHost),
        ("https://gw.mezon.ai:0", InvalidPort),
        ("https://gw.mezon.ai:65536", InvalidPort),
        ("https://gw.mezon.ai:+80", InvalidPort),
        ("https://gw.mezon.ai:-1", InvalidPort),
        ("https://gw.mezon.ai:443:443", InvalidPort),
        ("https://gw.mezon.ai:４43", InvalidPort),
        ("mailto:a", InvalidPort),
        ("ftp://gw.mezon.ai", UnknownScheme),
        ("://gw.mezon.ai", UnknownScheme),
        ("javascript://gw.mezon.ai", UnknownScheme),
        ("https://user@gw.mezon.ai", UserInfo),
        ("https://user:pass@gw.mezon.ai", UserInfo),
        ("https://gw.mezon.ai@evil.example", UserInfo),
        ("https://gw.mezon.ai:443@evil.example", UserInfo),
        ("https://@gw.mezon.ai", UserInfo),
        ("https://evil.example\\@gw.mezon.ai", UserInfo),
    ];
    for (text, expected) in rows {
        let expected_is_host = expected == InvalidHost;
        let found = kind(text);
        // `[::1` and an unbracketed IPv6 address may fail at either part.
        let either = expected_is_host && text.contains("::1") && found == InvalidPort;
        assert!(found == expected || either, "{text:?}: {found:?}");
    }
}

#[test]
fn errors_repeat_nothing_that_did_not_parse() {
    for text in ["canary://host/canary", "https://canary:canary@host/?canary", "https://ca nary/canary", "host:canary"]
    {
        let error = Endpoint::parse(text, true).unwrap_err();
        assert!(!format!("{error:#} {error:?}").contains("canary"), "{error}");
    }
}

#[test]
fn loopback_is_this_machine_only() {
    for text in ["localhost", "LOCALHOST.", "127.0.0.1", "127.255.0.3", "[::1]", "[::ffff:127.0.0.1]"] {
        assert!(Endpoint::parse(text, true).unwrap().is_loopback(), "{text}");
    }
    for text in
        ["localhost.mezon.ai", "notlocalhost", "0.0.0.0", "128.0.0.1", "10.0.0.1", "[::]", "[::2]", "127.mezon.ai"]
    {
        assert!(!Endpoint::parse(text, true).unwrap().is_loopback(), "{text}");
    }
}

fn session(api_url: Option<&str>, ws_url: Option<&str>) -> Session {
    Session::new(SessionUpdate {
        token: Some(jwt(&json!({"uid": 7}))),
        api_url: api_url.map(str::to_owned),
        ws_url: ws_url.map(str::to_owned),
        ..SessionUpdate::default()
    })
    .unwrap()
}

#[test]
fn the_socket_is_where_ws_url_says_or_on_the_api_host_or_the_gateway() {
    // (api_url, ws_url, gateway, socket origin)
    let rows = [
        (Some("https://api.mezon.ai"), Some("sock.mezon.ai"), "https://gw.mezon.ai", "wss://sock.mezon.ai"),
        (Some("https://api.mezon.ai:7350"), Some("sock.mezon.ai:443"), "https://gw.mezon.ai", "wss://sock.mezon.ai"),
        (Some("https://api.mezon.ai"), Some("wss://sock.mezon.ai/"), "https://gw.mezon.ai", "wss://sock.mezon.ai"),
        (Some("https://api.mezon.ai"), Some("ws://sock.mezon.ai"), "https://gw.mezon.ai", "ws://sock.mezon.ai"),
        (Some("https://api.mezon.ai:7350"), None, "https://gw.mezon.ai", "wss://api.mezon.ai:7350"),
        (None, Some("sock.mezon.ai"), "https://gw.mezon.ai", "wss://sock.mezon.ai"),
        (None, None, "https://gw.mezon.ai:8443", "wss://gw.mezon.ai:8443"),
        (None, Some("127.0.0.1:7351"), "http://127.0.0.1:7350", "ws://127.0.0.1:7351"),
        (Some("http://127.0.0.1:7350"), Some("127.0.0.1:7350"), "https://gw.mezon.ai", "ws://127.0.0.1:7350"),
        (Some("http://127.0.0.1:7350"), None, "http://127.0.0.1:1", "ws://127.0.0.1:7350"),
    ];
    for (api_url, ws_url, gateway, expected) in rows {
        let gateway = Endpoint::parse(gateway, true).unwrap();
        let session = session(api_url, ws_url);
        assert_eq!(session.ws_endpoint(&gateway).unwrap().ws_origin(), expected, "{api_url:?} {ws_url:?}");
    }
    assert_eq!(session(None, None).api_endpoint().unwrap(), None);
    assert!(session(Some("https://"), None).api_endpoint().is_err());
}

proptest! {
    #[test]
    fn any_text_is_an_endpoint_that_reads_back_or_an_error(
        text in prop_oneof![".*", "(https?://|wss?://)?[a-z0-9.:@\\[\\]x/-]{0,30}"], secure in any::<bool>()
    ) {
        if let Ok(endpoint) = Endpoint::parse(&text, secure) {
            prop_assert_eq!(Endpoint::parse(&endpoint.http_origin(), !secure).unwrap(), endpoint.clone());
            prop_assert_eq!(Endpoint::parse(&endpoint.ws_origin(), !secure).unwrap(), endpoint.clone());
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.:".contains(c);
            prop_assert!(endpoint.host().chars().all(plain), "{}", endpoint.host());
        }
    }
}
