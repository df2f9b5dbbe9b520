//! Large files, which go in parts, and files that come after their message.

use std::io::Write as _;

use mezon_api::{ApiClient, ApiErrorKind, Gateway, UploadSource, methods};
use mezon_emulator::{Answer, Emulator, Page, Route, Times};
use mezon_model::{Attachment, ChannelMessage, Draft, FileState, MessageAck, MessageCode, MessageId, Target, UserId};
use mezon_proto::api;

use crate::emulator::sign_in;
use crate::support::{Peer, answer, message, methods as called, session};

const MIB: usize = 1024 * 1024;

/// Bytes of which no two parts are the same.
fn film(size: usize) -> Vec<u8> {
    (0..size).map(|at| u8::try_from(at / 4_099 % 251).unwrap()).collect()
}

async fn stored(client: &ApiClient, file: &Attachment) -> Vec<u8> {
    client.download(&file.url).await.unwrap().bytes(64 * MIB).await.unwrap().to_vec()
}

#[tokio::test]
async fn a_large_file_goes_in_parts_and_a_part_that_fails_is_sent_again_by_itself() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    let content = film(25 * MIB + 17);
    let mut file = tempfile::Builder::new().suffix(".mp4").tempfile().unwrap();
    file.write_all(&content).unwrap();
    for source in [UploadSource::bytes("film.mp4", content.clone()), UploadSource::file(file.path())] {
        let before = emulator.stats();
        emulator.faults().answer(Route::Uploads, Times::Next(1), Answer::new(503, Page::Empty));
        let mut heard = Vec::new();
        let attachment = linh.upload(source, |sent, all| heard.push((sent, all))).await.unwrap();
        let after = emulator.stats();
        assert_eq!((after.uploads - before.uploads, after.uploads_refused - before.uploads_refused), (1, 1));
        assert_eq!((attachment.filetype.as_str(), attachment.size), ("video", i64::try_from(content.len()).unwrap()));
        assert!(!attachment.url.contains('?'), "{}", attachment.url);
        assert!(stored(&linh, &attachment).await == content);
        let all = content.len() as u64;
        assert!(heard.iter().all(|(sent, of)| *of == all && *sent <= all));
        assert_eq!(heard.iter().filter(|(sent, _)| *sent == all).count(), 1, "told once, when it is one file");
    }
}

#[tokio::test]
async fn an_upload_in_parts_that_is_given_up_leaves_no_file() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    let source = || UploadSource::bytes("film.mp4", film(21 * MIB));
    // The last part is refused for good.
    emulator.faults().answer(Route::Uploads, Times::Always, Answer::new(400, Page::Empty));
    let mut last = 0;
    let error = linh.upload(source(), |sent, _| last = sent).await.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::Upload { .. }), "{error:?}");
    assert!(last < 21 * MIB as u64);
    let stats = emulator.stats();
    assert_eq!(stats.uploads, 0);

    // Each address is too old: that is found out with the first part, and once more with new ones.
    emulator.faults().clear();
    emulator.faults().answer(Route::Uploads, Times::Next(2), Answer::new(403, Page::Empty));
    let attachment = linh.upload(source(), |_, _| {}).await.unwrap();
    assert!(stored(&linh, &attachment).await == film(21 * MIB));
}

#[tokio::test]
async fn a_file_goes_at_once_below_16_mib_and_in_parts_from_there() {
    for (size, way) in [(16 * MIB - 1, "UploadAttachmentFile"), (16 * MIB, "MultipartUploadAttachmentFileStart")] {
        let peer = Peer::start([answer(400, "", "")]).await;
        peer.client().upload_bytes("film.mp4", "", vec![0; size], |_, _| {}).await.unwrap_err();
        assert_eq!(called(&peer), [way]);
    }
    // A server that gives too few addresses is not gone on with.
    let short = api::MultipartUploadAttachment {
        urls: vec!["http://127.0.0.1:9/a?partNumber=1".into()],
        upload_id: "id".into(),
        filename: "film.mp4".into(),
    };
    let peer = Peer::start([message(&short)]).await;
    let error = peer.client().upload_bytes("film.mp4", "", vec![0; 16 * MIB], |_, _| {}).await.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::Decode { .. }), "{error:?}");
    let elsewhere = api::MultipartUploadAttachment { urls: vec!["https://evil.example/a?1".into(); 2], ..short };
    let peer = Peer::start([message(&elsewhere)]).await;
    let error = peer.client().upload_bytes("film.mp4", "", vec![0; 16 * MIB], |_, _| {}).await.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::UntrustedEndpoint { .. }), "{error:?}");
}

/// Posts over HTTP.
async fn post(client: &ApiClient, target: &Target, draft: &Draft) -> MessageAck {
    let ack = client.call(methods::SEND_CHANNEL_MESSAGE, &draft.to_send(target).unwrap()).await.unwrap();
    ack.into()
}

