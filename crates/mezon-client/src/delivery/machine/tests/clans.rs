//! Clans: what was missed in channels that nobody has heard of.

use super::*;

/// In a clan with the newest message 50, ready, and lost once.
fn lost() -> Rig {
    let mut rig = Rig::new(Settings::default());
    rig.event(Event::Ready { generation: 1 });
    rig.join_clan(50);
    rig.lose();
    rig.event(Event::Connected { generation: 2 });
    rig
}

fn back(channels: &[(i64, i64)]) -> Rig {
    let mut rig = lost();
    rig.clan_gap(channels);
    rig.event(Event::Ready { generation: 2 });
    rig
}

fn error(kind: ApiErrorKind) -> Result<Vec<Listed>, ClientError> {
    Err(ClientError::Api(kind.into()))
}

#[test]
fn the_channels_of_a_clan_are_listed_and_read_where_there_is_news() {
    let mut rig = back(&[(101, 60)]);
    assert_eq!(rig.clan_gaps(), 0);
    rig.list(&[(101, 70), (102, 55), (103, 50), (104, 0), (105, 30)]);
    let begun: Vec<_> = rig.reads.iter().map(|read| (read.channel, read.after)).collect();
    assert_eq!(begun, [(101, 60), (102, 50), (104, 50)], "what is seen from there, the unseen from the join on");
    for ids in [vec![70], vec![52, 55], vec![]] {
        let read = rig.next_read();
        rig.answer(read, ids);
    }
    assert_eq!((rig.ids(101), rig.ids(102)), (vec![70], vec![52, 55]));
    assert!(!rig.delivered.iter().any(|event| matches!(event, Event::Gap { .. })), "nothing is missing");
    rig.wait(Duration::from_secs(60));
    assert!(rig.machine.is_idle());
}

#[test]
fn what_the_history_gave_of_an_unseen_channel_is_not_read_again_after_the_next_loss() {
    let mut rig = back(&[]);
    rig.list(&[(102, 55)]);
    let read = rig.next_read();
    rig.answer(read, [55]);
    rig.lose();
    rig.event(Event::Connected { generation: 3 });
    rig.clan_gap(&[]);
    rig.list(&[(102, 55), (103, 56)]);
    let read = rig.next_read();
    assert_eq!((read.channel, read.after), (103, 50));
    assert!(rig.reads.is_empty());
}

#[test]
fn a_live_message_in_an_unseen_channel_waits_for_what_was_missed_before_it() {
    let mut rig = lost();
    rig.say(102, 58);
    rig.clan_gap(&[]);
    rig.event(Event::Ready { generation: 2 });
    // Before the list is there, and after the gap was told.
    rig.say(103, 59);
    let reads = [rig.next_read(), rig.next_read()];
    assert_eq!(reads.map(|read| (read.channel, read.after)), [(102, 50), (103, 50)]);
    rig.list(&[(102, 58), (103, 59)]);
    assert!(rig.reads.is_empty(), "both are being read");
    rig.answer(reads[0], [57, 58]);
    rig.answer(reads[1], [56, 59]);
    assert_eq!((rig.ids(102), rig.ids(103)), (vec![57, 58], vec![56, 59]));
    rig.say(104, 60);
    assert_eq!(rig.ids(104), [60], "the list did not have it, so nothing was missed");
}

/// The first message that the connection saw would have hidden those that it missed before.
#[test]
fn a_second_loss_before_the_list_hides_nothing() {
    let mut rig = back(&[]);
    rig.say(102, 58);
    rig.lose();
    rig.event(Event::Connected { generation: 3 });
    rig.clan_gap(&[(102, 58)]);
    rig.event(Event::Ready { generation: 3 });
    let (_, old) = rig.lists.pop_front().unwrap();
    rig.handle(Input::Listed { clan_id: CLAN, list: old, result: Ok(Vec::new()), unit: 0.0 });
    rig.list(&[(102, 60)]);
    while let Some(read) = rig.reads.pop_front() {
        assert_eq!(read.channel, 102);
        rig.answer(read, [57, 58, 60].into_iter().filter(|id| *id > read.after));
    }
    assert_eq!(rig.ids(102), [57, 58, 60]);
}

