use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{jwt, jwt_of};

/// The payload of the example in RFC 7519 section 3.1 and RFC 7515 appendix A.1, in its own line breaks.
const RFC_PAYLOAD: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn read(claims: &Value) -> Claims {
    Claims::read(&jwt(claims)).unwrap()
}

fn read_text(token: &str) -> Option<Claims> {
    Claims::read(&Secret::new(token))
}

fn seconds_of(time: Option<SystemTime>) -> Option<u64> {
    time.map(|time| time.duration_since(UNIX_EPOCH).unwrap().as_secs())
}

#[test]
fn examples_of_the_standards_are_read() {
    let signed =
        format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{RFC_PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    // RFC 7519 section 6.1: `alg` none, and an empty signature.
    let unsecured = format!("eyJhbGciOiJub25lIn0.{RFC_PAYLOAD}.");
    for token in [signed, unsecured] {
        let claims = read_text(&token).unwrap();
        assert_eq!(seconds_of(claims.expires_at()), Some(1_300_819_380));
        assert_eq!((claims.user_id(), claims.username(), claims.issued_at()), (None, None, None));
    }
}

#[test]
fn the_claims_of_a_mezon_token_are_read() {
    let claims = read(&json!({
        "tid": "0b9c", "uid": 1_767_478_432_163_172_999_i64, "usn": "linh", "exp": 1_700_003_600, "iat": 1_700_000_000,
        "vrs": {"lang": "vi", "n": 1},
    }));
    assert_eq!(claims.user_id(), Some(UserId::new(1_767_478_432_163_172_999)));
    assert_eq!(claims.username(), Some("linh"));
    assert_eq!(seconds_of(claims.expires_at()), Some(1_700_003_600));
    assert_eq!(seconds_of(claims.issued_at()), Some(1_700_000_000));
    assert_eq!(claims.vars().iter().collect::<Vec<_>>(), [(&"lang".to_owned(), &"vi".to_owned())]);
}

#[test]
fn user_ids_beyond_what_a_float_holds_stay_exact_in_either_form() {
    for id in [9_007_199_254_740_993, i64::MAX, -1] {
        assert_eq!(read(&json!({"uid": id})).user_id(), Some(UserId::new(id)));
        assert_eq!(read(&json!({"uid": id.to_string()})).user_id(), Some(UserId::new(id)));
    }
    for odd in [json!(1.5), json!(u64::MAX), json!("abc"), json!(""), json!([7]), json!(null), json!(true)] {
        assert_eq!(read(&json!({"uid": odd})).user_id(), None, "{odd}");
    }
}

#[test]
fn odd_ends_of_life_count_as_unknown_or_as_what_they_say() {
    let rows = [
        (json!(null), None),
        (json!(1_700_000_000), Some(1_700_000_000)),
        (json!(1_700_000_000.9), Some(1_700_000_000)),
        (json!("1700000000"), Some(1_700_000_000)),
        (json!(0), Some(0)),
        (json!(-1), None),
        (json!(-1.5), None),
        (json!(u64::MAX), None),
        (json!(1e300), None),
        (json!("soon"), None),
        (json!({}), None),
        (json!([1]), None),
        (json!(true), None),
    ];
    for (exp, expected) in rows {
        assert_eq!(seconds_of(read(&json!({"exp": exp})).expires_at()), expected, "{exp}");
    }
    assert_eq!(read(&json!({})), Claims::default());
}

#[test]
fn names_in_utf8_and_payloads_with_the_url_alphabet_are_read() {
    // Bytes that encode to `-` and `_`.
    let name = "Nguyễn Thị Ánh ~~~???>>> 🎉";
    let token = jwt(&json!({"usn": name}));
    assert!(token.expose().contains('-') || token.expose().contains('_'), "{}", token.expose());
    assert_eq!(Claims::read(&token).unwrap().username(), Some(name));
}

#[test]
fn the_header_is_not_read() {
    let payload = RFC_PAYLOAD;
    for header in ["", "e30", "!!!", "eyJhbGciOiJYWVoxMjMifQ"] {
        assert!(read_text(&format!("{header}.{payload}.c2ln")).is_some(), "{header}");
    }
}

#[test]
fn padded_parts_are_read() {
    let end = read_text(&format!("e30=.{RFC_PAYLOAD}==.c2ln=")).and_then(|claims| claims.expires_at());
    assert_eq!(seconds_of(end), Some(1_300_819_380));
}

#[test]
fn what_is_no_jwt_has_no_claims() {
    let payload = RFC_PAYLOAD;
    let tokens = [
        String::new(),
        "opaque-token".to_owned(),
        "..".to_owned(),
        format!("e30.{payload}"),
        format!("e30.{payload}.c2ln.more"),
        format!("e30.{payload}.a.b.c"),
        format!("e30.{payload} .c2ln"),
        "e30.+/+/.c2ln".to_owned(),
        "e30.é.c2ln".to_owned(),
    ];
    for token in tokens {
        assert_eq!(read_text(&token), None, "{token}");
    }
    for payload in ["", "null", "[1,2,3,4,5]", "\"text\"", "7", "{", "{\"exp\":1}x", "\u{feff}{}"] {
        assert_eq!(Claims::read(&jwt_of(payload.as_bytes())), None, "{payload}");
    }
    assert_eq!(Claims::read(&jwt_of(b"{\"usn\":\"\xff\"}")), None);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(Claims::read(&jwt_of(format!("{{\"exp\":{deep}}}").as_bytes())), None);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Value::from))
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in ".*", parts in prop::collection::vec("[A-Za-z0-9_-]{0,40}", 0..6)) {
        read_text(&text);
        read_text(&parts.join("."));
    }

    #[test]
    fn any_payload_is_read_without_a_panic(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        Claims::read(&jwt_of(&payload));
    }

    #[test]
    fn claims_of_any_type_are_read_without_a_panic(
        uid in any_json(), usn in any_json(), exp in any_json(), iat in any_json(), vrs in any_json()
    ) {
        let claims = read(&json!({"uid": uid, "usn": usn, "exp": exp, "iat": iat, "vrs": vrs}));
        prop_assert_eq!(claims.username(), usn.as_str());
        prop_assert_eq!(claims.user_id().map(UserId::get), uid.as_i64().or_else(|| uid.as_str()?.parse().ok()));
    }
}
