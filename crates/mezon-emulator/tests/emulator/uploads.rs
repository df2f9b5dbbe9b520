//! The object store.

use std::net::SocketAddr;
use std::time::Duration;

use ::http::{HeaderValue, Method, Request, Response};
use bytes::Bytes;
use http_body_util::Full;
use mezon_emulator::Emulator;
use mezon_proto::api;

use crate::support::{User, http, request, user};

const FILE: &[u8] = b"\x89PNG and then some";

async fn announce(user: &User, name: &str, size: usize) -> (api::UploadAttachment, String) {
    let size = i32::try_from(size).unwrap();
    let file = api::UploadAttachmentRequest {
        filename: name.to_owned(),
        filetype: "image".to_owned(),
        size,
        ..Default::default()
    };
    let upload: api::UploadAttachment = user.get("UploadAttachmentFile", &file).await;
    let path = upload.url.strip_prefix(&format!("http://{}", user.addr)).unwrap().to_owned();
    (upload, path)
}

fn put(addr: SocketAddr, path: &str, content: &[u8]) -> Request<Full<Bytes>> {
    let mut put = request(addr, Method::PUT, path, "", content.to_vec());
    put.headers_mut().insert("content-type", HeaderValue::from_static("image/png"));
    put
}

fn code(response: &Response<Bytes>) -> String {
    let text = std::str::from_utf8(response.body()).unwrap();
    let from = text.find("<Code>").map_or(0, |at| at + 6);
    text[from..].split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_file_is_announced_by_category_put_by_media_type_and_read_by_its_clean_url() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let (upload, path) = announce(&an, "ảnh 1.png", FILE.len()).await;
    assert_eq!(upload.filename, "ảnh 1.png");
    assert!(upload.url.contains("/%E1%BA%A3nh%201.png?X-Amz-Algorithm="), "{}", upload.url);
    let clean = path.split('?').next().unwrap().to_owned();
    let read = || http(an.addr, request(an.addr, Method::GET, &clean, "", ""));
    assert_eq!(read().await.status(), 404);

    assert_eq!(http(an.addr, put(an.addr, &path, FILE)).await.status(), 200);
    let file = read().await;
    assert_eq!((file.status().as_u16(), file.headers()["content-type"].as_bytes()), (200, b"image/png".as_slice()));
    assert_eq!(file.body(), FILE);
    let stats = emulator.stats();
    assert_eq!((stats.uploads, stats.downloads, stats.uploads_refused), (1, 1, 0));
}

#[tokio::test]
async fn a_put_that_is_not_the_announced_one_is_refused() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let (_, path) = announce(&an, "a.png", FILE.len()).await;
    let (_, other) = announce(&an, "b.png", FILE.len()).await;
    let (clean, query) = path.split_once('?').unwrap();
    let mut with_bearer = put(an.addr, &path, FILE);
    with_bearer.headers_mut().insert("authorization", format!("Bearer {}", an.token).parse().unwrap());
    for (put, status, reason) in [
        (with_bearer, 400, "InvalidArgument"),
        (put(an.addr, &path, b"short"), 400, "InvalidRequest"),
        (put(an.addr, clean, FILE), 403, "SignatureDoesNotMatch"),
        (put(an.addr, &other.replace("b.png?", "a.png?"), FILE), 404, "NoSuchKey"),
        (put(an.addr, &format!("{}?{query}", other.split('?').next().unwrap()), FILE), 403, "SignatureDoesNotMatch"),
    ] {
        let response = http(an.addr, put).await;
        assert_eq!((response.status().as_u16(), code(&response).as_str()), (status, reason));
    }
    assert_eq!(http(an.addr, put(an.addr, &path, FILE)).await.status(), 200);
    assert_eq!(emulator.stats().uploads_refused, 5);
}

#[tokio::test]
async fn an_upload_url_expires() {
    let emulator = Emulator::builder().upload_lifetime(Duration::ZERO).start().await.unwrap();
    let an = user(&emulator, 1).await;
    let (_, path) = announce(&an, "a.png", FILE.len()).await;
    let response = http(an.addr, put(an.addr, &path, FILE)).await;
    assert_eq!((response.status().as_u16(), code(&response).as_str()), (403, "AccessDenied"));
}

#[tokio::test]
async fn uploads_fail_on_demand() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    // Large enough to be refused while it is still being sent.
    let large = vec![7; 3 << 20];
    let (_, path) = announce(&an, "a.png", large.len()).await;
    emulator.faults().refuse_uploads(507);
    assert_eq!(http(an.addr, put(an.addr, &path, &large)).await.status(), 507);
    emulator.faults().refuse_uploads(0);
    assert_eq!(http(an.addr, put(an.addr, &path, &large)).await.status(), 200);
}

#[tokio::test]
async fn a_batch_is_announced_at_once() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let file =
        |name: &str, size| api::UploadAttachmentRequest { filename: name.to_owned(), size, ..Default::default() };
    let request = api::UploadBatchAttachmentRequest { upload_files: vec![file("a", 1), file("b", 2)] };
    let batch: api::UploadAttachmentBatch = an.get("UploadBatchAttachmentFile", &request).await;
    assert_eq!(batch.uploaded_files.iter().map(|of| of.filename.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    for refused in [file("", 1), file("a", -1)] {
        assert_eq!(an.call("UploadAttachmentFile", &refused).await.status(), 400);
    }
}
