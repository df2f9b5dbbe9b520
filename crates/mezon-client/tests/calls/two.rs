//! Two users who share a conversation, both connected.

use mezon_client::calls::InviteOptions;
use mezon_client::mezon_model::{ChannelMessage, Target};
use mezon_client::mezon_realtime::Event;
use mezon_client::{Client, ConnectOptions, Connection, EventStream};
use mezon_emulator::Emulator;
use mezon_emulator::proto::wire::FromArm;

use crate::support::{LINH, MINH, emulator, next_event, sign_in};

/// A user, and what happens to them.
pub(crate) struct Side {
    pub(crate) client: Client,
    pub(crate) connection: Connection,
    events: EventStream,
}

/// Linh and Minh in their direct conversation.
pub(crate) struct Two {
    pub(crate) emulator: Emulator,
    pub(crate) place: Target,
    pub(crate) linh: Side,
    pub(crate) minh: Side,
}

impl Two {
    pub(crate) async fn met() -> Self {
        let emulator = emulator().await;
        let url = emulator.url();
        let (linh, minh) = (sign_in(&url, LINH, "linh").await, sign_in(&url, MINH, "minh").await);
        let place = linh.api().create_dm(MINH).await.unwrap().target();
        let (linh, minh) = (Side::join(linh, &place).await, Side::join(minh, &place).await);
        Self { emulator, place, linh, minh }
    }

    /// A channel of a clan of Linh's, which both have joined.
    pub(crate) async fn in_a_clan(&self) -> Target {
        let clans = self.linh.client.clans();
        let clan = clans.create("town").await.unwrap();
        let invite = clans.create_invite(clan.id, InviteOptions::default()).await.unwrap();
        self.minh.client.clans().join(invite.id).await.unwrap();
        let place = self.linh.client.channels().get(clan.welcome_channel_id).await.unwrap().target();
        for side in [&self.linh, &self.minh] {
            side.connection.join(&place).await.unwrap();
        }
        place
    }
}

impl Side {
    /// A user who listens, and has joined nothing.
    pub(crate) async fn connected(client: Client) -> Self {
        let connection = Connection::new(&client);
        let events = connection.events();
        connection.connect(ConnectOptions::new()).await.unwrap();
        Self { client, connection, events }
    }

    async fn join(client: Client, place: &Target) -> Self {
        let side = Self::connected(client).await;
        side.connection.join(place).await.unwrap();
        side
    }

    /// The next message, edit or removal.
    pub(crate) async fn hears(&mut self) -> ChannelMessage {
        match next_event(&mut self.events, |event| matches!(event, Event::Message(_))).await {
            Event::Message(message) => message,
            other => panic!("no message: {other:?}"),
        }
    }

    /// The next push of the type.
    pub(crate) async fn sees<T: FromArm>(&mut self) -> T {
        let mut seen = None;
        let wanted = |event: &Event| {
            let Event::Push(push) = event else { return false };
            seen = push.read::<T>().unwrap();
            seen.is_some()
        };
        next_event(&mut self.events, wanted).await;
        seen.expect("the push")
    }
}
