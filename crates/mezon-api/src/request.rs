//! What goes out: addresses, headers, bodies. Nothing here does I/O.

use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Method, Request, Uri};
use mezon_session::{Endpoint, Secret};

use crate::body::Body;
use crate::{AnyMethod, ApiError, ApiErrorKind};

/// The media type of remote procedure calls, in the server's spelling.
pub(crate) const PROTO: HeaderValue = HeaderValue::from_static("application/proto");
/// Asks the account routes for protobuf.
pub(crate) const X_PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
/// What the account routes take, and answer unless asked otherwise.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Who is asking, for the server's logs.
pub(crate) const AGENT: HeaderValue = HeaderValue::from_static(concat!("mezon-rust/", env!("CARGO_PKG_VERSION")));

/// Where requests go: an endpoint, taken apart once.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    scheme: Scheme,
    authority: Authority,
}

impl Base {
    pub(crate) fn new(endpoint: &Endpoint) -> Result<Self, ApiError> {
        let authority = endpoint.authority().try_into();
        Ok(Self {
            scheme: if endpoint.is_secure() { Scheme::HTTPS } else { Scheme::HTTP },
            authority: authority.map_err(|_| ApiErrorKind::UntrustedEndpoint { host: endpoint.host().to_owned() })?,
        })
    }

    /// The address of `path`, which starts with a slash.
    pub(crate) fn uri(&self, path: impl Into<String>) -> Result<Uri, ApiError> {
        let bad = ApiErrorKind::InvalidInput { problem: "the method's name cannot stand in an address" };
        let Ok(path) = PathAndQuery::try_from(path.into()) else { return Err(bad.into()) };
        let uri = Uri::builder().scheme(self.scheme.clone()).authority(self.authority.clone()).path_and_query(path);
        uri.build().map_err(|_| bad.into())
    }

    /// The address of a remote procedure call.
    pub(crate) fn rpc(&self, method: AnyMethod) -> Result<Uri, ApiError> {
        let name = method.name();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let problem = "the method's name is not made of letters and digits";
            return Err(ApiErrorKind::InvalidInput { problem }.into());
        }
        self.uri(format!("/mezon.api.Mezon/{name}"))
    }
}

/// A request that can be sent any number of times.
pub(crate) struct Outgoing<'a> {
    /// For logs and errors.
    pub(crate) name: &'static str,
    /// Whether sending it twice does no harm.
    pub(crate) idempotent: bool,
    pub(crate) verb: Method,
    pub(crate) uri: Uri,
    pub(crate) authorization: HeaderValue,
    pub(crate) accept: HeaderValue,
    pub(crate) content_type: HeaderValue,
    pub(crate) body: Bytes,
    /// What a server could repeat in an error message.
    pub(crate) secrets: &'a [&'a Secret],
    /// Whether the answer is a message. If not, nothing is an answer too.
    pub(crate) answered: bool,
    /// Whether the answer's `Date` is worth reading: where tokens are handed out.
    pub(crate) tells_time: bool,
}

impl Outgoing<'_> {
    /// The host that it goes to.
    pub(crate) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    pub(crate) fn build(&self) -> Request<Body> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.verb.clone();
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.reserve(6);
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(ACCEPT, self.accept.clone());
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        headers.insert(USER_AGENT, AGENT);
        request
    }
}

/// `Authorization: Bearer`. Hyper keeps such a value out of its own logs.
pub(crate) fn bearer(token: &Secret) -> Result<HeaderValue, ApiError> {
    let value = HeaderValue::try_from(format!("Bearer {}", token.expose()));
    value.map(sensitive).map_err(|_| {
        ApiErrorKind::InvalidInput { problem: "the access token has characters that no header may have" }.into()
    })
}

/// `Authorization: Basic` with `key` as user name and an empty password.
pub(crate) fn basic(key: &Secret) -> HeaderValue {
    // The key may be configured with the colon that separates it from the password.
    let user = key.expose().strip_suffix(':').unwrap_or(key.expose());
    let value = format!("Basic {}", BASE64.encode(format!("{user}:").as_bytes()));
    // Base64 text is always a valid header value.
    HeaderValue::try_from(value).map_or_else(|_| HeaderValue::from_static("Basic Og=="), sensitive)
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods;

    fn base(text: &str) -> Base {
        Base::new(&Endpoint::parse(text, true).unwrap()).unwrap()
    }

    #[test]
    fn addresses_are_made_of_every_form_of_endpoint() {
        for (endpoint, uri) in [
            ("https://gw.mezon.ai", "https://gw.mezon.ai/mezon.api.Mezon/GetAccount"),
            ("https://gw.mezon.ai:443/", "https://gw.mezon.ai/mezon.api.Mezon/GetAccount"),
            ("api.example.org:7350", "https://api.example.org:7350/mezon.api.Mezon/GetAccount"),
            ("http://127.0.0.1:7350", "http://127.0.0.1:7350/mezon.api.Mezon/GetAccount"),
            ("http://[::1]:7350", "http://[::1]:7350/mezon.api.Mezon/GetAccount"),
        ] {
            assert_eq!(base(endpoint).rpc(methods::GET_ACCOUNT.any()).unwrap().to_string(), uri);
        }
    }

    #[test]
    fn a_name_cannot_change_the_address() {
        for name in ["", "../v2/account", "Get Account", "GetAccount?x=1", "GetAccount\r\nHost: evil", "Gët"] {
            assert!(base("https://gw.mezon.ai").rpc(AnyMethod::new(name)).is_err(), "{name:?}");
        }
    }

    #[test]
    fn requests_carry_what_the_wire_asks_for_and_no_more() {
        let outgoing = Outgoing {
            name: "GetAccount",
            idempotent: true,
            verb: Method::POST,
            uri: base("https://gw.mezon.ai").rpc(methods::GET_ACCOUNT.any()).unwrap(),
            authorization: bearer(&Secret::from("abc")).unwrap(),
            accept: PROTO,
            content_type: PROTO,
            body: Bytes::from_static(b"x"),
            secrets: &[],
            answered: true,
            tells_time: false,
        };
        let request = outgoing.build();
        assert_eq!(request.method(), Method::POST);
        let mut headers: Vec<_> =
            request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        headers.sort_unstable();
        assert_eq!(
            headers,
            [
                ("accept", "application/proto"),
                ("authorization", "Bearer abc"),
                ("content-type", "application/proto"),
                ("user-agent", concat!("mezon-rust/", env!("CARGO_PKG_VERSION"))),
            ]
        );
        assert!(!format!("{request:?}").contains("abc"));
    }

    #[test]
    fn the_server_key_goes_as_user_name_with_an_empty_password() {
        for key in ["DefaultServerKey", "DefaultServerKey:"] {
            assert_eq!(basic(&Secret::from(key)), "Basic RGVmYXVsdFNlcnZlcktleTo=");
        }
        assert!(basic(&Secret::from("k")).is_sensitive());
        assert!(bearer(&Secret::from("a\nb")).is_err());
    }
}
