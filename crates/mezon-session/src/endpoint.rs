//! An address that a client connects to, and how tolerant reading makes one of what servers and people write.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{Error, ErrorClass, ErrorKind, Session};

/// A host, a port, and whether TLS is spoken there.
///
/// Made by [`Endpoint::parse`] only, so a host is always a plain lower-case name or an IP address: safe to print, to put
/// into a URL and to compare.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    secure: bool,
    host: String,
    port: u16,
}

/// Why a text is no endpoint, or why an endpoint is not trusted.
pub type EndpointError = Error<EndpointErrorKind>;

/// Why a text is no endpoint, or why an endpoint is not trusted; to match on.
///
/// Only hosts that parsed are ever named, never a path or a query, which may hold credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointErrorKind {
    /// The scheme is none of http, https, ws and wss.
    UnknownScheme,
    /// There is a user name or password before the host.
    UserInfo,
    /// The host is empty, or neither a DNS name in ASCII nor an IP address in its usual form.
    InvalidHost,
    /// The port is no number from 1 to 65535.
    InvalidPort,
    /// A plain-text address after a login over TLS, or beyond this machine without leave.
    Insecure {
        /// The host in question.
        host: String,
    },
    /// The host is not among those that credentials may be sent to.
    Untrusted {
        /// The host in question.
        host: String,
    },
}

impl ErrorKind for EndpointErrorKind {
    fn class(&self) -> ErrorClass {
        ErrorClass::Permanent
    }
}

impl fmt::Display for EndpointErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownScheme => f.write_str("the scheme of the address is none of http, https, ws and wss"),
            Self::UserInfo => f.write_str("the address has a user name or password before its host"),
            Self::InvalidHost => f.write_str("the address has no valid host name or IP address"),
            Self::InvalidPort => f.write_str("the port of the address is no number from 1 to 65535"),
            Self::Insecure { host } => {
                write!(f, "{host} is addressed without TLS, which is allowed on this machine only")
            }
            Self::Untrusted { host } => {
                write!(f, "{host} is neither the login host nor under its domain, so it gets no credentials")
            }
        }
    }
}

impl Endpoint {
    /// Reads an address: `http`, `https`, `ws`, `wss` or no scheme (then `default_secure` decides), a DNS name, an IPv4
    /// address or an IPv6 address in brackets, and a port or none (443 with TLS, 80 without). A path, query and fragment
    /// are skipped, as is one trailing dot of the name.
    ///
    /// ```
    /// use mezon_session::Endpoint;
    ///
    /// let endpoint = Endpoint::parse("chat.example.org:7350", true)?;
    /// assert_eq!(endpoint.http_origin(), "https://chat.example.org:7350");
    /// assert_eq!(Endpoint::parse("ws://[::1]:80/", true)?.ws_origin(), "ws://[::1]");
    /// # Ok::<(), mezon_session::EndpointError>(())
    /// ```
    ///
    /// # Errors
    /// [`EndpointErrorKind::UnknownScheme`], [`EndpointErrorKind::UserInfo`], [`EndpointErrorKind::InvalidHost`] (white
    /// space, other scripts than ASCII and IP addresses in short, octal, hexadecimal or decimal form included) and
    /// [`EndpointErrorKind::InvalidPort`].
    pub fn parse(text: &str, default_secure: bool) -> Result<Self, EndpointError> {
        let (secure, rest) = match text.split_once("://") {
            // A scheme has no `/`, `?` or `#`: those mean that the `://` is part of a path or query.
            Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) => (scheme_security(scheme)?, rest),
            _ => (default_secure, text),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(EndpointErrorKind::UserInfo.into());
        }
        let (host, port) = split_port(authority).ok_or(EndpointErrorKind::InvalidHost)?;
        let host = read_host(host).ok_or(EndpointErrorKind::InvalidHost)?;
        let port = match port {
            "" => default_port(secure),
            digits => read_port(digits).ok_or(EndpointErrorKind::InvalidPort)?,
        };
        Ok(Self { secure, host, port })
    }

    /// Whether TLS is spoken there.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host: a lower-case name, or an IP address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host as IP address. `None`: it is a name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether the host is this very machine: 127.0.0.0/8, `::1` or `localhost`.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.ip().is_some_and(|ip| ip.to_canonical().is_loopback())
    }

    /// `https://host` or `http://host`, with the port unless it is the scheme's own, and no trailing slash.
    pub fn http_origin(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.authority())
    }

    /// `wss://host` or `ws://host`, with the port unless it is the scheme's own, and no trailing slash.
    pub fn ws_origin(&self) -> String {
        format!("{}://{}", if self.secure { "wss" } else { "ws" }, self.authority())
    }

    /// The host, in brackets if it needs them, with the port unless it is the scheme's own: what a `Host` header says.
    pub fn authority(&self) -> String {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        if self.port == default_port(self.secure) {
            format!("{open}{}{close}", self.host)
        } else {
            format!("{open}{}{close}:{}", self.host, self.port)
        }
    }
}

