//! A bare client: bytes over HTTP and WebSocket, with nothing in between that could hide what the emulator does.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use mezon_emulator::Emulator;
use mezon_proto::realtime::envelope::Message;
use mezon_proto::realtime::{ChannelJoin, ChannelMessageSend, Envelope};
use mezon_proto::wire::{self, ApiReply, Inbound, Revision};
use mezon_proto::{api, realtime};
use prost::Message as _;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as WsMessage;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Far above what anything takes: a limit for tests that would hang otherwise.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

pub(crate) const DM: i32 = 3;
pub(crate) const GROUP: i32 = 2;

/// A signed-in user.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) addr: SocketAddr,
    pub(crate) id: i64,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
    pub(crate) session: Value,
}

pub(crate) async fn http(addr: SocketAddr, request: Request<Full<Bytes>>) -> Response<Bytes> {
    let stream = TcpStream::connect(addr).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let (parts, body) = timeout(LIMIT, sender.send_request(request)).await.unwrap().unwrap().into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

pub(crate) fn request(
    addr: SocketAddr,
    method: Method,
    path: &str,
    authorization: &str,
    body: impl Into<Bytes>,
) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path).header("host", addr.to_string());
    if !authorization.is_empty() {
        request = request.header("authorization", authorization);
    }
    request.body(Full::new(body.into())).unwrap()
}

pub(crate) fn basic(key: &str) -> String {
    format!("Basic {}", data_encoding::BASE64.encode(key.as_bytes()))
}

pub(crate) fn json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

/// Posts a sign-in with an ID token.
pub(crate) async fn sign_in(addr: SocketAddr, key: &str, body: &Value) -> Response<Bytes> {
    let path = "/v2/account/authenticate/idtoken";
    http(addr, request(addr, Method::POST, path, &basic(key), body.to_string())).await
}

/// Signs in as a user of a number, called `user<number>`.
pub(crate) async fn user(emulator: &Emulator, id: i64) -> User {
    let addr = emulator.addr();
    let body =
        serde_json::json!({ "id_token": "an id token", "user_id": id.to_string(), "username": format!("user{id}") });
    let response = sign_in(addr, &format!("{}:", emulator.server_key()), &body).await;
    assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
    let session = json(&response);
    let text = |key: &str| session[key].as_str().unwrap().to_owned();
    User { addr, id, token: text("token"), refresh_token: text("refresh_token"), session: session.clone() }
}

impl User {
    /// Calls a method, whatever comes of it.
    pub(crate) async fn call(&self, method: &str, message: &impl prost::Message) -> Response<Bytes> {
        let path = format!("/mezon.api.Mezon/{method}");
        let authorization = format!("Bearer {}", self.token);
        http(self.addr, request(self.addr, Method::POST, &path, &authorization, message.encode_to_vec())).await
    }

    /// Calls a method that succeeds.
    pub(crate) async fn get<R: prost::Message + Default>(&self, method: &str, message: &impl prost::Message) -> R {
        let response = self.call(method, message).await;
        assert_eq!(response.status(), StatusCode::OK, "{method}: {:?}", response.body());
        R::decode(response.into_body()).unwrap()
    }

    pub(crate) async fn create_channel(&self, kind: i32, peers: &[i64]) -> api::ChannelDescription {
        self.get("CreateChannelDesc", &channel_request(kind, peers)).await
    }

    pub(crate) async fn history(&self, channel: i64) -> Vec<String> {
        let request = api::ListChannelMessagesRequest { channel_id: channel, ..Default::default() };
        let list: api::ChannelMessageList = self.get("ListChannelMessages", &request).await;
        list.messages.into_iter().map(|message| message.content).collect()
    }

    pub(crate) async fn refresh(&self, key: &str) -> Response<Bytes> {
        let request_body = api::SessionRefreshRequest { token: self.refresh_token.clone(), ..Default::default() };
        let path = "/mezon.api.Mezon/SessionRefresh";
        http(self.addr, request(self.addr, Method::POST, path, &basic(key), request_body.encode_to_vec())).await
    }

    pub(crate) async fn socket(&self) -> Socket {
        Socket::connect(self.addr, &self.token).await.unwrap()
    }

    /// A socket that has joined a channel.
    pub(crate) async fn joined(&self, channel: &api::ChannelDescription) -> Socket {
        let mut socket = self.socket().await;
        let reply = socket.call(join(channel)).await;
        assert!(matches!(reply, Message::Channel(_)), "{reply:?}");
        socket
    }
}

