//! Joining, sending, receiving.

use std::time::Duration;

use mezon_emulator::Emulator;
use mezon_model::{Draft, Target};
use mezon_proto::realtime::{self, Envelope, envelope};
use mezon_realtime::{CallErrorKind, Event, Joined, MaybeSent, NotSent, Reply, Revision, SendErrorKind};

use crate::support::{User, config, direct, pair, within};

#[tokio::test]
async fn a_message_is_acknowledged_and_arrives_in_both_revisions() {
    for revision in [Revision::Int32Cid, Revision::StringCid] {
        let emulator = Emulator::builder().revision(revision).start().await.unwrap();
        let anna = User::with(&emulator, 1, config(&emulator).revision(revision)).await;
        let mut minh = User::with(&emulator, 2, config(&emulator).revision(revision)).await;
        let target = direct(&emulator, &anna.session, 2).await;
        let joined = within(anna.socket.join(&target)).await.unwrap();
        assert!(matches!(joined, Joined::Channel(channel) if channel.id == target.channel_id.get()));
        within(minh.socket.join(&target)).await.unwrap();

        let ack = within(anna.socket.send(&target, &Draft::from("hello"))).await.unwrap();
        let event = minh.until(|event| matches!(event, Event::Message(_))).await;
        let Event::Message(message) = event else { unreachable!() };
        assert_eq!((message.text(), message.id(), message.sender_id().get()), ("hello", ack.message_id, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_sends_at_once_are_all_acknowledged_and_arrive_in_order_of_their_acks() {
    let emulator = Emulator::start().await.unwrap();
    let (anna, mut minh, target) = pair(&emulator).await;
    let sends = (0..300).map(|number| {
        let socket = anna.socket.clone();
        tokio::spawn(async move { socket.send(&target, &Draft::from(number.to_string())).await.unwrap().message_id })
    });
    let sends: Vec<_> = sends.collect();
    let mut ids = Vec::new();
    for send in sends {
        ids.push(within(send).await.unwrap());
    }
    ids.sort_unstable();
    let mut seen = Vec::new();
    while seen.len() < 300 {
        if let Event::Message(message) = minh.until(|event| matches!(event, Event::Message(_))).await {
            seen.push(message.id());
        }
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn a_channel_that_was_not_joined_is_joined_and_the_message_sent_again_once() {
    let emulator = Emulator::start().await.unwrap();
    let anna = User::new(&emulator, 1).await;
    let _minh = User::new(&emulator, 2).await;
    let target = direct(&emulator, &anna.session, 2).await;
    within(anna.socket.send(&target, &Draft::from("first"))).await.unwrap();
    let stats = emulator.stats();
    assert_eq!((stats.sends_received, stats.joins, stats.messages), (2, 1, 1));
    // The server forgets the join later on.
    emulator.faults().forget_joins();
    within(anna.socket.send(&target, &Draft::from("second"))).await.unwrap();
    let stats = emulator.stats();
    assert_eq!((stats.sends_received, stats.joins, stats.messages), (4, 2, 2));
}

#[tokio::test]
async fn a_ping_proves_that_the_connection_is_alive() {
    let emulator = Emulator::start().await.unwrap();
    let quick = config(&emulator).call_timeout(Duration::from_millis(100));
    let anna = User::with(&emulator, 1, quick).await;
    assert!(within(anna.socket.ping()).await.unwrap() < Duration::from_millis(100));
    emulator.faults().half_open(true);
    let error = within(anna.socket.ping()).await.unwrap_err();
    assert_eq!(*error.kind(), CallErrorKind::MaybeSent { reason: MaybeSent::TimedOut });
}

#[tokio::test]
async fn a_refusal_tells_what_the_server_said() {
    let emulator = Emulator::start().await.unwrap();
    let anna = User::new(&emulator, 1).await;
    let nowhere = Target::direct(404.into());
    let error = within(anna.socket.send(&nowhere, &Draft::from("hello"))).await.unwrap_err();
    assert!(matches!(error.kind(), SendErrorKind::Call(CallErrorKind::Rejected { code: 3, .. })), "{error:?}");
    let error = within(anna.socket.join(&nowhere)).await.unwrap_err();
    assert!(matches!(error.kind(), CallErrorKind::Rejected { .. }), "{error:?}");
    assert_eq!(emulator.stats().sends_received, 1);
}

#[tokio::test]
async fn content_over_the_limit_never_leaves() {
    let emulator = Emulator::start().await.unwrap();
    let (anna, _minh, target) = pair(&emulator).await;
    let error = anna.socket.send(&target, &Draft::from("x".repeat(4_000))).await.unwrap_err();
    assert!(matches!(error.kind(), SendErrorKind::Invalid(_)), "{error:?}");
    assert_eq!(emulator.stats().sends_received, 0);
}

#[tokio::test]
async fn a_missing_ack_is_maybe_sent() {
    let emulator = Emulator::start().await.unwrap();
    let (anna, mut minh, target) = pair(&emulator).await;
    emulator.faults().drop_acks(1);
    let short = Duration::from_millis(200);
    let error = within(anna.socket.send_within(&target, &Draft::from("hello"), short)).await.unwrap_err();
    assert_eq!(*error.kind(), SendErrorKind::Call(CallErrorKind::MaybeSent { reason: MaybeSent::TimedOut }));
    assert_eq!(minh.next_text().await, "hello");
    assert_eq!(emulator.stats().sends_received, 1, "never sent again");
}

#[tokio::test]
async fn a_dropped_call_leaves_the_others_alone() {
    let emulator = Emulator::start().await.unwrap();
    let (anna, _minh, target) = pair(&emulator).await;
    emulator.faults().delay(Duration::from_millis(50));
    let draft = Draft::from("dropped");
    tokio::select! {
        biased;
        _ = anna.socket.send(&target, &draft) => panic!("the answer is delayed"),
        _ = emulator.wait_for(|stats| stats.sends_received == 1) => {}
    }
    within(anna.socket.send(&target, &Draft::from("kept"))).await.unwrap();
    assert_eq!(anna.socket.counters().late_replies, 1);
    assert_eq!(emulator.stats().messages, 2);
}

#[tokio::test]
async fn any_request_can_be_made_and_api_calls_are_not() {
    let emulator = Emulator::start().await.unwrap();
    let anna = User::new(&emulator, 1).await;
    let reply = within(anna.socket.call(envelope::Message::Ping(realtime::Ping {}))).await.unwrap();
    let Reply::Message(raw) = reply else { panic!("{reply:?}") };
    assert_eq!(raw.decode(), Ok(Some(envelope::Message::Pong(realtime::Pong {}))));
    let error =
        anna.socket.call(envelope::Message::ApiRequestEvent(realtime::ApiRequestEvent::default())).await.unwrap_err();
    assert_eq!(*error.kind(), CallErrorKind::NotSent { reason: NotSent::Unsupported });
}

/// Somebody who types, if the event tells of one.
fn typing(event: &Event) -> Option<realtime::MessageTypingEvent> {
    let Event::Push(push) = event else { return None };
    push.read().unwrap()
}

#[tokio::test]
async fn typing_reaches_the_others_and_does_not_come_back() {
    let emulator = Emulator::start().await.unwrap();
    let (mut anna, mut minh, target) = pair(&emulator).await;
    within(anna.socket.typing(&target)).await.unwrap();
    minh.until(|event| typing(event).is_some_and(|typing| typing.sender_id == 1)).await;
    within(minh.socket.send(&target, &Draft::from("what?"))).await.unwrap();
    let event = anna.until(|event| typing(event).is_some() || matches!(event, Event::Message(_))).await;
    assert!(matches!(event, Event::Message(_)), "{event:?}");
}

#[tokio::test]
async fn leaving_ends_the_joined_state() {
    let emulator = Emulator::start().await.unwrap();
    let (mut anna, _minh, target) = pair(&emulator).await;
    within(anna.socket.leave(&target)).await.unwrap();
    emulator.faults().cut_connections();
    anna.until_ready().await;
    anna.until_ready().await;
    assert_eq!(emulator.stats().leaves, 1);
    let sent = within(anna.socket.send(&target, &Draft::from("hello"))).await;
    assert!(sent.is_ok());
    assert_eq!(emulator.stats().sends_received, 2, "it was not joined again by itself");
}

#[tokio::test]
async fn a_slow_reader_is_told_what_it_missed_and_the_connection_lives() {
    let emulator = Emulator::start().await.unwrap();
    let mut anna = User::with(&emulator, 1, config(&emulator).event_queue(16)).await;
    anna.until_ready().await;
    for number in 0..500 {
        let typing = realtime::MessageTypingEvent { channel_id: number, ..Default::default() };
        let message = Some(envelope::Message::MessageTypingEvent(typing));
        assert_eq!(emulator.push(1, &Envelope { cid: 0, message }), 1);
    }
    // The answer comes behind all of them.
    within(anna.socket.call(envelope::Message::Ping(realtime::Ping {}))).await.unwrap();
    anna.socket.close().await;
    let (mut seen, mut dropped, mut last) = (0, 0, -1);
    while let Some(event) = within(anna.events.next()).await {
        if let Some(typing) = typing(&event) {
            assert!(typing.channel_id > last, "in order");
            (seen, last) = (seen + 1, typing.channel_id);
        } else if let Event::Lagged { dropped: number } = event {
            dropped += number;
        }
    }
    assert!(seen >= 16 && dropped > 0);
    assert_eq!(seen + dropped, 500);
}

#[tokio::test]
async fn duplicated_and_unreadable_frames_do_no_harm() {
    let emulator = Emulator::start().await.unwrap();
    let (anna, mut minh, target) = pair(&emulator).await;
    emulator.faults().duplicate(true);
    within(anna.socket.send(&target, &Draft::from("one"))).await.unwrap();
    assert_eq!(minh.next_text().await, "one");
    emulator.faults().duplicate(false);
    emulator.faults().garbage_frame();
    let event = minh.until(|event| matches!(event, Event::Undecodable { .. })).await;
    assert!(matches!(event, Event::Undecodable { raw, .. } if raw.field == 0 && !raw.body.is_empty()));
    within(anna.socket.send(&target, &Draft::from("two"))).await.unwrap();
    assert_eq!(minh.next_text().await, "two", "the copy of the first is not handed on");
    assert_eq!(emulator.stats().messages, 2);
}

#[tokio::test]
async fn pushed_credentials_reach_the_token_source() {
    let emulator = Emulator::start().await.unwrap();
    let mut anna = User::new(&emulator, 1).await;
    emulator.rotate_session(1).await.unwrap();
    anna.until(|event| matches!(event, Event::SessionRefreshed)).await;
    let pushed = anna.source.pushed.lock().unwrap();
    let update = pushed.first().unwrap();
    assert_ne!(update.token.as_ref(), Some(anna.session.token()));
    assert!(update.token.is_some() && update.refresh_token.is_some());
}
