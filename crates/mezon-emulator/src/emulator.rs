//! A running emulator.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use mezon_proto::api::CreateChannelDescRequest;
use mezon_proto::realtime::{Envelope, envelope};
use tokio::net::TcpSocket;

use crate::builder::EmulatorBuilder;
use crate::error::{EmulatorError, EmulatorErrorKind};
use crate::faults::Faults;
use crate::gateway::Gateway;
use crate::hub::Outgoing;
use crate::residents::Person;
use crate::server::Server;
use crate::stats::Stats;
use crate::town::channels::{self, DIRECT, GROUP};
use crate::town::{Act, Done, Town};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// An emulated gateway, listening from when it is started until it is shut down or dropped.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use mezon_emulator::Emulator;
///
/// let emulator = Emulator::start().await?;
/// assert!(emulator.url().starts_with("http://127.0.0.1:"));
/// emulator.shutdown().await;
/// # Ok::<(), mezon_emulator::EmulatorError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Emulator {
    gateway: Arc<Gateway>,
    addr: SocketAddr,
    /// `None` while it is paused.
    server: Mutex<Option<Server>>,
    /// Holds the port while it is paused: nobody else may get it, and nobody can connect.
    reserved: Mutex<Option<TcpSocket>>,
}

impl Emulator {
    /// Starts with all defaults: a free loopback port, plain HTTP, in memory.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Listen`] when no port is free.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, nothing stays behind.
    pub async fn start() -> Result<Self, EmulatorError> {
        Self::builder().start().await
    }

