//! How each client connects.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use mezon_light::{LightClient, LightSocket};
use mezon_realtime::{Events, Socket, SocketConfig, SocketConfigBuilder};
use mezon_session::{Session, StaticSession};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::Result;
use crate::place::Place;

/// A socket of tokio-tungstenite with nothing around it.
pub(crate) type RawSocket<S = TcpStream> = WebSocketStream<S>;

/// With the read buffer that tokio-tungstenite has by default (128 KiB), or one of this size.
pub(crate) async fn raw(server: &Place, read_buffer: Option<usize>) -> Result<RawSocket> {
    upgraded(server, tcp(server).await?, read_buffer).await
}

/// As [`raw`], with TLS.
pub(crate) async fn raw_secure(server: &Place, read_buffer: Option<usize>) -> Result<RawSocket<TlsStream<TcpStream>>> {
    let tls = server.tls().ok_or("the server has no TLS")?.client_config()?;
    let name = ServerName::from(server.address.ip());
    let stream = TlsConnector::from(tls).connect(name, tcp(server).await?).await?;
    upgraded(server, stream, read_buffer).await
}

async fn tcp(server: &Place) -> Result<TcpStream> {
    let stream = TcpStream::connect(server.address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn upgraded<S: AsyncRead + AsyncWrite + Unpin>(
    server: &Place,
    stream: S,
    read_buffer: Option<usize>,
) -> Result<RawSocket<S>> {
    let mut config = WebSocketConfig::default();
    if let Some(bytes) = read_buffer {
        config = config.read_buffer_size(bytes);
    }
    let url = format!("{}/ws?lang=en&status=true&token={}&format=protobuf&platform=0", server.url("ws"), token());
    Ok(client_async_with_config(url, stream, Some(config)).await?.0)
}

pub(crate) async fn realtime(
    server: &Place,
    set: impl FnOnce(SocketConfigBuilder) -> SocketConfigBuilder,
) -> Result<(Socket, Events)> {
    let mut config = SocketConfig::builder().gateway_url(server.url("http"));
    if let Some(tls) = server.tls() {
        config = config.tls(tls.clone());
    }
    let source = StaticSession::new(Session::restore(&session(server))?);
    Ok(mezon_realtime::connect(set(config).build()?, Arc::new(source)).await?)
}

pub(crate) fn light(server: &Place) -> Result<(LightClient, LightSocket)> {
    let mut client = LightClient::builder().gateway_url(server.url("http"));
    if let Some(tls) = server.tls() {
        client = client.tls(tls.clone());
    }
    let client = client.resume(Session::restore(&session(server))?)?;
    let socket = client.create_socket();
    Ok((client, socket))
}

/// A session as the JavaScript SDK exports it, with the same server for everything.
pub(crate) fn session(server: &Place) -> String {
    serde_json::json!({
        "token": token(),
        "refresh_token": token(),
        "api_url": server.url("http"),
        "ws_url": server.address.to_string(),
        "user_id": "1840000000000000003",
    })
    .to_string()
}

/// A token that ends in the year 2100. These servers check none.
fn token() -> String {
    let part = |json: &str| BASE64URL_NOPAD.encode(json.as_bytes());
    let claims = r#"{"uid":"1840000000000000003","usn":"linh.nguyen","exp":4102444800,"iat":1760000000}"#;
    format!("{}.{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(claims), part("signature"))
}
