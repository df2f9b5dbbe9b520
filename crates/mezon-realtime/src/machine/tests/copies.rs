//! Messages that the server sends twice.

use super::*;

fn of_code(message_id: i64, code: i32) -> envelope::Message {
    envelope::Message::ChannelMessage(api::ChannelMessage { channel_id: 7, message_id, code, ..Default::default() })
}

fn ids(rig: &Rig) -> Vec<i64> {
    let messages = rig.events.iter().filter_map(|event| match event {
        Event::Message(message) => Some(message.id().get()),
        _ => None,
    });
    messages.collect()
}

/// A program answered such a message twice.
#[test]
fn a_message_that_comes_twice_is_handed_on_once() {
    let mut rig = Rig::up();
    for id in [5, 5, 6, 5, 7, 6, 8] {
        rig.push(message(7, id));
    }
    rig.push(message(8, 5));
    assert_eq!(ids(&rig), [5, 6, 7, 8, 5], "another channel is another message");
    assert_eq!(rig.machine.counters().copies, 3);
}

#[test]
fn only_what_was_sent_a_moment_ago_is_a_copy() {
    let mut rig = Rig::up();
    for id in [9, 1, 2, 3, 4, 1, 9] {
        rig.push(message(7, id));
    }
    assert_eq!(
        ids(&rig),
        [9, 1, 2, 3, 4, 9],
        "a late message is not taken for a copy, and one from long ago is taken at its word"
    );
}

#[test]
fn changes_and_messages_without_an_id_come_as_often_as_they_are_sent() {
    let mut rig = Rig::up();
    rig.push(message(7, 5));
    for (id, code) in [(5, 1), (5, 1), (5, 2), (0, 0), (0, 0), (0, 12), (5, 9)] {
        rig.push(of_code(id, code));
    }
    assert_eq!(ids(&rig), [5, 5, 5, 5, 0, 0, 0, 5]);
    assert_eq!(rig.machine.counters().copies, 0);
}
