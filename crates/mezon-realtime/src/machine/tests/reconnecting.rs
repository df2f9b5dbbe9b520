//! Losing and regaining the connection.

use super::*;
use crate::{ChannelGap, ConnectErrorKind, DisconnectReason};

fn gaps(rig: &Rig) -> Vec<(i64, Option<i64>)> {
    let channels = rig.events.iter().rev().find_map(|event| match event {
        Event::Gap { channels, complete: true, .. } => Some(channels),
        _ => None,
    });
    let plain = |gap: &ChannelGap| (gap.channel_id.get(), gap.last_seen.map(mezon_model::MessageId::get));
    channels.expect("no gap").iter().map(plain).collect()
}

#[test]
fn what_was_joined_is_joined_again_before_ready_and_the_gap_is_told() {
    let mut rig = Rig::up();
    rig.join(1);
    rig.join(2);
    rig.push(message(2, 20));
    rig.push(message(2, 19));
    rig.push(message(7, 70));
    rig.lose();
    rig.events.clear();
    rig.sent.clear();
    rig.pass(SECOND, false);
    assert_eq!(rig.dials.last(), Some(&(2, false)));
    rig.connect();
    rig.pass(SECOND / 10, false);
    let joins: Vec<_> = rig.sent.iter().map(|sent| sent.message.clone().unwrap()).collect();
    assert_eq!(joins, [join(1), join(2)]);
    assert_eq!(rig.event_names(), ["connected"]);
    // What comes before the gap is told does not shrink it.
    rig.push(message(2, 25));
    let cids: Vec<i32> = rig.sent.iter().map(|sent| sent.cid).collect();
    for cid in cids {
        rig.answer(cid, channel(1));
    }
    assert_eq!(rig.event_names(), ["connected", "message", "gap", "ready"]);
    assert_eq!(gaps(&rig), [(1, None), (2, Some(20)), (7, Some(70))]);
}

#[test]
fn unanswered_and_refused_joins_do_not_hold_up_ready() {
    let mut rig = Rig::up();
    rig.join(1);
    rig.join(2);
    rig.lose();
    rig.events.clear();
    rig.sent.clear();
    rig.pass(SECOND, false);
    rig.connect();
    rig.pass(SECOND / 10, false);
    rig.answer(rig.sent[0].cid, error(3, "gone"));
    rig.pass(4 * SECOND, true);
    assert_eq!(rig.event_names(), ["connected", "rejoin failed", "gap", "ready"]);
    assert!(matches!(&rig.events[1], Event::RejoinFailed { channel_id, .. } if channel_id.get() == 1));
}

#[test]
fn a_channel_that_was_left_or_never_joined_is_not_joined_again() {
    let mut rig = Rig::up();
    rig.join(1);
    rig.join(2);
    rig.call(&envelope::Message::ChannelLeave(realtime::ChannelLeave { channel_id: 1, ..Default::default() }));
    // Refused, and given up before the answer.
    rig.call(&join(3));
    rig.answer(rig.last_sent().cid, error(3, "no"));
    let call = rig.call(&join(4));
    rig.handle(Input::Cancel(CallId(call)));
    rig.lose();
    rig.sent.clear();
    rig.pass(SECOND, false);
    rig.connect();
    rig.pass(SECOND, true);
    let joins: Vec<_> = rig.sent.iter().map(|sent| sent.message.clone().unwrap()).collect();
    assert_eq!(joins, [join(2)]);
}

#[test]
fn a_join_that_did_not_leave_in_time_is_made_once_more_before_ready() {
    let mut rig = Rig::up();
    (1..=3).for_each(|channel_id| rig.join(channel_id));
    rig.lose();
    rig.events.clear();
    rig.sent.clear();
    rig.pass(SECOND, false);
    let generation = rig.generation();
    // For a minute the server reads nothing, but it shows life.
    rig.handle_blocked(Input::Connected { generation });
    let start = rig.now;
    while rig.now - start < 60 * SECOND {
        rig.now = rig.machine.deadline().unwrap();
        rig.handle_blocked(Input::Timeout);
        rig.handle_blocked(Input::Alive { generation });
    }
    assert_eq!(rig.event_names(), ["connected"]);
    assert!(rig.machine.outbox.len() <= 3 + 6, "joins and pings, and nothing that has become useless");
    rig.handle_blocked(Input::Call {
        id: CallId(100),
        request: Request::new(&leave(3), Revision::default()),
        timeout: SECOND,
        waiter: 100,
    });
    rig.drain();
    for sent in std::mem::take(&mut rig.sent) {
        if matches!(sent.message, Some(envelope::Message::ChannelJoin(_))) {
            rig.answer(sent.cid, channel(1));
        }
    }
    rig.pass(SECOND, true);
    for sent in std::mem::take(&mut rig.sent) {
        assert_ne!(sent.message, Some(join(3)), "it was left");
        rig.answer(sent.cid, channel(1));
    }
    assert_eq!(rig.event_names(), ["connected", "gap", "ready"]);
}

