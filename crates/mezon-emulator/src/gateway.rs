//! The state that all connections of an emulator share.

use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use http::uri::Authority;
use mezon_proto::wire::Revision;

use crate::builder::WsUrlForm;
use crate::error::{EmulatorError, EmulatorErrorKind};
use crate::exchanges::Exchanges;
use crate::faults::{Faults, Plan};
use crate::hub::Hub;
use crate::multipart::Multiparts;
use crate::snowflake::Snowflakes;
use crate::stats::Counters;
use crate::store::{Storage, StoreError};
use crate::tls::Tls;
use crate::token::{TokenSettings, Tokens};
use crate::town::Town;

/// What the builder has set.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) database: Option<PathBuf>,
    pub(crate) server_key: String,
    pub(crate) tokens: TokenSettings,
    /// For clients that have not shown yet which one they speak.
    pub(crate) revision: Revision,
    pub(crate) apps: Vec<App>,
    /// Write mentions, attachments, references and reactions of messages as JSON in place of protobuf.
    pub(crate) json_lists: bool,
    pub(crate) ws_url: WsUrlForm,
    pub(crate) upload_lifetime: Duration,
    pub(crate) socket_queue: usize,
}

/// A bot that can sign in.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) name: String,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Who makes a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user: i64,
    pub(crate) username: String,
    /// The id of the access token.
    pub(crate) token: i64,
    /// The address that the client used for the emulator.
    pub(crate) host: String,
}

pub(crate) struct Gateway {
    pub(crate) settings: Settings,
    pub(crate) tls: Option<Tls>,
    pub(crate) storage: Storage,
    pub(crate) town: RwLock<Town>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) exchanges: Exchanges,
    pub(crate) multiparts: Multiparts,
    pub(crate) ids: Arc<Snowflakes>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) faults: Faults,
    pub(crate) counters: Arc<Counters>,
    /// Held from changing something to telling it, so that all sockets see messages and events in one order.
    pub(crate) posting: tokio::sync::Mutex<()>,
}

impl Gateway {
    pub(crate) async fn new(settings: Settings, tls: Option<Tls>) -> Result<Self, EmulatorError> {
        let storage = match settings.database.clone() {
            None => Storage::memory(),
            Some(path) => {
                let opened = tokio::task::spawn_blocking({
                    let path = path.clone();
                    move || Storage::sqlite(&path)
                });
                let database =
                    |source: StoreError| EmulatorError::with_source(EmulatorErrorKind::Database(path), source);
                opened
                    .await
                    .unwrap_or_else(|stopped| Err(StoreError::new("the storage task was stopped", stopped)))
                    .map_err(database)?
            }
        };
        let random = ring::rand::generate::<[u8; 32]>(&ring::rand::SystemRandom::new());
        let fresh = random.map_err(|_| EmulatorError::new(EmulatorErrorKind::Randomness))?.expose();
        let (secret, last_id, town) = storage
            .run(move |store| {
                let mut town = Town::load(store.records()?)?;
                town.newest = store.newest(&mut town.channels.iter().map(|channel| channel.id))?;
                Ok::<_, StoreError>((store.secret(fresh)?, store.last_id()?.max(town.last_id()), town))
            })
            .await
            .map_err(|source| EmulatorError::with_source(EmulatorErrorKind::Storage, source))?;

        let counters = Arc::new(Counters::new());
        let plan = Arc::new(Plan::default());
        let hub = Arc::new(Hub::new(Arc::clone(&plan), Arc::clone(&counters), settings.socket_queue));
        let tokens = Arc::new(Tokens::new(&secret, settings.tokens.clone()));
        let ids = Arc::new(Snowflakes::after(last_id));
        let faults = Faults::new(Arc::clone(&plan), Arc::clone(&hub), Arc::clone(&tokens), Arc::clone(&ids));
        let posting = tokio::sync::Mutex::new(());
        let (town, exchanges, multiparts) = (RwLock::new(town), Exchanges::default(), Multiparts::default());
        Ok(Self {
            settings,
            tls,
            storage,
            town,
            tokens,
            exchanges,
            multiparts,
            ids,
            hub,
            plan,
            faults,
            counters,
            posting,
        })
    }

    /// The base URL of the emulator at the address that a client used.
    pub(crate) fn url(&self, host: &str) -> String {
        format!("{}://{host}", if self.tls.is_some() { "https" } else { "http" })
    }

    /// The address of the socket at the address that a client used, as sessions name it.
    pub(crate) fn ws_url(&self, host: &str) -> String {
        match self.settings.ws_url {
            WsUrlForm::Full => format!("{}://{host}", if self.tls.is_some() { "wss" } else { "ws" }),
            WsUrlForm::HostAndPort => host.to_owned(),
            // The brackets of an IPv6 address stay.
            WsUrlForm::Host => host.parse::<Authority>().map_or_else(|_| host.to_owned(), |of| of.host().to_owned()),
        }
    }
}
