//! A signed-in client and its calls.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use mezon_proto::wire::{self, Described, WireErrorKind};
use mezon_session::{BoxFuture, Endpoint, Session, SessionUpdate, TokenError, TokenSource};
use prost::Message;
use tracing::debug;

use crate::keeper::{Current, SessionKeeper};
use crate::{AnyMethod, ApiError, ApiErrorKind, AppLogin, Gateway, Method, SessionChanges};

/// A signed-in client. Cheap to clone; clones share the session and the connections.
///
/// Before and during calls it sees to the session: an access token that ends soon is refreshed, one that the server
/// refuses is refreshed once and the call repeated once. However many calls find the token expired, there is one refresh.
#[derive(Clone)]
pub struct ApiClient {
    keeper: Arc<SessionKeeper>,
}

impl ApiClient {
    pub(crate) fn new(gateway: Gateway, session: Session, app: Option<AppLogin>) -> Result<Self, ApiError> {
        let current = Current::new(&gateway, session)?;
        Ok(Self { keeper: SessionKeeper::new(gateway, current, app) })
    }

    /// The session as it is now.
    pub fn session(&self) -> Arc<Session> {
        Arc::clone(&self.keeper.current().session)
    }

    /// Every session from now on. See [`SessionChanges`].
    pub fn session_changes(&self) -> SessionChanges {
        SessionChanges::new(self.keeper.subscribe())
    }

    /// Whether the client holds the key of an application: it is a bot. A client that was made from the saved session of a
    /// bot alone is not known to be one.
    pub fn is_app(&self) -> bool {
        self.keeper.is_app()
    }

    /// The gateway that the sign-in went to.
    pub fn gateway(&self) -> &Gateway {
        self.keeper.gateway()
    }

    /// The time by which tokens are judged: the configured clock, corrected by the server's.
    pub fn now(&self) -> SystemTime {
        self.keeper.now()
    }

    /// Where the socket is, checked: credentials may be sent there.
    ///
    /// # Errors
    /// [`ApiErrorKind::UntrustedEndpoint`].
    pub fn ws_endpoint(&self) -> Result<Endpoint, ApiError> {
        self.keeper.ws_endpoint(&self.session())
    }

    /// Calls a method of the API. [`methods`](crate::methods) has all of the protocol, each with the types of its request and its response:
    ///
    /// ```no_run
    /// # async fn example(client: mezon_api::ApiClient) -> Result<(), mezon_api::ApiError> {
    /// use mezon_api::methods;
    /// use mezon_proto::api::RoleListEventRequest;
    ///
    /// let request = RoleListEventRequest { clan_id: 7, ..Default::default() };
    /// let roles = client.call(methods::LIST_ROLES, &request).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A wrong type does not compile:
    ///
    /// ```compile_fail,E0308
    /// # async fn example(client: mezon_api::ApiClient) -> Result<(), mezon_api::ApiError> {
    /// use mezon_api::methods;
    /// use mezon_proto::api::CreateRoleRequest;
    ///
    /// let roles = client.call(methods::LIST_ROLES, &CreateRoleRequest::default()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// For a method of a newer server, [`Method::new`] takes its name, with types of `mezon-proto` that fit;
    /// [`ApiClient::call_untyped`] takes and gives bytes, for types of your own.
    ///
    /// # Errors
    /// - [`ApiErrorKind::LoginOver`], [`ApiErrorKind::Forbidden`], [`ApiErrorKind::NotFound`],
    ///   [`ApiErrorKind::RateLimited`], [`ApiErrorKind::Status`], [`ApiErrorKind::Redirected`]: what the server answered.
    /// - [`ApiErrorKind::Intercepted`]: something on the way answered in its place.
    /// - [`ApiErrorKind::Connect`], [`ApiErrorKind::Tls`], [`ApiErrorKind::TimedOut`],
    ///   [`ApiErrorKind::ConnectionLost`]: there was no answer; for a method that is not idempotent
    ///   [`ApiErrorKind::MaybeSent`], unless it certainly was not sent.
    /// - [`ApiErrorKind::BodyTooLarge`], [`ApiErrorKind::Decode`]: the answer is not usable. A list loses only the
    ///   elements that cannot be read.
    ///
    /// # Cancel safety
    /// A call that is given up may have happened on the server. A refresh of the session that it began goes on.
    pub async fn call<Req, Res>(&self, method: Method<Req, Res>, request: &Req) -> Result<Res, ApiError>
    where
        Req: Message,
        Res: Described,
    {
        self.call_within(method, request, self.gateway().0.decoded_limit).await
    }

