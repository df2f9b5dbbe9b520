//! A user's realtime side: handlers and streams side by side over one connection at a time.

mod by_type;
mod following;

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use mezon_model::{ChannelId, ChannelMessage, ClanId, Draft, MessageAck, Target, UserId};
use mezon_realtime::{ConnectErrorKind, ConnectionState, Event, Socket};
use mezon_session::BoxFuture;
use tokio::time::timeout;

use crate::delivery::Joined;
use crate::listen::{Audience, EventStream, MessageStream, Response, Subscription, responding};
use crate::live::{Lifecycle, Opened, paced};
use crate::{Client, ClientError, ConnectOptions};

/// A connection to the server's realtime side. Clones are cheap and share the connection.
///
/// It comes back by itself when the network fails, joins its channels again, and reads what was missed from the
/// history. Handlers and streams registered before [`Connection::connect`] see everything from the first event on.
/// Handlers stay for the next connect; streams end when the connection is over for good: after a disconnect, or when the
/// login is over.
#[derive(Clone)]
pub struct Connection {
    core: Arc<Core>,
}

/// How long storing a session may hold up a disconnect.
const SAVING: Duration = Duration::from_secs(2);

struct Core {
    client: Client,
    audience: Arc<Audience>,
    lifecycle: Lifecycle,
}

impl Connection {
    /// A connection for `client`, not connected yet.
    pub fn new(client: &Client) -> Self {
        Self {
            core: Arc::new(Core { client: client.clone(), audience: Arc::default(), lifecycle: Lifecycle::default() }),
        }
    }

    /// The user whose connection it is.
    pub fn client(&self) -> &Client {
        &self.core.client
    }

