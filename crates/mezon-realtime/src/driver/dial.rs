//! Opening a socket: credentials, TCP, TLS, WebSocket upgrade.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mezon_session::{Endpoint, EndpointPolicy, Secret, Session, TokenErrorKind, TokenSource};
use mezon_tls::TlsConfig;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::handshake::upgrade;
use super::transport::{Io, Transport};
use crate::machine::later;
use crate::socket_config::CREDENTIALS_TIMEOUT;
use crate::{ConnectError, ConnectErrorKind, DialPhase, SocketConfig};

/// A WebSocket over plain TCP or TLS.
pub(super) type Stream = WebSocketStream<Transport>;

/// The outcome of a dial.
pub(super) struct Dialled {
    /// The credentials it went with, as far as it got any.
    pub(super) session: Option<Arc<Session>>,
    pub(super) result: Result<Opened, ConnectError>,
}

/// A socket that the server has opened.
pub(super) struct Opened {
    pub(super) stream: Stream,
    /// What it was opened with, when that was not the access token.
    pub(super) session_id: Option<Secret>,
}

/// All that a dial needs to know.
pub(super) struct Dialler {
    source: Arc<dyn TokenSource>,
    gateway: Endpoint,
    policy: EndpointPolicy,
    tls: TlsConfig,
    connect_timeout: Duration,
    announce_online: bool,
    socket: WebSocketConfig,
    /// A session id that did not open a socket, or one on which the server said nothing.
    doubted: Mutex<Option<Secret>>,
}

/// How much may be written before it is flushed. Frames of one turn are gathered in it.
const WRITE_BUFFER: usize = 16 * 1_024;

/// Room for the header of a frame and a close frame beside the largest message.
const FRAME_SLACK: usize = 1_024;

impl Dialler {
    pub(super) fn new(config: &SocketConfig, source: Arc<dyn TokenSource>) -> Self {
        Self {
            source,
            gateway: config.gateway.clone(),
            policy: config.policy.clone(),
            tls: config.tls.clone(),
            connect_timeout: config.connect_timeout,
            announce_online: config.announce_online,
            socket: WebSocketConfig::default()
                .read_buffer_size(config.read_buffer)
                .write_buffer_size(WRITE_BUFFER)
                // A frame is written only while less than a full write buffer waits, so the largest one fits.
                .max_write_buffer_size(WRITE_BUFFER + config.settings.max_outgoing + FRAME_SLACK)
                .max_message_size(Some(config.max_message))
                .max_frame_size(Some(config.max_message)),
            doubted: Mutex::default(),
        }
    }

    /// Opens a socket. `suspect`: credentials that the server may have refused, to be checked first.
    pub(super) async fn dial(self: Arc<Self>, suspect: Option<Arc<Session>>) -> Dialled {
        let credentials = match suspect {
            Some(session) => self.source.refused(session),
            None => self.source.credentials(),
        };
        let session = match tokio::time::timeout(CREDENTIALS_TIMEOUT, credentials).await {
            Ok(Ok(session)) => session,
            Ok(Err(error)) => {
                let kind = match error.kind() {
                    TokenErrorKind::LoginOver => ConnectErrorKind::LoginOver,
                    TokenErrorKind::UntrustedEndpoint => ConnectErrorKind::Endpoint,
                    TokenErrorKind::Unavailable { retry_after } => {
                        ConnectErrorKind::NoCredentials { retry_after: *retry_after }
                    }
                    _ => ConnectErrorKind::NoCredentials { retry_after: None },
                };
                return Dialled { session: None, result: Err(ConnectError::with_source(kind, error)) };
            }
            Err(_) => {
                let result = Err(ConnectErrorKind::TimedOut { phase: DialPhase::Credentials }.into());
                return Dialled { session: None, result };
            }
        };
        let result = self.open(&session).await;
        Dialled { session: Some(session), result }
    }

    /// A session id is of no use to the server, as it seems. The access token opens the next socket.
    pub(super) fn doubt(&self, session_id: Secret) {
        *self.doubted.lock().unwrap_or_else(PoisonError::into_inner) = Some(session_id);
    }

    fn is_doubted(&self, session_id: &Secret) -> bool {
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(session_id)
    }