    /// As [`ApiClient::call`], for an answer that takes no more than `limit` bytes of memory.
    pub(crate) async fn call_within<Req, Res>(
        &self,
        method: Method<Req, Res>,
        request: &Req,
        limit: usize,
    ) -> Result<Res, ApiError>
    where
        Req: Message,
        Res: Described,
    {
        // A message without fields takes no room: its answer may be nothing at all.
        let answered = size_of::<Res>() > 0;
        let body = self.keeper.call(method.any(), request.encode_to_vec().into(), answered).await?;
        match wire::decode_within::<Res>(&body, limit) {
            Ok(answer) => {
                if answer.dropped > 0 {
                    debug!(method = method.name(), dropped = answer.dropped, "parts of the answer could not be read");
                }
                Ok(answer.message)
            }
            Err(error) if matches!(error.kind(), WireErrorKind::TooLarge { .. }) => {
                Err(ApiErrorKind::BodyTooLarge { limit }.into())
            }
            Err(error) => Err(ApiError::with_source(ApiErrorKind::Decode { what: method.name() }, error)),
        }
    }

    /// Calls a method by name with a request that is encoded already, and gives the answer as it came. `request` and answer are
    /// bare protobuf messages.
    ///
    /// # Errors
    /// As [`ApiClient::call`], but for [`ApiErrorKind::Decode`].
    ///
    /// # Cancel safety
    /// As [`ApiClient::call`].
    pub async fn call_untyped(&self, method: AnyMethod, request: Bytes) -> Result<Bytes, ApiError> {
        self.keeper.call(method, request, false).await
    }

    /// Refreshes the session now, whether that is due or not. Calls at the same time share one refresh.
    ///
    /// With a store, it is locked and read again first: if another process has refreshed meanwhile, its session is taken
    /// over and nothing is sent. The new session is stored before it is used. A store that holds the session of another user
    /// by now is left alone.
    ///
    /// # Errors
    /// [`ApiErrorKind::LoginOver`] when the refresh token is refused, [`ApiErrorKind::NotRefreshable`] when there is
    /// none, and those of every call. Before anything is sent: [`ApiErrorKind::NotStorable`] when the new session could not
    /// be stored, [`ApiErrorKind::Store`] when the store could not be locked. After it: [`ApiErrorKind::Store`] when the
    /// new session was not stored all the same. It is in use then, because the old one is spent; storing it is tried
    /// again, and [`ApiClient::session`] gives it to be saved elsewhere.
    ///
    /// # Cancel safety
    /// Cancel safe: the refresh goes on in a task of its own, and its tokens are not lost.
    pub async fn refresh_session(&self) -> Result<Arc<Session>, ApiError> {
        self.keeper.refresh_now().await
    }

    /// Changes the unique name of the signed-in user. The server answers with tokens that carry the new name, and they are
    /// stored before they are used, as those of a refresh.
    ///
    /// # Errors
    /// [`ApiErrorKind::InvalidInput`] for an empty name, before any request; those of [`ApiClient::call`]; and
    /// [`ApiErrorKind::Store`] when the new session was not stored: the name is changed and the session in use all the
    /// same.
    ///
    /// # Cancel safety
    /// Cancel safe: the change goes on in a task of its own, and its tokens are not lost.
    pub async fn update_username(&self, username: &str) -> Result<(), ApiError> {
        self.keeper.rename(username).await
    }

    /// Stores the session if it could not be stored when it came: calls and [`ApiClient::keep_fresh`] try that by
    /// themselves from time to time, and this is for programs that end now. Without a store, nothing happens.
    ///
    /// # Errors
    /// [`ApiErrorKind::Store`]: it is still not stored.
    ///
    /// # Cancel safety
    /// A save that has begun goes on.
    pub async fn save_session(&self) -> Result<(), ApiError> {
        self.keeper.save_unsaved().await
    }

    /// Refreshes the session in the background, some time before each access token ends, until the last clone of this
    /// client is dropped or the login is over. Calling it again changes nothing.
    ///
    /// Without it the session is refreshed too, when a call finds that it is due: this is for clients that hold a socket
    /// and make few calls.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn keep_fresh(&self) {
        self.keeper.keep_fresh();
    }

    /// Ends the login: on the server, in the store, and in this client, whose calls fail with
    /// [`ApiErrorKind::LoginOver`] from then on. A session of somebody else, who signed in to the same store meanwhile,
    /// stays in it.
    ///
    /// # Errors
    /// Those of [`ApiClient::call`] when the server could not be told; the store is cleared all the same.
    /// [`ApiErrorKind::Store`] when the session may still be stored.
    ///
    /// # Cancel safety
    /// A logout that is given up may have happened on the server, and may not have cleared the store.
    pub async fn logout(&self) -> Result<(), ApiError> {
        self.keeper.logout().await
    }
}

impl TokenSource for ApiClient {
    fn credentials(&self) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
        self.keeper.credentials()
    }

    fn refused(&self, session: Arc<Session>) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
        self.keeper.refused(session)
    }

    fn pushed(&self, update: SessionUpdate) -> BoxFuture<'_, Result<(), TokenError>> {
        self.keeper.pushed(update)
    }
}

impl fmt::Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClient")
            .field("gateway", &self.gateway().0.endpoint)
            .field("user_id", &self.session().user_id())
            .finish_non_exhaustive()
    }
}
