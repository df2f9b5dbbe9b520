//! Calls: each ends exactly once, and tells the truth about what left the process.

use super::*;

#[test]
fn a_reply_ends_its_call() {
    let mut rig = Rig::up();
    let (first, second) = (rig.call(&send(1)), rig.call(&send(1)));
    let cids: Vec<i32> = rig.sent.iter().map(|sent| sent.cid).collect();
    assert_eq!(cids, [1, 2]);
    rig.answer(2, ack(22));
    rig.answer(1, ack(11));
    for (call, id) in [(first, 11), (second, 22)] {
        assert_eq!(*rig.outcome(call), Ok(Reply::Acknowledged(Box::new(acknowledged(id)))));
    }
    assert_eq!(rig.machine.calls_in_flight(), 0);
}

#[test]
fn a_server_error_is_an_error() {
    let mut rig = Rig::up();
    let call = rig.call(&send(1));
    rig.answer(1, error(3, "channel not found"));
    assert_eq!(*rig.outcome(call), rejected(3, "channel not found"));
    assert_eq!(rig.sent.len(), 1, "bad input is not sent again");
}

#[test]
fn a_message_without_an_answer_is_maybe_sent_and_a_late_answer_meets_nobody() {
    let mut rig = Rig::up();
    let call = rig.call(&send(1));
    rig.pass(10 * SECOND, true);
    assert_eq!(*rig.outcome(call), maybe_sent(MaybeSent::TimedOut));
    let next = rig.call(&send(1));
    rig.answer(1, ack(1));
    assert!(rig.is_open(next));
    assert_eq!(rig.machine.counters().late_replies, 1);
}

#[test]
fn a_soft_request_without_an_answer_is_unconfirmed_after_a_short_time() {
    let mut rig = Rig::up();
    let call = rig.call(&join(1));
    rig.pass(3 * SECOND, true);
    assert_eq!(*rig.outcome(call), Ok(Reply::Unconfirmed));
}

#[test]
fn a_lost_connection_ends_all_calls_at_once_and_tells_what_left() {
    let mut rig = Rig::up();
    let sent = rig.call(&send(1));
    let input = rig.call_input(&send(1), 10 * SECOND);
    rig.handle_blocked(input);
    let kept = rig.calls;
    rig.machine.handle(rig.now, Input::Lost { generation: 1, reason: crate::DisconnectReason::Broken });
    rig.drain();
    assert_eq!(*rig.outcome(sent), maybe_sent(MaybeSent::ConnectionLost));
    assert_eq!(*rig.outcome(kept), not_sent(NotSent::ConnectionLost));
    assert_eq!(rig.sent.len(), 1);
}

#[test]
fn a_call_that_waits_for_room_times_out_unsent_and_stays_unsent() {
    let mut rig = Rig::up();
    let input = rig.call_input(&send(1), SECOND);
    rig.handle_blocked(input);
    rig.now += SECOND;
    rig.handle_blocked(Input::Timeout);
    assert_eq!(*rig.outcome(rig.calls), not_sent(NotSent::TimedOut));
    rig.drain();
    assert!(!rig.sent.iter().any(|sent| matches!(sent.message, Some(envelope::Message::ChannelMessageSend(_)))));
}

#[test]
fn a_cancelled_call_leaves_the_table_and_the_queue() {
    let mut rig = Rig::up();
    let input = rig.call_input(&send(1), 10 * SECOND);
    rig.handle_blocked(input);
    rig.handle(Input::Cancel(CallId(rig.calls)));
    assert_eq!(*rig.outcome(rig.calls), not_sent(NotSent::Closed));
    assert!(rig.sent.is_empty());
    let call = rig.call(&send(1));
    rig.handle(Input::Cancel(CallId(call)));
    assert_eq!(*rig.outcome(call), maybe_sent(MaybeSent::TimedOut));
    assert_eq!(rig.machine.calls_in_flight(), 0);
}

#[test]
fn there_is_no_queue_for_better_times() {
    let mut rig = Rig::new(Settings::default());
    let early = rig.call(&send(1));
    rig.connect();
    rig.lose();
    let between = rig.call(&send(1));
    for call in [early, between] {
        assert_eq!(*rig.outcome(call), not_sent(NotSent::NotConnected));
    }
    rig.pass(2 * SECOND, false);
    rig.connect();
    assert!(rig.sent.is_empty());
}

