//! Sign-in, session and HTTP calls.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use mezon_api::{
    ApiClient, AppLogin, Download, GatewayBuilder, IdTokenLogin, ListChannelsOptions, ListMessagesOptions,
    SessionChanges, Timeouts, TlsConfig, UploadRequest, UploadSource, UploadTicket,
};
use mezon_client::Client;
use mezon_model::{Attachment, Channel, ChannelId, ChannelMessage, MessageId, UserId};
use mezon_realtime::{Revision, SocketConfigBuilder};
use mezon_session::{Clock, Secret, Session, SessionStore};

use crate::{AuthenticateConfig, ClientInitConfig, LightError, LightSocket};

/// A signed-in user: the session, and the calls that need no socket. Clones are cheap and share the session.
///
/// The session is refreshed by itself before it expires, for as long as a clone lives. (A client made outside of a tokio
/// runtime refreshes when a call needs it, and by itself from the first connect on.)
/// [`LightClient::session_changes`] tells about each new one; a [`SessionStore`] given to the builder holds it by then.
#[derive(Clone, Debug)]
pub struct LightClient {
    client: Client,
}

/// Settings for a [`LightClient`], before it signs in.
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until it signs in"]
pub struct LightClientBuilder {
    gateway: GatewayBuilder,
    socket: Option<SocketConfigBuilder>,
}

impl LightClient {
    /// Settings other than the default ones.
    pub fn builder() -> LightClientBuilder {
        LightClientBuilder::default()
    }

    /// Signs in with an ID token.
    ///
    /// # Errors
    /// [`LightError::Api`]: the gateway cannot be reached, refuses the server key or the token, or names an address
    /// that credentials must not be sent to.
    ///
    /// # Cancel safety
    /// A dropped sign-in may have happened on the server. Signing in again is harmless.
    pub async fn authenticate(config: AuthenticateConfig) -> Result<Self, LightError> {
        Self::builder().authenticate(config).await
    }

    /// Signs in as a bot.
    ///
    /// # Errors
    /// As [`LightClient::authenticate`].
    ///
    /// # Cancel safety
    /// As [`LightClient::authenticate`].
    pub async fn authenticate_bot(login: AppLogin) -> Result<Self, LightError> {
        Self::builder().authenticate_bot(login).await
    }

    /// Takes up the credentials of an earlier sign-in. Makes no call: they are tried on first use.
    ///
    /// # Errors
    /// [`LightError::Session`] for credentials that cannot belong together, [`LightError::Api`] for an address that
    /// credentials must not be sent to.
    pub fn init_client(config: ClientInitConfig) -> Result<Self, LightError> {
        Self::builder().init_client(config)
    }

    /// Who is signed in.
    pub fn user_id(&self) -> UserId {
        self.session().user_id()
    }

    /// The session as it is now.
    pub fn session(&self) -> Arc<Session> {
        self.api().session()
    }

    /// Every session from now on: after a refresh, and after the server pushed new credentials.
    pub fn session_changes(&self) -> SessionChanges {
        self.api().session_changes()
    }

    /// The layer beneath: any call of the server by name, uploads, queries.
    pub fn api(&self) -> &ApiClient {
        self.client.api()
    }

    /// The access token.
    pub fn token(&self) -> Secret {
        self.session().token().clone()
    }

    /// The token that buys the next pair; bots have none.
    pub fn refresh_token(&self) -> Option<Secret> {
        self.session().refresh_token().cloned()
    }

    /// Whether the access token has expired. The next call refreshes it.
    pub fn is_session_expired(&self) -> bool {
        self.session().is_expired(self.api().now())
    }

    /// Whether the refresh token has expired too: only a new sign-in helps then.
    pub fn is_refresh_session_expired(&self) -> bool {
        self.session().is_refresh_expired(self.api().now())
    }

