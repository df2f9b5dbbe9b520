//! The programs: each signs in or connects, sends a message and prints one that comes.

/// A program on one SDK.
pub(super) struct Program {
    pub(super) name: &'static str,
    /// Lines of its manifest; `ROOT` stands for the root of this workspace.
    pub(super) dependencies: &'static str,
    /// An `async fn run`.
    pub(super) code: &'static str,
}

/// Ours.
pub(super) const SDK: &str = "mezon-light";

/// On the layer beneath: a connection, and one to which a single call and a single event were added.
pub(super) const CONNECTED: &str = "mezon-client: a connection alone";
pub(super) const ONE_OF_EACH: &str = "mezon-client: one method and one event";

/// Those that ours is to take less time to build than.
pub(super) const HEAVIER: [&str; 3] = [TWILIGHT, SERENITY, SLACK];

const TWILIGHT: &str = "twilight-gateway + twilight-http";
const SERENITY: &str = "serenity";
const SLACK: &str = "slack-morphism";

pub(super) const TOKIO: &str = r#"tokio = { version = "1", features = ["rt", "net", "time"] }"#;

pub(super) const PROGRAMS: &[Program] = &[
    Program {
        name: SDK,
        dependencies: r#"mezon-light = { path = "ROOT/crates/mezon-light" }"#,
        code: r#"
async fn run(word: String) -> Option<()> {
    use mezon_light::*;
    let client = LightClient::authenticate(AuthenticateConfig::new(word, UserId::new(1), "me")).await.ok()?;
    let socket = client.create_socket();
    let mut messages = socket.messages();
    socket.connect(SocketConnectOptions::new()).await.ok()?;
    socket.send_dm(SendMessagePayload::new(ChannelId::new(1), "hello")).await.ok()?;
    println!("{}", messages.next().await?.ok()?.text());
    Some(())
}"#,
    },
    Program {
        name: CONNECTED,
        dependencies: r#"mezon-client = { path = "ROOT/crates/mezon-client" }"#,
        code: r#"
async fn run(word: String) -> Option<()> {
    use mezon_client::{Client, ConnectOptions, Connection, mezon_api::*};
    let gateway = Gateway::builder().build().ok()?;
    let api = gateway.authenticate(&IdTokenLogin::new(word, 1, "me")).await.ok()?;
    let connection = Connection::new(&Client::new(api));
    connection.connect(ConnectOptions::new()).await.ok()?;
    println!("{:?}", connection.state());
    Some(())
}"#,
    },
    Program {
        name: ONE_OF_EACH,
        dependencies: r#"mezon-client = { path = "ROOT/crates/mezon-client" }
mezon-proto = { path = "ROOT/crates/mezon-proto" }"#,
        code: r#"
async fn run(word: String) -> Option<()> {
    use mezon_client::{Client, ConnectOptions, Connection, mezon_api::*, mezon_model::event::Typing};
    let gateway = Gateway::builder().build().ok()?;
    let api = gateway.authenticate(&IdTokenLogin::new(word, 1, "me")).await.ok()?;
    let connection = Connection::new(&Client::new(api));
    connection.connect(ConnectOptions::new()).await.ok()?;
    println!("{:?}", connection.state());
    let mut typing = connection.events_of::<Typing>();
    let request = mezon_proto::api::RoleListEventRequest::default();
    let roles = connection.client().api().call(methods::LIST_ROLES, &request).await.ok()?;
    println!("{:?} {:?}", roles.roles.is_some(), typing.next().await?.ok()?.channel_id);
    Some(())
}"#,
    },
    Program {
        name: "the parts alone: tokio, hyper, tungstenite, rustls, prost, serde_json",
        dependencies: r#"futures-util = { version = "0.3", default-features = false, features = ["sink"] }
http-body-util = "0.1"
hyper = { version = "1", features = ["client", "http1"] }
hyper-rustls = { version = "0.27", default-features = false, features = ["http1", "ring", "tls12", "webpki-tokio"] }
hyper-util = { version = "0.1", features = ["client-legacy", "http1", "tokio"] }
prost = "0.14"
rustls = { version = "0.23", default-features = false, features = ["ring", "std", "tls12"] }
serde_json = "1"
tokio-tungstenite = { version = "0.30", features = ["rustls-tls-webpki-roots"] }"#,
        code: r#"
#[derive(Clone, PartialEq, prost::Message)]
struct Hello {
    #[prost(string, tag = "1")]
    text: String,
}

async fn run(word: String) -> Option<()> {
    use futures_util::{SinkExt as _, StreamExt as _};
    use http_body_util::{BodyExt as _, Full};
    use hyper_util::client::legacy::Client;
    use prost::Message as _;
    rustls::crypto::ring::default_provider().install_default().ok()?;
    let https = hyper_rustls::HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
    let client: Client<_, Full<hyper::body::Bytes>> =
        Client::builder(hyper_util::rt::TokioExecutor::new()).build(https);
    let login = client.get(word.parse().ok()?).await.ok()?.into_body().collect().await.ok()?.to_bytes();
    let login: serde_json::Value = serde_json::from_slice(&login).ok()?;
    let (mut socket, _) = tokio_tungstenite::connect_async(login["socket"].as_str()?).await.ok()?;
    socket.send(Hello { text: "hello".into() }.encode_to_vec().into()).await.ok()?;
    println!("{}", Hello::decode(socket.next().await?.ok()?.into_data()).ok()?.text);
    Some(())
}"#,
    },
    Program {
        name: TWILIGHT,
        dependencies: "twilight-gateway = \"0.18\"\ntwilight-http = \"0.18\"\ntwilight-model = \"0.18\"",
        code: r#"
async fn run(word: String) -> Option<()> {
    use twilight_gateway::{EventTypeFlags, Intents, Shard, ShardId, StreamExt as _};
    let http = twilight_http::Client::new(word.clone());
    let mut shard = Shard::new(ShardId::ONE, word, Intents::DIRECT_MESSAGES);
    http.create_message(twilight_model::id::Id::new(1)).content("hello").await.ok()?;
    println!("{:?}", shard.next_event(EventTypeFlags::all()).await?.ok()?);
    Some(())
}"#,
    },
    Program {
        name: SERENITY,
        dependencies: "serenity = \"0.12\"",
        code: r#"
async fn run(word: String) -> Option<()> {
    use serenity::all::{Client, Context, EventHandler, GatewayIntents, Message};
    struct Handler;
    #[serenity::async_trait]
    impl EventHandler for Handler {
        async fn message(&self, context: Context, message: Message) {
            println!("{}", message.content);
            let _ = message.channel_id.say(&context.http, "hello").await;
        }
    }
    let client = Client::builder(word, GatewayIntents::DIRECT_MESSAGES).event_handler(Handler);
    client.await.ok()?.start().await.ok()
}"#,
    },
    Program {
        name: "async-nats",
        dependencies: "async-nats = \"0.51\"\nfutures-util = { version = \"0.3\", default-features = false }",
        code: r#"
async fn run(word: String) -> Option<()> {
    use futures_util::StreamExt as _;
    let client = async_nats::connect(word).await.ok()?;
    let mut messages = client.subscribe("a").await.ok()?;
    client.publish("a", "hello".into()).await.ok()?;
    println!("{:?}", messages.next().await?);
    Some(())
}"#,
    },
    Program {
        name: SLACK,
        dependencies: r#"slack-morphism = { version = "2.31", features = ["hyper"] }"#,
        code: r#"
async fn run(word: String) -> Option<()> {
    use slack_morphism::prelude::*;
    let client = std::sync::Arc::new(SlackClient::new(SlackClientHyperConnector::new().ok()?));
    let token = SlackApiToken::new(word.into());
    let message = SlackApiChatPostMessageRequest::new("a".into(), SlackMessageContent::new().with_text("hello".into()));
    client.open_session(&token).chat_post_message(&message).await.ok()?;
    let callbacks = SlackSocketModeListenerCallbacks::new();
    let state = std::sync::Arc::new(SlackClientEventsListenerEnvironment::new(client));
    let listener = SlackClientSocketModeListener::new(&SlackClientSocketModeConfig::new(), state, callbacks);
    listener.listen_for(&token).await.ok()?;
    listener.serve().await;
    Some(())
}"#,
    },
];
