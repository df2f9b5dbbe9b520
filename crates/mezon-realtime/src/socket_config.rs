//! How to connect.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mezon_proto::wire::Revision;
use mezon_session::{DelayPolicy, Endpoint, EndpointPolicy, ExponentialDelay, RateLimit};
use mezon_tls::TlsConfig;

use crate::driver::EVENT_MEMORY;
use crate::machine::Settings;
use crate::{ConnectError, ConnectErrorKind};

/// Where the public login is. Sessions name the address of the socket themselves; this one stands in when they do not,
/// and decides which addresses are trusted.
const DEFAULT_GATEWAY: &str = "https://gw.mezon.ai";

/// The gateway drops connections that are idle for 60 s, so pings must be closer than that.
const IDLE_LIMIT: Duration = Duration::from_secs(60);

/// How to connect: addresses, limits and times.
///
/// ```
/// use std::time::Duration;
/// use mezon_realtime::SocketConfig;
///
/// let config = SocketConfig::builder().connect_timeout(Duration::from_secs(5)).build()?;
///
/// let error = SocketConfig::builder().heartbeat(Duration::from_secs(90), Duration::from_secs(10)).build().unwrap_err();
/// assert_eq!(error.to_string(), "the setting heartbeat must be an interval under 60 s and a timeout, both over zero");
/// # Ok::<(), mezon_realtime::ConnectError>(())
/// ```
#[derive(Clone)]
pub struct SocketConfig {
    pub(crate) settings: Settings,
    pub(crate) gateway: Endpoint,
    pub(crate) policy: EndpointPolicy,
    pub(crate) tls: TlsConfig,
    pub(crate) connect_timeout: Duration,
    pub(crate) call_timeout: Duration,
    pub(crate) event_queue: usize,
    pub(crate) event_memory: usize,
    pub(crate) read_buffer: usize,
    pub(crate) max_message: usize,
    pub(crate) announce_online: bool,
    pub(crate) seed: Option<u64>,
    pub(crate) delays: Arc<dyn Fn() -> Box<dyn DelayPolicy> + Send + Sync>,
}

/// Settings for a [`SocketConfig`]. Each has a default that suits the public gateway.
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct SocketConfigBuilder {
    gateway_url: String,
    policy: Option<EndpointPolicy>,
    tls: Option<TlsConfig>,
    settings: Settings,
    connect_timeout: Duration,
    call_timeout: Duration,
    event_queue: usize,
    event_memory: usize,
    read_buffer: usize,
    max_message: usize,
    announce_online: bool,
    seed: Option<u64>,
    delays: Arc<dyn Fn() -> Box<dyn DelayPolicy> + Send + Sync>,
}

impl SocketConfig {
    /// The defaults, to be changed where needed.
    pub fn builder() -> SocketConfigBuilder {
        SocketConfigBuilder::default()
    }
}

impl Default for SocketConfigBuilder {
    fn default() -> Self {
        Self {
            gateway_url: DEFAULT_GATEWAY.to_owned(),
            policy: None,
            tls: None,
            settings: Settings::default(),
            connect_timeout: Duration::from_secs(15),
            call_timeout: Duration::from_secs(10),
            event_queue: 1_024,
            event_memory: EVENT_MEMORY,
            read_buffer: 2 * 1_024,
            max_message: 4 << 20,
            announce_online: true,
            seed: None,
            delays: Arc::new(|| Box::new(ExponentialDelay::default())),
        }
    }
}

impl SocketConfigBuilder {
    /// Where the sign-in went. The socket goes there when the session does not say where it is, and only addresses that
    /// belong to it are trusted with the token.
    pub fn gateway_url(mut self, url: impl Into<String>) -> Self {
        self.gateway_url = url.into();
        self
    }

    /// Which addresses are trusted, when it is not the default for the gateway.
    pub fn endpoint_policy(mut self, policy: EndpointPolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Which certificates are trusted.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = Some(tls);
        self
    }

    /// How correlation ids are written. Both forms are understood.
    pub fn revision(mut self, revision: Revision) -> Self {
        self.settings.revision = revision;
        self
    }

    /// Whether the other revision is tried when the server seems not to understand this one: after a connection on which
    /// something was asked and nothing answered. The first answer settles it. False: a connection that is lost before its
    /// first answer would otherwise cost another one, on which nothing is understood.
    pub fn detect_revision(mut self, detect: bool) -> Self {
        self.settings.detect_revision = detect;
        self
    }

    /// How long one connect may take: name lookup, TCP, TLS and the upgrade together. 15 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Whether the first connect is tried until it succeeds. By default it fails at once when it fails, so that a wrong
    /// address is told; connections that are lost later are made again in either case.
    pub fn retry_first(mut self, retry: bool) -> Self {
        self.settings.retry_first = retry;
        self
    }

    /// How long a call may take unless it says otherwise. 10 s.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// How long to wait for the answer to a request that servers need not answer: joins, for instance. 3 s.
    pub fn soft_timeout(mut self, timeout: Duration) -> Self {
        self.settings.soft_timeout = timeout;
        self
    }

    /// How many requests leave in a time, joins after a reconnect among them and heartbeats aside. Those that are too many
    /// wait for their turn, in their order, and their own time runs meanwhile; one that finds no room among them fails as
    /// [`NotSent::RateLimited`](crate::NotSent::RateLimited). Off by default; [`RateLimit::SENDS`] is what the official bot
    /// SDKs keep to.
    pub fn send_limit(mut self, limit: RateLimit) -> Self {
        self.settings.send_limit = Some(limit);
        self
    }

