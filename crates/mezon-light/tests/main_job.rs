//! The main job, over real HTTP and WebSocket.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

use mezon_emulator::Emulator;
use mezon_emulator::proto::realtime::envelope::Message;
use mezon_emulator::proto::realtime::{Envelope, MessageTypingEvent};
use mezon_light::{
    AppLogin, CallErrorKind, ClientInitConfig, CloseReason, ErrorClass, Event, LightClient, LightError, LightSocket,
    MemoryStore, MessageCode, MessageContent, SendErrorKind, SendMessagePayload, SessionStore, SocketConnectOptions,
};
use support::network::Network;
use support::{LINH, MINH, emulator, next_event, next_message, sign_in};

async fn connected(client: &LightClient) -> LightSocket {
    let socket = LightSocket::new(client);
    socket.connect(SocketConnectOptions::new()).await.expect("connected");
    socket
}

#[tokio::test]
async fn two_users_talk_in_a_dm_and_a_group() {
    let emulator = emulator().await;
    let linh = sign_in(&emulator.url(), LINH, "linh").await;
    let minh = sign_in(&emulator.url(), MINH, "minh").await;
    assert_eq!(linh.user_id(), LINH);

    let (linh_socket, minh_socket) = (connected(&linh).await, connected(&minh).await);
    let mut inbox = minh_socket.messages();

    let dm = linh.create_dm(MINH).await.unwrap();
    assert_eq!(dm.id(), minh.create_dm(LINH).await.unwrap().id(), "the same two people have one direct channel");
    linh_socket.join_dm_channel(dm.id()).await.unwrap();
    minh_socket.join_dm_channel(dm.id()).await.unwrap();

    let text =
        MessageContent::builder().text("xin chào 🎉 ").mention_user(MINH, "minh").text(" ").link("https://mezon.ai");
    let ack = linh_socket.send_dm(SendMessagePayload::new(dm.id(), text)).await.unwrap();
    let message = next_message(&mut inbox).await;
    assert_eq!(message.id(), ack.message_id);
    assert_eq!(message.sender_id(), LINH);
    assert_eq!(message.text(), "xin chào 🎉 @minh https://mezon.ai");
    assert_eq!(message.mentions()[0].span().slice(message.text()), Some("@minh"));

    let group = linh.create_group_dm(&[MINH]).await.unwrap();
    linh_socket.join_group_channel(group.id()).await.unwrap();
    minh_socket.join_group_channel(group.id()).await.unwrap();
    let buzz = SendMessagePayload::new(group.id(), "everyone?").code(MessageCode::Buzz);
    linh_socket.send_group(buzz).await.unwrap();
    let message = next_message(&mut inbox).await;
    assert_eq!((message.channel_id(), message.code()), (group.id(), MessageCode::Buzz));

    minh_socket.leave_dm_channel(dm.id()).await.unwrap();
    linh_socket.send_dm(SendMessagePayload::new(dm.id(), "nobody hears this live")).await.unwrap();
    linh_socket.send_group(SendMessagePayload::new(group.id(), "but this")).await.unwrap();
    assert_eq!(next_message(&mut inbox).await.text(), "but this");

    linh_socket.disconnect().await;
    assert!(!linh_socket.is_connected());
    minh_socket.disconnect().await;
    assert!(inbox.next().await.is_none(), "a closed socket ends its streams");
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_file_arrives_as_it_was_sent() {
    let emulator = emulator().await;
    let linh = sign_in(&emulator.url(), LINH, "linh").await;
    let minh = sign_in(&emulator.url(), MINH, "minh").await;
    let (linh_socket, minh_socket) = (connected(&linh).await, connected(&minh).await);
    let mut inbox = minh_socket.messages();
    let dm = linh.create_dm(MINH).await.unwrap();
    linh_socket.join_dm_channel(dm.id()).await.unwrap();
    minh_socket.join_dm_channel(dm.id()).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("photo.png");
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(&path, &bytes).unwrap();
    let mut told = Vec::new();
    let attachment = linh.upload_file(&path, |sent, total| told.push((sent, total))).await.unwrap();
    assert_eq!(told.last(), Some(&(800_000, 800_000)));
    assert!(!attachment.url.contains('?'), "the query of the upload address is a credential and stays here");

    linh_socket.send_dm(SendMessagePayload::new(dm.id(), "a photo").attachment(attachment.clone())).await.unwrap();
    let message = next_message(&mut inbox).await;
    assert_eq!(message.attachments().len(), 1);
    let received = &message.attachments()[0];
    assert_eq!(
        (received.url.as_str(), received.size, received.filetype.as_str()),
        (attachment.url.as_str(), 800_000, "image")
    );

    let copy = folder.path().join("copy.png");
    assert_eq!(minh.download(&received.url).await.unwrap().save(&copy, |_, _| {}).await.unwrap(), 800_000);
    assert!(std::fs::read(&copy).unwrap() == bytes);

    let missing = linh.upload_file(folder.path().join("missing.png"), |_, _| {}).await.unwrap_err();
    assert!(missing.to_string().contains("missing.png"), "{missing}");
}

#[tokio::test]
async fn links_in_plain_text_are_marked_unless_hidden() {
    let emulator = emulator().await;
    let linh = sign_in(&emulator.url(), LINH, "linh").await;
    let socket = connected(&linh).await;
    let mut inbox = socket.messages();
    let dm = linh.create_dm(MINH).await.unwrap();
    socket.join_dm_channel(dm.id()).await.unwrap();

    socket.send_dm(SendMessagePayload::new(dm.id(), "see https://mezon.ai")).await.unwrap();
    socket.send_dm(SendMessagePayload::new(dm.id(), "see https://mezon.ai").hide_link(true)).await.unwrap();
    assert_eq!(next_message(&mut inbox).await.content().links().len(), 1);
    assert_eq!(next_message(&mut inbox).await.content().links().len(), 0);
}

#[tokio::test]
async fn what_is_missed_while_the_network_is_down_comes_once() {
    let emulator = emulator().await;
    let network = Network::to(emulator.addr()).await;
    let linh = sign_in(&emulator.url(), LINH, "linh").await;
    let minh = sign_in(&network.url(), MINH, "minh").await;
    let (linh_socket, minh_socket) = (connected(&linh).await, connected(&minh).await);
    let (mut inbox, mut events) = (minh_socket.messages(), minh_socket.events());
    let dm = linh.create_dm(MINH).await.unwrap();
    linh_socket.join_dm_channel(dm.id()).await.unwrap();
    minh_socket.join_dm_channel(dm.id()).await.unwrap();
    linh_socket.send_dm(SendMessagePayload::new(dm.id(), "before")).await.unwrap();
    assert_eq!(next_message(&mut inbox).await.text(), "before");

    network.cut();
    next_event(&mut events, |event| matches!(event, Event::Disconnected { .. })).await;
    for text in ["one", "two", "three"] {
        linh_socket.send_dm(SendMessagePayload::new(dm.id(), text)).await.unwrap();
    }
    network.mend();
    next_event(&mut events, |event| matches!(event, Event::Ready { .. })).await;
    linh_socket.send_dm(SendMessagePayload::new(dm.id(), "after")).await.unwrap();

    for text in ["one", "two", "three", "after"] {
        assert_eq!(next_message(&mut inbox).await.text(), text, "in order, and each once");
    }
}

#[tokio::test]
async fn a_send_while_the_network_is_down_says_that_it_was_not_sent() {
    let emulator = emulator().await;
    let network = Network::to(emulator.addr()).await;
    let linh = sign_in(&network.url(), LINH, "linh").await;
    let socket = connected(&linh).await;
    let mut events = socket.events();
    let dm = linh.create_dm(MINH).await.unwrap();
    socket.join_dm_channel(dm.id()).await.unwrap();

    network.cut();
    next_event(&mut events, |event| matches!(event, Event::Disconnected { .. })).await;
    let error = socket.send_dm(SendMessagePayload::new(dm.id(), "hello?")).await.unwrap_err();
    assert!(
        matches!(&error, LightError::Send(send) if matches!(send.kind(), SendErrorKind::Call(CallErrorKind::NotSent { .. }))),
        "{error:?}"
    );
    assert!(error.class().is_transient());
    assert_eq!(emulator.stats().sends_received, 0);
}

#[tokio::test]
async fn handlers_and_streams_hear_the_same_and_a_panic_hurts_nobody() {
    let emulator = emulator().await;
    let linh = sign_in(&emulator.url(), LINH, "linh").await;
    let socket = LightSocket::new(&linh);
    let mut inbox = socket.messages();
    let (heard, ears) = mpsc::channel();
    let errors = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&errors);

    socket.set_channel_message_handler(|_| panic!("a bug in a handler"));
    let log = heard.clone();
    socket.set_channel_message_handler(move |message| log.send(format!("for good: {}", message.text())).unwrap());
    let guarded = socket.on_channel_message(move |message| heard.send(format!("guarded: {}", message.text())).unwrap());
    let options = SocketConnectOptions::new().on_error(move |error| {
        assert!(matches!(error, LightError::HandlerPanicked));
        counted.fetch_add(1, Ordering::SeqCst);
    });
    socket.connect(options).await.unwrap();

    let dm = linh.create_dm(MINH).await.unwrap();
    socket.join_dm_channel(dm.id()).await.unwrap();
    socket.send_dm(SendMessagePayload::new(dm.id(), "one")).await.unwrap();
    assert_eq!(next_message(&mut inbox).await.text(), "one");
    drop(guarded);
    socket.send_dm(SendMessagePayload::new(dm.id(), "two")).await.unwrap();
    assert_eq!(next_message(&mut inbox).await.text(), "two");
    socket.disconnect().await;

    let heard: Vec<String> = ears.try_iter().collect();
    assert_eq!(heard, ["for good: one", "guarded: one", "for good: two"]);
    assert_eq!(errors.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_session_is_kept_refreshed_exported_and_restored() {
    let emulator = emulator().await;
    let store = Arc::new(MemoryStore::default());
    let config = mezon_light::AuthenticateConfig::new("an id token", LINH, "linh").gateway_url(emulator.url());
    let linh = LightClient::builder().store(store.clone()).authenticate(config).await.unwrap();
    let mut changes = linh.session_changes();
    let first = linh.token();
    assert!(!linh.is_session_expired() && !linh.is_refresh_session_expired());

    let fresh = linh.refresh_session().await.unwrap();
    assert_ne!(fresh.token(), &first);
    assert_eq!(changes.next().await.unwrap().token(), fresh.token());
    assert_eq!(store.load().unwrap().unwrap().token(), fresh.token(), "stored before it was used");

    let restored = LightClient::init_client(ClientInitConfig::from_export(&linh.export_session()).unwrap()).unwrap();
    assert_eq!(restored.user_id(), LINH);
    restored.create_dm(MINH).await.unwrap();

    let expired = ClientInitConfig::from_export(&linh.export_session()).unwrap();
    emulator.faults().expire_tokens();
    emulator.faults().expire_refresh_tokens();
    let error = LightClient::init_client(expired).unwrap().create_dm(MINH).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Auth, "{error:#}");
}

/// The driver once went to sleep right after it had started a dial, and did not hear of its end: an attempt that failed
/// before it touched the network was told after almost a minute.
#[tokio::test]
async fn a_login_that_is_over_is_told_at_once_when_connecting() {
    let emulator = emulator().await;
    let linh = sign_in(&emulator.url(), LINH, "linh").await;
    emulator.faults().expire_tokens();
    emulator.faults().expire_refresh_tokens();
    assert_eq!(linh.create_dm(MINH).await.unwrap_err().class(), ErrorClass::Auth);

    let socket = LightSocket::new(&linh);
    let connect = tokio::time::timeout(support::PATIENCE, socket.connect(SocketConnectOptions::new()));
    let error = connect.await.expect("told in time").unwrap_err();
    assert_eq!(error.class(), ErrorClass::Auth, "{error:#}");
    assert_eq!(emulator.stats().connects, 0);
}

/// The dispatcher once went through a whole burst without giving the thread away, and a reader who was fast enough lost
/// what was over its queue.
#[tokio::test]
async fn a_burst_longer_than_a_readers_queue_reaches_a_reader_on_the_same_thread() {
    const BURST: u64 = 1_800;
    let emulator = Emulator::builder().socket_queue(4_096).start().await.unwrap();
    let linh = sign_in(&emulator.url(), LINH, "linh").await;
    let socket = LightSocket::new(&linh);
    let mut events = socket.events();
    socket.connect(SocketConnectOptions::new()).await.unwrap();
    next_event(&mut events, |event| matches!(event, Event::Ready { .. })).await;

    let typing = Message::MessageTypingEvent(MessageTypingEvent::default());
    let envelope = Envelope { cid: 0, message: Some(typing) };
    for _ in 0..BURST {
        assert_eq!(emulator.push(LINH.get(), &envelope), 1);
    }
    for _ in 0..BURST {
        let event = next_event(&mut events, |_| true).await;
        assert!(matches!(event, Event::Push(_)), "{event:?}");
    }
}

#[tokio::test]
async fn the_proven_end_of_a_login_ends_the_streams() {
    let emulator = emulator().await;
    let linh = sign_in(&emulator.url(), LINH, "linh").await;
    let socket = LightSocket::new(&linh);
    let (mut events, mut inbox) = (socket.events(), socket.messages());
    socket.connect(SocketConnectOptions::new()).await.unwrap();

    emulator.faults().expire_tokens();
    emulator.faults().expire_refresh_tokens();
    emulator.faults().cut_connections();
    let closed = next_event(&mut events, |event| matches!(event, Event::Closed { .. })).await;
    assert!(matches!(closed, Event::Closed { reason: CloseReason::LoginOver }), "{closed:?}");
    assert!(events.next().await.is_none());
    assert!(inbox.next().await.is_none());
    assert!(!socket.is_connected());
}

#[tokio::test]
async fn a_stored_session_comes_back_where_it_belongs() {
    let emulator = emulator().await;
    let store = Arc::new(MemoryStore::default());
    let builder = || LightClient::builder().store(store.clone());
    assert!(builder().resume_stored().await.unwrap().is_none());
    let config = mezon_light::AuthenticateConfig::new("an id token", LINH, "linh").gateway_url(emulator.url());
    let before = builder().authenticate(config).await.unwrap();

    // Nobody says again where the gateway is.
    let linh = builder().resume_stored().await.unwrap().expect("a stored session");
    assert_eq!(linh.session(), before.session());
    linh.create_dm(MINH).await.unwrap();
    linh.refresh_session().await.unwrap();
    assert_eq!(store.load().unwrap().as_ref(), Some(&*linh.session()));
}

#[test]
fn a_client_can_be_made_before_there_is_a_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (emulator, export) = runtime.block_on(async {
        let emulator = emulator().await;
        let export = sign_in(&emulator.url(), LINH, "linh").await.export_session();
        (emulator, export)
    });
    let client = LightClient::init_client(ClientInitConfig::from_export(&export).unwrap()).unwrap();
    runtime.block_on(async {
        let socket = connected(&client).await;
        assert!(socket.is_connected());
        socket.disconnect().await;
        emulator.shutdown().await;
    });
}

