//! Makes SDK clients out of flags and the session file.

mod redirect;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy;
use mezon_light::{
    ApiError, ApiErrorKind, FileStore, LightClient, LightClientBuilder, LightError, Revision, Secret, Session,
    SessionStore, TlsConfig,
};

use self::redirect::Redirect;
use crate::cli::Global;
use crate::exit::Failure;
use crate::secret_input::SecretInput;
use crate::text::bytes_without_mark;

/// Where the login lives and how the gateway is reached.
pub(crate) struct Account {
    path: PathBuf,
    file: Arc<FileStore>,
    gateway_url: Option<String>,
    server_key: Option<Secret>,
    tls: TlsConfig,
    revision: Revision,
}

impl Account {
    /// The account that the settings name. Their files are read, and the session is not yet.
    pub(crate) async fn open(global: &Global) -> Result<Self, Failure> {
        let path = global.session.clone().map_or_else(default_path, Ok)?;
        Ok(Self {
            file: Arc::new(FileStore::new(&path)),
            path,
            gateway_url: global.gateway_url.clone(),
            server_key: server_key(global).await?,
            tls: tls(global.ca.clone()).await?,
            revision: Revision::default(),
        })
    }

    /// The account on a gateway that speaks the protocol before April 2026 when `string_cid`.
    pub(crate) fn string_cid(self, string_cid: bool) -> Self {
        Self { revision: if string_cid { Revision::StringCid } else { self.revision }, ..self }
    }

    /// The session file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A client to sign in with. It saves the session and every later one.
    pub(crate) fn builder(&self) -> LightClientBuilder {
        self.builder_for(self.gateway_url.as_deref(), Arc::clone(&self.file) as Arc<dyn SessionStore>)
    }

    /// The client of the saved session.
    ///
    /// A session belongs to the gateway it came from, and its calls go there, unless another gateway is named.
    pub(crate) fn resume(&self) -> Result<LightClient, Failure> {
        let session = self.session()?;
        let Some(gateway) = &self.gateway_url else {
            let file = Arc::clone(&self.file) as Arc<dyn SessionStore>;
            return Ok(self.builder_for(session.api_url(), file).resume(session.clone())?);
        };
        if !redirect::is_other_port(&session, gateway) {
            match self.builder().resume(session.clone()) {
                Err(LightError::Api(error)) if matches!(error.kind(), ApiErrorKind::UntrustedEndpoint { .. }) => {}
                resumed => return Ok(resumed?),
            }
        }
        let redirect = Redirect::new(Arc::clone(&self.file), gateway);
        let session = redirect.there(&session);
        Ok(self.builder_for(Some(gateway), Arc::new(redirect)).resume(session)?)
    }

    /// The saved session.
    pub(crate) fn session(&self) -> Result<Session, Failure> {
        let loaded = self.file.load().map_err(|error| {
            // The same error that a call gives when it cannot load the session.
            let (kind, source) = error.into_parts();
            let kind = ApiErrorKind::Store(kind);
            LightError::Api(match source {
                Some(source) => ApiError::with_source(kind, source),
                None => ApiError::new(kind),
            })
        });
        loaded?.ok_or_else(|| {
            Failure::signed_out(format!("there is no session in {}", self.path.display()))
                .hint("sign in with `mez login`, or name another file with --session")
        })
    }

    fn builder_for(&self, gateway: Option<&str>, store: Arc<dyn SessionStore>) -> LightClientBuilder {
        let mut builder = LightClient::builder().store(store).tls(self.tls.clone()).revision(self.revision);
        if let Some(url) = gateway {
            builder = builder.gateway_url(url);
        }
        if let Some(key) = &self.server_key {
            builder = builder.server_key(key.clone());
        }
        builder
    }
}

/// The server key, when it is not the public one.
pub(crate) async fn server_key(global: &Global) -> Result<Option<Secret>, Failure> {
    let file = global.server_key_file.clone();
    SecretInput { name: "server key", file, file_flag: "--server-key-file", variable: "MEZON_SERVER_KEY" }
        .optional()
        .await
}

async fn tls(ca: Option<PathBuf>) -> Result<TlsConfig, Failure> {
    let Some(path) = ca else { return Ok(TlsConfig::default()) };
    let unusable = |error: &(dyn std::error::Error + 'static)| {
        Failure::input("ca_file", format!("cannot use the CA certificates in {}", path.display()))
            .because(error)
            .hint("--ca takes a PEM file with one or more certificates")
    };
    let file = path.clone();
    // To open a pipe waits for its other end.
    let read = tokio::task::spawn_blocking(move || std::fs::read(file));
    let pem = read.await.map_err(|error| unusable(&error))?.map_err(|error| unusable(&error))?;
    TlsConfig::builder().add_root_pem(bytes_without_mark(&pem)).build().map_err(|error| unusable(&error))
}

/// `mezon/session.json` in the user's configuration folder.
fn default_path() -> Result<PathBuf, Failure> {
    let folders = etcetera::choose_base_strategy().map_err(|error| {
        Failure::usage("there is no configuration folder to keep the session in")
            .because(&error)
            .hint("name a file with --session")
    })?;
    Ok(folders.config_dir().join("mezon").join("session.json"))
}
