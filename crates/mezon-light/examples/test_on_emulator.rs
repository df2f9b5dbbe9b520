//! How to test a program of your own: against an emulated gateway in the same process, over real HTTP and WebSocket.
//!
//! ```sh
//! cargo test -p mezon-light --example test_on_emulator
//! ```
#![allow(clippy::print_stdout, reason = "it is a program for a terminal")]

use std::env;

use mezon_light::{
    AuthenticateConfig, ChannelId, LightClient, LightError, LightSocket, MessageAck, SendMessagePayload,
    SocketConnectOptions, UserId,
};

/// The code under test: says how the build went.
async fn report(socket: &LightSocket, channel: ChannelId, failed: usize) -> Result<MessageAck, LightError> {
    let text = match failed {
        0 => "all green".to_owned(),
        failed => format!("{failed} tests failed"),
    };
    socket.send_dm(SendMessagePayload::new(channel, text)).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (peer, failed) = env::args().nth(1).zip(env::args().nth(2)).ok_or("usage: test_on_emulator USER_ID FAILED")?;
    let login = AuthenticateConfig::new(env::var("MEZON_ID_TOKEN")?, UserId::new(42), "linh")
        .gateway_url(env::var("MEZON_GATEWAY_URL")?);
    let client = LightClient::authenticate(login).await?;
    let channel = client.create_dm(peer.parse::<UserId>()?).await?;
    let socket = LightSocket::new(&client);
    socket.connect(SocketConnectOptions::new()).await?;
    socket.join_dm_channel(channel.id()).await?;
    let reported = report(&socket, channel.id(), failed.parse()?).await;
    socket.disconnect().await;
    println!("reported as message {}", reported?.message_id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mezon_emulator::Emulator;
    use mezon_light::{Channel, Event, EventStream};

    use super::*;

    const BUILD: UserId = UserId::new(1001);
    const TEAM: UserId = UserId::new(1002);

    type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

    /// Any ID token signs in, and each test has an emulator of its own.
    async fn connected(emulator: &Emulator, user: UserId, peer: UserId) -> Result<(LightSocket, EventStream, Channel)> {
        let login = AuthenticateConfig::new("an-id-token", user, format!("user-{user}")).gateway_url(emulator.url());
        let client = LightClient::authenticate(login).await?;
        let channel = client.create_dm(peer).await?;
        let socket = LightSocket::new(&client);
        let events = socket.events();
        socket.connect(SocketConnectOptions::new()).await?;
        socket.join_dm_channel(channel.id()).await?;
        Ok((socket, events, channel))
    }

    /// A test that waits for what does not come is to fail, not to hang.
    async fn next_text(events: &mut EventStream) -> Option<String> {
        let message = async {
            loop {
                match events.next().await? {
                    Event::Message(message) => return Some(message.text().to_owned()),
                    Event::Gap { .. } => return Some("a gap".to_owned()),
                    _ => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), message).await.ok()?
    }

    #[tokio::test]
    async fn a_failed_build_is_reported() -> Result {
        let emulator = Emulator::start().await?;
        let (build, _, channel) = connected(&emulator, BUILD, TEAM).await?;
        let (_team, mut heard, _) = connected(&emulator, TEAM, BUILD).await?;

        report(&build, channel.id(), 3).await?;

        assert_eq!(next_text(&mut heard).await.as_deref(), Some("3 tests failed"));
        Ok(())
    }

    #[tokio::test]
    async fn a_report_survives_a_lost_connection() -> Result {
        let emulator = Emulator::start().await?;
        let (build, mut events, channel) = connected(&emulator, BUILD, TEAM).await?;
        let (_team, mut heard, _) = connected(&emulator, TEAM, BUILD).await?;

        report(&build, channel.id(), 1).await?;
        assert_eq!(next_text(&mut heard).await.as_deref(), Some("1 tests failed"));

        emulator.faults().cut_connections();
        for events in [&mut events, &mut heard] {
            while !matches!(events.next().await, Some(Event::Disconnected { .. }) | None) {}
            while !matches!(events.next().await, Some(Event::Ready { .. }) | None) {}
        }
        report(&build, channel.id(), 0).await?;

        assert_eq!(next_text(&mut heard).await.as_deref(), Some("all green"));
        Ok(())
    }
}
