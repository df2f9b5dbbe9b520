//! The facade's socket, in the words of the JavaScript SDK.

use std::fmt;
use std::time::Duration;

use mezon_client::{
    ConnectOptions, Connection, EventStream, EventsOf, FromChannelEvent, FromEvent, MessageStream, Subscription,
    WeakConnection,
};
use mezon_model::{ChannelId, ChannelMessage, ClanId, Draft, MessageAck, Target};
use mezon_realtime::{ConnectionState, Event, Socket};

use crate::{LightClient, LightError, SendMessagePayload};

/// A connection to the server's realtime side. Clones are cheap and share the connection.
///
/// It comes back by itself when the network fails, joins its channels again, and reads what was missed from the
/// history. Handlers and streams registered before [`LightSocket::connect`] see everything from the first event on.
/// Handlers stay for the next connect; streams end when the connection is over for good: after a disconnect, or when the
/// login is over.
#[derive(Clone)]
pub struct LightSocket {
    connection: Connection,
}

/// How to connect.
#[derive(Debug, Default)]
#[must_use]
pub struct SocketConnectOptions {
    options: ConnectOptions,
}

impl SocketConnectOptions {
    /// The default: quiet, with catch-up, 15 seconds to connect.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hears errors that belong to no call: a history that could not be read, a handler that panicked.
    pub fn on_error(self, handler: impl Fn(&LightError) + Send + Sync + 'static) -> Self {
        self.with(|options| options.on_error(handler))
    }

    /// Hears each time the connection is lost or closed. It comes back by itself unless it was closed.
    pub fn on_disconnect(self, handler: impl Fn() + Send + Sync + 'static) -> Self {
        self.with(|options| {
            options.on_event(move |event| {
                if matches!(event, Event::Disconnected { .. } | Event::Closed { .. }) {
                    handler();
                }
            })
        })
    }

    /// Whether the kind of each event is logged at `info`. Contents never are. Off by default.
    pub fn verbose(self, verbose: bool) -> Self {
        self.with(|options| options.verbose(verbose))
    }

    /// Whether messages missed while the connection was down are read from the history and delivered as if they had come
    /// in. On by default. Without it, an [`Event::Gap`] says where to read on.
    pub fn catch_up(self, catch_up: bool) -> Self {
        self.with(|options| options.catch_up(catch_up))
    }

    /// Whether a channel that the user is added to meanwhile is joined by itself: a direct conversation that somebody opens,
    /// a group. Its messages since then are delivered too. On by default for a bot, which signed in with the key of an
    /// application; off for everybody else: an application joins what it wants to hear.
    pub fn join_added(self, join: bool) -> Self {
        self.with(|options| options.join_added(join))
    }

    /// How many channels are caught up at a time after a lost connection, at least 1. 8 by default.
    pub fn catch_up_at_once(self, channels: usize) -> Self {
        self.with(|options| options.catch_up_at_once(channels))
    }

    /// Sets anything else that a connection can be told, such as how long catching up may take:
    /// `.with(|options| options.catch_up_within(a_minute))`.
    pub fn with(self, set: impl FnOnce(ConnectOptions) -> ConnectOptions) -> Self {
        Self { options: set(self.options) }
    }

    /// Whether the first attempt to connect is repeated like all later ones. Off by default: a program that is started with a
    /// wrong address hears of it at once.
    pub fn retry_first(self, retry: bool) -> Self {
        self.with(|options| options.retry_first(retry))
    }

    /// How long connecting may take: name lookup, TCP, TLS and the upgrade. 15 seconds by default.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|options| options.connect_timeout(timeout))
    }
}

impl LightSocket {
    /// A socket for `client`, not connected yet.
    pub fn new(client: &LightClient) -> Self {
        Self { connection: Connection::new(client.client()) }
    }

    /// Connects, and stays connected until [`LightSocket::disconnect`] or until the last clone is dropped. Does nothing
    /// when it is connected already. After a connection has ended it waits until all of its events are delivered.
    ///
    /// # Errors
    /// [`LightError::Connect`] when the first attempt fails; later losses are repaired by themselves. Its kind is
    /// [`Closed`](mezon_realtime::ConnectErrorKind::Closed) when [`LightSocket::disconnect`] is called meanwhile.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped attempt leaves no connection behind.
    pub async fn connect(&self, options: SocketConnectOptions) -> Result<(), LightError> {
        self.connection.connect(options.options).await
    }

