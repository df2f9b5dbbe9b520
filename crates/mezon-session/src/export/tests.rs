use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::ErrorClass;
use crate::testing::{jwt, session};

fn kind(text: &str) -> SessionErrorKind {
    let error = Session::restore(text).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent);
    error.into_parts().0
}

/// What light 1.0.9 and later export; earlier versions have no `ws_url`.
fn javascript() -> Value {
    json!({
        "token": jwt(&json!({"uid": "7", "usn": "linh"})).expose(),
        "refresh_token": "canary-refresh",
        "api_url": "https://gw.mezon.ai",
        "ws_url": "sock.mezon.ai",
        "user_id": "7",
    })
}

fn without(key: &str) -> String {
    let mut value = javascript();
    value.as_object_mut().unwrap().remove(key).unwrap();
    value.to_string()
}

fn with(key: &str, to: Value) -> String {
    let mut value = javascript();
    value[key] = to;
    value.to_string()
}

#[test]
fn five_keys_are_read_and_written_as_they_are() {
    let session = Session::restore(&javascript().to_string()).unwrap();
    assert_eq!(session.user_id(), UserId::new(7));
    assert_eq!(session.username(), Some("linh"));
    assert_eq!(session.refresh_token(), Some(&"canary-refresh".into()));
    assert_eq!((session.api_url(), session.ws_url()), (Some("https://gw.mezon.ai"), Some("sock.mezon.ai")));
    assert_eq!(serde_json::from_str::<Value>(&session.export()).unwrap(), javascript());
}

/// A copy left behind by growing would stay in memory.
#[test]
fn an_export_is_written_into_the_room_it_takes() {
    let session = Session::restore(&javascript().to_string()).unwrap();
    let text = session.exported();
    assert_eq!(text.capacity(), text.len());
    assert_eq!(*text, session.export());
}

#[test]
fn the_refresh_token_of_before_comes_back_and_older_exports_have_none() {
    let plain = Session::restore(&javascript().to_string()).unwrap();
    let kept = Session::restore(&with("previous_refresh_token", json!("canary-previous"))).unwrap();
    assert_eq!(plain.previous_refresh_token(), None);
    assert_eq!(kept.previous_refresh_token(), Some(&"canary-previous".into()));
    assert_eq!(Session::restore(&kept.export()).unwrap(), kept);
    assert_eq!(kept.confirmed(), plain);
}

#[test]
fn four_keys_are_read_and_written_as_they_are() {
    let session = Session::restore(&without("ws_url")).unwrap();
    assert_eq!(session.ws_url(), None);
    assert_eq!(session.export(), Session::restore(&session.export()).unwrap().export());
    assert!(!session.export().contains("ws_url"));
}

#[test]
fn a_missing_key_is_named() {
    for field in ["token", "refresh_token", "api_url", "user_id"] {
        assert_eq!(kind(&without(field)), SessionErrorKind::MissingField { field });
    }
    assert_eq!(kind("{}"), SessionErrorKind::MissingField { field: "token" });
    for empty in [json!(""), json!(null)] {
        assert_eq!(kind(&with("token", empty)), SessionErrorKind::MissingField { field: "token" });
    }
    let error = Session::restore(&without("refresh_token")).unwrap_err();
    assert_eq!(error.to_string(), "the session has no refresh_token");
}

#[test]
fn a_login_without_refresh_token_or_addresses_survives() {
    let bot = Session::new(SessionUpdate { token: Some(jwt(&json!({"uid": "7"}))), ..SessionUpdate::default() });
    let bot = bot.unwrap();
    assert_eq!(Session::restore(&bot.export()).unwrap(), bot);
    // The token says whose it is.
    assert_eq!(Session::restore(&with("user_id", json!(""))).unwrap().user_id(), UserId::new(7));
}

