//! Closing, dropping, shutting down.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use mezon_emulator::Emulator;
use mezon_model::Draft;
use mezon_realtime::{CallErrorKind, CloseReason, ConnectionState, Event, NotSent, SendErrorKind, Socket, connect};
use mezon_session::{BoxFuture, Session, SessionUpdate, StaticSession, TokenError, TokenSource};
use tokio::sync::{Notify, watch};

use crate::support::{User, config, pair, sign_in, within};

fn is_closed(state: &ConnectionState) -> bool {
    matches!(state, ConnectionState::Closed(_))
}

#[tokio::test]
async fn close_lets_calls_end_and_takes_no_others() {
    let emulator = Emulator::start().await.unwrap();
    let (mut anna, _minh, target) = pair(&emulator).await;
    emulator.faults().delay(Duration::from_millis(50));
    let draft = Draft::from("last words");
    let (sent, ()) = tokio::join!(anna.socket.send(&target, &draft), async {
        emulator.wait_for(|stats| stats.sends_received == 1).await;
        within(anna.socket.close()).await;
    });
    assert!(sent.is_ok());
    within(anna.socket.close()).await;
    let error = anna.socket.send(&target, &draft).await.unwrap_err();
    assert_eq!(*error.kind(), SendErrorKind::Call(CallErrorKind::NotSent { reason: NotSent::Closed }));
    let event = anna.until(|event| matches!(event, Event::Closed { .. })).await;
    assert!(matches!(event, Event::Closed { reason: CloseReason::Requested }));
    assert!(within(anna.events.next()).await.is_none());
    within(emulator.wait_for(|stats| stats.open_sockets == 1)).await;
}

#[tokio::test]
async fn close_does_not_wait_for_a_silent_server() {
    let emulator = Emulator::start().await.unwrap();
    let quick = config(&emulator).drain_timeout(Duration::from_millis(50)).close_timeout(Duration::from_millis(100));
    let anna = User::with(&emulator, 1, quick).await;
    emulator.faults().half_open(true);
    let start = Instant::now();
    within(anna.socket.close()).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(anna.socket.state(), ConnectionState::Closed(CloseReason::Requested));
}

#[tokio::test]
async fn dropping_everything_ends_everything() {
    let emulator = Emulator::start().await.unwrap();
    let anna = User::new(&emulator, 1).await;
    let mut states = anna.socket.states();
    let User { socket, events, .. } = anna;
    let clone = socket.clone();
    drop((socket, events));
    // A handle is left, so the connection is.
    assert!(within(clone.ping()).await.is_ok());
    drop(clone);
    within(states.wait_for(is_closed)).await.unwrap();
    within(emulator.wait_for(|stats| stats.open_sockets == 0)).await;
}

#[tokio::test]
async fn events_alone_keep_a_connection_and_their_end_ends_it() {
    let emulator = Emulator::start().await.unwrap();
    let User { socket, mut events, .. } = User::new(&emulator, 1).await;
    let mut states = socket.states();
    drop(socket);
    emulator.rotate_session(1).await.unwrap();
    while !matches!(within(events.next()).await.unwrap(), Event::SessionRefreshed) {}
    drop(events);
    within(states.wait_for(is_closed)).await.unwrap();
}

#[tokio::test]
async fn an_attempt_that_is_given_up_leaves_nothing() {
    let emulator = Emulator::start().await.unwrap();
    let session = sign_in(&emulator, 1).await;
    for _ in 0..20 {
        let config = config(&emulator).build().unwrap();
        let mut connecting = Box::pin(connect(config, Arc::new(StaticSession::new(session.clone()))));
        // Polled once, then dropped.
        assert!(poll_fn(|context| Poll::Ready(connecting.as_mut().poll(context).is_pending())).await);
    }
    let anna = User::new(&emulator, 1).await;
    within(emulator.wait_for(|stats| stats.open_sockets == 1)).await;
    drop(anna);
    within(emulator.wait_for(|stats| stats.open_sockets == 0)).await;
}

#[test]
fn the_end_of_the_runtime_is_told_and_panics_nowhere() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (server, client) = (runtime(), runtime());
    let emulator = server.block_on(Emulator::start()).unwrap();
    let User { socket, mut events, .. } = client.block_on(User::new(&emulator, 1));
    drop(client);
    let aborted = ConnectionState::Closed(CloseReason::Aborted);
    assert_eq!(socket.state(), aborted);
    server.block_on(within(async {
        socket.close().await;
        while !matches!(events.next().await, Some(Event::Closed { reason: CloseReason::Aborted })) {}
        assert!(events.next().await.is_none());
    }));
}

#[test]
fn handles_fit_everywhere_and_tell_no_secrets() {
    fn assert<T: Send + Sync + Clone + std::fmt::Debug + 'static>() {}
    fn assert_stream<T: Send + futures_core::Stream<Item = Event> + Unpin + 'static>() {}
    assert::<Socket>();
    assert_stream::<mezon_realtime::Events>();
}

/// Takes its time over the first update that is pushed.
struct SlowStore {
    session: Arc<Session>,
    begun: AtomicUsize,
    go: Notify,
    stored: watch::Sender<Vec<usize>>,
}

impl TokenSource for SlowStore {
    fn credentials(&self) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
        Box::pin(async { Ok(Arc::clone(&self.session)) })
    }

    fn refused(&self, _: Arc<Session>) -> BoxFuture<'_, Result<Arc<Session>, TokenError>> {
        self.credentials()
    }

    fn pushed(&self, _: SessionUpdate) -> BoxFuture<'_, Result<(), TokenError>> {
        let number = self.begun.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            if number == 0 {
                self.go.notified().await;
            }
            self.stored.send_modify(|stored| stored.push(number));
            Ok(())
        })
    }
}

/// The older ones could be the last to be stored, and their refresh token is spent.
#[tokio::test]
async fn credentials_that_wait_at_the_end_are_stored_in_their_order() {
    let emulator = Emulator::start().await.unwrap();
    let session = Arc::new(sign_in(&emulator, 1).await);
    let (begun, go, stored) = (AtomicUsize::default(), Notify::new(), watch::Sender::default());
    let store = Arc::new(SlowStore { session, begun, go, stored });
    let (socket, _events) = within(connect(config(&emulator).build().unwrap(), Arc::clone(&store) as _)).await.unwrap();
    for _ in 0..3 {
        emulator.rotate_session(1).await.unwrap();
    }
    // What was pushed before the answer has come in.
    within(socket.ping()).await.unwrap();
    within(socket.close()).await;
    // Whatever was begun beside the first one has its turn.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    store.go.notify_one();
    within(store.stored.subscribe().wait_for(|stored| stored.len() == 3)).await.unwrap();
    assert_eq!(*store.stored.borrow(), [0, 1, 2]);
}
