//! The first connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mezon_emulator::Emulator;
use mezon_model::Draft;
use mezon_proto::api;
use mezon_proto::realtime::{Envelope, envelope};
use mezon_realtime::{ConnectError, ConnectErrorKind, DialPhase, Event, Revision, SocketConfig, connect};
use mezon_session::{ErrorClass, Session, SessionUpdate, StaticSession};
use mezon_tls::{Roots, TlsConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::raw::{Pushed, RawGateway, TOKEN, accept_value, credential, frame};
use crate::support::{Source, User, config, pair, sign_in, within};

/// Connects with a session whose socket is at `ws_url`, which no sign-in has checked.
async fn connect_to(config: SocketConfig, ws_url: &str) -> Result<(), ConnectError> {
    // {"uid":"7"} as the payload of a JWT.
    let token = "e30.eyJ1aWQiOiI3In0.canary".into();
    let update = SessionUpdate { token: Some(token), ws_url: Some(ws_url.to_owned()), ..SessionUpdate::default() };
    let source = StaticSession::new(Session::new(update).unwrap());
    within(connect(config, Arc::new(source))).await.map(drop)
}

#[tokio::test]
async fn tls_works_with_the_right_authority_and_not_without() {
    let emulator = Emulator::builder().tls(true).start().await.unwrap();
    let (anna, mut minh, target) = pair(&emulator).await;
    within(anna.socket.send(&target, &Draft::from("secret"))).await.unwrap();
    assert_eq!(minh.next_text().await, "secret");

    let other = Emulator::builder().tls(true).start().await.unwrap();
    let stranger = TlsConfig::builder().roots(Roots::None).add_root_pem(other.ca_pem().unwrap().as_bytes());
    let config = config(&emulator).tls(stranger.build().unwrap()).build().unwrap();
    let error = connect_to(config, &format!("127.0.0.1:{}", emulator.addr().port())).await.unwrap_err();
    assert_eq!(*error.kind(), ConnectErrorKind::Tls { host: "127.0.0.1".to_owned() });
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert_eq!(emulator.stats().connects, 2);
}

#[tokio::test]
async fn a_refused_upgrade_has_the_credentials_checked_once() {
    let emulator = Emulator::start().await.unwrap();
    // The session id and the access token.
    emulator.faults().refuse_upgrades(2, 401);
    let anna = User::new(&emulator, 1).await;
    assert_eq!(anna.source.refused.load(Ordering::SeqCst), 1);

    emulator.faults().refuse_upgrades(3, 401);
    let source = Arc::new(Source::new(anna.session.clone()));
    let error = within(connect(config(&emulator).build().unwrap(), source.clone())).await.unwrap_err();
    assert_eq!(*error.kind(), ConnectErrorKind::Refused { status: 401, retry_after: None });
    assert_eq!(source.refused.load(Ordering::SeqCst), 1);
}

/// Proxies list `keep-alive` beside it.
#[tokio::test]
async fn an_answer_that_keeps_the_connection_alive_upgrades() {
    let gateway = RawGateway::new().await;
    let server = async {
        let (mut tcp, request) = gateway.accept().await;
        let accept = accept_value(&request);
        let answer = format!(
            "HTTP/1.1 101 OK\r\nconnection: keep-alive, Upgrade\r\nUPGRADE: WebSocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        tcp.write_all(answer.as_bytes()).await.unwrap();
        // The first frame of the server comes with its answer: a ping of WebSocket.
        tcp.write_all(&frame(0x89, b"early")).await.unwrap();
        let mut pong = [0; 11];
        within(tcp.read_exact(&mut pong)).await.unwrap();
        assert_eq!(pong[..2], [0x8a, 0x85]);
    };
    let client = connect(gateway.config().build().unwrap(), Pushed::new(None));
    let (connected, ()) = tokio::join!(within(client), server);
    assert!(connected.is_ok());
}

#[tokio::test]
async fn an_answer_that_is_no_upgrade_names_the_header() {
    for (header, named) in [
        ("Connection: keep-alive\r\nUpgrade: websocket\r\n", "Connection"),
        ("Connection: Upgrade\r\n", "Upgrade: websocket"),
        ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: canary\r\n", "Sec-WebSocket-Protocol"),
    ] {
        let gateway = RawGateway::new().await;
        let server = async {
            let (mut tcp, request) = gateway.accept().await;
            let accept = accept_value(&request);
            let answer = format!("HTTP/1.1 101 OK\r\n{header}Sec-WebSocket-Accept: {accept}\r\n\r\n");
            tcp.write_all(answer.as_bytes()).await.unwrap();
        };
        let client = connect(gateway.config().build().unwrap(), Pushed::new(None));
        let (connected, ()) = tokio::join!(within(client), server);
        let error = connected.unwrap_err();
        assert_eq!(*error.kind(), ConnectErrorKind::Handshake);
        let said = format!("{error:#} {error:?}");
        assert!(said.contains(named) && !said.contains("canary") && !said.contains(TOKEN), "{said}");
    }
}

#[tokio::test]
async fn a_long_token_is_a_token() {
    let gateway = RawGateway::new().await;
    let token = format!("{TOKEN}{}", "x".repeat(16_000));
    let update = SessionUpdate { token: Some(token.as_str().into()), ..SessionUpdate::default() };
    let source = Arc::new(StaticSession::new(Session::new(update).unwrap()));
    let client = connect(gateway.config().build().unwrap(), source);
    let (connected, (_tcp, used)) = tokio::join!(within(client), gateway.accept_socket());
    assert!(connected.is_ok() && used == token);
}

/// Refuses a socket.
async fn refuse(gateway: &RawGateway, status: u16) -> String {
    let (mut tcp, request) = gateway.accept().await;
    tcp.write_all(format!("HTTP/1.1 {status} No\r\n\r\n").as_bytes()).await.unwrap();
    credential(&request)
}

#[tokio::test]
async fn a_session_id_opens_the_socket_and_the_access_token_when_it_is_refused() {
    let gateway = RawGateway::new().await;
    let client = connect(gateway.config().build().unwrap(), Pushed::new(Some("sid")));
    let server = async {
        assert_eq!(refuse(&gateway, 401).await, "sid");
        let (tcp, used) = gateway.accept_socket().await;
        assert_eq!(used, TOKEN);
        tcp
    };
    let (connected, tcp) = tokio::join!(within(client), server);
    let _connection = connected.unwrap();
    drop(tcp);
    assert_eq!(gateway.accept_socket().await.1, TOKEN, "what was refused is not used again");

    // The refusal of an overloaded server is none of the session id.
    let gateway = RawGateway::new().await;
    let client = connect(gateway.config().build().unwrap(), Pushed::new(Some("sid")));
    let (connected, used) = tokio::join!(within(client), refuse(&gateway, 503));
    assert_eq!(
        (connected.unwrap_err().kind(), used.as_str()),
        (&ConnectErrorKind::Refused { status: 503, retry_after: None }, "sid")
    );
}

/// That is how gateways refuse what has run out.
#[tokio::test]
async fn a_session_id_on_which_the_server_hangs_up_gives_way_to_the_access_token() {
    // With a close frame, and without one.
    for last_words in [frame(0x88, &1000_u16.to_be_bytes()), Vec::new()] {
        let gateway = RawGateway::new().await;
        let client = connect(gateway.config().build().unwrap(), Pushed::new(Some("sid")));
        let server = async {
            let (mut tcp, used) = gateway.accept_socket().await;
            assert_eq!(used, "sid");
            tcp.write_all(&last_words).await.unwrap();
            drop(tcp);
            gateway.accept_socket().await
        };
        let (connected, (_tcp, used)) = tokio::join!(within(client), server);
        assert!(connected.is_ok());
        assert_eq!(used, TOKEN);
    }
}

/// One that has proved itself is not given up for it.
#[tokio::test]
async fn a_session_id_that_has_worked_opens_the_next_socket() {
    let gateway = RawGateway::new().await;
    let client = connect(gateway.config().build().unwrap(), Pushed::new(Some("sid")));
    let (connected, (mut tcp, _)) = tokio::join!(within(client), gateway.accept_socket());
    let _connection = connected.unwrap();
    tcp.write_all(&frame(0x89, b"")).await.unwrap();
    let mut pong = [0; 6];
    within(tcp.read_exact(&mut pong)).await.unwrap();
    drop(tcp);
    assert_eq!(gateway.accept_socket().await.1, "sid");
}

#[tokio::test]
async fn a_session_id_that_is_pushed_opens_the_next_socket() {
    let gateway = RawGateway::new().await;
    let client = connect(gateway.config().build().unwrap(), Pushed::new(Some("sid 1")));
    let (connected, (mut tcp, used)) = tokio::join!(within(client), gateway.accept_socket());
    let (_socket, mut events) = connected.unwrap();
    assert_eq!(used, "sid%201");
    let session = api::Session { session_id: "sid 2".to_owned(), ..api::Session::default() };
    let push = Envelope { cid: 0, message: Some(envelope::Message::RefreshSessionEvent(session)) };
    tcp.write_all(&frame(0x82, &Revision::default().encode(&push))).await.unwrap();
    while !matches!(within(events.next()).await.unwrap(), Event::SessionRefreshed) {}
    drop(tcp);
    assert_eq!(gateway.accept_socket().await.1, "sid%202");
}

#[tokio::test]
async fn a_login_that_is_proved_over_ends_the_attempt() {
    let emulator = Emulator::start().await.unwrap();
    emulator.faults().refuse_upgrades(2, 401);
    let source = Source { login_over: true, ..Source::new(sign_in(&emulator, 1).await) };
    let error = within(connect(config(&emulator).build().unwrap(), Arc::new(source))).await.unwrap_err();
    assert_eq!(*error.kind(), ConnectErrorKind::LoginOver);
    assert_eq!(error.class(), ErrorClass::Auth);
}

#[tokio::test]
async fn an_overloaded_server_says_nothing_about_the_login() {
    let emulator = Emulator::start().await.unwrap();
    emulator.faults().refuse_upgrades(1, 503);
    let source = Arc::new(Source::new(sign_in(&emulator, 1).await));
    let error = within(connect(config(&emulator).build().unwrap(), source.clone())).await.unwrap_err();
    assert_eq!(*error.kind(), ConnectErrorKind::Refused { status: 503, retry_after: None });
    assert!(error.class().is_transient());
    assert_eq!(source.refused.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_connection_that_retries_its_first_attempt_waits_for_its_server() {
    let emulator = Emulator::start().await.unwrap();
    let session = sign_in(&emulator, 1).await;
    emulator.pause_listening().await;
    let config = config(&emulator).retry_first(true).build().unwrap();
    let connecting = tokio::spawn(connect(config, Arc::new(StaticSession::new(session))));
    emulator.resume_listening().unwrap();
    assert!(within(connecting).await.unwrap().is_ok());
}

#[tokio::test]
async fn every_phase_has_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for (scheme, phase) in [("http", DialPhase::Upgrade), ("https", DialPhase::Tls)] {
        let url = format!("{scheme}://127.0.0.1:{port}");
        let config = SocketConfig::builder().gateway_url(&url).connect_timeout(Duration::from_millis(100));
        let error = connect_to(config.build().unwrap(), &url).await.unwrap_err();
        assert_eq!(*error.kind(), ConnectErrorKind::TimedOut { phase });
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_hangs_up_is_told_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}");
    let config = || SocketConfig::builder().gateway_url(&url).build().unwrap();
    let hang_up = async { drop(listener.accept().await.unwrap()) };
    let (result, ()) = tokio::join!(connect_to(config(), &url), hang_up);
    assert_eq!(*result.unwrap_err().kind(), ConnectErrorKind::Handshake);
    drop(listener);
    let error = connect_to(config(), &url).await.unwrap_err();
    assert_eq!(*error.kind(), ConnectErrorKind::Unreachable { host: address.to_string() });
}

#[tokio::test]
async fn tokens_go_to_trusted_addresses_only_and_to_no_error() {
    let config = |gateway: &str| SocketConfig::builder().gateway_url(gateway).build().unwrap();
    for (gateway, ws_url) in [
        ("https://gw.mezon.ai", "evil.example:443"),
        ("https://gw.mezon.ai", "http://gw.mezon.ai"),
        ("https://gw.mezon.ai", "127.0.0.1:80"),
        ("http://chat.example.org", "ws://chat.example.org"),
        ("https://gw.mezon.ai", "user@gw.mezon.ai"),
    ] {
        let error = connect_to(config(gateway), ws_url).await.unwrap_err();
        assert_eq!(*error.kind(), ConnectErrorKind::Endpoint, "{ws_url}");
        assert!(!format!("{error:?} {error} {error:#}").contains("canary"));
    }
}

#[tokio::test]
async fn no_time_is_too_long() {
    let emulator = Emulator::start().await.unwrap();
    let long = Duration::MAX;
    let config = config(&emulator).connect_timeout(long).call_timeout(long).soft_timeout(long);
    let config = config.heartbeat(Duration::from_secs(10), long).drain_timeout(long).close_timeout(long);
    let anna = User::with(&emulator, 1, config).await;
    within(anna.socket.close()).await;
}

#[test]
fn settings_have_bounds() {
    let wrong = [
        SocketConfig::builder().heartbeat(Duration::from_secs(60), Duration::from_secs(1)),
        SocketConfig::builder().heartbeat(Duration::ZERO, Duration::from_secs(1)),
        SocketConfig::builder().connect_timeout(Duration::ZERO),
        SocketConfig::builder().call_timeout(Duration::ZERO),
        SocketConfig::builder().event_queue(0),
        SocketConfig::builder().read_buffer(100),
        SocketConfig::builder().max_message(100),
    ];
    for builder in wrong {
        let error = builder.build().unwrap_err();
        assert!(matches!(error.kind(), ConnectErrorKind::InvalidSetting { .. }), "{error}");
    }
    let error = SocketConfig::builder().gateway_url("ftp://example.org").build().unwrap_err();
    assert_eq!(*error.kind(), ConnectErrorKind::Endpoint);
}