#[test]
fn a_join_whose_answer_cannot_be_read_is_told() {
    let mut rig = Rig::up();
    rig.join(1);
    rig.lose();
    rig.events.clear();
    rig.pass(SECOND, false);
    rig.connect();
    // An error whose code is cut off.
    let cid = u8::try_from(rig.last_sent().cid).unwrap();
    rig.receive(vec![0x08, cid, 0x62, 0x01, 0x08].into());
    assert_eq!(rig.event_names(), ["connected", "rejoin failed", "gap", "ready"]);
    let Event::RejoinFailed { channel_id, error, .. } = &rig.events[1] else { panic!() };
    assert_eq!(channel_id.get(), 1);
    assert_eq!(*error, CallErrorKind::MaybeSent { reason: MaybeSent::Unreadable });
}

fn leave(channel_id: i64) -> envelope::Message {
    envelope::Message::ChannelLeave(realtime::ChannelLeave { channel_id, ..Default::default() })
}

/// Which channels are joined after the next reconnect.
fn joined_again(rig: &mut Rig) -> Vec<envelope::Message> {
    rig.sent.clear();
    rig.connect();
    rig.pass(SECOND, true);
    rig.sent.iter().filter_map(|sent| sent.message.clone()).collect()
}

#[test]
fn a_channel_that_was_left_without_a_connection_is_not_joined_again() {
    let mut rig = Rig::up();
    (1..=4).for_each(|channel_id| rig.join(channel_id));
    rig.lose();
    let asked = rig.call(&leave(1));
    let (id, request) = (CallId(100), Request::new(&leave(2), Revision::default()));
    rig.handle(Input::Notify { id, request, waiter: 100 });
    // While dialling.
    rig.pass(SECOND, false);
    rig.call(&leave(3));
    for call in [asked, 100, rig.calls] {
        assert_eq!(*rig.outcome(call), not_sent(NotSent::NotConnected));
    }
    assert_eq!(joined_again(&mut rig), [join(4)]);
}

#[test]
fn a_channel_that_was_left_while_too_much_waits_is_not_joined_again() {
    let mut rig = Rig::new(Settings { calls_in_flight: 2, ..Settings::default() });
    rig.connect();
    rig.join(1);
    rig.join(2);
    rig.call(&send(7));
    rig.call(&send(7));
    let refused = rig.call(&leave(1));
    assert_eq!(*rig.outcome(refused), not_sent(NotSent::QueueFull));
    rig.lose();
    rig.pass(SECOND, false);
    assert_eq!(joined_again(&mut rig), [join(2)]);
}

#[test]
fn a_channel_that_is_left_before_its_join_is_answered_stays_left() {
    let mut rig = Rig::up();
    rig.call(&join(1));
    let cid = rig.last_sent().cid;
    rig.call(&leave(1));
    rig.answer(cid, channel(1));
    // By the join that a message brings about.
    rig.call(&send(2));
    rig.answer(rig.last_sent().cid, error(3, "Must join channel before sending messages"));
    let cid = rig.last_sent().cid;
    rig.call(&leave(2));
    rig.answer(cid, channel(2));
    rig.lose();
    rig.pass(SECOND, false);
    assert_eq!(joined_again(&mut rig), []);
}

#[test]
fn a_join_that_is_not_answered_yet_does_not_go_with_the_channel_that_is_left() {
    let mut rig = Rig::up();
    rig.join(1);
    rig.call(&join(2));
    let cid = rig.last_sent().cid;
    rig.call(&leave(1));
    rig.answer(cid, channel(2));
    rig.lose();
    rig.pass(SECOND, false);
    assert_eq!(joined_again(&mut rig), [join(2)]);
}

#[test]
fn a_channel_that_is_left_before_a_message_is_refused_stays_left() {
    let mut rig = Rig::up();
    let sent = rig.call(&send(2));
    let cid = rig.last_sent().cid;
    rig.call(&leave(2));
    rig.answer(cid, error(3, "Must join channel before sending messages"));
    assert_eq!(*rig.outcome(sent), rejected(3, "Must join channel before sending messages"));
    rig.lose();
    rig.pass(SECOND, false);
    assert_eq!(joined_again(&mut rig), []);
}

