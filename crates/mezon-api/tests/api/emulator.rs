//! Every call against the emulated gateway.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mezon_api::{
    AnyMethod, ApiClient, ApiError, ApiErrorKind, AppLogin, Gateway, GatewayBuilder, IdTokenLogin, ListChannelsOptions,
    ListMessagesOptions, Method, RetryPolicy, Timeouts, TlsConfig, UploadSource, methods,
};
use mezon_emulator::Emulator;
use mezon_model::{ChannelId, ChannelType, Draft, MessageId, Target, UserId};
use mezon_proto::api;
use mezon_session::{FileStore, MemoryStore, SessionStore};
use mezon_tls::Roots;
use prost::Message as _;

pub(crate) fn gateway(emulator: &Emulator) -> GatewayBuilder {
    Gateway::builder().gateway_url(emulator.url()).retry(RetryPolicy::default().delays(Duration::ZERO, Duration::ZERO))
}

pub(crate) async fn sign_in(emulator: &Emulator, user: i64) -> ApiClient {
    let gateway = gateway(emulator).build().unwrap();
    gateway.authenticate(&IdTokenLogin::new("an id token", user, format!("user{user}"))).await.unwrap()
}

async fn get_account(client: &ApiClient) -> Result<api::Account, ApiError> {
    client.call(methods::GET_ACCOUNT, &()).await
}

/// Sends over HTTP, as bots may.
async fn send(client: &ApiClient, channel: ChannelId, text: &str) -> MessageId {
    let message = Draft::from(text).to_send(&Target::direct(channel)).unwrap();
    let ack = client.call(methods::SEND_CHANNEL_MESSAGE, &message).await.unwrap();
    ack.message_id.into()
}

#[tokio::test]
async fn from_sign_in_to_history() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    assert_eq!(linh.session().user_id(), UserId::new(1));
    assert_eq!(linh.session().username(), Some("user1"));
    assert!(linh.session().refresh_token().is_some());
    assert_eq!(get_account(&linh).await.unwrap().user.unwrap().id, 1);
    assert_eq!(linh.ws_endpoint().unwrap().port(), emulator.addr().port());

    let dm = linh.create_dm(UserId::new(2)).await.unwrap();
    assert_eq!(dm.kind(), ChannelType::Direct);
    assert_eq!(linh.create_dm(UserId::new(2)).await.unwrap().id(), dm.id());
    let group = linh.create_group_dm(&[UserId::new(2), UserId::new(3)]).await.unwrap();
    assert_eq!(group.kind(), ChannelType::Group);

    let all = linh.list_channels(&ListChannelsOptions::default()).await.unwrap();
    assert_eq!(all.len(), 2);
    let groups = linh.list_channels(&ListChannelsOptions::default().kind(ChannelType::Group)).await.unwrap();
    assert_eq!(groups.iter().map(mezon_model::Channel::id).collect::<Vec<_>>(), [group.id()]);

    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(send(&linh, dm.id(), &format!("message {number}")).await);
    }
    let texts = async |query| -> Vec<String> {
        let messages = linh.list_messages(dm.id(), &query).await.unwrap();
        messages.iter().map(|message| message.text().replace("message ", "")).collect()
    };
    assert_eq!(texts(ListMessagesOptions::latest()).await, ["0", "1", "2", "3", "4"], "oldest first");
    assert_eq!(texts(ListMessagesOptions::latest().limit(2)).await, ["3", "4"]);
    assert_eq!(texts(ListMessagesOptions::before(ids[2]).limit(1)).await, ["1"]);
    assert_eq!(texts(ListMessagesOptions::after(ids[2])).await, ["3", "4"]);
    assert!(texts(ListMessagesOptions::around(ids[2]).limit(3)).await.contains(&"2".to_owned()));
}

