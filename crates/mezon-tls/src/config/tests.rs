use std::io::{Read, Write};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{CertificateError, ClientConnection, ProtocolVersion, ServerConfig, ServerConnection};

use super::*;

type Authority = CertifiedIssuer<'static, KeyPair>;

const HOST: &str = "chat.example.org";

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "authority");
    Authority::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn server(
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ServerConnection {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    ServerConnection::new(Arc::new(config)).unwrap()
}

/// A server for [`HOST`] with a certificate by `issuer`, changed by `edit`.
fn server_by(issuer: &Authority, edit: impl FnOnce(&mut CertificateParams)) -> ServerConnection {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([HOST.to_owned()]).unwrap();
    edit(&mut params);
    let certificate = params.signed_by(&key, issuer).unwrap();
    server(vec![certificate.der().clone()], &key, rustls::ALL_VERSIONS)
}

/// Shakes hands over buffers.
fn connect(
    tls: &TlsConfig,
    mut server: ServerConnection,
    host: &'static str,
) -> Result<ClientConnection, rustls::Error> {
    let mut client = ClientConnection::new(tls.client_config().unwrap(), ServerName::try_from(host).unwrap())?;
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut bytes = Vec::new();
        server.write_tls(&mut bytes).unwrap();
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    server.writer().write_all(b"hello").unwrap();
    let mut bytes = Vec::new();
    server.write_tls(&mut bytes).unwrap();
    client.read_tls(&mut bytes.as_slice()).unwrap();
    client.process_new_packets()?;
    let mut text = [0; 5];
    client.reader().read_exact(&mut text).unwrap();
    assert_eq!(&text, b"hello");
    Ok(client)
}

fn refusal(tls: &TlsConfig, server: ServerConnection, host: &'static str) -> CertificateError {
    match connect(tls, server, host) {
        Err(rustls::Error::InvalidCertificate(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// The configurations that trust `authority`: by itself, beside the platform's roots, beside the compiled-in ones.
fn trusting(authority: &Authority) -> Vec<TlsConfig> {
    let platform = cfg!(feature = "platform-roots").then_some(Roots::Platform);
    let webpki = cfg!(feature = "webpki-roots").then_some(Roots::WebPki);
    let all = [Some(Roots::None), platform, webpki].into_iter().flatten();
    let config = |roots| TlsConfig::builder().roots(roots).add_root_der(authority.der().to_vec()).build().unwrap();
    all.map(config).collect()
}

fn kind(result: Result<TlsConfig, TlsError>) -> TlsErrorKind {
    result.unwrap_err().kind().clone()
}

#[test]
fn a_server_with_a_certificate_by_an_added_authority_is_accepted() {
    let authority = authority();
    for tls in trusting(&authority) {
        let client = connect(&tls, server_by(&authority, |_| {}), HOST).unwrap();
        assert_eq!(client.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        assert_eq!(client.alpn_protocol(), None);
    }
}

#[test]
fn both_versions_of_tls_are_spoken() {
    let authority = authority();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([HOST.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    for tls in trusting(&authority) {
        for version in rustls::ALL_VERSIONS {
            let server = server(vec![certificate.der().clone()], &key, &[version]);
            assert_eq!(connect(&tls, server, HOST).unwrap().protocol_version(), Some(version.version));
        }
    }
}

#[test]
fn a_certificate_by_an_intermediate_is_accepted() {
    let root = authority();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.distinguished_name.push(rcgen::DnType::CommonName, "intermediate");
    let intermediate = Authority::signed_by(params, KeyPair::generate().unwrap(), &root).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new([HOST.to_owned()]).unwrap().signed_by(&key, &intermediate).unwrap();
    for tls in trusting(&root) {
        let chain = vec![leaf.der().clone(), intermediate.der().clone()];
        assert!(connect(&tls, server(chain, &key, rustls::ALL_VERSIONS), HOST).is_ok());
    }
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let authority = authority();
    for tls in trusting(&authority) {
        for host in ["evil.example.org", "chat.example.org.evil.com", "127.0.0.1"] {
            let error = refusal(&tls, server_by(&authority, |_| {}), host);
            let wrong =
                matches!(error, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. });
            assert!(wrong, "{host}: {error:?}");
        }
    }
}

#[test]
fn a_certificate_that_has_ended_or_not_begun_is_refused() {
    let authority = authority();
    for tls in trusting(&authority) {
        let error = refusal(&tls, server_by(&authority, |leaf| leaf.not_after = date_time_ymd(2020, 1, 1)), HOST);
        assert!(matches!(error, CertificateError::Expired | CertificateError::ExpiredContext { .. }), "{error:?}");
        let error = refusal(&tls, server_by(&authority, |leaf| leaf.not_before = date_time_ymd(4000, 1, 1)), HOST);
        let early = matches!(error, CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. });
        assert!(early, "{error:?}");
    }
}

#[test]
fn a_self_signed_certificate_and_one_by_another_authority_are_refused() {
    let trusted = authority();
    let key = KeyPair::generate().unwrap();
    let alone = CertificateParams::new([HOST.to_owned()]).unwrap().self_signed(&key).unwrap();
    for tls in trusting(&trusted) {
        let error = refusal(&tls, server(vec![alone.der().clone()], &key, rustls::ALL_VERSIONS), HOST);
        assert_eq!(error, CertificateError::UnknownIssuer);
        // Of the same name as the trusted one, with another key.
        let error = refusal(&tls, server_by(&authority(), |_| {}), HOST);
        assert_eq!(error, CertificateError::BadSignature);
    }
    // Without the added root nobody vouches for the server.
    if cfg!(feature = "webpki-roots") {
        let tls = TlsConfig::builder().roots(Roots::WebPki).build().unwrap();
        assert_eq!(refusal(&tls, server_by(&trusted, |_| {}), HOST), CertificateError::UnknownIssuer);
    }
}

#[test]
fn a_self_signed_certificate_can_itself_be_trusted() {
    let key = KeyPair::generate().unwrap();
    let alone = CertificateParams::new([HOST.to_owned()]).unwrap().self_signed(&key).unwrap();
    let tls = TlsConfig::builder().roots(Roots::None).add_root_pem(alone.pem().as_bytes()).build().unwrap();
    assert!(connect(&tls, server(vec![alone.der().clone()], &key, rustls::ALL_VERSIONS), HOST).is_ok());
}

#[test]
fn every_certificate_of_a_pem_text_is_trusted_and_the_rest_skipped() {
    let (one, two) = (authority(), authority());
    let text = format!("# ours\n{}\r\n{}\n{}", one.pem(), KeyPair::generate().unwrap().serialize_pem(), two.pem());
    let tls = TlsConfig::builder().roots(Roots::None).add_root_pem(text.as_bytes()).build().unwrap();
    assert!(connect(&tls, server_by(&one, |_| {}), HOST).is_ok());
    assert!(connect(&tls, server_by(&two, |_| {}), HOST).is_ok());
    assert!(format!("{tls:?}").contains("added_roots: 2"), "{tls:?}");
}

#[test]
fn bad_roots_are_refused_by_kind_when_the_configuration_is_built() {
    let pem = |text: &str| kind(TlsConfig::builder().add_root_pem(text.as_bytes()).build());
    assert_eq!(pem(""), TlsErrorKind::NoCertificateInPem);
    assert_eq!(pem("not PEM at all"), TlsErrorKind::NoCertificateInPem);
    assert_eq!(pem(&KeyPair::generate().unwrap().serialize_pem()), TlsErrorKind::NoCertificateInPem);
    let whole = authority().pem();
    assert_eq!(pem(&whole[..whole.len() / 2]), TlsErrorKind::MalformedPem);
    let empty = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    assert_eq!(pem(empty), TlsErrorKind::MalformedCertificate);
    assert_eq!(kind(TlsConfig::builder().add_root_der(b"hello".to_vec()).build()), TlsErrorKind::MalformedCertificate);
    // A good one does not make up for a bad one, and the first is reported.
    let mixed = TlsConfig::builder().add_root_pem(b"").add_root_der(b"hello".to_vec()).add_root_pem(whole.as_bytes());
    assert_eq!(kind(mixed.build()), TlsErrorKind::NoCertificateInPem);
}

#[test]
fn nobody_to_trust_is_an_error_that_says_what_to_do() {
    let error = TlsConfig::builder().roots(Roots::None).build().unwrap_err();
    assert_eq!(error.kind(), &TlsErrorKind::NoRoots);
    assert!(error.to_string().contains("choose platform or webpki roots, or add one"), "{error}");
}

#[cfg(not(feature = "webpki-roots"))]
#[test]
fn roots_that_are_not_compiled_in_are_named() {
    let error = TlsConfig::builder().roots(Roots::WebPki).build().unwrap_err();
    assert_eq!(error.kind(), &TlsErrorKind::RootsNotCompiledIn { feature: "webpki-roots" });
    assert!(error.to_string().contains("feature webpki-roots"), "{error}");
}

#[cfg(not(feature = "platform-roots"))]
#[test]
fn platform_roots_that_are_not_compiled_in_are_named() {
    let built = TlsConfig::builder().roots(Roots::Platform).build();
    assert_eq!(kind(built), TlsErrorKind::RootsNotCompiledIn { feature: "platform-roots" });
}

#[test]
fn the_configuration_is_built_once_and_shared_by_clones() {
    let authority = authority();
    for tls in trusting(&authority) {
        let first = tls.clone().client_config().unwrap();
        assert!(Arc::ptr_eq(&first, &tls.client_config().unwrap()));
    }
}

/// A machine without a certificate store, as in a bare container: this test runs itself again with the store's
/// location pointed at nothing, because a process cannot safely change its own environment.
#[cfg(all(feature = "platform-roots", target_os = "linux"))]
#[test]
fn an_empty_platform_store_is_an_error_unless_a_root_is_added() {
    const INNER: &str = "MEZON_TLS_TEST_WITHOUT_STORE";
    if std::env::var_os(INNER).is_none() {
        let name = "config::tests::an_empty_platform_store_is_an_error_unless_a_root_is_added";
        let again = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env(INNER, "1")
            .env("SSL_CERT_FILE", "/dev/null")
            .env("SSL_CERT_DIR", "/dev/null")
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&again.stdout);
        assert!(again.status.success() && shown.contains("1 passed"), "{shown}");
        return;
    }
    let error = TlsConfig::builder().roots(Roots::Platform).build().unwrap().client_config().unwrap_err();
    assert_eq!(error.kind(), &TlsErrorKind::NoPlatformRoots);
    assert!(error.to_string().contains("choose the webpki roots (feature webpki-roots)"), "{error}");
    assert!(std::error::Error::source(&error).is_some());

    let authority = authority();
    let tls = TlsConfig::builder().roots(Roots::Platform).add_root_pem(authority.pem().as_bytes()).build().unwrap();
    assert!(connect(&tls, server_by(&authority, |_| {}), HOST).is_ok());
}

const _: fn() = || {
    fn handle<T: Clone + Send + Sync + 'static>() {}
    fn error<T: std::error::Error + Send + Sync + 'static>() {}
    handle::<TlsConfig>();
    error::<TlsError>();
};
