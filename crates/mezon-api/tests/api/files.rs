//! Files on their way to the object store and back, where it is busy, far away, or not the store at all.

use http::StatusCode;
use mezon_api::{ApiErrorKind, Gateway, Timeouts, UploadSource};
use mezon_emulator::{Answer, Emulator, Page, Route, Times};
use mezon_proto::api;

use crate::emulator::sign_in;
use crate::support::{Peer, Reply, answer, message, session};

/// The store was asked once, and the message had no file.
#[tokio::test]
async fn a_busy_store_gets_the_same_bytes_at_the_same_address_again() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    for status in [503, 500, 429, 502, 504, 408] {
        let before = emulator.stats();
        emulator.faults().answer(Route::Uploads, Times::Next(2), Answer::new(status, Page::Empty));
        let attachment = linh.upload_bytes("a.txt", "", "hello", |_, _| {}).await.unwrap();
        let after = emulator.stats();
        assert_eq!(after.uploads - before.uploads, 1, "{status}");
        let file = linh.download(&attachment.url).await.unwrap();
        assert_eq!(file.bytes(5).await.unwrap(), "hello");
    }
}

#[tokio::test]
async fn a_store_that_stays_busy_is_given_up() {
    let url = |peer: &Peer| format!("{}/a.txt?sig=1", peer.url());
    let store = Peer::start((0..9).map(|_| answer(503, "", ""))).await;
    let ticket = api::UploadAttachment { filename: "a.txt".into(), url: url(&store) };
    let peer = Peer::start([message(&ticket)]).await;
    let error = peer.client().upload_bytes("a.txt", "", "hello", |_, _| {}).await.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::Upload { status: StatusCode::SERVICE_UNAVAILABLE, .. }), "{error:?}");
    let requests = store.requests();
    assert_eq!(requests.len(), 3, "bounded");
    assert!(requests.iter().all(|put| put == &requests[0] && put.ends_with("\r\n\r\nhello")), "{requests:?}");
}

/// The time for another attempt had passed when a long upload failed: it counted from the beginning.
#[tokio::test(start_paused = true)]
async fn an_upload_that_fails_late_is_tried_again() {
    // Nothing comes back, for as long as a store that has the whole file is waited for.
    let store = Peer::start([Reply::Stall(Vec::new()), answer(200, "", "")]).await;
    let ticket = api::UploadAttachment { filename: "a.txt".into(), url: format!("{}/a.txt?sig=1", store.url()) };
    let peer = Peer::start([message(&ticket)]).await;
    let client = Gateway::builder().gateway_url(peer.url()).build().unwrap().resume(session("1", 3_600)).unwrap();
    let began = tokio::time::Instant::now();
    client.upload_bytes("a.txt", "", "hello", |_, _| {}).await.unwrap();
    assert!(began.elapsed() >= Timeouts::default().total);
    assert_eq!(store.requests().len(), 2);
}

/// It counted as uploaded.
#[tokio::test]
async fn the_page_of_a_network_is_no_store() {
    let store = Peer::start((0..9).map(|_| answer(200, "Content-Type: text/html; charset=utf-8\r\n", "<html>"))).await;
    let ticket = api::UploadAttachment { filename: "a.txt".into(), url: format!("{}/a.txt?sig=1", store.url()) };
    let peer = Peer::start([message(&ticket)]).await;
    let error = peer.client().upload_bytes("a.txt", "", "hello", |_, _| {}).await.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::Intercepted { .. }), "{error:?}");
}

/// What was saved was compressed, under the name of the file.
#[tokio::test]
async fn a_file_that_comes_encoded_is_none() {
    let peer =
        Peer::start([answer(200, "Content-Encoding: gzip\r\n", [0x1f, 0x8b, 8]), answer(200, "", "plain")]).await;
    let url = peer.url() + "/0/1/a.txt";
    let error = peer.client().download(&url).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::FileEncoded { encoding: "gzip".into() });
    assert!(error.to_string().contains("gzip"), "{error}");
    assert_eq!(peer.client().download(&url).await.unwrap().bytes(9).await.unwrap(), "plain");
    assert!(peer.requests()[0].to_ascii_lowercase().contains("accept-encoding: identity\r\n"));
}

/// The first bytes of a picture of 64 by 48.
fn pictures() -> [(&'static str, Vec<u8>); 4] {
    let png = [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"[..], &64_u32.to_be_bytes(), &48_u32.to_be_bytes(), &[8, 2, 0, 0, 0]];
    let gif = [&b"GIF89a"[..], &64_u16.to_le_bytes(), &48_u16.to_le_bytes(), &[0, 0, 0]];
    let jpeg = [
        &b"\xff\xd8\xff\xc0\0\x11\x08"[..],
        &48_u16.to_be_bytes(),
        &64_u16.to_be_bytes(),
        &[3, 1, 34, 0, 2, 17, 1, 3, 17, 1],
    ];
    let webp = [&b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0"[..], &[63, 0, 0], &[47, 0, 0]];
    [("a.png", png.concat()), ("a.gif", gif.concat()), ("a.jpg", jpeg.concat()), ("a.webp", webp.concat())]
}

/// A picture of 64 by 48 went out as one of 0 by 0.
#[tokio::test]
async fn the_size_of_a_picture_is_read_from_its_first_bytes() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in pictures() {
        let attachment = linh.upload_bytes(name, "", bytes.clone(), |_, _| {}).await.unwrap();
        assert_eq!((attachment.width, attachment.height, attachment.filetype.as_str()), (64, 48, "image"), "{name}");
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        let attachment = linh.upload_file(&path, |_, _| {}).await.unwrap();
        assert_eq!((attachment.width, attachment.height), (64, 48), "{name}");
        let told = linh.upload(UploadSource::file(&path).dimensions(1, 2), |_, _| {}).await.unwrap();
        assert_eq!((told.width, told.height), (1, 2), "what the application says counts");
    }
    for damaged in [&b""[..], b"\x89PNG", b"no picture"] {
        let attachment = linh.upload_bytes("a.png", "", damaged, |_, _| {}).await.unwrap();
        assert_eq!((attachment.width, attachment.height), (0, 0));
    }
}

/// Pipes and links were replaced, and a private file became readable for all.
#[cfg(unix)]
#[tokio::test]
async fn only_plain_files_are_replaced_and_they_keep_their_permissions() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::process::Command;

    let peer = Peer::start((0..9).map(|_| answer(200, "", "new"))).await;
    let (client, url) = (peer.client(), peer.url() + "/0/1/a.txt");
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("private"), "old").unwrap();
    std::fs::set_permissions(at("private"), std::fs::Permissions::from_mode(0o4600)).unwrap();
    client.download(&url).await.unwrap().save(at("private"), |_, _| {}).await.unwrap();
    assert_eq!(std::fs::read_to_string(at("private")).unwrap(), "new");
    let mode = std::fs::metadata(at("private")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600, "what comes from the network runs as nobody else");

    symlink(at("private"), at("link")).unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    for (name, problem) in [("link", "link"), ("pipe", "pipe"), ("folder", "folder")] {
        let error = client.download(&url).await.unwrap().save(at(name), |_, _| {}).await.unwrap_err();
        assert!(matches!(error.kind(), ApiErrorKind::FileNotSaved { .. }), "{name}: {error:?}");
        assert!(format!("{error:#}").contains(problem), "{name}: {error:#}");
    }
    assert!(std::fs::symlink_metadata(at("link")).unwrap().is_symlink());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4, "nothing is left behind");
}