#[tokio::test]
async fn catching_up_reads_page_after_page() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    let dm = linh.create_dm(UserId::new(2)).await.unwrap().id();
    let first = send(&linh, dm, "seen").await;
    let mut expected = Vec::new();
    for number in 0..230 {
        expected.push(send(&linh, dm, &number.to_string()).await);
    }
    let missed = linh.catch_up(dm, first).await.unwrap();
    assert_eq!(missed.iter().map(mezon_model::ChannelMessage::id).collect::<Vec<_>>(), expected);
    let last = *expected.last().unwrap();
    assert!(linh.catch_up(dm, last).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_the_server_refuses_is_said_in_its_words() {
    let emulator = Emulator::start().await.unwrap();
    let wrong = gateway(&emulator).server_key("wrong").build().unwrap();
    let error = wrong.authenticate(&IdTokenLogin::new("an id token", 1, "linh")).await.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::SignInRefused { .. }), "{error:?}");

    let linh = sign_in(&emulator, 1).await;
    let error = linh.list_messages(ChannelId::new(404), &ListMessagesOptions::latest()).await.unwrap_err();
    assert!(error.to_string().to_lowercase().contains("channel"), "{error}");
    assert!(!error.class().is_transient());
    let error = linh.call::<_, api::Account>(Method::new("NoSuchMethod"), &()).await.unwrap_err();
    assert!(!error.class().is_transient(), "{error:?}");
}

#[tokio::test]
async fn any_method_is_called_by_its_entry_or_by_its_name() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    let account = linh.call(methods::GET_ACCOUNT, &()).await.unwrap();
    let named: api::Account = linh.call(Method::new("GetAccount"), &()).await.unwrap();
    let bytes = linh.call_untyped(AnyMethod::new("GetAccount"), Bytes::new()).await.unwrap();
    assert_eq!((&named, api::Account::decode(bytes).as_ref()), (&account, Ok(&account)));
    let error =
        linh.call(methods::LIST_CHANNEL_TIMELINE, &api::ListChannelTimelineRequest::default()).await.unwrap_err();
    assert!(error.to_string().contains("ListChannelTimeline"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_with_an_expired_token_make_one_refresh() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    emulator.faults().expire_tokens();
    let calls = (0..500).map(|_| {
        let linh = linh.clone();
        tokio::spawn(async move { get_account(&linh).await.map(drop) })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    let stats = emulator.stats();
    assert_eq!((stats.refreshes, stats.refreshes_refused), (1, 0));
}

#[tokio::test]
async fn rotated_tokens_are_stored_and_work_from_there() {
    let directory = tempfile::tempdir().unwrap();
    let file = || Arc::new(FileStore::new(directory.path().join("session.json")));
    let emulator = Emulator::start().await.unwrap();
    let gateway = gateway(&emulator).store(file()).build().unwrap();
    let linh = gateway.authenticate(&IdTokenLogin::new("an id token", 1, "linh")).await.unwrap();
    for round in 1..=5 {
        let before = linh.session();
        let fresh = linh.refresh_session().await.unwrap();
        assert_ne!(fresh.refresh_token(), before.refresh_token(), "round {round}");
        assert_eq!(file().load().unwrap().as_ref(), Some(&*fresh));
    }
    let again = gateway.resume_stored().await.unwrap().unwrap();
    again.refresh_session().await.unwrap();
    // The first client's refresh token is spent; the store has the good one.
    linh.refresh_session().await.unwrap();
    assert_eq!(linh.session(), again.session());
    let stats = emulator.stats();
    assert_eq!((stats.refreshes, stats.refreshes_refused), (6, 0));
}

#[tokio::test]
async fn the_last_to_sign_in_to_a_store_keeps_it() {
    let emulator = Emulator::start().await.unwrap();
    let store = MemoryStore::default();
    let sign_in = async |user: i64| {
        let gateway = gateway(&emulator).store(Arc::new(store.clone())).build().unwrap();
        gateway.authenticate(&IdTokenLogin::new("an id token", user, "somebody")).await.unwrap()
    };
    let linh = sign_in(1).await;
    let minh = sign_in(2).await;
    let before = linh.session();
    assert_ne!(linh.refresh_session().await.unwrap(), before);
    get_account(&linh).await.unwrap();
    assert_eq!(store.load().unwrap().as_ref(), Some(&*minh.session()));
    linh.logout().await.unwrap();
    assert_eq!(store.load().unwrap().as_ref(), Some(&*minh.session()));
    minh.logout().await.unwrap();
    assert_eq!(store.load().unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_share_a_store_spend_no_token_twice() {
    let emulator = Emulator::start().await.unwrap();
    let store = MemoryStore::default();
    let shared = || gateway(&emulator).store(Arc::new(store.clone())).build().unwrap();
    shared().authenticate(&IdTokenLogin::new("an id token", 1, "linh")).await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(shared().resume_stored().await.unwrap().unwrap());
    }
    for _ in 0..5 {
        emulator.faults().expire_tokens();
        let calls = clients.iter().cloned().map(|client| tokio::spawn(async move { get_account(&client).await }));
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap().unwrap();
        }
    }
    let stats = emulator.stats();
    assert_eq!((stats.refreshes, stats.refreshes_refused), (5, 0));
}

#[tokio::test]
async fn an_expired_refresh_token_ends_the_login() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    emulator.faults().expire_tokens();
    emulator.faults().expire_refresh_tokens();
    let error = get_account(&linh).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::LoginOver);
    assert!(format!("{error:#}").starts_with("the login is over, sign in again: "), "{error:#}");
}

#[tokio::test]
async fn bad_days_are_survived() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    emulator.faults().fail_next(2, 503, None);
    get_account(&linh).await.unwrap();
    emulator.faults().fail_next(1, 429, Some(Duration::ZERO));
    linh.create_group_dm(&[UserId::new(2)]).await.unwrap();
    emulator.faults().fail_next_on("SessionRefresh", 1, 503);
    assert!(linh.refresh_session().await.unwrap_err().class().is_transient());
    linh.refresh_session().await.unwrap();
    emulator.faults().fail_next(1, 401, None);
    get_account(&linh).await.unwrap();
    emulator.restart().await.unwrap();
    get_account(&linh).await.unwrap();
}

