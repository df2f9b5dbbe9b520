use std::time::UNIX_EPOCH;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::SessionUpdate;
use crate::testing::{jwt, session};

const START: u64 = 1_700_000_000;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// How long before its end a token that lives `life` seconds is refreshed.
fn lead(life: u64) -> u64 {
    let due = RefreshPolicy::default().refresh_at(&session(Some(START), START + life)).unwrap();
    at(START + life).duration_since(due).unwrap().as_secs()
}

#[test]
fn a_token_is_refreshed_a_tenth_of_its_life_or_a_minute_before_its_end() {
    // (life, lead): the share, the margin, and half of a short life.
    let rows = [(7 * 86_400, 60_480), (3_600, 360), (600, 60), (300, 60), (120, 60), (100, 50), (10, 5), (0, 0)];
    for (life, expected) in rows {
        assert_eq!(lead(life), expected, "life {life}");
    }
}

#[test]
fn a_token_of_unknown_life_is_refreshed_by_the_margin_alone() {
    let lead = |policy: RefreshPolicy, session: &Session| {
        session.expires_at().unwrap().duration_since(policy.refresh_at(session).unwrap()).unwrap().as_secs()
    };
    let unknown = session(None, START);
    assert_eq!(lead(RefreshPolicy::default(), &unknown), 60);
    assert_eq!(lead(RefreshPolicy::with_margin(Duration::from_secs(10)), &unknown), 10);
    assert_eq!(lead(RefreshPolicy::with_margin(Duration::from_secs(86_400)), &unknown), 60);
    // A token that began after its end says nothing about its life.
    assert_eq!(lead(RefreshPolicy::default(), &session(Some(START + 1), START)), 60);
}

#[test]
fn a_token_without_end_is_never_due() {
    let update = SessionUpdate { token: Some(jwt(&json!({"uid": 7, "iat": 1}))), ..SessionUpdate::default() };
    let endless = Session::new(update).unwrap();
    assert_eq!(RefreshPolicy::default().refresh_at(&endless), None);
    assert!(!RefreshPolicy::default().is_due(&endless, at(u64::from(u32::MAX))));
}

#[test]
fn a_token_is_due_from_its_time_on() {
    let (policy, session) = (RefreshPolicy::default(), session(Some(START), START + 3_600));
    assert!(!policy.is_due(&session, at(START + 3_240) - Duration::from_nanos(1)));
    assert!(policy.is_due(&session, at(START + 3_240)));
    assert!(policy.is_due(&session, at(START + 10_000)));
}

#[test]
fn timers_of_sessions_that_began_together_are_spread() {
    let (policy, session) = (RefreshPolicy::default(), session(Some(START), START + 36_000));
    let due = |unit| policy.refresh_at_spread(&session, unit).unwrap();
    assert_eq!(due(0.0), at(START + 32_400));
    assert_eq!(due(0.5), at(START + 32_040));
    assert_eq!(due(f64::NAN), due(0.0));
}

proptest! {
    #[test]
    fn a_refresh_is_never_after_the_end_and_never_before_half_of_the_life(
        start in 0..u64::from(u32::MAX), life in 0..u64::from(u32::MAX), margin in any::<u64>(), unit in 0.0..1.0
    ) {
        let policy = RefreshPolicy::with_margin(Duration::from_secs(margin));
        let session = session(Some(start), start + life);
        let spread = policy.refresh_at_spread(&session, unit).unwrap();
        let due = policy.refresh_at(&session).unwrap();
        prop_assert!(spread <= due && due <= at(start + life));
        prop_assert!(spread >= at(start) + Duration::from_secs(life) / 2);
    }

    #[test]
    fn any_token_gives_a_time_or_none(start in any::<Option<u64>>(), end in any::<u64>(), margin in any::<u64>()) {
        let session = session(start, end);
        if let Some(due) = RefreshPolicy::with_margin(Duration::from_secs(margin)).refresh_at(&session) {
            prop_assert!(due <= session.expires_at().unwrap());
        }
    }
}
