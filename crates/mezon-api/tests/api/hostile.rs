//! Calls against peers that are slow, broken, or after the credentials.

use std::time::Duration;

use http::StatusCode;
use mezon_api::{
    ApiClient, ApiError, ApiErrorKind, AppLogin, Gateway, IdTokenLogin, ListChannelsOptions, ListMessagesOptions,
    Phase, RetryPolicy, Timeouts, UploadSource, methods,
};
use mezon_model::{ChannelId, MessageId, UserId};
use mezon_proto::api;
use mezon_session::ErrorClass;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::support::{self, Peer, Reply, account, answer, answer_bytes, message, session, token, user};

async fn get_account(client: &ApiClient) -> Result<api::Account, ApiError> {
    client.call(methods::GET_ACCOUNT, &()).await
}

fn channel() -> Reply {
    message(&api::ChannelDescription { channel_id: 7, r#type: 2, ..Default::default() })
}

fn quick() -> Timeouts {
    let short = Duration::from_millis(100);
    Timeouts::default().attempt(short).stall(short).total(Duration::from_millis(300))
}

#[tokio::test]
async fn a_silent_server_costs_the_attempt_and_no_more() {
    let peer = Peer::start([Reply::Stall(Vec::new())]).await;
    let gateway = peer.gateway().timeouts(quick()).retry(RetryPolicy::none()).build().unwrap();
    let started = Instant::now();
    let error = get_account(&gateway.resume(session("1", 3_600)).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::TimedOut { phase: Phase::Response });
    assert!(started.elapsed() < Duration::from_millis(350), "{:?}", started.elapsed());
}

#[tokio::test]
async fn the_total_bounds_all_attempts() {
    let peer = Peer::start([Reply::Stall(Vec::new())]).await;
    let policy = RetryPolicy::default().attempts(100).delays(Duration::ZERO, Duration::ZERO);
    let gateway = peer.gateway().timeouts(quick()).retry(policy).build().unwrap();
    let started = Instant::now();
    let error = get_account(&gateway.resume(session("1", 3_600)).unwrap()).await.unwrap_err();
    assert!(matches!(error.kind(), ApiErrorKind::TimedOut { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_millis(550), "{:?}", started.elapsed());
    assert!((2..=4).contains(&peer.requests().len()), "{}", peer.requests().len());
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up() {
    let peer = Peer::start([Reply::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec())]).await;
    let gateway = peer.gateway().timeouts(quick()).retry(RetryPolicy::none()).build().unwrap();
    let error = get_account(&gateway.resume(session("1", 3_600)).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::TimedOut { phase: Phase::Stall });
}

#[tokio::test]
async fn a_body_without_end_is_cut_at_the_limit() {
    let limit = 256 * 1024;
    let long = Reply::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n".to_vec());
    let peer = Peer::start([Reply::Endless, long]).await;
    let client = peer.gateway().body_limit(limit).build().unwrap().resume(session("1", 3_600)).unwrap();
    for what in ["chunked", "announced"] {
        let error = get_account(&client).await.unwrap_err();
        assert_eq!(error.kind(), &ApiErrorKind::BodyTooLarge { limit }, "{what}");
    }
}

#[tokio::test]
async fn an_answer_that_would_become_gigabytes_is_refused() {
    // Two bytes on the wire, hundreds in memory.
    let limit = 1024 * 1024;
    let peer = Peer::start([answer(200, "", [0x0a, 0x00].repeat(limit / 2))]).await;
    let gateway = peer.gateway().body_limit(limit).decoded_limit(limit).build().unwrap();
    let client = gateway.resume(session("1", 3_600)).unwrap();
    let error = client.list_messages(ChannelId::new(7), &ListMessagesOptions::latest()).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::BodyTooLarge { limit });
    let error = client.list_channels(&ListChannelsOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::BodyTooLarge { limit });
}

#[tokio::test]
async fn an_error_with_an_endless_body_is_still_that_error() {
    let mut head = b"HTTP/1.1 400 X\r\nContent-Length: 1099511627776\r\n\r\n".to_vec();
    head.extend(vec![b'n'; 100_000]);
    let peer = Peer::start([Reply::Stall(head)]).await;
    let error = get_account(&peer.client()).await.unwrap_err();
    let ApiErrorKind::Status { message: Some(message), .. } = error.kind() else { panic!("{error:?}") };
    assert!(message.len() <= 4_096);
    assert!(error.to_string().len() < 400);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let thief = Peer::start([account()]).await;
    let location = format!("Location: http://localhost:{}/x?stolen=1\r\n", thief.addr.port());
    // In the gateway's own form, or for good, which is what no portal does.
    let moved = r#"{"code":9,"message":"moved"}"#;
    for (status, body) in [(301, ""), (301, moved), (302, moved), (303, moved), (307, moved), (308, "")] {
        let peer = Peer::start([answer(status, &location, body)]).await;
        let error = get_account(&peer.client()).await.unwrap_err();
        assert_eq!(error.kind(), &ApiErrorKind::Redirected { host: "localhost".into() });
        assert!(!error.to_string().contains("stolen"));
        assert_eq!(peer.requests().len(), 1, "a redirect is not tried again");
        let login = IdTokenLogin::new("id-token", user(), "linh");
        assert!(peer.gateway().build().unwrap().authenticate(&login).await.is_err());
    }
    assert_eq!(thief.connections(), 0);
}

/// It was a permanent error, and passed when the sign-in page of the network was gone.
#[tokio::test]
async fn the_redirect_of_a_portal_is_an_outage() {
    let thief = Peer::start([account()]).await;
    let location = format!("Location: http://localhost:{}/sign-in?from=here\r\n", thief.addr.port());
    for (status, body) in [(302, ""), (303, "<html>Sign in</html>"), (307, "moved"), (307, r#"{"url":"x"}"#)] {
        let peer = Peer::start([answer(status, &location, body), account()]).await;
        get_account(&peer.client()).await.unwrap();
        assert_eq!(peer.requests().len(), 2, "what is harmless is tried again");

        let peer = Peer::start([answer(status, &location, body)]).await;
        let error = peer.client().create_group_dm(&[UserId::new(2)]).await.unwrap_err();
        assert!(
            matches!(error.kind(), ApiErrorKind::Intercepted { status: is, .. } if is.as_u16() == status),
            "{error:?}"
        );
        assert!(error.class().is_transient() && peer.requests().len() == 1, "{error:?}");
    }
    assert_eq!(thief.connections(), 0, "nobody follows it");
}

#[tokio::test]
async fn an_overloaded_server_is_tried_again_for_what_is_harmless() {
    let peer = Peer::start([answer(503, "", ""), Reply::Close, account()]).await;
    let account = get_account(&peer.client()).await.unwrap();
    assert_eq!(account.user.unwrap().id, support::USER);
    assert_eq!(peer.requests().len(), 3);

    let peer = Peer::start([answer(503, "Retry-After: 0\r\n", r#"{"code":14,"message":"busy"}"#), channel()]).await;
    let error = peer.client().create_group_dm(&[UserId::new(2)]).await.unwrap_err();
    let ApiErrorKind::Status { status, code, message, retry_after } = error.kind() else { panic!("{error:?}") };
    assert_eq!((*status, *code), (StatusCode::SERVICE_UNAVAILABLE, Some(14)));
    assert_eq!((message.as_deref(), *retry_after), (Some("busy"), Some(Duration::ZERO)));
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn no_more_than_three_attempts_are_made() {
    let peer = Peer::start([answer(503, "", "")]).await;
    assert!(get_account(&peer.client()).await.is_err());
    assert_eq!(peer.requests().len(), 3);
}

#[tokio::test]
async fn a_rate_limit_is_waited_for_when_there_is_time() {
    // Not acted on, so even making a group is tried again.
    let peer = Peer::start([answer(429, "Retry-After: 0\r\n", ""), channel()]).await;
    assert_eq!(peer.client().create_group_dm(&[UserId::new(2)]).await.unwrap().id().get(), 7);
    assert_eq!(peer.requests().len(), 2);

    let peer = Peer::start([answer(429, "Retry-After: 120\r\n", "slow down")]).await;
    let error = get_account(&peer.client()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Transient { retry_after: Some(Duration::from_secs(120)) });
    assert!(error.to_string().contains("slow down"), "{error}");
    assert_eq!(peer.requests().len(), 1, "the wait does not fit into the call's time");
}

#[tokio::test]
async fn a_lost_answer_is_repeated_or_honest() {
    let peer = Peer::start([Reply::Close, channel()]).await;
    assert_eq!(peer.client().create_dm(UserId::new(2)).await.unwrap().id().get(), 7);
    assert_eq!(peer.requests().len(), 2, "the same peer gives the same channel");

    let cut = Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec());
    for lost in [Reply::Close, cut, answer(502, "", ""), answer(504, "", "")] {
        let peer = Peer::start([lost, Reply::Close]).await;
        let gateway = peer.gateway().timeouts(quick()).build().unwrap();
        let client = gateway.resume(session("1", 3_600)).unwrap();
        let error = client.create_group_dm(&[UserId::new(2)]).await.unwrap_err();
        assert_eq!(error.kind(), &ApiErrorKind::MaybeSent { method: "CreateChannelDesc" });
        assert_eq!(error.class(), ErrorClass::MaybeDone);
        assert!(std::error::Error::source(&error).is_some());
        assert_eq!(peer.requests().len(), 1);
    }
}

#[tokio::test]
async fn connections_that_died_while_idle_cost_no_call() {
    let bytes = answer_bytes(200, "Content-Type: application/proto\r\n", "");
    let peer = Peer::start([Reply::Last(bytes)]).await;
    let client = peer.client();
    for _ in 0..100 {
        get_account(&client).await.unwrap();
    }
}

#[tokio::test]
async fn a_gateway_that_is_down_is_said_to_be() {
    let peer = Peer::start([]).await;
    let (gateway, addr) = (peer.gateway().build().unwrap(), peer.addr);
    drop(peer);
    let client = gateway.resume(session("1", 3_600)).unwrap();
    let error = client.create_group_dm(&[UserId::new(2)]).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::Connect { host: addr.to_string() });
    assert_eq!(error.class(), ErrorClass::TRANSIENT);
    assert!(error.to_string().contains(&addr.to_string()));
}

#[tokio::test]
async fn input_that_makes_no_request_makes_none() {
    let peer = Peer::start([channel()]).await;
    let client = peer.client();
    for peers in [&[][..], &[UserId::new(0)]] {
        let error = client.create_group_dm(peers).await.unwrap_err();
        assert!(matches!(error.kind(), ApiErrorKind::InvalidInput { .. }), "{error:?}");
    }
    let empty = IdTokenLogin::new("", user(), "linh");
    assert!(client.gateway().authenticate(&empty).await.is_err());
    assert!(client.gateway().authenticate_app(&AppLogin::new("", "key")).await.is_err());
    assert_eq!(peer.connections(), 0);
}

#[tokio::test]
async fn calls_say_what_the_wire_asks_for() {
    let peer = Peer::start([account()]).await;
    get_account(&peer.client()).await.unwrap();
    let request = peer.requests().remove(0).to_ascii_lowercase();
    assert!(request.starts_with("post /mezon.api.mezon/getaccount http/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("\r\nhost: {}\r\n", peer.addr)));
    assert!(request.contains("\r\naccept: application/proto\r\ncontent-type: application/proto\r\n"));
    assert!(request.contains("\r\nauthorization: bearer ey"));
    assert!(!request.contains("accept-encoding"));
}

#[tokio::test]
async fn answers_are_read_whatever_their_type_says() {
    let bytes = prost::Message::encode_to_vec(&api::ChannelDescription { channel_id: 7, ..Default::default() });
    let peer = Peer::start([
        answer(200, "Content-Type: text/plain; charset=utf-8\r\n", bytes),
        answer(200, "Content-Type: application/x-protobuf\r\n", ""),
        answer(200, "", b"\xff\xff\xff"),
    ])
    .await;
    let client = peer.client();
    assert_eq!(client.create_dm(UserId::new(2)).await.unwrap().id().get(), 7);
    assert_eq!(get_account(&client).await.unwrap(), api::Account::default());
    let error = get_account(&client).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::Decode { what: "GetAccount" });
}

#[tokio::test]
async fn sign_ins_send_and_read_the_forms_of_the_wire() {
    let json =
        format!(r#"{{"token":"{}","refreshToken":"r","apiUrl":"","userId":{}}}"#, token("1", 3_600), support::USER);
    let peer = Peer::start([answer(200, "", json)]).await;
    let gateway = peer.gateway().server_key("a key").build().unwrap();
    let client = gateway.authenticate(&IdTokenLogin::new("id-token", user(), "linh")).await.unwrap();
    assert_eq!(client.session().user_id(), user());
    assert_eq!(client.session().refresh_token().unwrap().expose(), "r");
    let from = client.session().api_url().map(str::to_owned);
    assert_eq!(from, Some(peer.url()), "where it is to be taken up again, by whoever does");
    let request = peer.requests().remove(0);
    assert!(request.starts_with("POST /v2/account/authenticate/idtoken HTTP/1.1\r\n"));
    assert!(request.contains("\r\nauthorization: Basic YSBrZXk6\r\n"), "{request}");
    let body: serde_json::Value = serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    let expected =
        serde_json::json!({"id_token": "id-token", "user_id": support::USER.to_string(), "username": "linh"});
    assert_eq!(body, expected);

    let bytes = support::refreshed("1", 3_600);
    let peer = Peer::start([answer(200, "", bytes)]).await;
    let client = peer.gateway().build().unwrap().authenticate_app(&AppLogin::new("42", "app-key")).await.unwrap();
    assert_eq!(client.session().user_id(), user());
    let request = peer.requests().remove(0);
    assert!(request.starts_with("POST /v2/apps/authenticate/token HTTP/1.1\r\n"));
    assert!(
        request.contains("\r\nauthorization: Basic YXBwLWtleTo=\r\naccept: application/x-protobuf\r\n"),
        "{request}"
    );
    let body: serde_json::Value = serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body, serde_json::json!({"account": {"appid": "42", "token": "app-key"}}));
}

#[tokio::test]
async fn a_refused_sign_in_says_what_to_check() {
    let peer = Peer::start([answer(401, "", r#"{"code":16,"message":"server key required"}"#)]).await;
    let gateway = peer.gateway().build().unwrap();
    let error = gateway.authenticate(&IdTokenLogin::new("id-token", user(), "linh")).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Auth);
    let text = error.to_string();
    assert!(text.contains("`server_key`") && text.contains("server key required"), "{text}");
    let error = gateway.authenticate_app(&AppLogin::new("42", "app-key")).await.unwrap_err();
    assert!(error.to_string().contains("id and key"), "{error}");
}

#[tokio::test]
async fn credentials_do_not_follow_a_server_elsewhere() {
    let thief = Peer::start([account()]).await;
    let elsewhere = format!("http://localhost:{}", thief.addr.port());
    let json = |key: &str| format!(r#"{{"token":"{}","refresh_token":"r","{key}":"{elsewhere}"}}"#, token("1", 3_600));
    let peer = Peer::start([answer(200, "", json("api_url")), answer(200, "", json("ws_url"))]).await;
    let gateway = peer.gateway().build().unwrap();
    let login = IdTokenLogin::new("id-token", user(), "linh");
    let error = gateway.authenticate(&login).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::UntrustedEndpoint { host: "localhost".into() });
    let error = gateway.authenticate(&login).await.unwrap().ws_endpoint().unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::UntrustedEndpoint { host: "localhost".into() });

    let trusting = peer.gateway().trust_host_suffix("localhost").build().unwrap();
    let client = trusting.authenticate(&login).await.unwrap();
    assert_eq!(client.ws_endpoint().unwrap().port(), thief.addr.port());
    assert_eq!(thief.connections(), 0);
}

#[tokio::test]
async fn a_history_without_end_is_not_read_for_ever() {
    let page = |id: i64| {
        let messages = vec![api::ChannelMessage { message_id: id, ..Default::default() }];
        message(&api::ChannelMessageList { messages, ..Default::default() })
    };
    // 100 pages are a history.
    let end = std::iter::once(message(&api::ChannelMessageList::default()));
    let peer = Peer::start((2..=101).map(page).chain(end)).await;
    let read = peer.client().catch_up(ChannelId::new(7), MessageId::new(1)).await;
    assert_eq!(read.unwrap().len(), 100);
    // More are not.
    let peer = Peer::start((2..=1_000).map(page)).await;
    let error = peer.client().catch_up(ChannelId::new(7), MessageId::new(1)).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::TooManyMissed { pages: 100 });
    assert_eq!(peer.requests().len(), 101);
}

#[tokio::test]
async fn a_history_of_huge_messages_is_not_held_in_memory() {
    let page = |first: i64| {
        let message = |id| api::ChannelMessage { message_id: id, content: "x".repeat(100_000), ..Default::default() };
        message_list((first..first + 50).map(message).collect())
    };
    let peer = Peer::start((0..100).map(|page_number| page(2 + 50 * page_number))).await;
    let error = peer.client().catch_up(ChannelId::new(7), MessageId::new(1)).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::TooManyMissed { pages: 4 }, "16 MiB and a page");
}

#[tokio::test]
async fn a_server_that_gives_more_than_was_asked_for_is_cut_short() {
    let messages = (1..=1_000).map(|id| api::ChannelMessage { message_id: id, ..Default::default() }).collect();
    let peer = Peer::start([message_list(messages)]).await;
    let ids = |messages: Vec<mezon_model::ChannelMessage>| {
        let ids = [messages.first(), messages.last()].map(|message| message.unwrap().id().get());
        (messages.len(), ids)
    };
    let (client, channel) = (peer.client(), ChannelId::new(7));
    let read = client.list_messages(channel, &ListMessagesOptions::latest()).await.unwrap();
    assert_eq!(ids(read), (51, [950, 1_000]));
    let read = client.list_messages(channel, &ListMessagesOptions::after(MessageId::new(0))).await.unwrap();
    assert_eq!(ids(read), (51, [1, 51]), "the next page goes on from there");
    let read = client.catch_up(channel, MessageId::new(0)).await.unwrap();
    assert_eq!(ids(read), (101, [1, 101]));
}

fn message_list(messages: Vec<api::ChannelMessage>) -> Reply {
    message(&api::ChannelMessageList { messages, ..Default::default() })
}

#[tokio::test]
async fn uploads_carry_no_token_and_follow_nothing() {
    let thief = Peer::start([answer(200, "", "")]).await;
    let store = Peer::start([
        answer(200, "", ""),
        answer(307, &format!("Location: http://localhost:{}/?sig=s3cret\r\n", thief.addr.port()), ""),
        answer(400, "", "<Error><Code>EntityTooSmall</Code><Sig>s3cret</Sig></Error>"),
    ])
    .await;
    let url = format!("{}/bucket/a.txt?X-Amz-Signature=s3cret", store.url());
    let ticket = || message(&api::UploadAttachment { filename: "a.txt".into(), url: url.clone() });
    let peer = Peer::start([ticket()]).await;
    let client = peer.client();
    let file = UploadSource::bytes("a.txt", "hello");
    let attachment = client.upload(file.clone(), |_, _| {}).await.unwrap();
    assert_eq!(attachment.url, format!("{}/bucket/a.txt", store.url()));
    let put = store.requests().remove(0).to_ascii_lowercase();
    assert!(put.starts_with("put /bucket/a.txt?x-amz-signature=s3cret http/1.1\r\n"), "{put}");
    assert!(put.contains("\r\ncontent-type: text/plain\r\n") && put.contains("\r\ncontent-length: 5\r\n"), "{put}");
    assert!(put.ends_with("\r\n\r\nhello"));
    assert!(!put.contains("authorization") && !put.contains("cookie") && !put.contains("bearer"), "{put}");

    let error = client.upload(file.clone(), |_, _| {}).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::Redirected { host: "localhost".into() });
    assert_eq!(thief.connections(), 0);
    let error = client.upload(file, |_, _| {}).await.unwrap_err();
    assert_eq!(
        error.kind(),
        &ApiErrorKind::Upload {
            status: StatusCode::BAD_REQUEST,
            code: Some("EntityTooSmall".into()),
            retry_after: None
        }
    );
    assert!(!format!("{error:#} {error:?}").contains("s3cret"));
}

/// It was taken for done, and the message went out with a file that was nowhere.
#[tokio::test]
async fn a_store_that_is_content_too_soon_does_not_have_the_file() {
    let store = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a.bin?sig=1", store.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut stream, _) = store.accept().await.unwrap();
            stream.read_u8().await.unwrap();
            stream.write_all(&answer_bytes(200, "Connection: close\r\n", "")).await.unwrap();
            // Open, and not read from any more.
            open.push(stream);
        }
    });
    let peer = Peer::start([message(&api::UploadAttachment { filename: "a.bin".into(), url })]).await;
    let error = peer.client().upload_bytes("a.bin", "", vec![7; (16 << 20) - 1], |_, _| {}).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::ConnectionLost);
}

/// To open one waits for its other end, where no time limit applies.
#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let peer = Peer::start([answer(500, "", "")]).await;
    let error = peer.client().upload_file(&pipe, |_, _| {}).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::File { path: pipe });
    assert!(peer.requests().is_empty());
}

