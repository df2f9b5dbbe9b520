//! People on an emulated gateway, and a network between them that can be cut.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]

pub(crate) mod network;

use std::time::Duration;

use mezon_emulator::Emulator;
use mezon_light::{AuthenticateConfig, ChannelMessage, Event, EventStream, LightClient, MessageStream, UserId};

pub(crate) const LINH: UserId = UserId::new(1_840_651_530_236_071_936);
pub(crate) const MINH: UserId = UserId::new(43);

/// A bound on everything that is awaited here, so that a broken test fails and does not hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn sign_in(url: &str, user: UserId, name: &str) -> LightClient {
    let config = AuthenticateConfig::new("an id token", user, name).gateway_url(url);
    LightClient::authenticate(config).await.expect("signed in")
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
