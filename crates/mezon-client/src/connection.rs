//! A user's realtime side: handlers and streams side by side over one connection at a time.

mod by_type;

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use mezon_model::{ChannelId, ChannelMessage, Draft, MessageAck, Target, UserId};
use mezon_realtime::{ConnectErrorKind, ConnectionState, Event, Socket};
use mezon_session::BoxFuture;
use tokio::time::timeout;

use crate::delivery::{CatchUp, Requests, Settings};
use crate::listen::{
    Audience, ErrorHandler, EventHandler, EventStream, MessageStream, Registry, Response, Subscription, responding,
};
use crate::live::{Lifecycle, Opened, Upstream, paced};
use crate::{Client, ClientError};

/// A connection to the server's realtime side. Clones are cheap and share the connection.
///
/// It comes back by itself when the network fails, joins its channels again, and reads what was missed from the
/// history. Handlers and streams registered before [`Connection::connect`] see everything from the first event on.
/// Handlers stay for the next connect; streams end when the connection is over for good: after a disconnect, or when the
/// login is over.
#[derive(Clone)]
pub struct Connection {
    inner: Arc<Inner>,
}

/// How long storing a session may hold up a disconnect.
const SAVING: Duration = Duration::from_secs(2);

struct Inner {
    client: Client,
    audience: Arc<Audience>,
    lifecycle: Lifecycle,
}

/// How to connect.
#[derive(Default)]
#[must_use]
#[allow(clippy::struct_excessive_bools)] // settings, each on its own
pub struct ConnectOptions {
    on_event: Vec<EventHandler>,
    on_error: Vec<ErrorHandler>,
    verbose: bool,
    keep_gaps: bool,
    catch_up_at_once: Option<usize>,
    join_added: Option<bool>,
    persistent: bool,
    timeout: Option<Duration>,
}

impl ConnectOptions {
    /// The default: with catch-up, 15 seconds to connect.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hears every event until the connection is over for good.
    pub fn on_event(mut self, handler: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.on_event.push(Arc::new(handler));
        self
    }

    /// Hears errors that belong to no call, until the connection is over for good: a history that could not be read, a
    /// handler that panicked.
    pub fn on_error(mut self, handler: impl Fn(&ClientError) + Send + Sync + 'static) -> Self {
        self.on_error.push(Arc::new(handler));
        self
    }

    /// Whether the kind of each event is logged at `info`. Contents never are. Off by default.
    pub fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// Whether messages missed while the connection was down are read from the history and delivered as if they had come
    /// in. On by default. Without it, an [`Event::Gap`] says where to read on.
    pub fn catch_up(mut self, catch_up: bool) -> Self {
        self.keep_gaps = !catch_up;
        self
    }

    /// How many channels are caught up at a time, at least 1. 8 by default.
    pub fn catch_up_at_once(mut self, channels: usize) -> Self {
        self.catch_up_at_once = Some(channels);
        self
    }

    /// Whether a channel that the user is added to meanwhile is joined by itself: a direct conversation that somebody opens,
    /// a group, a private channel of a clan. Its messages since then are caught up, unless [`ConnectOptions::catch_up`] is
    /// off. The event itself is delivered first. On by default for a bot ([`ApiClient::is_app`](mezon_api::ApiClient::is_app)),
    /// off for everybody else: an application joins what it wants to hear.
    pub fn join_added(mut self, join: bool) -> Self {
        self.join_added = Some(join);
        self
    }

    /// Whether the first attempt to connect is repeated like all later ones, until there is a connection or proof that there
    /// can be none. Off by default: a program that is started with a wrong address hears of it at once.
    pub fn retry_first(mut self, retry: bool) -> Self {
        self.persistent = retry;
        self
    }

    /// How long connecting may take: name lookup, TCP, TLS and the upgrade. 15 seconds by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What fills the gaps of a new connection, and where it hears of joins.
    fn catch_up_on(&self, client: &Client, socket: &Socket) -> Option<(CatchUp, Arc<Requests>)> {
        let join_added = self.join_added.unwrap_or_else(|| client.api().is_app());
        if self.keep_gaps && !join_added {
            return None;
        }
        let defaults = Settings::default();
        let at_once = self.catch_up_at_once.map_or(defaults.at_once, |channels| channels.max(1));
        let settings = Settings { catch_up: !self.keep_gaps, at_once, ..defaults };
        let upstream = Upstream { api: client.api().clone(), socket: socket.clone() };
        let user = join_added.then(|| client.api().session().user_id());
        let requests = Arc::<Requests>::default();
        Some((CatchUp::new(settings, Arc::new(upstream), Arc::clone(&requests), user), requests))
    }

    /// Puts the handlers beside the others, for as long as the guards live.
    fn register(mut self, handlers: &Arc<Registry>) -> Vec<Subscription> {
        if self.verbose {
            self = self.on_event(|event| tracing::info!(event = event.name(), "socket event"));
        }
        let errors = self.on_error.into_iter().map(|handler| handlers.on_error(handler));
        let events = self.on_event.into_iter().map(|handler| handlers.on_event(handler));
        errors.chain(events).collect()
    }
}