/// The HTTP origin, which holds no secrets.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.http_origin())
    }
}

impl Session {
    /// Where HTTP calls go. `None`: where the sign-in went. To be checked by an [`EndpointPolicy`] before use, because
    /// the server wrote it.
    ///
    /// # Errors
    /// As [`Endpoint::parse`].
    ///
    /// [`EndpointPolicy`]: crate::EndpointPolicy
    pub fn api_endpoint(&self) -> Result<Option<Endpoint>, EndpointError> {
        self.api_url().map(|url| Endpoint::parse(url, true)).transpose()
    }

    /// Where the socket is: `ws_url`, or else the host of `api_url`, or else `gateway`, where the sign-in went. A
    /// `ws_url` without scheme speaks TLS if the one it stands in for does. To be checked by an [`EndpointPolicy`]
    /// before use, because the server wrote it.
    ///
    /// # Errors
    /// As [`Endpoint::parse`].
    ///
    /// [`EndpointPolicy`]: crate::EndpointPolicy
    pub fn ws_endpoint(&self, gateway: &Endpoint) -> Result<Endpoint, EndpointError> {
        let api = self.api_endpoint()?.unwrap_or_else(|| gateway.clone());
        self.ws_url().map_or_else(|| Ok(api.clone()), |url| Endpoint::parse(url, api.secure))
    }
}

fn scheme_security(scheme: &str) -> Result<bool, EndpointError> {
    match scheme.to_ascii_lowercase().as_str() {
        "https" | "wss" => Ok(true),
        "http" | "ws" => Ok(false),
        _ => Err(EndpointErrorKind::UnknownScheme.into()),
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// Splits `host`, `host:`, `host:port` and `[v6]:port`; an absent port is empty.
fn split_port(authority: &str) -> Option<(&str, &str)> {
    if authority.starts_with('[') {
        let (host, rest) = authority.split_at(authority.find(']')? + 1);
        return Some((host, if rest.is_empty() { rest } else { rest.strip_prefix(':')? }));
    }
    Some(authority.split_once(':').unwrap_or((authority, "")))
}

/// `str::parse` alone would also take `+80`.
fn read_port(digits: &str) -> Option<u16> {
    let port = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    (port != 0).then_some(port)
}

fn read_host(text: &str) -> Option<String> {
    if let Some(inner) = text.strip_prefix('[') {
        let ip: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(ip.to_string());
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    // Limits of RFC 1035 section 2.3.4.
    let valid = name.len() <= 253 && name.split('.').all(is_label);
    if !valid {
        return None;
    }
    // Some resolvers take `2130706433`, `0x7f.1` and `127.1` for addresses: a name that ends in a number is one in the
    // usual form, or nothing.
    let last = name.rsplit('.').next().unwrap_or_default();
    if last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(name.parse::<Ipv4Addr>().ok()?.to_string());
    }
    Some(name)
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=63).contains(&label.len()) && label.bytes().all(allowed)
}

#[cfg(test)]
mod tests;