#[tokio::test]
async fn a_bot_signs_in_and_comes_back() {
    let emulator = Emulator::builder().app(42, "app-key", "helper").start().await.unwrap();
    let gateway = gateway(&emulator).build().unwrap();
    let error = gateway.authenticate_app(&AppLogin::new("42", "wrong")).await.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::SignInRefused { .. }), "{error:?}");
    let bot = gateway.authenticate_app(&AppLogin::new("42", "app-key")).await.unwrap();
    get_account(&bot).await.unwrap();
    emulator.faults().expire_tokens();
    emulator.faults().expire_refresh_tokens();
    get_account(&bot).await.unwrap();
}

#[tokio::test]
async fn a_logged_out_session_is_gone_on_the_server() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    let copy = linh.gateway().resume((*linh.session()).clone()).unwrap();
    linh.logout().await.unwrap();
    assert_eq!(emulator.stats().logouts, 1);
    assert_eq!(get_account(&copy).await.unwrap_err().kind(), &ApiErrorKind::LoginOver);
}

#[tokio::test]
async fn files_arrive_byte_by_byte() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    let directory = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..1_000_003_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
    let path = directory.path().join("kỳ nghỉ.png");
    std::fs::write(&path, &content).unwrap();

    let mut steps = Vec::new();
    let source = UploadSource::file(&path).dimensions(640, 480);
    let attachment = linh.upload(source, |sent, total| steps.push((sent, total))).await.unwrap();
    assert_eq!(attachment.filename, "kỳ nghỉ.png");
    assert_eq!((attachment.filetype.as_str(), attachment.size), ("image", 1_000_003));
    assert_eq!((attachment.width, attachment.height), (640, 480));
    assert!(!attachment.url.contains('?'));
    assert!(steps.is_sorted() && steps.iter().all(|step| step.1 == 1_000_003), "{steps:?}");
    assert_eq!(steps.last(), Some(&(1_000_003, 1_000_003)));
    let downloaded = linh.download(&attachment.url).await.unwrap();
    assert_eq!((downloaded.media_type(), downloaded.size()), ("image/png", Some(1_000_003)));
    assert!(downloaded.bytes(1_000_003).await.unwrap() == content);

    for (name, bytes) in [("empty.txt", &b""[..]), ("small.bin", b"\0\x01")] {
        let attachment = linh.upload_bytes(name, "", bytes, |_, _| {}).await.unwrap();
        assert_eq!(linh.download(&attachment.url).await.unwrap().bytes(2).await.unwrap(), bytes);
    }
    let stats = emulator.stats();
    assert_eq!((stats.uploads, stats.downloads), (3, 3));
}

