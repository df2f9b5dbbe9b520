//! Closing for good.

use super::*;
use crate::{CloseReason, DisconnectReason};

#[test]
fn close_waits_for_calls_then_for_the_server_and_takes_no_new_calls() {
    let mut rig = Rig::up();
    let call = rig.call(&send(1));
    rig.handle(Input::Close);
    let late = rig.call(&send(1));
    assert_eq!(*rig.outcome(late), not_sent(NotSent::Closed));
    assert!(rig.closes.is_empty());
    rig.answer(1, ack(1));
    assert!(rig.outcome(call).is_ok());
    assert_eq!(rig.closes, [1000]);
    assert!(!rig.machine.is_stopped());
    let reason = DisconnectReason::ClosedByServer { code: Some(1000), reason: String::new() };
    rig.handle(Input::Lost { generation: 1, reason });
    assert_eq!(rig.event_names(), ["closed"]);
    assert_eq!((rig.drops.as_slice(), rig.machine.deadline()), (&[1][..], None));
}

#[test]
fn close_is_bounded_with_a_server_that_says_nothing() {
    let mut rig = Rig::up();
    let call = rig.call(&send(1));
    rig.handle(Input::Close);
    rig.handle(Input::Close);
    rig.pass(5 * SECOND, false);
    assert_eq!(*rig.outcome(call), maybe_sent(MaybeSent::ConnectionLost));
    assert_eq!(rig.closes, [1000]);
    rig.pass(2 * SECOND, false);
    assert!(rig.machine.is_stopped());
    assert_eq!((rig.drops.len(), rig.dials.len()), (1, 1));
    assert!(matches!(rig.events.last(), Some(Event::Closed { reason: CloseReason::Requested })));
}

#[test]
fn close_without_calls_says_goodbye_at_once_and_sends_nothing_after_it() {
    let mut rig = Rig::up();
    rig.join(1);
    rig.sent.clear();
    rig.handle(Input::Close);
    assert_eq!(rig.closes, [1000]);
    rig.pass(SECOND, false);
    assert!(rig.sent.is_empty());
}

#[test]
fn close_waits_for_a_notification_that_has_not_left() {
    let mut rig = Rig::up();
    let request = Request::new(&join(1), Revision::default());
    rig.handle_blocked(Input::Notify { id: CallId(100), request, waiter: 100 });
    rig.handle_blocked(Input::Close);
    assert!(rig.is_open(100) && rig.closes.is_empty());
    rig.drain();
    assert_eq!(*rig.outcome(100), Ok(Reply::Unconfirmed));
    rig.handle(Input::Alive { generation: 1 });
    assert_eq!((rig.sent.len(), rig.closes.as_slice()), (1, &[1000][..]));
}

#[test]
fn close_in_the_middle_of_anything_ends_it() {
    // Dialling.
    let mut rig = Rig::new(Settings::default());
    rig.handle(Input::Close);
    assert_eq!((rig.drops.as_slice(), rig.machine.is_stopped()), (&[1][..], true));
    rig.handle(Input::Connected { generation: 1 });
    assert_eq!(rig.machine.live_generation(), None);
    // Waiting.
    let mut rig = Rig::up();
    rig.lose();
    rig.handle(Input::Close);
    assert!(rig.machine.is_stopped());
    rig.pass(100 * SECOND, false);
    assert_eq!(rig.dials.len(), 1);
    // Joining again.
    let mut rig = Rig::up();
    (1..50).for_each(|id| rig.join(id));
    rig.lose();
    rig.pass(SECOND, false);
    rig.connect();
    rig.handle(Input::Close);
    assert_eq!(rig.closes, [1000]);
    rig.pass(2 * SECOND, false);
    assert!(rig.machine.is_stopped());
    assert_eq!(rig.machine.calls_in_flight(), 0);
}

#[test]
fn a_connection_lost_while_closing_is_closed() {
    let mut rig = Rig::up();
    rig.call(&send(1));
    rig.handle(Input::Close);
    rig.lose();
    assert!(rig.machine.is_stopped());
    assert_eq!(rig.event_names(), ["closed"]);
    assert_eq!(rig.finished.len(), 1);
}

/// What came between the loss and the end is missed, and nobody else says so.
#[test]
fn a_gap_is_told_before_the_end_when_the_connection_ends_while_it_is_down() {
    let refused = DisconnectReason::ClosedByServer { code: Some(1002), reason: "no".to_owned() };
    let ends: [fn(&mut Rig); 3] = [
        // Waiting.
        |rig| rig.handle(Input::Close),
        // Dialling.
        |rig| {
            rig.pass(SECOND, false);
            rig.handle(Input::DialFailed { generation: 2, error: crate::ConnectErrorKind::LoginOver });
        },
        // Up, and not ready yet.
        |rig| {
            rig.pass(SECOND, false);
            rig.connect();
            rig.handle(Input::Close);
            rig.lose();
        },
    ];
    for end in ends {
        let mut rig = Rig::up();
        rig.join(1);
        rig.push(message(1, 10));
        rig.lose();
        end(&mut rig);
        let [.., Event::Gap { channels, complete: true, .. }, Event::Closed { .. }] = rig.events.as_slice() else {
            panic!("{:?}", rig.event_names());
        };
        assert_eq!(channels.iter().map(|gap| gap.last_seen).collect::<Vec<_>>(), [Some(10.into())]);
    }
    let mut rig = Rig::up();
    rig.join(1);
    rig.handle(Input::Lost { generation: 1, reason: refused });
    assert_eq!(rig.event_names(), ["gap", "closed"]);
    let Some(Event::Closed { reason: CloseReason::Refused { code: 1002, reason } }) = rig.events.last() else {
        panic!("{:?}", rig.events);
    };
    assert_eq!(reason, "no");
    // Of a clan nobody knows the channels; of nothing nothing is missed.
    let clan = envelope::Message::ClanJoin(realtime::ClanJoin { clan_id: 5, ..Default::default() });
    for (joined, told) in
        [(Some(clan), ["disconnected", "gap", "closed"].as_slice()), (None, &["disconnected", "closed"])]
    {
        let mut rig = Rig::up();
        if let Some(join) = joined {
            rig.call(&join);
            rig.answer(rig.last_sent().cid, join);
        }
        rig.lose();
        rig.handle(Input::Close);
        assert_eq!(rig.event_names(), told);
    }
    // Nothing is missed by a connection that was ready, and closes as asked.
    let mut rig = Rig::up();
    rig.join(1);
    rig.handle(Input::Close);
    rig.lose();
    assert_eq!(rig.event_names(), ["closed"]);
}
