//! The machine on its own: what it asks for and what it delivers, moment by moment.

mod clans;
mod joining;
mod rig;

use std::time::Duration;

use mezon_api::RetryPolicy;
use mezon_model::{MessageCode, MessageParts};
use mezon_realtime::CloseReason;

use super::*;

pub(super) use self::rig::*;

fn full_page(after: i64) -> std::ops::RangeInclusive<i64> {
    after + 1..=after + i64::from(PAGE)
}

/// In a busy channel the history was read until a page was empty, which never came.
#[test]
fn a_page_that_is_not_full_is_the_last_one() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1)]);
    let read = rig.next_read();
    rig.say(7, 103);
    rig.answer(read, full_page(1));
    assert_eq!(rig.ids(7), full_page(1).collect::<Vec<_>>(), "a page is delivered as it comes");
    let read = rig.next_read();
    assert_eq!(read.after, 101);
    rig.answer(read, [102, 103]);
    assert_eq!(rig.ids(7), (2..=103).collect::<Vec<_>>());
    assert!(rig.reads.is_empty());
}

/// Ten messages a second and 300 ms a page: each page is full, and the end moves on.
#[test]
fn a_message_that_came_live_ends_the_reading() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1)]);
    let read = rig.next_read();
    (50..60).for_each(|id| rig.say(7, id));
    assert!(rig.ids(7).is_empty(), "held back, so that messages come in order");
    rig.answer(read, full_page(1));
    assert!(rig.reads.is_empty(), "message 50 came live, so everything after it does");
    (60..63).for_each(|id| rig.say(7, id));
    // What of the page comes live after it was read is no second delivery.
    assert_eq!(rig.ids(7), full_page(1).collect::<Vec<_>>());
    rig.say(7, 102);
    assert_eq!(rig.ids(7).last(), Some(&102));
}

#[test]
fn what_was_read_is_delivered_and_the_gap_begins_after_it() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1)]);
    let read = rig.next_read();
    rig.answer(read, full_page(1));
    rig.say(7, 900);
    rig.wait(Duration::from_secs(31));
    assert_eq!(rig.gaps(7), [101]);
    assert_eq!(rig.ids(7), full_page(1).chain([900]).collect::<Vec<_>>());
    // The answer to what was given up changes nothing.
    let late = rig.next_read();
    rig.answer(late, [102]);
    assert_eq!(rig.ids(7).last(), Some(&900));
}

/// 150 quiet groups at 250 ms a call: 42 s until the first event.
#[test]
fn only_channels_that_are_read_wait() {
    let channels: Vec<_> = (1..=150).map(|channel| (channel, 1)).collect();
    let mut rig = Rig::back(Settings::default(), &channels);
    assert_eq!(rig.reads.len(), 8, "so many at a time");
    rig.say(500, 3);
    assert_eq!(rig.ids(500), [3], "a channel without a gap does not wait");
    rig.say(150, 2);
    assert!(rig.ids(150).is_empty());
    let mut rounds = 0;
    while !rig.reads.is_empty() {
        rig.wait(Duration::from_millis(250));
        for read in std::mem::take(&mut rig.reads) {
            rig.answer(read, (read.channel == 150).then_some(2));
        }
        rounds += 1;
        assert!(rounds > 2 || rig.ids(150).is_empty() || rounds == 2, "what waits goes before what is quiet");
    }
    assert_eq!(rounds, 150_usize.div_ceil(8), "all are read within 5 s");
    assert_eq!(rig.ids(150), [2]);
    assert!(rig.gaps(150).is_empty());
}

#[test]
fn a_channel_where_somebody_speaks_is_read_before_the_quiet_ones() {
    let channels: Vec<_> = (1..=100).map(|channel| (channel, 1)).collect();
    let mut rig = Rig::back(Settings::default(), &channels);
    rig.say(90, 5);
    let first = rig.next_read();
    rig.answer(first, []);
    assert_eq!(rig.reads.back().map(|read| read.channel), Some(90));
}

/// Catching up gave up after three answers of 503 within 0.2 s.
#[test]
fn failures_that_pass_are_waited_out() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1)]);
    let mut failures = 0;
    while failures < 8 {
        if let Some(read) = rig.reads.pop_front() {
            rig.fail(read, unavailable());
            failures += 1;
            assert!(rig.reads.is_empty(), "not again at once");
        } else {
            rig.wait(Duration::from_millis(100));
        }
    }
    while rig.reads.is_empty() {
        rig.wait(Duration::from_millis(100));
    }
    let read = rig.next_read();
    rig.answer(read, [2]);
    assert_eq!((rig.ids(7), rig.gaps(7)), (vec![2], vec![]));
}

