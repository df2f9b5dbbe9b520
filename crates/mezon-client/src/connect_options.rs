//! How a connection is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mezon_api::RetryPolicy;
use mezon_realtime::{Event, Socket, SocketConfigBuilder};

use crate::delivery::{CatchUp, Requests, Settings};
use crate::listen::{ErrorHandler, EventHandler, Registry, Subscription};
use crate::live::Upstream;
use crate::{Client, ClientError};

/// How to connect.
#[derive(Default)]
#[must_use]
pub struct ConnectOptions {
    on_event: Vec<EventHandler>,
    on_error: Vec<ErrorHandler>,
    verbose: bool,
    delivery: Settings,
    join_added: Option<bool>,
    retry_first: Option<bool>,
    connect_timeout: Option<Duration>,
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
        self.delivery.catch_up = catch_up;
        self
    }

    /// How many channels are caught up at a time, at least 1. 8 by default.
    pub fn catch_up_at_once(mut self, channels: usize) -> Self {
        self.delivery.at_once = channels.max(1);
        self
    }

    /// How long catching up may take after one loss, over all channels. What is not read by then is told as an
    /// [`Event::Gap`]. 30 seconds by default.
    pub fn catch_up_within(mut self, time: Duration) -> Self {
        self.delivery.within = time;
        self
    }

    /// How often, and after which delays, reading a history is tried again when it fails. As
    /// [`RetryPolicy::default`] says, by default.
    pub fn catch_up_retry(mut self, retry: RetryPolicy) -> Self {
        self.delivery.retry = retry;
        self
    }

    /// How much of what comes live may wait for a history: messages of one channel, and bytes over all channels. What is
    /// beyond is told as an [`Event::Gap`]. 1,024 messages and 8 MiB by default.
    pub fn held_back(mut self, messages: usize, bytes: usize) -> Self {
        self.delivery.held_messages = messages;
        self.delivery.held_bytes = bytes;
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
        self.retry_first = Some(retry);
        self
    }

    /// How long connecting may take: name lookup, TCP, TLS and the upgrade. 15 seconds by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// The settings of the socket: those of the client, and what was said here.
    pub(crate) fn socket_config(&self, client: &Client) -> SocketConfigBuilder {
        let mut config = client.socket_config();
        if let Some(timeout) = self.connect_timeout {
            config = config.connect_timeout(timeout);
        }
        match self.retry_first {
            Some(retry) => config.retry_first(retry),
            None => config,
        }
    }

    /// What fills the gaps of a new connection, and where it hears of joins.
    pub(crate) fn catch_up_on(&self, client: &Client, socket: &Socket) -> Option<(CatchUp, Arc<Requests>)> {
        let join_added = self.join_added.unwrap_or_else(|| client.api().is_app());
        if !self.delivery.catch_up && !join_added {
            return None;
        }
        let upstream = Upstream { api: client.api().clone(), socket: socket.clone() };
        let user = join_added.then(|| client.api().session().user_id());
        let requests = Arc::<Requests>::default();
        Some((CatchUp::new(self.delivery, Arc::new(upstream), Arc::clone(&requests), user), requests))
    }

    /// Puts the handlers beside the others, for as long as the guards live.
    pub(crate) fn register(mut self, handlers: &Arc<Registry>) -> Vec<Subscription> {
        if self.verbose {
            self = self.on_event(|event| tracing::info!(event = event.name(), "socket event"));
        }
        let errors = self.on_error.into_iter().map(|handler| handlers.on_error(handler));
        let events = self.on_event.into_iter().map(|handler| handlers.on_event(handler));
        errors.chain(events).collect()
    }
}

impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectOptions")
            .field("verbose", &self.verbose)
            .field("delivery", &self.delivery)
            .field("join_added", &self.join_added)
            .field("retry_first", &self.retry_first)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}
