//! The settings of a gateway, and what makes one of them.

use std::fmt;
use std::sync::{Arc, Mutex};

use mezon_session::{
    Clock, Endpoint, EndpointError, EndpointErrorKind, EndpointPolicy, RateLimit, RefreshPolicy, Secret, ServerClock,
    SessionStore, SystemClock,
};
use mezon_tls::TlsConfig;

use super::GatewayInner;
use super::admission::Admission;
use crate::request::Base;
use crate::transport::Transport;
use crate::{ApiError, ApiErrorKind, Gateway, RetryPolicy, Timeouts};

/// The public gateway.
const DEFAULT_URL: &str = "https://gw.mezon.ai";

/// The key that the public gateway takes from clients that were given none.
const DEFAULT_SERVER_KEY: &str = "DefaultServerKey";

/// Longer answers are refused.
const DEFAULT_BODY_LIMIT: usize = 16 * 1024 * 1024;

/// What an answer may become. With the longest answer itself, and all that a client is at rest, it stays below 64 MiB.
const DEFAULT_DECODED_LIMIT: usize = 40 * 1024 * 1024;

/// Makes a [`Gateway`]. Every setting has a default.
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct GatewayBuilder {
    gateway_url: Option<String>,
    server_key: Secret,
    tls: TlsConfig,
    timeouts: Timeouts,
    retry: RetryPolicy,
    rate_limit: Option<RateLimit>,
    body_limit: usize,
    decoded_limit: usize,
    clock: Arc<dyn Clock>,
    pub(crate) store: Option<Arc<dyn SessionStore>>,
    refresh_policy: RefreshPolicy,
    insecure: bool,
    trusted: Vec<String>,
    trusted_uploads: Vec<String>,
}

impl Default for GatewayBuilder {
    fn default() -> Self {
        Self {
            gateway_url: None,
            server_key: DEFAULT_SERVER_KEY.into(),
            tls: TlsConfig::default(),
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            rate_limit: None,
            body_limit: DEFAULT_BODY_LIMIT,
            decoded_limit: DEFAULT_DECODED_LIMIT,
            clock: Arc::new(SystemClock),
            store: None,
            refresh_policy: RefreshPolicy::default(),
            insecure: false,
            trusted: Vec::new(),
            trusted_uploads: Vec::new(),
        }
    }
}

impl GatewayBuilder {
    /// Where to sign in: `https://gw.mezon.ai` by default. Without a scheme TLS is meant; a path is ignored.
    pub fn gateway_url(mut self, url: impl Into<String>) -> Self {
        self.gateway_url = Some(url.into());
        self
    }

    /// Where to sign in when nobody said so with [`GatewayBuilder::gateway_url`]: the address in a session from before, for
    /// instance.
    pub fn default_gateway_url(mut self, url: impl Into<String>) -> Self {
        self.gateway_url.get_or_insert_with(|| url.into());
        self
    }

    /// The key by which the gateway knows the application. `DefaultServerKey` by default, which the public gateway takes;
    /// with a gateway of your own a sign-in that ends in 401 usually means that this is not its key.
    pub fn server_key(mut self, key: impl Into<Secret>) -> Self {
        self.server_key = key.into();
        self
    }

