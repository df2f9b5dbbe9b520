//! Attempts to connect: what ends them, what hurries them, what they have checked.

use mezon_session::ExponentialDelay;

use super::*;
use crate::{CloseReason, ConnectErrorKind, DisconnectReason};

#[test]
fn waiting_tells_how_many_attempts_have_failed() {
    let mut rig = Rig::new(Settings { retry_first: true, ..Settings::default() });
    for failures in [2, 0, 1] {
        for _ in 0..failures {
            let generation = rig.generation();
            rig.handle(Input::DialFailed { generation, error: ConnectErrorKind::Handshake });
            rig.pass(SECOND, false);
        }
        rig.connect();
        rig.lose();
        rig.pass(SECOND, false);
    }
    assert_eq!(rig.waits, [1, 2, 0, 0, 1, 0]);
}

#[test]
fn a_connection_on_which_nothing_is_understood_is_followed_by_one_in_the_other_revision() {
    let mut rig = Rig::new(Settings { detect_revision: true, ..Settings::default() });
    rig.connect();
    // Lost before anything was asked: that says nothing.
    rig.lose();
    rig.pass(SECOND, false);
    rig.connect();
    let call = rig.call(&join(1));
    assert_eq!(rig.revision, Some(Revision::Int32Cid));
    // Pushes are no answer.
    rig.push(message(1, 1));
    rig.pass(25 * SECOND, false);
    assert_eq!(*rig.outcome(call), Ok(Reply::Unconfirmed));
    assert_eq!(rig.drops.len(), 2, "silent for too long");
    rig.connect();
    assert_eq!(rig.machine.revision(), Revision::StringCid);
    for channel_id in [2, 3] {
        let call = rig.call(&join(channel_id));
        assert_eq!(rig.revision, Some(Revision::StringCid));
        rig.answer(rig.last_sent().cid, channel(channel_id));
        assert!(rig.outcome(call).is_ok());
    }
    // It is settled, also for what the machine asks by itself.
    rig.call(&send(1));
    for _ in 0..3 {
        rig.lose();
        rig.pass(SECOND, false);
        rig.connect();
        rig.pass(25 * SECOND, false);
        assert_eq!(rig.revision, Some(Revision::StringCid));
    }

    let mut rig = Rig::up();
    rig.call(&join(1));
    rig.lose();
    rig.pass(SECOND, false);
    rig.connect();
    assert_eq!(rig.machine.revision(), Revision::Int32Cid, "nobody asked for that");
}

#[test]
fn a_failed_first_attempt_ends_it_unless_persistence_is_asked_for() {
    let error = ConnectErrorKind::Unreachable { host: "h".to_owned() };
    let mut rig = Rig::new(Settings::default());
    rig.handle(Input::DialFailed { generation: 1, error: error.clone() });
    assert!(rig.machine.is_stopped());
    let Some(Event::Closed { reason }) = rig.events.last() else { panic!("{:?}", rig.events) };
    assert_eq!(*reason, CloseReason::NotConnected(error.clone()));

    let mut rig = Rig::new(Settings { retry_first: true, ..Settings::default() });
    for generation in 1..=20 {
        rig.handle(Input::DialFailed { generation, error: error.clone() });
        rig.pass(SECOND, false);
    }
    assert_eq!(rig.dials.len(), 21);
}

#[test]
fn no_failure_but_proof_ends_a_connection_that_was_up() {
    let mut rig = Rig::up();
    rig.lose();
    let failures = [
        ConnectErrorKind::Unreachable { host: "h".to_owned() },
        ConnectErrorKind::TimedOut { phase: crate::DialPhase::Upgrade },
        ConnectErrorKind::Refused { status: 503, retry_after: None },
        ConnectErrorKind::Refused { status: 401, retry_after: None },
        ConnectErrorKind::Handshake,
        ConnectErrorKind::NoCredentials { retry_after: None },
        ConnectErrorKind::Tls { host: "h".to_owned() },
        ConnectErrorKind::Closed,
    ];
    for error in failures.iter().cycle().take(100) {
        rig.pass(2 * SECOND, false);
        let generation = rig.generation();
        rig.handle(Input::DialFailed { generation, error: error.clone() });
    }
    assert!(!rig.machine.is_stopped());
    rig.pass(2 * SECOND, false);
    let generation = rig.generation();
    rig.handle(Input::DialFailed { generation, error: ConnectErrorKind::LoginOver });
    assert!(matches!(rig.events.last(), Some(Event::Closed { reason: CloseReason::LoginOver })));
    assert_eq!(rig.machine.deadline(), None);
}