    /// Settings for an emulator.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    pub(crate) fn listen(gateway: Gateway, addr: SocketAddr) -> Result<Self, EmulatorError> {
        let gateway = Arc::new(gateway);
        let (server, addr) = serve(&gateway, reserve(addr)?, addr)?;
        tracing::info!(%addr, tls = gateway.tls.is_some(), "emulator listens");
        Ok(Self { gateway, addr, server: Mutex::new(Some(server)), reserved: Mutex::default() })
    }

    /// The base URL, such as `http://127.0.0.1:7350`: what clients call the gateway URL.
    ///
    /// An emulator that listens on all addresses gives the loopback one.
    pub fn url(&self) -> String {
        let mut addr = self.addr;
        match addr {
            SocketAddr::V4(ref mut v4) if v4.ip().is_unspecified() => v4.set_ip(std::net::Ipv4Addr::LOCALHOST),
            SocketAddr::V6(ref mut v6) if v6.ip().is_unspecified() => v6.set_ip(std::net::Ipv6Addr::LOCALHOST),
            _ => {}
        }
        self.gateway.url(&addr.to_string())
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The key that sign-ins and refreshes must carry.
    pub fn server_key(&self) -> &str {
        &self.gateway.settings.server_key
    }

    /// The certificate of the authority that clients have to trust, as PEM; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.gateway.tls.as_ref().map(|tls| tls.ca_pem.as_str())
    }

    /// Writes the certificate of the authority to a file, for clients in other processes.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::NoTls`] without TLS, [`EmulatorErrorKind::WriteCa`] when the file cannot be written.
    pub fn write_ca(&self, file: impl AsRef<Path>) -> Result<(), EmulatorError> {
        let file = file.as_ref();
        let pem = self.ca_pem().ok_or_else(|| EmulatorError::new(EmulatorErrorKind::NoTls))?;
        std::fs::write(file, pem)
            .map_err(|source| EmulatorError::with_source(EmulatorErrorKind::WriteCa(file.to_owned()), source))
    }

    /// Faults on demand.
    pub fn faults(&self) -> &Faults {
        &self.gateway.faults
    }

    /// What has happened so far.
    pub fn stats(&self) -> Stats {
        self.gateway.counters.now()
    }

    /// Waits until the condition holds; gives the counts at that moment.
    ///
    /// Waits for ever when it never does: put a time limit around it.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped and called again.
    pub async fn wait_for(&self, condition: impl FnMut(&Stats) -> bool) -> Stats {
        self.gateway.counters.wait_for(condition).await
    }

    /// Pushes an envelope to all sockets of a user, as it is; gives the number of sockets.
    pub fn push(&self, user_id: i64, envelope: &Envelope) -> usize {
        self.gateway.hub.send_to_user(user_id, &Outgoing::Envelope(Arc::new(envelope.clone())))
    }

    /// Pushes one binary frame with these bytes to all sockets of a user, whatever they are and however many; gives the
    /// number of sockets.
    pub fn push_bytes(&self, user_id: i64, bytes: impl Into<Bytes>) -> usize {
        self.gateway.hub.send_to_user(user_id, &Outgoing::Bytes(bytes.into()))
    }

    /// Lets a user open a direct channel with one other user, or a group with several, without a client of their own;
    /// gives the id of the channel.
    ///
    /// The others hear of it as gateways tell it, with a `user_channel_added_event`. Users who are not known are made.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Refused`] when such a channel cannot be, [`EmulatorErrorKind::Storage`] when it cannot be
    /// stored.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the channel may have been made and not told.
    pub async fn open_channel(&self, user_id: i64, others: &[i64]) -> Result<i64, EmulatorError> {
        let person = self.known(user_id).await?;
        let kind = if others.len() == 1 { DIRECT } else { GROUP };
        let request = CreateChannelDescRequest { r#type: kind, user_ids: others.to_vec(), ..Default::default() };
        Ok(self.gateway.change(person.id(), channels::create, request).await?.channel_id)
    }

    /// Lets a user write a text into a channel, without a client of their own; gives the id of the message.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Refused`] when the user is not in the channel or the text is too long,
    /// [`EmulatorErrorKind::Storage`] when it cannot be stored.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the message may have been stored and not delivered.
    pub async fn say(&self, user_id: i64, channel_id: i64, text: &str) -> Result<i64, EmulatorError> {
        self.known(user_id).await?.say(channel_id, text).await
    }

    pub(crate) fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// A user who acts without a client.
    async fn known(&self, id: i64) -> Result<Person, EmulatorError> {
        let registered = |town: &mut Town, act: &Act<'_>, id| Ok(Done::new(town.registered(act, id)?.clone()));
        Ok(Person::new(&self.gateway, self.gateway.change(id, registered, id).await?))
    }

    /// Makes a new session for a user and pushes it to the user's sockets, as gateways do before a token expires.
    ///
    /// Does nothing when the user has no open socket. The session before stays valid.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Storage`] when the new refresh token cannot be stored.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the session may have been made and not pushed.
    pub async fn rotate_session(&self, user_id: i64) -> Result<(), EmulatorError> {
        let Some(host) = self.gateway.hub.host_of(user_id) else { return Ok(()) };
        let session = self.gateway.session_of(user_id, &host).await;
        let message = Some(envelope::Message::RefreshSessionEvent(session?));
        self.push(user_id, &Envelope { cid: 0, message });
        Ok(())
    }

    /// Forgets the newest refresh of a user, as a gateway does that crashed before it had written it down: it knows neither
    /// token of the new session, and takes the refresh token of before again.
    ///
    /// Does nothing when there was no refresh, or refresh tokens do not rotate.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Storage`] when that cannot be stored.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the new access token may be refused already, and the new refresh token still be taken.
    pub async fn undo_refresh(&self, user_id: i64) -> Result<(), EmulatorError> {
        let undone = self.gateway.undo_refresh(user_id).await;
        undone.map_err(|source| EmulatorError::with_source(EmulatorErrorKind::Storage, source))
    }

    /// Goes away like a gateway that crashed: cuts all connections and stops listening. What it knows stays.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, all is cut at once all the same.
    pub async fn pause_listening(&self) {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(server) = server {
            server.cut().await;
            self.gateway.town_mut().empty_rooms();
            // Without the reservation, coming back can still succeed, and says so if it does not.
            *self.reserved.lock().unwrap_or_else(PoisonError::into_inner) = reserve(self.addr).ok();
        }
    }

    /// Comes back on the same address after [`pause_listening`](Self::pause_listening).
    ///
    /// Must be called on a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Listen`] when another program has taken the port.
    pub fn resume_listening(&self) -> Result<(), EmulatorError> {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if server.is_none() {
            let reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner).take();
            let socket = reserved.map_or_else(|| reserve(self.addr), Ok)?;
            *server = Some(serve(&self.gateway, socket, self.addr)?.0);
        }
        Ok(())
    }

    /// Goes away and comes back at once on the same address, with all it knows but the joins of the sockets.
    ///
    /// # Errors
    ///
    /// [`EmulatorErrorKind::Listen`] when another program has taken the port.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, it may not listen; [`resume_listening`](Self::resume_listening) repairs that.
    pub async fn restart(&self) -> Result<(), EmulatorError> {
        self.pause_listening().await;
        self.resume_listening()
    }

    /// Ends: closes all sockets with 1001, waits up to two seconds for their clients, and stops all tasks.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, all is cut at once.
    pub async fn shutdown(self) {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(server) = server {
            server.shut_down().await;
        }
    }
}

/// Shows the address, and no keys.
impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulator").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// Takes an address without listening on it.
fn reserve(addr: SocketAddr) -> Result<TcpSocket, EmulatorError> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let bound = socket.and_then(|socket| {
        // A port can be had again at once, while connections of before are still fading away.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(addr).map(|()| socket)
    });
    bound.map_err(|source| EmulatorError::with_source(EmulatorErrorKind::Listen(addr), source))
}

fn serve(gateway: &Arc<Gateway>, socket: TcpSocket, addr: SocketAddr) -> Result<(Server, SocketAddr), EmulatorError> {
    let cannot = |source| EmulatorError::with_source(EmulatorErrorKind::Listen(addr), source);
    let listener = socket.listen(BACKLOG).map_err(cannot)?;
    let addr = listener.local_addr().map_err(cannot)?;
    Ok((Server::spawn(Arc::clone(gateway), listener, addr), addr))
}
