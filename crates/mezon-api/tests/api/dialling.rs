//! The client as source of credentials for a socket.

use std::sync::Arc;

use mezon_session::{TokenErrorKind, TokenSource as _};

use crate::support::{Peer, Reply, account, answer, expired, methods, new_tokens, session};

#[tokio::test]
async fn credentials_for_a_dial_are_fresh_if_they_can_be() {
    let peer = Peer::start([new_tokens("2")]).await;
    let client = peer.gateway().build().unwrap().resume(session("1", 30)).unwrap();
    assert_eq!(client.credentials().await.unwrap().refresh_token().unwrap().expose(), "refresh-2");

    let peer = Peer::start([answer(503, "", "")]).await;
    let client = peer.gateway().build().unwrap().resume(session("1", 30)).unwrap();
    assert_eq!(client.credentials().await.unwrap().refresh_token().unwrap().expose(), "refresh-1", "still good");
    let error = expired(&peer).credentials().await.unwrap_err();
    assert_eq!(error.kind(), &TokenErrorKind::Unavailable { retry_after: None });
}

#[tokio::test]
async fn a_refused_dial_is_looked_into_over_http() {
    // The server has nothing against the token.
    let peer = Peer::start([account()]).await;
    let client = peer.client();
    let session = client.session();
    assert_eq!(client.refused(Arc::clone(&session)).await.unwrap(), session);
    assert_eq!(methods(&peer), ["GetAccount"]);

    // It has.
    let peer = Peer::start([answer(401, "", ""), new_tokens("2")]).await;
    let client = peer.client();
    let fresh = client.refused(client.session()).await.unwrap();
    assert_eq!(fresh.refresh_token().unwrap().expose(), "refresh-2");
    assert_eq!(methods(&peer), ["GetAccount", "SessionRefresh"]);

    // And against the refresh token too.
    let peer = Peer::start([answer(403, "", ""), answer(401, "", "")]).await;
    let client = peer.client();
    let error = client.refused(client.session()).await.unwrap_err();
    assert_eq!(error.kind(), &TokenErrorKind::LoginOver);

    // Nothing is proved by an overloaded server, or by none.
    for reply in [answer(503, "Retry-After: 60\r\n", ""), Reply::Close] {
        let peer = Peer::start([reply]).await;
        let client = peer.client();
        let error = client.refused(client.session()).await.unwrap_err();
        assert!(matches!(error.kind(), TokenErrorKind::Unavailable { .. }), "{error:?}");
    }

    // An expired token needs no look.
    let peer = Peer::start([new_tokens("2")]).await;
    let client = expired(&peer);
    client.refused(client.session()).await.unwrap();
    assert_eq!(methods(&peer), ["SessionRefresh"]);

    // Who was refused with older credentials gets the newer ones.
    let peer = Peer::start([account()]).await;
    let client = peer.client();
    let old = Arc::new(crate::support::session("0", 3_600));
    assert_eq!(client.refused(old).await.unwrap(), client.session());
    assert_eq!(peer.connections(), 0);
}
