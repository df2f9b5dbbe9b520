//! A peer that answers as it is told, and sessions that were never issued.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::BASE64URL_NOPAD;
use mezon_api::{ApiClient, ApiError, Gateway, GatewayBuilder, RetryPolicy, Timeouts};
use mezon_model::UserId;
use mezon_proto::api;
use mezon_session::{Session, SessionUpdate};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

pub(crate) const USER: i64 = 1_840_651_202_342_719_488;

/// How to answer one request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// These bytes.
    Bytes(Vec<u8>),
    /// These bytes, and then the end of the connection.
    Last(Vec<u8>),
    /// These bytes once told to.
    Held(Arc<Notify>, Vec<u8>),
    /// These bytes, and then nothing more on an open connection.
    Stall(Vec<u8>),
    /// These bytes, and then a chunked body without end.
    Endless,
    /// The first to a request of this method, the second to any other.
    To(&'static str, Box<Reply>, Box<Reply>),
    /// The end of the connection.
    Close,
}

/// A listener that answers the requests of all its connections in turn; the last reply is given again and again.
pub(crate) struct Peer {
    pub(crate) addr: SocketAddr,
    seen: watch::Sender<Vec<String>>,
    connections: Arc<Mutex<usize>>,
    _tasks: JoinSet<()>,
}

impl Peer {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let replies = Arc::new(Mutex::new(replies.into_iter().collect::<VecDeque<_>>()));
        let seen = watch::Sender::new(Vec::new());
        let connections = Arc::new(Mutex::new(0));
        let mut tasks = JoinSet::new();
        let (told, counted) = (seen.clone(), Arc::clone(&connections));
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                *counted.lock().unwrap() += 1;
                open.spawn(serve(stream, Arc::clone(&replies), told.clone()));
            }
        });
        Self { addr, seen, connections, _tasks: tasks }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// All requests so far, head and body as text.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.borrow().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    /// Waits until there have been `count` requests.
    pub(crate) async fn requested(&self, count: usize) {
        self.seen.subscribe().wait_for(|seen| seen.len() >= count).await.unwrap();
    }

    /// Settings for this peer that do not wait.
    pub(crate) fn gateway(&self) -> GatewayBuilder {
        let timeouts = Timeouts::default().attempt(Duration::from_secs(5)).total(Duration::from_secs(8));
        Gateway::builder()
            .gateway_url(self.url())
            .timeouts(timeouts)
            .retry(RetryPolicy::default().delays(Duration::ZERO, Duration::ZERO))
    }

    /// A client with a good session.
    pub(crate) fn client(&self) -> ApiClient {
        self.gateway().build().unwrap().resume(session("1", 3_600)).unwrap()
    }
}