#[test]
fn calls_in_flight_are_limited() {
    let mut rig = Rig::up();
    for _ in 0..1_024 {
        rig.call(&send(1));
    }
    assert!(rig.finished.is_empty());
    let over = rig.call(&send(1));
    assert_eq!(*rig.outcome(over), not_sent(NotSent::QueueFull));
    rig.answer(1, ack(1));
    let next = rig.call(&send(1));
    assert!(rig.is_open(next));
}

#[test]
fn a_frame_over_the_limit_does_not_leave() {
    let mut rig = Rig::up();
    let content = "x".repeat(1 << 20);
    let call = rig.call(&envelope::Message::ChannelMessageSend(ChannelMessageSend { content, ..Default::default() }));
    assert_eq!(*rig.outcome(call), not_sent(NotSent::TooLarge));
    assert_eq!((rig.sent.len(), rig.machine.calls_in_flight()), (0, 0));
}

#[test]
fn a_notification_ends_when_it_is_handed_over_and_its_answer_is_no_push() {
    let mut rig = Rig::up();
    let notify =
        |id| Input::Notify { id: CallId(id), request: Request::new(&join(1), Revision::default()), waiter: id };
    rig.handle_blocked(notify(100));
    rig.handle_blocked(notify(101));
    assert!(rig.is_open(100));
    rig.handle_blocked(Input::Cancel(CallId(101)));
    rig.drain();
    assert_eq!(*rig.outcome(100), Ok(Reply::Unconfirmed));
    assert_eq!(*rig.outcome(101), not_sent(NotSent::Closed));
    assert_eq!(rig.sent.len(), 1);
    rig.answer(rig.last_sent().cid, channel(1));
    assert_eq!((rig.event_names().len(), rig.machine.calls_in_flight()), (0, 0));
    // An error is told, although nobody waits.
    rig.handle(notify(102));
    rig.answer(rig.last_sent().cid, error(3, "no"));
    assert_eq!(rig.event_names(), ["server error"]);
}

#[test]
fn a_notification_that_finds_no_room_in_time_is_not_sent() {
    let mut rig = Rig::up();
    let request = Request::new(&join(1), Revision::default());
    rig.handle_blocked(Input::Notify { id: CallId(100), request, waiter: 100 });
    rig.now += 3 * SECOND;
    rig.handle_blocked(Input::Timeout);
    rig.drain();
    assert_eq!(*rig.outcome(100), not_sent(NotSent::TimedOut));
}

#[test]
fn a_reply_without_a_message_or_with_an_unknown_one_is_a_reply() {
    let mut rig = Rig::up();
    let (empty, unknown, broken) = (rig.call(&join(1)), rig.call(&join(2)), rig.call(&send(1)));
    let (number, no_error) = (rig.call(&join(3)), rig.call(&join(4)));
    rig.receive(Bytes::from_static(&[0x08, 0x01]));
    rig.receive(Bytes::from_static(&[0x08, 0x02, 0xc2, 0x3e, 0x00]));
    rig.receive(Bytes::from_static(&[0x08, 0x03, 0x3a, 0x02, 0x0a, 0x09]));
    assert_eq!(*rig.outcome(empty), Ok(Reply::Empty));
    assert_eq!(*rig.outcome(unknown), Ok(Reply::Message(RawMessage::new(1000, Bytes::new()))));
    assert_eq!(*rig.outcome(broken), maybe_sent(MaybeSent::Unreadable));
    // Field 1000 as a number, and an error that is a number.
    rig.receive(Bytes::from_static(&[0x08, 0x04, 0xc0, 0x3e, 0x07]));
    rig.receive(Bytes::from_static(&[0x08, 0x05, 0x60, 0x07]));
    assert!(matches!(rig.outcome(number), Ok(Reply::Message(raw)) if raw.field == 1000 && raw.body[..] == [0x07]));
    assert_eq!(*rig.outcome(no_error), maybe_sent(MaybeSent::Unreadable));
}

#[test]
fn correlation_ids_are_written_in_the_revision_asked_for_and_read_in_both() {
    let mut rig = Rig::new(Settings { revision: Revision::StringCid, ..Settings::default() });
    rig.connect();
    let call = rig.call(&join(123));
    rig.receive(Revision::StringCid.encode(&Envelope { cid: 1, message: Some(channel(123)) }));
    assert!(rig.outcome(call).is_ok());
}

