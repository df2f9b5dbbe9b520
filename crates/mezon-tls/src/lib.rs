//! The TLS policy that the Mezon SDK's HTTP and WebSocket layers share: TLS 1.2 and 1.3 with ring's cryptography, and
//! certificates checked against the roots one chooses.
//!
//! There is no way to switch the checks off. A server with a private certificate authority is reached by adding that
//! authority's certificate:
//!
//! ```
//! use mezon_tls::TlsConfig;
//!
//! # let pem = rcgen::generate_simple_self_signed(["chat.example.org".to_owned()]).unwrap().cert.pem();
//! let tls = TlsConfig::builder().add_root_pem(pem.as_bytes()).build()?;
//! # Ok::<(), mezon_tls::TlsError>(())
//! ```
//!
//! # Features
//!
//! - `platform-roots` (default): [`Roots::Platform`], what the operating system trusts.
//! - `webpki-roots`: [`Roots::WebPki`], Mozilla's roots, compiled in.

mod config;
mod error;

pub use config::{Roots, TlsConfig, TlsConfigBuilder};
pub use error::{TlsError, TlsErrorKind};
