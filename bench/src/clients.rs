//! How each client connects.

use std::net::SocketAddr;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use mezon_light::{LightClient, LightSocket};
use mezon_realtime::{Config, ConfigBuilder, Events, Socket};
use mezon_session::{Session, StaticSession};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::Result;

/// A socket of tokio-tungstenite with nothing around it.
pub(crate) type RawSocket = WebSocketStream<TcpStream>;

/// With the read buffer that tokio-tungstenite has by default (128 KiB), or one of this size.
pub(crate) async fn raw(server: SocketAddr, read_buffer: Option<usize>) -> Result<RawSocket> {
    let mut config = WebSocketConfig::default();
    if let Some(bytes) = read_buffer {
        config = config.read_buffer_size(bytes);
    }
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let url = format!("ws://{server}/ws?lang=en&status=true&token={}&format=protobuf&platform=0", token());
    Ok(client_async_with_config(url, stream, Some(config)).await?.0)
}

pub(crate) async fn realtime(
    server: SocketAddr,
    set: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
) -> Result<(Socket, Events)> {
    let config = set(Config::builder().gateway_url(format!("http://{server}"))).build()?;
    let source = StaticSession::new(Session::restore(&session(server))?);
    Ok(mezon_realtime::connect(config, Arc::new(source)).await?)
}

pub(crate) fn light(server: SocketAddr) -> Result<(LightClient, LightSocket)> {
    let session = Session::restore(&session(server))?;
    let client = LightClient::builder().gateway_url(format!("http://{server}")).resume(session)?;
    let socket = client.create_socket();
    Ok((client, socket))
}

/// A session as the JavaScript SDK exports it, with the same server for everything.
pub(crate) fn session(server: SocketAddr) -> String {
    serde_json::json!({
        "token": token(),
        "refresh_token": token(),
        "api_url": format!("http://{server}"),
        "ws_url": server.to_string(),
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