#[tokio::test]
async fn an_upload_that_stalls_is_given_up() {
    let store = Peer::start([Reply::Stall(Vec::new())]).await;
    let url = format!("{}/a.txt?sig=1", store.url());
    let peer = Peer::start([message(&api::UploadAttachment { filename: "a.txt".into(), url })]).await;
    let gateway = peer.gateway().timeouts(quick()).build().unwrap();
    let client = gateway.resume(session("1", 3_600)).unwrap();
    let error = client.upload_bytes("a.txt", "", "hello", |_, _| {}).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::TimedOut { phase: Phase::Stall });
}

#[tokio::test]
async fn uploads_go_nowhere_that_is_not_trusted() {
    let url = "http://localhost:1/a.txt?sig=s3cret".to_owned();
    let peer = Peer::start([message(&api::UploadAttachment { filename: "a.txt".into(), url })]).await;
    let error = peer.client().upload_bytes("a.txt", "", "hello", |_, _| {}).await.unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::UntrustedEndpoint { host: "localhost".into() });
    assert!(!format!("{error:#} {error:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_session_of_another_server_is_not_taken_up() {
    let gateway = Gateway::builder().build().unwrap();
    let foreign = session("1", 3_600);
    let foreign = foreign
        .merged(&mezon_session::SessionUpdate { api_url: Some("https://evil.example".into()), ..Default::default() })
        .unwrap();
    let error = gateway.resume(foreign).unwrap_err();
    assert_eq!(error.kind(), &ApiErrorKind::UntrustedEndpoint { host: "evil.example".into() });
}