#[test]
fn a_refused_upgrade_has_the_login_checked_at_once_and_then_waits() {
    let mut rig = Rig::new(Settings { retry_first: true, ..Settings::default() });
    rig.handle(Input::DialFailed {
        generation: 1,
        error: ConnectErrorKind::Refused { status: 401, retry_after: None },
    });
    assert_eq!(rig.dials, [(1, false), (2, true)]);
    rig.handle(Input::DialFailed {
        generation: 2,
        error: ConnectErrorKind::Refused { status: 401, retry_after: None },
    });
    assert_eq!(rig.dials.len(), 2);
    rig.pass(SECOND, false);
    assert_eq!(rig.dials.last(), Some(&(3, true)));
    // Without persistence the second refusal is the answer.
    let mut rig = Rig::new(Settings::default());
    rig.handle(Input::DialFailed {
        generation: 1,
        error: ConnectErrorKind::Refused { status: 401, retry_after: None },
    });
    assert!(!rig.machine.is_stopped());
    rig.handle(Input::DialFailed {
        generation: 2,
        error: ConnectErrorKind::Refused { status: 401, retry_after: None },
    });
    assert!(rig.machine.is_stopped());
}

#[test]
fn an_open_socket_says_nothing_for_the_login_until_a_frame_comes() {
    let refused = || ConnectErrorKind::Refused { status: 401, retry_after: None };
    let mut rig = Rig::up();
    rig.lose();
    // A server that now refuses the socket, now opens it and hangs up.
    let mut at_once = 0;
    for _ in 0..20 {
        rig.pass(2 * SECOND, false);
        let (generation, dials) = (rig.generation(), rig.dials.len());
        rig.handle(Input::DialFailed { generation, error: refused() });
        at_once += rig.dials.len() - dials;
        rig.pass(2 * SECOND, false);
        rig.connect();
        rig.lose();
    }
    assert_eq!(at_once, 1, "credentials that may just have run out are replaced at once, and no more");
    // A frame is proof, so the next refusal is a first one.
    rig.pass(2 * SECOND, false);
    rig.connect();
    rig.push(message(1, 1));
    rig.lose();
    rig.pass(2 * SECOND, false);
    let (generation, dials) = (rig.generation(), rig.dials.len());
    rig.handle(Input::DialFailed { generation, error: refused() });
    assert_eq!(rig.dials.len(), dials + 1);
}

#[test]
fn three_connections_without_a_frame_have_the_login_checked() {
    let mut rig = Rig::up();
    for _ in 0..3 {
        assert!(!rig.dials.last().unwrap().1);
        rig.lose();
        rig.pass(SECOND, false);
        rig.connect();
    }
    assert!(rig.dials.last().unwrap().1);
    // A frame is proof that the credentials work.
    rig.push(message(1, 1));
    rig.lose();
    rig.pass(SECOND, false);
    assert!(!rig.dials.last().unwrap().1);
}

#[test]
fn a_frame_clears_the_count_of_silent_ends_and_a_failed_handshake_is_one() {
    let silent_end = |rig: &mut Rig| {
        rig.connect();
        rig.lose();
        rig.pass(SECOND, false);
    };
    let mut rig = Rig::new(Settings { retry_first: true, ..Settings::default() });
    for _ in 0..5 {
        silent_end(&mut rig);
        silent_end(&mut rig);
        rig.connect();
        rig.push(message(1, 1));
        rig.lose();
        rig.pass(SECOND, false);
    }
    assert!(rig.dials.iter().all(|(_, check_login)| !check_login));
    // Closed in the middle of the upgrade.
    for _ in 0..2 {
        let generation = rig.generation();
        rig.handle(Input::DialFailed { generation, error: ConnectErrorKind::Handshake });
        rig.pass(SECOND, false);
    }
    assert!(!rig.dials.last().unwrap().1);
    silent_end(&mut rig);
    assert!(rig.dials.last().unwrap().1);
}