/// A message tells its mode, which several types of channels share.
#[test]
fn a_join_that_a_message_brings_about_is_the_one_that_was_made_before() {
    let mut rig = Rig::up();
    let app = ChannelJoin { clan_id: 5, channel_id: 9, channel_type: 8, is_public: true };
    let app = envelope::Message::ChannelJoin(app);
    rig.call(&app);
    rig.answer(rig.last_sent().cid, channel(9));
    let send = ChannelMessageSend { clan_id: 5, channel_id: 9, mode: 2, is_public: true, ..Default::default() };
    rig.call(&envelope::Message::ChannelMessageSend(send));
    rig.answer(rig.last_sent().cid, error(3, "Must join channel before sending messages"));
    assert_eq!(rig.last_sent().message, Some(app.clone()));
    rig.answer(rig.last_sent().cid, channel(9));
    rig.answer(rig.last_sent().cid, ack(1));
    rig.lose();
    rig.pass(SECOND, false);
    assert_eq!(joined_again(&mut rig), [app]);
}

/// Only what is left goes; a line that threw all the others away broke no test.
#[test]
fn the_joins_that_wait_do_not_go_with_the_one_that_is_left() {
    let mut rig = Rig::up();
    (1..=5).for_each(|channel_id| rig.join(channel_id));
    rig.lose();
    rig.pass(SECOND, false);
    rig.sent.clear();
    rig.connect();
    assert_eq!(rig.sent.len(), 1, "the others wait for their time");
    rig.call(&leave(3));
    rig.pass(SECOND, true);
    let is_join = |message: &envelope::Message| matches!(message, envelope::Message::ChannelJoin(_));
    let joins: Vec<_> = rig.sent.iter().filter_map(|sent| sent.message.clone()).filter(is_join).collect();
    assert_eq!(joins, [join(1), join(2), join(4), join(5)]);
}

#[test]
fn more_channels_than_are_kept_track_of_leave_the_gap_incomplete() {
    let gap = |channels: i64| {
        let mut rig = Rig::up();
        (1..=channels).for_each(|id| rig.push(message(id, 10)));
        // A channel that was joined has its place all the same.
        rig.join(10_000);
        rig.push(message(10_000, 20));
        rig.lose();
        rig.pass(SECOND, false);
        rig.connect();
        rig.answer(rig.last_sent().cid, channel(10_000));
        let gap = rig.events.iter().find_map(|event| match event {
            Event::Gap { channels, complete, .. } => Some((channels.clone(), *complete)),
            _ => None,
        });
        gap.unwrap()
    };
    let (channels, complete) = gap(4_096);
    assert_eq!((channels.len(), complete), (4_097, true));
    let (channels, complete) = gap(4_097);
    assert_eq!((channels.len(), complete), (4_097, false));
    assert_eq!(channels.last().map(|gap| gap.last_seen), Some(Some(20.into())));
}

#[test]
fn joins_are_paced() {
    let mut rig = Rig::up();
    let clan = |clan_id| envelope::Message::ClanJoin(realtime::ClanJoin { clan_id, ..Default::default() });
    for id in 1..=200 {
        rig.call(&clan(id));
        rig.answer(rig.last_sent().cid, clan(id));
    }
    rig.lose();
    rig.sent.clear();
    rig.pass(SECOND, false);
    rig.connect();
    let start = rig.now;
    let mut times = Vec::new();
    loop {
        rig.pong();
        while let Some(sent) = rig.sent.pop() {
            times.push(rig.now - start);
            rig.answer(sent.cid, clan(1));
        }
        if rig.event_names().ends_with(&["gap", "ready"]) {
            break;
        }
        rig.now = rig.machine.deadline().unwrap();
        rig.handle(Input::Timeout);
    }
    assert_eq!(times.len(), 200);
    let after = |from: Duration| times.iter().filter(|time| (from..from + SECOND).contains(time)).count();
    let busiest = times.iter().map(|from| after(*from)).max();
    assert_eq!(busiest, Some(80), "{times:?}");
    assert!(rig.now - start < 3 * SECOND);
}

/// What was said there afterwards was delivered with the next gap; and a bot that came and went kept every channel.
#[test]
fn a_channel_that_was_left_is_forgotten() {
    let mut rig = Rig::up();
    rig.push(message(7, 1));
    for id in 1_000..6_000 {
        rig.join(id);
        rig.push(message(id, 10));
        rig.call(&leave(id));
        // On its way when the channel was left.
        rig.push(message(id, 11));
        rig.answer(rig.last_sent().cid, channel(id));
    }
    rig.join(8);
    rig.push(message(8, 2));
    rig.lose();
    rig.call(&leave(8));
    rig.pass(SECOND, false);
    rig.connect();
    assert_eq!(gaps(&rig), [(7, Some(1))]);
}

#[test]
fn a_channel_that_is_joined_again_at_once_is_not_forgotten() {
    let mut rig = Rig::up();
    rig.join(1);
    rig.call(&leave(1));
    let left = rig.last_sent().cid;
    rig.join(1);
    rig.push(message(1, 5));
    rig.answer(left, channel(1));
    rig.lose();
    rig.pass(SECOND, false);
    rig.connect();
    rig.answer(rig.last_sent().cid, channel(1));
    assert_eq!(gaps(&rig), [(1, Some(5))]);
}

