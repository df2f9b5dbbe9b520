//! The realtime protocol.

use crate::support::{DM, GROUP, Seen, Socket, error_of, join, ping, text_message, user};
use ::http::StatusCode;
use bytes::Bytes;
use futures_util::StreamExt as _;
use mezon_emulator::Emulator;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{self, Envelope, PresenceSession};
use mezon_proto::wire::{Inbound, Revision};
use mezon_proto::{api, realtime::ChannelMessageSend};
use prost::Message as _;
use tokio_tungstenite::tungstenite::Message as WsMessage;

#[tokio::test]
async fn the_frames_of_the_wire_notes_are_answered() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = user(&emulator, 1).await.socket().await;
    for (request, reply) in [("0805b20100", "0805ba0100"), ("08031a00", "08031a00")] {
        socket.send_bytes(data_encoding::HEXLOWER.decode(request.as_bytes()).unwrap()).await;
        let (cid, message) = socket.next_message().await;
        let envelope = Envelope { cid: cid.cast_signed(), message: Some(message) };
        assert_eq!(data_encoding::HEXLOWER.encode(&envelope.encode_to_vec()), reply);
    }
}

#[tokio::test]
async fn a_message_reaches_all_who_have_joined() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let dm = an.create_channel(DM, &[2]).await;
    let (mut sender, mut peer) = (an.joined(&dm).await, binh.joined(&dm).await);
    let mut elsewhere = binh.socket().await;

    let cid = sender.send(text_message(&dm, "chào bạn")).await;
    let received = peer.next_text().await;
    assert_eq!(received.content, r#"{"t":"chào bạn"}"#);
    assert_eq!((received.sender_id, received.username.as_str()), (1, "user1"));
    assert_eq!((received.mode, received.code, received.clan_id), (4, 0, 0));
    // The sender sees its own message, then the ack.
    assert_eq!(sender.next_text().await.message_id, received.message_id);
    let (acked, Message::ChannelMessageAck(ack)) = sender.next_message().await else { panic!("no ack") };
    assert_eq!((acked, ack.message_id, ack.channel_id), (cid, received.message_id, dm.channel_id));
    assert_eq!(ack.persistent, Some(true));
    assert!(ack.create_time_seconds > 1_700_000_000);
    // A socket that has not joined gets nothing: the pong is the first it sees.
    elsewhere.send(ping()).await;
    assert!(matches!(elsewhere.next_message().await.1, Message::Pong(_)));

    let stats = emulator.stats();
    assert_eq!((stats.messages, stats.sends_received, stats.deliveries, stats.joins), (1, 1, 2, 2));
    assert_eq!((stats.connects, stats.open_sockets), (3, 3));
    assert_eq!(binh.history(dm.channel_id).await, [r#"{"t":"chào bạn"}"#]);
}

#[tokio::test]
async fn ids_grow_and_everyone_sees_the_same_order() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let dm = an.create_channel(DM, &[2]).await;
    let (mut one, mut two) = (an.joined(&dm).await, binh.joined(&dm).await);
    for number in 0..20 {
        one.send(text_message(&dm, &format!("a{number}"))).await;
        two.send(text_message(&dm, &format!("b{number}"))).await;
    }
    let mut seen = [Vec::new(), Vec::new()];
    for _ in 0..40 {
        seen[0].push(one.next_text().await.message_id);
        seen[1].push(two.next_text().await.message_id);
    }
    assert!(seen[0].is_sorted());
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_join_tells_who_is_there() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let dm = an.create_channel(DM, &[2]).await;
    let _first = an.joined(&dm).await;
    let mut second = binh.socket().await;
    let Message::Channel(channel) = second.call(join(&dm)).await else { panic!("no channel") };
    assert_eq!(channel.id, dm.channel_id);
    assert_eq!(channel.presences.iter().map(|of| of.user_id).collect::<Vec<_>>(), [1, 2]);
    let own = channel.self_.unwrap();
    assert_eq!((own.user_id, own.username.as_str()), (2, "user2"));
    assert!(matches!(own.session_id, PresenceSession::Number(id) if id > 0));
}

#[tokio::test]
async fn each_client_is_answered_in_its_revision() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let dm = an.create_channel(DM, &[2]).await;
    let mut new = an.joined(&dm).await;
    let mut old = binh.socket().await;
    old.revision = Revision::StringCid;

    old.send(join(&dm)).await;
    let Seen::Frame(Inbound { cid, revision, message: Some(message), .. }) = old.next().await else { panic!() };
    assert_eq!((cid, revision), (1, Some(Revision::StringCid)));
    let channel: realtime::Channel = message.read().unwrap().expect("a channel");
    assert!(matches!(channel.self_.unwrap().session_id, PresenceSession::Text(_)));

    old.send(text_message(&dm, "hi")).await;
    assert_eq!(new.next_text().await.sender_id, 2);
    new.send(ping()).await;
    let Seen::Frame(pong) = new.next().await else { panic!() };
    assert_eq!(pong.revision, Some(Revision::Int32Cid));
}

