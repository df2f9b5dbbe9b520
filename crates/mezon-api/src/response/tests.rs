use proptest::prelude::*;

use super::*;

fn error(body: &[u8]) -> (Option<i64>, Option<String>) {
    let ErrorBody { code, message } = ErrorBody::read(body);
    (code, message)
}

#[test]
fn every_known_form_of_error_body_is_read() {
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(error(br#"{"code":5,"message":"channel not found"}"#), (Some(5), text("channel not found")));
    assert_eq!(error(br#" {"error":"nope"}"#), (None, text("nope")));
    assert_eq!(error(br#"{"error":"nope","code":16,"message":"no such token"}"#), (Some(16), text("no such token")));
    assert_eq!(error(br#"{"error":"nope","code":16,"message":"","details":[]}"#), (Some(16), text("nope")));
    assert_eq!(error(br#"{"error":{"code":7,"message":"denied"}}"#), (Some(7), text("denied")));
    assert_eq!(error(br#"{"code":"unauthenticated","message":"no"}"#), (Some(16), text("no")));
    assert_eq!(error(br#"{"code":"x","message":7}"#), (None, None));
    assert_eq!(error(br#"{"code":1,"code":2,"message":"a","message":"b"}"#), (Some(2), text("b")));
    assert_eq!(error(b"{broken"), (None, text("{broken")));
    assert_eq!(error(b"permission denied\n"), (None, text("permission denied\n")));
    assert_eq!(error(b"\x08\x07\x12\x06denied"), (Some(7), text("denied")));
    assert_eq!(error(b"<html>502</html>"), (None, None));
    assert_eq!(error(b"\xff\xfe\x00"), (None, None));
    assert_eq!(error(b""), (None, None));
    let details = "x".repeat(ERROR_BODY_LIMIT - 100);
    let long = format!(r#"{{"code":16,"message":"no","details":["{details}"]}}"#);
    assert_eq!(error(long.as_bytes()), (Some(16), text("no")), "details cost no code");
}

fn kind(status: u16, headers: &[(&'static str, &'static str)], body: &[u8]) -> (Fate, ApiErrorKind) {
    let headers =
        headers.iter().map(|&(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect();
    let status = StatusCode::from_u16(status).unwrap();
    let failure = failure(status, &headers, body, &[], SystemTime::UNIX_EPOCH);
    (failure.fate, failure.error.into_parts().0)
}

#[test]
fn statuses_become_kinds() {
    let read = |status| kind(status, &[], br#"{"code":3,"message":"no"}"#);
    let message = Some("no".to_owned());
    assert_eq!(read(401), (Fate::Refused, ApiErrorKind::Unauthorized { message: message.clone() }));
    assert_eq!(read(403), (Fate::Failed, ApiErrorKind::Forbidden { message: message.clone() }));
    assert_eq!(read(404), (Fate::Failed, ApiErrorKind::NotFound { message: message.clone() }));
    assert_eq!(read(429), (Fate::Refused, ApiErrorKind::RateLimited { retry_after: None, message }));
    assert_eq!(read(302), (Fate::Failed, ApiErrorKind::Redirected { host: String::new() }));
    for (status, fate) in
        [(400, Fate::Failed), (405, Fate::Failed), (409, Fate::Failed), (500, Fate::Failed), (502, Fate::Unknown)]
    {
        let (got, kind) = read(status);
        assert_eq!(got, fate, "{status}");
        assert!(matches!(kind, ApiErrorKind::Status { status: s, .. } if s.as_u16() == status));
    }
}

#[test]
fn a_refusal_is_the_gateways_when_it_has_its_form() {
    for (headers, body) in [
        (&[][..], &br#"{"code":16,"message":"no"}"#[..]),
        (&[("content-type", "text/plain")], br#"{"error":"no","code":7,"message":"no"}"#),
        (&[("www-authenticate", "Basic realm=gw")], br#"{"code":16}"#),
        (&[], b"\x08\x10"),
        (&[], b"\x08\x07\x12\x06denied"),
        (&[], b""),
        (&[], b" \r\n"),
        (&[("www-authenticate", "bearer realm=gw"), ("content-type", "text/plain")], b""),
    ] {
        for status in [401, 403, 404] {
            let (_, kind) = kind(status, headers, body);
            assert!(!matches!(kind, ApiErrorKind::Intercepted { .. }), "{status} {headers:?} {body:?}");
        }
    }
}

#[test]
fn what_anybody_else_wrote_is_an_outage() {
    for (headers, body) in [
        (&[][..], &b"<html>Forbidden</html>"[..]),
        (&[("content-type", "text/html; charset=utf-8")], b""),
        (&[("content-type", "TEXT/HTML")], br#"{"code":16}"#),
        (&[("content-type", "application/json")], br#"{"message":"Forbidden"}"#),
        (&[], br#"{"code":403,"message":"blocked"}"#),
        (&[], br#"{"code":16,"mess"#),
        (&[], b"Access denied"),
        (&[], b"\x08\x11"),
        (&[("www-authenticate", "Basic realm=proxy")], b""),
        (&[("www-authenticate", "Bearer"), ("www-authenticate", "NTLM")], b""),
        (&[("proxy-authenticate", "Basic")], b""),
        (&[("proxy-connection", "close")], b""),
    ] {
        for status in [401, 403, 404, 405] {
            let status = StatusCode::from_u16(status).unwrap();
            let expected = ApiErrorKind::Intercepted { status, retry_after: None };
            assert_eq!(kind(status.as_u16(), headers, body), (Fate::Failed, expected), "{headers:?} {body:?}");
        }
    }
    for status in [407, 511] {
        let (_, kind) = kind(status, &[("retry-after", "7")], br#"{"code":16}"#);
        let retry_after = Some(Duration::from_secs(7));
        assert!(matches!(kind, ApiErrorKind::Intercepted { retry_after: r, .. } if r == retry_after), "{status}");
    }
}

#[test]
fn a_success_is_the_gateways_when_it_can_be_the_answer() {
    let is_intercepted = |status: u16, media_type: &'static str, body: &'static [u8], due| {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        let answer = Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.into() };
        intercepted(&answer, due, SystemTime::UNIX_EPOCH).is_some()
    };
    for (status, media_type, body) in [
        (200, "application/proto", &b""[..]),
        (200, "application/x-protobuf", b""),
        (200, "text/plain; charset=utf-8", b"\x08\x01"),
        (200, "", b"\x08\x01"),
    ] {
        assert!(!is_intercepted(status, media_type, body, true), "{status} {media_type} {body:?}");
    }
    for (status, media_type, body) in [
        (204, "application/proto", &b""[..]),
        (200, "", b""),
        (200, "text/plain", b""),
        (200, "application/json", b""),
        (200, "text/html", b"\n<html>"),
        (200, "application/xhtml+xml", b"<html>"),
    ] {
        assert!(is_intercepted(status, media_type, body, true), "{status} {media_type} {body:?}");
        let page = media_type.contains("html");
        assert_eq!(is_intercepted(status, media_type, body, false), page, "of a call without an answer");
    }
}

#[test]
fn waiting_times_are_read_and_bounded() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    let read = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        retry_after(&headers, now).map(|wait| wait.as_secs())
    };
    for (value, seconds) in [
        ("0", Some(0)),
        (" 12 ", Some(12)),
        ("86400", Some(300)),
        ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
        ("Sun, 06 Nov 1994 08:49:17 GMT", Some(0)),
        ("Sat, 06 Nov 2094 08:49:17 GMT", Some(300)),
        ("-1", None),
        ("soon", None),
        ("", None),
    ] {
        assert_eq!(read(value), seconds, "{value:?}");
    }
    assert_eq!(retry_after(&HeaderMap::new(), now), None);
}

#[test]
fn a_redirect_gives_away_its_host_only() {
    let mut headers = HeaderMap::new();
    headers.insert(LOCATION, HeaderValue::from_static("https://user:pw@evil.example:8443/path?token=x"));
    assert_eq!(redirect_host(&headers), "evil.example");
    headers.insert(LOCATION, HeaderValue::from_static("/elsewhere?token=x"));
    assert_eq!(redirect_host(&headers), "");
}

#[test]
fn an_object_stores_error_is_reduced_to_its_code() {
    let body = b"<?xml?><Error><Code>AccessDenied</Code><SignatureProvided>s3cret</SignatureProvided></Error>";
    assert_eq!(store_code(body).as_deref(), Some("AccessDenied"));
    assert_eq!(store_code(b"<Code>s3cret=1</Code>"), None);
    assert_eq!(store_code(b"<Code></Code>"), None);
    assert_eq!(store_code(b"Forbidden"), None);
}

proptest! {
    #[test]
    fn any_body_is_read_without_panic_or_control_characters(body in prop::collection::vec(any::<u8>(), 0..256)) {
        let (_, kind) = kind(400, &[], &body);
        let ApiErrorKind::Status { message, .. } = kind else { panic!("{kind:?}") };
        prop_assert!(message.is_none_or(|message| !message.chars().any(char::is_control)));
        store_code(&body);
    }
}
