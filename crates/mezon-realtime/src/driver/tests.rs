//! Single turns of the driver, over a stream in memory.

use bytes::BytesMut;
use futures_util::FutureExt as _;
use mezon_session::{Session, SessionUpdate, StaticSession};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::dial::Opened;
use super::transport::Transport;
use super::*;

/// What a turn has read waits in no queue with a bound until it ends. 64 large frames would be too much for that.
#[tokio::test]
async fn a_turn_ends_after_so_many_bytes() {
    let token = Some("e30.eyJ1aWQiOiI3In0.x".into());
    let session = Session::new(SessionUpdate { token, ..SessionUpdate::default() }).unwrap();
    let (opened, _outcome) = oneshot::channel();
    let source = Arc::new(StaticSession::new(session));
    let (_socket, _events, mut driver) = Driver::new(&SocketConfig::builder().build().unwrap(), source, opened);
    let (mut far, near) = tokio::io::duplex(1 << 22);
    let transport = Transport::new(Box::new(near), BytesMut::new());
    let stream = WebSocketStream::from_raw_socket(transport, Role::Client, None).await;
    driver.machine.handle(now(), Input::Connected { generation: 1 });
    driver.link = Some(Link::new(1, Opened { stream, session_id: None }));
    // Field 1000, which no revision knows, with 40,000 bytes.
    let envelope = [&[0xc2, 0x3e, 0xc0, 0xb8, 0x02], vec![7; 40_000].as_slice()].concat();
    let frame = [&[0x82, 126], &u16::try_from(envelope.len()).unwrap().to_be_bytes()[..], &envelope].concat();
    far.write_all(&frame.repeat(20)).await.unwrap();
    let turn = std::future::poll_fn(|context| Poll::Ready(driver.poll_reads(context, now())));
    assert!(turn.now_or_never().unwrap());
    let outputs = std::iter::from_fn(|| driver.machine.poll());
    assert_eq!(outputs.filter(|output| matches!(output, Output::Event(Event::Push(_)))).count(), 2);
}
