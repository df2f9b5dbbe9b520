//! Calls that are held back: by what a server asked for, and by a rate limit.

use std::time::{Duration, Instant};

use mezon_api::{ApiErrorKind, HoldReason, IdTokenLogin, ListChannelsOptions, RetryPolicy};
use mezon_session::{ErrorClass, RateLimit};

use crate::support::{Peer, account, answer, get_account, message, methods, session, user};

#[tokio::test]
async fn a_method_that_the_server_wants_left_alone_is_left_alone_by_all_calls() {
    let list = message(&mezon_proto::api::ChannelDescList::default());
    let peer = Peer::start([answer(503, "Retry-After: 120\r\n", ""), list]).await;
    let client = peer.client();
    assert!(matches!(get_account(&client).await.unwrap_err().kind(), ApiErrorKind::Status { .. }));

    let error = get_account(&client.clone()).await.unwrap_err();
    let ApiErrorKind::HeldBack { reason: HoldReason::RetryAfter, retry_after } = error.kind() else {
        panic!("{error:?}");
    };
    assert!((119..=120).contains(&retry_after.as_secs()), "{retry_after:?}");
    assert_eq!(error.class(), ErrorClass::Transient { retry_after: Some(*retry_after) });
    let text = "the call was not made: the server asked to leave this method alone, try again in 120 s";
    assert_eq!(error.to_string(), text);
    client.list_channels(&ListChannelsOptions::default()).await.unwrap();
    assert_eq!(methods(&peer), ["GetAccount", "ListChannelDescs"], "another method is another matter");
}

#[tokio::test]
async fn a_pause_that_fits_into_the_time_of_a_call_is_waited_for() {
    let peer = Peer::start([answer(429, "Retry-After: 1\r\n", ""), account()]).await;
    let gateway = peer.gateway().retry(RetryPolicy::none()).build().unwrap();
    let client = gateway.resume(session("a", 3_600)).unwrap();
    assert!(get_account(&client).await.is_err(), "it is not repeated");
    let start = Instant::now();
    get_account(&client).await.unwrap();
    // The pause began a moment ago.
    assert!(start.elapsed() >= Duration::from_millis(900), "{:?}", start.elapsed());
    assert_eq!(peer.requests().len(), 2);
}

#[tokio::test]
async fn calls_of_a_gateway_with_a_rate_limit_begin_at_its_pace() {
    let peer = Peer::start([account()]).await;
    let spacing = Duration::from_millis(40);
    let gateway = peer.gateway().rate_limit(RateLimit::new(1, spacing).waiting(2)).build().unwrap();
    let client = gateway.resume(session("a", 3_600)).unwrap();
    let start = Instant::now();
    let [a, b, c, d] = [(); 4].map(|()| get_account(&client));
    let (a, b, c, d) = tokio::join!(a, b, c, d);
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert!(start.elapsed() >= 2 * spacing);
    let error = d.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::HeldBack { reason: HoldReason::RateLimit, .. }), "{error:?}");
    assert!(error.class().is_transient() && error.to_string().contains("rate limit"), "{error}");
    assert_eq!(peer.requests().len(), 3, "what finds no room is not sent");
}

#[tokio::test]
async fn a_sign_in_waits_for_no_rate_limit() {
    let peer = Peer::start([answer(503, "", "")]).await;
    let hour = RateLimit::new(1, Duration::from_secs(3_600));
    let gateway = peer.gateway().rate_limit(hour).build().unwrap();
    for _ in 0..2 {
        let error = gateway.authenticate(&IdTokenLogin::new("an id token", user(), "linh")).await.unwrap_err();
        assert!(matches!(error.kind(), ApiErrorKind::Status { .. }), "{error:?}");
    }
}