    /// Connects, and stays connected until [`Connection::disconnect`] or until the last clone is dropped. Does nothing
    /// when it is connected already. After a connection has ended it waits until all of its events are delivered.
    ///
    /// # Errors
    /// [`ClientError::Connect`] when the first attempt fails; later losses are repaired by themselves. Its kind is
    /// [`Closed`](mezon_realtime::ConnectErrorKind::Closed) when [`Connection::disconnect`] is called meanwhile. With
    /// [`ConnectOptions::retry_first`] the first attempt that fails is no error; [`Connection::wait_ready`] waits then.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped attempt leaves no connection behind.
    pub fn connect(&self, options: ConnectOptions) -> BoxFuture<'_, Result<(), ClientError>> {
        // Boxed, so that it is compiled here: an `async fn` is compiled anew in each crate that awaits it, with all that
        // it calls.
        let Core { client, audience, lifecycle } = &*self.core;
        Box::pin(lifecycle.connect(audience, async move || {
            let config = options.socket_config(client).build()?;
            let (socket, events) = mezon_realtime::connect(config, client.token_source()).await?;
            let catch_up = options.catch_up_on(client, &socket);
            let callbacks = options.register(&audience.handlers);
            Ok(Opened { socket, events, catch_up, callbacks })
        }))
    }

    /// Closes the connection: waits for calls in flight, says goodbye to the server, and ends every stream once it has
    /// been read. Attempts to connect that have begun fail.
    ///
    /// It takes 7 s at the most, and what handlers need for the events that wait. A history that is being read is given
    /// up: what is missing of it is told as an [`Event::Gap`]. A session that could not be stored when it came has 2 s
    /// more to be stored now.
    ///
    /// # Cancel safety
    /// Cancel safe: the connection is closed all the same.
    pub async fn disconnect(&self) {
        self.core.lifecycle.disconnect(&self.core.audience).await;
        // Many programs end now.
        if let Ok(Err(error)) = timeout(SAVING, self.core.client.api().save_session()).await {
            tracing::warn!(error = format_args!("{error:#}"), "the session is still not stored");
        }
    }

    /// Whether the connection is up now.
    pub fn is_connected(&self) -> bool {
        self.state().is_some_and(|state| state.is_up())
    }

    /// Where the connection stands. `None` before the first connect and after a disconnect.
    pub fn state(&self) -> Option<ConnectionState> {
        self.core.lifecycle.live(|live| live.socket.state())
    }

    /// Waits until the connection is up and everything that was joined is joined again; it may be so already.
    ///
    /// # Errors
    /// [`ClientError::NotConnected`] before [`Connection::connect`]; [`ClientError::Connect`] when the connection is over
    /// for good.
    ///
    /// # Cancel safety
    /// Cancel safe: it only waits.
    pub async fn wait_ready(&self) -> Result<(), ClientError> {
        let mut states = self.socket()?.states();
        let done =
            |state: &ConnectionState| matches!(state, ConnectionState::Ready { .. } | ConnectionState::Closed(_));
        match states.wait_for(done).await {
            Some(ConnectionState::Ready { .. }) => Ok(()),
            _ => Err(ClientError::Connect(ConnectErrorKind::Closed.into())),
        }
    }

    /// A handle that does not keep the connection alive, for handlers and tasks.
    pub fn downgrade(&self) -> WeakConnection {
        WeakConnection { core: Arc::downgrade(&self.core) }
    }

    /// The layer beneath: any request of the protocol, connection states, round-trip time.
    ///
    /// # Errors
    /// [`ClientError::NotConnected`] before [`Connection::connect`].
    pub fn socket(&self) -> Result<Socket, ClientError> {
        self.core.lifecycle.live(|live| live.socket.clone()).ok_or(ClientError::NotConnected)
    }

    /// Calls `handler` with every message, until the guard is dropped. Handlers run one after the other, outside the
    /// socket's task: a slow one holds up the others and the streams, never the connection. A panic in one is reported
    /// to the error handlers.
    pub fn on_message(&self, handler: impl Fn(&ChannelMessage) + Send + Sync + 'static) -> Subscription {
        self.core.audience.handlers.on_message(Arc::new(handler))
    }

    /// As [`Connection::on_message`], for the messages of one channel. It costs nothing for those of others, however many
    /// such handlers there are.
    pub fn on_message_in(
        &self,
        channel: ChannelId,
        handler: impl Fn(&ChannelMessage) + Send + Sync + 'static,
    ) -> Subscription {
        self.core.audience.handlers.on_message_in(channel, Arc::new(handler))
    }

    /// Answers messages: `respond` is begun for every new message of somebody else, until the guard is dropped. Edits,
    /// removals and the user's own messages are left out.
    ///
    /// Messages of one channel are answered one after the other, channels side by side, each in a task of its own, so a slow
    /// answer holds up its channel alone. Up to 1,024 messages wait. One more is not answered, and that, an error and a panic
    /// are told to the error handlers. The handle that `respond` gets does not keep the connection alive.
    ///
    /// ```
    /// # fn example(connection: &mezon_client::Connection) -> mezon_client::Subscription {
    /// connection.respond(|connection, message| async move {
    ///     if message.text() == "!ping" {
    ///         connection.reply(&message, "pong").await?;
    ///     }
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn respond<F, R>(&self, respond: F) -> Subscription
    where
        F: Fn(WeakConnection, ChannelMessage) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), ClientError>> + Send + 'static,
    {
        let handlers = &self.core.audience.handlers;
        let connection = self.downgrade();
        let respond = move |message| -> Response { Box::pin(respond(connection.clone(), message)) };
        handlers.on_message(responding(self.user_id(), handlers, respond))
    }

    /// Calls `handler` with every event, until the guard is dropped.
    pub fn on_event(&self, handler: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.core.audience.handlers.on_event(Arc::new(handler))
    }

    /// Calls `handler` with every error that belongs to no call, until the guard is dropped.
    pub fn on_error(&self, handler: impl Fn(&ClientError) + Send + Sync + 'static) -> Subscription {
        self.core.audience.handlers.on_error(Arc::new(handler))
    }

    /// Every message from now on.
    pub fn messages(&self) -> MessageStream {
        self.core.audience.messages()
    }

    /// Every event from now on: messages, typing, reactions, connection states, gaps, and whatever the protocol brings.
    pub fn events(&self) -> EventStream {
        self.core.audience.events()
    }

    /// Joins a channel: its messages come in from then on, after every reconnect too.
    ///
    /// With catch-up the newest message of a channel that is new here is looked up over HTTP in the background, for four
    /// channels at a time: when the connection is lost before a message was seen, catching up begins behind it. When it
    /// could not be looked up, an [`Event::Gap`] tells of the channel.
    ///
    /// # Errors
    /// [`ClientError::Call`], [`ClientError::NotConnected`].
    ///
    /// # Cancel safety
    /// A dropped call may have joined.
    pub async fn join(&self, target: &Target) -> Result<(), ClientError> {
        self.socket()?.join(target).await?;
        self.core.lifecycle.joined(target);
        Ok(())
    }

    /// Joins many channels, at a pace that the server stands, and tells how each went, in the order of `targets`. One that is
    /// refused or never answered holds up no other.
    ///
    /// # Cancel safety
    /// Some channels may be joined when a call is dropped.
    pub async fn join_all(&self, targets: impl IntoIterator<Item = Target>) -> Vec<(Target, Result<(), ClientError>)> {
        paced(targets.into_iter().collect(), async |target| self.join(&target).await).await
    }

    /// Joins a clan: the messages of its channels come in from then on, after every reconnect too.
    /// [`ClanId::DIRECT`] is the clan of direct and group conversations. Private channels and threads may have to be joined by
    /// themselves.
    ///
    /// With catch-up, the channels of the clan are listed over HTTP in the background, and again after a lost connection:
    /// those with news are read. When they could not be listed, an [`Event::Gap`] names the clan.
    ///
    /// # Errors
    /// As [`Connection::join`].
    ///
    /// # Cancel safety
    /// As [`Connection::join`].
    pub async fn join_clan(&self, clan_id: ClanId) -> Result<(), ClientError> {
        self.socket()?.join_clan(clan_id).await?;
        self.core.lifecycle.joined(&Joined::clan(clan_id));
        Ok(())
    }

    /// Leaves a channel.
    ///
    /// # Errors
    /// As [`Connection::join`].
    ///
    /// # Cancel safety
    /// A dropped call may have left.
    pub async fn leave(&self, target: &Target) -> Result<(), ClientError> {
        self.core.lifecycle.leaving(target.channel_id);
        self.socket()?.leave(target).await?;
        Ok(())
    }

    /// Sends a message, at most once. `Ok` is the server's word that it is stored.
    ///
    /// # Errors
    /// [`ClientError::Send`], whose kind tells what became of the message; [`ClientError::NotConnected`] before
    /// [`Connection::connect`].
    ///
    /// # Cancel safety
    /// A dropped send may have been sent.
    pub async fn send(&self, target: &Target, draft: &Draft) -> Result<MessageAck, ClientError> {
        Ok(self.socket()?.send(target, draft).await?)
    }

    /// Answers `message` in its channel, with a reference to it, at most once.
    ///
    /// # Errors
    /// As [`Connection::send`].
    ///
    /// # Cancel safety
    /// As [`Connection::send`].
    pub async fn reply(&self, message: &ChannelMessage, draft: impl Into<Draft>) -> Result<MessageAck, ClientError> {
        self.send(&message.target(), &draft.into().reply_to(message)).await
    }

    /// Whether the signed-in user wrote `message`, here or on another device.
    pub fn is_own(&self, message: &ChannelMessage) -> bool {
        message.sender_id() == self.user_id()
    }

    /// Tells the channel that the user is typing.
    ///
    /// # Errors
    /// [`ClientError::Call`], [`ClientError::NotConnected`].
    ///
    /// # Cancel safety
    /// Harmless: it may or may not be told.
    pub async fn typing(&self, target: &Target) -> Result<(), ClientError> {
        Ok(self.socket()?.typing(target).await?)
    }
}

