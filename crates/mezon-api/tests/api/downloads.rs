//! Files that come from an object store, and those that do not.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::StatusCode;
use mezon_api::{ApiErrorKind, Phase, RetryPolicy, Timeouts};
use mezon_session::{ErrorClass, ManualClock};

use crate::support::{Peer, Reply, answer, session};

const FILE: &str = "/0/1/plan.pdf";

/// What is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn half() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nthe ".to_vec()
}

#[tokio::test]
async fn a_file_is_asked_for_without_credentials_and_saved_whole() {
    let peer = Peer::start([answer(200, "Content-Type: application/pdf\r\n", "the plan")]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.pdf");
    std::fs::write(&path, "an older plan, which is longer").unwrap();
    let file = peer.client().download(&(peer.url() + FILE)).await.unwrap();
    assert_eq!((file.media_type(), file.size(), file.received()), ("application/pdf", Some(8), 0));
    let mut heard = Vec::new();
    assert_eq!(file.save(&path, |so_far, all| heard.push((so_far, all))).await.unwrap(), 8);
    assert_eq!(heard.last(), Some(&(8, Some(8))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "the plan");
    assert_eq!(names(folder.path()), ["plan.pdf"]);

    let request = peer.requests().remove(0).to_ascii_lowercase();
    assert!(request.starts_with("get /0/1/plan.pdf http/1.1\r\n"), "{request}");
    assert!(!request.contains("authorization") && !request.contains("cookie"), "{request}");
}

#[tokio::test]
async fn half_a_file_is_an_error_and_leaves_nothing_behind() {
    let peer = Peer::start([Reply::Last(half()), Reply::Stall(half())]).await;
    let short = Timeouts::default().stall(Duration::from_millis(50));
    let client = peer.gateway().timeouts(short).build().unwrap().resume(session("1", 3_600)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for kind in [ApiErrorKind::ConnectionLost, ApiErrorKind::TimedOut { phase: Phase::Stall }] {
        let file = client.download(&(peer.url() + FILE)).await.unwrap();
        let error = file.save(folder.path().join("plan.pdf"), |_, _| {}).await.unwrap_err();
        assert_eq!(error.kind(), &kind);
        assert_eq!(error.class(), ErrorClass::TRANSIENT);
        assert_eq!(names(folder.path()), [""; 0]);
    }
}

#[tokio::test]
async fn a_download_that_is_given_up_leaves_nothing_behind() {
    let peer = Peer::start([Reply::Stall(half())]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = peer.client().download(&(peer.url() + FILE)).await.unwrap();
    let (begun, first) = tokio::sync::oneshot::channel();
    let mut begun = Some(begun);
    let place = folder.path().to_owned();
    let progress = move |_, _| _ = begun.take().map(|begun| begun.send(names(&place)));
    tokio::select! {
        done = file.save(folder.path().join("plan.pdf"), progress) => panic!("{done:?}"),
        first = first => assert!(matches!(&*first.unwrap(), [part] if part != "plan.pdf")),
    }
    assert_eq!(names(folder.path()), [""; 0]);
}

#[tokio::test]
async fn a_file_that_came_meanwhile_is_not_replaced() {
    let peer = Peer::start([answer(200, "", "the plan")]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.pdf");
    let file = || async { peer.client().download(&(peer.url() + FILE)).await.unwrap() };
    assert_eq!(file().await.save_new(&path, |_, _| {}).await.unwrap(), 8);
    std::fs::remove_file(&path).unwrap();
    let place = path.clone();
    let meanwhile = move |_, _| std::fs::write(&place, "my own").unwrap();
    let error = file().await.save_new(&path, meanwhile).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::FileNotSaved { path: path.clone() });
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "my own");
    assert_eq!(names(folder.path()), ["plan.pdf"]);
}

#[tokio::test]
async fn a_file_may_have_the_longest_of_names() {
    let peer = Peer::start([answer(200, "", "the plan")]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a".repeat(255));
    let file = peer.client().download(&(peer.url() + FILE)).await.unwrap();
    assert_eq!(file.save(&path, |_, _| {}).await.unwrap(), 8);
}

#[tokio::test]
async fn a_place_that_cannot_be_written_to_is_named() {
    let peer = Peer::start([answer(200, "", "the plan")]).await;
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("missing/plan.pdf"), folder.path().join("..")] {
        let file = peer.client().download(&(peer.url() + FILE)).await.unwrap();
        let error = file.save(&path, |_, _| {}).await.unwrap_err();
        assert_eq!(error.kind(), &ApiErrorKind::FileNotSaved { path });
    }
    assert_eq!(names(folder.path()), [""; 0]);
}

#[tokio::test]
async fn a_file_is_read_up_to_the_limit() {
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthe\r\n5\r\n plan\r\n0\r\n\r\n";
    let peer = Peer::start([answer(200, "", "the plan"), Reply::Bytes(chunked.to_vec())]).await;
    let client = peer.client();
    for _ in 0..2 {
        let file = client.download(&(peer.url() + FILE)).await.unwrap();
        assert_eq!(*file.bytes(7).await.unwrap_err().kind(), ApiErrorKind::BodyTooLarge { limit: 7 });
        let file = client.download(&(peer.url() + FILE)).await.unwrap();
        assert_eq!(file.bytes(8).await.unwrap(), "the plan");
    }
    let mut file = client.download(&(peer.url() + FILE)).await.unwrap();
    assert_eq!((file.size(), file.media_type()), (None, ""));
    let mut whole = Vec::new();
    while let Some(chunk) = file.chunk().await.unwrap() {
        whole.extend_from_slice(&chunk);
        assert_eq!(file.received(), whole.len() as u64);
    }
    assert_eq!(whole, b"the plan");
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_the_rest_is_told() {
    let peer = Peer::start([answer(503, "", ""), Reply::Close, answer(200, "", "the plan")]).await;
    let file = peer.client().download(&(peer.url() + FILE)).await.unwrap();
    assert_eq!(file.bytes(8).await.unwrap(), "the plan");
    assert_eq!(peer.requests().len(), 3);

    let missing = "<Error><Code>NoSuchKey</Code><Key>s3cret</Key></Error>";
    let peer = Peer::start([answer(404, "", missing)]).await;
    let error = peer.client().download(&(peer.url() + FILE)).await.unwrap_err();
    let (status, code) = (StatusCode::NOT_FOUND, Some("NoSuchKey".to_owned()));
    assert_eq!(error.kind(), &ApiErrorKind::Download { status, code, retry_after: None });
    assert_eq!(error.to_string(), "the object store refused the download (404): NoSuchKey");
    assert_eq!(peer.requests().len(), 1);

    let peer = Peer::start([answer(503, "Retry-After: 120\r\n", "")]).await;
    let error = peer.client().download(&(peer.url() + FILE)).await.unwrap_err();
    let asked = Some(Duration::from_secs(120));
    assert_eq!(
        error.class(),
        ErrorClass::Transient { retry_after: asked },
        "longer than a call may take: told at once"
    );
    assert_eq!(peer.requests().len(), 1);

    // A date is seen from the clock that was configured.
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    let date = httpdate::fmt_http_date(now + Duration::from_secs(120));
    let peer = Peer::start([answer(503, &format!("Retry-After: {date}\r\n"), "")]).await;
    let gateway = peer.gateway().clock(Arc::new(ManualClock::new(now))).retry(RetryPolicy::none()).build().unwrap();
    let error = gateway.resume(session("1", 3_600)).unwrap().download(&(peer.url() + FILE)).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Transient { retry_after: asked });

    let peer = Peer::start([answer(302, "Location: http://localhost:1/x?stolen=1\r\n", "")]).await;
    let error = peer.client().download(&(peer.url() + FILE)).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::Redirected { host: "localhost".into() });

    let peer = Peer::start([Reply::Stall(Vec::new())]).await;
    let short = Timeouts::default().attempt(Duration::from_millis(50));
    let gateway = peer.gateway().timeouts(short).retry(RetryPolicy::none()).build().unwrap();
    let error = gateway.resume(session("1", 3_600)).unwrap().download(&(peer.url() + FILE)).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::TimedOut { phase: Phase::Response });
}

/// Whoever writes a message chooses the addresses in it.
#[tokio::test]
async fn a_message_cannot_send_a_program_anywhere() {
    let elsewhere = Peer::start([answer(200, "", "a secret of the network")]).await;
    let elsewhere = format!("localhost:{}", elsewhere.addr.port());
    let peer = Peer::start([answer(200, "", "the plan")]).await;
    let client = peer.client();
    for (host, url) in [
        ("localhost", format!("http://{elsewhere}/admin")),
        ("169.254.169.254", "http://169.254.169.254/latest/meta-data/".to_owned()),
        ("evil.example", "https://evil.example/plan.pdf".to_owned()),
    ] {
        let error = client.download(&url).await.unwrap_err();
        assert_eq!(error.kind(), &ApiErrorKind::UntrustedFile { host: host.to_owned() });
    }
    for url in [
        "",
        "plan.pdf",
        "/0/1/plan.pdf",
        "file:///etc/passwd",
        "ftp://127.0.0.1/plan.pdf",
        "ws://127.0.0.1/plan.pdf",
        "http://u:p@127.0.0.1/",
    ] {
        let error = client.download(url).await.unwrap_err();
        assert!(matches!(error.kind(), ApiErrorKind::InvalidInput { .. }), "{url}: {error:?}");
    }
    let trusting =
        peer.gateway().trust_upload_suffix("localhost").build().unwrap().resume(session("1", 3_600)).unwrap();
    assert!(trusting.download(&format!("http://{elsewhere}/admin")).await.is_ok());
}