#[tokio::test]
async fn a_correlation_id_that_is_text_comes_back_as_it_was() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = user(&emulator, 1).await.socket().await;
    let body = Revision::StringCid.encode(&Envelope { cid: 0, message: Some(ping()) });
    let pong = Revision::StringCid.encode(&Envelope { cid: 0, message: Some(Message::Pong(realtime::Pong {})) });
    for cid in ["1", "007", "a-b-c", "4294967297", "9e8d1c4e-88d5-4a6c-b4f2-0d6c31bb0b0e", "số 1"] {
        let numbered = |message: &[u8]| [&[0x0a, u8::try_from(cid.len()).unwrap()], cid.as_bytes(), message].concat();
        socket.send_bytes(numbered(&body)).await;
        let Some(Ok(WsMessage::Binary(reply))) = socket.stream.next().await else { panic!("no reply to {cid}") };
        assert_eq!(reply, numbered(&pong), "{cid}");
    }
}

#[tokio::test]
async fn refused_requests_name_their_reason() {
    let emulator = Emulator::start().await.unwrap();
    let (an, stranger) = (user(&emulator, 1).await, user(&emulator, 9).await);
    let dm = an.create_channel(DM, &[2]).await;
    let nowhere = api::ChannelDescription { channel_id: 404, ..dm.clone() };
    let as_group = api::ChannelDescription { r#type: GROUP, ..dm.clone() };
    let mut outside = stranger.socket().await;
    let mut inside = an.socket().await;

    assert_eq!(error_of(&outside.call(join(&dm)).await), (3, "channel permission denied"));
    assert_eq!(error_of(&outside.call(join(&nowhere)).await), (3, "channel not found"));
    assert_eq!(error_of(&outside.call(text_message(&dm, "x")).await), (3, "channel permission denied"));
    assert_eq!(error_of(&inside.call(join(&as_group)).await).0, 3);
    let unjoined = inside.call(text_message(&dm, "x")).await;
    assert_eq!(error_of(&unjoined), (3, "Must join channel before sending messages"));

    inside.call(join(&dm)).await;
    assert_eq!(error_of(&inside.call(text_message(&as_group, "x")).await), (3, "mode does not fit the channel"));
    // {"t":"…"} takes 8 units; a character outside the basic plane takes two.
    let longest = "😀".repeat(1996);
    assert!(matches!(inside.call(text_message(&dm, &longest)).await, Message::ChannelMessageAck(_)));
    let too_long = inside.call(text_message(&dm, &format!("{longest}x"))).await;
    assert_eq!(error_of(&too_long), (3, "message content is longer than 4000"));
    assert_eq!(emulator.stats().messages, 1);

    inside
        .call(Message::ChannelLeave(realtime::ChannelLeave { channel_id: dm.channel_id, ..Default::default() }))
        .await;
    let left = inside.call(text_message(&dm, "x")).await;
    assert_eq!(error_of(&left), (3, "Must join channel before sending messages"));
}

#[tokio::test]
async fn what_cannot_be_understood_costs_only_itself() {
    let emulator = Emulator::start().await.unwrap();
    let mut socket = user(&emulator, 1).await.socket().await;
    // Unknown field 2000; a join that is no message; nothing; no protobuf at all; a message that is not answered.
    for (frame, cid, code) in [
        (&[0x08, 7, 0x82, 0x7d, 0][..], 7, 1),
        (&[0x08, 8, 0x22, 1, 0xff], 8, 1),
        (&[0x08, 9], 9, 2),
        (&[0x0f, 0xff], 0, 1),
        (&[0x08, 10, 0xba, 1, 0], 10, 1),
    ] {
        socket.send_bytes(Bytes::copy_from_slice(frame)).await;
        let (of, error) = socket.next_message().await;
        assert_eq!((of, error_of(&error).0), (cid, code), "{frame:?}");
    }
    assert!(matches!(socket.call(ping()).await, Message::Pong(_)));
    assert_eq!(emulator.stats().unknown_payloads, 5);
}

#[tokio::test]
async fn tokens_of_sockets_are_checked() {
    let emulator = Emulator::start().await.unwrap();
    let user = user(&emulator, 1).await;
    let session_id = user.session["session_id"].as_str().unwrap();
    assert!(Socket::connect(emulator.addr(), session_id).await.is_ok());
    for token in ["", "nonsense", &user.refresh_token] {
        assert_eq!(Socket::connect(emulator.addr(), token).await.err(), Some(StatusCode::UNAUTHORIZED));
    }
    assert_eq!(emulator.stats().upgrades_refused, 3);
}

#[tokio::test]
async fn peers_are_told_of_a_new_channel_once() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let mut peer = binh.socket().await;
    peer.call(ping()).await;
    let group = an.create_channel(GROUP, &[2, 3]).await;
    let (0, Message::UserChannelAddedEvent(added)) = peer.next_message().await else { panic!("no event") };
    let channel = added.channel_desc.unwrap();
    assert_eq!((channel.channel_id, channel.user_ids.as_slice()), (group.channel_id, [1, 3].as_slice()));
    assert_eq!(added.caller.unwrap().user_id, 1);

    let dm = an.create_channel(DM, &[2]).await;
    binh.create_channel(DM, &[1]).await;
    let (0, Message::UserChannelAddedEvent(added)) = peer.next_message().await else { panic!("no event") };
    assert_eq!(added.channel_desc.unwrap().channel_id, dm.channel_id);
    peer.send(ping()).await;
    assert!(matches!(peer.next_message().await.1, Message::Pong(_)));
}