#[test]
fn close_codes_decide_what_comes_next() {
    let close = |code| {
        let mut rig = Rig::up();
        let reason = DisconnectReason::ClosedByServer { code: Some(code), reason: String::new() };
        rig.handle(Input::Lost { generation: 1, reason });
        rig
    };
    assert!(close(1002).machine.is_stopped());
    for code in [1007, 1009, 1014, 4999] {
        assert!(!close(code).machine.is_stopped(), "{code}");
    }
    let mut rig = close(1008);
    rig.pass(SECOND, false);
    assert_eq!(rig.dials.last(), Some(&(2, true)));
    let mut rig = close(1013);
    rig.pass(9 * SECOND, false);
    // The server asked for the wait, so a hint does not end it.
    rig.handle(Input::NetworkChanged);
    assert_eq!(rig.dials.len(), 1);
    rig.pass(SECOND, false);
    assert_eq!(rig.dials.len(), 2);
}

#[test]
fn delays_start_over_only_after_a_connection_has_proved_itself() {
    let flapping = |up: Duration| {
        let mut rig = Rig::with_delays(Settings::default(), Box::new(ExponentialDelay::default()));
        let start = rig.now;
        while rig.now - start < Duration::from_secs(3_600) {
            if rig.machine.live_generation().is_none() && rig.drops.len() < rig.dials.len() {
                rig.connect();
                rig.pass(up, true);
                rig.lose();
            }
            let wait = rig.machine.deadline().unwrap() - rig.now;
            rig.pass(wait, true);
        }
        rig.dials.len()
    };
    assert!(flapping(Duration::ZERO) <= 110);
    // Up for a minute, and each time back within a second.
    assert!((55..=61).contains(&flapping(60 * SECOND)));
}

#[test]
fn a_hint_ends_a_wait_at_most_once_in_four_seconds_and_never_one_that_has_not_begun() {
    let mut rig = Rig::with_delays(
        Settings { retry_first: true, ..Settings::default() },
        Box::new(ExponentialDelay::new(60 * SECOND, 60 * SECOND)),
    );
    let refuse = |rig: &mut Rig| {
        let generation = rig.generation();
        rig.handle(Input::DialFailed { generation, error: ConnectErrorKind::Handshake });
    };
    for _ in 0..100 {
        rig.handle(Input::NetworkChanged);
    }
    refuse(&mut rig);
    assert_eq!(rig.dials.len(), 1, "hints from before the wait count for nothing");
    for _ in 0..1_000 {
        rig.handle(Input::NetworkChanged);
        if rig.machine.live_generation().is_none() && rig.dials.len() == 2 {
            refuse(&mut rig);
        }
        rig.now += Duration::from_millis(3);
    }
    assert_eq!(rig.dials.len(), 2);
    rig.now += SECOND;
    rig.handle(Input::NetworkChanged);
    assert_eq!(rig.dials.len(), 3);
}

#[test]
fn a_dial_that_never_reports_ends_all_the_same() {
    let mut rig = Rig::up();
    rig.lose();
    rig.pass(SECOND, false);
    rig.pass(50 * SECOND, false);
    assert_eq!(rig.drops, [1, 2]);
    rig.pass(SECOND, false);
    assert_eq!(rig.dials.len(), 3);
}

#[test]
fn retry_after_is_honoured() {
    let retry_after = Some(30 * SECOND);
    for error in [
        ConnectErrorKind::NoCredentials { retry_after },
        ConnectErrorKind::Refused { status: 429, retry_after },
        ConnectErrorKind::Refused { status: 503, retry_after },
    ] {
        let mut rig = Rig::up();
        rig.lose();
        rig.pass(SECOND, false);
        rig.handle(Input::DialFailed { generation: 2, error });
        rig.pass(29 * SECOND, false);
        assert_eq!(rig.dials.len(), 2);
        rig.pass(SECOND, false);
        assert_eq!(rig.dials.len(), 3);
    }
}

/// Drivers may look at the clock whenever they like: for a call that ends, or with a timer that is early.
#[test]
fn a_look_at_the_clock_before_its_time_begins_and_ends_no_attempt() {
    let mut rig = Rig::up();
    rig.lose();
    rig.handle(Input::Timeout);
    assert_eq!(rig.dials.len(), 1, "the delay is not over");
    rig.pass(SECOND, false);
    assert_eq!((rig.dials.len(), rig.drops.len()), (2, 1));
    rig.handle(Input::Timeout);
    assert_eq!((rig.dials.len(), rig.drops.len()), (2, 1), "the attempt has its time");
}
