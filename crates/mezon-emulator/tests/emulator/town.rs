//! Clans and conversations as clients see them over real connections.

use mezon_emulator::Emulator;
use mezon_proto::realtime::ClanJoin;
use mezon_proto::realtime::envelope::Message;

use crate::support::{DM, GROUP, error_of, ping, text_message, user};

fn clan_join(clan_id: i64) -> Message {
    Message::ClanJoin(ClanJoin { clan_id, ..Default::default() })
}

#[tokio::test]
async fn who_joined_clan_zero_hears_all_of_their_conversations_and_no_others() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh, chi) = (user(&emulator, 1).await, user(&emulator, 2).await, user(&emulator, 3).await);
    let (mut listener, mut stranger) = (binh.socket().await, chi.socket().await);
    for socket in [&mut listener, &mut stranger] {
        assert_eq!(socket.call(clan_join(0)).await, clan_join(0));
    }
    // One was there before the join, one comes after it.
    let (dm, group) = (an.create_channel(DM, &[2]).await, an.create_channel(GROUP, &[2, 4]).await);
    for channel in [&dm, &group] {
        let mut sender = an.joined(channel).await;
        sender.call(text_message(channel, "hello")).await;
        assert_eq!(listener.next_text().await.channel_id, channel.channel_id);
    }
    // Hearing is not joining: a send still needs it.
    let refused = listener.call(text_message(&dm, "x")).await;
    assert_eq!(error_of(&refused), (3, "Must join channel before sending messages"));
    // Who joined both ways hears once.
    listener.call(crate::support::join(&dm)).await;
    listener.send(text_message(&dm, "once")).await;
    assert_eq!(listener.next_text().await.content, r#"{"t":"once"}"#);
    assert!(matches!(listener.next_message().await.1, Message::ChannelMessageAck(_)));
    listener.send(ping()).await;
    assert!(matches!(listener.next_message().await.1, Message::Pong(_)));
    stranger.send(ping()).await;
    assert!(matches!(stranger.next_message().await.1, Message::Pong(_)));
}
