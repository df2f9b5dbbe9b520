//! From HTTP to a WebSocket (RFC 6455 section 4).
//!
//! The request carries the token. The WebSocket library would write it to its log, and it takes a list of tokens in the
//! answer's `Connection` header for a wrong value. So the two heads are written and read here.

use std::time::Duration;
use std::{fmt, io};

use bytes::{Buf as _, BytesMut};
use data_encoding::BASE64;
use httparse::{Header, Status};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::transport::Io;
use crate::{ConnectError, ConnectErrorKind};

/// The longest head of an answer that is read.
const HEAD_LIMIT: usize = 16 * 1_024;

/// The most headers that an answer may have.
const HEADERS: usize = 128;

/// The longest that a server can ask a client to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// How much of the answer is read at a time.
const PIECE: usize = 2 * 1_024;

/// Asks for a WebSocket at `target` (path and query) of `host`. Gives back what the server has sent behind its answer.
///
/// # Errors
/// [`ConnectErrorKind::Refused`] for any status but 101, [`ConnectErrorKind::Handshake`] for an answer that is not one to
/// this request, with a source that names the header at fault. No error quotes the request or a value of the answer.
pub(super) async fn upgrade(io: &mut dyn Io, host: &str, target: &str) -> Result<BytesMut, ConnectError> {
    let key = BASE64.encode(&rand::random::<[u8; 16]>());
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    );
    let broken = |error: io::Error| ConnectError::with_source(ConnectErrorKind::Handshake, error);
    io.write_all(request.as_bytes()).await.map_err(broken)?;
    io.flush().await.map_err(broken)?;
    let mut read = BytesMut::new();
    loop {
        read.reserve(PIECE);
        if io.read_buf(&mut read).await.map_err(broken)? == 0 {
            return Err(Fault::Ended.into());
        }
        if let Some(length) = head_length(&read, &key)? {
            read.advance(length);
            return Ok(read);
        }
        if read.len() >= HEAD_LIMIT {
            return Err(Fault::TooLong.into());
        }
    }
}

/// The length of the answer's head, if all of it is there and it says yes.
fn head_length(bytes: &[u8], key: &str) -> Result<Option<usize>, ConnectError> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let Status::Complete(length) = answer.parse(bytes).map_err(Fault::NotHttp)? else { return Ok(None) };
    if let Some(status) = answer.code.filter(|status| *status != 101) {
        let retry_after = values(answer.headers, "Retry-After").find_map(seconds);
        return Err(ConnectErrorKind::Refused { status, retry_after }.into());
    }
    if answer.version != Some(1) {
        return Err(Fault::Version.into());
    }
    let headers = &*answer.headers;
    if !lists(headers, "Upgrade", "websocket") {
        return Err(Fault::Lacks("Upgrade: websocket").into());
    }
    if !lists(headers, "Connection", "upgrade") {
        return Err(Fault::Lacks("Connection: Upgrade").into());
    }
    if !values(headers, "Sec-WebSocket-Accept").eq([accept_value(key).as_bytes()]) {
        return Err(Fault::Accept.into());
    }
    // Nothing of the kind was asked for.
    for name in ["Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"] {
        if values(headers, name).any(|value| !value.is_empty()) {
            return Err(Fault::NotAskedFor(name).into());
        }
    }
    Ok(Some(length))
}

/// What a server makes of `key` to show that it speaks WebSocket (RFC 6455 section 4.2.2).
fn accept_value(key: &str) -> String {
    const SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    BASE64.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{SUFFIX}").as_bytes()).as_ref())
}