#[test]
fn everything_we_know_survives() {
    let full = Session::new(SessionUpdate {
        token: Some(jwt(&json!({"uid": 9_007_199_254_740_993_i64, "exp": 1}))),
        refresh_token: Some(jwt(&json!({"exp": 2}))),
        previous_refresh_token: Some("opaque".into()),
        id_token: Some("id \"quoted\" \u{1f389}".into()),
        session_id: Some("sid".into()),
        api_url: Some("https://gw.mezon.ai".into()),
        ws_url: Some("sock.mezon.ai:443".into()),
        tcp_url: Some("tcp.mezon.ai:7305".into()),
        user_id: Some(UserId::new(9_007_199_254_740_993)),
        is_remember: Some(true),
    })
    .unwrap();
    assert_eq!(Session::restore(&full.export()).unwrap(), full);
    assert_eq!(serde_json::from_str::<Session>(&serde_json::to_string(&full).unwrap()).unwrap(), full);
    assert!(full.export().contains(r#""user_id":"9007199254740993""#));
}

#[test]
fn user_ids_are_read_as_text_or_number_and_must_be_the_tokens() {
    for id in [json!("7"), json!(7)] {
        assert_eq!(Session::restore(&with("user_id", id)).unwrap().user_id(), UserId::new(7));
    }
    for id in [json!("8"), json!(8), json!(-7)] {
        assert_eq!(kind(&with("user_id", id)), SessionErrorKind::UserMismatch);
    }
}

#[test]
fn unknown_keys_are_ignored() {
    let session = Session::restore(&with("created_at", json!({"any": ["thing"]}))).unwrap();
    assert_eq!(session, Session::restore(&javascript().to_string()).unwrap());
}

#[test]
fn what_an_editor_puts_before_and_after_is_skipped() {
    let text = javascript().to_string();
    assert_eq!(
        Session::restore(&format!("\u{feff}{text}\r\n")).unwrap().export(),
        Session::restore(&text).unwrap().export()
    );
}

#[test]
fn values_of_the_wrong_type_are_named_and_not_shown() {
    for field in ["token", "refresh_token", "api_url", "ws_url", "id_token", "session_id", "tcp_url"] {
        for value in [json!(4711), json!(["canary"]), json!({"canary": 1}), json!(true)] {
            assert_eq!(kind(&with(field, value)), SessionErrorKind::WrongType { field });
        }
    }
    for value in [json!("canary"), json!(7.5), json!(u64::MAX), json!([7]), json!(" 7")] {
        assert_eq!(kind(&with("user_id", value)), SessionErrorKind::WrongType { field: "user_id" });
    }
    assert_eq!(kind(&with("is_remember", json!("canary"))), SessionErrorKind::WrongType { field: "is_remember" });
}

#[test]
fn a_text_cut_anywhere_is_refused_with_the_place() {
    let whole = javascript().to_string();
    for end in 0..whole.len() {
        let error = Session::restore(&whole[..end]).unwrap_err();
        assert_eq!(error.kind(), &SessionErrorKind::MalformedExport);
        let shown = format!("{error:#} {error:?}");
        assert!(shown.contains(&format!("line 1 column {end}")), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn what_is_no_session_is_refused_without_repeating_it() {
    let malformed =
        ["", "canary", "\"canary\"", "[\"canary\"]", "canary: 1", "{\"token\": canary}", "null", "7", "{}canary"];
    for text in malformed {
        let error = Session::restore(text).unwrap_err();
        assert_eq!(error.kind(), &SessionErrorKind::MalformedExport, "{text}");
        assert!(!format!("{error:#} {error:?}").contains("canary"), "{text}");
        let error = serde_json::from_str::<Session>(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{text}: {error}");
    }
    let error = serde_json::from_str::<Session>(&with("is_remember", json!("canary"))).unwrap_err();
    assert!(error.to_string().starts_with("the is_remember of the exported session"), "{error}");
    let deep = format!("{{\"x\":{}", "[".repeat(100_000));
    assert_eq!(kind(&deep), SessionErrorKind::MalformedExport);
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in ".*", key in "token|refresh_token|api_url|user_id", value in ".*") {
        prop_assert!(Session::restore(&text).is_err());
        let _ = Session::restore(&with(&key, value.into()));
    }

    #[test]
    fn any_field_survives(refresh in ".+", id in ".+", url in ".+", exp in any::<u32>()) {
        let update = SessionUpdate {
            refresh_token: Some(refresh.into()),
            session_id: Some(id.into()),
            tcp_url: Some(url),
            ..SessionUpdate::default()
        };
        let session = session(None, exp.into()).merged(&update).unwrap();
        prop_assert_eq!(Session::restore(&session.export()).unwrap(), session);
    }
}