#[tokio::test]
async fn uploads_that_cannot_be_say_why() {
    let emulator = Emulator::start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing.png");
    let error = linh.upload_file(&missing, |_, _| {}).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::File { path: missing });
    assert!(error.to_string().contains("missing.png"));
    let error = linh.upload_file(directory.path(), |_, _| {}).await.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::File { .. }), "{error:?}");

    emulator.faults().refuse_uploads(403);
    let mut steps = 0;
    let error = linh.upload_bytes("a.txt", "", "hello", |_, _| steps += 1).await.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::Upload { status, .. } if status.as_u16() == 403), "{error:?}");
    assert_eq!(steps, 0, "nothing is said to be done");
    assert_eq!(emulator.stats().uploads_refused, 2, "a new ticket is tried once");
    emulator.faults().refuse_uploads(0);
    linh.upload_bytes("a.txt", "", "hello", |_, _| {}).await.unwrap();
}

#[tokio::test]
async fn an_expired_ticket_is_refused_by_its_status() {
    let emulator = Emulator::builder().upload_lifetime(Duration::ZERO).start().await.unwrap();
    let linh = sign_in(&emulator, 1).await;
    let error = linh.upload_bytes("a.txt", "", "hello", |_, _| {}).await.unwrap_err();
    assert_eq!(
        error.kind(),
        &ApiErrorKind::Upload {
            status: http::StatusCode::FORBIDDEN,
            code: Some("AccessDenied".into()),
            retry_after: None
        }
    );
}

#[tokio::test]
async fn certificates_are_checked() {
    let emulator = Emulator::builder().tls(true).start().await.unwrap();
    let with_ca = TlsConfig::builder().roots(Roots::None).add_root_pem(emulator.ca_pem().unwrap().as_bytes());
    let trusting = gateway(&emulator).tls(with_ca.build().unwrap()).build().unwrap();
    let login = IdTokenLogin::new("an id token", 1, "linh");
    let linh = trusting.authenticate(&login).await.unwrap();
    get_account(&linh).await.unwrap();
    let attachment = linh.upload_bytes("a.txt", "", "hello", |_, _| {}).await.unwrap();
    assert!(attachment.url.starts_with("https://"));

    let other = Emulator::builder().tls(true).start().await.unwrap();
    let with_other = TlsConfig::builder().roots(Roots::None).add_root_pem(other.ca_pem().unwrap().as_bytes());
    let doubting = gateway(&emulator).tls(with_other.build().unwrap()).build().unwrap();
    let error = doubting.authenticate(&login).await.unwrap_err();
    let host = emulator.addr().to_string();
    assert_eq!(error.kind(), &ApiErrorKind::Tls { host, certificate: true });
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn no_limit_is_a_limit_too() {
    const NEVER: Duration = Duration::MAX;
    let emulator = Emulator::start().await.unwrap();
    let timeouts = Timeouts::default().connect(NEVER).attempt(NEVER).total(NEVER).stall(NEVER);
    let gateway = gateway(&emulator).timeouts(timeouts).retry(RetryPolicy::default().delays(NEVER, NEVER));
    let linh = gateway.build().unwrap().authenticate(&IdTokenLogin::new("an id token", 1, "linh")).await.unwrap();
    get_account(&linh).await.unwrap();
    linh.refresh_session().await.unwrap();
    linh.upload_bytes("a.txt", "", "hello", |_, _| {}).await.unwrap();
}