/// As many as may wait came before the gap was told, so they were delivered, and the next gap began after them.
#[test]
fn what_came_live_before_the_list_does_not_hide_what_was_missed_before_it() {
    let mut rig = Rig::new(Settings { held_messages: 2, ..Settings::default() });
    rig.event(Event::Ready { generation: 1 });
    rig.join_clan(50);
    rig.lose();
    rig.event(Event::Connected { generation: 2 });
    for id in [58, 59, 60] {
        rig.say(102, id);
    }
    rig.clan_gap(&[]);
    rig.lose();
    rig.event(Event::Connected { generation: 3 });
    rig.clan_gap(&[(102, 60)]);
    let read = rig.next_read();
    assert_eq!((read.channel, read.after), (102, 50));
    rig.answer(read, [57, 58, 59, 60]);
    assert_eq!(rig.ids(102), [58, 59, 60, 57], "late, and each once");
}

#[test]
fn a_list_that_fails_is_asked_for_again_as_long_as_it_may_succeed() {
    let mut rig = back(&[]);
    rig.listed(error(unavailable()));
    assert!(rig.lists.is_empty(), "not at once");
    rig.wait(Duration::from_secs(1));
    rig.list(&[(102, 55)]);
    assert_eq!((rig.next_read().channel, rig.clan_gaps(), rig.told.len()), (102, 0, 0));

    let mut rig = back(&[]);
    rig.listed(error(refused()));
    assert_eq!(rig.clan_gaps(), 1);
    assert!(matches!(rig.told.as_slice(), [ClientError::ClanCatchUp { clan_id: CLAN, .. }]));
    assert!(rig.lists.is_empty() && rig.machine.listings.is_empty());
}

#[test]
fn a_list_that_takes_too_long_and_one_that_the_end_cuts_off_are_told() {
    let mut rig = back(&[]);
    rig.wait(Duration::from_secs(29));
    assert_eq!(rig.clan_gaps(), 0);
    rig.wait(Duration::from_secs(1));
    assert_eq!(rig.clan_gaps(), 1);
    rig.list(&[(102, 55)]);
    assert!(rig.reads.is_empty(), "it comes too late");

    let mut rig = back(&[]);
    rig.event(Event::Closed { reason: CloseReason::Requested });
    assert_eq!(rig.clan_gaps(), 1);
    assert!(matches!(rig.delivered.last(), Some(Event::Closed { .. })));
}

#[test]
fn a_clan_of_which_nobody_knows_where_to_begin_is_told_and_known_the_next_time() {
    let mut rig = Rig::new(Settings::default());
    rig.event(Event::Ready { generation: 1 });
    rig.lose();
    rig.event(Event::Connected { generation: 2 });
    rig.clan_gap(&[(7, 3)]);
    assert_eq!((rig.clan_gaps(), rig.lists.len()), (1, 0));
    rig.event(Event::Ready { generation: 2 });
    rig.look_up_clan(70);
    rig.lose();
    rig.event(Event::Connected { generation: 3 });
    rig.clan_gap(&[]);
    assert_eq!(rig.clan_gaps(), 1, "no further one");
    rig.list(&[(102, 70), (103, 71)]);
    assert_eq!(rig.reads.back().map(|read| (read.channel, read.after)), Some((103, 70)));
}

#[test]
fn lists_and_pages_share_their_bound() {
    let mut rig = Rig::new(Settings { at_once: 2, ..Settings::default() });
    rig.event(Event::Ready { generation: 1 });
    rig.join_clan(50);
    rig.lose();
    rig.event(Event::Connected { generation: 2 });
    rig.clan_gap(&[(1, 1), (2, 1), (3, 1)]);
    assert_eq!((rig.lists.len(), rig.reads.len()), (1, 1));
    rig.list(&[(102, 55)]);
    assert_eq!(rig.reads.len(), 2);
}