/// The state was once published after `connect` had been answered, and was still the old one now and then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_is_connected_as_soon_as_connect_returns() {
    let emulator = emulator().await;
    let linh = sign_in(&emulator.url(), LINH, "linh").await;
    for _ in 0..50 {
        let socket = connected(&linh).await;
        assert!(socket.is_connected());
        socket.disconnect().await;
        assert!(!socket.is_connected());
    }
}

#[tokio::test]
async fn a_bot_signs_in_with_its_key() {
    let emulator = Emulator::builder().app(77, "bot key", "helper").start().await.unwrap();
    let sign_in = |key: &str| {
        let client = LightClient::builder().gateway_url(emulator.url());
        client.authenticate_bot(AppLogin::new("77", key))
    };
    let bot = sign_in("bot key").await.unwrap();
    let socket = connected(&bot).await;
    let mut inbox = socket.messages();
    let dm = bot.create_dm(LINH).await.unwrap();
    socket.join_dm_channel(dm.id()).await.unwrap();
    socket.send_dm(SendMessagePayload::new(dm.id(), "beep")).await.unwrap();
    assert_eq!(next_message(&mut inbox).await.username(), "helper");

    let refused = sign_in("another key").await;
    assert_eq!(refused.unwrap_err().class(), ErrorClass::Auth);
}

#[tokio::test]
async fn a_bots_session_comes_back_and_is_followed_by_the_next() {
    let emulator = Emulator::builder().app(77, "bot key", "helper").start().await.unwrap();
    let (client, login) = (LightClient::builder().gateway_url(emulator.url()), AppLogin::new("77", "bot key"));
    let session = client.clone().authenticate_bot(login.clone()).await.unwrap().session();
    emulator.faults().expire_tokens();
    emulator.faults().expire_refresh_tokens();
    let bot = client.resume_bot((*session).clone(), login).unwrap();
    bot.create_dm(LINH).await.unwrap();
    assert_eq!(bot.user_id(), session.user_id());
    assert_ne!(bot.token(), *session.token());
}
