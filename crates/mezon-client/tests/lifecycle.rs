//! Connecting and disconnecting, in every order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use mezon_client::mezon_api::{AppLogin, Gateway};
use mezon_client::mezon_model::{ChannelId, Target};
use mezon_client::mezon_realtime::Event;
use mezon_client::mezon_session::ErrorClass;
use mezon_client::{Client, ConnectOptions, Connection};
use mezon_emulator::Emulator;
use mezon_emulator::proto::api::ChannelMessage;
use mezon_emulator::proto::realtime::Envelope;
use mezon_emulator::proto::realtime::envelope::Message;
use support::{LINH, MINH, PATIENCE, emulator, next_event, next_message, sign_in};

/// A close code after which a client does not come back.
const FOR_GOOD: u16 = 1002;

/// Polls once. `None`: not ready.
async fn begin<T>(future: &mut Pin<Box<impl Future<Output = T>>>) -> Option<T> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("in time")
}

/// Waits until the server knows of the socket too.
async fn arrived(emulator: &Emulator, connects: u64) {
    in_time(emulator.wait_for(|stats| stats.connects == connects)).await;
}

fn message(message_id: i64) -> Envelope {
    let message = ChannelMessage { channel_id: 7, message_id, ..ChannelMessage::default() };
    Envelope { cid: 0, message: Some(Message::ChannelMessage(message)) }
}