    /// Refreshes the session now. Calls at the same time share one refresh.
    ///
    /// # Errors
    /// [`LightError::Api`]; its class is [`Auth`](mezon_session::ErrorClass::Auth) when the login is over.
    ///
    /// # Cancel safety
    /// Cancel safe: the refresh goes on in a task of its own, and its tokens are not lost.
    pub async fn refresh_session(&self) -> Result<Arc<Session>, LightError> {
        Ok(self.api().refresh_session().await?)
    }

    /// The session as the JavaScript SDK's JSON, for [`ClientInitConfig::from_export`] and the JavaScript SDK. It holds
    /// the tokens: store it where only the user can read it.
    pub fn export_session(&self) -> String {
        self.session().export()
    }

    /// Ends the login on the server and removes it from the store.
    ///
    /// # Errors
    /// [`LightError::Api`] when the server could not be told.
    ///
    /// # Cancel safety
    /// A dropped logout may have happened on the server.
    pub async fn logout(&self) -> Result<(), LightError> {
        Ok(self.api().logout().await?)
    }

    /// Opens the direct channel with `peer`; the same peer gives the same channel.
    ///
    /// # Errors
    /// [`LightError::Api`].
    ///
    /// # Cancel safety
    /// The channel may exist on the server; asking again gives it.
    pub async fn create_dm(&self, peer: impl Into<UserId>) -> Result<Channel, LightError> {
        Ok(self.api().create_dm(peer.into()).await?)
    }

    /// Opens a new group channel with `peers`.
    ///
    /// # Errors
    /// [`LightError::Api`], before any request when `peers` is empty.
    ///
    /// # Cancel safety
    /// A dropped call may have made the group.
    pub async fn create_group_dm(&self, peers: &[UserId]) -> Result<Channel, LightError> {
        Ok(self.api().create_group_dm(peers).await?)
    }

    /// The user's channels.
    ///
    /// # Errors
    /// [`LightError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn list_channels(&self, query: &ListChannelsOptions) -> Result<Vec<Channel>, LightError> {
        Ok(self.api().list_channels(query).await?)
    }

    /// The history of a direct or group channel, oldest message first.
    ///
    /// # Errors
    /// [`LightError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn list_messages(
        &self,
        channel: impl Into<ChannelId>,
        query: &ListMessagesOptions,
    ) -> Result<Vec<ChannelMessage>, LightError> {
        Ok(self.api().list_messages(channel.into(), query).await?)
    }

    /// All messages of a channel that came after the message `after`, oldest first: what a
    /// [`Gap`](mezon_realtime::Event::Gap) is filled with.
    ///
    /// # Errors
    /// [`LightError::Api`], also when it is more than 100 pages of history: read those with
    /// [`LightClient::list_messages`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn catch_up(
        &self,
        channel: impl Into<ChannelId>,
        after: impl Into<MessageId>,
    ) -> Result<Vec<ChannelMessage>, LightError> {
        Ok(self.api().catch_up(channel.into(), after.into()).await?)
    }

    /// Asks for an address to upload a file to. [`LightClient::upload_file`] does the whole job.
    ///
    /// # Errors
    /// [`LightError::Api`].
    ///
    /// # Cancel safety
    /// Cancel safe: an unused address expires.
    pub async fn upload_attachment(&self, request: &UploadRequest) -> Result<UploadTicket, LightError> {
        Ok(self.api().request_upload(request).await?)
    }

    /// Uploads a file as it is read, and gives the attachment for a message. `progress` hears the bytes sent so far and
    /// the bytes in all.
    ///
    /// # Errors
    /// [`LightError::Api`]: a file that cannot be read, is too large or changes meanwhile, and a refused upload.
    ///
    /// # Cancel safety
    /// Cancel safe: half an upload is never part of a message.
    pub async fn upload_file(
        &self,
        path: impl AsRef<Path>,
        progress: impl FnMut(u64, u64) + Send,
    ) -> Result<Attachment, LightError> {
        Ok(self.api().upload_file(path.as_ref(), progress).await?)
    }

    /// Uploads bytes as the file `filename`, and gives the attachment for a message.
    ///
    /// # Errors
    /// As [`LightClient::upload_file`].
    ///
    /// # Cancel safety
    /// Cancel safe: half an upload is never part of a message.
    pub async fn upload_bytes(
        &self,
        filename: &str,
        media_type: &str,
        bytes: impl Into<Bytes>,
        progress: impl FnMut(u64, u64) + Send,
    ) -> Result<Attachment, LightError> {
        Ok(self.api().upload_bytes(filename, media_type, bytes, progress).await?)
    }

    /// Sends the bytes of a file to the place that a ticket of [`LightClient::upload_attachment`] names. The store stops
    /// taking them some 10 to 60 seconds after the ticket was made.
    ///
    /// # Errors
    /// As [`LightClient::upload_file`].
    ///
    /// # Cancel safety
    /// Cancel safe: half an upload is never part of a message.
    pub async fn put_attachment(
        &self,
        ticket: &UploadTicket,
        source: &UploadSource,
        progress: impl FnMut(u64, u64) + Send,
    ) -> Result<(), LightError> {
        Ok(self.api().put_upload(ticket, source, progress).await?)
    }

    /// Begins to download a file, such as [`Attachment::url`] of a message. [`Download::save`] writes it to the disk.
    ///
    /// Whoever writes a message chooses the addresses in it: only hosts that uploads may go to are asked, and they get no
    /// credentials.
    ///
    /// # Errors
    /// [`LightError::Api`]: an address that is none or leads elsewhere, a file that does not exist, no connection.
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn download(&self, url: &str) -> Result<Download, LightError> {
        Ok(self.api().download(url).await?)
    }

    /// A socket for this client, not connected yet. The same as [`LightSocket::new`].
    pub fn create_socket(&self) -> LightSocket {
        LightSocket::new(self)
    }

    /// The layer between: friendly calls by subject, such as clans, friends, pins and search.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

