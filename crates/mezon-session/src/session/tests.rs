use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;

use super::*;
use crate::testing::{jwt, session};

fn update() -> SessionUpdate {
    SessionUpdate { token: Some(jwt(&json!({"uid": "7"}))), ..SessionUpdate::default() }
}

fn kind(result: Result<Session, SessionError>) -> SessionErrorKind {
    result.unwrap_err().into_parts().0
}

#[test]
fn a_session_needs_a_token_and_a_user() {
    let session = Session::new(update()).unwrap();
    assert_eq!(session.user_id(), UserId::new(7));
    assert_eq!((session.refresh_token(), session.api_url(), session.ws_url()), (None, None, None));

    let missing = |field| SessionErrorKind::MissingField { field };
    assert_eq!(kind(Session::new(SessionUpdate::default())), missing("token"));
    assert_eq!(kind(Session::new(SessionUpdate { token: Some("".into()), ..update() })), missing("token"));
    for claims in [json!({}), json!({"uid": 0}), json!({"uid": "x"})] {
        let token = Some(jwt(&claims));
        assert_eq!(kind(Session::new(SessionUpdate { token: token.clone(), ..update() })), missing("user_id"));
        let said = SessionUpdate { token, user_id: Some(UserId::new(9)), ..update() };
        assert_eq!(Session::new(said).unwrap().user_id(), UserId::new(9));
    }
}

#[test]
fn a_token_of_another_user_is_refused() {
    let other = SessionUpdate { user_id: Some(UserId::new(8)), ..update() };
    assert_eq!(kind(Session::new(other.clone())), SessionErrorKind::UserMismatch);
    let session = Session::new(update()).unwrap();
    assert_eq!(kind(session.merged(&SessionUpdate { token: None, ..other })), SessionErrorKind::UserMismatch);
    let token = SessionUpdate { token: Some(jwt(&json!({"uid": 8}))), ..SessionUpdate::default() };
    assert_eq!(kind(session.merged(&token)), SessionErrorKind::UserMismatch);
}

#[test]
fn an_access_token_that_is_no_jwt_needs_a_word_on_the_user_and_has_no_known_end() {
    let opaque = SessionUpdate { token: Some("canary-token".into()), ..SessionUpdate::default() };
    let error = Session::new(opaque.clone()).unwrap_err();
    assert_eq!(error.kind(), &SessionErrorKind::MissingField { field: "user_id" });
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert!(!format!("{error:?} {error:#}").contains("canary"));

    let session = Session::new(SessionUpdate { user_id: Some(UserId::new(7)), ..opaque.clone() }).unwrap();
    assert_eq!((session.user_id(), session.username(), session.expires_at()), (UserId::new(7), None, None));
    assert!(!session.is_expired(UNIX_EPOCH + Duration::from_secs(1 << 40)));
    assert_eq!(Session::restore(&session.export()).unwrap(), session);
    let followed = Session::new(update()).unwrap().merged(&opaque).unwrap();
    assert_eq!((followed.user_id(), followed.token()), (UserId::new(7), session.token()));
}

