//! What the user is added to.

use super::*;

#[test]
fn what_the_user_is_added_to_is_joined_and_read_from_there() {
    let mut rig = Rig::new(Settings::default());
    rig.event(Event::Ready { generation: 1 });
    let target = Target::direct(ChannelId::new(7));
    rig.handle(Input::Added { target, after: MessageId::default() });
    assert_eq!(rig.joins, [target]);
    assert!(rig.reads.is_empty(), "nothing is read before it is joined");
    rig.say(7, 12);
    assert!(rig.ids(7).is_empty());
    rig.handle(Input::Admitted { target, result: Ok(()) });
    let read = rig.next_read();
    assert_eq!((read.channel, read.after), (7, 0));
    rig.answer(read, [11, 12]);
    assert_eq!(rig.ids(7), [11, 12], "the first messages too, each once");
    rig.handle(Input::Added { target, after: MessageId::default() });
    assert_eq!(rig.joins.len(), 1, "a channel is joined once");
}

#[test]
fn a_join_that_cannot_be_made_now_is_made_on_the_next_connection() {
    let mut rig = Rig::new(Settings::default());
    rig.event(Event::Ready { generation: 1 });
    let target = Target::direct(ChannelId::new(7));
    rig.handle(Input::Added { target, after: MessageId::default() });
    let lost = ClientError::NotConnected;
    rig.handle(Input::Admitted { target, result: Err(lost) });
    rig.lose();
    rig.event(Event::Connected { generation: 2 });
    rig.gap(&[], true);
    rig.event(Event::Ready { generation: 2 });
    assert_eq!(rig.joins, [target, target]);
}

#[test]
fn without_catching_up_nothing_waits_for_a_join() {
    let mut rig = Rig::new(Settings { catch_up: false, ..Settings::default() });
    rig.event(Event::Ready { generation: 1 });
    let target = Target::direct(ChannelId::new(7));
    rig.handle(Input::Added { target, after: MessageId::default() });
    rig.say(7, 2);
    assert_eq!((rig.joins.as_slice(), rig.ids(7)), ([target].as_slice(), vec![2]));
}

#[test]
fn what_is_joined_while_the_connection_is_lost_is_read_on_the_next_one() {
    let mut rig = Rig::new(Settings::default());
    rig.event(Event::Ready { generation: 1 });
    let target = Target::direct(ChannelId::new(7));
    rig.handle(Input::Added { target, after: MessageId::new(3) });
    rig.lose();
    rig.handle(Input::Admitted { target, result: Ok(()) });
    assert!(rig.reads.is_empty(), "there is nobody to ask");
    rig.event(Event::Connected { generation: 2 });
    rig.gap(&[(7, 3)], true);
    rig.event(Event::Ready { generation: 2 });
    assert_eq!(rig.next_read().after, 3);
}

#[test]
fn a_join_that_is_refused_is_told_and_not_made_again() {
    let mut rig = Rig::new(Settings::default());
    rig.event(Event::Ready { generation: 1 });
    let target = Target::direct(ChannelId::new(7));
    rig.handle(Input::Added { target, after: MessageId::new(3) });
    rig.handle(Input::Admitted { target, result: Err(ClientError::Api(refused().into())) });
    assert_eq!((rig.gaps(7), rig.told.len()), (vec![3], 1));
    rig.event(Event::Ready { generation: 2 });
    assert_eq!(rig.joins, [target]);
}