async fn newest(client: &ApiClient, target: &Target) -> ChannelMessage {
    let options = mezon_api::ListMessagesOptions::latest();
    client.list_messages(target.channel_id, &options).await.unwrap().pop().unwrap()
}

#[tokio::test]
async fn a_message_can_come_before_its_files() {
    let emulator = Emulator::start().await.unwrap();
    let (linh, minh) = (sign_in(&emulator, 1).await, sign_in(&emulator, 2).await);
    let target = Target::direct(linh.create_dm(UserId::new(2)).await.unwrap().id());
    let there = linh.upload_bytes("there.txt", "", "there", |_, _| {}).await.unwrap();
    let sources = (0..6).map(|at| UploadSource::bytes(&format!("file{at}.txt"), format!("content {at}")));
    let files = linh.announce_files(sources).await.unwrap();
    let draft = files.attach_to(Draft::from("seven files").attach(there)).unwrap();
    let ack = post(&linh, &target, &draft).await;

    let states = |message: &ChannelMessage| -> Vec<FileState> {
        message.attachments().iter().map(|file| message.file_state(file, minh.now())).collect()
    };
    let before = newest(&minh, &target).await;
    assert_eq!(states(&before), [&[FileState::Ready][..], &[FileState::Pending; 6]].concat());
    let waiting = minh.download_attachment(&before, &before.attachments()[1]).await.unwrap_err();
    assert_eq!(waiting.kind(), &ApiErrorKind::FilePending);
    assert!(waiting.class().is_transient());

    let mut heard = (0, 0);
    linh.bring_files(&files, &target, &ack, &draft, |sent, all| heard = (sent, all)).await.unwrap();
    assert_eq!(heard, (54, 54));
    let after = newest(&minh, &target).await;
    assert_eq!((after.text(), after.id()), ("seven files", ack.message_id));
    assert_eq!(states(&after), [FileState::Ready; 7]);
    let arrived: Vec<_> = after.arrived_since(&before).into_iter().map(|file| file.filename.clone()).collect();
    assert_eq!(arrived, (0..6).map(|at| format!("file{at}.txt")).collect::<Vec<_>>());
    for (at, file) in after.attachments().iter().skip(1).enumerate() {
        let content = minh.download_attachment(&after, file).await.unwrap().bytes(64).await.unwrap();
        assert_eq!(content, format!("content {at}"));
    }
}

#[tokio::test]
async fn a_file_that_fails_costs_itself_alone_and_has_not_arrived() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    let target = Target::direct(linh.create_dm(UserId::new(2)).await.unwrap().id());
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone.txt");
    std::fs::write(&gone, "gone").unwrap();
    let files =
        linh.announce_files([UploadSource::file(&gone), UploadSource::bytes("here.txt", "here")]).await.unwrap();
    std::fs::remove_file(&gone).unwrap();
    let draft = files.attach_to(Draft::from("two files")).unwrap();
    let ack = post(&linh, &target, &draft).await;
    let error = linh.bring_files(&files, &target, &ack, &draft, |_, _| {}).await.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::File { .. }), "{error:?}");
    assert_eq!(newest(&linh, &target).await.content().arrived_files().unwrap(), ["here"]);
}

#[tokio::test(start_paused = true)]
async fn that_files_have_arrived_is_told_again_after_one_and_three_seconds() {
    let store = Peer::start([answer(200, "", "")]).await;
    let ticket = api::UploadAttachment { filename: "a.txt".into(), url: format!("{}/a.txt?sig=1", store.url()) };
    let busy = || answer(503, "", "");
    let told = || answer(200, "Content-Type: application/proto\r\n", "");
    let peer = Peer::start([message(&ticket), busy(), busy(), told()]).await;
    let gateway = Gateway::builder().gateway_url(peer.url()).build().unwrap();
    let client = gateway.resume(session("1", 3_600)).unwrap();
    let files = client.announce_files([UploadSource::bytes("a.txt", "hello")]).await.unwrap();
    let draft = files.attach_to(Draft::from("a file")).unwrap();
    let mut ack = MessageAck::default();
    (ack.message_id, ack.code) = (MessageId::new(9), MessageCode::Chat);
    let began = tokio::time::Instant::now();
    client.bring_files(&files, &Target::direct(7.into()), &ack, &draft, |_, _| {}).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 4);
    assert_eq!(called(&peer)[1..], ["UpdateChannelMessage"; 3]);
    assert!(peer.requests()[3].contains(r#"{"t":"a file","presign_finish":["a"]}"#));
}

#[tokio::test]
async fn a_text_leaves_room_for_the_names_of_its_files() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    let files = linh.announce_files([UploadSource::bytes(&("n".repeat(100) + ".txt"), "")]).await.unwrap();
    assert!(files.attach_to(Draft::from("x".repeat(3_990))).is_err());
    let draft = files.attach_to(Draft::from("x".repeat(3_000))).unwrap();
    assert_eq!(draft.content.arrived_files().unwrap(), [""; 0]);
    assert!(!format!("{files:?}").contains("X-Amz"), "no permission is printed");
}