#[tokio::test]
async fn messages_change_and_go_by_their_author_alone() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let dm = an.create_channel(DM, &[2]).await;
    let (mut author, mut other) = (an.joined(&dm).await, binh.joined(&dm).await);
    author.send(text_message(&dm, "first")).await;
    let message = other.next_text().await;
    let (channel_id, message_id) = (dm.channel_id, message.message_id);

    let update =
        realtime::ChannelMessageUpdate { channel_id, message_id, content: "{}".to_owned(), ..Default::default() };
    let refused = other.call(Message::ChannelMessageUpdate(update.clone())).await;
    assert_eq!(error_of(&refused), (3, "permission denied"));
    let Message::ChannelMessageAck(ack) = author.call(Message::ChannelMessageUpdate(update.clone())).await else {
        panic!()
    };
    assert_eq!((ack.message_id, ack.code), (message_id, 1));
    let edited = other.next_text().await;
    assert_eq!((edited.message_id, edited.code, edited.content.as_str()), (message_id, 1, "{}"));
    assert_eq!(binh.history(channel_id).await, ["{}"]);

    let remove = realtime::ChannelMessageRemove { channel_id, message_id, ..Default::default() };
    let echoed: realtime::ChannelMessageRemove = an.get("DeleteChannelMessage", &remove).await;
    assert_eq!(echoed, remove);
    assert_eq!(other.next_text().await.code, 2);
    assert!(binh.history(channel_id).await.is_empty());
    assert_eq!(an.call("UpdateChannelMessage", &update).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn typing_and_reactions_reach_the_channel() {
    let emulator = Emulator::start().await.unwrap();
    let (an, binh) = (user(&emulator, 1).await, user(&emulator, 2).await);
    let dm = an.create_channel(DM, &[2]).await;
    let (mut one, mut two) = (an.joined(&dm).await, binh.joined(&dm).await);
    let channel_id = dm.channel_id;

    let typing = realtime::MessageTypingEvent { channel_id, mode: 4, ..Default::default() };
    assert!(matches!(one.call(Message::MessageTypingEvent(typing)).await, Message::MessageTypingEvent(_)));
    let (0, Message::MessageTypingEvent(seen)) = two.next_message().await else { panic!("no typing") };
    assert_eq!((seen.sender_id, seen.sender_username.as_str()), (1, "user1"));

    one.send(text_message(&dm, "like it?")).await;
    let message_id = two.next_text().await.message_id;
    let like =
        api::MessageReaction { channel_id, message_id, emoji: ":like:".to_owned(), count: 1, ..Default::default() };
    two.call(Message::MessageReactionEvent(like.clone())).await;
    let request = api::ListChannelMessagesRequest { channel_id, ..Default::default() };
    let list: api::ChannelMessageList = an.get("ListChannelMessages", &request).await;
    let reactions = api::MessageReactionList::decode(list.messages[0].reactions.clone()).unwrap().reactions;
    assert_eq!((reactions.len(), reactions[0].sender_id, reactions[0].emoji.as_str()), (1, 2, ":like:"));

    two.call(Message::MessageReactionEvent(api::MessageReaction { action: true, ..like })).await;
    let list: api::ChannelMessageList = an.get("ListChannelMessages", &request).await;
    assert!(list.messages[0].reactions.is_empty());
}

#[tokio::test]
async fn methods_work_over_the_socket() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let mut socket = an.socket().await;
    let call = |name: &str, body: Vec<u8>| {
        Message::ApiRequestEvent(realtime::ApiRequestEvent {
            api_index: 1,
            api_name: name.to_owned(),
            body: body.into(),
        })
    };
    let cid = socket.send(call("GetAccount", Vec::new())).await;
    let Seen::ApiReply(reply) = socket.next().await else { panic!("no raw reply") };
    assert_eq!((u32::from(reply.cid), reply.status, reply.last), (cid, 0, true));
    assert_eq!(api::Account::decode(reply.payload).unwrap().user.unwrap().id, 1);

    socket.send(call("Nonsense", Vec::new())).await;
    let Seen::ApiReply(reply) = socket.next().await else { panic!("no raw reply") };
    assert_eq!((reply.status, reply.last), (12, true));
    assert!(std::str::from_utf8(&reply.payload).unwrap().contains("Nonsense"));

    // Long replies come in parts.
    let dm = an.create_channel(DM, &[2]).await;
    let send = ChannelMessageSend { channel_id: dm.channel_id, content: "x".repeat(4000), ..Default::default() };
    for _ in 0..9 {
        let _: realtime::ChannelMessageAck = an.get("SendChannelMessage", &send).await;
    }
    let request = api::ListChannelMessagesRequest { channel_id: dm.channel_id, ..Default::default() };
    socket.send(call("ListChannelMessages", request.encode_to_vec())).await;
    let (mut parts, mut whole) = (0, Vec::new());
    loop {
        let Seen::ApiReply(reply) = socket.next().await else { panic!("no raw reply") };
        parts += 1;
        whole.extend_from_slice(&reply.payload);
        if reply.last {
            break;
        }
    }
    assert!(parts > 1);
    assert_eq!(api::ChannelMessageList::decode(whole.as_slice()).unwrap().messages.len(), 9);
}

