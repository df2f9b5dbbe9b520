//! Signing in, users, and waiting for events.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mezon_emulator::Emulator;
use mezon_model::{ChannelId, Target};
use mezon_proto::api;
use mezon_realtime::{Event, Events, Socket, SocketConfig, SocketConfigBuilder, connect};
use mezon_session::{BoxFuture, ExponentialDelay, Session, SessionUpdate, TokenError, TokenErrorKind, TokenSource};
use mezon_tls::{Roots, TlsConfig};
use prost::Message as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer than anything here takes: a test that waits for this has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a test with a limit, so that nothing hangs.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it took too long")
}

/// A configuration for `emulator` whose waits are short.
pub(crate) fn config(emulator: &Emulator) -> SocketConfigBuilder {
    let quick = || ExponentialDelay::new(Duration::from_millis(20), Duration::from_millis(20));
    SocketConfig::builder().gateway_url(emulator.url()).tls(tls(emulator)).delays(quick).seed(1)
}

pub(crate) fn tls(emulator: &Emulator) -> TlsConfig {
    let mut tls = TlsConfig::builder().roots(Roots::None);
    if let Some(pem) = emulator.ca_pem() {
        tls = tls.add_root_pem(pem.as_bytes());
    } else {
        return TlsConfig::default();
    }
    tls.build().unwrap()
}

/// A signed-in user with a connection.
pub(crate) struct User {
    pub(crate) session: Session,
    pub(crate) source: Arc<Source>,
    pub(crate) socket: Socket,
    pub(crate) events: Events,
}

impl User {
    pub(crate) async fn new(emulator: &Emulator, id: i64) -> Self {
        Self::with(emulator, id, config(emulator)).await
    }

    pub(crate) async fn with(emulator: &Emulator, id: i64, config: SocketConfigBuilder) -> Self {
        let session = sign_in(emulator, id).await;
        let source = Arc::new(Source::new(session.clone()));
        let config = config.build().unwrap();
        let (socket, events) = within(connect(config, Arc::clone(&source) as Arc<dyn TokenSource>)).await.unwrap();
        Self { session, source, socket, events }
    }

    /// The next event that is wanted. Others are passed over.
    pub(crate) async fn until(&mut self, mut wanted: impl FnMut(&Event) -> bool) -> Event {
        within(async {
            loop {
                let event = self.events.next().await.expect("the events have ended");
                if wanted(&event) {
                    return event;
                }
            }
        })
        .await
    }

    pub(crate) async fn until_ready(&mut self) {
        self.until(|event| matches!(event, Event::Ready { .. })).await;
    }

    /// The text of the next message.
    pub(crate) async fn next_text(&mut self) -> String {
        match self.until(|event| matches!(event, Event::Message(_))).await {
            Event::Message(message) => message.text().to_owned(),
            other => panic!("{other:?}"),
        }
    }
}

/// Two users and their direct channel, joined by both.
pub(crate) async fn pair(emulator: &Emulator) -> (User, User, Target) {
    let (anna, minh) = (User::new(emulator, 1).await, User::new(emulator, 2).await);
    let target = direct(emulator, &anna.session, 2).await;
    anna.socket.join(&target).await.unwrap();
    minh.socket.join(&target).await.unwrap();
    (anna, minh, target)
}

/// Credentials that tests look at.
pub(crate) struct Source {
    pub(crate) session: Arc<Session>,
    pub(crate) refused: AtomicUsize,
    pub(crate) pushed: Mutex<Vec<SessionUpdate>>,
    pub(crate) login_over: bool,
}

impl Source {
    pub(crate) fn new(session: Session) -> Self {
        Self { session: Arc::new(session), refused: AtomicUsize::new(0), pushed: Mutex::default(), login_over: false }
    }
}

impl TokenSource for Source {
    fn credentials(&self) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
        Box::pin(async { Ok(Arc::clone(&self.session)) })
    }

    fn refused(&self, _session: Arc<Session>) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
        self.refused.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {
            if self.login_over { Err(TokenErrorKind::LoginOver.into()) } else { Ok(Arc::clone(&self.session)) }
        })
    }

    fn pushed(&self, update: SessionUpdate) -> BoxFuture<'_, Result<(), TokenError>> {
        self.pushed.lock().unwrap().push(update);
        Box::pin(async { Ok(()) })
    }
}

pub(crate) async fn sign_in(emulator: &Emulator, id: i64) -> Session {
    let body = format!(r#"{{"id_token":"token of {id}","user_id":"{id}","username":"user{id}"}}"#);
    // "DefaultServerKey:" in base64.
    let head = "Authorization: Basic RGVmYXVsdFNlcnZlcktleTo=\r\nContent-Type: application/json\r\n";
    let body = post(emulator, "/v2/account/authenticate/idtoken", head, body.as_bytes()).await;
    Session::restore(std::str::from_utf8(&body).unwrap()).unwrap()
}

/// The direct channel of a user with another.
pub(crate) async fn direct(emulator: &Emulator, session: &Session, peer: i64) -> Target {
    let request =
        api::CreateChannelDescRequest { r#type: 3, channel_private: 1, user_ids: vec![peer], ..Default::default() };
    let token = session.token().expose();
    let head = format!("Authorization: Bearer {token}\r\nContent-Type: application/proto\r\n");
    let body = post(emulator, "/mezon.api.Mezon/CreateChannelDesc", &head, &request.encode_to_vec()).await;
    let channel = api::ChannelDescription::decode(body.as_slice()).unwrap();
    Target::direct(ChannelId::new(channel.channel_id))
}

async fn post(emulator: &Emulator, path: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let tcp = TcpStream::connect(emulator.addr()).await.unwrap();
    // The emulator names its socket by the host it is asked at.
    let head = &format!("Host: {}\r\n{head}", emulator.addr());
    if emulator.ca_pem().is_none() {
        return exchange(tcp, path, head, body).await;
    }
    let connector = tokio_rustls::TlsConnector::from(tls(emulator).client_config().unwrap());
    let name = "127.0.0.1".try_into().unwrap();
    exchange(connector.connect(name, tcp).await.unwrap(), path, head, body).await
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let request = format!("POST {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n{head}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    // A peer that closes TLS without goodbye is no matter here: the length of the body is checked by its reader.
    let _ = stream.read_to_end(&mut answer).await;
    let split = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    answer.split_off(split + 4)
}