    /// Closes the connection: waits for calls in flight, says goodbye to the server, and ends every stream once it has
    /// been read. Attempts to connect that have begun fail.
    ///
    /// It takes 7 s at the most, and what handlers need for the events that wait. A history that is being read is given
    /// up: what is missing of it is told as an [`Event::Gap`].
    ///
    /// # Cancel safety
    /// Cancel safe: the connection is closed all the same.
    pub async fn disconnect(&self) {
        self.connection.disconnect().await;
    }

    /// Whether the connection is up now.
    pub fn is_connected(&self) -> bool {
        self.connection.is_connected()
    }

    /// Where the connection stands. `None` before the first connect and after a disconnect.
    pub fn state(&self) -> Option<ConnectionState> {
        self.connection.state()
    }

    /// Waits until the connection is up and everything that was joined is joined again; it may be so already.
    ///
    /// # Errors
    /// [`LightError::NotConnected`] before [`LightSocket::connect`]; [`LightError::Connect`] when the connection is over for
    /// good.
    ///
    /// # Cancel safety
    /// Cancel safe: it only waits.
    pub async fn wait_ready(&self) -> Result<(), LightError> {
        self.connection.wait_ready().await
    }

    /// The layer beneath: any request of the protocol, connection states, round-trip time.
    ///
    /// # Errors
    /// [`LightError::NotConnected`] before [`LightSocket::connect`].
    pub fn socket(&self) -> Result<Socket, LightError> {
        self.connection.socket()
    }

    /// Calls `handler` with every message, until the guard is dropped. Handlers run one after the other, outside the
    /// socket's task: a slow one holds up the others and the streams, never the connection. A panic in one is reported
    /// to the error handlers.
    pub fn on_channel_message(&self, handler: impl Fn(&ChannelMessage) + Send + Sync + 'static) -> Subscription {
        self.connection.on_message(handler)
    }