impl LightClientBuilder {
    /// Where to sign in. `https://gw.mezon.ai` by default; for a session from before, the address in it.
    ///
    /// Plain `http://` is for loopback only, unless [`LightClientBuilder::allow_insecure`] is called.
    pub fn gateway_url(mut self, url: impl Into<String>) -> Self {
        self.gateway = self.gateway.gateway_url(url);
        self
    }

    /// The server key, when it is not the default one.
    pub fn server_key(mut self, key: impl Into<Secret>) -> Self {
        self.gateway = self.gateway.server_key(key);
        self
    }

    /// Where the session is kept: after the sign-in, and each time it changes, before the change is used.
    pub fn store(mut self, store: Arc<dyn SessionStore>) -> Self {
        self.gateway = self.gateway.store(store);
        self
    }

    /// Which certificates are trusted, for HTTP and the socket.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.gateway = self.gateway.tls(tls);
        self
    }

    /// Time limits of HTTP calls.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.gateway = self.gateway.timeouts(timeouts);
        self
    }

    /// What token expiry is measured by. For tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.gateway = self.gateway.clock(clock);
        self
    }

    /// Lets credentials go over plain `http` and `ws` to other machines. For closed networks.
    pub fn allow_insecure(mut self) -> Self {
        self.gateway = self.gateway.allow_insecure();
        self
    }

    /// Trusts another host, and every host under it, with credentials.
    pub fn trust_host_suffix(mut self, suffix: &str) -> Self {
        self.gateway = self.gateway.trust_host_suffix(suffix);
        self
    }

    /// Trusts another host, and every host under it, with files: they are uploaded there and downloaded from there, without
    /// credentials.
    pub fn trust_upload_suffix(mut self, suffix: &str) -> Self {
        self.gateway = self.gateway.trust_upload_suffix(suffix);
        self
    }

    /// How correlation ids are written: [`Revision::StringCid`] is for servers from before April 2026.
    pub fn revision(self, revision: Revision) -> Self {
        self.socket(|config| config.revision(revision))
    }

    /// Sets anything else of the HTTP layer: what is retried, when the session is refreshed, the longest answer.
    pub fn http(mut self, set: impl FnOnce(GatewayBuilder) -> GatewayBuilder) -> Self {
        self.gateway = set(self.gateway);
        self
    }

    /// Sets anything else of the sockets: heartbeat, limits of time and memory, delays. Addresses and certificates are those
    /// of the HTTP layer, whatever is said here.
    pub fn socket(mut self, set: impl FnOnce(SocketConfigBuilder) -> SocketConfigBuilder) -> Self {
        self.socket = Some(set(self.socket.unwrap_or_default()));
        self
    }

    /// Signs in with an ID token. What `config` says of server key and gateway goes before what was said here.
    ///
    /// # Errors
    /// As [`LightClient::authenticate`].
    ///
    /// # Cancel safety
    /// As [`LightClient::authenticate`].
    pub async fn authenticate(mut self, config: AuthenticateConfig) -> Result<LightClient, LightError> {
        if let Some(url) = config.gateway_url {
            self = self.gateway_url(url);
        }
        if let Some(key) = config.server_key {
            self = self.server_key(key);
        }
        let login = IdTokenLogin::new(config.id_token, config.user_id, config.username);
        let api = self.gateway.build()?.authenticate(&login).await?;
        Ok(client(api, self.socket))
    }

    /// Signs in as a bot.
    ///
    /// # Errors
    /// As [`LightClient::authenticate`].
    ///
    /// # Cancel safety
    /// As [`LightClient::authenticate`].
    pub async fn authenticate_bot(self, login: AppLogin) -> Result<LightClient, LightError> {
        let api = self.gateway.build()?.authenticate_app(&login).await?;
        Ok(client(api, self.socket))
    }

    /// Takes up the credentials of an earlier sign-in. Makes no call.
    ///
    /// # Errors
    /// As [`LightClient::init_client`].
    pub fn init_client(mut self, config: ClientInitConfig) -> Result<LightClient, LightError> {
        if let Some(key) = config.server_key {
            self = self.server_key(key);
        }
        self.resume(Session::new(config.credentials)?)
    }

    /// Takes up a session from before. Makes no call.
    ///
    /// # Errors
    /// [`LightError::Api`] for an address that credentials must not be sent to.
    pub fn resume(mut self, session: Session) -> Result<LightClient, LightError> {
        if let Some(url) = session.api_url() {
            self.gateway = self.gateway.default_gateway_url(url);
        }
        let api = self.gateway.build()?.resume(session)?;
        Ok(client(api, self.socket))
    }

    /// Takes up a bot's session from before. Makes no call: when the session ends, `login` gets the next one, from the same
    /// gateway as in [`LightClientBuilder::authenticate_bot`].
    ///
    /// # Errors
    /// As [`LightClientBuilder::resume`].
    pub fn resume_bot(self, session: Session, login: AppLogin) -> Result<LightClient, LightError> {
        let api = self.gateway.build()?.resume_app(session, login)?;
        Ok(client(api, self.socket))
    }

    /// Takes up the session in the store that was given, at the address in it. `None`: there is none in it.
    ///
    /// # Errors
    /// [`LightError::Api`] when the store cannot be read, and as [`LightClientBuilder::resume`].
    ///
    /// # Cancel safety
    /// Cancel safe: it only reads.
    pub async fn resume_stored(self) -> Result<Option<LightClient>, LightError> {
        let session = self.gateway.stored_session().await?;
        session.map(|session| self.resume(session)).transpose()
    }
}

impl fmt::Debug for LightClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LightClientBuilder").field("gateway", &self.gateway).finish_non_exhaustive()
    }
}

/// A client that is signed in at `api`, whose sockets have these settings, or the default ones.
fn client(api: ApiClient, socket: Option<SocketConfigBuilder>) -> LightClient {
    let client = Client::new(api);
    LightClient {
        client: match socket {
            Some(socket) => client.socket(socket),
            None => client,
        },
    }
}
