//! What an invitation leads to.

use mezon_api::ApiErrorKind;
use mezon_model::InviteId;
use mezon_proto::api;
use prost::Message as _;

use crate::support::{Peer, Reply, answer};

#[tokio::test]
async fn an_invitation_is_looked_at_with_the_key_of_the_gateway_and_no_token() {
    let body = api::InviteUserRes { clan_id: 7, clan_name: "Rust Hanoi".into(), member_count: 3, ..Default::default() };
    let body = body.encode_to_vec();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let peer = Peer::start([Reply::Bytes([head.into_bytes(), body].concat()), answer(404, "", "")]).await;
    let client = peer.gateway().server_key("a key").build().unwrap();
    let client = client.resume(crate::support::session("1", 3_600)).unwrap();
    let found = client.invitation(InviteId::new(77)).await.unwrap();
    assert_eq!((found.clan_id.get(), found.clan_name.as_str(), found.member_count), (7, "Rust Hanoi", 3));
    let request = peer.requests().remove(0).to_ascii_lowercase();
    assert!(request.starts_with("get /v2/invite/77 http/1.1\r\n"), "{request}");
    assert!(request.contains("accept: application/x-protobuf"), "{request}");
    assert!(request.contains("authorization: basic ysbrzxk6"), "{request}");

    let gone = client.invitation(InviteId::new(78)).await.unwrap_err();
    assert!(matches!(gone.kind(), ApiErrorKind::NotFound { .. }), "{gone:?}");
    for id in [0, -1] {
        let refused = client.invitation(InviteId::new(id)).await.unwrap_err();
        assert!(matches!(refused.kind(), ApiErrorKind::InvalidInput { .. }));
    }
    assert_eq!(peer.requests().len(), 2);
}
