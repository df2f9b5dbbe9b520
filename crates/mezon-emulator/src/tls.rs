//! Certificates made at start: an authority and a server certificate signed by it.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rcgen::{KeyUsagePurpose, SanType};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use crate::error::{EmulatorError, EmulatorErrorKind};

/// The names the server certificate is always made for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// What a TLS listener needs, and what its clients need to trust it.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca_pem: String,
}

impl Tls {
    /// Makes an authority and a certificate for the loopback names and for `addr`.
    pub(crate) fn generate(addr: IpAddr) -> Result<Self, EmulatorError> {
        let certificates = |source: rcgen::Error| EmulatorError::with_source(EmulatorErrorKind::Certificates, source);

        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority.distinguished_name.push(DnType::CommonName, "Mezon emulator CA");
        let key = KeyPair::generate().map_err(certificates)?;
        let authority = CertifiedIssuer::self_signed(authority, key).map_err(certificates)?;

        let mut server = CertificateParams::new(NAMES.map(str::to_owned)).map_err(certificates)?;
        if !addr.is_unspecified() && !addr.is_loopback() {
            server.subject_alt_names.push(SanType::IpAddress(addr));
        }
        server.distinguished_name.push(DnType::CommonName, "Mezon emulator");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        let server_key = KeyPair::generate().map_err(certificates)?;
        let certificate = server.signed_by(&server_key, &authority).map_err(certificates)?;

        let private_key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private_key)
            })
            .map_err(|source| EmulatorError::with_source(EmulatorErrorKind::Certificates, source))?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), ca_pem: authority.pem() })
    }
}
