//! Events by type, over a connection.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use mezon_client::mezon_api::UploadSource;
use mezon_client::mezon_model::event::{ChannelCreated, Typing};
use mezon_client::mezon_model::{ChannelId, ChannelMessage, Draft, FileState, Target};
use mezon_client::{ClientError, ConnectOptions, Connection, FilesArrived};
use mezon_emulator::Emulator;
use support::{LINH, MINH, PATIENCE, emulator, sign_in};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Two people who are connected, and their direct channel, which both have joined.
async fn conversation(emulator: &Emulator) -> (Connection, Connection, Target) {
    let (linh, minh) = (
        Connection::new(&sign_in(&emulator.url(), LINH, "linh").await),
        Connection::new(&sign_in(&emulator.url(), MINH, "minh").await),
    );
    let target = Target::direct(linh.client().api().create_dm(MINH).await.unwrap().id());
    for connection in [&linh, &minh] {
        connection.connect(ConnectOptions::new()).await.unwrap();
        connection.join(&target).await.unwrap();
    }
    (linh, minh, target)
}

#[tokio::test]
async fn handlers_streams_and_waiting_get_events_of_their_type_and_channel() {
    let emulator = emulator().await;
    let (linh, minh, target) = conversation(&emulator).await;

    let (tell, mut told) = mpsc::unbounded_channel();
    let telling = tell.clone();
    let _typing = linh.on(move |typing: Typing| telling.send(("typing", typing.sender_id)).unwrap());
    let telling = tell.clone();
    let _elsewhere = linh.on_in(ChannelId::new(1), move |_: Typing| telling.send(("elsewhere", LINH)).unwrap());
    let _message = linh.on(move |message: ChannelMessage| tell.send(("message", message.sender_id())).unwrap());
    let _answer = linh.respond_to(|connection, message: ChannelMessage| async move {
        if message.sender_id() == MINH {
            connection.reply(&message, "yes?").await?;
        }
        Ok(())
    });
    let mut typing = linh.events_of::<Typing>();
    let mut messages = linh.events_in::<ChannelMessage>(target.channel_id);
    let waiting = linh.wait_for_in(target.channel_id, PATIENCE, |message: &ChannelMessage| message.text() == "two");
    let answered = minh.wait_for(PATIENCE, |message: &ChannelMessage| message.sender_id() == LINH);

    minh.typing(&target).await.unwrap();
    for text in ["one", "two"] {
        minh.send(&target, &text.into()).await.unwrap();
    }
    // It was sent before this is polled for the first time.
    assert_eq!(waiting.await.unwrap().text(), "two");
    assert_eq!(answered.await.unwrap().text(), "yes?");
    assert_eq!(timeout(PATIENCE, typing.next()).await.unwrap().unwrap().unwrap().channel_id, target.channel_id);
    assert_eq!(timeout(PATIENCE, messages.next()).await.unwrap().unwrap().unwrap().text(), "one");
    for expected in [("typing", MINH), ("message", MINH)] {
        assert_eq!(timeout(PATIENCE, told.recv()).await.unwrap(), Some(expected));
    }

    let cut_off = linh.wait_for(PATIENCE, |_: &ChannelCreated| true);
    linh.disconnect().await;
    assert!(matches!(cut_off.await, Err(ClientError::Connect(_))));
    minh.disconnect().await;
}

#[tokio::test]
async fn waiting_has_an_end() {
    let emulator = emulator().await;
    let connection = Connection::new(&sign_in(&emulator.url(), LINH, "linh").await);
    let within = Duration::from_millis(1);
    let error = connection.wait_for(within, |_: &Typing| true).await.unwrap_err();
    assert!(matches!(error, ClientError::NoEvent { within: waited } if waited == within));
    assert!(error.class().is_transient(), "{error}");
}

/// An update of the message, which looked like an edit.
#[tokio::test]
async fn files_that_arrive_after_their_message_are_an_event_and_no_edit() {
    let emulator = emulator().await;
    let (linh, minh, target) = conversation(&emulator).await;
    let mut arrivals = minh.events_in::<FilesArrived>(target.channel_id);
    let mut messages = minh.events_in::<ChannelMessage>(target.channel_id);
    let api = linh.client().api();
    let files = api.announce_files([UploadSource::bytes("a.txt", "hello")]).await.unwrap();
    let draft = files.attach_to(Draft::from("a file")).unwrap();
    let ack = linh.send(&target, &draft).await.unwrap();
    api.bring_files(&files, &target, &ack, &draft, |_, _| {}).await.unwrap();

    let posted = timeout(PATIENCE, messages.next()).await.unwrap().unwrap().unwrap();
    let update = timeout(PATIENCE, messages.next()).await.unwrap().unwrap().unwrap();
    let arrived = timeout(PATIENCE, arrivals.next()).await.unwrap().unwrap().unwrap().message;
    assert_eq!((arrived.id(), arrived.text()), (ack.message_id, "a file"));
    assert!(!posted.is_arrival() && !update.is_edit() && arrived == update);
    let now = minh.client().api().now();
    let states = [&posted, &arrived].map(|message| message.file_state(&message.attachments()[0], now));
    assert_eq!(states, [FileState::Pending, FileState::Ready]);

    // An edit by a person is none.
    linh.client().messages().edit((&target, &ack), "a picture").await.unwrap();
    let edit = timeout(PATIENCE, messages.next()).await.unwrap().unwrap().unwrap();
    assert!(edit.is_edit() && !edit.is_arrival());
}
