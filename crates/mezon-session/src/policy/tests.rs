use super::*;
use crate::{
    EndpointErrorKind::{Insecure, Untrusted},
    ErrorClass,
};

fn endpoint(text: &str) -> Endpoint {
    Endpoint::parse(text, true).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn policy(login: &str) -> EndpointPolicy {
    EndpointPolicy::for_login(&endpoint(login))
}

/// `ok`, `insecure` or `untrusted`.
fn verdict(policy: &EndpointPolicy, text: &str) -> &'static str {
    match policy.check(&endpoint(text)).map_err(|error| error.into_parts().0) {
        Ok(()) => "ok",
        Err(Insecure { .. }) => "insecure",
        Err(Untrusted { .. }) => "untrusted",
        Err(other) => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_login_trusts_its_own_domain() {
    // (login, address, verdict)
    let rows = [
        ("https://gw.mezon.ai", "https://gw.mezon.ai", "ok"),
        ("https://gw.mezon.ai", "https://gw.mezon.ai:7350", "ok"),
        ("https://gw.mezon.ai", "gw.mezon.ai.", "ok"),
        ("https://gw.mezon.ai", "GW.MEZON.AI", "ok"),
        ("https://gw.mezon.ai", "sock.mezon.ai:443", "ok"),
        ("https://gw.mezon.ai", "wss://sock.mezon.ai", "ok"),
        ("https://gw.mezon.ai", "a.b.mezon.ai", "ok"),
        ("https://gw.mezon.ai", "mezon.ai", "ok"),
        ("https://gw.mezon.ai", "evilmezon.ai", "untrusted"),
        ("https://gw.mezon.ai", "gw-mezon.ai", "untrusted"),
        ("https://gw.mezon.ai", "mezon.ai.evil.com", "untrusted"),
        ("https://gw.mezon.ai", "gw.mezon.ai.evil.com", "untrusted"),
        ("https://gw.mezon.ai", "mezon.ai.", "ok"),
        ("https://gw.mezon.ai", "mezon.com", "untrusted"),
        ("https://gw.mezon.ai", "ai", "untrusted"),
        ("https://gw.mezon.ai", "evil.ai", "untrusted"),
        ("https://gw.mezon.ai", "mezon.ai-evil.com", "untrusted"),
        ("https://gw.mezon.ai", "xn--mzon-dma.ai", "untrusted"),
        ("https://gw.mezon.ai", "evil.com/gw.mezon.ai", "untrusted"),
        ("https://gw.mezon.ai", "evil.com?gw.mezon.ai", "untrusted"),
        ("https://gw.mezon.ai", "evil.com#gw.mezon.ai", "untrusted"),
        ("https://gw.mezon.ai", "localhost", "untrusted"),
        ("https://gw.mezon.ai", "127.0.0.1", "untrusted"),
        ("https://gw.mezon.ai", "[::1]", "untrusted"),
        ("https://gw.mezon.ai", "[::ffff:127.0.0.1]", "untrusted"),
        ("https://gw.mezon.ai", "10.0.0.1", "untrusted"),
        ("https://gw.mezon.ai", "169.254.169.254", "untrusted"),
        ("https://gw.mezon.ai", "192.168.1.1", "untrusted"),
        ("https://gw.mezon.ai", "[fe80::1]", "untrusted"),
        ("https://gw.mezon.ai", "1.1.1.1", "untrusted"),
        ("https://gw.mezon.ai", "metadata", "untrusted"),
        ("https://mezon.ai", "mezon.ai", "ok"),
        ("https://mezon.ai", "gw.mezon.ai", "ok"),
        ("https://mezon.ai", "other.ai", "untrusted"),
        ("https://mezon.ai", "ai", "untrusted"),
        ("https://gw.dev.mezon.ai", "sock.dev.mezon.ai", "ok"),
        ("https://gw.dev.mezon.ai", "sock.mezon.ai", "untrusted"),
        // Nobody owns `co.uk`.
        ("https://mezon.co.uk", "mezon.co.uk", "ok"),
        ("https://mezon.co.uk", "gw.mezon.co.uk", "ok"),
        ("https://mezon.co.uk", "evil.co.uk", "untrusted"),
        ("https://gw.mezon.co.uk", "sock.mezon.co.uk", "ok"),
        ("https://mezon.com.vn", "evil.com.vn", "untrusted"),
        ("https://mezon.gob.mx", "evil.gob.mx", "untrusted"),
        // One name, one address, this machine: that very host on any port.
        ("https://10.0.0.5:7350", "10.0.0.5:443", "ok"),
        ("https://10.0.0.5", "10.0.0.6", "untrusted"),
        ("https://10.0.0.5", "0.0.5", "malformed"),
        ("https://[2001:db8::1]", "[2001:db8:0::1]:8443", "ok"),
        ("https://[2001:db8::1]", "[2001:db8::2]", "untrusted"),
        ("https://localhost:7350", "localhost:7351", "ok"),
        ("https://localhost", "127.0.0.1", "untrusted"),
        ("https://localhost", "evil.localhost", "untrusted"),
        ("https://gateway", "gateway:8443", "ok"),
        ("https://gateway", "evil.gateway", "untrusted"),
        // No step back from TLS, not even on this machine.
        ("https://gw.mezon.ai", "http://gw.mezon.ai", "insecure"),
        ("https://gw.mezon.ai", "ws://sock.mezon.ai", "insecure"),
        ("https://gw.mezon.ai", "http://evil.com", "insecure"),
        ("https://localhost", "http://localhost", "insecure"),
        ("http://127.0.0.1:7350", "http://127.0.0.1:7350", "ok"),
        ("http://127.0.0.1:7350", "ws://127.0.0.1:7351", "ok"),
        ("http://127.0.0.1:7350", "https://127.0.0.1:7350", "ok"),
        ("http://127.0.0.1:7350", "http://127.0.0.2:7350", "untrusted"),
        ("http://127.0.0.1:7350", "http://10.0.0.1", "insecure"),
        ("http://localhost:7350", "ws://localhost:7350", "ok"),
        ("http://[::1]:7350", "http://[::1]:7351", "ok"),
        ("http://gw.example.org", "http://gw.example.org", "insecure"),
    ];
    for (login, address, expected) in rows {
        let found =
            if Endpoint::parse(address, true).is_err() { "malformed" } else { verdict(&policy(login), address) };
        assert_eq!(found, expected, "login at {login}, then {address}");
    }
}

#[test]
fn plain_beyond_this_machine_takes_leave_and_a_plain_login() {
    let open = policy("http://gw.example.org").allow_insecure();
    assert_eq!(verdict(&open, "http://gw.example.org:7350"), "ok");
    assert_eq!(verdict(&open, "ws://sock.example.org"), "ok");
    assert_eq!(verdict(&open, "http://evil.com"), "untrusted");
    assert_eq!(verdict(&policy("https://gw.example.org").allow_insecure(), "http://gw.example.org"), "insecure");

    assert!(policy("http://127.0.0.1").check_login().is_ok());
    assert!(policy("https://gw.example.org").check_login().is_ok());
    assert!(open.check_login().is_ok());
    let error = policy("http://gw.example.org").check_login().unwrap_err();
    assert_eq!(error.kind(), &Insecure { host: "gw.example.org".to_owned() });
}

#[test]
fn added_hosts_are_trusted_with_what_is_under_them() {
    for suffix in ["example.net", ".example.net", "*.example.net", "EXAMPLE.net."] {
        let policy = policy("https://gw.mezon.ai").allow_host_suffix(suffix).unwrap();
        assert_eq!(verdict(&policy, "api.example.net"), "ok");
        assert_eq!(verdict(&policy, "example.net:8443"), "ok");
        assert_eq!(verdict(&policy, "evilexample.net"), "untrusted");
        assert_eq!(verdict(&policy, "gw.mezon.ai"), "ok");
        assert_eq!(verdict(&policy, "http://api.example.net"), "insecure");
    }
    let exact = policy("https://gw.mezon.ai").allow_host_suffix("10.0.0.5").unwrap();
    assert_eq!(verdict(&exact, "10.0.0.5"), "ok");
    let exact = exact.allow_host_suffix("::1").unwrap().allow_host_suffix("gateway").unwrap();
    assert_eq!((verdict(&exact, "[::1]"), verdict(&exact, "gateway")), ("ok", "ok"));
    assert_eq!(verdict(&exact, "evil.gateway"), "untrusted");
    for bad in
        ["", "*", ".", "*.", "https://example.net", "example.net:443", "example.net/x", "a@example.net", "exa mple"]
    {
        let error = policy("https://gw.mezon.ai").allow_host_suffix(bad).unwrap_err();
        assert_eq!(error.kind(), &EndpointErrorKind::InvalidHost, "{bad:?}");
    }
}

#[test]
fn hosts_for_uploads_get_no_token() {
    let policy = policy("https://gw.mezon.ai").allow_upload_suffix("store.example.net").unwrap();
    let upload = |text| policy.check_upload(&endpoint(text)).is_ok();
    assert!(upload("https://bucket.store.example.net/key?X-Amz-Signature=s"));
    assert!(upload("https://cdn.mezon.ai/key"));
    assert!(!upload("http://bucket.store.example.net/key"));
    assert!(!upload("https://example.net/key"));
    assert_eq!(verdict(&policy, "https://bucket.store.example.net"), "untrusted");
}

#[test]
fn errors_name_the_host_and_nothing_else() {
    let error = policy("https://gw.mezon.ai").check(&endpoint("https://evil.com/canary?canary")).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert!(error.to_string().starts_with("evil.com is neither"), "{error}");
    assert!(!format!("{error:#} {error:?}").contains("canary"));
}