#[tokio::test]
async fn lists_of_a_message_come_as_protobuf_or_as_json() {
    for json in [false, true] {
        let emulator = Emulator::builder().json_lists(json).start().await.unwrap();
        let an = user(&emulator, 1).await;
        let dm = an.create_channel(DM, &[2]).await;
        let mut socket = an.joined(&dm).await;
        let attachment = api::MessageAttachment { filename: "a.png".to_owned(), size: 3, ..Default::default() };
        let send =
            ChannelMessageSend { channel_id: dm.channel_id, attachments: vec![attachment], ..Default::default() };
        socket.send(Message::ChannelMessageSend(send)).await;
        let attachments = socket.next_text().await.attachments;
        if json {
            let list: serde_json::Value = serde_json::from_slice(&attachments).unwrap();
            assert_eq!(list[0]["filename"], "a.png");
        } else {
            let list = api::MessageAttachmentList::decode(attachments).unwrap().attachments;
            assert_eq!(list[0].filename, "a.png");
        }
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed() {
    let emulator = Emulator::builder().socket_queue(4).start().await.unwrap();
    let socket = user(&emulator, 1).await.socket().await;
    emulator.wait_for(|stats| stats.open_sockets == 1).await;
    // More than the queue and the buffers of the connection hold.
    let content = "x".repeat(1 << 20);
    let message = Message::ChannelMessage(api::ChannelMessage { content, ..Default::default() });
    let envelope = Envelope { cid: 0, message: Some(message) };
    let flood = async {
        while emulator.push(1, &envelope) > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::LIMIT, flood).await.unwrap();
    drop(socket);
}

#[tokio::test]
async fn a_new_session_is_pushed() {
    let emulator = Emulator::start().await.unwrap();
    let an = user(&emulator, 1).await;
    let mut socket = an.socket().await;
    emulator.wait_for(|stats| stats.open_sockets == 1).await;
    emulator.rotate_session(1).await.unwrap();
    let (0, Message::RefreshSessionEvent(session)) = socket.next_message().await else { panic!("no session") };
    assert_eq!((session.user_id, session.api_url.as_str()), (1, emulator.url().as_str()));
    let renewed = crate::support::User { token: session.token, refresh_token: session.refresh_token, ..an };
    let _: api::Account = renewed.get("GetAccount", &()).await;
    assert_eq!(renewed.refresh(emulator.server_key()).await.status(), StatusCode::OK);
}
