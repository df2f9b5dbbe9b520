//! A connection that answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use mezon_client::mezon_model::Target;
use mezon_client::mezon_realtime::ConnectionState;
use mezon_client::{ClientError, ConnectOptions, Connection};
use support::{LINH, MINH, PATIENCE, emulator, next_message, sign_in};

/// A handler with a clone of the socket kept its connection for ever.
#[tokio::test]
async fn whoever_answers_hears_no_echo_and_keeps_no_connection() {
    let emulator = emulator().await;
    let (linh, minh) = (
        Connection::new(&sign_in(&emulator.url(), LINH, "linh").await),
        Connection::new(&sign_in(&emulator.url(), MINH, "minh").await),
    );
    let target = Target::direct(linh.client().api().create_dm(MINH).await.unwrap().id());
    let mut inbox = linh.messages();
    minh.respond(|connection, message| async move {
        connection.reply(&message, format!("you said {}", message.text())).await?;
        Ok(())
    })
    .detach();
    for socket in [&linh, &minh] {
        socket.connect(ConnectOptions::new()).await.unwrap();
        socket.wait_ready().await.unwrap();
        assert!(matches!(socket.state(), Some(ConnectionState::Ready { .. })));
        socket.join(&target).await.unwrap();
    }
    for text in ["one", "two"] {
        let sent = linh.send(&target, &text.into()).await.unwrap();
        let own = next_message(&mut inbox).await;
        assert!(linh.is_own(&own) && !own.is_edit() && !own.is_removal());
        let answer = next_message(&mut inbox).await;
        assert_eq!(answer.text(), format!("you said {text}"));
        assert_eq!(answer.references()[0].message_ref_id, sent.message_id);
        assert!(!linh.is_own(&answer));
    }
    assert_eq!(emulator.stats().messages, 4, "an answer is not answered");
    drop(minh);
    tokio::time::timeout(PATIENCE, emulator.wait_for(|stats| stats.open_sockets == 1)).await.expect("closed in time");
}

#[tokio::test]
async fn a_first_attempt_that_fails_is_repeated_when_asked_for() {
    let emulator = emulator().await;
    let socket = Connection::new(&sign_in(&emulator.url(), LINH, "linh").await);
    assert!(matches!(socket.wait_ready().await, Err(ClientError::NotConnected)));
    emulator.faults().refuse_upgrades(1, 503);
    assert!(matches!(socket.connect(ConnectOptions::new()).await, Err(ClientError::Connect(_))));
    emulator.faults().refuse_upgrades(1, 503);
    socket.connect(ConnectOptions::new().retry_first(true)).await.unwrap();
    tokio::time::timeout(PATIENCE, socket.wait_ready()).await.expect("in time").unwrap();
    socket.disconnect().await;
}

#[tokio::test]
async fn an_error_tells_the_status_of_the_answer() {
    let emulator = emulator().await;
    let client = sign_in(&emulator.url(), LINH, "linh").await;
    emulator.faults().fail_next(9, 503, None);
    let error = ClientError::from(client.api().create_dm(MINH).await.unwrap_err());
    assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
    assert_eq!(ClientError::NotConnected.status(), None);
}
