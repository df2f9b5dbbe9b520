//! A gateway that answers as a test says, byte for byte.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mezon_realtime::{SocketConfig, SocketConfigBuilder};
use mezon_session::{BoxFuture, ExponentialDelay, Session, SessionUpdate, TokenError, TokenSource};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::support::within;

/// {"uid":"7"} as the payload of a JWT.
pub(crate) const TOKEN: &str = "e30.eyJ1aWQiOiI3In0.token";

pub(crate) struct RawGateway {
    listener: TcpListener,
}

impl RawGateway {
    pub(crate) async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    /// A configuration whose waits are short.
    pub(crate) fn config(&self) -> SocketConfigBuilder {
        let url = format!("http://{}", self.listener.local_addr().unwrap());
        let quick = || ExponentialDelay::new(Duration::from_millis(1), Duration::from_millis(1));
        SocketConfig::builder().gateway_url(url).delays(quick).seed(1)
    }

    /// The next connection, and the head of its request.
    pub(crate) async fn accept(&self) -> (TcpStream, String) {
        let (mut tcp, _) = within(self.listener.accept()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert_ne!(within(tcp.read_buf(&mut head)).await.unwrap(), 0);
        }
        (tcp, String::from_utf8(head).unwrap())
    }

    /// The next connection as a WebSocket, and the credential that opened it.
    pub(crate) async fn accept_socket(&self) -> (TcpStream, String) {
        let (mut tcp, request) = self.accept().await;
        let accept = accept_value(&request);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        tcp.write_all(answer.as_bytes()).await.unwrap();
        (tcp, credential(&request))
    }
}

/// What shows the client that its request was understood.
pub(crate) fn accept_value(request: &str) -> String {
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    derive_accept_key(key.as_bytes())
}

/// The `token` of a request.
pub(crate) fn credential(request: &str) -> String {
    let (_, rest) = request.split_once("&token=").unwrap();
    rest.split_once('&').unwrap().0.to_owned()
}

/// A frame of a server, with `first` as its first byte.
pub(crate) fn frame(first: u8, content: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match (u8::try_from(content.len()), u16::try_from(content.len())) {
        (Ok(short @ 0..126), _) => frame.push(short),
        (_, Ok(middle)) => {
            frame.push(126);
            frame.extend(middle.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend((content.len() as u64).to_be_bytes());
        }
    }
    frame.extend(content);
    frame
}

/// Credentials that are what was pushed last.
pub(crate) struct Pushed(Mutex<Arc<Session>>);

impl Pushed {
    /// With a session id, or without one.
    pub(crate) fn new(session_id: Option<&str>) -> Arc<Self> {
        let session_id = session_id.map(Into::into);
        let update = SessionUpdate { token: Some(TOKEN.into()), session_id, ..SessionUpdate::default() };
        Arc::new(Self(Mutex::new(Arc::new(Session::new(update).unwrap()))))
    }
}

impl TokenSource for Pushed {
    fn credentials(&self) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
        let session = Arc::clone(&self.0.lock().unwrap());
        Box::pin(async { Ok(session) })
    }

    fn refused(&self, _: Arc<Session>) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
        self.credentials()
    }

    fn pushed(&self, update: SessionUpdate) -> BoxFuture<'_, Result<(), TokenError>> {
        let mut session = self.0.lock().unwrap();
        *session = Arc::new(session.merged(&update).unwrap());
        Box::pin(async { Ok(()) })
    }
}
