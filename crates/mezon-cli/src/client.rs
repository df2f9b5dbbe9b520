//! Makes SDK clients out of flags and the session file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mezon_light::{
    ApiError, ApiErrorKind, FileStore, LightClient, LightClientBuilder, LightError, Secret, Session, SessionStore,
    TlsConfig,
};

use crate::cli::Global;
use crate::exit::Failure;
use crate::secret_input::SecretInput;

/// Where the login lives and how the gateway is reached.
pub(crate) struct Account<'a> {
    global: &'a Global,
    path: PathBuf,
    store: Arc<FileStore>,
}

impl<'a> Account<'a> {
    /// The account that the flags name. Nothing is read yet.
    pub(crate) fn new(global: &'a Global) -> Result<Self, Failure> {
        let path = match &global.session {
            Some(path) => path.clone(),
            None => default_path()?,
        };
        Ok(Self { global, store: Arc::new(FileStore::new(&path)), path })
    }

    /// The session file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A client to sign in with. It saves the session and every later one.
    pub(crate) fn builder(&self) -> Result<LightClientBuilder, Failure> {
        self.builder_for(self.global.gateway_url.as_deref())
    }

    /// The client of the saved session.
    pub(crate) fn resume(&self) -> Result<LightClient, Failure> {
        let session = self.session()?;
        // A session belongs to the gateway it came from: without a flag, that is where its calls go.
        let gateway = self.global.gateway_url.as_deref().or(session.api_url());
        Ok(self.builder_for(gateway)?.resume(session.clone())?)
    }

    /// The saved session.
    pub(crate) fn session(&self) -> Result<Session, Failure> {
        let loaded = self.store.load().map_err(|error| {
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
                .hint("sign in with `mezon login`, or name another file with --session")
        })
    }

    fn builder_for(&self, gateway: Option<&str>) -> Result<LightClientBuilder, Failure> {
        let mut builder =
            LightClient::builder().store(Arc::clone(&self.store) as Arc<dyn SessionStore>).tls(self.tls()?);
        if let Some(url) = gateway {
            builder = builder.gateway_url(url);
        }
        if let Some(key) = server_key(self.global)? {
            builder = builder.server_key(key);
        }
        Ok(builder)
    }

    fn tls(&self) -> Result<TlsConfig, Failure> {
        let Some(path) = &self.global.ca else { return Ok(TlsConfig::default()) };
        let unusable = |error: &(dyn std::error::Error + 'static)| {
            Failure::input("ca_file", format!("cannot use the CA certificates in {}", path.display()))
                .because(error)
                .hint("--ca takes a PEM file with one or more certificates")
        };
        let pem = std::fs::read(path).map_err(|error| unusable(&error))?;
        TlsConfig::builder().add_root_pem(&pem).build().map_err(|error| unusable(&error))
    }
}

/// The server key, when it is not the public one.
pub(crate) fn server_key(global: &Global) -> Result<Option<Secret>, Failure> {
    SecretInput {
        name: "server key",
        file: global.server_key_file.as_deref(),
        file_flag: "--server-key-file",
        variable: "MEZON_SERVER_KEY",
    }
    .optional()
}

/// `mezon/session.json` in the user's configuration folder.
fn default_path() -> Result<PathBuf, Failure> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config =
        folder("XDG_CONFIG_HOME").or_else(|| folder("APPDATA")).or_else(|| Some(folder("HOME")?.join(".config")));
    config.map(|config| config.join("mezon").join("session.json")).ok_or_else(|| {
        Failure::usage("there is no configuration folder to keep the session in").hint("name a file with --session")
    })
}
