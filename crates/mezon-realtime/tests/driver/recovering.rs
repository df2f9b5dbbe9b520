//! Bad networks and bad days of a gateway.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mezon_emulator::Emulator;
use mezon_model::Draft;
use mezon_proto::realtime::{self, Envelope, envelope};
use mezon_realtime::{CallErrorKind, CloseReason, ConnectionState, DisconnectReason, Event, SocketConfig};
use mezon_realtime::{MaybeSent, NotSent, SendErrorKind, connect};
use mezon_session::{ExponentialDelay, Session, SessionUpdate, StaticSession};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::raw::{Pushed, RawGateway, frame};
use crate::support::{User, config, pair, within};

const MILLISECOND: Duration = Duration::from_millis(1);

#[tokio::test]
async fn a_cut_connection_comes_back_joined_and_tells_the_gap() {
    let emulator = Emulator::start().await.unwrap();
    let (anna, mut minh, target) = pair(&emulator).await;
    let ack = within(anna.socket.send(&target, &Draft::from("before"))).await.unwrap();
    assert_eq!(minh.next_text().await, "before");
    emulator.faults().cut_connections();
    minh.until(|event| matches!(event, Event::Disconnected { reason: DisconnectReason::Broken, .. })).await;
    minh.until(|event| matches!(event, Event::Connected { generation: 2 })).await;
    let gap = minh.until(|event| matches!(event, Event::Gap { .. } | Event::Ready { .. })).await;
    let Event::Gap { channels, complete: true, .. } = gap else { panic!("{gap:?}") };
    let seen: Vec<_> = channels.iter().map(|gap| (gap.channel_id, gap.last_seen)).collect();
    assert_eq!(seen, [(target.channel_id, Some(ack.message_id))]);
    minh.until(|event| matches!(event, Event::Ready { generation: 2 })).await;
    let mut states = anna.socket.states();
    within(states.wait_for(|state| matches!(state, ConnectionState::Ready { .. }))).await.unwrap();
    within(anna.socket.send(&target, &Draft::from("after"))).await.unwrap();
    assert_eq!(minh.next_text().await, "after");
    let seen = emulator.stats();
    assert_eq!((seen.connects, seen.joins, seen.sends_received), (4, 4, 2));
}

#[tokio::test]
async fn a_send_in_flight_is_maybe_sent_and_one_while_down_is_not_sent() {
    let emulator = Emulator::start().await.unwrap();
    let (mut anna, _minh, target) = pair(&emulator).await;
    emulator.faults().drop_acks(1);
    let draft = Draft::from("hello");
    let (sent, ()) = tokio::join!(within(anna.socket.send(&target, &draft)), async {
        emulator.wait_for(|stats| stats.sends_received == 1).await;
        emulator.pause_listening().await;
    });
    let reason = MaybeSent::ConnectionLost;
    assert_eq!(*sent.unwrap_err().kind(), SendErrorKind::Call(CallErrorKind::MaybeSent { reason }));
    let reason = NotSent::NotConnected;
    let error = anna.socket.send(&target, &draft).await.unwrap_err();
    assert_eq!(*error.kind(), SendErrorKind::Call(CallErrorKind::NotSent { reason }));
    anna.until_ready().await;
    emulator.resume_listening().unwrap();
    anna.until_ready().await;
    within(anna.socket.send(&target, &draft)).await.unwrap();
    assert_eq!(emulator.stats().sends_received, 2);
}

#[tokio::test]
async fn a_server_that_goes_silent_is_left() {
    for half_open in [false, true] {
        let emulator = Emulator::start().await.unwrap();
        let quick = config(&emulator).heartbeat(40 * MILLISECOND, 80 * MILLISECOND);
        let mut anna = User::with(&emulator, 1, quick).await;
        emulator.wait_for(|stats| stats.pings >= 3).await;
        assert!(anna.socket.round_trip().is_some());
        if half_open {
            emulator.faults().half_open(true);
        } else {
            emulator.faults().mute_pongs(true);
        }
        anna.until(|event| matches!(event, Event::Disconnected { reason: DisconnectReason::Silent, .. })).await;
        emulator.faults().clear();
        anna.until_ready().await;
        // The old socket was dropped and is not kept beside the new one.
        within(emulator.wait_for(|stats| stats.open_sockets == 1)).await;
    }
}

