//! People on an emulated gateway.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]

use std::time::Duration;

use mezon_client::mezon_api::{ApiErrorKind, Gateway, IdTokenLogin};
use mezon_client::mezon_model::{ChannelMessage, UserId};
use mezon_client::mezon_realtime::Event;
use mezon_client::{Client, ClientError, EventStream, MessageStream};
use mezon_emulator::Emulator;

pub(crate) const LINH: UserId = UserId::new(1_840_651_530_236_071_936);
pub(crate) const MINH: UserId = UserId::new(43);

/// A bound on everything that is awaited here, so that a broken test fails and does not hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn sign_in(url: &str, user: UserId, name: &str) -> Client {
    let gateway = Gateway::builder().gateway_url(url).build().expect("an address");
    let login = IdTokenLogin::new("an id token", user, name);
    Client::new(gateway.authenticate(&login).await.expect("signed in"))
}

pub(crate) async fn emulator() -> Emulator {
    Emulator::start().await.expect("an emulator")
}

/// The next message; a stream that lags or ends fails the test.
pub(crate) async fn next_message(messages: &mut MessageStream) -> ChannelMessage {
    let next = tokio::time::timeout(PATIENCE, messages.next()).await.expect("a message in time");
    next.expect("a living stream").expect("no lag")
}

/// The next event that `wanted` likes; others are skipped.
pub(crate) async fn next_event(events: &mut EventStream, mut wanted: impl FnMut(&Event) -> bool) -> Event {
    let search = async {
        loop {
            let event = events.next().await.expect("a living stream");
            if wanted(&event) {
                return event;
            }
        }
    };
    tokio::time::timeout(PATIENCE, search).await.expect("the event in time")
}

/// What a call says that was refused before any request.
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> String {
    match answer {
        Err(ClientError::InvalidInput { problem }) => problem.into_owned(),
        other => panic!("not refused before a request: {other:?}"),
    }
}

/// What the server said to a call that it refused.
pub(crate) fn denied<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> ApiErrorKind {
    match answer {
        Err(ClientError::Api(error)) => error.kind().clone(),
        other => panic!("not refused by the server: {other:?}"),
    }
}