impl Connection {
    /// A connection for `client`, not connected yet.
    pub fn new(client: &Client) -> Self {
        Self {
            inner: Arc::new(Inner {
                client: client.clone(),
                audience: Arc::default(),
                lifecycle: Lifecycle::default(),
            }),
        }
    }

    /// The user whose connection it is.
    pub fn client(&self) -> &Client {
        &self.inner.client
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
        let Inner { client, audience, lifecycle } = &*self.inner;
        Box::pin(lifecycle.connect(audience, async move || {
            let (socket, events) = mezon_realtime::connect(
                client.socket_config(options.timeout, options.persistent)?,
                client.token_source(),
            )
            .await?;
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
        self.inner.lifecycle.disconnect(&self.inner.audience).await;
        // Many programs end now.
        if let Ok(Err(error)) = timeout(SAVING, self.inner.client.api().save_session()).await {
            tracing::warn!(error = format_args!("{error:#}"), "the session is still not stored");
        }
    }

    /// Whether the connection is up now.
    pub fn is_connected(&self) -> bool {
        self.state().is_some_and(|state| state.is_up())
    }

    /// Where the connection stands. `None` before the first connect and after a disconnect.
    pub fn state(&self) -> Option<ConnectionState> {
        self.inner.lifecycle.live(|live| live.socket.state())
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
        WeakConnection { inner: Arc::downgrade(&self.inner) }
    }

    /// The layer beneath: any request of the protocol, connection states, round-trip time.
    ///
    /// # Errors
    /// [`ClientError::NotConnected`] before [`Connection::connect`].
    pub fn socket(&self) -> Result<Socket, ClientError> {
        self.inner.lifecycle.live(|live| live.socket.clone()).ok_or(ClientError::NotConnected)
    }

    /// Calls `handler` with every message, until the guard is dropped. Handlers run one after the other, outside the
    /// socket's task: a slow one holds up the others and the streams, never the connection. A panic in one is reported
    /// to the error handlers.
    pub fn on_message(&self, handler: impl Fn(&ChannelMessage) + Send + Sync + 'static) -> Subscription {
        self.inner.audience.handlers.on_message(Arc::new(handler))
    }

    /// As [`Connection::on_message`], for the messages of one channel. It costs nothing for those of others, however many
    /// such handlers there are.
    pub fn on_message_in(
        &self,
        channel: ChannelId,
        handler: impl Fn(&ChannelMessage) + Send + Sync + 'static,
    ) -> Subscription {
        self.inner.audience.handlers.on_message_in(channel, Arc::new(handler))
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
        let handlers = &self.inner.audience.handlers;
        let connection = self.downgrade();
        let respond = move |message| -> Response { Box::pin(respond(connection.clone(), message)) };
        handlers.on_message(responding(self.user_id(), handlers, respond))
    }

    /// Calls `handler` with every event, until the guard is dropped.
    pub fn on_event(&self, handler: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.inner.audience.handlers.on_event(Arc::new(handler))
    }

    /// Calls `handler` with every error that belongs to no call, until the guard is dropped.
    pub fn on_error(&self, handler: impl Fn(&ClientError) + Send + Sync + 'static) -> Subscription {
        self.inner.audience.handlers.on_error(Arc::new(handler))
    }

    /// Every message from now on.
    pub fn messages(&self) -> MessageStream {
        self.inner.audience.messages()
    }

    /// Every event from now on: messages, typing, reactions, connection states, gaps, and whatever the protocol brings.
    pub fn events(&self) -> EventStream {
        self.inner.audience.events()
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
        self.inner.lifecycle.joined(target);
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

    /// Leaves a channel.
    ///
    /// # Errors
    /// As [`Connection::join`].
    ///
    /// # Cancel safety
    /// A dropped call may have left.
    pub async fn leave(&self, target: &Target) -> Result<(), ClientError> {
        self.inner.lifecycle.leaving(target.channel_id);
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
        self.inner.client.api().session().user_id()
    }
}

/// A handle to a [`Connection`] that does not keep it alive. Clones are cheap.
#[derive(Clone)]
pub struct WeakConnection {
    inner: Weak<Inner>,
}

impl WeakConnection {
    /// The connection, if a clone of it is left.
    pub fn upgrade(&self) -> Option<Connection> {
        self.inner.upgrade().map(|inner| Connection { inner })
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
        f.debug_struct("WeakConnection").field("is_alive", &(self.inner.strong_count() > 0)).finish()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("state", &self.state()).finish_non_exhaustive()
    }
}

impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectOptions")
            .field("verbose", &self.verbose)
            .field("keep_gaps", &self.keep_gaps)
            .field("catch_up_at_once", &self.catch_up_at_once)
            .field("join_added", &self.join_added)
            .field("persistent", &self.persistent)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