    /// Opens a socket with the session id, if there is one, as current official clients do. One that is refused is not
    /// used again, and the access token has its turn at once.
    async fn open(&self, session: &Session) -> Result<Opened, ConnectError> {
        let untrusted = |error| ConnectError::with_source(ConnectErrorKind::Endpoint, error);
        let endpoint = session.ws_endpoint(&self.gateway).map_err(untrusted)?;
        self.policy.check(&endpoint).map_err(untrusted)?;
        let deadline = Instant::from_std(later(super::now(), self.connect_timeout));
        if let Some(id) = session.session_id().filter(|id| !self.is_doubted(id)) {
            match self.open_with(&endpoint, id, deadline).await {
                Err(error) if may_be_the_credential(error.kind()) => self.doubt(id.clone()),
                outcome => return outcome.map(|stream| Opened { stream, session_id: Some(id.clone()) }),
            }
        }
        let stream = self.open_with(&endpoint, session.token(), deadline).await?;
        Ok(Opened { stream, session_id: None })
    }

    async fn open_with(
        &self,
        endpoint: &Endpoint,
        credential: &Secret,
        deadline: Instant,
    ) -> Result<Stream, ConnectError> {
        let timed_out = |phase| ConnectError::from(ConnectErrorKind::TimedOut { phase });
        let unreachable = |error: std::io::Error| {
            ConnectError::with_source(ConnectErrorKind::Unreachable { host: endpoint.authority() }, error)
        };
        let tcp = timeout_at(deadline, super::tcp::connect(endpoint.host(), endpoint.port())).await;
        let tcp = tcp.map_err(|_| timed_out(DialPhase::Tcp))?.map_err(unreachable)?;
        tcp.set_nodelay(true).map_err(unreachable)?;
        // The endpoint alone decides: a TLS configuration at hand must not make a plain address look safe.
        let mut io: Box<dyn Io> = if endpoint.is_secure() {
            let tls = timeout_at(deadline, self.encrypt(endpoint, tcp)).await;
            Box::new(tls.map_err(|_| timed_out(DialPhase::Tls))??)
        } else {
            Box::new(tcp)
        };
        let target = target(credential, self.announce_online);
        let upgrade = timeout_at(deadline, upgrade(&mut io, &endpoint.authority(), &target)).await;
        let ahead = upgrade.map_err(|_| timed_out(DialPhase::Upgrade))??;
        let transport = Transport::new(io, ahead);
        Ok(WebSocketStream::from_raw_socket(transport, Role::Client, Some(self.socket)).await)
    }

    async fn encrypt(
        &self,
        endpoint: &Endpoint,
        tcp: TcpStream,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, ConnectError> {
        let unusable = |error| ConnectError::with_source(ConnectErrorKind::TlsConfig, error);
        let config = self.tls.client_config().map_err(unusable)?;
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            ConnectError::with_source(ConnectErrorKind::Tls { host: endpoint.host().to_owned() }, error)
        };
        let name = ServerName::try_from(endpoint.host().to_owned()).map_err(|error| failed(error.into()))?;
        TlsConnector::from(config).connect(name, tcp).await.map_err(|error| failed(error.into()))
    }
}

/// All but the unreserved characters of RFC 3986 section 2.3, so that nothing breaks out of its place.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Path and query of the socket. The credential is in the query, which is where the gateway wants it: not to be logged.
fn target(credential: &Secret, online: bool) -> String {
    let credential = utf8_percent_encode(credential.expose(), RESERVED);
    format!("/ws?lang=en&status={online}&token={credential}&format=protobuf&platform=0")
}

/// Whether a socket may have been refused because of what it was opened with. Gateways also hang up without a word.
fn may_be_the_credential(kind: &ConnectErrorKind) -> bool {
    matches!(kind, ConnectErrorKind::Refused { status: 400 | 401 | 403 | 404, .. } | ConnectErrorKind::Handshake)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_the_one_of_the_javascript_sdk() {
        let target = target(&Secret::from("a.b-c_d"), true);
        assert_eq!(target, "/ws?lang=en&status=true&token=a.b-c_d&format=protobuf&platform=0");
    }

    #[test]
    fn a_token_cannot_break_out_of_its_place() {
        let target = target(&Secret::from("a&b=c#d e\r\nä+/"), false);
        assert_eq!(
            target,
            "/ws?lang=en&status=false&token=a%26b%3Dc%23d%20e%0D%0A%C3%A4%2B%2F&format=protobuf&platform=0"
        );
    }
}