impl Connection {
    fn user_id(&self) -> UserId {
        self.core.client.api().session().user_id()
    }
}

/// A handle to a [`Connection`] that does not keep it alive. Clones are cheap.
#[derive(Clone)]
pub struct WeakConnection {
    core: Weak<Core>,
}

impl WeakConnection {
    /// The connection, if a clone of it is left.
    pub fn upgrade(&self) -> Option<Connection> {
        self.core.upgrade().map(|core| Connection { core })
    }

    /// As [`Connection::reply`].
    ///
    /// # Errors
    /// As [`Connection::reply`]; [`ClientError::NotConnected`] also when the last clone of the connection is gone.
    ///
    /// # Cancel safety
    /// As [`Connection::reply`].
    pub async fn reply(&self, message: &ChannelMessage, draft: impl Into<Draft>) -> Result<MessageAck, ClientError> {
        self.send(&message.target(), &draft.into().reply_to(message)).await
    }

    /// As [`Connection::send`].
    ///
    /// # Errors
    /// As [`WeakConnection::reply`].
    ///
    /// # Cancel safety
    /// As [`Connection::send`].
    pub async fn send(&self, target: &Target, draft: &Draft) -> Result<MessageAck, ClientError> {
        // Only the socket is held while the answer is awaited, and that ends with the connection.
        let socket = self.upgrade().ok_or(ClientError::NotConnected)?.socket()?;
        Ok(socket.send(target, draft).await?)
    }
}

impl fmt::Debug for WeakConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakConnection").field("is_alive", &(self.core.strong_count() > 0)).finish()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("state", &self.state()).finish_non_exhaustive()
    }
}
