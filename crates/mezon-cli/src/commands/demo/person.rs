//! One of the people in the demo: a signed-in client with a socket.

use std::collections::BTreeMap;

use mezon_emulator::Emulator;
use mezon_light::{
    AuthenticateConfig, ChannelMessage, Event, EventStream, LightClient, LightSocket, MessageId, SocketConnectOptions,
    UserId,
};

use crate::exit::Failure;

/// A signed-in user, with everything heard so far.
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) client: LightClient,
    pub(super) socket: LightSocket,
    events: EventStream,
    /// How often each message arrived.
    heard: BTreeMap<MessageId, u32>,
}

impl Person {
    /// Signs in at the emulator, which takes any ID token.
    pub(super) async fn sign_in(emulator: &Emulator, id: i64, name: &'static str) -> Result<Self, Failure> {
        let config = AuthenticateConfig::new("demo", UserId::new(id), name)
            .gateway_url(emulator.url())
            .server_key(emulator.server_key());
        let client = LightClient::authenticate(config).await?;
        let socket = LightSocket::new(&client);
        let events = socket.events();
        Ok(Self { name, client, socket, events, heard: BTreeMap::new() })
    }

    /// Opens the socket, and waits until it says that it is ready.
    pub(super) async fn connect(&mut self) -> Result<(), Failure> {
        self.socket.connect(SocketConnectOptions::new()).await?;
        self.recover().await
    }

    /// Waits for the message `id`; everything before it is counted on the way.
    pub(super) async fn hear(&mut self, id: MessageId) -> Result<ChannelMessage, Failure> {
        loop {
            match self.next().await? {
                Event::Message(message) if message.id() == id => return Ok(message),
                _ => {}
            }
        }
    }

    /// Waits until the connection is lost.
    pub(super) async fn lose_connection(&mut self) -> Result<(), Failure> {
        while !matches!(self.next().await?, Event::Disconnected { .. }) {}
        Ok(())
    }

    /// Waits until the connection is back, with everything joined again.
    pub(super) async fn recover(&mut self) -> Result<(), Failure> {
        while !matches!(self.next().await?, Event::Ready { .. }) {}
        Ok(())
    }

    /// How often the message `id` arrived so far.
    pub(super) fn times_heard(&self, id: MessageId) -> u32 {
        self.heard.get(&id).copied().unwrap_or_default()
    }

    /// The next event. Messages are counted.
    async fn next(&mut self) -> Result<Event, Failure> {
        let event = self.events.next().await;
        let event = event.ok_or_else(|| Failure::other(format!("the connection of {} ended early", self.name)))?;
        if let Event::Message(message) = &event {
            *self.heard.entry(message.id()).or_default() += 1;
        }
        Ok(event)
    }
}