async fn serve(mut stream: TcpStream, replies: Arc<Mutex<VecDeque<Reply>>>, seen: watch::Sender<Vec<String>>) {
    while let Some(request) = read_request(&mut stream).await {
        let mut reply = {
            let mut replies = replies.lock().unwrap();
            if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() }
        };
        if let Some(Reply::To(method, matching, other)) = reply {
            reply = Some(if request.contains(&format!("/{method} ")) { *matching } else { *other });
        }
        seen.send_modify(|seen| seen.push(request));
        match reply {
            None | Some(Reply::Close | Reply::To(..)) => return,
            Some(Reply::Bytes(bytes)) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Some(Reply::Last(bytes)) => {
                stream.write_all(&bytes).await.ok();
                return;
            }
            Some(Reply::Held(told, bytes)) => {
                told.notified().await;
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Some(Reply::Stall(bytes)) => {
                stream.write_all(&bytes).await.ok();
                // Until the other side gives up.
                stream.read_u8().await.ok();
                return;
            }
            Some(Reply::Endless) => {
                let chunk = [b"8000\r\n".as_slice(), &vec![b'x'; 0x8000], b"\r\n"].concat();
                let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
                let mut sent = stream.write_all(head).await;
                while sent.is_ok() {
                    sent = stream.write_all(&chunk).await;
                }
                return;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await.ok().filter(|&count| count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let whole = head.len() + 4 + length.unwrap_or(0_usize);
        if bytes.len() >= whole {
            return Some(text);
        }
    }
}

/// A whole answer.
pub(crate) fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Reply {
    Reply::Bytes(answer_bytes(status, headers, body))
}

pub(crate) fn answer_bytes(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// 200 with a protobuf message.
pub(crate) fn message(message: &impl prost::Message) -> Reply {
    answer(200, "Content-Type: application/proto\r\n", message.encode_to_vec())
}

/// 200 with the account of [`USER`].
pub(crate) fn account() -> Reply {
    answer(200, "Content-Type: application/proto\r\n", account_bytes())
}

pub(crate) fn account_bytes() -> Vec<u8> {
    let user = api::User { id: USER, ..Default::default() };
    api::Account { user: Some(user), ..Default::default() }.encode_to_vec()
}

/// What a refresh brings: the tokens called `name`.
pub(crate) fn refreshed(name: &str, life: i64) -> Vec<u8> {
    let session =
        api::Session { token: token(name, life), refresh_token: format!("refresh-{name}"), ..api::Session::default() };
    session.encode_to_vec()
}

/// A session with the tokens called `name`, whose access token lives an hour and has `left` seconds to go.
pub(crate) fn session(name: &str, left: i64) -> Session {
    Session::new(SessionUpdate {
        token: Some(token(name, left).into()),
        refresh_token: Some(format!("refresh-{name}").into()),
        ..SessionUpdate::default()
    })
    .unwrap()
}

/// As [`session`], without a refresh token.
pub(crate) fn bare_session(name: &str, left: i64) -> Session {
    Session::new(SessionUpdate { token: Some(token(name, left).into()), ..SessionUpdate::default() }).unwrap()
}

/// An unsigned token called `name` that ends in `left` seconds.
pub(crate) fn token(name: &str, left: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let end = i64::try_from(now).unwrap() + left;
    let part = |text: String| BASE64URL_NOPAD.encode(text.as_bytes());
    let claims = format!(r#"{{"uid":"{USER}","usn":"linh","exp":{end},"iat":{},"jti":"{name}"}}"#, end - 3_600);
    format!("{}.{}.c2ln", part(r#"{"alg":"HS256","typ":"JWT"}"#.into()), part(claims))
}

pub(crate) fn user() -> UserId {
    UserId::new(USER)
}

pub(crate) async fn get_account(client: &ApiClient) -> Result<api::Account, ApiError> {
    client.call(mezon_api::methods::GET_ACCOUNT, &()).await
}

/// The methods called, in order.
pub(crate) fn methods(peer: &Peer) -> Vec<String> {
    let name = |request: &String| request.split([' ', '/']).nth(3).map(str::to_owned);
    peer.requests().iter().filter_map(name).collect()
}

pub(crate) fn new_tokens(name: &str) -> Reply {
    answer(200, "", refreshed(name, 3_600))
}

pub(crate) fn expired(peer: &Peer) -> ApiClient {
    peer.gateway().build().unwrap().resume(session("1", -10)).unwrap()
}

/// The answer to a refresh, with an access token that is no JWT.
pub(crate) fn opaque_tokens(name: &str) -> Reply {
    let tokens = api::Session {
        token: format!("opaque-{name}"),
        refresh_token: format!("refresh-{name}"),
        ..Default::default()
    };
    answer(200, "", tokens.encode_to_vec())
}

pub(crate) fn opaque_session(name: &str) -> Session {
    let update = SessionUpdate {
        token: Some(format!("opaque-{name}").into()),
        refresh_token: Some(format!("refresh-{name}").into()),
        user_id: Some(user()),
        ..Default::default()
    };
    Session::new(update).unwrap()
}
