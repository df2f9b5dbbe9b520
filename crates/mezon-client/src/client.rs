//! A signed-in user: the HTTP client, and what its sockets need to know.

use std::sync::Arc;
use std::time::Duration;

use mezon_api::{ApiClient, TlsConfig};
use mezon_realtime::{Config, Revision};
use mezon_session::TokenSource;
use tokio::runtime::Handle;

use crate::ClientError;

/// A signed-in user. Clones are cheap and share the session.
///
/// The session is refreshed by itself before it expires, for as long as a clone of the [`ApiClient`] lives. (A client made
/// outside of a tokio runtime refreshes when a call needs it, and by itself from the first connect on.)
#[derive(Clone, Debug)]
pub struct Client {
    api: ApiClient,
    tls: TlsConfig,
    revision: Revision,
}

impl Client {
    /// A user who is signed in at `api`. Sockets trust the default certificates and speak the newest revision.
    pub fn new(api: ApiClient) -> Self {
        // Outside of a runtime there is nothing to refresh in: the first connect catches up on it.
        if Handle::try_current().is_ok() {
            api.keep_fresh();
        }
        Self { api, tls: TlsConfig::default(), revision: Revision::default() }
    }

    /// Which certificates sockets trust. To be the same as those that the HTTP client was given.
    #[must_use]
    pub fn tls(self, tls: TlsConfig) -> Self {
        Self { tls, ..self }
    }

    /// How sockets write correlation ids: [`Revision::StringCid`] is for servers from before April 2026.
    #[must_use]
    pub fn revision(self, revision: Revision) -> Self {
        Self { revision, ..self }
    }

    /// The HTTP layer: the session, and any call of the server.
    pub fn api(&self) -> &ApiClient {
        &self.api
    }

    /// How a socket of this client connects: with the same trust as its HTTP calls.
    pub(crate) fn socket_config(&self, timeout: Option<Duration>, persistent: bool) -> Result<Config, ClientError> {
        let gateway = self.api.gateway();
        let config = Config::builder()
            .gateway_url(gateway.endpoint().http_origin())
            .endpoint_policy(gateway.endpoint_policy().clone())
            .tls(self.tls.clone())
            .revision(self.revision)
            .persistent(persistent);
        let config = match timeout {
            Some(timeout) => config.connect_timeout(timeout),
            None => config,
        };
        Ok(config.build()?)
    }

    /// Where a socket of this client gets its credentials, which are kept fresh from now on. To be called in a runtime.
    pub(crate) fn token_source(&self) -> Arc<dyn TokenSource> {
        self.api.keep_fresh();
        Arc::new(self.api.clone())
    }
}
