//! What an application finds in its log when it wants to see everything, of all crates.
//!
//! In a test of its own: a process has one logger.
#![cfg(feature = "driver")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use data_encoding::HEXLOWER;
use mezon_realtime::{ConnectErrorKind, SocketConfig, connect};
use mezon_session::{Session, SessionUpdate, StaticSession};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// {"uid":"7"} as the payload of a JWT.
const TOKEN: &str = "e30.eyJ1aWQiOiI3In0.canary-token";
const SESSION_ID: &str = "canary/session id";

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

static LOG: OnceLock<Log> = OnceLock::new();

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {}: {}\n", record.level(), record.target(), record.args());
        self.0.lock().unwrap().extend_from_slice(line.as_bytes());
    }

    fn flush(&self) {}
}

#[tokio::test]
async fn no_line_of_any_crate_tells_what_opens_the_socket() {
    let log = LOG.get_or_init(Log::default);
    log::set_logger(log).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let layer = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    layer.with_writer(|| log.clone()).init();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = async {
        let mut seen = Vec::new();
        for refused in [true, false] {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                assert_ne!(tcp.read_buf(&mut request).await.unwrap(), 0);
            }
            let request = String::from_utf8(request).unwrap();
            let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
            let accept = derive_accept_key(key.as_bytes());
            let answer = if refused {
                "HTTP/1.1 401 Unauthorized\r\n\r\n".to_owned()
            } else {
                format!(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Accept: {accept}\r\n\r\n"
                )
            };
            tcp.write_all(answer.as_bytes()).await.unwrap();
            seen.push((tcp, request));
        }
        seen
    };
    let update =
        SessionUpdate { token: Some(TOKEN.into()), session_id: Some(SESSION_ID.into()), ..SessionUpdate::default() };
    let source = Arc::new(StaticSession::new(Session::new(update).unwrap()));
    let config = SocketConfig::builder().gateway_url(&url).call_timeout(Duration::from_millis(50));
    let config = config.drain_timeout(Duration::from_millis(50)).close_timeout(Duration::from_millis(50));
    let client = connect(config.build().unwrap(), Arc::clone(&source) as _);
    let (connected, seen) = tokio::join!(client, server);
    let encoded = "canary%2Fsession%20id";
    assert!(seen.first().is_some_and(|(_, request)| request.contains(encoded)));
    assert!(seen.last().is_some_and(|(_, request)| request.contains(TOKEN)));
    let (socket, events) = connected.unwrap();
    assert!(socket.ping().await.is_err(), "the server says nothing");
    socket.close().await;
    drop((socket, events, seen, listener));
    let error = connect(SocketConfig::builder().gateway_url(&url).build().unwrap(), source).await.unwrap_err();
    assert!(matches!(error.kind(), ConnectErrorKind::Unreachable { .. }));

    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    for target in ["tungstenite", "mezon_realtime"] {
        assert!(logged.contains(target), "nothing was captured of {target}, so nothing is shown");
    }
    for secret in [TOKEN, SESSION_ID, encoded, "canary", &HEXLOWER.encode(b"canary")] {
        assert!(!logged.contains(secret), "{secret} is in the log");
    }
}
