//! HTTP answers that are not the emulator's own, and handshakes and endings of sockets as only some servers write them.

use std::time::{Duration, Instant};

use ::http::{Method, StatusCode};
use mezon_emulator::{Answer, Emulator, Page, Route, Times};
use mezon_proto::api;
use mezon_proto::realtime::envelope::Message;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{DM, LIMIT, Seen, User, http, json, ping, request, text_message, user};

#[tokio::test]
async fn a_call_is_answered_by_whoever_stands_in_between() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let faults = emulator.faults();
    let header = |answer: &::http::Response<bytes::Bytes>, name: &str| {
        answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };

    faults.answer("GetAccount", Times::Next(1), Answer::new(403, Page::Html));
    let page = an.call("GetAccount", &()).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert_eq!(header(&page, "content-type").unwrap(), "text/html; charset=utf-8");
    assert!(page.body().starts_with(b"<!doctype html>"));

    faults.answer("GetAccount", Times::Next(1), Answer::new(401, Page::Basic));
    let asked = an.call("GetAccount", &()).await;
    assert_eq!(header(&asked, "www-authenticate").unwrap(), "Basic realm=\"proxy\"");

    for status in [204, 200] {
        faults.answer("GetAccount", Times::Next(1), Answer::new(status, Page::Empty));
        let empty = an.call("GetAccount", &()).await;
        assert_eq!((empty.status().as_u16(), empty.body().len()), (status, 0));
        assert_eq!(header(&empty, "content-type"), None);
    }

    faults.answer("GetAccount", Times::Next(1), Answer::new(400, Page::Grpc));
    let refused = json(&an.call("GetAccount", &()).await);
    assert_eq!(
        (&refused["code"], &refused["message"], &refused["error"]),
        (&3.into(), &"bad request".into(), &"bad request".into())
    );

    let own = Answer::new(418, Page::Empty).body("text/plain", "tea").header("x-tea", "green").header("x-bad", "a\nb");
    faults.answer(Route::Calls, Times::Always, own);
    let tea = an.call("ListChannelDescs", &()).await;
    assert_eq!((tea.status().as_u16(), tea.body().as_ref()), (418, b"tea".as_slice()));
    assert_eq!((header(&tea, "x-tea").as_deref(), header(&tea, "x-bad")), (Some("green"), None));
    faults.clear();
    let _: api::Account = an.get("GetAccount", &()).await;
}

#[tokio::test]
async fn answers_come_for_a_time() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let time = Duration::from_millis(50);
    let started = Instant::now();
    emulator.faults().answer("GetAccount", Times::For(time), Answer::new(503, Page::Gateway));
    while an.call("GetAccount", &()).await.status() == StatusCode::SERVICE_UNAVAILABLE {}
    assert!(started.elapsed() >= time);
}

#[tokio::test]
async fn one_route_can_be_late() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let delay = Duration::from_millis(60);
    emulator.faults().delay_on("GetAccount", delay);
    let late = async {
        let started = Instant::now();
        let _: api::Account = an.get("GetAccount", &()).await;
        started.elapsed()
    };
    let list = an.get::<api::ChannelDescList>("ListChannelDescs", &());
    // The other route does not wait for the late one.
    tokio::pin!(late);
    tokio::select! {
        _ = &mut late => panic!("the wrong route is late"),
        _ = list => {}
    }
    assert!(late.await >= delay);
}

#[tokio::test]
async fn the_object_store_is_busy_and_compresses_uninvited() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let file = api::UploadAttachmentRequest { filename: "a".to_owned(), size: 4, ..Default::default() };
    let upload: api::UploadAttachment = an.get("UploadAttachmentFile", &file).await;
    let path = upload.url.strip_prefix(&emulator.url()).unwrap();
    let busy = Answer::new(503, Page::Empty).header("retry-after", "1");
    emulator.faults().answer(Route::Uploads, Times::Next(2), busy);
    for status in [503, 503, 200] {
        assert_eq!(http(an.addr, request(an.addr, Method::PUT, path, "", "file")).await.status(), status);
    }
    assert_eq!(emulator.stats().uploads_refused, 2);

    emulator.faults().answer(Route::Downloads, Times::Next(1), Answer::new(200, Page::Gzip));
    let clean = path.split('?').next().unwrap();
    let compressed = http(an.addr, request(an.addr, Method::GET, clean, "", "")).await;
    assert_eq!(compressed.headers()["content-encoding"], "gzip");
    assert_eq!(compressed.body()[..2], [0x1f, 0x8b]);
    assert_eq!(http(an.addr, request(an.addr, Method::GET, clean, "", "")).await.body().as_ref(), b"file");
}

