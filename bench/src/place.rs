//! Where a server is, and how a client comes to trust it.

use std::net::SocketAddr;

use data_encoding::BASE64URL_NOPAD;
use mezon_light::TlsConfig;

use crate::Result;

/// The address of a server. With TLS, the certificate authority that vouches for it too.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) address: SocketAddr,
    secure: Option<Secure>,
}

#[derive(Clone)]
struct Secure {
    authority: Vec<u8>,
    tls: TlsConfig,
}

impl Place {
    pub(crate) fn plain(address: SocketAddr) -> Self {
        Self { address, secure: None }
    }

    /// With TLS, by a certificate of this authority (DER).
    pub(crate) fn secure(address: SocketAddr, authority: Vec<u8>) -> Result<Self> {
        let tls = TlsConfig::builder().add_root_der(authority.clone()).build()?;
        Ok(Self { address, secure: Some(Secure { authority, tls }) })
    }

    /// What to trust; one value for all clients of this process, as in an application. `None`: no TLS.
    pub(crate) fn tls(&self) -> Option<&TlsConfig> {
        self.secure.as_ref().map(|secure| &secure.tls)
    }

    /// `scheme` without its `s`: `http` or `ws`.
    pub(crate) fn url(&self, scheme: &str) -> String {
        let s = if self.secure.is_some() { "s" } else { "" };
        format!("{scheme}{s}://{}", self.address)
    }

    /// For the command line of another process.
    pub(crate) fn to_argument(&self) -> String {
        match &self.secure {
            Some(secure) => format!("{}+{}", self.address, BASE64URL_NOPAD.encode(&secure.authority)),
            None => self.address.to_string(),
        }
    }

    pub(crate) fn from_argument(text: &str) -> Result<Self> {
        match text.split_once('+') {
            Some((address, authority)) => Self::secure(address.parse()?, BASE64URL_NOPAD.decode(authority.as_bytes())?),
            None => Ok(Self::plain(text.parse()?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate;

    #[test]
    fn a_place_comes_through_a_command_line_as_it_was() {
        let address = SocketAddr::from(([127, 0, 0, 1], 7_350));
        let plain = Place::from_argument(&Place::plain(address).to_argument()).unwrap();
        assert_eq!((plain.url("ws"), plain.tls().is_none()), ("ws://127.0.0.1:7350".to_owned(), true));

        let (_, authority) = certificate::acceptor().unwrap();
        let secure = Place::secure(address, authority.clone()).unwrap();
        let secure = Place::from_argument(&secure.to_argument()).unwrap();
        assert_eq!(secure.url("http"), "https://127.0.0.1:7350");
        assert_eq!(secure.secure.unwrap().authority, authority);
    }
}
