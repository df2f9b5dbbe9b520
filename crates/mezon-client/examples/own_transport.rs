//! The protocol and the rules of the SDK over a transport of your own: blocking HTTP/1.1 on a standard TCP stream, without
//! hyper and without a runtime. `mezon-proto` says what is sent, `mezon-session` where credentials may go, and
//! `mezon-api`'s policy when a call is tried again.
//!
//! ```sh
//! cargo run -p mezon-client --example own_transport
//! ```

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::thread::sleep;

use mezon_client::mezon_api::{Method, RetryPolicy, methods};
use mezon_client::mezon_model::Channel;
use mezon_client::mezon_session::{Endpoint, EndpointPolicy, Session};
use mezon_emulator::Emulator;
use mezon_proto::api::{CreateChannelDescRequest, ListChannelDescsRequest};
use mezon_proto::wire::{Described, decode_within};
use prost::Message;

/// What an answer may take in memory.
const BUDGET: usize = 1 << 20;

/// `DefaultServerKey` as user name with an empty password.
const SERVER_KEY: &str = "Basic RGVmYXVsdFNlcnZlcktleTo=";

/// A signed-in user over this transport.
struct Peer {
    endpoint: Endpoint,
    session: Session,
    retry: RetryPolicy,
}

impl Peer {
    fn sign_in(gateway: &str) -> Result<Self, Box<dyn Error>> {
        let login = Endpoint::parse(gateway, true)?;
        let policy = EndpointPolicy::for_login(&login);
        policy.check_login()?;
        let body = br#"{"id_token":"an id token","user_id":"42","username":"linh"}"#;
        let path = "/v2/account/authenticate/idtoken";
        let (status, answer) = post(&login, path, SERVER_KEY, "application/json", body)?;
        if status != 200 {
            return Err(format!("the sign-in was refused with status {status}").into());
        }
        let session = Session::restore(std::str::from_utf8(&answer)?)?;
        // The server says where calls go, and it is not believed without a look.
        let endpoint = Endpoint::parse(session.api_url().unwrap_or(gateway), true)?;
        policy.check(&endpoint)?;
        Ok(Self { endpoint, session, retry: RetryPolicy::default() })
    }

    /// A call of any method. The types of request and answer come from the table.
    fn call<Req: Message, Res: Described>(
        &self,
        method: Method<Req, Res>,
        request: &Req,
    ) -> Result<Res, Box<dyn Error>> {
        let (path, token) = (format!("/mezon.api.Mezon/{}", method.name()), self.session.token());
        let (bearer, body) = (format!("Bearer {}", token.expose()), request.encode_to_vec());
        for attempt in 1.. {
            let (status, answer) = post(&self.endpoint, &path, &bearer, "application/proto", &body)?;
            if status == 200 {
                return Ok(decode_within::<Res>(&answer, BUDGET)?.message);
            }
            // Only what does no harm when it is done twice is repeated after a server that failed.
            if !(500..600).contains(&status) || !method.is_idempotent() || attempt >= self.retry.attempts {
                return Err(format!("{} was refused with status {status}", method.name()).into());
            }
            sleep(self.retry.delay(attempt, None, 0.5));
        }
        unreachable!("the attempts are counted")
    }
}

/// One request on a connection of its own.
fn post(to: &Endpoint, path: &str, authorization: &str, kind: &str, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect((to.host(), to.port()))?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {authorization}\r\nContent-Type: {kind}\r\nAccept: {kind}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        to.authority(),
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "this is no HTTP answer");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or_else(broken)?;
    let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    Ok((status.ok_or_else(broken)?, answer.split_off(end + 4)))
}

/// Opens a conversation and finds it in the list, although the server fails once in between.
fn talk(emulator: &Emulator) -> Result<Vec<Channel>, Box<dyn Error>> {
    let peer = Peer::sign_in(&emulator.url())?;
    let request = CreateChannelDescRequest { r#type: 3, channel_private: 1, user_ids: vec![43], ..Default::default() };
    let made = peer.call(methods::CREATE_CHANNEL_DESC, &request)?;
    emulator.faults().fail_next_on("ListChannelDescs", 1, 503);
    let list = ListChannelDescsRequest { limit: 10, ..Default::default() };
    let found = peer.call(methods::LIST_CHANNEL_DESCS, &list)?;
    let found: Vec<Channel> = found.channeldesc.into_iter().map(Channel::from).collect();
    if !found.iter().any(|channel| channel.id().get() == made.channel_id) {
        return Err("the new conversation is not in the list".into());
    }
    Ok(found)
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let emulator = runtime.block_on(Emulator::start())?;
    for channel in talk(&emulator)? {
        let names = channel.usernames().join(", ");
        writeln!(io::stdout(), "channel {} with {names}", channel.id())?;
    }
    Ok(())
}

#[test]
fn a_call_over_a_transport_of_ones_own_is_repeated_when_that_does_no_harm() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let emulator = runtime.block_on(Emulator::start()).unwrap();
    assert_eq!(talk(&emulator).unwrap().len(), 1);
}
