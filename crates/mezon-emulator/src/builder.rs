//! Settings of an emulator.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use mezon_proto::wire::Revision;

use crate::emulator::Emulator;
use crate::error::EmulatorError;
use crate::faults::Fault;
use crate::gateway::{App, Gateway, Settings};
use crate::tls::Tls;
use crate::token::TokenSettings;

/// The server key of an emulator that was given none: the one that clients use when they are given none.
pub const DEFAULT_SERVER_KEY: &str = "DefaultServerKey";

/// How a session names the address of the socket (`ws_url`): gateways have written all of these, and no client reads
/// them all.
///
/// Reads from text: `full`, `host-port` and `host`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WsUrlForm {
    /// With its scheme, such as `ws://127.0.0.1:7350`: what the Python SDK needs without TLS.
    Full,
    /// Host and port, such as `127.0.0.1:7350`: what the JavaScript bot SDK needs.
    #[default]
    HostAndPort,
    /// The host alone, as the real gateway names it, which listens on port 443.
    Host,
}

/// A text that names no [`WsUrlForm`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseWsUrlFormError(String);

impl fmt::Display for ParseWsUrlFormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no form of an address, use full, host-port or host", self.0)
    }
}

impl std::error::Error for ParseWsUrlFormError {}

impl FromStr for WsUrlForm {
    type Err = ParseWsUrlFormError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "full" => Ok(Self::Full),
            "host-port" => Ok(Self::HostAndPort),
            "host" => Ok(Self::Host),
            _ => Err(ParseWsUrlFormError(text.to_owned())),
        }
    }
}

impl fmt::Display for WsUrlForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::HostAndPort => "host-port",
            Self::Host => "host",
        })
    }
}

/// Builds an [`Emulator`].
#[derive(Debug, Clone)]
#[must_use = "nothing listens until `start` is called"]
pub struct EmulatorBuilder {
    listen: SocketAddr,
    tls: bool,
    settings: Settings,
    faults: Vec<Fault>,
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: false,
            settings: Settings {
                database: None,
                server_key: DEFAULT_SERVER_KEY.to_owned(),
                tokens: TokenSettings {
                    lifetime: Duration::from_secs(60 * 60),
                    refresh_lifetime: Duration::from_secs(7 * 24 * 60 * 60),
                    rotate: true,
                    grace: Duration::ZERO,
                    numeric_uid: false,
                },
                revision: Revision::default(),
                apps: Vec::new(),
                json_lists: false,
                ws_url: WsUrlForm::default(),
                upload_lifetime: Duration::from_secs(60),
                socket_queue: 1024,
            },
            faults: Vec::new(),
        }
    }
}

impl EmulatorBuilder {
    /// The address to listen on. Default: `127.0.0.1`, any free port.
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = addr;
        self
    }

    /// Speak TLS, with certificates made at start for `localhost`, `127.0.0.1`, `::1` and the address to listen on.
    ///
    /// Clients have to trust [`Emulator::ca_pem`]. Default: off.
    pub fn tls(mut self, on: bool) -> Self {
        self.tls = on;
        self
    }

    /// Keep users, channels, messages, uploads and refresh tokens in this SQLite file. Default: in memory.
    pub fn database(mut self, file: impl Into<PathBuf>) -> Self {
        self.settings.database = Some(file.into());
        self
    }

    /// The key that sign-ins and refreshes must carry. Default: [`DEFAULT_SERVER_KEY`].
    pub fn server_key(mut self, key: &str) -> Self {
        key.clone_into(&mut self.settings.server_key);
        self
    }

    /// How long access tokens live; they count whole seconds. Default: one hour.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.tokens.lifetime = lifetime;
        self
    }

    /// How long refresh tokens live; they count whole seconds. Default: seven days.
    pub fn refresh_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.tokens.refresh_lifetime = lifetime;
        self
    }

    /// A refresh gives a new refresh token, and the one before is refused. Default: on.
    pub fn rotate_refresh_tokens(mut self, on: bool) -> Self {
        self.settings.tokens.rotate = on;
        self
    }

    /// How long a refresh token is still taken after it was exchanged, when refresh tokens rotate. Servers grant such a time
    /// for clients that did not get the answer. Default: none.
    pub fn refresh_token_grace(mut self, grace: Duration) -> Self {
        self.settings.tokens.grace = grace;
        self
    }

    /// Write the claim `uid` of tokens as a number. Default: as text.
    pub fn numeric_uid(mut self, on: bool) -> Self {
        self.settings.tokens.numeric_uid = on;
        self
    }

    /// The protocol revision for clients that have not shown yet which one they speak.
    ///
    /// From its first request on, a socket is answered in the revision of that request.
    pub fn revision(mut self, revision: Revision) -> Self {
        self.settings.revision = revision;
        self
    }

    /// A bot that can sign in with its id and key. Can be called more than once.
    pub fn app(mut self, app_id: i64, api_key: &str, name: &str) -> Self {
        self.settings.apps.push(App { id: app_id, key: api_key.to_owned(), name: name.to_owned() });
        self
    }

    /// Write mentions, attachments, references and reactions of messages as JSON. Default: as protobuf.
    pub fn json_lists(mut self, on: bool) -> Self {
        self.settings.json_lists = on;
        self
    }

    /// How sessions name the address of the socket. Default: [`WsUrlForm::HostAndPort`].
    pub fn ws_url(mut self, form: WsUrlForm) -> Self {
        self.settings.ws_url = form;
        self
    }

    /// How long a presigned upload URL can be used. Default: one minute.
    pub fn upload_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.upload_lifetime = lifetime;
        self
    }

    /// How many frames may wait for a socket whose client does not read; one more, and it is closed. Default: 1024.
    pub fn socket_queue(mut self, frames: usize) -> Self {
        self.settings.socket_queue = frames;
        self
    }

    /// A fault that is in force from the start. Can be called more than once.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Starts the emulator. It accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// [`EmulatorError`] when the address is taken, or the database cannot be used.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, nothing stays behind but a database file that may have been made.
    pub async fn start(self) -> Result<Emulator, EmulatorError> {
        let tls = if self.tls { Some(Tls::generate(self.listen.ip())?) } else { None };
        let gateway = Gateway::new(self.settings, tls).await?;
        for fault in &self.faults {
            gateway.faults.apply(fault);
        }
        Emulator::listen(gateway, self.listen)
    }
}
