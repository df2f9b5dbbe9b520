//! Where and how to sign in.

mod admission;
mod attempts;
mod builder;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use mezon_session::{Endpoint, EndpointPolicy, RefreshPolicy, Secret, ServerClock, SessionStore};
use mezon_tls::TlsConfig;
use rand::RngExt as _;
use rand::rngs::SmallRng;
use tokio::time::Instant;

use self::admission::Admission;
use crate::request::Base;
use crate::retry::RetryBudget;
use crate::timeouts::later;
use crate::transport::Transport;
use crate::{ApiError, ApiErrorKind, Phase, RetryPolicy, Timeouts};

pub use self::builder::GatewayBuilder;

/// A configured way to a Mezon gateway, to sign in with. Cheap to clone; clones share their connections.
///
/// ```
/// use mezon_api::Gateway;
///
/// let gateway = Gateway::builder().gateway_url("https://gw.mezon.ai").build()?;
/// assert!(Gateway::builder().gateway_url("http://gw.mezon.ai").build().is_err(), "credentials are not sent in plain text");
/// # Ok::<(), mezon_api::ApiError>(())
/// ```
#[derive(Clone)]
pub struct Gateway(pub(crate) Arc<GatewayInner>);

pub(crate) struct GatewayInner {
    pub(crate) endpoint: Endpoint,
    pub(crate) base: Base,
    pub(crate) server_key: Secret,
    pub(crate) policy: EndpointPolicy,
    pub(crate) timeouts: Timeouts,
    pub(crate) clock: ServerClock,
    pub(crate) store: Option<Arc<dyn SessionStore>>,
    pub(crate) refresh_policy: RefreshPolicy,
    pub(crate) transport: Transport,
    /// The longest answer in bytes. Pages of histories take no more when they are decoded either.
    pub(crate) body_limit: usize,
    /// The most memory in bytes that an answer may take when it is decoded.
    pub(crate) decoded_limit: usize,
    retry: RetryPolicy,
    budget: Mutex<RetryBudget>,
    admission: Mutex<Admission>,
    random: Mutex<SmallRng>,
}

impl Gateway {
    /// Settings, to change from their defaults.
    pub fn builder() -> GatewayBuilder {
        GatewayBuilder::default()
    }

    /// Where it is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// Which hosts get credentials. A socket beside this client is to keep to the same.
    pub fn endpoint_policy(&self) -> &EndpointPolicy {
        &self.0.policy
    }

    /// Which certificates are trusted. A socket beside this client is to trust the same.
    pub fn tls(&self) -> &TlsConfig {
        self.0.transport.tls()
    }
}

impl GatewayInner {
    /// A random number in `[0, 1)`.
    pub(crate) fn unit(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).random()
    }

    /// When a call that starts now has to be over.
    pub(crate) fn deadline(&self) -> Instant {
        later(self.timeouts.total)
    }
}

/// A call that waited for something else until its time was up.
pub(crate) fn out_of_time() -> ApiError {
    ApiErrorKind::TimedOut { phase: Phase::Total }.into()
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("endpoint", &self.0.endpoint).finish_non_exhaustive()
    }
}