#[test]
fn a_server_that_asks_for_time_gets_it_and_what_cannot_come_in_time_is_told_at_once() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1), (8, 1)]);
    let read = rig.next_read();
    let busy = |seconds| ApiErrorKind::Intercepted {
        status: http::StatusCode::SERVICE_UNAVAILABLE,
        retry_after: Some(Duration::from_secs(seconds)),
    };
    rig.fail(read, busy(5));
    rig.reads.clear();
    rig.wait(Duration::from_secs(4));
    assert!(rig.reads.is_empty());
    rig.wait(Duration::from_secs(1));
    let read = rig.next_read();
    assert_eq!(read.channel, 7);
    rig.fail(read, busy(60));
    assert_eq!(rig.gaps(7), [1], "longer than there is time");
    assert_eq!(rig.told.len(), 1);
}

#[test]
fn a_failure_that_does_not_pass_costs_its_channel_alone() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1), (8, 1)]);
    let (first, second) = (rig.next_read(), rig.next_read());
    rig.say(7, 5);
    rig.fail(first, ApiErrorKind::LoginOver);
    assert_eq!((rig.gaps(7), rig.ids(7)), (vec![1], vec![5]), "what waited comes after the gap");
    assert!(matches!(rig.told[..], [ClientError::CatchUp { channel_id, .. }] if channel_id == ChannelId::new(7)));
    rig.answer(second, [2]);
    assert_eq!(rig.ids(8), [2]);
}

/// Of several messages without an id only the first was delivered.
#[test]
fn no_id_is_no_identity() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1), (8, 0)]);
    assert_eq!(rig.gaps(8), [0], "nobody knows where to begin");
    let read = rig.next_read();
    (0..3).for_each(|_| rig.say(7, 0));
    rig.answer(read, [0, 2, 0]);
    assert_eq!(rig.ids(7), [0, 2, 0, 0, 0, 0]);
    (0..2).for_each(|_| rig.say(7, 0));
    assert_eq!(rig.ids(7).len(), 8);
}

#[test]
fn what_changes_a_message_is_not_its_duplicate() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1)]);
    let read = rig.next_read();
    for code in [1, 2, 14, 15, 1] {
        rig.event(Event::Message(coded(7, 2, MessageCode::from_raw(code))));
    }
    rig.answer(read, [2]);
    assert_eq!(rig.ids(7), [2; 6]);
    rig.say(7, 2);
    assert_eq!(rig.ids(7).len(), 6, "and the message itself comes once");
}

#[test]
fn what_waits_is_bounded_and_then_the_gap_is_told() {
    let settings = Settings { held_messages: 10, ..Settings::default() };
    let mut rig = Rig::back(settings, &[(7, 1), (8, 1)]);
    (2..=12).for_each(|id| rig.say(7, id));
    assert_eq!((rig.gaps(7), rig.ids(7)), (vec![1], (2..=12).collect()));
    let bytes = Settings { held_bytes: 10_000, ..Settings::default() };
    let mut rig = Rig::back(bytes, &[(7, 1)]);
    let mut parts = MessageParts::default();
    (parts.channel_id, parts.message_id, parts.content) = (ChannelId::new(7), MessageId::new(3), "x".repeat(20_000));
    rig.event(Event::Message(parts.into()));
    assert_eq!((rig.gaps(7), rig.ids(7)), (vec![1], vec![3]));
}

#[test]
fn a_server_that_makes_its_history_up_is_read_so_far_and_no_further() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1)]);
    let mut pages = 0;
    while let Some(read) = rig.reads.pop_front() {
        rig.answer(read, full_page(read.after));
        pages += 1;
    }
    assert_eq!(pages, MAX_PAGES);
    assert_eq!(rig.gaps(7), [1 + 100 * i64::from(PAGE)]);
    assert_eq!(rig.ids(7).len(), 100 * usize::from(PAGE));

    // A page that begins nowhere ends it too.
    let mut rig = Rig::back(Settings::default(), &[(7, 500)]);
    let read = rig.next_read();
    rig.answer(read, full_page(1));
    assert!(rig.reads.is_empty() && rig.ids(7).is_empty());
}

/// An incomplete gap was swallowed when all known channels could be read.
#[test]
fn an_incomplete_gap_is_always_told() {
    let mut rig = Rig::new(Settings::default());
    rig.lose();
    rig.event(Event::Connected { generation: 2 });
    rig.gap(&[(7, 1)], false);
    let told = |rig: &Rig| {
        rig.delivered
            .iter()
            .any(|event| matches!(event, Event::Gap { channels, complete: false, .. } if channels.is_empty()))
    };
    assert!(told(&rig));
    let read = rig.next_read();
    rig.answer(read, [2]);
    assert_eq!(rig.ids(7), [2]);
}

#[test]
fn the_end_tells_what_is_missing_first() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1)]);
    rig.say(7, 5);
    rig.event(Event::Closed { reason: CloseReason::Requested });
    assert_eq!((rig.gaps(7), rig.ids(7)), (vec![1], vec![5]));
    assert!(matches!(rig.delivered.last(), Some(Event::Closed { .. })));
}