pub(crate) fn channel_request(kind: i32, peers: &[i64]) -> api::CreateChannelDescRequest {
    api::CreateChannelDescRequest { r#type: kind, channel_private: 1, user_ids: peers.to_vec(), ..Default::default() }
}

pub(crate) fn join(channel: &api::ChannelDescription) -> Message {
    Message::ChannelJoin(ChannelJoin {
        channel_id: channel.channel_id,
        channel_type: channel.r#type,
        ..Default::default()
    })
}

pub(crate) fn text_message(channel: &api::ChannelDescription, text: &str) -> Message {
    let content = serde_json::json!({ "t": text }).to_string();
    let mode = if channel.r#type == DM { 4 } else { 3 };
    Message::ChannelMessageSend(ChannelMessageSend {
        channel_id: channel.channel_id,
        content,
        mode,
        ..Default::default()
    })
}

pub(crate) fn ping() -> Message {
    Message::Ping(realtime::Ping {})
}

/// A WebSocket that speaks envelopes.
pub(crate) struct Socket {
    pub(crate) stream: WebSocketStream<TcpStream>,
    pub(crate) revision: Revision,
    cid: i32,
}

/// What a socket has to say.
#[derive(Debug)]
pub(crate) enum Seen {
    Frame(Inbound),
    ApiReply(ApiReply),
    Garbage,
    Closed(Option<CloseFrame>),
    /// Ended without a close frame.
    Cut,
}

impl Socket {
    /// Connects; the error is the HTTP status of a refusal.
    pub(crate) async fn connect(addr: SocketAddr, token: &str) -> Result<Self, StatusCode> {
        let url = format!("ws://{addr}/ws?lang=en&status=true&token={token}&format=protobuf&platform=0");
        let stream = TcpStream::connect(addr).await.unwrap();
        match tokio_tungstenite::client_async(url, stream).await {
            Ok((stream, _)) => Ok(Self { stream, revision: Revision::Int32Cid, cid: 0 }),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn send_bytes(&mut self, frame: impl Into<Bytes>) {
        self.stream.send(WsMessage::Binary(frame.into())).await.unwrap();
    }

    /// Sends a request; gives its cid.
    pub(crate) async fn send(&mut self, message: Message) -> u32 {
        self.cid += 1;
        let frame = self.revision.encode(&Envelope { cid: self.cid, message: Some(message) });
        self.send_bytes(frame).await;
        u32::try_from(self.cid).unwrap()
    }

    pub(crate) async fn next(&mut self) -> Seen {
        loop {
            return match timeout(LIMIT, self.stream.next()).await.expect("the socket says nothing") {
                Some(Ok(WsMessage::Binary(frame))) if frame.first() == Some(&ApiReply::MARK) => {
                    ApiReply::decode(&frame).map_or(Seen::Garbage, Seen::ApiReply)
                }
                Some(Ok(WsMessage::Binary(frame))) => wire::read(&frame).map_or(Seen::Garbage, Seen::Frame),
                Some(Ok(WsMessage::Close(frame))) => Seen::Closed(frame),
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Seen::Cut,
            };
        }
    }

    /// The next envelope and its cid.
    pub(crate) async fn next_message(&mut self) -> (u32, Message) {
        match self.next().await {
            Seen::Frame(Inbound { cid, message: Some(message), .. }) => (cid, message.decode().unwrap().unwrap()),
            other => panic!("no message: {other:?}"),
        }
    }

    /// Sends a request and reads its reply; pushes that come before are dropped.
    pub(crate) async fn call(&mut self, message: Message) -> Message {
        let cid = self.send(message).await;
        loop {
            let (of, message) = self.next_message().await;
            if of == cid {
                return message;
            }
        }
    }

    /// The next channel message that is pushed.
    pub(crate) async fn next_text(&mut self) -> api::ChannelMessage {
        loop {
            if let (0, Message::ChannelMessage(message)) = self.next_message().await {
                return message;
            }
        }
    }
}

/// The code and text of an error reply.
pub(crate) fn error_of(message: &Message) -> (i32, &str) {
    match message {
        Message::Error(error) => (error.code, error.message.as_str()),
        other => panic!("no error: {other:?}"),
    }
}