/// It once took the old connection for a living one as long as its last events were being delivered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connecting_after_the_end_waits_for_its_last_events_and_connects() {
    let emulator = emulator().await;
    let socket = Connection::new(&sign_in(&emulator.url(), LINH, "linh").await);
    let mut old = socket.events();
    let (let_go, held) = mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let (reached, mut at_the_end) = tokio::sync::mpsc::unbounded_channel();
    let handler = socket.on_event(move |event| {
        if matches!(event, Event::Closed { .. }) {
            reached.send(()).unwrap();
            held.lock().unwrap().recv().unwrap();
        }
    });
    socket.connect(ConnectOptions::new()).await.unwrap();
    arrived(&emulator, 1).await;
    emulator.faults().close_sockets(FOR_GOOD);
    in_time(at_the_end.recv()).await.unwrap();

    let again = socket.clone();
    let connect = tokio::spawn(async move { again.connect(ConnectOptions::new()).await });
    // Others come and go meanwhile: there was time enough for one that does not wait.
    for round in 0..3 {
        let other = Connection::new(&sign_in(&emulator.url(), MINH, "minh").await);
        other.connect(ConnectOptions::new()).await.unwrap();
        in_time(emulator.wait_for(|stats| stats.connects >= 2 + round)).await;
        other.disconnect().await;
    }
    assert_eq!(emulator.stats().connects, 1 + 3, "its last events come before those of the next one");
    assert!(!connect.is_finished() && !socket.is_connected());
    let_go.send(()).unwrap();
    in_time(connect).await.unwrap().unwrap();
    assert!(socket.is_connected());
    drop(handler);

    in_time(async { while old.next().await.is_some() {} }).await;
    let mut inbox = socket.messages();
    arrived(&emulator, 5).await;
    emulator.push(LINH.get(), &message(1));
    assert_eq!(next_message(&mut inbox).await.id().get(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connecting_when_a_stream_has_ended_connects() {
    let emulator = emulator().await;
    let socket = Connection::new(&sign_in(&emulator.url(), LINH, "linh").await);
    for round in 0..50 {
        let mut events = socket.events();
        socket.connect(ConnectOptions::new()).await.unwrap();
        arrived(&emulator, 2 * round + 1).await;
        emulator.faults().close_sockets(FOR_GOOD);
        in_time(async { while events.next().await.is_some() {} }).await;
        let mut inbox = socket.messages();
        in_time(socket.connect(ConnectOptions::new())).await.unwrap();
        assert!(socket.is_connected());
        arrived(&emulator, 2 * round + 2).await;
        emulator.push(LINH.get(), &message(1));
        next_message(&mut inbox).await;
        socket.disconnect().await;
    }
}

#[tokio::test]
async fn a_disconnect_that_is_given_up_closes_all_the_same() {
    let emulator = emulator().await;
    let socket = Connection::new(&sign_in(&emulator.url(), LINH, "linh").await);
    let (mut inbox, mut events) = (socket.messages(), socket.events());
    let (told, hears) = mpsc::channel();
    let options = ConnectOptions::new().on_event(move |event| {
        if matches!(event, Event::Closed { .. }) {
            told.send(()).unwrap();
        }
    });
    socket.connect(options).await.unwrap();

    let mut disconnect = Box::pin(socket.disconnect());
    assert!(begin(&mut disconnect).await.is_none());
    drop(disconnect);
    assert!(socket.state().is_none() && socket.socket().is_err());
    // Not even the last clone is needed.
    drop(socket);
    next_event(&mut events, |event| matches!(event, Event::Closed { .. })).await;
    assert!(in_time(events.next()).await.is_none());
    assert!(in_time(inbox.next()).await.is_none());
    assert_eq!(hears.try_iter().count(), 1);
    in_time(emulator.wait_for(|stats| stats.open_sockets == 0)).await;
}

#[tokio::test]
async fn connecting_after_a_disconnect_that_was_given_up_makes_a_new_connection() {
    let emulator = emulator().await;
    let socket = Connection::new(&sign_in(&emulator.url(), LINH, "linh").await);
    socket.connect(ConnectOptions::new()).await.unwrap();
    let mut disconnect = Box::pin(socket.disconnect());
    assert!(begin(&mut disconnect).await.is_none());
    drop(disconnect);

    in_time(socket.connect(ConnectOptions::new())).await.unwrap();
    let mut inbox = socket.messages();
    arrived(&emulator, 2).await;
    emulator.push(LINH.get(), &message(1));
    assert_eq!(next_message(&mut inbox).await.id().get(), 1);
    assert_eq!(emulator.stats().connects, 2);
}

#[tokio::test]
async fn a_disconnect_calls_off_the_attempts_that_have_begun() {
    let emulator = emulator().await;
    let socket = Connection::new(&sign_in(&emulator.url(), LINH, "linh").await);
    let mut inbox = socket.messages();
    let mut first = Box::pin(socket.connect(ConnectOptions::new()));
    let mut second = Box::pin(socket.connect(ConnectOptions::new()));
    assert!(begin(&mut first).await.is_none() && begin(&mut second).await.is_none());

    in_time(socket.disconnect()).await;
    for attempt in [first, second] {
        let error = in_time(attempt).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Cancelled, "{error}");
    }
    assert!(socket.state().is_none());
    assert!(in_time(inbox.next()).await.is_none(), "nobody connects any more");
    in_time(emulator.wait_for(|stats| stats.open_sockets == 0)).await;

    in_time(socket.connect(ConnectOptions::new())).await.unwrap();
    assert!(socket.is_connected());
}

/// Each page of a history could take half a minute, and there was no limit to their number.
#[tokio::test]
async fn a_disconnect_gives_up_a_history_that_does_not_come() {
    let emulator = emulator().await;
    let socket = Connection::new(&sign_in(&emulator.url(), LINH, "linh").await);
    let (mut inbox, mut events) = (socket.messages(), socket.events());
    let faults = emulator.faults().clone();
    let _guard = socket.on_event(move |event| {
        // Right before the gap is filled.
        if matches!(event, Event::Connected { generation } if *generation > 1) {
            faults.delay(Duration::from_secs(3_600));
        }
    });
    socket.connect(ConnectOptions::new()).await.unwrap();
    arrived(&emulator, 1).await;
    emulator.push(LINH.get(), &message(1));
    next_message(&mut inbox).await;

    emulator.faults().cut_connections();
    next_event(&mut events, |event| matches!(event, Event::Connected { generation } if *generation > 1)).await;
    in_time(socket.disconnect()).await;
    let gap = next_event(&mut events, |event| matches!(event, Event::Gap { .. })).await;
    assert!(matches!(gap, Event::Gap { channels, .. } if channels.len() == 1));
    next_event(&mut events, |event| matches!(event, Event::Closed { .. })).await;
}

/// What hands the events on holds the socket, to join and to prove that it is alive: it has to end with the last clone.
#[tokio::test]
async fn dropping_the_last_clone_ends_the_connection_and_what_hands_its_events_on() {
    let emulator = emulator().await;
    let socket = Connection::new(&sign_in(&emulator.url(), LINH, "linh").await);
    let mut events = socket.events();
    socket.connect(ConnectOptions::new()).await.unwrap();
    arrived(&emulator, 1).await;
    drop(socket.clone());
    assert!(socket.is_connected(), "one is left");
    drop(socket);
    in_time(async { while events.next().await.is_some() {} }).await;
    in_time(emulator.wait_for(|stats| stats.open_sockets == 0)).await;
}

/// A friend opens a direct channel and writes. Nobody heard it.
#[tokio::test]
async fn a_conversation_that_somebody_opens_is_joined_when_asked_for() {
    let emulator = emulator().await;
    let client = sign_in(&emulator.url(), LINH, "linh").await;
    sign_in(&emulator.url(), MINH, "minh").await;
    let (socket, deaf) = (Connection::new(&client), Connection::new(&client));
    let (mut inbox, mut events, mut unasked) = (socket.messages(), deaf.events(), deaf.messages());
    socket.connect(ConnectOptions::new().join_added(true)).await.unwrap();
    deaf.connect(ConnectOptions::new()).await.unwrap();
    arrived(&emulator, 2).await;

    let channel = emulator.open_channel(MINH.get(), &[LINH.get()]).await.unwrap();
    let first = emulator.say(MINH.get(), channel, "hello").await.unwrap();
    let heard = next_message(&mut inbox).await;
    assert_eq!((heard.id().get(), heard.text()), (first, "hello"), "the first message too");
    let second = emulator.say(MINH.get(), channel, "still there?").await.unwrap();
    assert_eq!(next_message(&mut inbox).await.id().get(), second);
    assert_eq!(emulator.stats().joins, 1, "once");

    // An application that joins what it wants hears of the invitation.
    next_event(&mut events, |event| matches!(event, Event::Push(push) if push.field == 36)).await;
    deaf.disconnect().await;
    assert!(unasked.next().await.is_none());
}

/// A bot has nobody who would ask to join what it is added to.
#[tokio::test]
async fn a_bot_joins_what_it_is_added_to_unless_told_not_to() {
    let emulator = Emulator::builder().app(77, "the key of a bot", "helper").start().await.unwrap();
    sign_in(&emulator.url(), LINH, "linh").await;
    let gateway = Gateway::builder().gateway_url(emulator.url()).build().unwrap();
    let bot = Client::new(gateway.authenticate_app(&AppLogin::new("77", "the key of a bot")).await.unwrap());
    assert!(bot.api().is_app());
    let (socket, deaf) = (Connection::new(&bot), Connection::new(&bot));
    let (mut inbox, mut unasked) = (socket.messages(), deaf.messages());
    socket.connect(ConnectOptions::new()).await.unwrap();
    deaf.connect(ConnectOptions::new().join_added(false)).await.unwrap();
    arrived(&emulator, 2).await;

    let channel = emulator.open_channel(LINH.get(), &[77]).await.unwrap();
    emulator.say(LINH.get(), channel, "hello").await.unwrap();
    assert_eq!(next_message(&mut inbox).await.text(), "hello");
    assert_eq!(emulator.stats().joins, 1);
    deaf.disconnect().await;
    assert!(unasked.next().await.is_none());
}

#[tokio::test]
async fn many_channels_are_joined_at_once_and_each_tells_how_it_went() {
    let emulator = emulator().await;
    let client = sign_in(&emulator.url(), LINH, "linh").await;
    let mut targets = Vec::new();
    for peer in 100..110 {
        targets.push(client.api().create_dm(peer.into()).await.unwrap().target());
    }
    targets.insert(3, Target::direct(ChannelId::new(5)));
    let socket = Connection::new(&client);
    socket.connect(ConnectOptions::new()).await.unwrap();
    let wanted = targets.clone();
    let joined = in_time(tokio::spawn(async move { socket.join_all(targets).await })).await.unwrap();
    assert!(joined.iter().map(|(target, _)| target).eq(&wanted));
    let refused: Vec<_> = joined.iter().filter(|(_, joined)| joined.is_err()).map(|(target, _)| target).collect();
    assert_eq!(refused, [&wanted[3]], "there is no such channel");
    assert_eq!(emulator.stats().joins, 10);
}