/// It carries the id of its message. A gap that began there had everything since read as if it had just come in.
#[test]
fn a_change_of_an_old_message_tells_nothing_about_those_after_it() {
    let change = |channel_id, message_id, code| {
        let message = api::ChannelMessage { channel_id, message_id, code, ..Default::default() };
        envelope::Message::ChannelMessage(message)
    };
    let mut rig = Rig::up();
    for (channel, code) in [(1, 1), (2, 2), (3, 14), (4, 15)] {
        rig.push(change(channel, 100, code));
    }
    rig.push(change(5, 100, 1));
    rig.push(message(5, 600));
    rig.push(change(5, 700, 1));
    rig.push(message(6, 0));
    rig.lose();
    rig.pass(SECOND, false);
    rig.connect();
    assert_eq!(gaps(&rig), [(1, None), (2, None), (3, None), (4, None), (5, Some(600)), (6, None)]);
}

#[test]
fn of_a_clan_nobody_knows_all_the_channels() {
    let mut rig = Rig::up();
    let clan = envelope::Message::ClanJoin(realtime::ClanJoin { clan_id: 5, ..Default::default() });
    rig.call(&clan);
    rig.answer(rig.last_sent().cid, clan.clone());
    rig.lose();
    rig.pass(SECOND, false);
    rig.connect();
    rig.answer(rig.last_sent().cid, clan);
    let is_it = |event: &Event| {
        matches!(event, Event::Gap { channels, clans, complete: false }
            if channels.is_empty() && *clans == [mezon_model::ClanId::new(5)])
    };
    assert!(rig.events.iter().any(is_it), "{:?}", rig.events);
}

/// What was seen in a channel of the clan may not have been noted, so a list of its channels does not tell what was missed.
#[test]
fn where_a_channel_was_not_kept_track_of_the_clan_is_not_named() {
    let mut rig = Rig::up();
    let clan = envelope::Message::ClanJoin(realtime::ClanJoin { clan_id: 5, ..Default::default() });
    rig.call(&clan);
    rig.answer(rig.last_sent().cid, clan.clone());
    (1..=4_097).for_each(|id| rig.push(message(id, 10)));
    rig.lose();
    rig.pass(SECOND, false);
    rig.connect();
    rig.answer(rig.last_sent().cid, clan);
    let is_it = |event: &Event| matches!(event, Event::Gap { clans, complete: false, .. } if clans.is_empty());
    assert!(rig.events.iter().any(is_it));
}

#[test]
fn a_gap_that_was_not_told_keeps_its_older_state() {
    let mut rig = Rig::up();
    rig.join(1);
    rig.push(message(1, 10));
    rig.lose();
    rig.pass(SECOND, false);
    rig.connect();
    // Lost again before the join is answered.
    rig.push(message(1, 15));
    rig.lose();
    rig.pass(SECOND, false);
    rig.connect();
    rig.answer(rig.last_sent().cid, channel(1));
    assert_eq!(gaps(&rig), [(1, Some(10))]);
}

#[test]
fn an_acknowledgement_does_not_hide_what_others_wrote_before_it() {
    let mut rig = Rig::up();
    rig.push(message(1, 10));
    rig.call(&send(1));
    rig.answer(rig.last_sent().cid, ack(12));
    // Message 11 is lost with the connection.
    rig.lose();
    rig.pass(SECOND, false);
    rig.connect();
    assert_eq!(gaps(&rig), [(1, Some(10))]);
}

#[test]
fn news_of_older_connections_is_ignored() {
    let mut rig = Rig::up();
    rig.lose();
    rig.pass(SECOND, false);
    rig.connect();
    let call = rig.call(&send(1));
    rig.events.clear();
    let frame = Revision::Int32Cid.encode(&Envelope { cid: 1, message: Some(ack(1)) });
    rig.handle(Input::Received { generation: 1, frame });
    rig.handle(Input::Lost { generation: 1, reason: DisconnectReason::Broken });
    rig.handle(Input::DialFailed { generation: 1, error: ConnectErrorKind::Handshake });
    rig.handle(Input::Connected { generation: 1 });
    assert!(rig.is_open(call) && rig.events.is_empty());
    assert_eq!((rig.machine.live_generation(), rig.drops.as_slice()), (Some(2), &[1][..]));
}

#[test]
fn the_socket_goes_before_anybody_is_told() {
    let mut rig = Rig::up();
    rig.call(&send(1));
    rig.machine.handle(rig.now, Input::Lost { generation: 1, reason: DisconnectReason::Broken });
    assert!(matches!(rig.machine.poll(), Some(Output::Drop { generation: 1 })));
}
