//! The send limit.

use mezon_session::{ErrorKind as _, RateLimit};

use super::*;

/// Up, with two requests in any second, of which three may wait.
fn limited() -> Rig {
    let send_limit = Some(RateLimit::new(2, SECOND).waiting(3));
    let mut rig = Rig::new(Settings { send_limit, heartbeat_interval: 4 * SECOND, ..Settings::default() });
    rig.connect();
    rig
}

/// The channels of the messages that have left.
fn left(rig: &Rig) -> Vec<i64> {
    let channel = |sent: &Envelope| match &sent.message {
        Some(envelope::Message::ChannelMessageSend(send)) => Some(send.channel_id),
        _ => None,
    };
    rig.sent.iter().filter_map(channel).collect()
}

#[test]
fn what_is_too_much_leaves_later_and_in_its_order() {
    let mut rig = limited();
    for channel in 1..=5 {
        rig.call(&send(channel));
    }
    assert_eq!(left(&rig), [1, 2], "a burst leaves at once");
    rig.pass(Duration::from_millis(999), true);
    assert_eq!(left(&rig), [1, 2]);
    rig.pass(Duration::from_millis(1), true);
    assert_eq!(left(&rig), [1, 2, 3, 4]);
    rig.pass(SECOND / 2, true);
    rig.call(&send(6));
    assert_eq!(left(&rig), [1, 2, 3, 4], "one that comes later does not overtake");
    rig.pass(SECOND / 2, true);
    assert_eq!(left(&rig), [1, 2, 3, 4, 5, 6]);
    assert!(rig.finished.is_empty());
}

#[test]
fn what_finds_no_room_to_wait_is_not_sent() {
    let mut rig = limited();
    for channel in 1..=5 {
        rig.call(&send(channel));
    }
    let refused = rig.call(&send(6));
    assert_eq!(*rig.outcome(refused), not_sent(NotSent::RateLimited));
    let error = CallErrorKind::NotSent { reason: NotSent::RateLimited };
    assert!(error.class().is_transient());
    assert_eq!(error.to_string(), "the request was not sent: too many requests wait for the send limit, send slower");
    rig.pass(3 * SECOND, true);
    assert_eq!(left(&rig), [1, 2, 3, 4, 5]);

    let none_waits = Some(RateLimit::new(1, SECOND).waiting(0));
    let mut rig = Rig::new(Settings { send_limit: none_waits, ..Settings::default() });
    rig.connect();
    let [taken, refused] = [rig.call(&send(1)), rig.call(&send(2))];
    assert!(rig.is_open(taken));
    assert_eq!(*rig.outcome(refused), not_sent(NotSent::RateLimited));
}

#[test]
fn heartbeats_wait_for_nothing_and_take_no_place() {
    let mut rig = limited();
    let end = rig.now + 20 * SECOND;
    while rig.now < end {
        rig.call(&send(1));
        rig.pass(SECOND / 2, false);
        let pings = rig.sent.iter().filter(|sent| matches!(sent.message, Some(envelope::Message::Ping(_)))).count();
        assert!(rig.drops.is_empty(), "{pings} pings");
        rig.pong();
    }
    assert_eq!(left(&rig).len(), 40, "two a second all the same");
}

#[test]
fn what_is_given_up_takes_no_place_and_what_waits_too_long_is_not_sent() {
    let mut rig = limited();
    (1..=2).for_each(|channel| _ = rig.call(&send(channel)));
    let given_up = rig.call(&send(3));
    let input = rig.call_input(&send(4), SECOND / 2);
    rig.handle(input);
    let too_late = rig.calls;
    rig.call(&send(5));
    rig.handle(Input::Cancel(CallId(given_up)));
    rig.pass(SECOND / 2, true);
    assert_eq!(*rig.outcome(too_late), not_sent(NotSent::TimedOut));
    rig.pass(SECOND / 2, true);
    rig.call(&send(6));
    assert_eq!(left(&rig), [1, 2, 5, 6]);
}

#[test]
fn a_lost_connection_ends_what_waits_and_the_next_one_keeps_the_limit() {
    let mut rig = limited();
    rig.join(7);
    for channel in 1..=4 {
        rig.call(&send(channel));
    }
    rig.sent.clear();
    rig.lose();
    for call in 3..=5 {
        assert_eq!(*rig.outcome(call), not_sent(NotSent::ConnectionLost));
    }
    rig.pass(SECOND, true);
    rig.connect();
    // The join that is made again counts, and waits for nobody.
    let joins = rig.sent.iter().filter(|sent| matches!(sent.message, Some(envelope::Message::ChannelJoin(_)))).count();
    assert_eq!(joins, 1);
    for channel in 5..=6 {
        rig.call(&send(channel));
    }
    assert_eq!(left(&rig), [5]);
    rig.pass(SECOND, true);
    assert_eq!(left(&rig), [5, 6]);
}

#[test]
fn closing_waits_for_what_waits() {
    let mut rig = limited();
    for channel in 1..=3 {
        rig.call(&send(channel));
    }
    rig.handle(Input::Close);
    rig.pass(SECOND, true);
    assert_eq!(left(&rig), [1, 2, 3]);
}