    /// How far apart pings are (under 60 s), and how long the server may be silent after one. 10 s and 10 s.
    pub fn heartbeat(mut self, interval: Duration, timeout: Duration) -> Self {
        self.settings.heartbeat_interval = interval;
        self.settings.heartbeat_timeout = timeout;
        self
    }

    /// How long [`Socket::close`](crate::Socket::close) waits for calls in flight. 5 s.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.settings.drain_timeout = timeout;
        self
    }

    /// How long [`Socket::close`](crate::Socket::close) waits for the server's close frame. 2 s.
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.settings.close_timeout = timeout;
        self
    }

    /// How many events wait for the application before events are dropped. 1,024.
    pub fn event_queue(mut self, events: usize) -> Self {
        self.event_queue = events;
        self
    }

    /// How many bytes the events that wait may take in memory before events are dropped. 8 MiB.
    pub fn event_memory(mut self, bytes: usize) -> Self {
        self.event_memory = bytes;
        self
    }

    /// The size of the read buffer in bytes, from 1 KiB to 1 MiB. All of it is allocated for as long as the connection
    /// lives. 2 KiB, the default, suits many idle connections; while a lot comes in, the connection reads ahead in pieces of
    /// 64 KiB anyway.
    pub fn read_buffer(mut self, bytes: usize) -> Self {
        self.read_buffer = bytes;
        self
    }

    /// The largest frame that is accepted, in bytes, at least 1 KiB. A larger one ends the connection. 4 MiB. Only answers
    /// may be that large; see [`SocketConfigBuilder::max_push`].
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// The largest push that is read, in bytes, at least 1 KiB. A larger one is told as
    /// [`Event::Undecodable`](crate::Event::Undecodable), without what is in it. 1 MiB.
    pub fn max_push(mut self, bytes: usize) -> Self {
        self.settings.max_push = bytes;
        self
    }

    /// Whether the user is shown as online while connected. True.
    pub fn announce_online(mut self, announce: bool) -> Self {
        self.announce_online = announce;
        self
    }

    /// How long to wait before each attempt to connect again. Made anew for each connection.
    pub fn delays<D: DelayPolicy + 'static>(mut self, make: impl Fn() -> D + Send + Sync + 'static) -> Self {
        self.delays = Arc::new(move || Box::new(make()));
        self
    }

    /// Makes everything random the same on every run. For tests.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The configuration.
    ///
    /// # Errors
    /// [`ConnectErrorKind::Endpoint`] when the gateway URL cannot be read, [`ConnectErrorKind::InvalidSetting`] when a
    /// number is out of its bounds.
    pub fn build(self) -> Result<SocketConfig, ConnectError> {
        let gateway = Endpoint::parse(&self.gateway_url, true)
            .map_err(|error| ConnectError::with_source(ConnectErrorKind::Endpoint, error))?;
        let heart = (self.settings.heartbeat_interval, self.settings.heartbeat_timeout);
        let rules = [
            ("connect_timeout", "over zero", is_some_time(&self.connect_timeout)),
            ("call_timeout", "over zero", is_some_time(&self.call_timeout)),
            ("soft_timeout", "over zero", is_some_time(&self.settings.soft_timeout)),
            (
                "heartbeat",
                "an interval under 60 s and a timeout, both over zero",
                is_some_time(&heart.0) && heart.0 < IDLE_LIMIT && is_some_time(&heart.1),
            ),
            ("event_queue", "at least 1", self.event_queue >= 1),
            ("event_memory", "at least 1 KiB", self.event_memory >= 1 << 10),
            ("read_buffer", "from 1 KiB to 1 MiB", (1 << 10..=1 << 20).contains(&self.read_buffer)),
            ("max_message", "at least 1 KiB", self.max_message >= 1 << 10),
            ("max_push", "at least 1 KiB", self.settings.max_push >= 1 << 10),
        ];
        if let Some(&(setting, rule, _)) = rules.iter().find(|(_, _, holds)| !holds) {
            return Err(ConnectErrorKind::InvalidSetting { setting, rule }.into());
        }
        Ok(SocketConfig {
            policy: self.policy.unwrap_or_else(|| EndpointPolicy::for_login(&gateway)),
            gateway,
            tls: self.tls.unwrap_or_default(),
            // The dial ends by its own limits long before this one.
            settings: Settings { dial_limit: self.connect_timeout.saturating_add(BESIDE_CONNECT), ..self.settings },
            connect_timeout: self.connect_timeout,
            call_timeout: self.call_timeout,
            event_queue: self.event_queue,
            event_memory: self.event_memory,
            read_buffer: self.read_buffer,
            max_message: self.max_message,
            announce_online: self.announce_online,
            seed: self.seed,
            delays: self.delays,
        })
    }
}

/// How long the token source may take. It makes an HTTP call when a token has to be replaced.
pub(crate) const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(35);

/// How long a dial may take beside the connect: the token source, and 5 s by which its limits may be late.
const BESIDE_CONNECT: Duration = CREDENTIALS_TIMEOUT.saturating_add(Duration::from_secs(5));

fn is_some_time(time: &Duration) -> bool {
    !time.is_zero()
}

impl fmt::Debug for SocketConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketConfig")
            .field("gateway", &self.gateway)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SocketConfigBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketConfigBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
