//! Who is told that somebody comes and goes.

use mezon_emulator::Emulator;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{StatusFollow, StatusUnfollow};

use crate::support::{Socket, ping, user};

/// Who came and who went, by the next event, if there is one before the answer to a ping.
async fn told(socket: &mut Socket) -> Option<(Vec<i64>, Vec<i64>)> {
    socket.send(ping()).await;
    match socket.next_message().await.1 {
        Message::StatusPresenceEvent(event) => {
            assert!(matches!(socket.next_message().await.1, Message::Pong(_)));
            let ids = |of: Vec<mezon_proto::realtime::UserPresence>| of.iter().map(|one| one.user_id).collect();
            Some((ids(event.joins), ids(event.leaves)))
        }
        Message::Pong(_) => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn followers_are_told_of_the_first_connection_and_of_the_last_one() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let (mut follower, mut other) = (an.socket().await, an.socket().await);
    let follow = StatusFollow { user_ids: vec![2, 404], usernames: vec!["user1".to_owned()] };
    let Message::Status(status) = follower.call(Message::StatusFollow(follow)).await else { panic!("no status") };
    assert_eq!(status.presences.iter().map(|one| one.user_id).collect::<Vec<_>>(), [1], "2 is not online yet");

    let first = binh.socket().await;
    emulator.wait_for(|stats| stats.open_sockets == 3).await;
    assert_eq!(told(&mut follower).await, Some((vec![2], vec![])));
    let second = binh.socket().await;
    drop(first);
    emulator.wait_for(|stats| stats.connects == 4 && stats.open_sockets == 3).await;
    assert_eq!((told(&mut follower).await, told(&mut other).await), (None, None));

    let unfollow = Message::StatusUnfollow(StatusUnfollow { user_ids: vec![2] });
    assert_eq!(follower.call(unfollow.clone()).await, unfollow);
    drop(second);
    emulator.wait_for(|stats| stats.open_sockets == 2).await;
    assert_eq!(told(&mut follower).await, None);
}
