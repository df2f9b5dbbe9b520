//! Why there is no TLS configuration.

use std::fmt;

use mezon_error::{Error, ErrorClass, ErrorKind};

/// Why there is no TLS configuration.
pub type TlsError = Error<TlsErrorKind>;

/// Why there is no TLS configuration, to match on. Each is a matter of settings: the same attempt fails again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// The PEM text is broken.
    MalformedPem,
    /// There is no certificate in the PEM text.
    NoCertificateInPem,
    /// An added root is no X.509 certificate.
    MalformedCertificate,
    /// The roots are not compiled in.
    RootsNotCompiledIn {
        /// The feature that brings them.
        feature: &'static str,
    },
    /// No root was chosen or added: no server could be trusted.
    NoRoots,
    /// The operating system has no root certificates, and none were added.
    NoPlatformRoots,
    /// The configuration was refused by the TLS library.
    Refused,
}

impl ErrorKind for TlsErrorKind {
    fn class(&self) -> ErrorClass {
        ErrorClass::Permanent
    }
}

impl fmt::Display for TlsErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MalformedPem => f.write_str("the PEM text of the root certificate is broken"),
            Self::NoCertificateInPem => f.write_str("no certificate found in the PEM text"),
            Self::MalformedCertificate => f.write_str("an added root is no X.509 certificate"),
            Self::RootsNotCompiledIn { feature } => {
                write!(
                    f,
                    "these roots are not compiled in: turn the feature {feature} of mezon-tls on, or choose others"
                )
            }
            Self::NoRoots => f.write_str("no root certificate is trusted: choose platform or webpki roots, or add one"),
            Self::NoPlatformRoots => f.write_str(
                "the operating system has no root certificates: install its ca-certificates package, \
                 choose the webpki roots (feature webpki-roots), or add a root",
            ),
            Self::Refused => f.write_str("the TLS library refuses this configuration"),
        }
    }
}
