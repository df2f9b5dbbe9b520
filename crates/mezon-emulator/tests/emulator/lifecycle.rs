//! Starting, restarting, ending; what survives.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::http::StatusCode;
use mezon_emulator::{Emulator, EmulatorErrorKind};
use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::{DM, Seen, error_of, ping, text_message, user};

#[tokio::test]
async fn a_restart_keeps_the_address_and_the_state() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let dm = an.create_channel(DM, &[2]).await;
    let mut socket = an.joined(&dm).await;
    assert!(matches!(socket.call(text_message(&dm, "before")).await, Message::ChannelMessageAck(_)));

    emulator.restart().await.unwrap();
    assert!(matches!(socket.next().await, Seen::Cut));
    assert_eq!(an.history(dm.channel_id).await, [r#"{"t":"before"}"#]);
    let mut socket = an.socket().await;
    let refused = socket.call(text_message(&dm, "x")).await;
    assert_eq!(error_of(&refused), (3, "Must join channel before sending messages"));
    assert_eq!(emulator.stats().connects, 2);
}

#[tokio::test]
async fn a_paused_emulator_is_not_there() {
    let emulator = Emulator::start().await.unwrap();
    emulator.pause_listening().await;
    assert!(TcpStream::connect(emulator.addr()).await.is_err());
    emulator.resume_listening().unwrap();
    emulator.resume_listening().unwrap();
    user(&emulator, 1).await;
}

#[tokio::test]
async fn a_shutdown_says_goodbye_and_is_quick() {
    let emulator = Emulator::start().await.unwrap();
    let addr = emulator.addr();
    let mut socket = user(&emulator, 1).await.socket().await;
    socket.call(ping()).await;
    let started = Instant::now();
    let ending = tokio::spawn(emulator.shutdown());
    let Seen::Closed(Some(frame)) = socket.next().await else { panic!("not closed") };
    assert_eq!(u16::from(frame.code), 1001);
    assert!(matches!(socket.next().await, Seen::Cut));
    ending.await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(1));
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn a_dropped_emulator_is_gone() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = user(&emulator, 1).await.socket().await;
    socket.call(ping()).await;
    drop(emulator);
    assert!(matches!(socket.next().await, Seen::Cut));
}

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let emulator = Emulator::start().await.unwrap();
    let error = Emulator::builder().listen(emulator.addr()).start().await.unwrap_err();
    assert_eq!(error.kind(), &EmulatorErrorKind::Listen(emulator.addr()));
    assert!(error.to_string().contains(&emulator.addr().to_string()));
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn a_database_survives_the_emulator() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("emulator.db");
    let first = Emulator::builder().database(&file).start().await.unwrap();
    let an = user(&first, 1).await;
    let dm = an.create_channel(DM, &[2]).await;
    let mut socket = an.joined(&dm).await;
    assert!(matches!(socket.call(text_message(&dm, "kept")).await, Message::ChannelMessageAck(_)));
    drop(socket);
    first.shutdown().await;

    let second = Emulator::builder().database(&file).start().await.unwrap();
    let an = crate::support::User { addr: second.addr(), ..an };
    // The token of before is still good, and so is the refresh token, once.
    assert_eq!(an.history(dm.channel_id).await, [r#"{"t":"kept"}"#]);
    assert_eq!(an.refresh("DefaultServerKey").await.status(), StatusCode::OK);
    assert_eq!(an.refresh("DefaultServerKey").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(an.create_channel(DM, &[2]).await.channel_id, dm.channel_id);
    let request = api::ListChannelDescsRequest::default();
    let list: api::ChannelDescList = an.get("ListChannelDescs", &request).await;
    assert_eq!(list.channeldesc[0].last_sent_message.as_ref().unwrap().content, r#"{"t":"kept"}"#);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "not a database, and long enough for nobody to take it for an empty one").unwrap();
    let error = Emulator::builder().database(&file).start().await.unwrap_err();
    assert_eq!(error.kind(), &EmulatorErrorKind::Database(file));
}

#[tokio::test]
async fn tls_is_trusted_by_its_own_authority_alone() {
    let emulator = Emulator::builder().tls(true).start().await.unwrap();
    assert!(emulator.url().starts_with("https://127.0.0.1:"));
    let folder = tempfile::tempdir().unwrap();
    emulator.write_ca(folder.path().join("ca.pem")).unwrap();
    let pem = std::fs::read(folder.path().join("ca.pem")).unwrap();
    assert_eq!(Some(std::str::from_utf8(&pem).unwrap()), emulator.ca_pem());

    for name in ["127.0.0.1", "localhost", "::1"] {
        let connector = connector(Some(&pem));
        let stream = TcpStream::connect(emulator.addr()).await.unwrap();
        let mut stream = connector.connect(ServerName::try_from(name).unwrap(), stream).await.unwrap();
        let body = r#"{"id_token":"x","user_id":"777"}"#;
        let request = format!(
            "POST /v2/account/authenticate/idtoken HTTP/1.1\r\nhost: localhost:1234\r\nconnection: close\r\n\
             authorization: Basic RGVmYXVsdFNlcnZlcktleQ==\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await.unwrap();
        let response = String::from_utf8(response).unwrap();
        assert!(response.starts_with("HTTP/1.1 200"), "{response}");
        assert!(response.contains(r#""api_url":"https://localhost:1234""#), "{response}");
    }

    let stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let strange = connector(None).connect(ServerName::try_from("localhost").unwrap(), stream).await;
    assert!(strange.is_err());
}

#[tokio::test]
async fn there_is_no_authority_without_tls() {
    let emulator = Emulator::start().await.unwrap();
    assert_eq!(emulator.ca_pem(), None);
    let error = emulator.write_ca("nowhere/ca.pem").unwrap_err();
    assert_eq!(error.kind(), &EmulatorErrorKind::NoTls);
}

fn connector(ca: Option<&[u8]>) -> TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    if let Some(pem) = ca {
        roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
