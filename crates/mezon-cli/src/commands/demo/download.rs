//! Fetches an uploaded file from the emulator. An attachment's address needs no credentials.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::exit::Failure;

/// More than the demo's file and its header.
const SIZE_LIMIT: u64 = 4 * 1024 * 1024;

/// Gets `url`, which must be a plain one of this machine, as the emulator's are.
pub(super) async fn get(url: &str) -> Result<Vec<u8>, Failure> {
    let (address, path) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .ok_or_else(|| Failure::other("the attachment's address is not one of the emulator"))?;
    let answer = exchange(address, path).await.map_err(|error| Failure::other("cannot download").because(&error))?;
    body(&answer).map(<[u8]>::to_vec).ok_or_else(|| Failure::other("the download was not answered with 200 OK"))
}

/// One request on a connection of its own, whose end is the end of the answer.
async fn exchange(address: &str, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(SIZE_LIMIT).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// The body of a 200 answer.
fn body(answer: &[u8]) -> Option<&[u8]> {
    if !answer.starts_with(b"HTTP/1.1 200 ") {
        return None;
    }
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    answer.get(end + 4..)
}