    /// How servers prove who they are. By default the roots of the platform are trusted.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    /// How long things may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// How often and when requests are repeated.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How many calls of the API begin in a time, for each host, and how many wait. Sign-ins and refreshes wait for nothing,
    /// and files are not counted. A call that finds no room, or whose own time would be up, fails at once as
    /// [`ApiErrorKind::HeldBack`]. A call that is given up while it waits keeps its place. Off by default;
    /// [`RateLimit::CALLS`] is what an official bot SDK keeps to.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = Some(limit);
        self
    }

    /// The longest answer that is read, in bytes. 16 MiB by default. A page of a history takes no more than that when it is
    /// decoded either, because catching up reads several at a time, unasked.
    pub fn body_limit(mut self, limit: usize) -> Self {
        self.body_limit = limit;
        self
    }

    /// The most memory that the answer to a call may take when it is decoded, in bytes. 40 MiB by default, which has room
    /// for the members of a clan of 40,000: elements of a list are small on the wire and large in memory.
    pub fn decoded_limit(mut self, limit: usize) -> Self {
        self.decoded_limit = limit;
        self
    }

    /// Where the time comes from by which tokens expire. The machine's clock by default; either is corrected by the
    /// `Date` of the server's answers.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where sessions outlive the process. It is called on threads where blocking is allowed.
    pub fn store(mut self, store: Arc<dyn SessionStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// When access tokens are refreshed.
    pub fn refresh_policy(mut self, policy: RefreshPolicy) -> Self {
        self.refresh_policy = policy;
        self
    }

    /// Allows plain `http` and `ws` to other machines. Everyone on the way can read the credentials then.
    pub fn allow_insecure(mut self) -> Self {
        self.insecure = true;
        self
    }

    /// Also sends credentials to `suffix` and the hosts under it when the server names them. Without it that is the
    /// gateway's own host and its parent domain.
    pub fn trust_host_suffix(mut self, suffix: &str) -> Self {
        self.trusted.push(suffix.to_owned());
        self
    }

    /// Also uploads files to `suffix` and the hosts under it, and downloads them from there. Neither carries a token.
    pub fn trust_upload_suffix(mut self, suffix: &str) -> Self {
        self.trusted_uploads.push(suffix.to_owned());
        self
    }

    /// Checks the settings. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ApiErrorKind::Configuration`]: the URL cannot be read, is plain text to another machine, or a trusted host is
    /// none.
    pub fn build(self) -> Result<Gateway, ApiError> {
        let wrong = |setting, problem: String| ApiErrorKind::Configuration { setting, problem };
        let url = |problem: String| wrong("gateway_url", problem);
        let endpoint = self.endpoint().map_err(|error| url(error.to_string()))?;
        let mut policy = EndpointPolicy::for_login(&endpoint);
        if self.insecure {
            policy = policy.allow_insecure();
        }
        for host in &self.trusted {
            let allowed = policy.allow_host_suffix(host);
            policy = allowed.map_err(|error| wrong("trust_host_suffix", error.to_string()))?;
        }
        for host in &self.trusted_uploads {
            let allowed = policy.allow_upload_suffix(host);
            policy = allowed.map_err(|error| wrong("trust_upload_suffix", error.to_string()))?;
        }
        if let Err(error) = policy.check_login() {
            let problem = match error.kind() {
                EndpointErrorKind::Insecure { host } => format!(
                    "http:// would send credentials to {host} in plain text, use https:// \
                     or `allow_insecure` if you mean it"
                ),
                other => other.to_string(),
            };
            return Err(url(problem).into());
        }
        Ok(Gateway(Arc::new(GatewayInner {
            base: Base::new(&endpoint)?,
            endpoint,
            server_key: self.server_key,
            policy,
            timeouts: self.timeouts,
            clock: ServerClock::new(self.clock),
            store: self.store,
            refresh_policy: self.refresh_policy,
            transport: Transport::new(self.tls, self.timeouts, self.body_limit),
            body_limit: self.body_limit,
            decoded_limit: self.decoded_limit,
            retry: self.retry,
            budget: Mutex::default(),
            admission: Mutex::new(Admission::new(self.rate_limit)),
            random: Mutex::new(rand::make_rng()),
        })))
    }

    fn endpoint(&self) -> Result<Endpoint, EndpointError> {
        Endpoint::parse(self.gateway_url.as_deref().unwrap_or(DEFAULT_URL), true)
    }
}

impl fmt::Debug for GatewayBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL as given may hold a password.
        let endpoint = self.endpoint();
        f.debug_struct("GatewayBuilder").field("endpoint", &endpoint).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(builder: GatewayBuilder) -> String {
        let error = builder.build().unwrap_err();
        assert!(matches!(error.kind(), ApiErrorKind::Configuration { .. }), "{error:?}");
        error.to_string()
    }

    #[test]
    fn plain_text_works_on_this_machine_only() {
        for url in ["http://127.0.0.1:7350", "http://localhost:7350", "http://[::1]:7350", "https://gw.mezon.ai"] {
            assert!(Gateway::builder().gateway_url(url).build().is_ok(), "{url}");
        }
        for url in ["http://gw.mezon.ai", "http://10.0.0.7:7350", "http://localhost.example.org"] {
            let problem = problem(Gateway::builder().gateway_url(url));
            assert!(problem.contains("`gateway_url`") && problem.contains("allow_insecure"), "{problem}");
            assert!(Gateway::builder().gateway_url(url).allow_insecure().build().is_ok(), "{url}");
        }
    }

    #[test]
    fn bad_settings_are_named() {
        assert!(problem(Gateway::builder().gateway_url("ftp://gw.mezon.ai")).contains("`gateway_url`"));
        assert!(problem(Gateway::builder().gateway_url("")).contains("`gateway_url`"));
        assert!(problem(Gateway::builder().trust_host_suffix("a b")).contains("`trust_host_suffix`"));
        assert!(problem(Gateway::builder().trust_upload_suffix("")).contains("`trust_upload_suffix`"));
    }

    #[test]
    fn debug_shows_no_key_and_no_password() {
        let builder = Gateway::builder().server_key("s3cret").gateway_url("https://user:s3cret@gw.mezon.ai");
        assert!(!format!("{builder:?}").contains("s3cret"));
        let gateway = Gateway::builder().server_key("s3cret").build().unwrap();
        assert!(!format!("{gateway:?}").contains("s3cret"));
    }
}