/// The values of all headers of this name.
fn values<'a>(headers: &'a [Header<'_>], name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

/// A `Retry-After` in seconds. One that names a date is passed over: it would take a clock that goes right.
fn seconds(value: &[u8]) -> Option<Duration> {
    let seconds: u64 = std::str::from_utf8(value).ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// Whether `token` is in the comma-separated lists of the headers of this name (RFC 9110 section 5.6.1).
fn lists(headers: &[Header<'_>], name: &'static str, token: &str) -> bool {
    let mut entries = values(headers, name).flat_map(|value| value.split(|byte| *byte == b','));
    entries.any(|entry| entry.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// What is wrong with an answer.
#[derive(Debug)]
enum Fault {
    Ended,
    NotHttp(httparse::Error),
    TooLong,
    Version,
    Lacks(&'static str),
    Accept,
    NotAskedFor(&'static str),
}

impl From<Fault> for ConnectError {
    fn from(fault: Fault) -> Self {
        Self::with_source(ConnectErrorKind::Handshake, fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended => f.write_str("it hung up in the middle of the upgrade"),
            Self::NotHttp(error) => write!(f, "its answer is not HTTP: {error}"),
            Self::TooLong => write!(f, "the head of its answer is over {} KiB", HEAD_LIMIT / 1_024),
            Self::Version => f.write_str("its answer is not HTTP/1.1"),
            Self::Lacks(header) => write!(f, "its answer lacks the header {header}"),
            Self::Accept => f.write_str("the header Sec-WebSocket-Accept of its answer does not fit the request"),
            Self::NotAskedFor(header) => write!(f, "the header {header} of its answer names what was not asked for"),
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::duplex;

    use super::*;

    /// The key and the value of RFC 6455 section 1.3.
    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn answer(headers: &str) -> String {
        format!("HTTP/1.1 101 Switching Protocols\r\n{headers}\r\n")
    }

    /// What is said of an answer; `None` when it is taken.
    fn complaint(answer: &str) -> Option<String> {
        match head_length(answer.as_bytes(), KEY) {
            Ok(length) => {
                assert_eq!(length, Some(answer.len()));
                None
            }
            Err(error) => Some(format!("{error:#}")),
        }
    }

    #[test]
    fn headers_are_read_as_lists_whatever_their_case_and_order() {
        for headers in [
            format!("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n"),
            format!("upgrade: WebSocket\r\nconnection: keep-alive, Upgrade\r\nsec-websocket-accept: {ACCEPT}\r\n"),
            format!("Connection: upgrade,keep-alive\r\nSec-WebSocket-Accept:{ACCEPT} \r\nUpgrade: h2c , websocket\r\n"),
            format!(
                "Connection: keep-alive\r\nConnection: upgrade\r\nUpgrade: websocket\r\nX: y\r\n\
                 Sec-WebSocket-Accept: {ACCEPT}\r\nSec-WebSocket-Extensions:\r\n"
            ),
        ] {
            assert_eq!(complaint(&answer(&headers)), None, "{headers}");
        }
    }

    #[test]
    fn an_answer_that_does_not_fit_names_the_header() {
        let fits = format!("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n");
        for (wrong, right, named) in [
            ("", "Upgrade: websocket\r\n", "Upgrade: websocket"),
            ("Upgrade: h2c\r\n", "Upgrade: websocket\r\n", "Upgrade: websocket"),
            ("", "Connection: Upgrade\r\n", "Connection: Upgrade"),
            ("Connection: close, x-upgrade\r\n", "Connection: Upgrade\r\n", "Connection: Upgrade"),
            ("s3pPLMBiTxaQ9kYGzzhZRbK+xOO=", ACCEPT, "Sec-WebSocket-Accept"),
            ("", &format!("Sec-WebSocket-Accept: {ACCEPT}\r\n"), "Sec-WebSocket-Accept"),
        ] {
            let said = complaint(&answer(&fits.replace(right, wrong))).unwrap();
            assert!(said.contains(named), "{wrong:?} for {right:?}: {said}");
        }
        for name in ["Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"] {
            let said = complaint(&answer(&format!("{fits}{name}: canary\r\n"))).unwrap();
            assert!(said.contains(name) && !said.contains("canary"), "{said}");
        }
        let old = answer(&fits).replace("HTTP/1.1", "HTTP/1.0");
        assert!(complaint(&old).unwrap().contains("HTTP/1.1"));
        assert!(complaint("SSH-2.0-canary\r\n").is_some_and(|said| !said.contains("canary")));
    }

    #[test]
    fn a_refusal_tells_its_status_and_how_long_to_wait() {
        for (headers, seconds) in [
            ("", None),
            ("Retry-After: 7\r\n", Some(7)),
            ("retry-after: 99999999999\r\n", Some(300)),
            ("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n", None),
            ("Retry-After: -1\r\n", None),
        ] {
            let refused = head_length(format!("HTTP/1.1 503 No\r\n{headers}\r\n").as_bytes(), KEY).unwrap_err();
            let retry_after = seconds.map(Duration::from_secs);
            assert_eq!(*refused.kind(), ConnectErrorKind::Refused { status: 503, retry_after }, "{headers}");
        }
    }

    /// What `upgrade` makes of a server that answers with `answer` to any request, a piece at a time.
    async fn upgraded(answer: impl Fn(&str) -> String, piece: usize) -> Result<BytesMut, ConnectError> {
        let (mut far, mut near) = duplex(1_024);
        let serve = async {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                far.read_buf(&mut request).await.unwrap();
            }
            let request = String::from_utf8(request).unwrap();
            assert!(request.starts_with("GET /ws?a=b HTTP/1.1\r\nHost: here:1\r\n"), "{request}");
            let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
            for piece in answer(&accept_value(key)).as_bytes().chunks(piece) {
                // A client that has seen enough hangs up.
                if far.write_all(piece).await.is_err() {
                    break;
                }
            }
            drop(far);
        };
        let ask = async {
            let outcome = upgrade(&mut near, "here:1", "/ws?a=b").await;
            drop(near);
            outcome
        };
        tokio::join!(ask, serve).0
    }

    #[tokio::test]
    async fn what_comes_behind_the_answer_is_kept_however_it_is_cut() {
        let cookies = "Set-Cookie: x\r\n".repeat(100);
        let yes = |accept: &str| {
            let head = format!("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n");
            answer(&format!("{head}{cookies}")) + "\u{2}\u{1}a"
        };
        for piece in [1, 2, 7, 100_000] {
            let behind = upgraded(yes, piece).await.unwrap();
            assert!(b"\x02\x01a".starts_with(&behind), "{}", behind.escape_ascii());
        }
        assert_eq!(upgraded(yes, 100_000).await.unwrap()[..], *b"\x02\x01a");
    }

    #[tokio::test]
    async fn answers_have_bounds_and_an_end() {
        let said = |error: ConnectError| {
            assert_eq!(*error.kind(), ConnectErrorKind::Handshake);
            format!("{error:#}")
        };
        let endless = |_: &str| answer(&format!("X: {}", "x".repeat(100_000)));
        assert!(said(upgraded(endless, 500).await.unwrap_err()).contains("16 KiB"));
        let many = |_: &str| answer(&"X: x\r\n".repeat(200));
        assert!(said(upgraded(many, 500).await.unwrap_err()).contains("headers"));
        let cut = |_: &str| "HTTP/1.1 101 Swi".to_owned();
        assert!(said(upgraded(cut, 500).await.unwrap_err()).contains("hung up"));
    }

    proptest! {
        #[test]
        fn any_answer_is_read_without_a_panic(parts in proptest::collection::vec(prop_oneof![
            Just("HTTP/1.1 101 \r\n".to_owned()), Just("Connection:".to_owned()), Just("\r\n".to_owned()),
            Just(",".to_owned()), Just(format!("Sec-WebSocket-Accept: {ACCEPT}\r\n")), ".{0,8}",
        ], 0..12)) {
            let _ = head_length(parts.concat().as_bytes(), KEY);
        }
    }
}
