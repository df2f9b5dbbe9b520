//! What is trusted, and the configuration made of it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::{TlsError, TlsErrorKind};

/// Whom to trust besides the roots that were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// What the operating system trusts, private authorities of a company included. Feature `platform-roots`; not on
    /// Android.
    Platform,
    /// Mozilla's root certificates as of this build, compiled in. Feature `webpki-roots`.
    WebPki,
    /// Nobody: the added roots alone.
    None,
}

/// How TLS connections check their server. Clones share the loaded roots and the sessions to resume.
///
/// The default trusts the platform's roots if they are compiled in, else the webpki roots, else added ones alone.
#[derive(Clone)]
pub struct TlsConfig(Arc<Trust>);

struct Trust {
    roots: Roots,
    added: Vec<CertificateDer<'static>>,
    built: OnceLock<Arc<ClientConfig>>,
}

/// Makes a [`TlsConfig`].
#[derive(Debug)]
#[must_use]
pub struct TlsConfigBuilder {
    roots: Roots,
    added: Result<Vec<CertificateDer<'static>>, TlsError>,
}

/// Whether [`Roots::Platform`] works in this build.
const HAS_PLATFORM: bool = cfg!(all(feature = "platform-roots", not(target_os = "android")));

impl TlsConfig {
    /// Starts with the default roots and none added.
    pub fn builder() -> TlsConfigBuilder {
        let roots = match (HAS_PLATFORM, cfg!(feature = "webpki-roots")) {
            (true, _) => Roots::Platform,
            (false, true) => Roots::WebPki,
            (false, false) => Roots::None,
        };
        TlsConfigBuilder { roots, added: Ok(Vec::new()) }
    }

    /// The configuration in the form of the TLS library: plumbing between the SDK's own crates, and bound to the
    /// version of rustls they use. Built at the first call, because reading the platform's roots takes milliseconds;
    /// shared by all clones from then on. Application protocols (ALPN) are left empty.
    ///
    /// # Errors
    /// [`TlsErrorKind::NoPlatformRoots`] and [`TlsErrorKind::NoRoots`] when nobody would be trusted, and
    /// [`TlsErrorKind::Refused`]. The next call tries again.
    pub fn client_config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        if let Some(built) = self.0.built.get() {
            return Ok(Arc::clone(built));
        }
        let built = self.0.build()?;
        // Of two first calls at once, the first to get here wins, and both share its result.
        Ok(Arc::clone(self.0.built.get_or_init(|| Arc::new(built))))
    }
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self(Arc::new(Trust { roots: Self::builder().roots, added: Vec::new(), built: OnceLock::new() }))
    }
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trust { roots, added, .. } = &*self.0;
        f.debug_struct("TlsConfig").field("roots", roots).field("added_roots", &added.len()).finish_non_exhaustive()
    }
}

impl TlsConfigBuilder {
    /// Whom to trust besides the added roots.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }

    /// Also trusts all certificates of a PEM text, as a certificate authority hands them out. What else is in the text
    /// is skipped.
    pub fn add_root_pem(self, pem: &[u8]) -> Self {
        self.add(|added| {
            let before = added.len();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                added.push(certificate.map_err(|error| TlsError::with_source(TlsErrorKind::MalformedPem, error))?);
            }
            let found = added.len() > before;
            found.then_some(()).ok_or_else(|| TlsError::new(TlsErrorKind::NoCertificateInPem))
        })
    }

    /// Also trusts a certificate in DER form.
    pub fn add_root_der(self, der: Vec<u8>) -> Self {
        self.add(|added| {
            added.push(der.into());
            Ok(())
        })
    }

    /// Checks what was added. Roots of the platform are read later, at [`TlsConfig::client_config`].
    ///
    /// # Errors
    /// [`TlsErrorKind::MalformedPem`], [`TlsErrorKind::NoCertificateInPem`] and [`TlsErrorKind::MalformedCertificate`]
    /// for the first bad root added, [`TlsErrorKind::RootsNotCompiledIn`], and [`TlsErrorKind::NoRoots`] when nobody
    /// would be trusted.
    pub fn build(self) -> Result<TlsConfig, TlsError> {
        let added = self.added?;
        store_of(&added)?;
        match self.roots {
            Roots::Platform if !HAS_PLATFORM => Err(not_compiled_in("platform-roots")),
            Roots::WebPki if !cfg!(feature = "webpki-roots") => Err(not_compiled_in("webpki-roots")),
            Roots::None if added.is_empty() => Err(TlsError::new(TlsErrorKind::NoRoots)),
            roots => Ok(TlsConfig(Arc::new(Trust { roots, added, built: OnceLock::new() }))),
        }
    }

    fn add(mut self, add: impl FnOnce(&mut Vec<CertificateDer<'static>>) -> Result<(), TlsError>) -> Self {
        self.added = self.added.and_then(|mut added| add(&mut added).map(|()| added));
        self
    }
}

impl Trust {
    fn build(&self) -> Result<ClientConfig, TlsError> {
        // Always explicit: without it rustls panics as soon as a program compiles in none or two providers, and a
        // library must not choose one for the whole process.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::with_source(TlsErrorKind::Refused, error))?;
        if self.roots == Roots::Platform {
            let verifier = platform_verifier(&self.added, provider)?;
            // The name of this method is rustls's own: the verifier checks chain, name and dates as the platform does.
            return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
        }
        #[cfg_attr(not(feature = "webpki-roots"), expect(unused_mut, reason = "extended below when they are there"))]
        let mut store = store_of(&self.added)?;
        #[cfg(feature = "webpki-roots")]
        if self.roots == Roots::WebPki {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        if store.is_empty() {
            return Err(TlsError::new(TlsErrorKind::NoRoots));
        }
        Ok(builder.with_root_certificates(store).with_no_client_auth())
    }
}

/// A verifier that trusts what the platform trusts, and `added`.
#[cfg(all(feature = "platform-roots", not(target_os = "android")))]
fn platform_verifier(
    added: &[CertificateDer<'static>],
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    // What was added was found to be certificates already, so an error is about the platform's own. That it has none is
    // no error as long as one was added.
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(added.iter().cloned(), provider);
    Ok(Arc::new(verifier.map_err(|error| TlsError::with_source(TlsErrorKind::NoPlatformRoots, error))?))
}

#[cfg(not(all(feature = "platform-roots", not(target_os = "android"))))]
fn platform_verifier(
    _added: &[CertificateDer<'static>],
    _provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    Err(not_compiled_in("platform-roots"))
}

fn store_of(certificates: &[CertificateDer<'static>]) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates {
        let added = store.add(certificate.clone());
        added.map_err(|error| TlsError::with_source(TlsErrorKind::MalformedCertificate, error))?;
    }
    Ok(store)
}

fn not_compiled_in(feature: &'static str) -> TlsError {
    TlsError::new(TlsErrorKind::RootsNotCompiledIn { feature })
}

#[cfg(test)]
mod tests;