#[tokio::test]
async fn a_message_comes_twice_and_one_without_an_id() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let dm = an.create_channel(DM, &[2]).await;
    let mut socket = an.joined(&dm).await;
    emulator.faults().repeat_messages(1);
    socket.send(text_message(&dm, "twice")).await;
    let ids = [socket.next_text().await.message_id, socket.next_text().await.message_id];
    assert_eq!(ids[0], ids[1]);

    emulator.faults().drop_message_ids(1);
    socket.send(text_message(&dm, "passing")).await;
    let passing = socket.next_text().await;
    assert_eq!((passing.message_id, passing.content.as_str()), (0, r#"{"t":"passing"}"#));
    socket.send(text_message(&dm, "kept")).await;
    assert_ne!(socket.next_text().await.message_id, 0);
    assert_eq!(an.history(dm.channel_id).await, [r#"{"t":"kept"}"#, r#"{"t":"twice"}"#]);
}

#[tokio::test]
async fn people_open_channels_and_write_without_a_client() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let mut socket = an.socket().await;
    let dm = emulator.open_channel(2, &[1]).await.unwrap();
    let (0, Message::UserChannelAddedEvent(added)) = socket.next_message().await else { panic!("not told") };
    let channel = added.channel_desc.unwrap();
    assert_eq!((channel.channel_id, channel.r#type), (dm, DM));
    assert_eq!(emulator.open_channel(1, &[2]).await.unwrap(), dm, "the same two share one channel");

    let before = emulator.say(2, dm, "hello?").await.unwrap();
    assert_eq!(an.history(dm).await, [r#"{"t":"hello?"}"#]);
    socket.call(crate::support::join(&channel)).await;
    let after = emulator.say(2, dm, "are you there?").await.unwrap();
    assert_eq!(socket.next_text().await.message_id, after);
    assert!(after > before);
    let refused = emulator.say(3, dm, "let me in").await.unwrap_err();
    assert_eq!(refused.kind(), &mezon_emulator::EmulatorErrorKind::Refused);
}

#[tokio::test]
async fn any_bytes_can_be_pushed() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = user(&emulator, 1).await.socket().await;
    socket.call(ping()).await;
    assert_eq!(emulator.push_bytes(1, vec![0x0f; 3 << 20]), 1);
    assert!(matches!(socket.next().await, Seen::Garbage));
    assert!(matches!(socket.call(ping()).await, Message::Pong(_)));
}

/// Opens a socket over bare TCP; gives the connection and the head of the answer.
async fn open_by_hand(user: &User) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(user.addr).await.unwrap();
    let handshake = format!(
        "GET /ws?token={} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        user.token, user.addr
    );
    stream.write_all(handshake.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(LIMIT, stream.read_u8()).await.unwrap().unwrap());
    }
    (stream, String::from_utf8(head).unwrap().to_lowercase())
}

#[tokio::test]
async fn headers_of_the_handshake_are_what_the_fault_says() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    emulator.faults().upgrade_header("Connection", "keep-alive, Upgrade");
    emulator.faults().upgrade_header("Sec-WebSocket-Accept", "");
    let (_, head) = open_by_hand(&an).await;
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("\r\nconnection: keep-alive, upgrade\r\n"), "{head}");
    assert!(!head.contains("sec-websocket-accept"), "{head}");
}

#[tokio::test]
async fn any_number_can_close_a_socket() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let mut open = 0;
    for code in [0, 999, 1000, 1004, 1005, 1006, 1014, 1015, 1016, 2999, 3000, 4999, 5000, u16::MAX] {
        let (mut stream, _) = open_by_hand(&an).await;
        open += 1;
        emulator.wait_for(|stats| stats.connects == open).await;
        emulator.faults().close_sockets_because(code, "enough");
        let mut frame = [0; 10];
        timeout(LIMIT, stream.read_exact(&mut frame)).await.unwrap().unwrap();
        let [high, low] = code.to_be_bytes();
        assert_eq!(frame, [0x88, 8, high, low, b'e', b'n', b'o', b'u', b'g', b'h']);
        drop(stream);
        emulator.wait_for(|stats| stats.open_sockets == 0).await;
    }

    let (mut stream, _) = open_by_hand(&an).await;
    emulator.wait_for(|stats| stats.connects == open + 1).await;
    emulator.faults().end_with_bytes([0x88, 0x01, 0x03].as_slice());
    let mut frame = [0; 3];
    timeout(LIMIT, stream.read_exact(&mut frame)).await.unwrap().unwrap();
    assert_eq!(frame, [0x88, 1, 3]);
}