#[test]
fn what_is_said_in_a_channel_that_was_left_is_not_missed() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1)]);
    let read = rig.next_read();
    rig.say(7, 5);
    rig.handle(Input::Leaving(ChannelId::new(7)));
    assert_eq!((rig.gaps(7), rig.ids(7)), (vec![], vec![5]));
    rig.answer(read, [2]);
    assert_eq!(rig.ids(7), [5]);
}

/// A friend opens a direct channel and writes: nobody heard it.
#[test]
fn a_healthy_connection_holds_nothing() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1)]);
    assert!(!rig.machine.is_idle());
    let read = rig.next_read();
    rig.answer(read, [2]);
    rig.say(7, 2);
    assert_eq!(rig.ids(7), [2], "a copy that was on its way");
    rig.wait(Duration::from_secs(21));
    assert!(rig.machine.is_idle());
    assert_eq!((rig.machine.deadline(), rig.machine.held_bytes), (None, 0));
    assert!(rig.machine.outputs.capacity() == 0 && rig.machine.readings.is_empty());
}

#[test]
fn without_catching_up_a_gap_is_told_as_it_came() {
    let settings = Settings { catch_up: false, ..Settings::default() };
    let rig = Rig::back(settings, &[(7, 1)]);
    assert_eq!((rig.gaps(7), rig.reads.len()), (vec![1], 0));
}

#[test]
fn the_delays_between_attempts_are_those_of_the_retry_rule() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1)]);
    let retry = RetryPolicy::default();
    for attempt in 1..=4 {
        let read = rig.next_read();
        rig.fail(read, unavailable());
        assert_eq!(rig.machine.pause.until(), Some(rig.now + retry.delay(attempt, None, 0.5)));
        rig.wait(retry.delay(attempt, None, 0.5));
    }
}

#[test]
fn a_pause_ends_long_before_the_time_is_over() {
    let mut rig = Rig::back(Settings::default(), &[(7, 1)]);
    let read = rig.next_read();
    rig.fail(read, unavailable());
    let wanted = rig.machine.deadline().unwrap();
    assert!(wanted < rig.now + Duration::from_secs(5), "{:?}", wanted - rig.now);
}

#[test]
fn a_channel_that_is_refused_holds_up_no_other() {
    let settings = Settings { at_once: 1, ..Settings::default() };
    let mut rig = Rig::back(settings, &[(7, 1), (8, 1)]);
    let read = rig.next_read();
    rig.fail(read, refused());
    assert_eq!(rig.gaps(read.channel), [1]);
    let next = rig.next_read();
    assert_ne!(next.channel, read.channel);
}

#[test]
fn what_was_not_read_before_a_second_loss_is_read_after_it() {
    let settings = Settings { at_once: 1, ..Settings::default() };
    let mut rig = Rig::back(settings, &[(7, 1), (8, 1)]);
    let first = rig.next_read();
    rig.lose();
    rig.event(Event::Connected { generation: 3 });
    rig.gap(&[(7, 1), (8, 1)], true);
    rig.event(Event::Ready { generation: 3 });
    rig.answer(first, [2]);
    // The first is asked again: its answer may be from before the second loss.
    let mut asked = Vec::new();
    while let Some(read) = rig.reads.pop_front() {
        asked.push(read.channel);
        rig.answer(read, []);
    }
    asked.sort_unstable();
    assert_eq!(asked, [7, 8]);
    assert_eq!((rig.ids(first.channel), rig.gaps(7), rig.gaps(8)), (vec![2], vec![], vec![]));
}

#[test]
fn without_a_gap_nothing_waits_behind_ready() {
    let mut rig = Rig::new(Settings::default());
    rig.lose();
    rig.event(Event::Connected { generation: 2 });
    rig.say(7, 2);
    assert!(rig.ids(7).is_empty(), "a gap may begin before it");
    rig.event(Event::Ready { generation: 2 });
    assert_eq!(rig.ids(7), [2]);
}

#[test]
fn what_waits_may_fill_its_bound() {
    let settings = Settings { held_bytes: message(7, 3).memory(), ..Settings::default() };
    let mut rig = Rig::back(settings, &[(7, 1)]);
    rig.say(7, 3);
    assert_eq!((rig.ids(7), rig.gaps(7)), (vec![], vec![]));
    let read = rig.next_read();
    rig.answer(read, [2, 3]);
    assert_eq!((rig.ids(7), rig.gaps(7)), (vec![2, 3], vec![]));
}

#[test]
fn a_page_that_begins_with_what_was_seen_brings_only_the_rest() {
    let mut rig = Rig::back(Settings::default(), &[(7, 5)]);
    let read = rig.next_read();
    rig.answer(read, [5, 6]);
    assert_eq!(rig.ids(7), [6]);
}