const MUST_JOIN: &str = "Must join channel before sending messages";

#[test]
fn a_message_to_a_channel_that_is_not_joined_is_joined_and_sent_again_once() {
    let mut rig = Rig::up();
    let call = rig.call(&send(9));
    rig.answer(1, error(3, MUST_JOIN));
    // Mode 4 is a direct conversation, whose channel type is 3.
    assert_eq!(rig.last_sent().message, Some(join(9)));
    assert!(rig.is_open(call));
    rig.answer(2, channel(9));
    assert_eq!(rig.last_sent().message, Some(send(9)));
    assert_eq!(rig.last_sent().cid, 3);
    rig.answer(3, error(3, MUST_JOIN));
    assert_eq!(*rig.outcome(call), rejected(3, MUST_JOIN));
    assert_eq!(rig.sent.len(), 3, "no third time");
}

#[test]
fn only_the_very_refusal_is_followed_by_a_second_send() {
    for (code, text) in [(3, "Must join channel"), (3, "bad input"), (2, MUST_JOIN), (13, "internal")] {
        let mut rig = Rig::up();
        let call = rig.call(&send(9));
        rig.answer(1, error(code, text));
        assert_eq!((rig.sent.len(), rig.outcome(call)), (1, &rejected(code, text)));
    }
    // Nor for anything but a message.
    let mut rig = Rig::up();
    rig.call(&join(9));
    rig.answer(1, error(3, MUST_JOIN));
    assert_eq!(rig.sent.len(), 1);
}

#[test]
fn a_message_that_cannot_be_sent_again_is_reported_as_refused() {
    // The join is refused.
    let mut rig = Rig::up();
    let call = rig.call(&send(9));
    rig.answer(1, error(3, MUST_JOIN));
    rig.answer(2, error(3, "permission denied"));
    assert_eq!(*rig.outcome(call), rejected(3, "permission denied"));
    // The connection is lost meanwhile.
    let mut rig = Rig::up();
    let call = rig.call(&send(9));
    rig.answer(1, error(3, MUST_JOIN));
    rig.lose();
    assert_eq!(*rig.outcome(call), rejected(3, MUST_JOIN));
    // The second message is lost: from there on nobody knows.
    let mut rig = Rig::up();
    let call = rig.call(&send(9));
    rig.answer(1, error(3, MUST_JOIN));
    rig.answer(2, channel(9));
    rig.lose();
    assert_eq!(*rig.outcome(call), maybe_sent(MaybeSent::ConnectionLost));
}

#[test]
fn an_unanswered_join_does_not_keep_the_message_back_and_a_cancelled_send_stays_cancelled() {
    let mut rig = Rig::up();
    let call = rig.call(&send(9));
    rig.answer(1, error(3, MUST_JOIN));
    rig.pass(3 * SECOND, true);
    assert_eq!(rig.last_sent().message, Some(send(9)));
    rig.answer(rig.last_sent().cid, ack(1));
    assert!(rig.outcome(call).is_ok());

    let mut rig = Rig::up();
    let call = rig.call(&send(9));
    rig.answer(1, error(3, MUST_JOIN));
    rig.handle(Input::Cancel(CallId(call)));
    rig.answer(2, channel(9));
    assert_eq!(rig.sent.len(), 2, "not sent again");
}

#[test]
fn server_errors_print_their_words() {
    let error = ServerError { code: 3, message: "bad input".to_owned() };
    assert_eq!(error.to_string(), "the server answered with error 3: bad input");
}

/// It was told only when the socket had room again, and what nobody waits for any more piled up until then.
#[test]
fn a_notification_ends_in_time_while_the_server_reads_nothing() {
    let mut rig = Rig::up();
    let generation = rig.generation();
    let request = Request::new(&join(1), Revision::default());
    rig.handle_blocked(Input::Notify { id: CallId(100), request, waiter: 100 });
    let start = rig.now;
    while rig.now - start < 600 * SECOND {
        rig.now = rig.machine.deadline().unwrap();
        rig.handle_blocked(Input::Timeout);
        rig.handle_blocked(Input::Alive { generation });
    }
    assert!(rig.drops.is_empty());
    assert_eq!(*rig.outcome(100), not_sent(NotSent::TimedOut));
    assert!(rig.machine.outbox.len() <= 1, "a ping at the most: {}", rig.machine.outbox.len());
}