#[test]
fn the_newest_non_empty_value_of_each_field_wins() {
    let old = Session::new(SessionUpdate {
        refresh_token: Some("refresh 1".into()),
        id_token: Some("id 1".into()),
        session_id: Some("sid 1".into()),
        api_url: Some("https://one.mezon.ai".into()),
        ws_url: Some("one.mezon.ai".into()),
        tcp_url: Some("one.mezon.ai:7000".into()),
        is_remember: Some(true),
        ..update()
    })
    .unwrap();

    assert_eq!(old.merged(&SessionUpdate::default()).unwrap(), old);
    let silent = SessionUpdate {
        token: Some("".into()),
        refresh_token: Some("".into()),
        previous_refresh_token: Some("".into()),
        id_token: Some("".into()),
        session_id: Some("".into()),
        api_url: Some(String::new()),
        ws_url: Some(String::new()),
        tcp_url: Some(String::new()),
        user_id: Some(UserId::new(0)),
        is_remember: None,
    };
    assert_eq!(old.merged(&silent).unwrap(), old);

    let token = jwt(&json!({"uid": 7, "exp": 1_700_000_000}));
    let new = old
        .merged(&SessionUpdate {
            token: Some(token.clone()),
            session_id: Some("sid 2".into()),
            ws_url: Some("two.mezon.ai".into()),
            is_remember: Some(false),
            ..SessionUpdate::default()
        })
        .unwrap();
    assert_eq!(new.token(), &token);
    assert_eq!(new.expires_at(), Some(UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
    assert_eq!(new.session_id(), Some(&"sid 2".into()));
    assert_eq!(new.refresh_token(), Some(&"refresh 1".into()));
    assert_eq!(new.id_token(), Some(&"id 1".into()));
    assert_eq!((new.api_url(), new.ws_url()), (Some("https://one.mezon.ai"), Some("two.mezon.ai")));
    assert_eq!(new.tcp_url(), Some("one.mezon.ai:7000"));
    assert!(!new.is_remember());
}

#[test]
fn two_updates_leave_the_same_session_in_either_order_when_they_bring_different_fields() {
    let old = Session::new(SessionUpdate { session_id: Some("sid 1".into()), ..update() }).unwrap();
    let refreshed = SessionUpdate { refresh_token: Some("refresh 2".into()), ..SessionUpdate::default() };
    let pushed = SessionUpdate { session_id: Some("sid 2".into()), ..SessionUpdate::default() };
    let one = old.merged(&refreshed).and_then(|session| session.merged(&pushed)).unwrap();
    let other = old.merged(&pushed).and_then(|session| session.merged(&refreshed)).unwrap();
    assert_eq!(one, other);
}

#[test]
fn a_refresh_token_that_is_replaced_is_kept_until_the_new_pair_is_confirmed() {
    let with = |token: &str| SessionUpdate { refresh_token: Some(token.into()), ..SessionUpdate::default() };
    let previous = |session: &Session| session.previous_refresh_token().map(|token| token.expose().to_owned());
    let first = Session::new(SessionUpdate { refresh_token: Some("refresh 1".into()), ..update() }).unwrap();
    assert_eq!((previous(&first), first.rolled_back()), (None, None));

    let second = first.merged(&with("refresh 2")).unwrap();
    assert_eq!(previous(&second).as_deref(), Some("refresh 1"));
    assert_eq!(previous(&second.merged(&with("refresh 2")).unwrap()).as_deref(), Some("refresh 1"), "the same pair");
    assert_eq!(previous(&second.merged(&update()).unwrap()).as_deref(), Some("refresh 1"), "no new pair");
    assert_eq!(second.rolled_back(), Some(first.clone()));
    assert_eq!((previous(&second.confirmed()), second.confirmed().refresh_token()), (None, second.refresh_token()));

    let third = second.merged(&with("refresh 3")).unwrap();
    assert_eq!(previous(&third).as_deref(), Some("refresh 2"), "one and no more");
    assert!(!third.export().contains("refresh 1"));
    // Bought with the token of before, the next session is not tried with the one that the server had forgotten.
    let bought = second.rolled_back().unwrap().merged(&with("refresh 3")).unwrap();
    assert_eq!(previous(&bought).as_deref(), Some("refresh 1"));
    assert_eq!(Session::new(third.clone().into()).unwrap(), third, "an update has all of it");
}

#[test]
fn a_token_has_ended_at_its_end_and_not_before() {
    let end = UNIX_EPOCH + Duration::from_secs(1_000);
    let session = session(None, 1_000);
    assert!(!session.is_expired(end - Duration::from_nanos(1)));
    assert!(session.is_expired(end));
    assert_eq!(session.expires_at(), Some(end));

    let endless = Session::new(update()).unwrap();
    assert!(!endless.is_expired(end + Duration::from_secs(1 << 40)));
}

#[test]
fn a_refresh_token_may_be_opaque_a_jwt_or_absent() {
    let end = UNIX_EPOCH + Duration::from_secs(1_000);
    let with = |refresh_token| Session::new(SessionUpdate { refresh_token, ..update() }).unwrap();
    assert!(!with(Some("opaque".into())).is_refresh_expired(end));
    assert_eq!(with(Some("opaque".into())).refresh_expires_at(), None);
    assert!(with(None).is_refresh_expired(UNIX_EPOCH));
    assert!(with(Some("".into())).is_refresh_expired(UNIX_EPOCH));
    let dated = with(Some(jwt(&json!({"exp": 1_000}))));
    assert_eq!(dated.refresh_expires_at(), Some(end));
    assert!(!dated.is_refresh_expired(end - Duration::from_secs(1)) && dated.is_refresh_expired(end));
}

#[test]
fn debug_shows_no_credentials() {
    let session = Session::new(SessionUpdate {
        refresh_token: Some("canary-refresh".into()),
        previous_refresh_token: Some("canary-previous".into()),
        id_token: Some("canary-id".into()),
        session_id: Some("canary-sid".into()),
        ..update()
    })
    .unwrap();
    let shown = format!("{session:?}");
    assert!(!shown.contains("canary") && !shown.contains(session.token().expose()), "{shown}");
    assert_eq!(shown.matches("<redacted>").count(), 5, "{shown}");
}

const _: fn() = || {
    fn handle<T: Clone + Send + Sync + 'static>() {}
    fn error<T: std::error::Error + Send + Sync + 'static>() {}
    handle::<Session>();
    error::<SessionError>();
    error::<crate::StoreError>();
    error::<crate::EndpointError>();
};

#[test]
fn a_token_that_no_request_carries_is_no_token() {
    let update = |token: usize, id: usize| SessionUpdate {
        token: Some("t".repeat(token).into()),
        session_id: Some("i".repeat(id).into()),
        user_id: Some(UserId::new(7)),
        ..SessionUpdate::default()
    };
    assert!(Session::new(update(LONGEST, LONGEST)).is_ok());
    for (token, id, field) in [(LONGEST + 1, 1, "token"), (1, LONGEST + 1, "session_id"), (70_000, 1, "token")] {
        let error = Session::new(update(token, id)).unwrap_err();
        assert_eq!(error.kind(), &SessionErrorKind::TooLong { field });
    }
}