    /// Answers messages: `respond` is begun for every new message of somebody else, until the guard is dropped. Edits,
    /// removals and the user's own messages are left out.
    ///
    /// Messages of one channel are answered one after the other, channels side by side, so a slow answer holds up its channel
    /// alone. Up to 1,024 messages wait. One more is not answered, and that, an error and a panic are told to the error
    /// handlers. The handle that `respond` gets does not keep the socket alive.
    ///
    /// ```
    /// # fn example(socket: &mezon_light::LightSocket) -> mezon_light::Subscription {
    /// socket.respond(|socket, message| async move {
    ///     if message.text() == "!ping" {
    ///         socket.reply(&message, "pong").await?;
    ///     }
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn respond<F, R>(&self, respond: F) -> Subscription
    where
        F: Fn(WeakConnection, ChannelMessage) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), LightError>> + Send + 'static,
    {
        self.connection.respond(respond)
    }

    /// Whether the signed-in user wrote `message`, here or on another device.
    pub fn is_own(&self, message: &ChannelMessage) -> bool {
        self.connection.is_own(message)
    }

    /// As [`LightSocket::on_channel_message`], for the messages of one channel. It costs nothing for those of others,
    /// however many such handlers there are.
    pub fn on_message_in(
        &self,
        channel: impl Into<ChannelId>,
        handler: impl Fn(&ChannelMessage) + Send + Sync + 'static,
    ) -> Subscription {
        self.connection.on_message_in(channel.into(), handler)
    }

    /// As [`LightSocket::on_channel_message`], for good.
    pub fn set_channel_message_handler(&self, handler: impl Fn(&ChannelMessage) + Send + Sync + 'static) {
        self.on_channel_message(handler).detach();
    }

    /// Calls `handler` with every event, until the guard is dropped.
    pub fn on_event(&self, handler: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.connection.on_event(handler)
    }

    /// Calls `handler` with every event of one type, until the guard is dropped. The handler's argument picks the type: one
    /// of [`event`](crate::event), [`ChannelMessage`], or one of your own ([`FromEvent`]). It is decoded for those who want it,
    /// and for nobody else. Events that tell of the connection itself have no type: [`LightSocket::on_event`] hears them.
    ///
    /// ```
    /// use mezon_light::event::Typing;
    ///
    /// # fn example(socket: &mezon_light::LightSocket) -> mezon_light::Subscription {
    /// socket.on(|typing: Typing| println!("{} is typing", typing.sender_display_name))
    /// # }
    /// ```
    pub fn on<T: FromEvent>(&self, handler: impl Fn(T) + Send + Sync + 'static) -> Subscription {
        self.connection.on(handler)
    }

    /// As [`LightSocket::on`], for the events of one channel. Those of others cost nothing.
    pub fn on_in<T: FromChannelEvent>(
        &self,
        channel: impl Into<ChannelId>,
        handler: impl Fn(T) + Send + Sync + 'static,
    ) -> Subscription {
        self.connection.on_in(channel.into(), handler)
    }

    /// Answers events of one type, in order within a channel and channels side by side, with the bounds of
    /// [`LightSocket::respond`]. The user's own events are among them.
    pub fn respond_to<T, F, R>(&self, respond: F) -> Subscription
    where
        T: FromEvent,
        F: Fn(WeakConnection, T) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), LightError>> + Send + 'static,
    {
        self.connection.respond_to(respond)
    }

    /// Every event of one type from now on.
    pub fn events_of<T: FromEvent>(&self) -> EventsOf<T> {
        self.connection.events_of()
    }

    /// Every event of one type in one channel from now on.
    pub fn events_in<T: FromChannelEvent>(&self, channel: impl Into<ChannelId>) -> EventsOf<T> {
        self.connection.events_in(channel.into())
    }

    /// Waits for one event: the next one of type `T` that is `wanted`, and for no longer than `within`. It listens from the
    /// call on, not from the first poll: do what brings the event in between, and nothing is missed.
    ///
    /// # Errors
    /// [`LightError::NoEvent`] when the time is up; [`LightError::Connect`] when the connection ends for good before.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped wait leaves nothing behind.
    pub fn wait_for<T: FromEvent>(
        &self,
        within: Duration,
        wanted: impl FnMut(&T) -> bool + Send,
    ) -> impl Future<Output = Result<T, LightError>> + Send {
        self.connection.wait_for(within, wanted)
    }

    /// As [`LightSocket::wait_for`], for an event in one channel.
    ///
    /// # Errors
    /// As [`LightSocket::wait_for`].
    ///
    /// # Cancel safety
    /// As [`LightSocket::wait_for`].
    pub fn wait_for_in<T: FromChannelEvent>(
        &self,
        channel: impl Into<ChannelId>,
        within: Duration,
        wanted: impl FnMut(&T) -> bool + Send,
    ) -> impl Future<Output = Result<T, LightError>> + Send {
        self.connection.wait_for_in(channel.into(), within, wanted)
    }

    /// Calls `handler` with every error that belongs to no call, for good.
    pub fn set_error_handler(&self, handler: impl Fn(&LightError) + Send + Sync + 'static) {
        self.connection.on_error(handler).detach();
    }

    /// Every message from now on.
    pub fn messages(&self) -> MessageStream {
        self.connection.messages()
    }

    /// Every event from now on: messages, typing, reactions, connection states, gaps, and whatever the protocol brings.
    pub fn events(&self) -> EventStream {
        self.connection.events()
    }

    /// Joins a direct channel: its messages come in from then on, after every reconnect too.
    ///
    /// # Errors
    /// [`LightError::Call`], [`LightError::NotConnected`].
    ///
    /// # Cancel safety
    /// A dropped call may have joined.
    pub async fn join_dm_channel(&self, channel: impl Into<ChannelId>) -> Result<(), LightError> {
        self.join(&Target::direct(channel.into())).await
    }

    /// Joins a group channel.
    ///
    /// # Errors
    /// As [`LightSocket::join_dm_channel`].
    ///
    /// # Cancel safety
    /// As [`LightSocket::join_dm_channel`].
    pub async fn join_group_channel(&self, channel: impl Into<ChannelId>) -> Result<(), LightError> {
        self.join(&Target::group(channel.into())).await
    }

    /// Leaves a direct channel.
    ///
    /// # Errors
    /// As [`LightSocket::join_dm_channel`].
    ///
    /// # Cancel safety
    /// A dropped call may have left.
    pub async fn leave_dm_channel(&self, channel: impl Into<ChannelId>) -> Result<(), LightError> {
        self.leave(&Target::direct(channel.into())).await
    }

    /// Leaves a group channel.
    ///
    /// # Errors
    /// As [`LightSocket::join_dm_channel`].
    ///
    /// # Cancel safety
    /// As [`LightSocket::leave_dm_channel`].
    pub async fn leave_group_channel(&self, channel: impl Into<ChannelId>) -> Result<(), LightError> {
        self.leave(&Target::group(channel.into())).await
    }

    /// Joins any channel.
    ///
    /// With catch-up the newest message of a channel that is new here is looked up over HTTP in the background, for four
    /// channels at a time: when the connection is lost before a message was seen, catching up begins behind it. When it
    /// could not be looked up, an [`Event::Gap`] tells of the channel.
    ///
    /// # Errors
    /// As [`LightSocket::join_dm_channel`].
    ///
    /// # Cancel safety
    /// As [`LightSocket::join_dm_channel`].
    pub async fn join(&self, target: &Target) -> Result<(), LightError> {
        self.connection.join(target).await
    }

    /// Joins many channels, at a pace that the server stands, and tells how each went, in the order of `targets`. One that is
    /// refused or never answered holds up no other.
    ///
    /// # Cancel safety
    /// Some channels may be joined when a call is dropped.
    pub async fn join_all(&self, targets: impl IntoIterator<Item = Target>) -> Vec<(Target, Result<(), LightError>)> {
        self.connection.join_all(targets).await
    }

    /// Joins a clan: the messages of its channels come in from then on, after every reconnect too. What is missed in them is
    /// read from their histories. [`ClanId::DIRECT`] is the clan of direct and group conversations; private channels and
    /// threads may have to be joined by themselves.
    ///
    /// # Errors
    /// As [`LightSocket::join_dm_channel`].
    ///
    /// # Cancel safety
    /// As [`LightSocket::join_dm_channel`].
    pub async fn join_clan(&self, clan: impl Into<ClanId>) -> Result<(), LightError> {
        self.connection.join_clan(clan.into()).await
    }

    /// Leaves any channel.
    ///
    /// # Errors
    /// As [`LightSocket::join_dm_channel`].
    ///
    /// # Cancel safety
    /// As [`LightSocket::leave_dm_channel`].
    pub async fn leave(&self, target: &Target) -> Result<(), LightError> {
        self.connection.leave(target).await
    }

    /// Sends a message to a direct channel, at most once. `Ok` is the server's word that it is stored.
    ///
    /// # Errors
    /// [`LightError::Send`], whose kind tells what became of the message; [`LightError::NotConnected`] before
    /// [`LightSocket::connect`].
    ///
    /// # Cancel safety
    /// A dropped send may have been sent.
    pub async fn send_dm(&self, mut payload: SendMessagePayload) -> Result<MessageAck, LightError> {
        let target = Target::direct(payload.channel_id());
        self.connection.send(&target, payload.prepare()).await
    }

    /// Sends a message to a group channel, at most once.
    ///
    /// # Errors
    /// As [`LightSocket::send_dm`].
    ///
    /// # Cancel safety
    /// As [`LightSocket::send_dm`].
    pub async fn send_group(&self, mut payload: SendMessagePayload) -> Result<MessageAck, LightError> {
        let target = Target::group(payload.channel_id());
        self.connection.send(&target, payload.prepare()).await
    }

    /// Sends a draft as it is to any channel, at most once.
    ///
    /// # Errors
    /// As [`LightSocket::send_dm`].
    ///
    /// # Cancel safety
    /// As [`LightSocket::send_dm`].
    pub async fn send(&self, target: &Target, draft: impl Into<Draft>) -> Result<MessageAck, LightError> {
        self.connection.send(target, &draft.into()).await
    }

    /// Answers `message` in its channel, with a reference to it, at most once.
    ///
    /// # Errors
    /// As [`LightSocket::send_dm`].
    ///
    /// # Cancel safety
    /// As [`LightSocket::send_dm`].
    pub async fn reply(&self, message: &ChannelMessage, draft: impl Into<Draft>) -> Result<MessageAck, LightError> {
        self.connection.reply(message, draft).await
    }

    /// Tells the channel that the user is typing.
    ///
    /// # Errors
    /// [`LightError::Call`], [`LightError::NotConnected`].
    ///
    /// # Cancel safety
    /// Harmless: it may or may not be told.
    pub async fn typing(&self, target: &Target) -> Result<(), LightError> {
        self.connection.typing(target).await
    }
}

impl fmt::Debug for LightSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LightSocket").field("state", &self.state()).finish_non_exhaustive()
    }
}
