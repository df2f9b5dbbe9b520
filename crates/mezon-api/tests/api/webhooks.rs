//! Posting through webhooks.

use mezon_api::ApiErrorKind;
use mezon_model::{Attachment, Draft, MessageContent, UserId};
use mezon_session::ErrorClass;
use serde_json::{Value, json};

use crate::support::{Peer, Reply, answer};

fn picture() -> Attachment {
    Attachment {
        filename: "dog.jpg".to_owned(),
        size: 5_620,
        url: "https://cdn.mezon.ai/dog.jpg".to_owned(),
        filetype: "image".to_owned(),
        width: 275,
        height: 183,
        ..Attachment::default()
    }
}

fn body(request: &str) -> Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn a_webhook_of_a_channel_gets_content_mentions_and_pictures_and_no_credentials() {
    let peer = Peer::start([answer(200, "", "")]).await;
    let draft = MessageContent::builder().text("done ").mention_user(UserId::new(42), "linh").build().attach(picture());
    peer.client().post_webhook(&(peer.url() + "/webhooks/8/the-token"), &draft).await.unwrap();
    let request = peer.requests().remove(0);
    assert!(request.starts_with("POST /webhooks/8/the-token HTTP/1.1\r\n"), "{request}");
    let head = request.to_ascii_lowercase();
    assert!(head.contains("content-type: application/json\r\n") && !head.contains("authorization"), "{request}");
    let expected = json!({"type": "hook", "message": {
        "t": "done @linh",
        "mentions": [{"user_id": "42", "username": "linh", "s": 5, "e": 10}],
        "images": [{"fn": "dog.jpg", "sz": 5_620, "url": "https://cdn.mezon.ai/dog.jpg", "ft": "image", "w": 275, "h": 183}],
    }});
    assert_eq!(body(&request), expected);
}

#[tokio::test]
async fn a_webhook_of_a_clan_gets_its_content_as_text_and_the_receiver_in_the_address() {
    let peer = Peer::start([answer(200, "", "")]).await;
    let draft = Draft::from("hello").attach(Attachment { filetype: "doc".to_owned(), ..picture() });
    peer.client().post_clan_webhook(&(peer.url() + "/clanwebhooks/the-token/"), "linh", &draft).await.unwrap();
    let request = peer.requests().remove(0);
    assert!(request.starts_with("POST /clanwebhooks/the-token/linh HTTP/1.1\r\n"), "{request}");
    let file = json!({"url": "https://cdn.mezon.ai/dog.jpg", "filetype": "doc"});
    assert_eq!(body(&request), json!({"content": r#"{"t":"hello"}"#, "attachments": [file]}));
}

#[tokio::test]
async fn what_cannot_be_posted_is_refused_before_anything_is_sent() {
    let peer = Peer::start([answer(200, "", "")]).await;
    let client = peer.client();
    let good = peer.url() + "/webhooks/8/t";
    let file = Draft::from("a file").attach(Attachment { filetype: "doc".to_owned(), ..picture() });
    for (url, draft) in [
        ("http://webhook.mezon.ai/webhooks/8/t", Draft::from("in plain text")),
        ("webhooks/8/t", Draft::from("no address")),
        (good.as_str(), Draft::from("x".repeat(5_000))),
        (good.as_str(), file),
    ] {
        let error = client.post_webhook(url, &draft).await.unwrap_err();
        assert!(matches!(error.kind(), ApiErrorKind::InvalidInput { .. }), "{url}: {error}");
    }
    for user in ["", "../8", "linh?"] {
        let error = client.post_clan_webhook(&good, user, &"hi".into()).await.unwrap_err();
        assert!(matches!(error.kind(), ApiErrorKind::InvalidInput { .. }), "{user}: {error}");
    }
    assert_eq!(peer.connections(), 0);
}

#[tokio::test]
async fn a_post_is_never_repeated_blindly_and_its_address_is_in_no_error() {
    let gone = answer(404, "Content-Type: text/plain\r\n", "no such webhook as the-token");
    let peer = Peer::start([gone, answer(503, "Retry-After: 7\r\n", ""), Reply::Close]).await;
    let client = peer.client();
    let mut classes = Vec::new();
    for _ in 0..3 {
        let error = client.post_webhook(&(peer.url() + "/webhooks/8/the-token"), &"hi".into()).await.unwrap_err();
        assert!(!format!("{error:#} {error:?}").contains("the-token"), "{error:?}");
        classes.push(error.class());
    }
    let seven = Some(std::time::Duration::from_secs(7));
    let expected = [ErrorClass::Permanent, ErrorClass::Transient { retry_after: seven }, ErrorClass::MaybeDone];
    assert_eq!((classes.as_slice(), peer.requests().len()), (&expected[..], 3));
}
