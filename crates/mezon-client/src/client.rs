//! A signed-in user: the HTTP client, and what its sockets need to know.

use std::sync::Arc;

use mezon_api::ApiClient;
use mezon_realtime::SocketConfigBuilder;
use mezon_session::TokenSource;
use tokio::runtime::Handle;

/// A signed-in user. Clones are cheap and share the session.
///
/// The session is refreshed by itself before it expires, for as long as a clone of the [`ApiClient`] lives. (A client made
/// outside of a tokio runtime refreshes when a call needs it, and by itself from the first connect on.)
#[derive(Clone, Debug)]
pub struct Client {
    api: ApiClient,
    /// `None` stands for the defaults: a client for each of many users does not keep them for each.
    socket: Option<Arc<SocketConfigBuilder>>,
}

impl Client {
    /// A user who is signed in at `api`. Sockets have the default settings.
    pub fn new(api: ApiClient) -> Self {
        // Outside of a runtime there is nothing to refresh in: the first connect catches up on it.
        if Handle::try_current().is_ok() {
            api.keep_fresh();
        }
        Self { api, socket: None }
    }

    /// The settings of the sockets: heartbeat, limits, revision. Addresses and certificates are those of the HTTP client
    /// whatever is said here, so that credentials go to the same servers; how long connecting may take, and whether a first
    /// attempt that fails is repeated, may be said anew at each [`connect`](crate::Connection::connect).
    #[must_use]
    pub fn socket(self, socket: SocketConfigBuilder) -> Self {
        Self { socket: Some(Arc::new(socket)), ..self }
    }

    /// The HTTP layer: the session, and any call of the server.
    pub fn api(&self) -> &ApiClient {
        &self.api
    }

    /// How a socket of this client connects: with the same trust as its HTTP calls.
    pub(crate) fn socket_config(&self) -> SocketConfigBuilder {
        let gateway = self.api.gateway();
        let config = self.socket.as_deref().cloned().unwrap_or_default().gateway_url(gateway.endpoint().http_origin());
        config.endpoint_policy(gateway.endpoint_policy().clone()).tls(gateway.tls().clone())
    }

    /// Where a socket of this client gets its credentials, which are kept fresh from now on. To be called in a runtime.
    pub(crate) fn token_source(&self) -> Arc<dyn TokenSource> {
        self.api.keep_fresh();
        Arc::new(self.api.clone())
    }
}