#[tokio::test]
async fn close_codes_are_told_and_decide() {
    let emulator = Emulator::start().await.unwrap();
    let mut anna = User::new(&emulator, 1).await;
    anna.until_ready().await;
    for code in [1000, 1001, 1012, 4000] {
        emulator.faults().close_sockets(code);
        let reason = DisconnectReason::ClosedByServer { code: Some(code), reason: String::new() };
        anna.until(|event| matches!(event, Event::Disconnected { reason: r, .. } if *r == reason)).await;
        anna.until_ready().await;
    }
    let before = anna.source.refused.load(Ordering::SeqCst);
    emulator.faults().close_sockets(1008);
    anna.until_ready().await;
    assert_eq!(anna.source.refused.load(Ordering::SeqCst), before + 1);
    emulator.faults().close_sockets(1002);
    let event = anna.until(|event| matches!(event, Event::Closed { .. })).await;
    assert!(matches!(event, Event::Closed { reason: CloseReason::Refused { code: 1002, .. } }));
    assert!(within(anna.events.next()).await.is_none());
    let reason = CloseReason::Refused { code: 1002, reason: String::new() };
    assert_eq!(anna.socket.state(), ConnectionState::Closed(reason));
}

/// Every way in which a server can close, on the wire. Codes that may not stand there ended a client for good, as 1002.
#[tokio::test]
async fn no_close_frame_but_three_ends_a_client() {
    let gateway = RawGateway::new().await;
    let client = connect(gateway.config().build().unwrap(), Pushed::new(None));
    let (connected, (mut tcp, _)) = tokio::join!(within(client), gateway.accept_socket());
    let (socket, mut events) = connected.unwrap();
    let close = |code: u16, reason: &str| frame(0x88, &[&code.to_be_bytes(), reason.as_bytes()].concat());
    let told = |code, reason: &str| DisconnectReason::ClosedByServer { code, reason: reason.to_owned() };
    let mut cases = Vec::new();
    for code in [1000, 1001, 1007, 1008, 1009, 1011, 1012, 3000, 3999, 4000, 4401, 4999] {
        cases.push((close(code, "bye\nnow"), told(Some(code), "bye\nnow")));
    }
    for code in [0, 1, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 1999, 2000, 2999, 5000, u16::MAX] {
        cases.push((close(code, "bad gateway"), told(None, "")));
    }
    cases.push((frame(0x88, b""), told(None, "")));
    for broken in [&b"\x03"[..], b"\x03\xe8\xff", &[0x03, 0xe8, b'x'].repeat(50)] {
        cases.push((frame(0x88, broken), DisconnectReason::Protocol));
    }
    for (close, reason) in cases {
        tcp.write_all(&close).await.unwrap();
        loop {
            match within(events.next()).await.unwrap() {
                Event::Disconnected { reason: told, .. } => break assert_eq!(told, reason),
                Event::Closed { reason } => panic!("{} ended it: {reason:?}", close.escape_ascii()),
                _ => {}
            }
        }
        tcp = gateway.accept_socket().await.0;
    }
    tcp.write_all(&close(1010, "no extension")).await.unwrap();
    let mut states = socket.states();
    let closed = within(states.wait_for(|state| matches!(state, ConnectionState::Closed(_)))).await.unwrap();
    let reason = CloseReason::Refused { code: 1010, reason: "no extension".to_owned() };
    assert_eq!(closed, ConnectionState::Closed(reason));
}

/// "Message too big" blames one message. It ended a client for good.
#[tokio::test]
async fn a_message_that_the_server_finds_too_big_is_maybe_sent_and_the_connection_comes_back() {
    let emulator = Emulator::start().await.unwrap();
    let (mut anna, _minh, target) = pair(&emulator).await;
    anna.until_ready().await;
    emulator.faults().drop_acks(1);
    let draft = Draft::from("big");
    let (sent, ()) = tokio::join!(within(anna.socket.send(&target, &draft)), async {
        emulator.wait_for(|stats| stats.sends_received == 1).await;
        emulator.faults().close_sockets(1009);
    });
    assert_eq!(
        *sent.unwrap_err().kind(),
        SendErrorKind::Call(CallErrorKind::MaybeSent { reason: MaybeSent::ConnectionLost })
    );
    let is_it = |reason: &DisconnectReason| matches!(reason, DisconnectReason::ClosedByServer { code: Some(1009), .. });
    anna.until(|event| matches!(event, Event::Disconnected { reason, .. } if is_it(reason))).await;
    anna.until_ready().await;
    within(anna.socket.send(&target, &Draft::from("small"))).await.unwrap();
    assert_eq!(emulator.stats().sends_received, 2);
}

#[tokio::test]
async fn a_hint_ends_a_long_wait() {
    let emulator = Emulator::start().await.unwrap();
    let minute = Duration::from_secs(60);
    let slow = config(&emulator).delays(move || Fixed(minute));
    let mut anna = User::with(&emulator, 1, slow).await;
    anna.until_ready().await;
    emulator.faults().cut_connections();
    anna.until(|event| matches!(event, Event::Disconnected { retry_in, .. } if *retry_in == minute)).await;
    anna.socket.network_changed();
    anna.until_ready().await;
}

struct Fixed(Duration);

impl mezon_session::DelayPolicy for Fixed {
    fn next_delay(&mut self, _unit: f64) -> Duration {
        self.0
    }

    fn reset(&mut self) {}
}

#[tokio::test]
async fn flapping_never_leaves_two_sockets_open() {
    let emulator = Emulator::start().await.unwrap();
    let quick = config(&emulator).delays(|| ExponentialDelay::new(MILLISECOND, MILLISECOND));
    let mut anna = User::with(&emulator, 1, quick).await;
    for _ in 0..30 {
        anna.until_ready().await;
        assert!(emulator.stats().open_sockets <= 1);
        emulator.faults().cut_connections();
    }
    anna.until_ready().await;
    assert_eq!(emulator.stats().connects, 31);
}

#[tokio::test]
async fn a_message_over_the_limit_costs_the_connection_and_no_more() {
    let emulator = Emulator::start().await.unwrap();
    let mut anna = User::with(&emulator, 1, config(&emulator).max_message(1_024)).await;
    anna.until_ready().await;
    let sender_display_name = "x".repeat(5_000);
    let typing = realtime::MessageTypingEvent { sender_display_name, ..Default::default() };
    emulator.push(1, &Envelope { cid: 0, message: Some(envelope::Message::MessageTypingEvent(typing)) });
    anna.until(|event| matches!(event, Event::Disconnected { reason: DisconnectReason::Protocol, .. })).await;
    anna.until_ready().await;
}

/// The two limits do not stand in for each other: a frame is refused by its header, before there is room for it, and a message
/// in parts by what its parts add up to.
#[tokio::test]
async fn the_size_of_a_frame_and_of_a_message_in_parts_are_limited() {
    let gateway = RawGateway::new().await;
    let client = connect(gateway.config().max_message(1_024).build().unwrap(), Pushed::new(None));
    let (connected, (mut tcp, _)) = tokio::join!(within(client), gateway.accept_socket());
    let (_socket, mut events) = connected.unwrap();
    // A header, and nothing of the content.
    let header = frame(0x82, &[7; 1_025])[..4].to_vec();
    let parts = [frame(0x02, &[7; 1_000]), frame(0x80, &[7; 25])].concat();
    for bytes in [header, parts] {
        tcp.write_all(&bytes).await.unwrap();
        while !matches!(
            within(events.next()).await.unwrap(),
            Event::Disconnected { reason: DisconnectReason::Protocol, .. }
        ) {}
        tcp = gateway.accept_socket().await.0;
    }
    // Right at the limit.
    tcp.write_all(&[frame(0x02, &[7; 1_000]), frame(0x80, &[7; 24])].concat()).await.unwrap();
    while !matches!(within(events.next()).await.unwrap(), Event::Undecodable { .. }) {}
}

/// A server that shakes hands and never reads again. Whatever does not fit into the buffers of the network has not left.
#[tokio::test]
async fn what_a_server_does_not_read_is_not_sent_and_does_not_hold_up_close() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let short = 200 * MILLISECOND;
    let config = SocketConfig::builder().gateway_url(&url).drain_timeout(short).close_timeout(short).build().unwrap();
    // {"uid":"7"} as the payload of a JWT.
    let token = Some("e30.eyJ1aWQiOiI3In0.x".into());
    let session = Session::new(SessionUpdate { token, ..SessionUpdate::default() }).unwrap();
    let deaf = async {
        let (tcp, _) = listener.accept().await.unwrap();
        tokio_tungstenite::accept_async(tcp).await.unwrap()
    };
    let (connected, _deaf) = tokio::join!(connect(config, Arc::new(StaticSession::new(session))), deaf);
    let (socket, _events) = connected.unwrap();
    let update = |content: String| {
        envelope::Message::ChannelMessageUpdate(realtime::ChannelMessageUpdate { content, ..Default::default() })
    };
    // Far more than the buffers of a loopback connection take.
    let large: Vec<_> = (0..64)
        .map(|_| {
            let (socket, message) = (socket.clone(), update("x".repeat(500_000)));
            tokio::spawn(async move { socket.call_within(message, 300 * MILLISECOND).await })
        })
        .collect();
    let mut reasons = Vec::new();
    for call in large {
        match within(call).await.unwrap().unwrap_err().kind() {
            CallErrorKind::MaybeSent { reason: MaybeSent::TimedOut } => reasons.push("maybe sent"),
            CallErrorKind::NotSent { reason: NotSent::TimedOut } => reasons.push("not sent"),
            other => panic!("{other:?}"),
        }
    }
    assert!(reasons.contains(&"maybe sent") && reasons.contains(&"not sent"), "{reasons:?}");
    assert_eq!(reasons.last(), Some(&"not sent"));
    within(socket.close()).await;
}
